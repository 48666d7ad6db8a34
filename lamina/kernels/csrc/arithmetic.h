// Small arithmetic that every kernel needs.

#ifndef LAMINA_ARITHMETIC_H_
#define LAMINA_ARITHMETIC_H_

#include <stdint.h>
#include <string.h>

static inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }
static inline int64_t ceiling(int64_t number, int64_t divisor) { return (number + divisor - 1) / divisor; }

// Sets elements `start` to `end` of `sum`, which may be the first array, to the sum of those of `parts` arrays of `size`
// elements, in their order.
static inline void sum_parts(
    float *sum, const float *arrays, int64_t parts, int64_t size, int64_t start, int64_t end) {
  if (sum != arrays) memcpy(sum + start, arrays + start, (end - start) * sizeof(float));
  for (int64_t part = 1; part < parts; part++)
    for (int64_t i = start; i < end; i++) sum[i] += arrays[part * size + i];
}

#endif
