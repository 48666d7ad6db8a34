// Products of stacks of matrices, each of them transposed or not; and bias and rectifier behind them.

#include <string.h>

#include "arithmetic.h"
#include "frame.h"
#include "handlers.h"
#include "level.h"
#include "parallel.h"

enum {
  // Terms summed before the sums go to memory: so many that a panel of b stays in the first cache.
  DEPTH = 256,
  // Elements of a matrix b whose panels are read where they lie, if they can be, or of a result that is summed in parts:
  // so many stay in the second cache.
  SMALL = 1 << 18,
  // Where no more than so many rows pass by, no panel is packed twice, and only so few elements are read where they lie.
  FEW_ROWS = 256,
  TINY = 1 << 15,
  // Tiles of rows in a block of the result where b is read so; and up to which that is quicker than packing a large b.
  BLOCK_TILES = 8,
  FEW_TILES = 3,
  // Rows that a packed panel serves: so many that DEPTH columns of them stay in the second cache.
  BLOCK_ROWS = 384,
  // Rows of a that lie a multiple of so many floats apart get into each other's way in the first cache.
  BAD_STRIDE = 256,
  PADDING = 16,
  // Items of work aimed at: so many that a thread that is held up holds up little.
  ITEMS = 16,
  // Floats of a line of the caches.
  LINE = 16,
  // Terms from which a product of few items is summed in parts, side by side, and most of these.
  LONG_SUM = 1024,
  MOST_PARTS = 8,
};

typedef struct {
  const Level *level;
  const float *a, *b;
  float *c;
  const float *bias;  // of n elements, or NULL
  int rectified;      // with a bias: whether what is not above 0 becomes 0
  float *own;      // of each thread
  float *partial;  // parts × batch × m × n, where there is more than one part
  int64_t batch, m, n, k, a_row, a_step, b_step, b_column;
  int in_place;                      // whether panels of b are read where they lie
  int copies;                        // whether rows of a are copied: they are transposed, or lie a bad distance apart
  int64_t parts;                     // of the terms of a sum
  int64_t items;
  int64_t row_blocks, panel_blocks;  // into which a matrix of the result is cut
} Product;

// What each thread keeps: a panel of b, and rows of a where those are copied.
static int64_t own_floats(const Product *q) {
  return DEPTH * q->level->columns + (q->copies ? (BLOCK_ROWS + 1) * (DEPTH + PADDING) : 0);
}

// Copies rows of a next to each other: a run of memory for each row, or for each tile if a is transposed. There are
// `there` rows of which memory may be read.
static void copy_rows(
    const Product *q, const float *a, int64_t rows, int64_t tiles, int64_t depth, int64_t there, float *copied) {
  if (q->a_step == 1) {
    for (int64_t r = 0; r < rows; r++)
      memcpy(copied + r * (depth + PADDING), a + r * q->a_row, depth * sizeof(float));
    return;
  }
  for (int64_t t = 0; t < tiles; t++) {
    int64_t row = rows * t / tiles, height = rows * (t + 1) / tiles - row;
    float *target = copied + row * depth;
    if (row + MOST_ROWS <= there)  // always as many, which is quick: what is too much is overwritten by the next
      for (int64_t k = 0; k < depth; k++)
        memcpy(target + k * height, a + row + k * q->a_step, MOST_ROWS * sizeof(float));
    else
      for (int64_t k = 0; k < depth; k++) memcpy(target + k * height, a + row + k * q->a_step, height * sizeof(float));
  }
}

// Panels of b that are packed together, before all rows pass by.
typedef struct {
  const float *source;
  int64_t depth, columns;
} Panels;

// Asks for a part of panels, which will be packed next, while the processor is busy with others.
static void fetch(const Product *q, const Panels *next, int64_t part, int64_t parts) {
  int along = q->b_column == 1;
  int64_t lines = along ? next->depth : next->columns, length = along ? next->columns : next->depth;
  int64_t apart = along ? q->b_step : q->b_column;
  for (int64_t i = lines * part / parts; i < lines * (part + 1) / parts; i++)
    for (int64_t j = 0; j < length; j += LINE) __builtin_prefetch(next->source + i * apart + j);
}

// Asks for a tile of the result, which will be written when its terms are summed.
static void claim(float *c, int64_t row, int64_t rows, int64_t columns) {
  for (int64_t r = 0; r < rows; r++)
    for (int64_t j = 0; j < columns; j += LINE) __asm__("prefetchw %0" : : "m"(c[r * row + j]));
}

// What an item of work is about: rows `top` to `bottom` of a by panels `first` to `last` of b, terms `from` to `to`.
typedef struct {
  const float *a, *b;
  float *c;
  int64_t top, bottom, first, last, from, to;
} Block;

// The panels that come first in step `s` of a block, from panel `group` on.
static Panels panels_at(const Product *q, const Block *block, int64_t s, int64_t group) {
  int64_t terms = block->to - block->from, steps = ceiling(terms, DEPTH);
  int64_t start = block->from + terms * s / steps, depth = block->from + terms * (s + 1) / steps - start;
  int64_t column = group * q->level->columns, end = least(block->last * q->level->columns, q->n);
  Panels panels = {
      block->b + start * q->b_step + column * q->b_column, depth, least(DEPTH / depth * q->level->columns, end - column)};
  return panels;
}

// Multiplies a block; `after` is the one that this thread will probably take next, or NULL.
static void multiply_block(const Product *q, const Block *block, const Block *after, float *packed) {
  const Level *level = q->level;
  int64_t rows = block->bottom - block->top, tiles = ceiling(rows, level->rows);
  int64_t terms = block->to - block->from, steps = ceiling(terms, DEPTH), width = level->columns;
  int in_place = q->in_place || (q->b_column == 1 && tiles <= FEW_TILES);
  int apart = q->copies && block->last - block->first > 1 && tiles > FEW_TILES;
  float *copied = packed + DEPTH * width;
  for (int64_t s = 0; s < steps; s++) {
    int64_t start = block->from + terms * s / steps, depth = block->from + terms * (s + 1) / steps - start;
    const float *rows_of_a = block->a + block->top * q->a_row + start * q->a_step;
    if (apart) copy_rows(q, rows_of_a, rows, tiles, depth, q->m - block->top, copied);
    int64_t together = DEPTH / depth;
    for (int64_t group = block->first; group < block->last; group += together) {
      Panels now = panels_at(q, block, s, group), next = {0};
      int64_t column = group * width;
      if (group + together < block->last) next = panels_at(q, block, s, group + together);
      else if (s + 1 < steps) next = panels_at(q, block, s + 1, block->first);
      else if (after) next = panels_at(q, after, 0, after->first);
      for (int64_t j = 0; j < now.columns; j += width)
        if (!in_place || now.columns - j < width)
          pack_panel(
              level, depth, least(now.columns - j, width), now.source + j * q->b_column, q->b_step, q->b_column,
              packed + j * depth);
      for (int64_t t = 0; t < tiles; t++) {
        int64_t row = rows * t / tiles, height = rows * (t + 1) / tiles - row;
        const float *tile = rows_of_a + row * q->a_row;
        int64_t a_row = q->a_row, a_step = q->a_step;
        if (apart && a_row == 1) tile = copied + row * depth, a_step = height;
        else if (apart) a_row = depth + PADDING, tile = copied + row * a_row;
        if (!in_place) fetch(q, &next, t, tiles);
        for (int64_t j = 0; j < now.columns; j += width) {
          int64_t columns = least(now.columns - j, width);
          int as_it_lies = in_place && columns == width;
          float *out = block->c + (block->top + row) * q->n + column + j;
          claim(out, q->n, height, columns);
          compute_tile(
              level, height, columns, depth, tile, a_row, a_step, as_it_lies ? now.source + j : packed + j * depth,
              as_it_lies ? q->b_step : width, out, q->n, s > 0);
          if (q->bias && q->parts == 1 && s == steps - 1)
            level->finish(height, columns, q->bias + column + j, q->rectified, out, q->n);
        }
      }
    }
  }
}

static int64_t panel_count(const Product *q) { return ceiling(q->n, q->level->columns); }

static Block block_at(const Product *q, int64_t index) {
  int64_t panel_block = index % q->panel_blocks, row_block = index / q->panel_blocks % q->row_blocks;
  int64_t matrix = index / q->panel_blocks / q->row_blocks % q->batch;
  int64_t part = index / q->panel_blocks / q->row_blocks / q->batch;
  int64_t panels = panel_count(q);
  float *c = q->parts > 1 ? q->partial + part * q->batch * q->m * q->n : q->c;
  Block block = {
      q->a + matrix * q->m * q->k, q->b + matrix * q->k * q->n, c + matrix * q->m * q->n,
      q->m * row_block / q->row_blocks, q->m * (row_block + 1) / q->row_blocks, panels * panel_block / q->panel_blocks,
      panels * (panel_block + 1) / q->panel_blocks, q->k * part / q->parts, q->k * (part + 1) / q->parts};
  return block;
}

static void multiply(void *data, int64_t index, int64_t worker) {
  const Product *q = data;
  Block block = block_at(q, index), after = block_at(q, index + 1);
  multiply_block(q, &block, index + 1 < q->items ? &after : NULL, q->own + worker * own_floats(q));
}

static void sum_slice(void *data, int64_t index, int64_t worker) {
  (void)worker;
  const Product *q = data;
  int64_t rows = q->batch * q->m, row = rows * index / ITEMS, end = rows * (index + 1) / ITEMS;
  sum_parts(q->c, q->partial, q->parts, rows * q->n, row * q->n, end * q->n);
  if (q->bias) q->level->finish(end - row, q->n, q->bias, q->rectified, q->c + row * q->n, q->n);
}

// Cuts the work. Where b is read as it lies, rows are cut first, then columns; else columns, then rows, for each block
// of which panels are packed anew. Then terms, where parts are to be added up; those first where a long sum is transposed,
// as for the gradients of weights, so that each factor is read once. Only shapes count, never the number of threads, on
// which the order of a sum must not depend.
static void cut(Product *q) {
  int64_t panels = panel_count(q), tiles = ceiling(q->m, q->level->rows);
  int64_t items = ITEMS / (q->in_place ? 2 : 1);
  q->parts = 1;
  if (q->a_row == 1 && q->k >= LONG_SUM && q->batch < ITEMS / 2 && q->batch * q->m * q->n <= SMALL) {
    q->parts = least(q->k / (LONG_SUM / 2), MOST_PARTS);
    items = ceiling(ITEMS / 2, q->parts);
  }
  q->row_blocks = q->in_place ? ceiling(tiles, BLOCK_TILES) : ceiling(q->m, BLOCK_ROWS);
  if (q->in_place && q->batch * q->row_blocks < items)
    q->row_blocks = least(ceiling(items, q->batch), ceiling(tiles, FEW_TILES));
  q->panel_blocks = least(ceiling(items, q->batch * q->row_blocks), panels);
  int64_t others = q->batch * q->panel_blocks * q->parts;
  if (!q->in_place && others * q->row_blocks < ITEMS / 2)
    q->row_blocks = least(ceiling(ITEMS / 2, others), most(ceiling(tiles, FEW_TILES + 1), q->row_blocks));
  items = others * q->row_blocks;
  if (q->parts == 1 && items < ITEMS / 2 && q->k >= LONG_SUM)
    q->parts = least(least(ceiling(ITEMS / 2, items), q->k / (LONG_SUM / 2)), MOST_PARTS);
}

XLA_FFI_Error *lamina_product(XLA_FFI_CallFrame *frame) {
  if (answer_version(frame)) return NULL;
  const int64_t *transposed = options(frame, 3);  // and whether it is rectified
  int has_bias = frame->args.size == 3;
  if (!well_formed(frame, 2 + has_bias, 2) || !transposed || (transposed[2] && !has_bias))
    return failure(
        frame, XLA_FFI_Error_Code_INVALID_ARGUMENT, "lamina_product takes two stacks of float32 matrices, and a bias.");
  const XLA_FFI_Buffer *a = operand(frame, 0), *b = operand(frame, 1), *c = result(frame);
  int64_t rank = c->rank;
  Product q = {.level = current_level(), .a = a->data, .b = b->data, .c = c->data, .batch = 1};
  int fit = a->rank == rank && b->rank == rank;
  for (int64_t i = 0; fit && i < rank - 2; i++) {
    q.batch *= c->dims[i];
    fit = a->dims[i] == c->dims[i] && b->dims[i] == c->dims[i];
  }
  if (fit) {
    const int64_t *a_dims = a->dims + rank - 2, *b_dims = b->dims + rank - 2, *c_dims = c->dims + rank - 2;
    q.m = c_dims[0];
    q.n = c_dims[1];
    q.k = a_dims[!transposed[0]];
    fit = a_dims[transposed[0] != 0] == q.m && b_dims[transposed[1] != 0] == q.k && b_dims[!transposed[1]] == q.n;
  }
  if (!fit)
    return failure(frame, XLA_FFI_Error_Code_INVALID_ARGUMENT, "lamina_product: the shapes do not fit together.");
  int64_t size = q.batch * q.m * q.n;
  if (!size) return NULL;
  Cursor cursor = {frame->args.args + 2, has_bias, 0};
  if (has_bias) q.bias = next_buffer(&cursor, XLA_FFI_DataType_F32, 1, &q.n), q.rectified = transposed[2] != 0;
  if (cursor.wrong)
    return failure(frame, XLA_FFI_Error_Code_INVALID_ARGUMENT, "lamina_product takes a bias for each column.");
  if (!q.k) {
    memset(q.c, 0, size * sizeof(float));
    if (q.bias) q.level->finish(q.batch * q.m, q.n, q.bias, q.rectified, q.c, q.n);
    return NULL;
  }
  q.a_row = transposed[0] ? 1 : q.k;
  q.a_step = transposed[0] ? q.m : 1;
  q.b_step = transposed[1] ? 1 : q.n;
  q.b_column = transposed[1] ? q.k : 1;
  q.in_place = q.b_column == 1 && q.k * q.n <= (q.m <= FEW_ROWS ? TINY : SMALL);
  q.copies = transposed[0] || (!q.in_place && q.a_row % BAD_STRIDE == 0);
  cut(&q);
  q.items = q.parts * q.batch * q.row_blocks * q.panel_blocks;
  const Phase phases[] = {{multiply, q.items}, {sum_slice, ITEMS}};
  int64_t own = least(worker_count(frame), most(q.items, ITEMS)) * own_floats(&q);
  q.own = scratch(own + (q.parts > 1 ? q.parts * size : 0));
  q.partial = q.own + own;
  if (!q.own || !run_phases(frame, phases, q.parts > 1 ? 2 : 1, &q))
    return failure(frame, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "lamina_product: out of memory.");
  return NULL;
}
