// The loops of LSTM and GRU over time, forward and backward. Rows of a batch know nothing of each other, so a thread
// takes some rows through all steps, and no step waits for another thread.

#include <stddef.h>
#include <string.h>

#include "arithmetic.h"
#include "frame.h"
#include "handlers.h"
#include "level.h"
#include "parallel.h"

enum {
  // Most rows of a block: few for the sake of many threads, but more of them where the recurrent kernel, which each block
  // reads at each step, is larger than so many elements.
  FEW_ROWS = 8,
  MANY_ROWS = 16,
  SMALL_KERNEL = 1 << 16,
};

typedef struct {
  const Level *level;
  int64_t steps, batch, units, gates;
  int reverse;
  int transposed;       // whether the product is with the transposed recurrent kernel, as backward
  int64_t blocks;       // of the batch
  float *packed, *own;  // the recurrent kernel in panels; what each worker has
  const uint8_t *mask;  // steps × batch, or NULL
  const float *recurrent, *bias, *state_bias, *u, *h0, *c0;
  float *h, *c, *outputs, *a, *memories, *n, *inner;  // results, or backward what was kept of them
  const float *found, *dout, *dh, *dc;
  float *du, *dproduct, *dh0, *dc0;
} Loop;

// The rows of a block, and their place in the arrays of all steps.
typedef struct {
  int64_t first, rows;
} Block;

static Block block_of(const Loop *q, int64_t index) {
  int64_t first = q->batch * index / q->blocks;
  return (Block){first, q->batch * (index + 1) / q->blocks - first};
}

// Where the rows of a step begin; steps are counted as they run.
static int64_t place(const Loop *q, int64_t step, const Block *b) {
  return (q->reverse ? q->steps - 1 - step : step) * q->batch + b->first;
}

// An array of `columns` a row from row `at` on; NULL if there is no array.
static float *rows_of(const float *array, int64_t at, int64_t columns) {
  return array ? (float *)array + at * columns : NULL;
}

static int64_t depth_of(const Loop *q) { return q->transposed ? q->gates * q->units : q->units; }
static int64_t width_of(const Loop *q) { return q->transposed ? q->units : q->gates * q->units; }

// What the states give to all gates, which is as wide as the kernel; backward it goes to the results at once.
static int64_t own_floats(const Loop *q) { return q->transposed ? 0 : MANY_ROWS * q->gates * q->units; }

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
  int64_t depth = depth_of(q), width = width_of(q);
  multiply_panels(
      q->level, rows, width, depth, x, depth, 1, q->packed, depth * q->level->columns, result, width, add);
}

static void copy_state(const Loop *q, const Block *b, float *to, const float *from) {
  memcpy(to, from, b->rows * q->units * sizeof(float));
}

static void lstm(void *data, int64_t index, int64_t worker) {
  const Loop *q = data;
  int64_t units = q->units;
  Block b = block_of(q, index);
  float *z = q->own + worker * own_floats(q), *h = rows_of(q->h, b.first, units), *c = rows_of(q->c, b.first, units);
  copy_state(q, &b, h, q->h0 + b.first * units);
  copy_state(q, &b, c, q->c0 + b.first * units);
  for (int64_t step = 0; step < q->steps; step++) {
    int64_t at = place(q, step, &b);
    multiply(q, b.rows, h, z, 0);
    q->level->lstm(&(LstmStep){
        b.rows, units, q->mask ? q->mask + at : NULL, rows_of(q->u, at, 4 * units), z, q->bias, h, c,
        rows_of(q->a, at, 4 * units), rows_of(q->memories, at, units), rows_of(q->outputs, at, units)});
  }
}

static void lstm_back(void *data, int64_t index, int64_t worker) {
  (void)worker;
  const Loop *q = data;
  int64_t units = q->units;
  Block b = block_of(q, index);
  float *dh = rows_of(q->dh0, b.first, units), *dc = rows_of(q->dc0, b.first, units);
  copy_state(q, &b, dh, q->dh + b.first * units);
  copy_state(q, &b, dc, q->dc + b.first * units);
  for (int64_t step = q->steps - 1; step >= 0; step--) {
    int64_t at = place(q, step, &b);
    const float *before = step ? rows_of(q->memories, place(q, step - 1, &b), units) : rows_of(q->c0, b.first, units);
    float *du = rows_of(q->du, at, 4 * units);
    q->level->lstm_back(&(LstmBackStep){
        b.rows, units, q->mask ? q->mask + at : NULL, rows_of(q->a, at, 4 * units), rows_of(q->memories, at, units),
        before, rows_of(q->dout, at, units), dh, dc, du});
    multiply(q, b.rows, du, dh, 1);
  }
}

static void gru(void *data, int64_t index, int64_t worker) {
  const Loop *q = data;
  int64_t units = q->units;
  Block b = block_of(q, index);
  float *z = q->own + worker * own_floats(q), *h = rows_of(q->h, b.first, units);
  copy_state(q, &b, h, q->h0 + b.first * units);
  for (int64_t step = 0; step < q->steps; step++) {
    int64_t at = place(q, step, &b);
    multiply(q, b.rows, h, z, 0);
    q->level->gru(&(GruStep){
        b.rows, units, q->mask ? q->mask + at : NULL, rows_of(q->u, at, 3 * units), z, q->bias, q->state_bias, h,
        rows_of(q->a, at, 2 * units), rows_of(q->n, at, units), rows_of(q->inner, at, units),
        rows_of(q->outputs, at, units)});
  }
}

static void gru_back(void *data, int64_t index, int64_t worker) {
  (void)worker;
  const Loop *q = data;
  int64_t units = q->units;
  Block b = block_of(q, index);
  float *dh = rows_of(q->dh0, b.first, units);
  copy_state(q, &b, dh, q->dh + b.first * units);
  for (int64_t step = q->steps - 1; step >= 0; step--) {
    int64_t at = place(q, step, &b);
    float *dproduct = rows_of(q->dproduct, at, 3 * units);
    q->level->gru_back(&(GruBackStep){
        b.rows, units, q->mask ? q->mask + at : NULL, rows_of(q->a, at, 2 * units), rows_of(q->n, at, units),
        rows_of(q->inner, at, units), rows_of(q->found, at, units), rows_of(q->dout, at, units), dh,
        rows_of(q->du, at, 3 * units), dproduct});
    multiply(q, b.rows, dproduct, dh, 1);
  }
}

static XLA_FFI_Error *run(XLA_FFI_CallFrame *frame, Loop *q, phase_function *block) {
  q->level = current_level();
  q->blocks = ceiling(q->batch, width_of(q) * depth_of(q) > SMALL_KERNEL ? MANY_ROWS : FEW_ROWS);
  int64_t panels = ceiling(width_of(q), q->level->columns);
  int64_t packed = panels * q->level->columns * depth_of(q);
  q->packed = scratch(packed + least(worker_count(frame), most(q->blocks, panels)) * own_floats(q));
  q->own = q->packed + packed;
  const Phase phases[] = {{pack, panels}, {block, q->blocks}};
  if (!q->packed || !run_phases(frame, phases, 2, q))
    return failure(frame, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "A recurrent loop ran out of memory.");
  return NULL;
}

static float *vector(Cursor *cursor, int64_t size) { return next_buffer(cursor, XLA_FFI_DataType_F32, 1, &size); }

static float *matrix(Cursor *cursor, int64_t rows, int64_t columns) {
  return next_buffer(cursor, XLA_FFI_DataType_F32, 2, (int64_t[]){rows, columns});
}

static float *sequence(Cursor *cursor, const Loop *q, int64_t columns) {
  return next_buffer(cursor, XLA_FFI_DataType_F32, 3, (int64_t[]){q->steps, q->batch, columns});
}

static uint8_t *mask_of(Cursor *cursor, const Loop *q) {
  return next_buffer(cursor, XLA_FFI_DataType_PRED, 3, (int64_t[]){q->steps, q->batch, 1});
}

// Whether all was read, and fitted.
static int done(const Cursor *operands, const Cursor *results) {
  return current_level() && !operands->wrong && !results->wrong && !operands->left && !results->left;
}

// Takes the sizes from buffer `index`, a sequence of gates × units; 0 if it is none.
static int sizes(void **buffers, int64_t count, int64_t index, Loop *q) {
  const XLA_FFI_Buffer *buffer = index < count ? buffers[index] : NULL;
  if (!buffer || buffer->rank != 3) return 0;
  q->steps = buffer->dims[0];
  q->batch = buffer->dims[1];
  q->units = buffer->dims[2] / q->gates;
  return 1;
}

static XLA_FFI_Error *forward(XLA_FFI_CallFrame *frame, const char *message, int64_t gates, phase_function *block) {
  if (answer_version(frame)) return NULL;
  Cursor in = {frame->args.args, frame->args.size, 0}, out = {frame->rets.rets, frame->rets.size, 0};
  const int64_t *o = options(frame, 3);
  Loop q = {.gates = gates};
  if (!o || !sizes(frame->args.args, frame->args.size, gates == 4 ? 2 : 3, &q))
    return failure(frame, XLA_FFI_Error_Code_INVALID_ARGUMENT, message);
  q.reverse = o[0] != 0;
  q.recurrent = matrix(&in, q.units, gates * q.units);
  q.bias = vector(&in, gates * q.units);
  if (gates == 3) q.state_bias = vector(&in, q.units);
  q.u = sequence(&in, &q, gates * q.units);
  q.h0 = matrix(&in, q.batch, q.units);
  q.h = matrix(&out, q.batch, q.units);
  if (gates == 4) {
    q.c0 = matrix(&in, q.batch, q.units);
    q.c = matrix(&out, q.batch, q.units);
  }
  if (in.left) q.mask = mask_of(&in, &q);
  if (o[1]) q.outputs = sequence(&out, &q, q.units);
  if (o[2] && gates == 4) {
    q.a = sequence(&out, &q, 4 * q.units);
    q.memories = sequence(&out, &q, q.units);
  } else if (o[2]) {
    q.a = sequence(&out, &q, 2 * q.units);
    q.n = sequence(&out, &q, q.units);
    q.inner = sequence(&out, &q, q.units);
  }
  if (!done(&in, &out)) return failure(frame, XLA_FFI_Error_Code_INVALID_ARGUMENT, message);
  return run(frame, &q, block);
}

static XLA_FFI_Error *backward(XLA_FFI_CallFrame *frame, const char *message, int64_t gates, phase_function *block) {
  if (answer_version(frame)) return NULL;
  Cursor in = {frame->args.args, frame->args.size, 0}, out = {frame->rets.rets, frame->rets.size, 0};
  const int64_t *o = options(frame, 3);
  Loop q = {.gates = gates, .transposed = 1};
  if (!o || !sizes(frame->rets.rets, frame->rets.size, 0, &q))
    return failure(frame, XLA_FFI_Error_Code_INVALID_ARGUMENT, message);
  q.reverse = o[0] != 0;
  q.recurrent = matrix(&in, q.units, gates * q.units);
  q.du = sequence(&out, &q, gates * q.units);
  if (gates == 4) {
    q.c0 = matrix(&in, q.batch, q.units);
    q.a = sequence(&in, &q, 4 * q.units);
    q.memories = sequence(&in, &q, q.units);
  } else {
    q.a = sequence(&in, &q, 2 * q.units);
    q.n = sequence(&in, &q, q.units);
    q.inner = sequence(&in, &q, q.units);
    q.found = sequence(&in, &q, q.units);
    q.dproduct = sequence(&out, &q, 3 * q.units);
  }
  q.dh = matrix(&in, q.batch, q.units);
  q.dh0 = matrix(&out, q.batch, q.units);
  if (gates == 4) {
    q.dc = matrix(&in, q.batch, q.units);
    q.dc0 = matrix(&out, q.batch, q.units);
  }
  if (o[1]) q.mask = mask_of(&in, &q);
  if (o[2]) q.dout = sequence(&in, &q, q.units);
  if (!done(&in, &out)) return failure(frame, XLA_FFI_Error_Code_INVALID_ARGUMENT, message);
  return run(frame, &q, block);
}

XLA_FFI_Error *lamina_lstm(XLA_FFI_CallFrame *frame) {
  return forward(frame, "lamina_lstm: the shapes do not fit together.", 4, lstm);
}

XLA_FFI_Error *lamina_lstm_backward(XLA_FFI_CallFrame *frame) {
  return backward(frame, "lamina_lstm_backward: the shapes do not fit together.", 4, lstm_back);
}

XLA_FFI_Error *lamina_gru(XLA_FFI_CallFrame *frame) {
  return forward(frame, "lamina_gru: the shapes do not fit together.", 3, gru);
}

XLA_FFI_Error *lamina_gru_backward(XLA_FFI_CallFrame *frame) {
  return backward(frame, "lamina_gru_backward: the shapes do not fit together.", 3, gru_back);
}
