/* What is expected of one VMO, in a word or a number. */
#include "engine/expect.h"

#include <inttypes.h>

bool expect_exists(struct expect_look *look)
{
    return expect_word(look, look->item->value.truth ? "true" : "false",
                       look->vmo ? "true" : "false");
}

bool expect_size(struct expect_look *look)
{
    uint64_t actual = world_vmo_pages(look->vmo);
    fprintf(look->expected, "%" PRIu64 "p", look->item->value.count);
    fprintf(look->actual, "%" PRIu64 "p", actual);
    return look->item->value.count == actual;
}

bool expect_committed(struct expect_look *look)
{
    return expect_count(look,
                        vmo_attribution(look->vmo->vmo).uncompressed_pages);
}

bool expect_compressed(struct expect_look *look)
{
    return expect_count(look, vmo_attribution(look->vmo->vmo).compressed_pages);
}

bool expect_pinned(struct expect_look *look)
{
    return expect_count(look, vmo_pinned_pages(look->vmo->vmo));
}

bool expect_children(struct expect_look *look)
{
    return expect_count(look, look->vmo->vmo->child_count);
}

/* The name of an open VMO; `none` for NULL. */
static const char *name_of(const struct world *world, const struct vmo *vmo)
{
    const struct world_vmo *open;
    TAILQ_FOREACH (open, &world->vmos, by_world)
        if (open->vmo == vmo)
            return open->name;
    return "none";
}

bool expect_parent(struct expect_look *look)
{
    const char *expected = look->item->value.name;
    return expect_word(look, expected ? expected : "none",
                       name_of(look->world, look->vmo->vmo->parent));
}

bool expect_high_priority(struct expect_look *look)
{
    return expect_count(
        look, (uint64_t)vm_cow_high_priority_count(vmo_cow(look->vmo->vmo)));
}

bool expect_reclaim_events(struct expect_look *look)
{
    return expect_count(
        look, vm_cow_reclamation_event_count(vmo_cow(look->vmo->vmo)));
}

bool expect_depth(struct expect_look *look)
{
    return expect_count(look,
                        vm_cow_debug_lookup_depth(vmo_cow(look->vmo->vmo)));
}

bool expect_discardable(struct expect_look *look)
{
    static const enum expected_discardable words[] = {
        [DISCARDABLE_UNSET] = EXPECTED_DISCARDABLE_UNSET,
        [DISCARDABLE_UNRECLAIMABLE] = EXPECTED_DISCARDABLE_LOCKED,
        [DISCARDABLE_RECLAIMABLE] = EXPECTED_DISCARDABLE_UNLOCKED,
        [DISCARDABLE_DISCARDED] = EXPECTED_DISCARDABLE_DISCARDED,
    };
    return expect_word(
        look, expect_discardable_word(look->item->value.discardable),
        expect_discardable_word(words[vmo_discardable_state(look->vmo->vmo)]));
}

static void write_request(FILE *out, const char *before, bool is_dirty,
                          uint64_t start, uint64_t end)
{
    fprintf(out, "%s%s %" PRIu64 "..%" PRIu64, before,
            is_dirty ? "dirty" : "read", start, end);
}

bool expect_requests(struct expect_look *look)
{
    const struct expect_item *item = look->item;
    fputs("[", look->expected);
    for (size_t i = 0; i < item->length; i++)
        write_request(
            look->expected, i ? ", " : "", item->value.requests[i].is_dirty,
            item->value.requests[i].start, item->value.requests[i].end);
    fputs("]", look->expected);

    const struct page_source *source = vmo_root_source(look->vmo->vmo);
    const struct page_request *request = NULL;
    size_t count = 0;
    bool is_ok = true;
    fputs("[", look->actual);
    while (source &&
           (request = page_source_next_request(source, request)) != NULL) {
        bool is_dirty = request->type == PAGE_REQUEST_DIRTY;
        uint64_t start = bytes_to_pages(request->issued_offset);
        uint64_t end = start + bytes_to_pages(request->issued_length);
        write_request(look->actual, count ? ", " : "", is_dirty, start, end);
        const struct expected_request *want = &item->value.requests[count];
        is_ok = is_ok && count < item->length && want->is_dirty == is_dirty &&
                want->start == start && want->end == end;
        count++;
    }
    fputs("]", look->actual);
    return is_ok && count == item->length;
}

static enum vm_status keep_page(void *context, uint64_t offset, page_index page)
{
    (void)offset;
    *(page_index *)context = page;
    return VM_STOP;
}

/* The physical page that is read there; PAGE_NONE: none, or not known. */
static page_index page_at(const struct world_vmo *vmo, uint64_t page)
{
    page_index found = PAGE_NONE;
    if (page < world_vmo_pages(vmo))
        (void)vm_cow_lookup_readable(vmo_cow(vmo->vmo), pages_to_bytes(page),
                                     VM_PAGE_SIZE, keep_page, &found);
    return found;
}

/* There is no spelling for "another page", so the physical pages are named. */
bool expect_same_page_as(struct expect_look *look)
{
    const char *name = look->item->value.page.vmo;
    uint64_t page = look->item->value.page.page;
    fprintf(look->expected, "%s:%" PRIu64, name, page);
    const struct world_vmo *other = world_vmo_find(look->world, name);
    if (!other) {
        fputs("NOT_FOUND", look->actual);
        return false;
    }
    page_index there = page_at(other, page);
    page_index here = page_at(look->vmo, look->expect->pages.start);
    if (here == there && here != PAGE_NONE) {
        fprintf(look->actual, "%s:%" PRIu64, name, page);
        return true;
    }
    fprintf(look->expected, " (physical page %" PRIu32 ")", there);
    fprintf(look->actual, "physical page %" PRIu32, here);
    return false;
}
