// What one instruction set offers, and the choice among them.

#ifndef LAMINA_LEVEL_H_
#define LAMINA_LEVEL_H_

#include <stdint.h>

#include "steps.h"
#include "taps.h"
#include "update.h"
#include "weights.h"

enum { MOST_ROWS = 12, MOST_COLUMNS = 32 };

// Adds to (or, if `add` is 0, sets) a tile of c: c[r][j] += sum over k of a[r * a_row + k * a_step] * b[k * b_step + j].
// The number of rows and columns is fixed for each function. Strides count floats.
typedef void tile_function(
    int64_t depth, const float *a, int64_t a_row, int64_t a_step, const float *b, int64_t b_step, float *c, int64_t c_row,
    int add);

// The transforms of Winograd's convolution: squares of points of an image, taps of a kernel or points of a gradient to 4 × 4
// factors, and products of these to points of a result or taps of a kernel's gradient.
typedef enum { FROM_IMAGE, FROM_KERNEL, FROM_GRADIENT, TO_RESULT, TO_KERNEL } Transform;

// Transforms `count` channels, at least `width` of them: those of `square` lie where it says, row by row, and the factors
// `apart` floats from each other.
typedef void transform_function(int64_t count, float *const *square, float *factors, int64_t apart);

typedef struct {
  const char *name;
  int64_t rows;     // most rows of a tile
  int64_t width;    // floats of a vector
  int64_t columns;  // columns of a tile: two vectors
  tile_function *const *narrow;  // tiles one vector wide, by rows - 1
  tile_function *const *wide;    // two vectors
  // Adds a bias to each row of a tile c, or of more; if `rectified`, what is not above 0 becomes 0, and NaN stays.
  void (*finish)(int64_t rows, int64_t columns, const float *bias, int rectified, float *c, int64_t c_row);
  void (*pack)(int64_t depth, int64_t columns, const float *b, int64_t step, int64_t column, float *panel);
  transform_function *const *transforms;
  void (*lstm)(const LstmStep *step);
  void (*lstm_back)(const LstmBackStep *step);
  void (*gru)(const GruStep *step);
  void (*gru_back)(const GruBackStep *step);
  // Layer normalization of rows, and its gradient; those for scale and offset are sums over the rows.
  void (*normalize)(
      int64_t rows, int64_t width, float epsilon, const float *x, const float *scale, const float *offset, float *y,
      float *means, float *inverses);
  void (*normalize_back)(
      int64_t rows, int64_t width, const float *g, const float *x, const float *scale, const float *means,
      const float *inverses, float *dx, float *dscale, float *doffset);
  // Turns scores into weights, given which keys are seen (or NULL); and computes what is kept of each row, the largest
  // score and the factor of the weights, or takes them where they are known.
  void (*weigh)(const Weights *w, float *rows, const uint8_t *visible, float *kept);
  // Turns the gradients for the weights into those for the scores, given the weights, the gradients for the outputs and
  // the outputs, of `size` each.
  void (*weigh_back)(
      const Weights *w, float *rows, const float *weights, const float *g, const float *outputs, int64_t size,
      int64_t g_row);
  // A step of Adam for `count` elements; results may be where the operands are.
  void (*adam)(
      const AdamStep *step, int64_t count, const float *g, const float *mean, const float *square, const float *variable,
      float *new_mean, float *new_square, float *new_variable);
  // Sets the sums over taps of x times kernel, for windows along a row; and adds those over the windows of x times g.
  void (*slide)(
      int64_t channels, int64_t windows, const Tap *taps, int64_t count, int64_t x_step, float *out, int64_t out_step);
  void (*correlate)(
      int64_t channels, int64_t windows, const Tap *taps, int64_t count, int64_t x_step, const float *g, float *sums);
} Level;

// The level in use: the best one that the processor has, or NULL; and the choice of another one, 0 if there is none such.
const Level *current_level(void);
int choose_level(const char *name);

// Computes any tile of up to `level->rows` × `level->columns`; b is a panel of full width.
void compute_tile(
    const Level *level, int64_t rows, int64_t columns, int64_t depth, const float *a, int64_t a_row, int64_t a_step,
    const float *b, int64_t b_step, float *c, int64_t c_row, int add);

// Copies depth × columns elements b[k * step + j * column] into a panel depth × level->columns, zero behind the last one.
void pack_panel(
    const Level *level, int64_t depth, int64_t columns, const float *b, int64_t step, int64_t column, float *panel);

// All panels of a matrix, one behind the other.
void pack_panels(
    const Level *level, int64_t depth, int64_t columns, const float *b, int64_t step, int64_t column, float *panels);

// Multiplies rows of a by the columns of b that lie in panels, `panel_floats` apart.
void multiply_panels(
    const Level *level, int64_t rows, int64_t columns, int64_t depth, const float *a, int64_t a_row, int64_t a_step,
    const float *panels, int64_t panel_floats, float *c, int64_t c_row, int add);

#endif
