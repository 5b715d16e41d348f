/* What pmm.c and pmm_loan.c share. */
#ifndef VMCOW_PMM_INTERNAL_H
#define VMCOW_PMM_INTERNAL_H

#include "pmm.h"

/* Change the free count and, where a bound is reached, the memory state. */
void pmm_free_decreased(struct pmm *pmm, uint64_t pages);
void pmm_free_increased(struct pmm *pmm, uint64_t pages);

/* Take a page off the middle of a list. */
void pmm_unlink(struct pmm *pmm, struct page_chain *list, page_index page);

#endif
