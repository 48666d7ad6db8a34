// A tap of a depthwise window that slides along a row of an image.

#ifndef LAMINA_TAPS_H_
#define LAMINA_TAPS_H_

#include <stdint.h>

typedef struct {
  int64_t first, last;  // the windows in which the tap lies in the row: from `first` on, before `last`
  const float *x;       // what the first of these sees, all channels
  const float *kernel;
} Tap;

#endif
