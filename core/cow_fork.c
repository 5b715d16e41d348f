/*
 * Forking: a page that a hidden ancestor holds becomes the writer's own.
 *
 *      [H1 x]            Going down from the owner to the writer, at each
 *      /    \            hidden node: if only our side can still reach the
 *   [B]     [H2]         page it simply moves one level down (migration),
 *           /  \         else a copy goes down and the page is marked as
 *        [C]   [A]       forked on our side (its split bit).
 *
 * A page's split bit says that the subtree on that side has its own content
 * wherever it could see the page. Never both: instead of setting the second
 * bit the page moves or is freed, so that copies never take more memory than
 * separate objects would. The walk goes from the top down so that the tree is
 * valid after every step; running out of memory midway loses nothing.
 */
#include "cow_internal.h"

static bool is_in_window(const struct vm_cow_pages *child, uint64_t offset)
{
    return offset >= child->parent_offset + child->parent_start_limit &&
           offset < child->parent_offset + child->parent_limit;
}

static bool cow_is_uni_accessible(const struct vm_cow_pages *hidden,
                                  struct page_slot slot, uint64_t offset)
{
    CHECK(slot_is_page_or_reference(slot));
    const struct vm_page *pages = cow_pages_of(hidden);
    return slot_left_split(slot, pages) || slot_right_split(slot, pages) ||
           !is_in_window(cow_left(hidden), offset) ||
           !is_in_window(cow_right(hidden), offset);
}

/* Note on each ancestor up to `owner` which way leads down to `cow`. */
static void mark_path(struct vm_cow_pages *cow,
                      const struct vm_cow_pages *owner)
{
    for (struct vm_cow_pages *node = cow; node != owner; node = node->parent) {
        CHECK(node->parent && cow_is_hidden(node->parent));
        node->parent->path_goes_right = !cow_is_left(node);
    }
}

static struct vm_cow_pages *next_on_path(const struct vm_cow_pages *hidden)
{
    return hidden->path_goes_right ? cow_right(hidden) : cow_left(hidden);
}

/* The page at `offset` is only reachable through one child: take it out. */
static void take_for_migration(struct vm_cow_pages *hidden, page_index page,
                               uint64_t offset)
{
    struct vm_page *descriptor = cow_page(hidden, page);
    descriptor->left_split = false;
    descriptor->right_split = false;
    (void)page_list_remove(&hidden->list, offset);
    cow_detach_page(hidden, page, RECLAIM_REMOVED_FREED);
}

/* Put a page that came down the path into `cow`, where a slot is reserved. */
static void place(struct vm_cow_pages *cow, page_index page, uint64_t offset)
{
    struct page_slot content = slot_of_page(page);
    struct page_slot released;
    enum vm_status status = cow_add_content(cow, &content, offset,
                                            OVERWRITE_ZERO, &released, false);
    CHECK(status == VM_OK);
    CHECK(slot_is_empty(released) || slot_is_marker(released));
}

/*
 * Memory ran out on the way down. If a copy has been made it is in `node`, and
 * all below it read that one from now on: what they have mapped instead may
 * become somebody else's to write to.
 */
static enum vm_status stop_midway(struct vm_cow_pages *node, uint64_t offset,
                                  bool was_copied, enum vm_status status)
{
    if (was_copied)
        vm_cow_range_change_update(node, offset, VM_PAGE_SIZE, RANGE_UNMAP);
    return status;
}

enum vm_status cow_clone_cow_page(struct vm_cow_pages *cow, uint64_t offset,
                                  struct page_chain *alloc_list,
                                  struct vm_cow_pages *owner, page_index page,
                                  uint64_t owner_offset,
                                  struct page_request *request, page_index *out)
{
    CHECK(page != PAGE_NONE);
    CHECK(cow_is_hidden(owner));
    mark_path(cow, owner);
    uint64_t content = cow_page(cow, page)->content;
    page_index target = page;
    bool was_copied = false;
    struct vm_cow_pages *node = owner;
    uint64_t node_offset = owner_offset;
    do {
        struct vm_cow_pages *above = node;
        uint64_t above_offset = node_offset;
        node = next_on_path(above);
        node_offset -= node->parent_offset;
        /* Reserve the slot, which is empty, before anything changes above. */
        if (!page_list_lookup_or_allocate(&node->list, node_offset,
                                          SLOT_NO_INTERVALS, NULL))
            return stop_midway(above, above_offset, was_copied, VM_NO_MEMORY);
        if (cow_is_uni_accessible(above, slot_of_page(target), above_offset)) {
            take_for_migration(above, target, above_offset);
            cow_init_page(node, target);
            cow_page(node, target)->content = content;
            cow->machine->stats.migrated_pages++;
        } else {
            page_index copy;
            enum vm_status status =
                cow_alloc_copy(cow, content, alloc_list, request, &copy);
            if (status != VM_OK) {
                page_list_return_empty_slot(&node->list, node_offset);
                return stop_midway(above, above_offset, was_copied, status);
            }
            struct vm_page *descriptor = cow_page(cow, target);
            if (above->path_goes_right)
                descriptor->right_split = true;
            else
                descriptor->left_split = true;
            target = copy;
            cow_init_page(node, target);
            was_copied = true;
        }
        place(node, target, node_offset);
        if (!was_copied)
            continue;
        if (node == cow) {
            vm_cow_range_change_update(cow, offset, VM_PAGE_SIZE, RANGE_UNMAP);
        } else {
            /* The other side now reads the copy. */
            struct vm_cow_pages *other =
                node->path_goes_right ? cow_left(node) : cow_right(node);
            if (node_offset >= other->parent_offset &&
                node_offset - other->parent_offset < other->size)
                vm_cow_range_change_update(other,
                                           node_offset - other->parent_offset,
                                           VM_PAGE_SIZE, RANGE_UNMAP);
        }
    } while (node != cow);
    *out = target;
    return VM_OK;
}

enum vm_status
cow_clone_cow_page_as_zero(struct vm_cow_pages *cow, uint64_t offset,
                           struct page_chain *freed, struct vm_cow_pages *owner,
                           page_index page, uint64_t owner_offset,
                           struct page_request *request)
{
    struct vm_cow_pages *parent = cow->parent;
    CHECK(parent && cow_is_hidden(parent));
    uint64_t parent_offset = offset + cow->parent_offset;
    if (owner != parent) {
        enum vm_status status =
            cow_clone_cow_page(parent, parent_offset, NULL, owner, page,
                               owner_offset, request, &page);
        if (status != VM_OK)
            return status;
    }
    if (!page_list_lookup_or_allocate(&cow->list, offset, SLOT_NO_INTERVALS,
                                      NULL))
        return VM_NO_MEMORY;
    if (cow_is_uni_accessible(parent, slot_of_page(page), parent_offset)) {
        take_for_migration(parent, page, parent_offset);
        page_chain_push_tail(freed, cow_pages_of(cow), page);
    } else if (cow_is_left(cow)) {
        cow_page(cow, page)->left_split = true;
    } else {
        cow_page(cow, page)->right_split = true;
    }
    struct page_slot marker = SLOT_ZERO_MARKER;
    struct page_slot released;
    enum vm_status status =
        cow_add_content(cow, &marker, offset, OVERWRITE_ZERO, &released, false);
    CHECK(status == VM_OK);
    return VM_OK;
}
