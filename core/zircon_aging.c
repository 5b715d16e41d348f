/*
 * Zircon's generations: when a new one begins.
 *
 *   last_age          earliest                     latest
 *      |---- sleeps ------|--------- waits ----------|
 *                         ^ ages here if the         ^ here at last
 *                           ratio is true, or           (timeout)
 *                           as soon as it becomes so
 *
 * The ratio, active * multiplier > inactive, is kept with every change of the
 * counts; when it turns, `wake` asks the host for next_age() again. The kernel
 * has a thread that sleeps, waits and is signalled; here its counters are
 * worked out when it would have aged.
 */
#include "zircon_internal.h"

/* Counts and the active ratio. -------------------------------------------- */

static sim_ns earliest_age(const struct zircon *z)
{
    return sim_ns_add(z->last_age, z->min_aging);
}

static sim_ns latest_age(const struct zircon *z)
{
    return sim_ns_add(z->last_age, z->max_aging);
}

/* The totals have changed: is it time to age because too much is active? */
void zircon_check_ratio(struct zircon *z)
{
    bool is_true = z->active * z->multiplier > z->inactive;

    if (is_true == z->is_ratio_true || z->is_scanning)
        return;
    z->is_ratio_true = is_true;
    z->host->wake = true;
    if (!is_true)
        return;
    z->ratio_since = z->host->now;
    if (z->host->now < earliest_age(z))
        z->is_signal_kept = true;
    else
        z->signals_heard++;
}

void zircon_count_in(struct zircon *z, unsigned queue)
{
    z->count[queue]++;
    if (is_active(z, queue))
        z->active++;
    else
        z->inactive++;
}

void zircon_count_out(struct zircon *z, unsigned queue)
{
    CHECK(z->count[queue] > 0);
    z->count[queue]--;
    if (is_active(z, queue))
        z->active--;
    else
        z->inactive--;
}

/* Ages have shifted: count the active pages anew. */
static void recount(struct zircon *z)
{
    uint64_t total = z->active + z->inactive;

    z->active = z->count[queue_of_generation(z->mru_gen)] +
                z->count[queue_of_generation(z->mru_gen - 1)];
    z->inactive = total - z->active;
}

/* Ageing. ----------------------------------------------------------------- */

static void start_generation(struct zircon *z, enum zircon_age_reason reason,
                             sim_ns now)
{
    if (is_full(z)) {
        z->blocked_on_lru++;
        zircon_wake_lru(z);
    }
    z->mru_gen++;
    z->last_age = now;
    z->last_reason = reason;
    z->reasons[reason]++;
    z->is_ratio_true = false; /* the ratio is told anew */
    recount(z);
    zircon_check_ratio(z);
    z->host->wake = true;
}

void zircon_rotate(void *self, sim_ns now)
{
    start_generation(self, ZIRCON_AGE_MANUAL, now);
}

/*
 * Count what the kernel's ageing thread would have gone through. It sleeps for
 * the minimum, looks at the ratio, and then waits for signals until the
 * maximum; a signal given while it slept is kept and wakes it in vain, and one
 * given by the scan that ageing makes first is kept for the next time.
 */
static void count_wakeups(struct zircon *z, bool is_timeout)
{
    bool is_timed_out = is_timeout || z->ratio_since >= latest_age(z);
    bool is_from_scan = is_timeout && z->is_ratio_true;

    if (!is_timeout && z->ratio_since <= earliest_age(z)) {
        z->reason_before_min_timeout++;
        z->is_signal_kept = true; /* nobody waited for it */
        z->signals_heard = 0;
        return;
    }
    uint64_t rounds =
        z->signals_heard - is_from_scan + z->is_signal_kept + is_timed_out;
    if (rounds > 1)
        z->spurious_wakeup += rounds - 1;
    if (is_timed_out && !is_timeout)
        z->timeout_with_reason++;
    z->is_signal_kept = is_from_scan;
    z->signals_heard = 0;
}

void zircon_age(void *self, sim_ns now)
{
    struct zircon *z = self;
    bool is_late = now >= latest_age(z);

    if (now < earliest_age(z) || !(z->is_ratio_true || is_late))
        return;
    /* The decision precedes the scan that ageing makes first. */
    bool was_ratio_true =
        z->scan_began == now ? z->was_ratio_at_scan : z->is_ratio_true;
    bool is_timeout = is_late && !was_ratio_true;
    count_wakeups(z, is_timeout);
    z->scan_began = SIM_NS_INFINITE_PAST;
    start_generation(
        z, is_timeout ? ZIRCON_AGE_TIMEOUT : ZIRCON_AGE_ACTIVE_RATIO, now);
    if (is_full(z))
        zircon_wake_lru(z);
}

sim_ns zircon_next_age(void *self, sim_ns now)
{
    const struct zircon *z = self;
    sim_ns due = z->is_ratio_true ? earliest_age(z) : latest_age(z);

    return due > now ? due : now;
}

void zircon_policy_begin_scan(void *self)
{
    struct zircon *z = self;

    CHECK(!z->is_scanning);
    z->frozen_active = z->active;
    z->frozen_inactive = z->inactive;
    z->scan_began = z->host->now;
    z->was_ratio_at_scan = z->is_ratio_true;
    z->is_scanning = true;
}

void zircon_policy_end_scan(void *self)
{
    struct zircon *z = self;

    CHECK(z->is_scanning);
    z->is_scanning = false;
    zircon_check_ratio(z);
}
