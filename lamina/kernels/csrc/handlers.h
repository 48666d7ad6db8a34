// The functions that XLA calls. Operands and results are float32, row by row; the attribute `options` is of int64.

#ifndef LAMINA_HANDLERS_H_
#define LAMINA_HANDLERS_H_

#include "xla/ffi/api/c_api.h"

// (..., M, K), or (..., K, M) if transposed; (..., K, N), or (..., N, K) if transposed; and, if wanted, a bias (N,)
// -> (..., M, N). Options: whether the first and the second operand are transposed; and, with a bias, whether what is not
// above 0 becomes 0.
XLA_FFI_Error *lamina_product(XLA_FFI_CallFrame *frame);
// Images (N, H, W, C), kernel (window, C, outputs) -> (N, positions, outputs).
// Options: strides, zeros before the first row and column, dilation, of rows and of columns each. The zeros behind the
// last ones follow from the shape of the result.
XLA_FFI_Error *lamina_convolution(XLA_FFI_CallFrame *frame);
// Images, gradient for the result (N, positions, outputs) -> gradient for the kernel. Options as above; strides are 1.
XLA_FFI_Error *lamina_convolution_kernel_gradient(XLA_FFI_CallFrame *frame);
// Images (N, H, W, C), kernel (window, 1, C) -> (N, positions, C). Options as above; a negative number of zeros crops.
XLA_FFI_Error *lamina_depthwise(XLA_FFI_CallFrame *frame);
// Gradient for the result, kernel -> gradient for the images.
XLA_FFI_Error *lamina_depthwise_input_gradient(XLA_FFI_CallFrame *frame);
// Images, gradient for the result -> gradient for the kernel.
XLA_FFI_Error *lamina_depthwise_kernel_gradient(XLA_FFI_CallFrame *frame);
// Loops over time, steps first, inputs and kernels scaled so that one tanh serves all gates (steps.h): T steps, B rows,
// U units. `mask` are booleans (T, B, 1), an operand that may be missing. Options: whether to start at the last step,
// whether outputs (T, B, U) are wanted, and whether what the backward loop takes is.
// LSTM: recurrent kernel (U, 4U), bias (4U,), projected inputs (T, B, 4U), h and c (B, U), mask -> h, c, outputs; and
// tanh of the gates' arguments (T, B, 4U), memories (T, B, U).
XLA_FFI_Error *lamina_lstm(XLA_FFI_CallFrame *frame);
// GRU with the reset after the product: recurrent kernel (U, 3U), bias (3U,), bias inside of the reset (U,), projected
// inputs (T, B, 3U), h, mask -> h, outputs; and tanh for both gates (T, B, 2U), the candidate (T, B, U) and the part inside of
// the reset (T, B, U).
XLA_FFI_Error *lamina_gru(XLA_FFI_CallFrame *frame);
// The loops backward. Options: as above, whether there is a mask, and whether there is a gradient for the outputs.
// Recurrent kernel, first c, what was kept, gradients for h and c, mask, gradient for the outputs -> gradients for the
// projected inputs and the first h and c.
XLA_FFI_Error *lamina_lstm_backward(XLA_FFI_CallFrame *frame);
// Recurrent kernel, what was kept, the h that each step found (T, B, U), gradient for h, mask, gradient for the outputs
// -> gradients for the projected inputs, for the product with the recurrent kernel (T, B, 3U), for the first h.
XLA_FFI_Error *lamina_gru_backward(XLA_FFI_CallFrame *frame);
// Rows (N, C), scale and offset (1, C) -> normalized rows; and their means and the factors that brought them to variance
// 1, both (N, 1). Option: the bits of epsilon.
XLA_FFI_Error *lamina_layer_norm(XLA_FFI_CallFrame *frame);
// Gradient for the normalized rows, rows, scale, means, factors -> gradients for the rows, scale and offset.
XLA_FFI_Error *lamina_layer_norm_gradient(XLA_FFI_CallFrame *frame);

// Queries (N, T, heads, size), keys (N, S, key heads, size), values (N, S, key heads, value size), optionally which keys
// a query sees, booleans (N or 1, heads or 1, T, S) -> outputs (N, T, heads, value size), and what the gradient needs
// to know, (N, heads, T, 2). The number of key heads divides that of heads.
XLA_FFI_Error *lamina_attention(XLA_FFI_CallFrame *frame);
// Queries, keys, values, both results, the gradient for the outputs, optionally the booleans -> gradients for the
// queries, keys and values.
XLA_FFI_Error *lamina_attention_gradient(XLA_FFI_CallFrame *frame);

// Gradient, averages of it and of its square, variable, all of one shape, and the step size, a scalar -> the new averages
// and the variable, which may lie where the operands do. Options: the bits of how far the averages move, and of epsilon.
XLA_FFI_Error *lamina_adam(XLA_FFI_CallFrame *frame);

#endif
