// Depthwise convolution, channels last, and its gradients: each channel has a kernel of its own. A window of the result
// is a sum over its taps, as one of the gradient for the images is; nothing is padded, taps beside an image are left out.

#include <stddef.h>

#include "convolution.h"
#include "handlers.h"
#include "parallel.h"

enum {
  MOST_TAPS = 256,
  ALONE = 1 << 19,          // multiplications up to which one thread is done before another one has woken up
  ITEMS = 16,               // into which rows are divided
  PARTS_FLOATS = 4 << 20,   // floats of the kernel gradients of all parts together
};

typedef struct {
  const Level *level;
  const float *source, *other;  // images, or the gradient for the result; the kernel, or the gradient for the result
  float *out, *sums;
  int back;                     // whether the gradient for the images is asked
  int64_t channels, rows, items;
  Size from, to, window, stride, low, dilation;
} Depthwise;

// The row of the source that row i of a window sees, where the window gives (backward: what it gives to) row h; or -1.
static int64_t seen_row(const Depthwise *q, int64_t h, int64_t i) {
  int64_t reach = i * q->dilation.height - q->low.height, row = q->back ? h - reach : h * q->stride.height + reach;
  if (q->back) row = row % q->stride.height ? -1 : row / q->stride.height;
  return row < q->from.height ? row : -1;
}

// A tap, given how far it reaches from a window's place, or backward from a column to the window that it gives to;
// `windows` of these are `step` columns of the source apart.
static Tap tap_at(
    const Depthwise *q, int64_t reach, int64_t step, int64_t windows, const float *row, const float *kernel) {
  Tap tap = {reach < 0 ? ceiling(-reach, step) : 0, 0, row, kernel};
  if (reach < q->from.width) tap.last = least((q->from.width - 1 - reach) / step + 1, windows);
  if (tap.first >= tap.last) tap.first = tap.last = 0;
  else tap.x += (reach + tap.first * step) * q->channels;
  return tap;
}

static void slide_rows(void *data, int64_t index, int64_t worker) {
  (void)worker;
  const Depthwise *q = data;
  // Backward, columns as far apart as windows are have the same taps.
  int64_t c = q->channels, phases = q->back ? q->stride.width : 1, step = q->back ? 1 : q->stride.width;
  for (int64_t row = q->rows * index / q->items; row < q->rows * (index + 1) / q->items; row++) {
    int64_t image = row / q->to.height, h = row % q->to.height;
    for (int64_t phase = 0; phase < phases && phase < q->to.width; phase++) {
      Tap taps[MOST_TAPS];
      int64_t count = 0, windows = ceiling(q->to.width - phase, phases);
      for (int64_t i = 0; i < q->window.height; i++) {
        int64_t seen = seen_row(q, h, i);
        if (seen < 0) continue;
        const float *source = q->source + (image * q->from.height + seen) * q->from.width * c;
        for (int64_t j = 0; j < q->window.width; j++) {
          int64_t reach = j * q->dilation.width - q->low.width;
          if (q->back) reach = phase - reach;
          if (reach % phases) continue;
          taps[count] = tap_at(q, reach / phases, step, windows, source, q->other + (i * q->window.width + j) * c);
          count += taps[count].last > 0;
        }
      }
      float *out = q->out + (row * q->to.width + phase) * c;
      q->level->slide(c, windows, taps, count, step * c, out, phases * c);
    }
  }
}

static void correlate_rows(void *data, int64_t index, int64_t worker) {
  (void)worker;
  const Depthwise *q = data;
  int64_t c = q->channels, columns = q->window.width;
  float *sums = q->sums + index * q->window.height * columns * c;
  memset(sums, 0, q->window.height * columns * c * sizeof(float));
  for (int64_t row = q->rows * index / q->items; row < q->rows * (index + 1) / q->items; row++) {
    int64_t image = row / q->to.height, h = row % q->to.height;
    for (int64_t i = 0; i < q->window.height; i++) {
      Tap taps[MOST_TAPS];
      int64_t seen = seen_row(q, h, i);
      if (seen < 0) continue;
      const float *source = q->source + (image * q->from.height + seen) * q->from.width * c;
      for (int64_t j = 0; j < columns; j++)
        taps[j] = tap_at(q, j * q->dilation.width - q->low.width, q->stride.width, q->to.width, source, NULL);
      q->level->correlate(
          c, q->to.width, taps, columns, q->stride.width * c, q->other + row * q->to.width * c, sums + i * columns * c);
    }
  }
}

static void add_up(void *data, int64_t index, int64_t worker) {
  (void)index, (void)worker;
  const Depthwise *q = data;
  int64_t size = q->window.height * q->window.width * q->channels;
  sum_parts(q->out, q->sums, q->items, size, 0, size);
}

// Reads what all handlers are told; windows see `from`, and give to `to`. 0 if it doesn't fit together.
static int read(
    XLA_FFI_CallFrame *frame, const XLA_FFI_Buffer *from, const XLA_FFI_Buffer *kernel, const XLA_FFI_Buffer *to,
    Depthwise *q) {
  const int64_t *o = options(frame, 6);
  if (!o || from->rank != 4 || kernel->rank != 4 || to->rank != 4) return 0;
  q->level = current_level();
  q->from = (Size){from->dims[1], from->dims[2]}, q->to = (Size){to->dims[1], to->dims[2]};
  q->window = (Size){kernel->dims[0], kernel->dims[1]};
  q->stride = (Size){o[0], o[1]}, q->low = (Size){o[2], o[3]}, q->dilation = (Size){o[4], o[5]};
  q->channels = from->dims[3];
  q->rows = from->dims[0] * q->to.height;
  int fits = from->dims[0] == to->dims[0] && to->dims[3] == q->channels && kernel->dims[3] == q->channels &&
             kernel->dims[2] == 1;
  for (int i = 0; i < 6; i++) fits = fits && (i == 2 || i == 3 || o[i] >= 1);
  for (int i = 0; i < 4; i++) fits = fits && from->dims[i] > 0 && kernel->dims[i] > 0 && to->dims[i] > 0;
  int64_t taps = q->window.height * q->window.width;
  if (!fits || taps > MOST_TAPS) return 0;
  q->items = q->rows * q->to.width * q->channels * taps <= ALONE ? 1 : least(ITEMS, q->rows);
  return 1;
}

static XLA_FFI_Error *slide(XLA_FFI_CallFrame *frame, int back) {
  if (answer_version(frame)) return NULL;
  Depthwise q = {.back = back};
  if (!well_formed(frame, 2, 4) || !read(frame, operand(frame, 0), operand(frame, 1), result(frame), &q))
    return failure(frame, XLA_FFI_Error_Code_INVALID_ARGUMENT, "lamina_depthwise: the shapes do not fit together.");
  q.source = operand(frame, 0)->data, q.other = operand(frame, 1)->data, q.out = result(frame)->data;
  const Phase phase = {slide_rows, q.items};
  if (run_phases(frame, &phase, 1, &q)) return NULL;
  return failure(frame, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "lamina_depthwise: out of memory.");
}

XLA_FFI_Error *lamina_depthwise(XLA_FFI_CallFrame *frame) { return slide(frame, 0); }

XLA_FFI_Error *lamina_depthwise_input_gradient(XLA_FFI_CallFrame *frame) { return slide(frame, 1); }

XLA_FFI_Error *lamina_depthwise_kernel_gradient(XLA_FFI_CallFrame *frame) {
  if (answer_version(frame)) return NULL;
  Depthwise q = {0};
  if (!well_formed(frame, 2, 4) || !read(frame, operand(frame, 0), result(frame), operand(frame, 1), &q))
    return failure(
        frame, XLA_FFI_Error_Code_INVALID_ARGUMENT,
        "lamina_depthwise_kernel_gradient: the shapes do not fit together.");
  q.source = operand(frame, 0)->data, q.other = operand(frame, 1)->data, q.out = result(frame)->data;
  int64_t size = q.window.height * q.window.width * q.channels;
  q.items = least(q.items, most(1, PARTS_FLOATS / size));
  q.sums = scratch(q.items * size);
  const Phase phases[] = {{correlate_rows, q.items}, {add_up, 1}};
  if (q.sums && run_phases(frame, phases, 2, &q)) return NULL;
  return failure(frame, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "lamina_depthwise_kernel_gradient: out of memory.");
}
