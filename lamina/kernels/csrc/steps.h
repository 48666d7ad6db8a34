// A step of a recurrent loop, for some rows of the batch; what lies side by side for a row is in the order of the gates.
// Inputs are scaled so that one tanh serves all gates: with a = tanh(u), sigmoids are (1 + a) / 2.

#ifndef LAMINA_STEPS_H_
#define LAMINA_STEPS_H_

#include <stdint.h>

typedef struct {
  int64_t rows, units;
  const uint8_t *mask;            // whether a row takes the step, or NULL: all do
  const float *u, *z, *bias;      // what inputs, states and a bias for all rows give, 4 × units
  float *h, *c;                   // the state, which is replaced
  float *a, *memories, *outputs;  // what is kept of the step, or NULL
} LstmStep;

typedef struct {
  int64_t rows, units;
  const uint8_t *mask;
  const float *a, *memories, *before;  // `before` holds the memories that the step found
  const float *dout;                   // or NULL
  float *dh, *dc;  // replaced: dc by the gradient before the step, dh by what doesn't come by way of the product
  float *du;
} LstmBackStep;

// The reset acts after the product.
typedef struct {
  int64_t rows, units;
  const uint8_t *mask;
  const float *u, *z, *bias;       // 3 × units
  const float *state_bias;         // of the part inside of the reset
  float *h;
  float *a, *n, *inner, *outputs;  // tanh for both gates and for the candidate, and the part inside of the reset
} GruStep;

typedef struct {
  int64_t rows, units;
  const uint8_t *mask;
  const float *a, *n, *inner, *found;  // `found` holds the states that the step found
  const float *dout;
  float *dh;
  float *du, *dproduct;                // for the inputs' part, and for the product with the recurrent kernel
} GruBackStep;

#endif
