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
// The loops over time of an LSTM, steps first, inputs scaled so that one tanh serves all gates (steps.h). Forward:
// projected inputs (T, B, 4U), recurrent kernel (U, 4U), states h and c (B, U), the mask (T, B, 1) of booleans if there is
// one -> h, c, and as wanted outputs (T, B, U), tanh of all gates' arguments (T, B, 4U) and memories (T, B, U).
// Options: whether to start at the last step, whether there is a mask, outputs are wanted, and what `backward` takes is.
XLA_FFI_Error *lamina_lstm(XLA_FFI_CallFrame *frame);
// Recurrent kernel, c, the last two results of the above, gradients for the last h and c, the mask, gradient for the
// outputs, both if there are such -> gradients for the projected inputs and the first h and c.
// Options: as above, whether there is a mask, and a gradient for the outputs.
XLA_FFI_Error *lamina_lstm_backward(XLA_FFI_CallFrame *frame);

#endif
