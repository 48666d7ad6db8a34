// The functions that XLA calls. Operands and results are float32, row by row; the attribute `options` is of int64.

#ifndef LAMINA_HANDLERS_H_
#define LAMINA_HANDLERS_H_

#include "xla/ffi/api/c_api.h"

// (..., M, K), or (..., K, M) if transposed; (..., K, N), or (..., N, K) if transposed -> (..., M, N).
// Options: whether the first and the second operand are transposed.
XLA_FFI_Error *lamina_product(XLA_FFI_CallFrame *frame);
// Images (N, H, W, C), kernel (window, C, outputs) -> (N, positions, outputs).
// Options: strides, zeros before the first row and column, dilation, of rows and of columns each. The zeros behind the
// last ones follow from the shape of the result.
XLA_FFI_Error *lamina_convolution(XLA_FFI_CallFrame *frame);
// Images, gradient for the result (N, positions, outputs) -> gradient for the kernel. Options as above; strides are 1.
XLA_FFI_Error *lamina_convolution_kernel_gradient(XLA_FFI_CallFrame *frame);

#endif
