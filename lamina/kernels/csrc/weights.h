// Weights of attention, of some queries each a row.

#ifndef LAMINA_WEIGHTS_H_
#define LAMINA_WEIGHTS_H_

#include <stdint.h>
#include <string.h>

typedef struct {
  int64_t rows, keys, length;  // floats of a row: those behind the keys are 0
  int64_t visible_row;         // distance of the rows that tell which keys are seen
  float scale;                 // of the scores
  int known;                   // whether what is kept of each row is there already
} Weights;

#endif
