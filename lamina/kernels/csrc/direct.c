// Convolution of images, channels last, and its gradient for the kernel, without writing out patches: neighbouring
// windows lie a fixed distance apart in an image with its padding, so tiles are computed straight from a padded copy of
// a few rows that stays in the second cache.

#include <string.h>

#include "convolution.h"
#include "parallel.h"

enum {
  DEPTH = 256,                // terms summed before the sums go to memory
  ROWS_FLOATS = 64 << 10,     // floats of a copy of some rows
  POSITIONS = 256,            // that the kernel's gradient sums up at once
  PARTS = 16,                 // of the batch, whose kernel gradients are summed at the end
  PARTS_FLOATS = 4 << 20,     // floats of all these together
};

typedef struct {
  Convolution convolution;
  int64_t padded;              // columns of the padded copy
  int64_t rows, blocks;        // rows of the result that a block has, blocks of an image
  int64_t parts;               // of the batch
  float *packed, *copies;
  int64_t copy_floats;         // of each worker
} Direct;

// Copies `count` rows of an image from `row` on, with the zeros of its padding, `padded` columns each; of every `period`
// only the first `used`.
static void copy_rows(
    const Direct *d, int64_t image, int64_t row, int64_t count, int64_t period, int64_t used, float *copy) {
  const Convolution *q = &d->convolution;
  int64_t c = q->channels, before = least(q->low.width, d->padded);
  int64_t inside = least(q->image.width, d->padded - before);
  int64_t after = d->padded - before - inside;
  for (int64_t i = 0; i < count; i++, row++, copy += d->padded * c) {
    if (i % period >= used) continue;
    if (row < 0 || row >= q->image.height) {
      memset(copy, 0, d->padded * c * sizeof(float));
      continue;
    }
    memset(copy, 0, before * c * sizeof(float));
    memcpy(copy + before * c, q->x + (image * q->image.height + row) * q->image.width * c, inside * c * sizeof(float));
    memset(copy + (before + inside) * c, 0, after * c * sizeof(float));
  }
}

static void pack_kernel(void *data, int64_t panel, int64_t worker) {
  (void)worker;
  const Direct *d = data;
  const Convolution *q = &d->convolution;
  int64_t depth = q->window.height * q->window.width * q->channels, columns = q->level->columns;
  pack_panel(
      q->level, depth, panel_width(q, panel), q->other + panel * columns, q->outputs, 1,
      d->packed + panel * depth * columns);
}

// Some rows of the result of one image.
static void convolve(void *data, int64_t index, int64_t worker) {
  const Direct *d = data;
  const Convolution *q = &d->convolution;
  const Level *level = q->level;
  int64_t image = index / d->blocks, block = index % d->blocks, c = q->channels;
  int64_t top = block * d->rows, rows = least(d->rows, q->result.height - top);
  float *copy = d->copies + worker * d->copy_floats;
  int64_t reach = (rows - 1) * q->stride.height + (q->window.height - 1) * q->dilation.height + 1;
  // Rows between taps that lie further apart than the block is high are not seen.
  int64_t used = (rows - 1) * q->stride.height + 1;
  copy_rows(d, image, top * q->stride.height - q->low.height, reach, q->dilation.height, used, copy);
  // With neighbouring taps next to each other a row of the window is one run of memory.
  int64_t runs = q->dilation.width == 1 ? 1 : q->window.width, run = q->window.width / runs * c;
  int64_t steps = ceiling(run, DEPTH), tiles = ceiling(q->result.width, level->rows);
  float *out = q->out + (image * q->result.height + top) * q->result.width * q->outputs;
  for (int64_t panel = 0; panel < q->panels; panel++) {
    const float *kernel = d->packed + panel * q->window.height * q->window.width * c * level->columns;
    for (int64_t piece = 0; piece < q->window.height * runs * steps; piece++) {
      int64_t tap_row = piece / (runs * steps), tap = piece / steps % runs, step = piece % steps;
      int64_t start = run * step / steps, depth = run * (step + 1) / steps - start;
      const float *b = kernel + ((tap_row * runs + tap) * run + start) * level->columns;
      const float *taps = copy + (tap_row * q->dilation.height * d->padded + tap * q->dilation.width) * c + start;
      for (int64_t row = 0; row < rows; row++)
        for (int64_t t = 0; t < tiles; t++) {
          int64_t left = q->result.width * t / tiles, positions = q->result.width * (t + 1) / tiles - left;
          compute_tile(
              level, positions, panel_width(q, panel), depth,
              taps + (row * q->stride.height * d->padded + left * q->stride.width) * c, q->stride.width * c, 1, b,
              level->columns, out + (row * q->result.width + left) * q->outputs + panel * level->columns, q->outputs,
              piece > 0);
        }
    }
  }
}

// The gradient for one row of the window from one part of the batch. Positions of the padded copy that are none of the
// result have a gradient of 0: so all of a block are one sum.
static void add_up(void *data, int64_t index, int64_t worker) {
  const Direct *d = data;
  const Convolution *q = &d->convolution;
  const Level *level = q->level;
  int64_t part = index / q->window.height, tap_row = index % q->window.height, c = q->channels;
  int64_t runs = q->dilation.width == 1 ? 1 : q->window.width, run = q->window.width / runs * c;
  int64_t taps = q->window.width * c, positions = d->rows * d->padded;
  float *copy = d->copies + worker * d->copy_floats, *g = copy + positions * c;
  float *out = d->packed + (part * q->window.height + tap_row) * taps * q->outputs;
  int64_t first = q->batch * part / d->parts, last = q->batch * (part + 1) / d->parts, tiles = ceiling(run, level->rows);
  for (int64_t index = first * d->blocks; index < last * d->blocks; index++) {
    int64_t image = index / d->blocks, top = index % d->blocks * d->rows, rows = least(d->rows, q->result.height - top);
    copy_rows(d, image, top - q->low.height + tap_row * q->dilation.height, rows, 1, 1, copy);
    int64_t depth = rows * d->padded - (d->padded - q->result.width);
    for (int64_t panel = 0; panel < q->panels; panel++) {
      for (int64_t row = 0; row < rows; row++) {
        const float *source = q->other + ((image * q->result.height + top + row) * q->result.width) * q->outputs;
        float *target = g + row * d->padded * level->columns;
        pack_panel(
            level, q->result.width, panel_width(q, panel), source + panel * level->columns, q->outputs, 1, target);
        memset(
            target + q->result.width * level->columns, 0,
            (d->padded - q->result.width) * level->columns * sizeof(float));
      }
      for (int64_t tap = 0; tap < runs; tap++)
        for (int64_t t = 0; t < tiles; t++) {
          int64_t from = run * t / tiles, count = run * (t + 1) / tiles - from;
          compute_tile(
              level, count, panel_width(q, panel), depth, copy + tap * q->dilation.width * c + from, 1, c, g,
              level->columns, out + (tap * run + from) * q->outputs + panel * level->columns, q->outputs,
              index > first * d->blocks);
        }
    }
  }
}

enum { SLICE = 4096 };  // floats of the gradient that are summed over the parts at once

static void sum_slice(void *data, int64_t index, int64_t worker) {
  (void)worker;
  const Direct *d = data;
  const Convolution *q = &d->convolution;
  int64_t size = q->window.height * q->window.width * q->channels * q->outputs;
  sum_parts(q->out, d->packed, d->parts, size, index * SLICE, least((index + 1) * SLICE, size));
}

static Direct direct(const Convolution *q) {
  int64_t reach = (q->window.width - 1) * q->dilation.width + 1;
  return (Direct){.convolution = *q, .padded = (q->result.width - 1) * q->stride.width + reach};
}

int convolve_directly(XLA_FFI_CallFrame *frame, const Convolution *q) {
  Direct d = direct(q);
  int64_t threads = worker_count(frame), row = d.padded * q->channels;
  int64_t halo = (q->window.height - 1) * q->dilation.height + 1;
  int64_t kept = ROWS_FLOATS / row;  // rows; those that taps see overlap, or are apart
  d.rows = most(1, most(kept - halo, kept / q->window.height - 1) / q->stride.height + 1);
  d.rows = least(d.rows, ceiling(q->result.height, ceiling(4 * threads, q->batch)));
  d.blocks = ceiling(q->result.height, d.rows);
  d.copy_floats = ceiling(((d.rows - 1) * q->stride.height + halo) * row, 16) * 16;
  int64_t packed = q->panels * q->window.height * q->window.width * q->channels * q->level->columns;
  d.packed = scratch(packed + least(threads, most(q->panels, q->batch * d.blocks)) * d.copy_floats);
  d.copies = d.packed + packed;
  const Phase phases[] = {{pack_kernel, q->panels}, {convolve, q->batch * d.blocks}};
  return d.packed && run_phases(frame, phases, 2, &d);
}

int kernel_gradient_directly(XLA_FFI_CallFrame *frame, const Convolution *q) {
  Direct d = direct(q);
  d.rows = least(q->result.height, most(1, POSITIONS / d.padded));
  d.blocks = ceiling(q->result.height, d.rows);
  int64_t size = q->window.height * q->window.width * q->channels * q->outputs;
  d.parts = most(1, least(least(q->batch, PARTS), PARTS_FLOATS / size));
  int64_t positions = d.rows * d.padded;
  d.copy_floats = ceiling(positions * (q->channels + q->level->columns), 16) * 16;
  int64_t partial = ceiling(d.parts * size, 16) * 16;
  const Phase phases[] = {{add_up, d.parts * q->window.height}, {sum_slice, ceiling(size, SLICE)}};
  d.packed = scratch(partial + least(worker_count(frame), most(phases[0].count, phases[1].count)) * d.copy_floats);
  d.copies = d.packed + partial;
  return d.packed && run_phases(frame, phases, 2, &d);
}
