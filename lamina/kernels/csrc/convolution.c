// Convolution of images, channels last, and its gradient for the kernel: what XLA calls.

#include <stddef.h>

#include "convolution.h"
#include "handlers.h"

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
  return 1;
}

XLA_FFI_Error *lamina_convolution(XLA_FFI_CallFrame *frame) {
  if (answer_version(frame)) return NULL;
  Convolution q;
  if (!well_formed(frame, 2, 4) || !read(frame, operand(frame, 1), result(frame), &q))
    return failure(frame, XLA_FFI_Error_Code_INVALID_ARGUMENT, "lamina_convolution: the shapes do not fit together.");
  q.other = operand(frame, 1)->data;
  q.out = result(frame)->data;
  // Of 16 channels and as many outputs both forms take the same time.
  int winograd = winograd_suits(&q) && q.channels * q.outputs > 256;
  if (winograd ? convolve_by_winograd(frame, &q) : convolve_directly(frame, &q)) return NULL;
  return failure(frame, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "lamina_convolution: out of memory.");
}

XLA_FFI_Error *lamina_convolution_kernel_gradient(XLA_FFI_CallFrame *frame) {
  if (answer_version(frame)) return NULL;
  Convolution q;
  if (!well_formed(frame, 2, 4) || !read(frame, result(frame), operand(frame, 1), &q) ||
      q.stride.height != 1 || q.stride.width != 1)
    return failure(
        frame, XLA_FFI_Error_Code_INVALID_ARGUMENT,
        "lamina_convolution_kernel_gradient: the shapes do not fit together.");
  q.other = operand(frame, 1)->data;
  q.out = result(frame)->data;
  if (winograd_suits(&q) ? kernel_gradient_by_winograd(frame, &q) : kernel_gradient_directly(frame, &q)) return NULL;
  return failure(
      frame, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "lamina_convolution_kernel_gradient: out of memory.");
}
