/*
 * Range changes: an object's pages have changed, so the mappings of it and of
 * every descendant that looks through must forget what they know.
 *
 * The walk goes over the tree with a work list threaded through the nodes. A
 * child gets the part of the range that falls into its window by whole size,
 * not by parent limit, as in the kernel. With `narrow_range_changes` it is
 * first narrowed to where the child has gaps of its own: where it has content
 * it never looked up. Both are equal in effect. Nothing is walked for nobody:
 * without mappings a thousand clones would still cost the next one a walk.
 */
#include "cow_internal.h"

void vm_cow_attach_mapping(struct vm_cow_owner *owner,
                           struct vm_mapping *mapping)
{
    LIST_INSERT_HEAD(&owner->mappings, mapping, by_owner);
    owner->cow->hierarchy->mapping_count++;
}

void vm_cow_detach_mapping(struct vm_cow_owner *owner,
                           struct vm_mapping *mapping)
{
    CHECK(owner->cow->hierarchy->mapping_count > 0);
    LIST_REMOVE(mapping, by_owner);
    owner->cow->hierarchy->mapping_count--;
}

static void deliver(const struct vm_cow_pages *cow, uint64_t offset,
                    uint64_t length, enum range_change change)
{
    const struct vm_cow_owner *owner;
    TAILQ_FOREACH (owner, &cow->owners, by_cow) {
        struct vm_mapping *mapping;
        LIST_FOREACH (mapping, &owner->mappings, by_owner)
            mapping_range_change(mapping, offset, length, change);
    }
}

/*
 * Narrow [*offset, *offset + *length) to [first gap, last gap) of the node's
 * own list. False: there is no gap in it.
 */
static bool narrow_to_gaps(const struct vm_cow_pages *cow, uint64_t *offset,
                           uint64_t *length)
{
    struct page_walk walk =
        page_walk_over(&cow->list, *offset, *offset + *length);
    struct page_walk_item item;
    bool found = false;
    uint64_t start = 0;
    uint64_t end = 0;
    while (page_walk_next(&walk, &item)) {
        if (item.slot)
            continue;
        if (!found)
            start = item.start;
        found = true;
        end = item.end;
    }
    *offset = start;
    *length = end - start;
    return found;
}

/* The part of the parent's range that the child's window covers. */
static bool project(const struct vm_cow_pages *parent,
                    struct vm_cow_pages *child)
{
    uint64_t start = u64_max(parent->scratch_offset, child->parent_offset);
    uint64_t end = u64_min(parent->scratch_offset + parent->scratch_length,
                           child->parent_offset + child->size);
    if (start >= end)
        return false;
    child->scratch_offset = start - child->parent_offset;
    child->scratch_length = end - start;
    return !child->machine->narrow_range_changes || cow_is_slice(child) ||
           narrow_to_gaps(child, &child->scratch_offset,
                          &child->scratch_length);
}

void vm_cow_range_change_update(struct vm_cow_pages *cow, uint64_t offset,
                                uint64_t length, enum range_change change)
{
    if (length == 0 || cow->hierarchy->mapping_count == 0)
        return;
    if (cow->child_count == 0) {
        deliver(cow, offset, u64_min(length, UINT64_MAX - offset), change);
        return;
    }
    cow->scratch_offset = offset;
    cow->scratch_length = u64_min(length, UINT64_MAX - offset);
    cow->scratch_next = NULL;
    for (struct vm_cow_pages *work = cow; work;) {
        struct vm_cow_pages *node = work;
        work = node->scratch_next;
        deliver(node, node->scratch_offset, node->scratch_length, change);
        struct vm_cow_pages *child;
        TAILQ_FOREACH (child, &node->children, by_parent) {
            if (!project(node, child))
                continue;
            child->scratch_next = work;
            work = child;
        }
    }
}
