#include "actors/kernel_log.h"

#include <stdio.h>

#include "world/world_policy.h"
#include "zircon_policy.h"

/* The kernel builds the counts of the generations in a buffer of this size,
 * and what does not fit is lost. */
enum { BUCKETS_BYTES = 50 };

#define LEAST_BYTES (UINT64_C(1) << 30)

static const char *const reasons[] = {
    [ZIRCON_AGE_NONE] = "none",
    [ZIRCON_AGE_TIMEOUT] = "timeout",
    [ZIRCON_AGE_ACTIVE_RATIO] = "active ratio",
    [ZIRCON_AGE_MANUAL] = "manual",
};

/* The log with the time in front; NULL: nobody wants it. */
static FILE *begin_line(const struct world *world)
{
    FILE *log = world->options.log;

    if (log)
        fprintf(log, "[%5lld.%06lld] ", (long long)(world->now / 1000000000),
                (long long)(world->now / 1000 % 1000000));
    return log;
}

struct amount {
    char text[32];
};

/* In megabytes as the kernel has it, or pages on a machine too small for it. */
static struct amount amount(const struct world *world, uint64_t pages)
{
    uint64_t page_bytes = world->scenario->machine.page_bytes;
    bool is_small = world->machine.pmm.total_pages * page_bytes < LEAST_BYTES;
    uint64_t number = is_small ? pages : pages * page_bytes >> 20;
    struct amount amount;

    snprintf(amount.text, sizeof amount.text, "%llu%s",
             (unsigned long long)number, is_small ? "p" : "MB");
    return amount;
}

static struct amount free_amount(const struct world *world)
{
    return amount(world, world->machine.pmm.free_pages);
}

void kernel_log_run(const struct world *world)
{
    FILE *log = begin_line(world);

    if (log)
        fprintf(log, "lowtide: %s, policy %s, seed %llu, %s free\n",
                world->scenario->name, world->policy_name,
                (unsigned long long)world->scenario->seed,
                free_amount(world).text);
}

/* Page queues. ------------------------------------------------------------ */

/* "[12,3],0,0,{7}": ages in order, active ones in brackets, the oldest that is
 * in use in braces. */
static void buckets(const struct zircon_state *state, char text[BUCKETS_BYTES])
{
    unsigned oldest = (unsigned)(state->mru_gen - state->lru_gen);
    size_t used = 0;

    text[0] = '\0';
    for (unsigned age = 0; age < ZIRCON_GENERATIONS; age++) {
        int length = snprintf(text + used, BUCKETS_BYTES - used,
                              "%s%s%s%llu%s%s", age ? "," : "",
                              age == 0 ? "[" : "", age == oldest ? "{" : "",
                              (unsigned long long)state->by_age[age],
                              age == oldest ? "}" : "", age == 1 ? "]" : "");
        used += (size_t)length;
        if (used >= BUCKETS_BYTES)
            return;
    }
}

static void log_zircon(const struct world *world, FILE *log)
{
    struct zircon_state state =
        zircon_policy_state(world_policy_instance(world));
    char text[BUCKETS_BYTES];

    buckets(&state, text);
    fprintf(log,
            "mru_gen %llu since %.3fs (%s), lru_gen %llu, %s, "
            "evict first %llu, %s active/inactive %llu/%llu",
            (unsigned long long)state.mru_gen,
            (double)(world->now - state.last_age) / 1e9,
            reasons[state.last_reason], (unsigned long long)state.lru_gen, text,
            (unsigned long long)state.dont_need,
            state.active_inactive_cached ? "cached" : "live",
            (unsigned long long)state.active,
            (unsigned long long)state.inactive);
}

static void log_lists(const struct world *world, FILE *log)
{
    const struct page_queues *pqs = &world->machine.pqs;
    struct reclaim_list lists[RECLAIM_MAX_LISTS];
    unsigned count = pqs->ops->lists(pqs->policy, lists);

    fputs(pqs->ops->name, log);
    for (unsigned i = 0; i < count; i++)
        fprintf(log, ", %s %llu", lists[i].name,
                (unsigned long long)lists[i].pages);
}

void kernel_log_queues(const struct world *world)
{
    const uint64_t *count = world->machine.pqs.count;
    FILE *log = begin_line(world);

    if (!log)
        return;
    fputs("pq: ", log);
    if (world->policies->handle.ops == &zircon_policy_ops)
        log_zircon(world, log);
    else
        log_lists(world, log);
    fprintf(log, ", dirty %llu, failed reclaim %llu\n",
            (unsigned long long)count[PQ_PAGER_DIRTY],
            (unsigned long long)count[PQ_FAILED_RECLAIM]);
}

/* The watchdog's. --------------------------------------------------------- */

void kernel_log_level(const struct world *world, const char *level)
{
    FILE *log = begin_line(world);

    if (!log)
        return;
    fprintf(log, "mem_avail_state: %s, %s free\n", level,
            free_amount(world).text);
    kernel_log_queues(world);
}

static void log_reclaimable(const struct world *world)
{
    FILE *log = begin_line(world);
    struct zircon_state state =
        zircon_policy_state(world_policy_instance(world));

    fprintf(log, "OOM: reclaimable %s, newest %s, oldest %s\n",
            amount(world, state.reclaim_total).text,
            amount(world, state.reclaim_newest).text,
            amount(world, state.reclaim_oldest).text);
}

void kernel_log_oom(const struct world *world, bool is_over)
{
    FILE *log = begin_line(world);

    if (!log)
        return;
    fprintf(log, "OOM: %s free %s eviction\n", free_amount(world).text,
            is_over ? "after" : "before");
    kernel_log_queues(world);
    if (is_over && world->policies->handle.ops == &zircon_policy_ops)
        log_reclaimable(world);
}

void kernel_log_kill(const struct world *world,
                     const struct world_process *victim)
{
    FILE *log = begin_line(world);

    if (log)
        fprintf(log, "OOM: killing process %s, score %llu\n", victim->name,
                (unsigned long long)victim->oom_score);
}

/* The evictor's. ---------------------------------------------------------- */

static void log_count(FILE *log, const char *what, uint64_t pages)
{
    if (pages > 0)
        fprintf(log, ", %s %llu", what, (unsigned long long)pages);
}

void kernel_log_eviction(const struct world *world, uint64_t free_before,
                         const struct evict_counts *counts, bool continuous)
{
    uint64_t compressed = continuous ? 0 : counts->compressed;
    uint64_t evicted = counts->pager_backed + counts->discardable + compressed;
    FILE *log = evicted > 0 ? begin_line(world) : NULL;

    if (!log)
        return;
    fprintf(log, "[EVICT] free %s to %s", amount(world, free_before).text,
            free_amount(world).text);
    log_count(log, "pager backed", counts->pager_backed);
    log_count(log, "discardable", counts->discardable);
    log_count(log, "compressed", compressed);
    fputc('\n', log);
}
