#include "ccrc32.h"

#if defined(__x86_64__)

#include <immintrin.h>

// What remains of x^n modulo the polynomial, bits reflected, for the distances n over which a lane's
// two halves are moved: 4 * 128 +- 32 for four lanes side by side, 128 +- 32 for one, 64 at the end.
#define MOVE_512_LOW 0x0154442bd4
#define MOVE_512_HIGH 0x01c6e41596
#define MOVE_128_LOW 0x01751997d0
#define MOVE_128_HIGH 0x00ccaa009e
#define MOVE_64 0x0163cd6124
// The polynomial, and x^64 divided by it, bits reflected.
#define POLYNOMIAL 0x01db710641
#define QUOTIENT 0x01f7011641

#define FOLDING __attribute__((target("pclmul,sse4.1")))

// `lane` moved on by the distance that `by` is for, and `next` added to it.
FOLDING static inline __m128i move(__m128i lane, __m128i by, __m128i next) {
    __m128i low = _mm_clmulepi64_si128(lane, by, 0x00);
    __m128i high = _mm_clmulepi64_si128(lane, by, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

// What remains of a lane: to 96 bits, to 64, and then by Barrett's division.
FOLDING static inline uint32_t reduce(__m128i lane, __m128i by128) {
    const __m128i word = _mm_set_epi32(0, -1, 0, -1);
    lane = _mm_xor_si128(_mm_srli_si128(lane, 8), _mm_clmulepi64_si128(lane, by128, 0x10));
    lane = _mm_xor_si128(
        _mm_srli_si128(lane, 4),
        _mm_clmulepi64_si128(_mm_and_si128(lane, word), _mm_set_epi64x(0, MOVE_64), 0x00));

    const __m128i division = _mm_set_epi64x(QUOTIENT, POLYNOMIAL);
    __m128i times = _mm_clmulepi64_si128(_mm_and_si128(lane, word), division, 0x10);
    __m128i whole = _mm_clmulepi64_si128(_mm_and_si128(times, word), division, 0x00);
    return (uint32_t)_mm_extract_epi32(_mm_xor_si128(lane, whole), 1);
}

FOLDING static uint32_t fold(uint32_t state, const uint8_t *bytes, size_t sixteens) {
    const __m128i *place = (const __m128i *)bytes;
    const __m128i by128 = _mm_set_epi64x(MOVE_128_HIGH, MOVE_128_LOW);
    __m128i one = _mm_xor_si128(_mm_loadu_si128(place++), _mm_cvtsi32_si128((int)state));
    sixteens--;
    if (sixteens >= 3) {
        __m128i lanes[4] = {one};
        for (int lane = 1; lane < 4; lane++) lanes[lane] = _mm_loadu_si128(place++);
        sixteens -= 3;
        const __m128i by512 = _mm_set_epi64x(MOVE_512_HIGH, MOVE_512_LOW);
        for (; sixteens >= 4; sixteens -= 4)
            for (int lane = 0; lane < 4; lane++)
                lanes[lane] = move(lanes[lane], by512, _mm_loadu_si128(place++));
        one = lanes[0];
        for (int lane = 1; lane < 4; lane++) one = move(one, by128, lanes[lane]);
    }
    for (; sixteens > 0; sixteens--) one = move(one, by128, _mm_loadu_si128(place++));
    return reduce(one, by128);
}

size_t ccrc32_update(uint32_t *state, const void *bytes, size_t count) {
    if (count < CCRC32_SHORTEST || !__builtin_cpu_supports("pclmul") ||
        !__builtin_cpu_supports("sse4.1"))
        return 0;
    *state = fold(*state, bytes, count / 16);
    return count & ~(size_t)15;
}

#else

size_t ccrc32_update(uint32_t *state, const void *bytes, size_t count) {
    (void)state, (void)bytes, (void)count;
    return 0;
}

#endif
