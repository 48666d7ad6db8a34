// What the forms of a convolution share.

#ifndef LAMINA_CONVOLUTION_H_
#define LAMINA_CONVOLUTION_H_

#include <stdint.h>

#include "arithmetic.h"
#include "frame.h"
#include "level.h"

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
} Convolution;

static inline int64_t panel_width(const Convolution *q, int64_t panel) {
  return least(q->outputs - panel * q->level->columns, q->level->columns);
}

// The direct form, of the convolution and of the kernel's gradient; 0 if memory ran out.
int convolve_directly(XLA_FFI_CallFrame *frame, const Convolution *q);
int kernel_gradient_directly(XLA_FFI_CallFrame *frame, const Convolution *q);

// Whether Winograd's form is possible, and faster. And that form.
int winograd_suits(const Convolution *q);
int convolve_by_winograd(XLA_FFI_CallFrame *frame, const Convolution *q);
int kernel_gradient_by_winograd(XLA_FFI_CallFrame *frame, const Convolution *q);

#endif
