/*
 * Names: which open VMO, mapping or process a scenario means.
 *
 * VMOs and mappings come and go by the thousand, so they are hashed; the
 * order of the tables is never looked at. Processes are few and never go.
 */
#define HASH_NONFATAL_OOM 1

#include "world/world.h"

#include <string.h>

/* What uthash calls when the host has no memory for its table. */
#undef uthash_nonfatal_oom
#define uthash_nonfatal_oom(element) (is_added = false)

bool world_vmo_name(struct world *world, struct world_vmo *vmo)
{
    bool is_added = true;

    HASH_ADD_KEYPTR(by_name, world->vmo_names, vmo->name, strlen(vmo->name),
                    vmo);
    return is_added;
}

void world_vmo_unname(struct world *world, struct world_vmo *vmo)
{
    HASH_DELETE(by_name, world->vmo_names, vmo);
}

bool world_mapping_name(struct world *world, struct world_mapping *mapping)
{
    bool is_added = true;

    HASH_ADD_KEYPTR(by_name, world->mapping_names, mapping->name,
                    strlen(mapping->name), mapping);
    return is_added;
}

void world_mapping_unname(struct world *world, struct world_mapping *mapping)
{
    HASH_DELETE(by_name, world->mapping_names, mapping);
}

struct world_vmo *world_vmo_find(const struct world *world, const char *name)
{
    struct world_vmo *vmo;

    HASH_FIND(by_name, world->vmo_names, name, strlen(name), vmo);
    return vmo;
}

struct world_mapping *world_mapping_find(const struct world *world,
                                         const char *name)
{
    struct world_mapping *mapping;

    HASH_FIND(by_name, world->mapping_names, name, strlen(name), mapping);
    return mapping;
}

struct world_process *world_process_find(const struct world *world,
                                         const char *name)
{
    for (uint32_t i = 0; i < world->process_count; i++)
        if (strcmp(world->processes[i].name, name) == 0)
            return &world->processes[i];
    return NULL;
}
