// What a handler reads from XLA's call.

#ifndef LAMINA_FRAME_H_
#define LAMINA_FRAME_H_

#include <stdint.h>

#include "xla/ffi/api/c_api.h"

// Answers XLA's question after the version of the interface; 0 if the call is not that question.
int answer_version(XLA_FFI_CallFrame *frame);

// The attribute `options`; NULL if it has not exactly `count` numbers.
const int64_t *options(XLA_FFI_CallFrame *frame, int64_t count);

// Whether the call has two operands and one result, all of float32 and at least `rank` axes, and the level is there.
int well_formed(XLA_FFI_CallFrame *frame, int64_t rank);

XLA_FFI_Error *failure(XLA_FFI_CallFrame *frame, XLA_FFI_Error_Code code, const char *message);

static inline XLA_FFI_Buffer *operand(XLA_FFI_CallFrame *frame, int64_t index) { return frame->args.args[index]; }
static inline XLA_FFI_Buffer *result(XLA_FFI_CallFrame *frame) { return frame->rets.rets[0]; }

#endif
