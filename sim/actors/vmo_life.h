/*
 * VMOs under names: making, closing, resizing, filling; the end of a process.
 *
 *   create --> [open] --close, or its process is killed--> gone: workloads that
 *   use it and operations that wait on it have ended, its pager lets go of it
 *
 * It takes pagers and workloads to do this, so it is at home among them.
 */
#ifndef LOWTIDE_VMO_LIFE_H
#define LOWTIDE_VMO_LIFE_H

#include "scenario/scenario.h"
#include "world/world.h"

struct world_create_args {
    const char *name;    /* borrowed for the call; copied */
    const char *process; /* NULL: `script` */
    const char *pager;   /* VMO_PAGER; NULL: `manual` */
    enum vmo_kind kind;  /* one of the first four */
    uint64_t size_pages;
    bool is_resizable;
    bool traps_dirty;
    bool cannot_decommit_zero;
    double compressibility; /* below 0: the default, 0.4 */
};

/*
 * VM_OK and the VMO, which is recorded; VM_ALREADY_EXISTS while the name is
 * open; VM_BAD_STATE when its process was killed; what the core says.
 */
enum vm_status world_vmo_create(struct world *world,
                                const struct world_create_args *args,
                                struct world_vmo **out);
/* `process` NULL: the script's, as slices and references are. `length_pages` may
 * reach past the parent's end. */
enum vm_status world_vmo_clone(struct world *world, struct world_vmo *parent,
                               const char *name, enum vm_clone_type type,
                               uint64_t page, uint64_t length_pages,
                               bool is_resizable, const char *process,
                               struct world_vmo **out);
enum vm_status world_vmo_slice(struct world *world, struct world_vmo *parent,
                               const char *name, uint64_t page,
                               uint64_t length_pages, struct world_vmo **out);
enum vm_status world_vmo_reference(struct world *world,
                                   struct world_vmo *parent, const char *name,
                                   struct world_vmo **out);

/* Operations waiting on it end with BAD_STATE, its mappings go, workloads that
 * use it end, the name is free again. */
void world_vmo_close(struct world *world, struct world_vmo *vmo);

/* Close all that the process owns and end its workloads. VM_BAD_STATE: it was
 * killed before. An OOM kill is counted by its caller. */
enum vm_status world_process_kill(struct world *world,
                                  struct world_process *process);

/* VM_OK, or what the core says. The user mapping follows. */
enum vm_status world_vmo_resize(struct world *world, struct world_vmo *vmo,
                                uint64_t size_pages);

/* Commit pages with content never used before. VM_NO_MEMORY when the machine
 * is too small; VM_OUT_OF_RANGE. */
enum vm_status world_prefill(struct world *world, struct world_vmo *vmo,
                             const struct page_range *pages);

#endif
