// One step of an optimizer for a part of a variable.

#ifndef LAMINA_UPDATE_H_
#define LAMINA_UPDATE_H_

// Adam: how far the averages move towards the gradient and its square, what is added to the root, and the step size.
typedef struct {
  float mean_share, square_share, epsilon, rate;
} AdamStep;

#endif
