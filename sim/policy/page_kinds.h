/*
 * Linux's two kinds of page, which its policies keep apart since they cost
 * differently to bring back: anonymous ones are read from swap, file pages from
 * where they belong. Pages of discardable objects count as file pages: they need
 * no swap. How much either is spared is the parameter `swappiness`.
 */
#ifndef LOWTIDE_PAGE_KINDS_H
#define LOWTIDE_PAGE_KINDS_H

#include "reclaim_policy.h"

enum page_kind { ANON, FILE_BACKED, KINDS };

static inline enum page_kind page_kind_of(enum reclaim_class class_)
{
    return class_ == RECLAIM_ANONYMOUS ? ANON : FILE_BACKED;
}

static inline enum page_kind page_kind_other(enum page_kind kind)
{
    return kind == ANON ? FILE_BACKED : ANON;
}

/* The weight of anonymous pages is `swappiness`, that of file pages what is
 * missing to MAX_SWAPPINESS. */
enum { PARAM_SWAPPINESS };
enum { MAX_SWAPPINESS = 200 };

/* A table of parameters with this one alone. */
extern const struct reclaim_param swappiness_params[];

#endif
