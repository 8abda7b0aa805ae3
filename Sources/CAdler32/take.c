#include "cadler32.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define MODULUS 65521u
// So many pieces of 32 bytes may be summed up before a remainder has to be taken.
#define PIECES 173

#define VECTOR __attribute__((target("avx2")))

VECTOR static inline uint32_t sum(__m256i words) {
    __m128i half = _mm_add_epi32(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, _MM_SHUFFLE(1, 0, 3, 2)));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, _MM_SHUFFLE(2, 3, 0, 1)));
    return (uint32_t)_mm_cvtsi128_si32(half);
}

VECTOR static size_t take(uint32_t *state, const uint8_t *bytes, size_t count) {
    const __m256i zero = _mm256_setzero_si256(), ones = _mm256_set1_epi16(1);
    const __m256i weights = _mm256_setr_epi8(
        32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9,
        8, 7, 6, 5, 4, 3, 2, 1);
    uint32_t first = *state & 0xffff, second = *state >> 16;
    size_t pieces = count / 32;
    while (pieces > 0) {
        size_t batch = pieces < PIECES ? pieces : PIECES;
        pieces -= batch;
        second += first * 32 * (uint32_t)batch;
        // The bytes' sum, that sum as it was before each piece, and the bytes by their weights.
        __m256i plain = zero, before = zero, weighted = zero;
        for (; batch > 0; batch--, bytes += 32) {
            __m256i piece = _mm256_loadu_si256((const __m256i *)bytes);
            before = _mm256_add_epi32(before, plain);
            plain = _mm256_add_epi32(plain, _mm256_sad_epu8(piece, zero));
            __m256i pairs = _mm256_maddubs_epi16(piece, weights);
            weighted = _mm256_add_epi32(weighted, _mm256_madd_epi16(pairs, ones));
        }
        first = (first + sum(plain)) % MODULUS;
        second = (second % MODULUS + sum(_mm256_slli_epi32(before, 5)) % MODULUS + sum(weighted)) % MODULUS;
    }
    *state = second << 16 | first;
    return count & ~(size_t)31;
}

size_t cadler32_take(uint32_t *state, const void *bytes, size_t count) {
    if (count < CADLER32_SHORTEST || !__builtin_cpu_supports("avx2")) return 0;
    return take(state, bytes, count);
}

#else

size_t cadler32_take(uint32_t *state, const void *bytes, size_t count) {
    (void)state, (void)bytes, (void)count;
    return 0;
}

#endif
