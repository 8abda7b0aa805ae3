// CRC-32 as zlib has it (polynomial 0xedb88320, reflected), by carry-less multiplication: sixty-four
// bytes a step where a table takes sixteen. Source: Gopal et al., Fast CRC Computation for Generic
// Polynomials Using PCLMULQDQ Instruction, Intel 2009.

#ifndef CCRC32_H
#define CCRC32_H

#include <stddef.h>
#include <stdint.h>

// Shorter input has no whole sixteen bytes.
#define CCRC32_SHORTEST 16

// Brings the state on by the whole sixteens at the start of `bytes`. The state is not inverted, in
// or out.
// Returns how many bytes were taken: 0 where they are fewer than CCRC32_SHORTEST or the processor
// cannot do it; then the state is left alone.
size_t ccrc32_update(uint32_t *state, const void *bytes, size_t count);

#endif
