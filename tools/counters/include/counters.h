// What a piece of code does, as counts: the same on any machine and however busy it is.
#pragma once

#include <stdint.h>

/// Allocations of the process since its start, by all threads: malloc, calloc, aligned ones, and a
/// realloc that is given a size. This library takes the place of the C library's functions, which it
/// calls.
uint64_t counters_allocations(void);

/// Bytes that were asked for by those.
uint64_t counters_allocated_bytes(void);

/// Calls `body(context)`. Instructions within are what valgrind's callgrind counts when it is told
/// `--toggle-collect=counters_measured`.
void counters_measured(void (*body)(void *context), void *context);
