// Adler-32 (RFC 1950) of many bytes at a time, by the vector instructions of x86-64.
//
// The two sums of a stretch of bytes: the first is theirs, the second theirs by weights that fall from
// the stretch's length to one, and the first sum before it as often as the stretch is long. Both come
// from one pass over 32 bytes at a time; the remainders are taken before 32 bits could overflow.

#ifndef CADLER32_H
#define CADLER32_H

#include <stddef.h>
#include <stdint.h>

// Fewer bytes are not worth it.
#define CADLER32_SHORTEST 64

// Brings `state` forward by the first bytes of `bytes`.
//
// Returns how many bytes were taken, a multiple of 32: 0 where there are fewer than CADLER32_SHORTEST or
// the processor cannot do it.
size_t cadler32_take(uint32_t *state, const void *bytes, size_t count);

#endif
