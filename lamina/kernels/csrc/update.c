// Steps of optimizers in one pass over memory. Threads share the elements, which know nothing of each other.

#include <stddef.h>

#include "arithmetic.h"
#include "frame.h"
#include "handlers.h"
#include "level.h"
#include "parallel.h"

enum { PART = 1 << 14 };  // elements that a thread takes at a time

typedef struct {
  const Level *level;
  AdamStep step;
  int64_t count;
  const float *g, *mean, *square, *variable;
  float *new_mean, *new_square, *new_variable;
} Adam;

static void adam_part(void *data, int64_t index, int64_t worker) {
  (void)worker;
  const Adam *q = data;
  int64_t at = index * PART;
  q->level->adam(
      &q->step, least(PART, q->count - at), q->g + at, q->mean + at, q->square + at, q->variable + at, q->new_mean + at,
      q->new_square + at, q->new_variable + at);
}

XLA_FFI_Error *lamina_adam(XLA_FFI_CallFrame *frame) {
  if (answer_version(frame)) return NULL;
  Cursor in = {frame->args.args, frame->args.size, 0}, out = {frame->rets.rets, frame->rets.size, 0};
  const int64_t *numbers = options(frame, 3);
  Adam q = {.level = current_level()};
  int fits = numbers && q.level && frame->args.size;
  if (fits) {
    const XLA_FFI_Buffer *first = operand(frame, 0);
    int64_t rank = first->rank;
    const int64_t *dims = first->dims;
    q.count = 1;
    for (int64_t i = 0; i < rank; i++) q.count *= dims[i];
    q.g = next_buffer(&in, XLA_FFI_DataType_F32, rank, dims);
    q.mean = next_buffer(&in, XLA_FFI_DataType_F32, rank, dims);
    q.square = next_buffer(&in, XLA_FFI_DataType_F32, rank, dims);
    q.variable = next_buffer(&in, XLA_FFI_DataType_F32, rank, dims);
    const float *rate = next_buffer(&in, XLA_FFI_DataType_F32, 0, NULL);
    q.new_mean = next_buffer(&out, XLA_FFI_DataType_F32, rank, dims);
    q.new_square = next_buffer(&out, XLA_FFI_DataType_F32, rank, dims);
    q.new_variable = next_buffer(&out, XLA_FFI_DataType_F32, rank, dims);
    fits = !in.wrong && !out.wrong && !in.left && !out.left;
    if (fits)
      q.step = (AdamStep){float_option(numbers[0]), float_option(numbers[1]), float_option(numbers[2]), *rate};
  }
  if (!fits) return failure(frame, XLA_FFI_Error_Code_INVALID_ARGUMENT, "lamina_adam: the shapes do not fit together.");
  const Phase phase = {adam_part, ceiling(q.count, PART)};
  if (!run_phases(frame, &phase, 1, &q))
    return failure(frame, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "lamina_adam ran out of memory.");
  return NULL;
}
