#include "host_memory.h"

#include <stddef.h>
#include <sys/mman.h>

static _Thread_local uint64_t allocations_left; /* 0: none will fail */
static _Thread_local bool has_failed;
static _Thread_local int64_t live_blocks;

void host_memory_fail_nth(uint64_t n)
{
    allocations_left = n;
    has_failed = false;
}

bool host_memory_has_failed(void)
{
    allocations_left = 0;
    return has_failed;
}

int64_t host_memory_live_blocks(void)
{
    return live_blocks;
}

static bool is_out(void)
{
    if (allocations_left == 0 || --allocations_left > 0)
        return false;
    has_failed = true;
    return true;
}

/* The linker's names for what is wrapped and for what wraps it. */
void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *block, size_t bytes);
void __real_free(void *block);
void *__real_mmap(void *address, size_t bytes, int protection, int flags,
                  int file, off_t offset);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *block, size_t bytes);
void __wrap_free(void *block);
void *__wrap_mmap(void *address, size_t bytes, int protection, int flags,
                  int file, off_t offset);

void *__wrap_malloc(size_t bytes)
{
    void *block = is_out() ? NULL : __real_malloc(bytes);
    live_blocks += block != NULL;
    return block;
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    void *block = is_out() ? NULL : __real_calloc(count, bytes);
    live_blocks += block != NULL;
    return block;
}

void *__wrap_realloc(void *block, size_t bytes)
{
    void *moved = is_out() ? NULL : __real_realloc(block, bytes);
    live_blocks += !block && moved;
    return moved;
}

void __wrap_free(void *block)
{
    live_blocks -= block != NULL;
    __real_free(block);
}

void *__wrap_mmap(void *address, size_t bytes, int protection, int flags,
                  int file, off_t offset)
{
    return is_out()
               ? MAP_FAILED
               : __real_mmap(address, bytes, protection, flags, file, offset);
}
