// The loops of LSTM and GRU over time, forward and backward. Rows of a batch know nothing of each other, so a thread
// takes some rows through all steps, and no step waits for another thread.

#include <stddef.h>
#include <string.h>

#include "arithmetic.h"
#include "frame.h"
#include "handlers.h"
#include "level.h"
#include "parallel.h"

enum { BLOCK = 16 };  // most rows of a block

typedef struct {
  const Level *level;
  int64_t steps, batch, units, gates;
  int reverse;
  const uint8_t *mask;         // steps × batch, or NULL
  const float *recurrent;
  int transposed;              // whether the product is with the transposed recurrent kernel, as backward
  int64_t blocks;              // of the batch
  float *packed, *own;         // the recurrent kernel in panels; what each worker has
  // Forward:
  const float *u, *h0, *c0;
  float *outputs, *h, *c, *a, *memories;
  // Backward, beside some of these:
  const float *kept_a, *kept_memories, *dout, *dh, *dc;
  float *du, *dh0, *dc0;
} Loop;

static int64_t depth_of(const Loop *q) { return q->transposed ? q->gates * q->units : q->units; }
static int64_t width_of(const Loop *q) { return q->transposed ? q->units : q->gates * q->units; }

static int64_t panel_width(const Loop *q, int64_t panel) {
  return least(width_of(q) - panel * q->level->columns, q->level->columns);
}

static void pack(void *data, int64_t panel, int64_t worker) {
  (void)worker;
  const Loop *q = data;
  int64_t all = q->gates * q->units, column = q->transposed ? all : 1;
  pack_panel(
      q->level, depth_of(q), panel_width(q, panel), q->recurrent + panel * q->level->columns * column,
      q->transposed ? 1 : all, column, q->packed + panel * q->level->columns * depth_of(q));
}

// Multiplies rows, which lie side by side, by the packed recurrent kernel.
static void multiply(const Loop *q, int64_t rows, const float *x, float *result, int add) {
  int64_t depth = depth_of(q), width = width_of(q), tiles = ceiling(rows, q->level->rows);
  for (int64_t column = 0; column < width; column += q->level->columns)
    for (int64_t t = 0; t < tiles; t++) {
      int64_t row = rows * t / tiles, height = rows * (t + 1) / tiles - row;
      compute_tile(
          q->level, height, least(width - column, q->level->columns), depth, x + row * depth, depth, 1,
          q->packed + column * depth, q->level->columns, result + row * width + column, width, add);
    }
}

static void lstm_block(void *data, int64_t block, int64_t worker) {
  const Loop *q = data;
  int64_t first = q->batch * block / q->blocks, rows = q->batch * (block + 1) / q->blocks - first, units = q->units;
  float *h = q->own + worker * BLOCK * 6 * units, *c = h + rows * units, *z = c + rows * units;
  memcpy(h, q->h0 + first * units, rows * units * sizeof(float));
  memcpy(c, q->c0 + first * units, rows * units * sizeof(float));
  for (int64_t step = 0; step < q->steps; step++) {
    int64_t at = (q->reverse ? q->steps - 1 - step : step) * q->batch + first;
    multiply(q, rows, h, z, 0);
    LstmStep part = {
        .rows = rows,
        .units = units,
        .mask = q->mask ? q->mask + at : NULL,
        .u = q->u + at * 4 * units,
        .z = z,
        .h = h,
        .c = c,
        .a = q->a ? q->a + at * 4 * units : NULL,
        .memories = q->memories ? q->memories + at * units : NULL,
        .outputs = q->outputs ? q->outputs + at * units : NULL,
    };
    q->level->lstm(&part);
  }
  memcpy(q->h + first * units, h, rows * units * sizeof(float));
  memcpy(q->c + first * units, c, rows * units * sizeof(float));
}

static void lstm_back_block(void *data, int64_t block, int64_t worker) {
  (void)worker;
  const Loop *q = data;
  int64_t first = q->batch * block / q->blocks, rows = q->batch * (block + 1) / q->blocks - first, units = q->units;
  float *dh = q->dh0 + first * units, *dc = q->dc0 + first * units;
  memcpy(dh, q->dh + first * units, rows * units * sizeof(float));
  memcpy(dc, q->dc + first * units, rows * units * sizeof(float));
  for (int64_t step = q->steps - 1; step >= 0; step--) {
    int64_t at = (q->reverse ? q->steps - 1 - step : step) * q->batch + first;
    const float *memories = q->kept_memories + at * units;
    LstmBackStep part = {
        .rows = rows,
        .units = units,
        .mask = q->mask ? q->mask + at : NULL,
        .a = q->kept_a + at * 4 * units,
        .memories = memories,
        .before = step ? memories + (q->reverse ? 1 : -1) * q->batch * units : q->c0 + first * units,
        .dout = q->dout ? q->dout + at * units : NULL,
        .dh = dh,
        .dc = dc,
        .du = q->du + at * 4 * units,
    };
    q->level->lstm_back(&part);
    multiply(q, rows, part.du, dh, 1);
  }
}

static XLA_FFI_Error *run(XLA_FFI_CallFrame *frame, Loop *q, phase_function *block, int64_t own) {
  q->level = current_level();
  q->blocks = ceiling(q->batch, BLOCK);
  int64_t panels = ceiling(width_of(q), q->level->columns);
  int64_t packed = panels * q->level->columns * depth_of(q);
  q->packed = scratch(packed + least(worker_count(frame), most(q->blocks, panels)) * own);
  q->own = q->packed + packed;
  const Phase phases[] = {{pack, panels}, {block, q->blocks}};
  if (!q->packed || !run_phases(frame, phases, 2, q))
    return failure(frame, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "A recurrent loop ran out of memory.");
  return NULL;
}

// Operands or results that are yet to be read.
typedef struct {
  void **buffers;
  int64_t left;
  int wrong;
} Cursor;

// The data of the next one, which must have this type and shape.
static void *next(Cursor *cursor, XLA_FFI_DataType type, int64_t rank, const int64_t *dims) {
  const XLA_FFI_Buffer *buffer = cursor->left-- > 0 ? *cursor->buffers++ : NULL;
  int fits = buffer && buffer->dtype == type && buffer->rank == rank;
  for (int64_t i = 0; fits && i < rank; i++) fits = buffer->dims[i] == dims[i] && dims[i] > 0;
  cursor->wrong |= !fits;
  return fits ? buffer->data : NULL;
}

static float *matrix(Cursor *cursor, int64_t rows, int64_t columns) {
  return next(cursor, XLA_FFI_DataType_F32, 2, (int64_t[]){rows, columns});
}

static float *sequence(Cursor *cursor, const Loop *q, int64_t columns) {
  return next(cursor, XLA_FFI_DataType_F32, 3, (int64_t[]){q->steps, q->batch, columns});
}

static uint8_t *mask_of(Cursor *cursor, const Loop *q) {
  return next(cursor, XLA_FFI_DataType_PRED, 3, (int64_t[]){q->steps, q->batch, 1});
}

static int done(const Cursor *operands, const Cursor *results) {
  return current_level() && !operands->wrong && !results->wrong && !operands->left && !results->left;
}

// Reads the sizes from buffer `index`, a sequence of `gates` × units; 0 if it is none.
static int sizes(void **buffers, int64_t count, int64_t index, int64_t gates, Loop *q) {
  const XLA_FFI_Buffer *buffer = index < count ? buffers[index] : NULL;
  if (!buffer || buffer->rank != 3) return 0;
  q->steps = buffer->dims[0];
  q->batch = buffer->dims[1];
  q->units = buffer->dims[2] / gates;
  q->gates = gates;
  return 1;
}

XLA_FFI_Error *lamina_lstm(XLA_FFI_CallFrame *frame) {
  if (answer_version(frame)) return NULL;
  Cursor in = {frame->args.args, frame->args.size, 0}, out = {frame->rets.rets, frame->rets.size, 0};
  const int64_t *o = options(frame, 3);
  Loop q = {0};
  if (!o || !sizes(frame->args.args, frame->args.size, 1, 4, &q))
    return failure(frame, XLA_FFI_Error_Code_INVALID_ARGUMENT, "lamina_lstm takes a sequence.");
  q.reverse = o[0] != 0;
  q.recurrent = matrix(&in, q.units, 4 * q.units);
  q.u = sequence(&in, &q, 4 * q.units);
  q.h0 = matrix(&in, q.batch, q.units);
  q.c0 = matrix(&in, q.batch, q.units);
  q.h = matrix(&out, q.batch, q.units);
  q.c = matrix(&out, q.batch, q.units);
  if (in.left) q.mask = mask_of(&in, &q);
  if (o[1]) q.outputs = sequence(&out, &q, q.units);
  if (o[2]) q.a = sequence(&out, &q, 4 * q.units);
  if (o[2]) q.memories = sequence(&out, &q, q.units);
  if (!done(&in, &out))
    return failure(frame, XLA_FFI_Error_Code_INVALID_ARGUMENT, "lamina_lstm: the shapes do not fit together.");
  return run(frame, &q, lstm_block, BLOCK * 6 * q.units);
}

XLA_FFI_Error *lamina_lstm_backward(XLA_FFI_CallFrame *frame) {
  if (answer_version(frame)) return NULL;
  Cursor in = {frame->args.args, frame->args.size, 0}, out = {frame->rets.rets, frame->rets.size, 0};
  const int64_t *o = options(frame, 3);
  Loop q = {0};
  if (!o || !sizes(frame->rets.rets, frame->rets.size, 0, 4, &q))
    return failure(frame, XLA_FFI_Error_Code_INVALID_ARGUMENT, "lamina_lstm_backward gives a sequence.");
  q.reverse = o[0] != 0;
  q.transposed = 1;
  q.recurrent = matrix(&in, q.units, 4 * q.units);
  q.c0 = matrix(&in, q.batch, q.units);
  q.kept_a = sequence(&in, &q, 4 * q.units);
  q.kept_memories = sequence(&in, &q, q.units);
  q.dh = matrix(&in, q.batch, q.units);
  q.dc = matrix(&in, q.batch, q.units);
  if (o[1]) q.mask = mask_of(&in, &q);
  if (o[2]) q.dout = sequence(&in, &q, q.units);
  q.du = sequence(&out, &q, 4 * q.units);
  q.dh0 = matrix(&out, q.batch, q.units);
  q.dc0 = matrix(&out, q.batch, q.units);
  if (!done(&in, &out))
    return failure(
        frame, XLA_FFI_Error_Code_INVALID_ARGUMENT, "lamina_lstm_backward: the shapes do not fit together.");
  return run(frame, &q, lstm_back_block, 0);
}
