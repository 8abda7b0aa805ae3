// CRC-32 as zlib has it (polynomial 0xedb88320, reflected), by carry-less multiplication: sixty-four
// bytes a step where a table takes sixteen. Source: Gopal et al., Fast CRC Computation for Generic
// Polynomials Using PCLMULQDQ Instruction, Intel 2009.

#ifndef CCRC32_H
#define CCRC32_H

#include <stddef.h>
#include <stdint.h>

// Shorter input is not worth the call.
#define CCRC32_SHORTEST 64

// Folds the whole sixteens at the start of `bytes` into sixteen bytes that leave the same checksum:
// going on from state 0 with `folded` is going on from `state` with what was taken.
//
// `state` is not inverted, in or out.
// Returns how many bytes were taken: 0 where they are fewer than CCRC32_SHORTEST or the processor
// cannot do it; then `folded` is left alone.
size_t ccrc32_fold(uint32_t state, const void *bytes, size_t count, uint8_t folded[16]);

#endif
