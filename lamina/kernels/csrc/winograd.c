// Winograd's form of convolutions by 3 × 3 windows, F(2 × 2, 3 × 3): 4 × 4 points of an image and a kernel become 16
// factors each, whose products become 2 × 2 points of the result: 16 multiplications in place of 36. Over all channels
// and outputs these are 16 products of matrices. The kernel's gradient is the transposed of the same.
//
// Lavin and Gray, "Fast algorithms for convolutional neural networks", 2016.

#include <string.h>

#include "convolution.h"
#include "parallel.h"

enum {
  FEWEST_CHANNELS = 16,      // and outputs: a vector has to fit in
  FEWEST_SQUARES = 64,       // from which this form pays, and of a part
  MOST_PAIRS = 512,          // of a channel and an output to a square: more, and reading the kernel takes longest
  FACTORS = 16,
  DEPTH = 256,               // terms summed before the sums go to memory
  SQUARES = 48,              // of a block: their factors and products stay in the second cache
  PARTS = 8,                 // of the squares, whose kernel gradients are summed at the end
  PARTS_FLOATS = 1 << 20,    // floats of all these together
  GROUP = 2,                 // panels of outputs for which an item sums the kernel's gradient
  GAP = 16,                  // floats between rows of factors, which else get into each other's way in the first cache
};

typedef struct {
  Convolution convolution;
  int64_t down, across, squares;   // squares of 2 × 2 points of the result: of an image, and of all images
  int64_t blocks;                  // of squares, of each part
  int64_t block_squares;           // most squares of a block
  int64_t parts, groups;           // for the kernel's gradient: of squares, and of outputs
  int64_t c_row;                   // floats from one row of channels to the next
  float *kernel;                   // its factors, or the sums of the products for its gradient
  float *zeros;                    // a point outside of the image, or of the result
  float *own;                      // of each worker
  int64_t own_floats;
} Winograd;

// A square, as the one of an image.
typedef struct {
  int64_t image, row, column;
} Place;

static Place find_place(const Winograd *w, int64_t square) {
  return (Place){square / (w->down * w->across), square / w->across % w->down, square % w->across};
}

static void step_on(const Winograd *w, Place *place) {
  if (++place->column < w->across) return;
  place->column = 0;
  if (++place->row < w->down) return;
  place->row = 0;
  place->image++;
}

// Finds `side` × `side` points from (`top`, `left`) of an image on; `outside` stands for those that it doesn't have.
static inline void find_points(
    const float *image, Size size, int64_t channels, int64_t top, int64_t left, int64_t side, float *outside,
    float **points) {
  for (int64_t r = top; r < top + side; r++)
    for (int64_t c = left; c < left + side; c++) {
      int inside = (r >= 0) & (r < size.height) & (c >= 0) & (c < size.width);
      *points++ = inside ? (float *)image + (r * size.width + c) * channels : outside;
    }
}

// The points of the result that belong to a square.
static void find_results(const Winograd *w, const float *results, Place place, float *outside, float **points) {
  const Convolution *q = &w->convolution;
  const float *image = results + place.image * q->result.height * q->result.width * q->outputs;
  find_points(image, q->result, q->outputs, 2 * place.row, 2 * place.column, 2, outside, points);
}

static void transform_images(const Winograd *w, int64_t first, int64_t last, float *factors, int64_t apart) {
  const Convolution *q = &w->convolution;
  Place place = find_place(w, first);
  for (int64_t i = first; i < last; i++, step_on(w, &place), factors += w->c_row) {
    float *points[16];
    const float *image = q->x + place.image * q->image.height * q->image.width * q->channels;
    int64_t top = 2 * place.row - q->low.height, left = 2 * place.column - q->low.width;
    find_points(image, q->image, q->channels, top, left, 4, w->zeros, points);
    q->level->transforms[FROM_IMAGE](q->channels, points, factors, apart);
  }
}

static void transform_kernel(void *data, int64_t channel, int64_t worker) {
  (void)worker;
  const Winograd *w = data;
  const Convolution *q = &w->convolution;
  int64_t columns = q->level->columns;
  for (int64_t panel = 0; panel < q->panels; panel++) {
    float whole[9 * MOST_COLUMNS] = {0}, *points[9];
    int64_t width = panel_width(q, panel);
    for (int64_t tap = 0; tap < 9; tap++) {
      const float *source = q->other + (tap * q->channels + channel) * q->outputs + panel * columns;
      points[tap] = (float *)source;
      if (width < columns) points[tap] = memcpy(whole + tap * columns, source, width * sizeof(float));
    }
    float *target = w->kernel + (panel * FACTORS * q->channels + channel) * columns;
    q->level->transforms[FROM_KERNEL](columns, points, target, q->channels * columns);
  }
}

// Some squares of the result.
static void convolve(void *data, int64_t block, int64_t worker) {
  const Winograd *w = data;
  const Convolution *q = &w->convolution;
  const Level *level = q->level;
  int64_t first = w->squares * block / w->blocks, last = w->squares * (block + 1) / w->blocks, count = last - first;
  int64_t columns = level->columns, tiles = ceiling(count, level->rows), steps = ceiling(q->channels, DEPTH);
  int64_t apart = w->block_squares * w->c_row, products_apart = w->block_squares * columns + GAP;
  float *factors = w->own + worker * w->own_floats, *products = factors + FACTORS * apart;
  transform_images(w, first, last, factors, apart);
  for (int64_t panel = 0; panel < q->panels; panel++) {
    for (int64_t piece = 0; piece < FACTORS * steps; piece++) {
      int64_t f = piece / steps, step = piece % steps;
      int64_t start = q->channels * step / steps, depth = q->channels * (step + 1) / steps - start;
      for (int64_t t = 0; t < tiles; t++) {
        int64_t row = count * t / tiles, rows = count * (t + 1) / tiles - row;
        compute_tile(
            level, rows, panel_width(q, panel) > level->width ? columns : level->width, depth,
            factors + f * apart + row * w->c_row + start, w->c_row, 1,
            w->kernel + ((panel * FACTORS + f) * q->channels + start) * columns, columns,
            products + f * products_apart + row * columns, columns, step > 0);
      }
    }
    int64_t width = panel_width(q, panel);
    Place place = find_place(w, first);
    for (int64_t i = first; i < last; i++, step_on(w, &place)) {
      float rest[4 * MOST_COLUMNS], *points[4], *targets[4];
      find_results(w, q->out + panel * columns, place, NULL, points);
      // What is no point of the result, and panels too narrow for a vector, are written beside it first.
      for (int p = 0; p < 4; p++) targets[p] = points[p] && width >= level->width ? points[p] : rest + p * columns;
      level->transforms[TO_RESULT](most(width, level->width), targets, products + (i - first) * columns, products_apart);
      for (int p = 0; p < 4; p++)
        if (points[p] && width < level->width) memcpy(points[p], targets[p], width * sizeof(float));
    }
  }
}

// The gradient's products from one part of the squares for one group of outputs.
static void add_up(void *data, int64_t index, int64_t worker) {
  const Winograd *w = data;
  const Convolution *q = &w->convolution;
  const Level *level = q->level;
  int64_t part = index / w->groups, group = index % w->groups, columns = level->columns;
  int64_t left = q->panels * group / w->groups, right = q->panels * (group + 1) / w->groups;
  int64_t outputs = least(right * columns, q->outputs) - left * columns;
  int64_t from = w->squares * part / w->parts, to = w->squares * (part + 1) / w->parts;
  int64_t o_row = GROUP * columns + GAP, tiles = ceiling(q->channels, level->rows);
  int64_t c_apart = w->block_squares * w->c_row, o_apart = w->block_squares * o_row;
  float *factors = w->own + worker * w->own_floats, *gradient = factors + FACTORS * c_apart;
  float *sums = w->kernel + part * FACTORS * q->channels * q->outputs;
  for (int64_t block = 0; block < w->blocks; block++) {
    int64_t first = from + (to - from) * block / w->blocks, last = from + (to - from) * (block + 1) / w->blocks;
    transform_images(w, first, last, factors, c_apart);
    Place place = find_place(w, first);
    for (int64_t i = first; i < last; i++, step_on(w, &place)) {
      float *points[4];
      find_results(w, q->other + left * columns, place, w->zeros, points);
      level->transforms[FROM_GRADIENT](outputs, points, gradient + (i - first) * o_row, o_apart);
    }
    for (int64_t f = 0; f < FACTORS; f++)
      for (int64_t panel = left; panel < right; panel++)
        for (int64_t t = 0; t < tiles; t++) {
          int64_t c = q->channels * t / tiles, rows = q->channels * (t + 1) / tiles - c;
          compute_tile(
              level, rows, panel_width(q, panel), last - first, factors + f * c_apart + c, 1, w->c_row,
              gradient + f * o_apart + (panel - left) * columns, o_row,
              sums + (f * q->channels + c) * q->outputs + panel * columns, q->outputs, block > 0);
        }
  }
}

// The gradient for the taps of one channel, from the sum of all parts.
static void finish_channel(void *data, int64_t channel, int64_t worker) {
  (void)worker;
  const Winograd *w = data;
  const Convolution *q = &w->convolution;
  int64_t apart = q->channels * q->outputs, start = channel * q->outputs;
  float *points[9];
  for (int64_t f = 0; f < FACTORS; f++)
    sum_parts(
        w->kernel, w->kernel, w->parts, FACTORS * apart, f * apart + start, f * apart + start + q->outputs);
  for (int64_t tap = 0; tap < 9; tap++) points[tap] = q->out + tap * apart + start;
  q->level->transforms[TO_KERNEL](q->outputs, points, w->kernel + start, apart);
}

// The last condition leaves out images so small that most of a square is none of the result.
int winograd_suits(const Convolution *q) {
  int64_t points = q->batch * q->result.height * q->result.width, size = q->channels * q->outputs;
  int64_t squares = q->batch * ceiling(q->result.height, 2) * ceiling(q->result.width, 2);
  return q->window.height == 3 && q->window.width == 3 && q->stride.height == 1 && q->stride.width == 1 &&
         q->dilation.height == 1 && q->dilation.width == 1 && q->channels >= FEWEST_CHANNELS &&
         q->outputs >= FEWEST_CHANNELS && squares >= FEWEST_SQUARES && squares >= size / MOST_PAIRS &&
         9 * points >= 20 * squares;
}

static Winograd cut_squares(const Convolution *q) {
  Winograd w = {.convolution = *q, .down = ceiling(q->result.height, 2), .across = ceiling(q->result.width, 2)};
  w.squares = q->batch * w.down * w.across;
  w.c_row = q->channels + GAP;
  return w;
}

// Sets memory aside, and runs both phases; 0 if memory ran out.
static int run(XLA_FFI_CallFrame *frame, Winograd *w, int64_t kernel_floats, const Phase *phases) {
  int64_t zeros = ceiling(most(w->convolution.channels, w->convolution.outputs), 16) * 16;
  int64_t workers = least(worker_count(frame), most(phases[0].count, phases[1].count));
  kernel_floats = ceiling(kernel_floats, 16) * 16;
  w->zeros = scratch(zeros + kernel_floats + workers * w->own_floats);
  if (!w->zeros) return 0;
  memset(w->zeros, 0, zeros * sizeof(float));
  w->kernel = w->zeros + zeros;
  w->own = w->kernel + kernel_floats;
  return run_phases(frame, phases, 2, w);
}

int convolve_by_winograd(XLA_FFI_CallFrame *frame, const Convolution *q) {
  Winograd w = cut_squares(q);
  int64_t threads = worker_count(frame);
  w.blocks = least(w.squares, ceiling(ceiling(w.squares, SQUARES), threads) * threads);
  w.block_squares = ceiling(w.squares, w.blocks);
  w.own_floats = FACTORS * (w.block_squares * (w.c_row + q->level->columns) + GAP);
  const Phase phases[] = {{transform_kernel, q->channels}, {convolve, w.blocks}};
  return run(frame, &w, FACTORS * q->channels * q->panels * q->level->columns, phases);
}

int kernel_gradient_by_winograd(XLA_FFI_CallFrame *frame, const Convolution *q) {
  Winograd w = cut_squares(q);
  int64_t size = FACTORS * q->channels * q->outputs;
  w.parts = most(1, least(least(w.squares / FEWEST_SQUARES, PARTS), PARTS_FLOATS / size));
  w.groups = ceiling(q->panels, GROUP);
  int64_t row = w.c_row + GROUP * q->level->columns + GAP, part = ceiling(w.squares, w.parts);
  w.blocks = ceiling(part, SQUARES);
  w.block_squares = ceiling(part, w.blocks);
  w.own_floats = FACTORS * w.block_squares * row;
  const Phase phases[] = {{add_up, w.parts * w.groups}, {finish_channel, q->channels}};
  return run(frame, &w, w.parts * size, phases);
}
