#include "level.h"

#include <stddef.h>
#include <string.h>
#include <immintrin.h>

#define WIDTH 16
#define ROWS 12
#define NAME(x) avx512_##x
#define TARGET __attribute__((target("avx512f,fma")))
#define FIRST(n) ((__mmask16)((1u << (n)) - 1))
#define LOAD(p, n) ((avx512_vector)_mm512_maskz_loadu_ps(FIRST(n), p))
#define STORE(p, n, v) _mm512_mask_storeu_ps(p, FIRST(n), (__m512)(v))
#define LEAST(a, b) ((avx512_vector)_mm512_min_ps((__m512)(a), (__m512)(b)))
#define MOST(a, b) ((avx512_vector)_mm512_max_ps((__m512)(a), (__m512)(b)))
#define ONLY(x, n) ((avx512_vector)_mm512_maskz_mov_ps(FIRST(n), (__m512)(x)))
#define TOTAL(x) _mm512_reduce_add_ps((__m512)(x))
#define BYTES(p) _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(p)))
#define LARGEST(x) _mm512_reduce_max_ps((__m512)(x))
#define ROOT(x) ((avx512_vector)_mm512_sqrt_ps((__m512)(x)))
#define OP(x) _mm512_##x
#define FLOATS __m512
#define QUARTER(rest, p, k, i) _mm512_insertf32x4(rest, _mm_loadu_ps((p)[4 * (i)] + (k)), i)
#define QUARTERS(p, k) \
  QUARTER(QUARTER(QUARTER(_mm512_castps128_ps512(_mm_loadu_ps((p)[0] + (k))), p, k, 1), p, k, 2), p, k, 3)
#include "tiles.inc"
TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6) TILE(7) TILE(8) TILE(9) TILE(10) TILE(11) TILE(12)
#include "packs.inc"
#include "gates.inc"
#include "transforms.inc"
#include "norms.inc"
#include "taps.inc"
#include "weights.inc"
#include "update.inc"
#undef WIDTH
#undef ROWS
#undef NAME
#undef TARGET
#undef TILE
#undef FIRST
#undef LOAD
#undef STORE
#undef LEAST
#undef MOST
#undef ONLY
#undef TOTAL
#undef BYTES
#undef LARGEST
#undef ROOT
#undef OP
#undef FLOATS
#undef QUARTERS

#define WIDTH 8
#define ROWS 6
#define NAME(x) avx2_##x
#define TARGET __attribute__((target("avx2,fma")))
static const int32_t ones[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
#define FIRST(n) _mm256_loadu_si256((const __m256i *)(ones + 8 - (n)))
#define LOAD(p, n) ((avx2_vector)_mm256_maskload_ps(p, FIRST(n)))
#define STORE(p, n, v) _mm256_maskstore_ps(p, FIRST(n), (__m256)(v))
#define LEAST(a, b) ((avx2_vector)_mm256_min_ps((__m256)(a), (__m256)(b)))
#define MOST(a, b) ((avx2_vector)_mm256_max_ps((__m256)(a), (__m256)(b)))
#define ONLY(x, n) ((avx2_vector)_mm256_and_ps((__m256)(x), _mm256_castsi256_ps(FIRST(n))))
#define TOTAL(x) avx2_reduce((__m256)(x), 0)
#define BYTES(p) _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(p)))
#define LARGEST(x) avx2_reduce((__m256)(x), 1)
#define ROOT(x) ((avx2_vector)_mm256_sqrt_ps((__m256)(x)))
#define OP(x) _mm256_##x
#define FLOATS __m256
#define QUARTERS(p, k) \
  _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps((p)[0] + (k))), _mm_loadu_ps((p)[4] + (k)), 1)
TARGET static float avx2_reduce(__m256 x, int largest) {
  __m128 a = _mm256_castps256_ps128(x), b = _mm256_extractf128_ps(x, 1);
  a = largest ? _mm_max_ps(a, b) : _mm_add_ps(a, b);
  b = _mm_movehl_ps(a, a);
  a = largest ? _mm_max_ps(a, b) : _mm_add_ps(a, b);
  b = _mm_shuffle_ps(a, a, 1);
  return _mm_cvtss_f32(largest ? _mm_max_ps(a, b) : _mm_add_ps(a, b));
}
#include "tiles.inc"
TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6)
#include "packs.inc"
#include "gates.inc"
#include "transforms.inc"
#include "norms.inc"
#include "taps.inc"
#include "weights.inc"
#include "update.inc"

#define SIX(level, kind) level##_##kind##_1, level##_##kind##_2, level##_##kind##_3, level##_##kind##_4, level##_##kind##_5, level##_##kind##_6
#define TWELVE(level, kind) SIX(level, kind), level##_##kind##_7, level##_##kind##_8, level##_##kind##_9, level##_##kind##_10, level##_##kind##_11, level##_##kind##_12
static tile_function *const avx512_narrow[] = {TWELVE(avx512, narrow)}, *const avx512_wide[] = {TWELVE(avx512, wide)};
static tile_function *const avx2_narrow[] = {SIX(avx2, narrow)}, *const avx2_wide[] = {SIX(avx2, wide)};

static const Level avx512 = {
    "avx512", 12, 16, 32, avx512_narrow, avx512_wide, avx512_finish, avx512_pack, avx512_transforms,
    avx512_lstm, avx512_lstm_back, avx512_gru, avx512_gru_back,
    avx512_normalize, avx512_normalize_back, avx512_weigh, avx512_weigh_back, avx512_adam,
    avx512_slide, avx512_correlate};
static const Level avx2 = {
    "avx2", 6, 8, 16, avx2_narrow, avx2_wide, avx2_finish, avx2_pack, avx2_transforms,
    avx2_lstm, avx2_lstm_back, avx2_gru, avx2_gru_back,
    avx2_normalize, avx2_normalize_back, avx2_weigh, avx2_weigh_back, avx2_adam, avx2_slide, avx2_correlate};

static int has(const Level *level) {
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("fma")) return 0;
  return level == &avx512 ? __builtin_cpu_supports("avx512f") != 0 : __builtin_cpu_supports("avx2") != 0;
}

static const Level *chosen;

const Level *current_level(void) {
  if (!chosen) chosen = has(&avx512) ? &avx512 : has(&avx2) ? &avx2 : NULL;
  return chosen;
}

int choose_level(const char *name) {
  const Level *level = !strcmp(name, avx512.name) ? &avx512 : !strcmp(name, avx2.name) ? &avx2 : NULL;
  if (!level || !has(level)) return 0;
  chosen = level;
  return 1;
}

void compute_tile(
    const Level *level, int64_t rows, int64_t columns, int64_t depth, const float *a, int64_t a_row, int64_t a_step,
    const float *b, int64_t b_step, float *c, int64_t c_row, int add) {
  tile_function *compute = (columns > level->width ? level->wide : level->narrow)[rows - 1];
  if (columns == level->columns || columns == level->width) {
    compute(depth, a, a_row, a_step, b, b_step, c, c_row, add);
    return;
  }
  float whole[MOST_ROWS * MOST_COLUMNS];
  compute(depth, a, a_row, a_step, b, b_step, whole, MOST_COLUMNS, 0);
  for (int64_t r = 0; r < rows; r++)
    for (int64_t j = 0; j < columns; j++)
      c[r * c_row + j] = whole[r * MOST_COLUMNS + j] + (add ? c[r * c_row + j] : 0);
}

void pack_panel(
    const Level *level, int64_t depth, int64_t columns, const float *b, int64_t step, int64_t column, float *panel) {
  level->pack(depth, columns, b, step, column, panel);
}

void pack_panels(
    const Level *level, int64_t depth, int64_t columns, const float *b, int64_t step, int64_t column, float *panels) {
  for (int64_t j = 0; j < columns; j += level->columns)
    pack_panel(
        level, depth, columns - j < level->columns ? columns - j : level->columns, b + j * column, step, column,
        panels + j * depth);
}

void multiply_panels(
    const Level *level, int64_t rows, int64_t columns, int64_t depth, const float *a, int64_t a_row, int64_t a_step,
    const float *panels, int64_t panel_floats, float *c, int64_t c_row, int add) {
  int64_t tiles = (rows + level->rows - 1) / level->rows;
  for (int64_t j = 0; j < columns; j += level->columns, panels += panel_floats)
    for (int64_t t = 0; t < tiles; t++) {
      int64_t row = rows * t / tiles, height = rows * (t + 1) / tiles - row;
      compute_tile(
          level, height, columns - j < level->columns ? columns - j : level->columns, depth, a + row * a_row, a_row,
          a_step, panels, level->columns, c + row * c_row + j, c_row, add);
    }
}
