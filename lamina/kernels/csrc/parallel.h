// Loops shared by the threads of XLA's own pool.

#ifndef LAMINA_PARALLEL_H_
#define LAMINA_PARALLEL_H_

#include <stdint.h>

#include "xla/ffi/api/c_api.h"

enum { MOST_PHASES = 2 };

// Does item `index` of a phase; `worker`, below `worker_count`, tells apart what runs at the same time.
typedef void phase_function(void *data, int64_t index, int64_t worker);

typedef struct {
  phase_function *run;
  int64_t count;
} Phase;

// How many threads may take part.
int64_t worker_count(XLA_FFI_CallFrame *frame);

// Runs all items of each phase, a phase after the one before it. Whoever comes late finds nothing left and doesn't touch
// `data`; the caller waits only for items that somebody is at, so nothing hangs when the pool is busy or has one thread.
// Returns 0 if memory ran out, before anything ran.
int run_phases(XLA_FFI_CallFrame *frame, const Phase *phases, int64_t count, void *data);

// Memory for the calling thread until its next call, aligned to 64 bytes; NULL if there is none. The thread keeps it for
// that call, since the system's allocator would hand out fresh pages each time; more than 16 MB are given back then.
float *scratch(int64_t floats);

#endif
