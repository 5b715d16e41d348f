/*
 * Mappings: what user threads and `map` see of a VMO.
 *
 *   VMO        0 ......................... size
 *   user       0 ......................... size     made on first use, grows
 *   named           [page .. page + length)         any number of them
 *
 * Every one of them is scanned for accessed bits, in the order in which they
 * were made.
 */
#include "world/world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

static struct world_mapping *
mapping_new(struct world *world, struct world_vmo *vmo, const char *name)
{
    struct world_mapping *mapping = calloc(1, sizeof *mapping);

    if (!mapping)
        return NULL;
    mapping->vmo = vmo;
    if (!name)
        return mapping;
    mapping->name = strdup(name);
    if (mapping->name && world_mapping_name(world, mapping))
        return mapping;
    free(mapping->name);
    free(mapping);
    return NULL;
}

static void mapping_free(struct world *world, struct world_mapping *mapping)
{
    if (mapping->name)
        world_mapping_unname(world, mapping);
    free(mapping->name);
    free(mapping);
}

/* A mapping in the core and in the world's lists. */
static enum vm_status add(struct world *world, struct world_vmo *vmo,
                          const char *name, uint64_t page,
                          uint64_t length_pages, bool is_writable,
                          bool is_high_priority, struct world_mapping **out)
{
    struct world_mapping *mapping = mapping_new(world, vmo, name);

    if (!mapping)
        return VM_NO_MEMORY;
    enum vm_status status =
        vmo_map(vmo->vmo, pages_to_bytes(page), length_pages, is_writable,
                is_high_priority, &mapping->mapping);
    if (status != VM_OK) {
        mapping_free(world, mapping);
        return status;
    }
    mapping->mapping->user = mapping;
    TAILQ_INSERT_TAIL(&vmo->mappings, mapping, by_vmo);
    TAILQ_INSERT_TAIL(&world->mappings, mapping, by_world);
    *out = mapping;
    return VM_OK;
}

enum vm_status world_map(struct world *world, struct world_vmo *vmo,
                         const char *name, uint64_t page, uint64_t length_pages,
                         bool is_writable, bool is_high_priority)
{
    struct world_mapping *mapping;

    if (world_mapping_find(world, name))
        return VM_ALREADY_EXISTS;
    return add(world, vmo, name, page, length_pages, is_writable,
               is_high_priority, &mapping);
}

void world_unmap(struct world *world, struct world_mapping *mapping)
{
    struct world_vmo *vmo = mapping->vmo;

    if (vmo->user_mapping == mapping->mapping)
        vmo->user_mapping = NULL;
    TAILQ_REMOVE(&vmo->mappings, mapping, by_vmo);
    TAILQ_REMOVE(&world->mappings, mapping, by_world);
    vmo_unmap(vmo->vmo, mapping->mapping);
    mapping_free(world, mapping);
}

void world_unmap_all(struct world *world, struct world_vmo *vmo)
{
    struct world_mapping *mapping;

    /* Each leaves the list when unmapped, which the analyser does not follow.
     * NOLINTBEGIN(clang-analyzer-unix.Malloc) */
    while ((mapping = TAILQ_FIRST(&vmo->mappings)))
        world_unmap(world, mapping);
    /* NOLINTEND(clang-analyzer-unix.Malloc) */
}

/* The user's mapping. ----------------------------------------------------- */

uint64_t world_vmo_pages(const struct world_vmo *vmo)
{
    return bytes_to_pages(vmo_size(vmo->vmo));
}

/* It grows in place: faults that wait hold on to it. */
bool world_user_mapping_grow(struct world_vmo *vmo)
{
    struct vm_mapping *mapping = vmo->user_mapping;
    uint64_t pages = world_vmo_pages(vmo);

    if (!mapping || pages <= mapping->page_count)
        return true;
    mapping_entry *entries = calloc(pages, sizeof *entries);
    if (!entries)
        return false;
    memcpy(entries, mapping->entries, mapping->page_count * sizeof *entries);
    free(mapping->entries);
    mapping->entries = entries;
    mapping->page_count = pages;
    return true;
}

struct vm_mapping *world_user_mapping(struct world *world,
                                      struct world_vmo *vmo)
{
    struct world_mapping *mapping;

    if (vmo->user_mapping)
        return world_user_mapping_grow(vmo) ? vmo->user_mapping : NULL;
    if (add(world, vmo, NULL, 0, world_vmo_pages(vmo), true, false, &mapping) !=
        VM_OK)
        return NULL;
    vmo->user_mapping = mapping->mapping;
    return vmo->user_mapping;
}

bool world_access(struct world *world, struct vm_mapping *mapping,
                  uint64_t page, bool is_write, uint64_t value)
{
    CHECK(page < mapping->page_count);
    world->counters.accesses++;
    if (!mapping_access(mapping, page, is_write))
        return false;
    page_index target = mapping_page(mapping, page);
    if (is_write)
        vm_page_of(&world->machine, target)->content = value;
    if (world->is_direct_tracking && target != PAGE_NONE)
        pq_mark_accessed(&world->machine.pqs, target, RECLAIM_ACCESSED_DIRECT);
    return true;
}
