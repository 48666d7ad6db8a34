// Attention of several heads in one pass, and its gradient: the weights of a few queries at a time stay in the caches,
// and what no query of these sees is left out.

#include <stddef.h>
#include <string.h>
#include <xmmintrin.h>

#include "arithmetic.h"
#include "frame.h"
#include "handlers.h"
#include "level.h"
#include "parallel.h"

enum {
  ROWS = 48,   // queries whose weights are computed at once
  ITEMS = 16,  // of work aimed at
};

typedef struct {
  const Level *level;
  int64_t batch, queries, keys, heads, key_heads, size, value_size;
  const float *query, *key, *value;
  const uint8_t *visible;  // (mask_batch, mask_heads, queries, keys), or NULL
  int64_t mask_batch, mask_heads;
  float *outputs, *kept;   // `kept` has for each query the largest score and the factor of its weights
  const float *g;          // the gradient for the outputs
  float *dquery, *dkey, *dvalue;
  float scale;
  int64_t padded;          // keys, in whole panels
  int64_t blocks, parts;   // of the queries: computed at once, and by one thread
  float *own;              // what each worker has
  int64_t own_floats;
} Attention;

// Some queries of a head, what they see, and where all of them lie.
typedef struct {
  int64_t image, head, top, rows;
  int64_t from, to, length;  // keys that at least one sees, from a whole panel on; the length up to a whole panel
  int64_t at;                // of the first query among those of all images and heads
} Block;

static int64_t whole_panels(const Level *level, int64_t columns) {
  return ceiling(columns, level->columns) * level->columns;
}

static const uint8_t *visible_row(const Attention *q, const Block *b, int64_t row) {
  int64_t image = q->mask_batch == 1 ? 0 : b->image, head = q->mask_heads == 1 ? 0 : b->head;
  return q->visible ? q->visible + ((image * q->mask_heads + head) * q->queries + b->top + row) * q->keys : NULL;
}

static Block block_of(const Attention *q, int64_t image, int64_t head, int64_t block) {
  int64_t top = q->queries * block / q->blocks, end = q->queries * (block + 1) / q->blocks;
  Block b = {image, head, top, end - top, 0, q->keys, 0, (image * q->queries + top) * q->heads + head};
  if (q->visible) {
    b.from = q->keys, b.to = 0;
    for (int64_t r = b.rows; r-- > 0;) {  // in causal attention the last query has seen it all
      const uint8_t *row = visible_row(q, &b, r);
      int64_t first = 0, last = q->keys;
      while (first < b.from && !row[first]) first++;
      while (last > b.to && !row[last - 1]) last--;
      b.from = least(b.from, first), b.to = most(b.to, last);
    }
    b.from = least(b.from, b.to) / q->level->columns * q->level->columns;
  }
  b.length = whole_panels(q->level, b.to - b.from);
  return b;
}

static Weights weights_of(const Attention *q, const Block *b, int known) {
  return (Weights){b->rows, b->to - b->from, b->length, q->keys, q->scale, known};
}

// Computes the weights of a block; the keys are packed, transposed.
static void weigh(const Attention *q, const Block *b, const float *keys, float *weights, int known) {
  int64_t row = q->heads * q->size, panel = q->size * q->level->columns;
  multiply_panels(
      q->level, b->rows, b->length, q->size, q->query + b->at * q->size, row, 1, keys + b->from * q->size, panel, weights,
      b->length, 0);
  const uint8_t *visible = visible_row(q, b, 0);
  Weights w = weights_of(q, b, known);
  q->level->weigh(
      &w, weights, visible ? visible + b->from : NULL,
      q->kept + 2 * ((b->image * q->heads + b->head) * q->queries + b->top));
}

static void attend(void *data, int64_t index, int64_t worker) {
  const Attention *q = data;
  const Level *level = q->level;
  int64_t part = index % q->parts, head = index / q->parts % q->heads, image = index / q->parts / q->heads;
  int64_t shared = image * q->keys * q->key_heads + head / (q->heads / q->key_heads);
  float *keys = q->own + worker * q->own_floats, *values = keys + q->padded * q->size;
  float *weights = values + q->keys * whole_panels(level, q->value_size);
  pack_panels(level, q->size, q->keys, q->key + shared * q->size, 1, q->key_heads * q->size, keys);
  pack_panels(level, q->keys, q->value_size, q->value + shared * q->value_size, q->key_heads * q->value_size, 1, values);
  for (int64_t block = q->blocks * part / q->parts; block < q->blocks * (part + 1) / q->parts; block++) {
    Block b = block_of(q, image, head, block);
    weigh(q, &b, keys, weights, 0);
    multiply_panels(
        level, b.rows, q->value_size, b.to - b.from, weights, b.length, 1, values + b.from * level->columns,
        q->keys * level->columns, q->outputs + b.at * q->value_size, q->heads * q->value_size, 0);
  }
}

// All gradients from the heads that share keys and values.
static void attend_back(void *data, int64_t index, int64_t worker) {
  const Attention *q = data;
  const Level *level = q->level;
  int64_t together = q->heads / q->key_heads, image = index / q->key_heads, columns = level->columns;
  int64_t shared = image * q->keys * q->key_heads + index % q->key_heads;
  int64_t key_row = q->key_heads * q->size, value_row = q->key_heads * q->value_size;
  const float *key = q->key + shared * q->size, *value = q->value + shared * q->value_size;
  float *dkey = q->dkey + shared * q->size, *dvalue = q->dvalue + shared * q->value_size;
  float *keys = q->own + worker * q->own_floats, *values = keys + q->padded * q->size;
  float *plain_keys = values + q->padded * q->value_size;
  float *weights = plain_keys + q->keys * whole_panels(level, q->size), *slopes = weights + ROWS * q->padded;
  float *packed = slopes + ROWS * q->padded;
  pack_panels(level, q->size, q->keys, key, 1, key_row, keys);
  pack_panels(level, q->value_size, q->keys, value, 1, value_row, values);
  pack_panels(level, q->keys, q->size, key, key_row, 1, plain_keys);
  int64_t first = index % q->key_heads * together;
  for (int64_t head = first; head < first + together; head++)
    for (int64_t block = 0; block < q->blocks; block++) {
      Block b = block_of(q, image, head, block);
      int add = block > 0 || head > first;
      int64_t row = q->heads * q->size, g_row = q->heads * q->value_size, seen = b.to - b.from;
      const float *g = q->g + b.at * q->value_size, *query = q->query + b.at * q->size;
      weigh(q, &b, keys, weights, 1);
      multiply_panels(
          level, b.rows, b.length, q->value_size, g, g_row, 1, values + b.from * q->value_size, q->value_size * columns,
          slopes, b.length, 0);
      Weights w = weights_of(q, &b, 1);
      level->weigh_back(&w, slopes, weights, g, q->outputs + b.at * q->value_size, q->value_size, g_row);
      multiply_panels(
          level, b.rows, q->size, seen, slopes, b.length, 1, plain_keys + b.from * columns, q->keys * columns,
          q->dquery + b.at * q->size, row, 0);
      for (int64_t j = 0; !add && j < q->keys; j++)
        if (j < b.from || j >= b.to) {
          memset(dkey + j * key_row, 0, q->size * sizeof(float));
          memset(dvalue + j * value_row, 0, q->value_size * sizeof(float));
        }
      pack_panels(level, b.rows, q->size, query, row, 1, packed);
      multiply_panels(
          level, seen, q->size, b.rows, slopes, 1, b.length, packed, b.rows * columns, dkey + b.from * key_row, key_row, add);
      pack_panels(level, b.rows, q->value_size, g, g_row, 1, packed);
      multiply_panels(
          level, seen, q->value_size, b.rows, weights, 1, b.length, packed, b.rows * columns, dvalue + b.from * value_row,
          value_row, add);
    }
}

// Reads (batch, positions, heads, size); the sizes that are known already have to be the same.
static float *read_heads(Cursor *cursor, int64_t *batch, int64_t *positions, int64_t *heads, int64_t *size) {
  int64_t *sizes[] = {batch, positions, heads, size}, dims[4];
  const XLA_FFI_Buffer *buffer = cursor->left > 0 ? *cursor->buffers : NULL;
  for (int i = 0; i < 4; i++) {
    if (!*sizes[i] && buffer && buffer->rank == 4) *sizes[i] = buffer->dims[i];
    dims[i] = *sizes[i];
  }
  return next_buffer(cursor, XLA_FFI_DataType_F32, 4, dims);
}

static int read(Cursor *in, Attention *q) {
  q->level = current_level();
  q->query = read_heads(in, &q->batch, &q->queries, &q->heads, &q->size);
  q->key = read_heads(in, &q->batch, &q->keys, &q->key_heads, &q->size);
  q->value = read_heads(in, &q->batch, &q->keys, &q->key_heads, &q->value_size);
  if (in->wrong || !q->level || q->heads % q->key_heads) return 0;
  q->scale = 1 / _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss((float)q->size)));
  q->padded = whole_panels(q->level, q->keys);
  q->blocks = ceiling(q->queries, ROWS);
  return 1;
}

static int read_mask(Cursor *in, Attention *q) {
  if (!in->left) return 1;
  q->mask_heads = q->heads;
  const XLA_FFI_Buffer *buffer = *in->buffers;
  if (buffer->rank != 4) return 0;
  q->mask_batch = buffer->dims[0] == 1 ? 1 : q->batch;
  q->mask_heads = buffer->dims[1] == 1 ? 1 : q->heads;
  int64_t dims[] = {q->mask_batch, q->mask_heads, q->queries, q->keys};
  q->visible = next_buffer(in, XLA_FFI_DataType_PRED, 4, dims);
  return q->visible && !in->left;
}

static XLA_FFI_Error *run(XLA_FFI_CallFrame *frame, Attention *q, phase_function *function, int64_t count) {
  const Phase phase = {function, count};
  q->own_floats = ceiling(q->own_floats, 16) * 16;
  q->own = scratch(least(worker_count(frame), count) * q->own_floats);
  if (!q->own || !run_phases(frame, &phase, 1, q))
    return failure(frame, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "Attention ran out of memory.");
  return NULL;
}

XLA_FFI_Error *lamina_attention(XLA_FFI_CallFrame *frame) {
  if (answer_version(frame)) return NULL;
  Cursor in = {frame->args.args, frame->args.size, 0}, out = {frame->rets.rets, frame->rets.size, 0};
  Attention q = {0};
  int fits = read(&in, &q) && read_mask(&in, &q);
  q.outputs = read_heads(&out, &q.batch, &q.queries, &q.heads, &q.value_size);
  q.kept = next_buffer(&out, XLA_FFI_DataType_F32, 4, (int64_t[]){q.batch, q.heads, q.queries, 2});
  if (!fits || out.wrong || out.left)
    return failure(frame, XLA_FFI_Error_Code_INVALID_ARGUMENT, "lamina_attention: the shapes do not fit together.");
  int64_t items = q.batch * q.heads;
  q.parts = least(ceiling(ITEMS, items), q.blocks);
  q.own_floats = q.padded * q.size + q.keys * whole_panels(q.level, q.value_size) + ROWS * q.padded;
  return run(frame, &q, attend, items * q.parts);
}

XLA_FFI_Error *lamina_attention_gradient(XLA_FFI_CallFrame *frame) {
  if (answer_version(frame)) return NULL;
  Cursor in = {frame->args.args, frame->args.size, 0}, out = {frame->rets.rets, frame->rets.size, 0};
  Attention q = {0};
  int fits = read(&in, &q);
  q.outputs = read_heads(&in, &q.batch, &q.queries, &q.heads, &q.value_size);
  q.kept = next_buffer(&in, XLA_FFI_DataType_F32, 4, (int64_t[]){q.batch, q.heads, q.queries, 2});
  q.g = read_heads(&in, &q.batch, &q.queries, &q.heads, &q.value_size);
  fits = fits && !in.wrong && read_mask(&in, &q);
  q.dquery = read_heads(&out, &q.batch, &q.queries, &q.heads, &q.size);
  q.dkey = read_heads(&out, &q.batch, &q.keys, &q.key_heads, &q.size);
  q.dvalue = read_heads(&out, &q.batch, &q.keys, &q.key_heads, &q.value_size);
  if (!fits || out.wrong || out.left)
    return failure(
        frame, XLA_FFI_Error_Code_INVALID_ARGUMENT, "lamina_attention_gradient: the shapes do not fit together.");
  int64_t size = whole_panels(q.level, q.size), value_size = whole_panels(q.level, q.value_size);
  q.own_floats = q.padded * (q.size + q.value_size + 2 * ROWS) + q.keys * size + ROWS * most(size, value_size);
  return run(frame, &q, attend_back, q.batch * q.key_heads);
}
