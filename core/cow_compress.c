/*
 * Compression of a node's pages, and the way back.
 *
 *   [page] --start--> [temporary reference] --compress--> [reference]
 *     ^                     |      |                         |
 *     |   failed            |      +-- zero --> [marker]     |
 *     +---------------------+                                |
 *     +---------------------- read, write, fork -------------+
 *
 * While the page is being compressed, which takes its time, its slot holds a
 * temporary reference: whoever needs the content meanwhile copies it, and the
 * compression finds its place taken. Split bits follow the
 * content from page to slot and back.
 */
#include "cow_internal.h"

void cow_free_reference(struct vm_cow_pages *cow, uint64_t reference)
{
    struct compressor *compressor = cow->machine->compressor;
    cow_count_references(cow, -1);
    if (compressor_is_temporary(compressor, reference)) {
        /* The page that it stands for is freed when the attempt ends. */
        return;
    }
    compressor_free_reference(compressor, reference);
}

/* --- compressing ----------------------------------------------------------------- */

/* The page's slot becomes a temporary reference; the page is ours. */
static uint64_t begin(struct vm_cow_pages *cow, page_index page,
                      uint64_t offset, struct compressor *compressor)
{
    cow_unmap_page(cow, offset);
    struct page_slot *slot = page_list_lookup(&cow->list, offset);
    uint64_t temporary = compressor_start(compressor, page);
    page_index swapped =
        slot_swap_page_for_reference(slot, cow_pages_of(cow), temporary);
    CHECK(swapped == page);
    cow_detach_page(cow, page, RECLAIM_REMOVED_RECLAIMED);
    cow_count_references(cow, 1);
    cow_bump_generation(cow);
    return temporary;
}

/* Compression failed: the page returns to its slot. */
static void put_back(struct vm_cow_pages *cow, struct page_slot *slot,
                     page_index page, uint64_t offset)
{
    (void)slot_swap_reference_for_page(slot, cow_pages_of(cow), page);
    cow_page(cow, page)->state = PAGE_OBJECT;
    cow_count_pages(cow, 1);
    cow_count_references(cow, -1);
    cow_set_not_pinned(cow, page, offset);
    pq_compression_failed(&cow->machine->pqs, page);
}

/* Returns whether the page is the caller's to free. */
static bool finish(struct vm_cow_pages *cow, struct page_slot *slot,
                   page_index page, uint64_t offset,
                   enum compress_result result, uint64_t reference)
{
    cow_bump_generation(cow);
    switch (result) {
    case COMPRESS_OK:
        (void)slot_change_reference(slot, reference);
        compressor_set_stamp(cow->machine->compressor, reference,
                             (uint32_t)vm_machine_reclaimed(cow->machine));
        break;
    case COMPRESS_ZERO:
        *slot = SLOT_ZERO_MARKER;
        cow_count_references(cow, -1);
        break;
    case COMPRESS_FAILED:
        put_back(cow, slot, page, offset);
        return false;
    }
    cow->reclamation_event_count++;
    cow->machine->stats.compressed_pages++;
    return true;
}

bool cow_begin_compression(struct vm_cow_pages *cow, page_index page,
                           uint64_t offset, struct compressor *compressor,
                           struct vm_compression *compression)
{
    CHECK(!cow->source);
    CHECK(!cow->tracker);
    CHECK(cow_page(cow, page)->pin_count == 0);
    CHECK(!cow_page(cow, page)->is_loaned);
    CHECK(cow_can_decommit_zero_pages(cow));
    const struct vm_cow_owner *owner = vm_cow_backlink(cow);
    if (owner && owner->is_uncached) {
        cow_update_on_access(cow, page);
        return false;
    }
    *compression = (struct vm_compression){
        .cow = vm_cow_ref(cow),
        .page = page,
        .offset = offset,
        .temporary = begin(cow, page, offset, compressor),
    };
    return true;
}

enum vm_compression_end vm_cow_end_compression(struct vm_compression *begun)
{
    struct vm_cow_pages *cow = begun->cow;
    struct vm_machine *machine = cow->machine;
    struct compressor *compressor = machine->compressor;
    uint64_t reference = 0;
    enum compress_result result = compressor_compress(
        compressor, cow->compressibility, machine->now, &reference);

    struct page_slot *slot = page_list_lookup(&cow->list, begun->offset);
    enum vm_compression_end end = COMPRESSION_CAUGHT;
    if (slot && slot_is_reference(*slot) &&
        slot_reference(*slot) == begun->temporary) {
        end = finish(cow, slot, begun->page, begun->offset, result, reference)
                  ? COMPRESSION_DONE
                  : COMPRESSION_FAILED;
        (void)compressor_finalize(compressor);
    } else {
        if (result == COMPRESS_OK)
            compressor_free_reference(compressor, reference);
        (void)compressor_finalize(compressor);
        cow_free_page(cow, begun->page, true);
    }
    begun->cow = NULL;
    vm_cow_unref(cow);
    return end;
}

/* --- the way back ------------------------------------------------------------------ */

/* The slot's reference becomes `page`, which is initialised. */
static void decompress_slot(struct vm_cow_pages *cow, struct page_slot *slot,
                            page_index page)
{
    struct vm_machine *machine = cow->machine;
    struct compressor *compressor = machine->compressor;
    cow_init_page(cow, page);
    uint64_t reference =
        slot_swap_reference_for_page(slot, cow_pages_of(cow), page);
    if (compressor_is_temporary(compressor, reference)) {
        machine->stats.caught_pages++;
    } else {
        machine->stats.decompressed_distance +=
            (uint32_t)vm_machine_reclaimed(machine) -
            compressor_stamp(compressor, reference);
        machine->stats.decompressed_pages++;
    }
    compressor_decompress(compressor, reference, page, machine->now);
}

enum vm_status cow_make_page_from_reference(struct vm_cow_pages *cow,
                                            struct page_slot *slot,
                                            struct page_request *request)
{
    page_index page;
    enum vm_status status = cow_alloc_page(cow, NULL, request, &page);
    if (status != VM_OK)
        return status;
    decompress_slot(cow, slot, page);
    return VM_OK;
}

enum vm_status cow_replace_reference_with_page(struct vm_cow_pages *cow,
                                               struct page_slot *slot,
                                               uint64_t offset,
                                               struct page_request *request)
{
    enum vm_status status = cow_make_page_from_reference(cow, slot, request);
    if (status != VM_OK)
        return status;
    cow_count_references(cow, -1);
    cow_count_pages(cow, 1);
    cow_bump_generation(cow);
    cow_set_not_pinned(cow, slot_page(*slot), offset);
    return VM_OK;
}

void cow_resolve_temporary(struct vm_cow_pages *cow, struct page_slot *slot)
{
    struct compressor *compressor = cow->machine->compressor;
    uint64_t reference = slot_reference(*slot);
    if (!compressor_is_temporary(compressor, reference))
        return;
    page_index page = compressor_take_temporary(compressor, reference);
    cow_init_page(cow, page);
    (void)slot_swap_reference_for_page(slot, cow_pages_of(cow), page);
    cow_count_references(cow, -1);
    cow_count_pages(cow, 1);
}

enum vm_status vm_cow_decompress_in_range(struct vm_cow_pages *cow,
                                          uint64_t offset, uint64_t length,
                                          struct page_request *request)
{
    if (length == 0)
        return VM_OK;
    uint64_t end = page_round_up(offset + length);
    uint64_t at;
    struct page_slot *slot;
    for (uint64_t from = page_round_down(offset);
         (slot = page_list_next(&cow->list, from, end, &at));
         from = at + VM_PAGE_SIZE) {
        if (!slot_is_reference(*slot))
            continue;
        enum vm_status status =
            cow_replace_reference_with_page(cow, slot, at, request);
        if (status != VM_OK)
            return status;
    }
    return VM_OK;
}
