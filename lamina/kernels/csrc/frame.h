// What a handler reads from XLA's call.

#ifndef LAMINA_FRAME_H_
#define LAMINA_FRAME_H_

#include <stdint.h>

#include "xla/ffi/api/c_api.h"

// Answers XLA's question after the version of the interface; 0 if the call is not that question.
int answer_version(XLA_FFI_CallFrame *frame);

// The attribute `options`; NULL if it has not exactly `count` numbers.
const int64_t *options(XLA_FFI_CallFrame *frame, int64_t count);

// A float that was passed as the number of its bits.
float float_option(int64_t bits);

// Whether the call has so many operands and one result, this and the first two operands of float32 and at least `rank`
// axes, and the level is there.
int well_formed(XLA_FFI_CallFrame *frame, int64_t operands, int64_t rank);

XLA_FFI_Error *failure(XLA_FFI_CallFrame *frame, XLA_FFI_Error_Code code, const char *message);

// Operands or results that are yet to be read.
typedef struct {
  void **buffers;
  int64_t left;
  int wrong;
} Cursor;

// The data of the next one. It must have this type and shape, none of its sizes 0; else NULL, and `wrong` is set.
void *next_buffer(Cursor *cursor, XLA_FFI_DataType type, int64_t rank, const int64_t *dims);

static inline XLA_FFI_Buffer *operand(XLA_FFI_CallFrame *frame, int64_t index) { return frame->args.args[index]; }
static inline XLA_FFI_Buffer *result(XLA_FFI_CallFrame *frame) { return frame->rets.rets[0]; }

#endif
