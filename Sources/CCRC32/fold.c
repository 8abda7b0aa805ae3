#include "ccrc32.h"

#if defined(__x86_64__)

#include <immintrin.h>

// What remains of x^n modulo the polynomial, bits reflected, for the distances n over which a lane's
// two halves are moved: 4 * 128 +- 32 for four lanes side by side, 128 +- 32 for one.
#define MOVE_512_LOW 0x0154442bd4
#define MOVE_512_HIGH 0x01c6e41596
#define MOVE_128_LOW 0x01751997d0
#define MOVE_128_HIGH 0x00ccaa009e

#define FOLDING __attribute__((target("pclmul,sse2")))

// `lane` moved on by the distance that `by` is for, and `next` added to it.
FOLDING static inline __m128i move(__m128i lane, __m128i by, __m128i next) {
    __m128i low = _mm_clmulepi64_si128(lane, by, 0x00);
    __m128i high = _mm_clmulepi64_si128(lane, by, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

FOLDING static size_t fold(uint32_t state, const uint8_t *bytes, size_t count, uint8_t *folded) {
    const __m128i *place = (const __m128i *)bytes;
    size_t sixteens = count / 16;
    __m128i lanes[4];
    for (int lane = 0; lane < 4; lane++) lanes[lane] = _mm_loadu_si128(place++);
    lanes[0] = _mm_xor_si128(lanes[0], _mm_cvtsi32_si128((int)state));
    sixteens -= 4;

    const __m128i by512 = _mm_set_epi64x(MOVE_512_HIGH, MOVE_512_LOW);
    for (; sixteens >= 4; sixteens -= 4)
        for (int lane = 0; lane < 4; lane++)
            lanes[lane] = move(lanes[lane], by512, _mm_loadu_si128(place++));

    const __m128i by128 = _mm_set_epi64x(MOVE_128_HIGH, MOVE_128_LOW);
    __m128i one = lanes[0];
    for (int lane = 1; lane < 4; lane++) one = move(one, by128, lanes[lane]);
    for (; sixteens > 0; sixteens--) one = move(one, by128, _mm_loadu_si128(place++));
    _mm_storeu_si128((__m128i *)folded, one);
    return count & ~(size_t)15;
}

size_t ccrc32_fold(uint32_t state, const void *bytes, size_t count, uint8_t folded[16]) {
    if (count < CCRC32_SHORTEST || !__builtin_cpu_supports("pclmul")) return 0;
    return fold(state, bytes, count, folded);
}

#else

size_t ccrc32_fold(uint32_t state, const void *bytes, size_t count, uint8_t folded[16]) {
    (void)state, (void)bytes, (void)count, (void)folded;
    return 0;
}

#endif
