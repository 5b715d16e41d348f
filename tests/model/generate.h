/*
 * Random steps. What is drawn depends on the seed and on what there is at the
 * moment, so that most steps do something: objects of the right kind, ranges
 * that are pinned for `unpin`, answers to what somebody waits for.
 */
#ifndef MODEL_GENERATE_H
#define MODEL_GENERATE_H

#include "trial.h"

enum theme {
    THEME_ANY,
    THEME_SNAPSHOTS,
    THEME_PAGERS,
    THEME_LOANS,
    THEME_COUNT
};

struct generator {
    uint64_t random;
    uint64_t next_content;
    bool is_tight;  /* memory is short: time may not pass, or reclaim runs */
    bool has_trees; /* few families, and large ones */
    bool is_late;   /* some answers resume nobody until a later step */
    enum theme theme;
};

struct generator generator_new(uint64_t seed);
/* What else the seed decides. */
struct trial_config generator_config(uint64_t seed, bool sabotage);
struct step generator_next(struct generator *generator, struct trial *trial);

#endif
