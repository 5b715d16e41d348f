/*
 * Units: pages, bytes and simulated time.
 *
 * The core counts in pages of one fixed size. Offsets and lengths are bytes,
 * as in the kernel; a range [a, b) is half open. A machine whose pages are
 * larger is described by its page counts: the simulator converts at its edge.
 */
#ifndef VMCOW_UNITS_H
#define VMCOW_UNITS_H

#include <stdbool.h>
#include <stdint.h>

#define VM_PAGE_SHIFT 12
#define VM_PAGE_SIZE  (UINT64_C(1) << VM_PAGE_SHIFT)

/* Simulated nanoseconds since the start of the run. */
typedef int64_t sim_ns;

#define SIM_NS_INFINITE      INT64_MAX
#define SIM_NS_INFINITE_PAST INT64_MIN

/* a + b, saturating at both ends. */
static inline sim_ns sim_ns_add(sim_ns a, sim_ns b)
{
    sim_ns sum;
    if (__builtin_add_overflow(a, b, &sum))
        return b < 0 ? SIM_NS_INFINITE_PAST : SIM_NS_INFINITE;
    return sum;
}

/* Plain helpers: bytes and pages as their names say. */

static inline uint64_t u64_min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline uint64_t u64_max(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Is it a whole number of pages? */
static inline bool is_page_aligned(uint64_t bytes)
{
    return (bytes & (VM_PAGE_SIZE - 1)) == 0;
}

static inline uint64_t page_round_down(uint64_t bytes)
{
    return bytes & ~(VM_PAGE_SIZE - 1);
}

/* The caller knows that `bytes` is within a page of no overflow. */
static inline uint64_t page_round_up(uint64_t bytes)
{
    return page_round_down(bytes + VM_PAGE_SIZE - 1);
}

static inline uint64_t pages_to_bytes(uint64_t pages)
{
    return pages << VM_PAGE_SHIFT;
}

static inline uint64_t bytes_to_pages(uint64_t bytes)
{
    return bytes >> VM_PAGE_SHIFT;
}

/* Does [offset, offset + length) lie within [0, size)? Cannot overflow. */
static inline bool range_is_inside(uint64_t offset, uint64_t length,
                                   uint64_t size)
{
    return length <= size && offset <= size - length;
}

#endif
