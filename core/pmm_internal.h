/* What pmm.c and pmm_loan.c share. */
#ifndef VMCOW_PMM_INTERNAL_H
#define VMCOW_PMM_INTERNAL_H

#include "pmm.h"

/* Take a page off the middle of a list. */
void pmm_unlink(struct pmm *pmm, struct page_chain *list, page_index page);

#endif
