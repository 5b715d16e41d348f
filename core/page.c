#include "page.h"

#include <stddef.h>

void page_chain_push_head(struct page_chain *chain, struct vm_page *pages,
                          page_index page)
{
    pages[page].prev = PAGE_NONE;
    pages[page].next = chain->head;
    if (chain->head)
        pages[chain->head].prev = page;
    else
        chain->tail = page;
    chain->head = page;
    chain->count++;
}

void page_chain_push_tail(struct page_chain *chain, struct vm_page *pages,
                          page_index page)
{
    pages[page].next = PAGE_NONE;
    pages[page].prev = chain->tail;
    if (chain->tail)
        pages[chain->tail].next = page;
    else
        chain->head = page;
    chain->tail = page;
    chain->count++;
}

page_index page_chain_pop_head(struct page_chain *chain, struct vm_page *pages)
{
    page_index page = chain->head;
    if (!page)
        return PAGE_NONE;
    chain->head = pages[page].next;
    if (chain->head)
        pages[chain->head].prev = PAGE_NONE;
    else
        chain->tail = PAGE_NONE;
    pages[page].next = PAGE_NONE;
    chain->count--;
    return page;
}
