#include "frame.h"

#include <stddef.h>
#include <string.h>

#include "level.h"

int answer_version(XLA_FFI_CallFrame *frame) {
  XLA_FFI_Extension_Base *extension = frame->extension_start;
  if (!extension || extension->type != XLA_FFI_Extension_Metadata) return 0;
  XLA_FFI_Metadata *metadata = ((XLA_FFI_Metadata_Extension *)extension)->metadata;
  metadata->api_version.major_version = XLA_FFI_API_MAJOR;
  metadata->api_version.minor_version = XLA_FFI_API_MINOR;
  return 1;
}

const int64_t *options(XLA_FFI_CallFrame *frame, int64_t count) {
  static const char name[] = "options";
  for (int64_t i = 0; i < frame->attrs.size; i++) {
    const XLA_FFI_ByteSpan *span = frame->attrs.names[i];
    if (span->len != sizeof name - 1 || memcmp(span->ptr, name, span->len)) continue;
    if (frame->attrs.types[i] != XLA_FFI_AttrType_ARRAY) return NULL;
    const XLA_FFI_Array *array = frame->attrs.attrs[i];
    return array->dtype == XLA_FFI_DataType_S64 && array->size == (size_t)count ? array->data : NULL;
  }
  return NULL;
}

float float_option(int64_t bits) {
  int32_t low = (int32_t)bits;
  float number;
  memcpy(&number, &low, sizeof number);
  return number;
}

static int is_array(const XLA_FFI_Buffer *buffer, int64_t rank) {
  return buffer->dtype == XLA_FFI_DataType_F32 && buffer->rank >= rank;
}

int well_formed(XLA_FFI_CallFrame *frame, int64_t operands, int64_t rank) {
  return current_level() && frame->args.size == operands && frame->rets.size == 1 && is_array(operand(frame, 0), rank) &&
         is_array(operand(frame, 1), rank) && is_array(result(frame), rank);
}

void *next_buffer(Cursor *cursor, XLA_FFI_DataType type, int64_t rank, const int64_t *dims) {
  const XLA_FFI_Buffer *buffer = cursor->left-- > 0 ? *cursor->buffers++ : NULL;
  int fits = buffer && buffer->dtype == type && buffer->rank == rank;
  for (int64_t i = 0; fits && i < rank; i++) fits = buffer->dims[i] == dims[i] && dims[i] > 0;
  cursor->wrong |= !fits;
  return fits ? buffer->data : NULL;
}

XLA_FFI_Error *failure(XLA_FFI_CallFrame *frame, XLA_FFI_Error_Code code, const char *message) {
  XLA_FFI_Error_Create_Args args = {sizeof args, NULL, message, code};
  return frame->api->XLA_FFI_Error_Create(&args);
}
