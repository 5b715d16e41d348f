#include "study/replay_vmo.h"

#include "check.h"
#include "trace/trace_ids.h"

enum { FIRST_MAPPED_PAGES = 1 << 16, THE_VMO = 1, MAX_TIMER_ROUNDS = 32 };

static bool has_timers(const struct replay_vmo *replay)
{
    return replay->machine.pqs.ops->age && replay->machine.pqs.ops->next_age;
}

static enum vm_status create_vmo(struct replay_vmo *replay, uint64_t vmo_pages)
{
    struct vmo_create_args args = {
        .kind = VMO_PAGER,
        .size = pages_to_bytes(vmo_pages ? vmo_pages : TRACE_MAX_PAGES),
        .user_id = THE_VMO,
    };
    enum vm_status status = vmo_create(&replay->machine, &args, &replay->vmo);
    if (status != VM_OK)
        return status;
    status = vmo_map(replay->vmo, 0, vmo_pages ? vmo_pages : FIRST_MAPPED_PAGES,
                     false, false, &replay->mapping);
    if (status != VM_OK)
        vmo_close(replay->vmo);
    return status;
}

enum vm_status replay_vmo_init(struct replay_vmo *replay, uint64_t memory_pages,
                               uint64_t vmo_pages,
                               const struct reclaim_policy_ops *policy,
                               const union reclaim_value *values, uint64_t seed)
{
    struct vm_machine_config config = {
        .memory_pages = memory_pages,
        .policy = policy,
        .policy_values = values,
        .seed = seed,
    };
    *replay = (struct replay_vmo){.next_age = SIM_NS_INFINITE};
    if (memory_pages == 0)
        return VM_INVALID_ARGS;
    enum vm_status status = vm_machine_init(&replay->machine, &config);
    if (status != VM_OK)
        return status;
    status = create_vmo(replay, vmo_pages);
    if (status != VM_OK) {
        vm_machine_release(&replay->machine);
        return status;
    }
    if (has_timers(replay))
        replay->next_age = policy->next_age(replay->machine.pqs.policy, 0);
    return VM_OK;
}

void replay_vmo_release(struct replay_vmo *replay)
{
    vmo_unmap(replay->vmo, replay->mapping);
    vmo_close(replay->vmo);
    vm_machine_release(&replay->machine);
}

/*
 * Victims to come. Reclaim touches the victim's descriptor, its mapping entry
 * and its slot in the page list, each at a random place and each needed to find
 * the next. Where the policy can guess what will go, the guesses wait in a
 * queue, and each miss brings all of them a step nearer:
 *
 *   ahead_in --> [ ] [ ] [ ] [ ] [ ] [ ] [ ] --> ahead_out, the next to go
 *       guessed: links,      followed:
 *       descriptor           entry, slot
 *
 * Guesses may be wrong (a page is used again): that costs a fetch.
 */
enum { FOLLOWED_AHEAD = 4 }; /* this far from going */

static page_index *ahead_slot(struct replay_vmo *replay, unsigned at)
{
    return &replay->ahead[at % REPLAY_AHEAD];
}

/* Guess one victim further. */
static void look_further(struct replay_vmo *replay)
{
    const struct page_queues *pqs = &replay->machine.pqs;
    const char *memory = pqs->host.page_memory;
    page_index last = *ahead_slot(replay, replay->ahead_in - 1);
    page_index next = pqs->ops->likely_victim(pqs->policy, last);
    *ahead_slot(replay, replay->ahead_in++) = next;
    __builtin_prefetch(&pqs->pmm->pages[next], 1);
    __builtin_prefetch(&pqs->pmm->pages[next].owner, 1); /* may be on another */
    __builtin_prefetch(memory + (size_t)next * pqs->host.page_bytes, 1);
}

/*
 * `gone` was reclaimed. What was guessed before it did not go; if it was not
 * among the guesses at all, they start anew from the next victim.
 */
static void follow_victims(struct replay_vmo *replay, page_index gone)
{
    const struct vm_page *pages = replay->machine.pmm.pages;
    const struct vm_cow_pages *cow = vmo_cow(replay->vmo);
    unsigned out = replay->ahead_out;
    while (out != replay->ahead_in && *ahead_slot(replay, out) != gone)
        out++;
    if (out == replay->ahead_in)
        *ahead_slot(replay, out - 1) = PAGE_NONE;
    else
        out++;
    replay->ahead_out = out;
    look_further(replay);
    if (replay->ahead_in - out < REPLAY_AHEAD)
        look_further(replay);
    uint64_t offset = pages[*ahead_slot(replay, out + FOLLOWED_AHEAD)].offset;
    uint64_t page = bytes_to_pages(offset);
    if (page < replay->mapping->page_count)
        __builtin_prefetch(&replay->mapping->entries[page], 1);
    vm_cow_prefetch(cow, offset, true);
}

/*
 * The next victim. Where nothing is old enough to go, the policy is made to
 * age, as memory that is needed now would make it.
 */
static page_index find_victim(struct page_queues *pqs)
{
    page_index victim = pq_victim(pqs, RECLAIM_INCLUDE_NEWEST);
    for (int n = 0; !victim && pqs->ops->rotate && n < MAX_TIMER_ROUNDS; n++) {
        pqs->ops->rotate(pqs->policy, pqs->host.now);
        victim = pq_victim(pqs, RECLAIM_INCLUDE_NEWEST);
    }
    return victim;
}

/* Make one page free, whatever it takes. */
static enum vm_status reclaim_one(struct replay_vmo *replay)
{
    struct page_queues *pqs = &replay->machine.pqs;
    for (uint64_t tries = 2 * pqs->count[PQ_RECLAIM] + 1; tries > 0; tries--) {
        page_index victim = find_victim(pqs);
        if (victim == PAGE_NONE)
            break;
        enum reclaim_refused refused;
        uint64_t offset = vm_page_of(&replay->machine, victim)->offset;
        if (vm_cow_reclaim_page(vmo_cow(replay->vmo), victim, offset,
                                EVICTION_HINT_FOLLOW, NULL, &refused)) {
            pmm_free_page(&replay->machine.pmm, victim);
            return VM_OK;
        }
        pq_refused(pqs, victim, refused);
    }
    return VM_BAD_STATE;
}

/* Give a page of the memory that is full to `offset`. */
static enum vm_status exchange(struct replay_vmo *replay, uint64_t offset,
                               page_index *brought)
{
    uint64_t content = bytes_to_pages(offset) + 1;
    struct vm_cow_pages *cow = vmo_cow(replay->vmo);
    const struct page_queues *pqs = &replay->machine.pqs;
    page_index victim = find_victim(&replay->machine.pqs);
    if (victim && vm_cow_recycle_page(cow, victim, offset, content)) {
        if (pqs->ops->likely_victim)
            follow_victims(replay, victim);
        *brought = victim;
        return VM_OK;
    }
    enum vm_status status = reclaim_one(replay);
    return status == VM_OK
               ? vm_cow_supply_one(cow, offset, content, NULL, brought)
               : status;
}

enum vm_status replay_vmo_miss(struct replay_vmo *replay, uint64_t page)
{
    const struct page_queues *pqs = &replay->machine.pqs;
    struct vm_cow_pages *cow = vmo_cow(replay->vmo);
    uint64_t offset = pages_to_bytes(page);

    replay->misses++;
    bool is_refault = vm_cow_was_reclaimed(cow, offset);
    replay->first_touches += !is_refault;
    if (pqs->ops->refault && is_refault)
        pqs->ops->refault(pqs->policy,
                          (struct reclaim_identity){vm_cow_serial(cow), page});

    page_index brought;
    enum vm_status status =
        replay->machine.pmm.free_pages > 0
            ? vm_cow_supply_one(cow, offset, page + 1, NULL, &brought)
            : exchange(replay, offset, &brought);
    if (status == VM_OK)
        mapping_enter(replay->mapping, page, brought, false, true);
    return status;
}

enum vm_status replay_vmo_grow(struct replay_vmo *replay, uint64_t page)
{
    struct vm_mapping *old = replay->mapping;
    uint64_t limit = bytes_to_pages(vmo_size(replay->vmo));
    uint64_t pages = old->page_count;
    CHECK(page < limit);
    while (pages <= page)
        pages = u64_min(pages * 2, limit);
    if (pages == old->page_count)
        return VM_OK;
    enum vm_status status =
        vmo_map(replay->vmo, 0, pages, false, false, &replay->mapping);
    if (status != VM_OK) {
        replay->mapping = old;
        return status;
    }
    for (uint64_t at = 0; at < old->page_count; at++)
        if (old->entries[at] & MAPPING_PRESENT)
            mapping_enter(replay->mapping, at, mapping_page(old, at), false,
                          true);
    vmo_unmap(replay->vmo, old);
    return VM_OK;
}

/*
 * A trace's clock may jump by hours. Each timer runs at the time it was due,
 * but only so often: past a round for every generation, ageing changes nothing.
 */
void replay_vmo_set_time(struct replay_vmo *replay, sim_ns now)
{
    struct page_queues *pqs = &replay->machine.pqs;
    if (has_timers(replay)) {
        if (pqs->host.wake)
            replay->next_age = pqs->ops->next_age(pqs->policy, pqs->host.now);
        for (int n = 0; n < MAX_TIMER_ROUNDS && replay->next_age <= now; n++) {
            if (replay->next_age > pqs->host.now)
                vm_machine_set_time(&replay->machine, replay->next_age);
            pqs->ops->age(pqs->policy, pqs->host.now);
            replay->next_age = pqs->ops->next_age(pqs->policy, pqs->host.now);
        }
        pqs->host.wake = false;
    }
    if (now > pqs->host.now)
        vm_machine_set_time(&replay->machine, now);
}
