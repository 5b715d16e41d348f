#include "machine.h"

#include <stdlib.h>

#include "check.h"
#include "cow_pages.h"

static uint64_t owner_serial(const void *context, uint32_t owner)
{
    const struct vm_machine *machine = context;

    return vm_cow_serial(machine->cows[owner]);
}

enum vm_status vm_machine_init(struct vm_machine *machine,
                               const struct vm_machine_config *config)
{
    *machine = (struct vm_machine){.narrow_range_changes = true};
    enum vm_status status = pmm_init(&machine->pmm, config->memory_pages);
    if (status != VM_OK)
        return status;
    status = pq_init(&machine->pqs, &machine->pmm, config->policy,
                     config->policy_values, config->seed);
    if (status != VM_OK)
        goto no_queues;
    machine->pqs.owner_serial = owner_serial;
    machine->pqs.owner_context = machine;
    if (config->compression) {
        struct compressor_config compressor = config->compressor;

        compressor.ages =
            (enum compression_ages)machine->pqs.host.manner.decompression_ages;
        machine->compressor = compressor_new(&machine->pmm, &compressor);
        if (!machine->compressor) {
            status = VM_NO_MEMORY;
            goto no_compressor;
        }
    }
    page_request_board_init(&machine->board);
    discardable_lists_init(&machine->discardables);
    return VM_OK;

no_compressor:
    pq_release(&machine->pqs);
no_queues:
    pmm_release(&machine->pmm);
    return status;
}

void vm_machine_release(struct vm_machine *machine)
{
    CHECK(machine->cow_count == 0);
    if (machine->compressor)
        compressor_free(machine->compressor);
    pq_release(&machine->pqs);
    pmm_release(&machine->pmm);
    free(machine->cows);
    machine->cows = NULL;
}

enum vm_status vm_machine_change_policy(struct vm_machine *machine,
                                        const struct reclaim_policy_ops *ops,
                                        const union reclaim_value *values,
                                        uint64_t seed)
{
    enum vm_status status = pq_change_policy(&machine->pqs, ops, values, seed);
    if (status == VM_OK && machine->compressor)
        compressor_set_ages(
            machine->compressor,
            (enum compression_ages)machine->pqs.host.manner.decompression_ages);
    return status;
}

/* Page memory comes first: a pmm that has grown may hand out any of its pages. */
enum vm_status vm_machine_resize(struct vm_machine *machine,
                                 uint64_t memory_pages)
{
    struct pmm *pmm = &machine->pmm;
    uint64_t old_pages = pmm->total_pages;
    if (memory_pages > PAGE_INDEX_MAX)
        return VM_INVALID_ARGS;
    if (memory_pages > old_pages) {
        enum vm_status status = pq_reserve(
            &machine->pqs, pmm->capacity_pages + memory_pages - old_pages);
        if (status != VM_OK)
            return status;
    }
    enum vm_status status = pmm_resize(pmm, memory_pages);
    if (status != VM_OK)
        return status;
    status = pq_resize(&machine->pqs);
    if (status == VM_OK)
        return VM_OK;
    /* The policy has no room: what was added goes again, or comes back. */
    machine->pqs.host.memory_pages = old_pages;
    enum vm_status undone = pmm_resize(pmm, old_pages);
    CHECK(undone == VM_OK); /* descriptors for as many are there */
    return status;
}
