// The allocation functions of the process, counted and handed to the C library. Those of glibc have
// second names for whoever takes their place.
#include "counters.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *place, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *place);

static atomic_uint_fast64_t allocations;
static atomic_uint_fast64_t allocated_bytes;

static void note(size_t size) {
    atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&allocated_bytes, size, memory_order_relaxed);
}

void *malloc(size_t size) {
    note(size);
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    note(count * size);
    return __libc_calloc(count, size);
}

void *realloc(void *place, size_t size) {
    note(size);
    return __libc_realloc(place, size);
}

void *memalign(size_t alignment, size_t size) {
    note(size);
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **place, size_t alignment, size_t size) {
    void *memory = memalign(alignment, size);
    if (memory == NULL) return ENOMEM;
    *place = memory;
    return 0;
}

void free(void *place) { __libc_free(place); }

uint64_t counters_allocations(void) {
    return atomic_load_explicit(&allocations, memory_order_relaxed);
}

uint64_t counters_allocated_bytes(void) {
    return atomic_load_explicit(&allocated_bytes, memory_order_relaxed);
}

__attribute__((noinline)) void counters_measured(void (*body)(void *context), void *context) {
    body(context);
    // Nothing is left to the caller, so that this is no jump.
    __asm__ volatile("" ::: "memory");
}
