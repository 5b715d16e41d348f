/*
 * Programs in a process of their own, so that whatever ends one (a difference,
 * a broken rule, a sanitizer, a signal) ends it alone. What a program did up
 * to then is left in memory that both share.
 */
#ifndef MODEL_RUN_H
#define MODEL_RUN_H

#include "pairs.h"

enum { MAX_STEPS = 4000, MESSAGE_BYTES = 320 };

struct report {
    uint32_t count; /* steps done, the last one maybe not to its end */
    struct step steps[MAX_STEPS];
    char message[MESSAGE_BYTES]; /* what was wrong */
    struct pairs pairs;          /* of all programs so far */
    uint64_t done; /* steps of all programs that were not skipped */
    uint64_t skipped;
    uint64_t waits;
};

struct program {
    struct trial_config config;
    const struct step *steps; /* borrowed; NULL: drawn from the seed */
    uint32_t count;           /* drawn steps that are skipped come on top */
    const char *yaml_path;    /* NULL: no scenario is written */
    bool is_quiet;            /* what the process prints is not shown */
};

/* Memory for both; NULL: there is none. */
struct report *report_new(void);
/* True: no difference. False: the report says what and where. */
bool program_run(const struct program *program, struct report *report);

#endif
