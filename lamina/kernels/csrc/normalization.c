// Layer normalization of rows, and its gradient. Threads share the rows; what they add up for the factors and summands of
// all rows lies apart for each part of the rows, and is summed in the order of the parts.

#include <stddef.h>
#include <string.h>

#include "arithmetic.h"
#include "frame.h"
#include "handlers.h"
#include "level.h"
#include "parallel.h"

enum {
  ALONE = 1 << 16,  // elements up to which one thread is done before another one has woken up
  PART = 1 << 13,   // elements aimed at in a part of the rows
  MOST_PARTS = 64,
  SLICE = 256,      // columns summed at once
};

typedef struct {
  const Level *level;
  int64_t rows, width, parts;
  float epsilon;
  const float *g, *x, *scale, *offset;
  float *y, *means, *inverses;    // results, or backward what was kept of them
  float *dx, *dscale, *doffset;
  float *sums;                    // parts × 2 × width
} Norm;

static int64_t first_row(const Norm *q, int64_t part) { return q->rows * part / q->parts; }

static void forward(void *data, int64_t index, int64_t worker) {
  (void)worker;
  const Norm *q = data;
  int64_t first = first_row(q, index), at = first * q->width;
  q->level->normalize(
      first_row(q, index + 1) - first, q->width, q->epsilon, q->x + at, q->scale, q->offset, q->y + at, q->means + first,
      q->inverses + first);
}

static void backward(void *data, int64_t index, int64_t worker) {
  (void)worker;
  const Norm *q = data;
  int64_t first = first_row(q, index), at = first * q->width;
  float *sums = q->sums + index * 2 * q->width;
  q->level->normalize_back(
      first_row(q, index + 1) - first, q->width, q->g + at, q->x + at, q->scale, q->means + first, q->inverses + first,
      q->dx + at, sums, sums + q->width);
}

static void add_up(void *data, int64_t index, int64_t worker) {
  (void)worker;
  const Norm *q = data;
  int64_t start = index * SLICE, end = least(start + SLICE, q->width);
  sum_parts(q->dscale, q->sums, q->parts, 2 * q->width, start, end);
  sum_parts(q->doffset, q->sums + q->width, q->parts, 2 * q->width, start, end);
}

// Takes the sizes from the first operand, a matrix; 0 if it is none.
static int sizes(XLA_FFI_CallFrame *frame, Norm *q) {
  const XLA_FFI_Buffer *buffer = frame->args.size ? operand(frame, 0) : NULL;
  if (!buffer || buffer->rank != 2) return 0;
  q->level = current_level();
  q->rows = buffer->dims[0], q->width = buffer->dims[1];
  int64_t elements = q->rows * q->width;
  q->parts = elements <= ALONE ? 1 : least(least(ceiling(elements, PART), MOST_PARTS), q->rows);
  return q->level != NULL;
}

static float *matrix(Cursor *cursor, int64_t rows, int64_t columns) {
  return next_buffer(cursor, XLA_FFI_DataType_F32, 2, (int64_t[]){rows, columns});
}

XLA_FFI_Error *lamina_layer_norm(XLA_FFI_CallFrame *frame) {
  if (answer_version(frame)) return NULL;
  Cursor in = {frame->args.args, frame->args.size, 0}, out = {frame->rets.rets, frame->rets.size, 0};
  const int64_t *bits = options(frame, 1);
  Norm q = {0};
  int fits = bits && sizes(frame, &q);
  if (fits) {
    q.epsilon = float_option(*bits);
    q.x = matrix(&in, q.rows, q.width);
    q.scale = matrix(&in, 1, q.width), q.offset = matrix(&in, 1, q.width);
    q.y = matrix(&out, q.rows, q.width);
    q.means = matrix(&out, q.rows, 1), q.inverses = matrix(&out, q.rows, 1);
  }
  if (!fits || in.wrong || out.wrong || in.left || out.left)
    return failure(frame, XLA_FFI_Error_Code_INVALID_ARGUMENT, "lamina_layer_norm: the shapes do not fit together.");
  const Phase phase = {forward, q.parts};
  if (!run_phases(frame, &phase, 1, &q))
    return failure(frame, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "lamina_layer_norm ran out of memory.");
  return NULL;
}

XLA_FFI_Error *lamina_layer_norm_gradient(XLA_FFI_CallFrame *frame) {
  if (answer_version(frame)) return NULL;
  Cursor in = {frame->args.args, frame->args.size, 0}, out = {frame->rets.rets, frame->rets.size, 0};
  Norm q = {0};
  int fits = sizes(frame, &q);
  if (fits) {
    q.g = matrix(&in, q.rows, q.width), q.x = matrix(&in, q.rows, q.width);
    q.scale = matrix(&in, 1, q.width);
    q.means = matrix(&in, q.rows, 1), q.inverses = matrix(&in, q.rows, 1);
    q.dx = matrix(&out, q.rows, q.width);
    q.dscale = matrix(&out, 1, q.width), q.doffset = matrix(&out, 1, q.width);
  }
  if (!fits || in.wrong || out.wrong || in.left || out.left)
    return failure(
        frame, XLA_FFI_Error_Code_INVALID_ARGUMENT, "lamina_layer_norm_gradient: the shapes do not fit together.");
  q.sums = scratch(q.parts * 2 * q.width);
  const Phase phases[] = {{backward, q.parts}, {add_up, ceiling(q.width, SLICE)}};
  if (!q.sums || !run_phases(frame, phases, 2, &q))
    return failure(frame, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "lamina_layer_norm_gradient ran out of memory.");
  return NULL;
}
