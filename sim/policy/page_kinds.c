/* The parameter of policies with two kinds of page: see page_kinds.h. */
#include "page_kinds.h"

const struct reclaim_param swappiness_params[] = {
    [PARAM_SWAPPINESS] = {.name = "swappiness",
                          .kind = RECLAIM_PARAM_UINT,
                          .default_text = "60",
                          .maximum = MAX_SWAPPINESS,
                          .help = "weight of anonymous pages, 100: as file "
                                  "pages; 0: only when there are no others"},
    {.name = NULL},
};
