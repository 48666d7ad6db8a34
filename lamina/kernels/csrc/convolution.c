// Convolution of images, channels last, and its gradient for the kernel, without writing out patches: neighbouring
// windows lie a fixed distance apart in an image with its padding, so tiles are computed straight from a padded copy of
// a few rows that stays in the second cache.

#include <stddef.h>
#include <string.h>

#include "arithmetic.h"
#include "frame.h"
#include "handlers.h"
#include "level.h"
#include "parallel.h"

enum {
  DEPTH = 256,                // terms summed before the sums go to memory
  ROWS_FLOATS = 64 << 10,     // floats of a copy of some rows
  POSITIONS = 256,            // that the kernel's gradient sums up at once
  PARTS = 16,                 // of the batch, whose kernel gradients are summed at the end
  PARTS_FLOATS = 4 << 20,     // floats of all these together
};

typedef struct {
  int64_t height, width;
} Size;

typedef struct {
  const Level *level;
  const float *x, *other;      // the other is the kernel, or the gradient for the result
  float *out;
  int64_t batch, channels, outputs;
  Size image, window, result, stride, low, dilation;
  int64_t panels;              // of outputs
  int64_t padded;              // columns of the padded copy
  int64_t rows, blocks;        // rows of the result that a block has, blocks of an image
  int64_t parts;               // of the batch
  float *packed, *copies;
  int64_t copy_floats;         // of each worker
} Convolution;

static int64_t panel_width(const Convolution *q, int64_t panel) {
  return least(q->outputs - panel * q->level->columns, q->level->columns);
}

// Copies `count` rows of an image from `row` on, with the zeros of its padding, `padded` columns each; of every `period`
// only the first `used`.
static void copy_rows(
    const Convolution *q, int64_t image, int64_t row, int64_t count, int64_t period, int64_t used, float *copy) {
  int64_t c = q->channels, before = least(q->low.width, q->padded);
  int64_t inside = least(q->image.width, q->padded - before);
  int64_t after = q->padded - before - inside;
  for (int64_t i = 0; i < count; i++, row++, copy += q->padded * c) {
    if (i % period >= used) continue;
    if (row < 0 || row >= q->image.height) {
      memset(copy, 0, q->padded * c * sizeof(float));
      continue;
    }
    memset(copy, 0, before * c * sizeof(float));
    memcpy(copy + before * c, q->x + (image * q->image.height + row) * q->image.width * c, inside * c * sizeof(float));
    memset(copy + (before + inside) * c, 0, after * c * sizeof(float));
  }
}

static void pack_kernel(void *data, int64_t panel, int64_t worker) {
  (void)worker;
  const Convolution *q = data;
  int64_t depth = q->window.height * q->window.width * q->channels, columns = q->level->columns;
  pack_panel(
      q->level, depth, panel_width(q, panel), q->other + panel * columns, q->outputs, 1,
      q->packed + panel * depth * columns);
}

// Some rows of the result of one image.
static void convolve(void *data, int64_t index, int64_t worker) {
  const Convolution *q = data;
  const Level *level = q->level;
  int64_t image = index / q->blocks, block = index % q->blocks, c = q->channels;
  int64_t top = block * q->rows, rows = least(q->rows, q->result.height - top);
  float *copy = q->copies + worker * q->copy_floats;
  int64_t reach = (rows - 1) * q->stride.height + (q->window.height - 1) * q->dilation.height + 1;
  // Rows between taps that lie further apart than the block is high are not seen.
  int64_t used = (rows - 1) * q->stride.height + 1;
  copy_rows(q, image, top * q->stride.height - q->low.height, reach, q->dilation.height, used, copy);
  // With neighbouring taps next to each other a row of the window is one run of memory.
  int64_t runs = q->dilation.width == 1 ? 1 : q->window.width, run = q->window.width / runs * c;
  int64_t steps = ceiling(run, DEPTH), tiles = ceiling(q->result.width, level->rows);
  float *out = q->out + (image * q->result.height + top) * q->result.width * q->outputs;
  for (int64_t panel = 0; panel < q->panels; panel++) {
    const float *kernel = q->packed + panel * q->window.height * q->window.width * c * level->columns;
    for (int64_t piece = 0; piece < q->window.height * runs * steps; piece++) {
      int64_t tap_row = piece / (runs * steps), tap = piece / steps % runs, step = piece % steps;
      int64_t start = run * step / steps, depth = run * (step + 1) / steps - start;
      const float *b = kernel + ((tap_row * runs + tap) * run + start) * level->columns;
      const float *taps = copy + (tap_row * q->dilation.height * q->padded + tap * q->dilation.width) * c + start;
      for (int64_t row = 0; row < rows; row++)
        for (int64_t t = 0; t < tiles; t++) {
          int64_t left = q->result.width * t / tiles, positions = q->result.width * (t + 1) / tiles - left;
          compute_tile(
              level, positions, panel_width(q, panel), depth,
              taps + (row * q->stride.height * q->padded + left * q->stride.width) * c, q->stride.width * c, 1, b,
              level->columns, out + (row * q->result.width + left) * q->outputs + panel * level->columns, q->outputs,
              piece > 0);
        }
    }
  }
}

// The gradient for one row of the window from one part of the batch. Positions of the padded copy that are none of the
// result have a gradient of 0: so all of a block are one sum.
static void add_up(void *data, int64_t index, int64_t worker) {
  const Convolution *q = data;
  const Level *level = q->level;
  int64_t part = index / q->window.height, tap_row = index % q->window.height, c = q->channels;
  int64_t runs = q->dilation.width == 1 ? 1 : q->window.width, run = q->window.width / runs * c;
  int64_t taps = q->window.width * c, positions = q->rows * q->padded;
  float *copy = q->copies + worker * q->copy_floats, *g = copy + positions * c;
  float *out = q->packed + (part * q->window.height + tap_row) * taps * q->outputs;
  int64_t first = q->batch * part / q->parts, last = q->batch * (part + 1) / q->parts, tiles = ceiling(run, level->rows);
  for (int64_t index = first * q->blocks; index < last * q->blocks; index++) {
    int64_t image = index / q->blocks, top = index % q->blocks * q->rows, rows = least(q->rows, q->result.height - top);
    copy_rows(q, image, top - q->low.height + tap_row * q->dilation.height, rows, 1, 1, copy);
    int64_t depth = rows * q->padded - (q->padded - q->result.width);
    for (int64_t panel = 0; panel < q->panels; panel++) {
      for (int64_t row = 0; row < rows; row++) {
        const float *source = q->other + ((image * q->result.height + top + row) * q->result.width) * q->outputs;
        float *target = g + row * q->padded * level->columns;
        pack_panel(
            level, q->result.width, panel_width(q, panel), source + panel * level->columns, q->outputs, 1, target);
        memset(
            target + q->result.width * level->columns, 0,
            (q->padded - q->result.width) * level->columns * sizeof(float));
      }
      for (int64_t tap = 0; tap < runs; tap++)
        for (int64_t t = 0; t < tiles; t++) {
          int64_t from = run * t / tiles, count = run * (t + 1) / tiles - from;
          compute_tile(
              level, count, panel_width(q, panel), depth, copy + tap * q->dilation.width * c + from, 1, c, g,
              level->columns, out + (tap * run + from) * q->outputs + panel * level->columns, q->outputs,
              index > first * q->blocks);
        }
    }
  }
}

enum { SLICE = 4096 };  // floats of the gradient that are summed over the parts at once

static void sum_slice(void *data, int64_t index, int64_t worker) {
  (void)worker;
  const Convolution *q = data;
  int64_t size = q->window.height * q->window.width * q->channels * q->outputs;
  sum_parts(q->out, q->packed, q->parts, size, index * SLICE, least((index + 1) * SLICE, size));
}

// Reads what both handlers are told; 0 if it doesn't fit together.
static int read(XLA_FFI_CallFrame *frame, const XLA_FFI_Buffer *kernel, const XLA_FFI_Buffer *result, Convolution *q) {
  const int64_t *o = options(frame, 6);
  const XLA_FFI_Buffer *x = operand(frame, 0);
  if (!o || x->rank != 4 || kernel->rank != 4 || result->rank != 4) return 0;
  *q = (Convolution){
      .level = current_level(),
      .x = x->data,
      .batch = x->dims[0],
      .image = {x->dims[1], x->dims[2]},
      .channels = x->dims[3],
      .window = {kernel->dims[0], kernel->dims[1]},
      .outputs = kernel->dims[3],
      .result = {result->dims[1], result->dims[2]},
      .stride = {o[0], o[1]},
      .low = {o[2], o[3]},
      .dilation = {o[4], o[5]},
  };
  int fits = kernel->dims[2] == q->channels && result->dims[0] == q->batch && result->dims[3] == q->outputs;
  for (int i = 0; i < 6; i++) fits = fits && o[i] >= (i == 2 || i == 3 ? 0 : 1);
  for (int i = 0; i < 4; i++) fits = fits && x->dims[i] > 0 && kernel->dims[i] > 0 && result->dims[i] > 0;
  if (!fits) return 0;
  q->panels = ceiling(q->outputs, q->level->columns);
  q->padded = (q->result.width - 1) * q->stride.width + (q->window.width - 1) * q->dilation.width + 1;
  return 1;
}

XLA_FFI_Error *lamina_convolution(XLA_FFI_CallFrame *frame) {
  if (answer_version(frame)) return NULL;
  Convolution q;
  if (!well_formed(frame, 4) || !read(frame, operand(frame, 1), result(frame), &q))
    return failure(frame, XLA_FFI_Error_Code_INVALID_ARGUMENT, "lamina_convolution: the shapes do not fit together.");
  q.other = operand(frame, 1)->data;
  q.out = result(frame)->data;
  int64_t threads = worker_count(frame), row = q.padded * q.channels;
  int64_t halo = (q.window.height - 1) * q.dilation.height + 1;
  int64_t kept = ROWS_FLOATS / row;  // rows; those that taps see overlap, or are apart
  q.rows = most(1, most(kept - halo, kept / q.window.height - 1) / q.stride.height + 1);
  q.rows = least(q.rows, ceiling(q.result.height, ceiling(4 * threads, q.batch)));
  q.blocks = ceiling(q.result.height, q.rows);
  q.copy_floats = ceiling(((q.rows - 1) * q.stride.height + halo) * row, 16) * 16;
  int64_t packed = q.panels * q.window.height * q.window.width * q.channels * q.level->columns;
  q.packed = scratch(packed + least(threads, most(q.panels, q.batch * q.blocks)) * q.copy_floats);
  q.copies = q.packed + packed;
  const Phase phases[] = {{pack_kernel, q.panels}, {convolve, q.batch * q.blocks}};
  if (!q.packed || !run_phases(frame, phases, 2, &q))
    return failure(frame, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "lamina_convolution: out of memory.");
  return NULL;
}

XLA_FFI_Error *lamina_convolution_kernel_gradient(XLA_FFI_CallFrame *frame) {
  if (answer_version(frame)) return NULL;
  Convolution q;
  if (!well_formed(frame, 4) || !read(frame, result(frame), operand(frame, 1), &q) ||
      q.stride.height != 1 || q.stride.width != 1)
    return failure(
        frame, XLA_FFI_Error_Code_INVALID_ARGUMENT,
        "lamina_convolution_kernel_gradient: the shapes do not fit together.");
  q.other = operand(frame, 1)->data;
  q.out = result(frame)->data;
  q.rows = least(q.result.height, most(1, POSITIONS / q.padded));
  q.blocks = ceiling(q.result.height, q.rows);
  int64_t size = q.window.height * q.window.width * q.channels * q.outputs;
  q.parts = most(1, least(least(q.batch, PARTS), PARTS_FLOATS / size));
  int64_t positions = q.rows * q.padded;
  q.copy_floats = ceiling(positions * (q.channels + q.level->columns), 16) * 16;
  int64_t partial = ceiling(q.parts * size, 16) * 16;
  const Phase phases[] = {{add_up, q.parts * q.window.height}, {sum_slice, ceiling(size, SLICE)}};
  q.packed = scratch(partial + least(worker_count(frame), most(phases[0].count, phases[1].count)) * q.copy_floats);
  q.copies = q.packed + partial;
  if (!q.packed || !run_phases(frame, phases, 2, &q))
    return failure(
        frame, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "lamina_convolution_kernel_gradient: out of memory.");
  return NULL;
}
