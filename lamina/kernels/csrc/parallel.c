#include "parallel.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  Phase phases[MOST_PHASES];
  int64_t count, threads;
  void *data;
  atomic_int_fast64_t done[MOST_PHASES], workers, owners;
  atomic_int_fast64_t taken[];  // of each phase and each share of its items
} Job;

// Every worker has a share of neighbouring items, which will often need the same memory; then it helps the others.
static void work(Job *job) {
  int64_t worker = atomic_fetch_add(&job->workers, 1), threads = job->threads;
  for (int64_t p = 0; p < job->count; p++) {
    int64_t count = job->phases[p].count;
    for (int64_t i = 0; i < threads; i++) {
      int64_t share = (worker + i) % threads, start = count * share / threads, end = count * (share + 1) / threads;
      int64_t index;
      while ((index = start + atomic_fetch_add(&job->taken[p * threads + share], 1)) < end) {
        job->phases[p].run(job->data, index, worker);
        atomic_fetch_add(&job->done[p], 1);
      }
    }
    for (int turn = 0; atomic_load(&job->done[p]) < count;) {
      if (turn < 1000) turn++, __builtin_ia32_pause();
      else sched_yield();
    }
  }
}

static void release(Job *job) {
  if (atomic_fetch_sub(&job->owners, 1) == 1) free(job);
}

static void help(void *job) {
  work(job);
  release(job);
}

int64_t worker_count(XLA_FFI_CallFrame *frame) {
  int64_t threads = 1;
  XLA_FFI_ThreadPool_NumThreads_Args args = {sizeof args, NULL, frame->ctx, &threads};
  XLA_FFI_Error *error = frame->api->XLA_FFI_ThreadPool_NumThreads(&args);
  if (error) {  // there is no pool
    XLA_FFI_Error_Destroy_Args destroy = {sizeof destroy, NULL, error};
    frame->api->XLA_FFI_Error_Destroy(&destroy);
    return 1;
  }
  return threads < 1 ? 1 : threads;
}

int run_phases(XLA_FFI_CallFrame *frame, const Phase *phases, int64_t count, void *data) {
  int64_t most = 0;
  for (int64_t p = 0; p < count; p++)
    if (phases[p].count > most) most = phases[p].count;
  int64_t threads = worker_count(frame);
  if (threads > most) threads = most;
  if (threads < 1) threads = 1;
  Job *job = calloc(1, sizeof *job + count * threads * sizeof job->taken[0]);
  if (!job) return 0;
  memcpy(job->phases, phases, count * sizeof *phases);
  job->count = count;
  job->threads = threads;
  job->data = data;
  atomic_store(&job->owners, threads);
  for (int64_t i = 1; i < threads; i++) {
    XLA_FFI_ThreadPool_Schedule_Args args = {sizeof args, NULL, frame->ctx, help, job};
    XLA_FFI_Error *error = frame->api->XLA_FFI_ThreadPool_Schedule(&args);
    if (error) {
      XLA_FFI_Error_Destroy_Args destroy = {sizeof destroy, NULL, error};
      frame->api->XLA_FFI_Error_Destroy(&destroy);
      release(job);
    }
  }
  work(job);
  release(job);
  return 1;
}

// What a thread keeps is freed when it ends: any thread of a program may call.
static pthread_key_t key;
static int have_key;

static void make_key(void) { have_key = !pthread_key_create(&key, free); }

float *scratch(int64_t floats) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  static _Thread_local float *kept;
  static _Thread_local int64_t size;
  const int64_t keep = 4 << 20;
  if (!kept || floats > size || size > keep) {
    free(kept);
    size = (floats / 1024 + 1) * 1024;
    kept = aligned_alloc(64, size * sizeof(float));
    if (!kept) size = 0;
    pthread_once(&once, make_key);
    if (have_key) pthread_setspecific(key, kept);
  }
  return kept;
}
