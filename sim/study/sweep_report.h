/*
 * A study's runs for people and programs.
 */
#ifndef LOWTIDE_STUDY_SWEEP_REPORT_H
#define LOWTIDE_STUDY_SWEEP_REPORT_H

#include <stdio.h>

#include "study/sweep_store.h"

/* A line a run of the shard, and how many of them are complete. */
void sweep_print_list(FILE *out, const struct sweep *sweep,
                      const struct sweep_shard *shard);

/* What running came to, in a few lines. */
void sweep_print_summary(FILE *out, const struct sweep *sweep,
                         const struct sweep_shard *shard, const char *database);

/* One JSON array: an object a run of the shard. */
void sweep_print_json(FILE *out, const struct sweep *sweep,
                      const struct sweep_shard *shard);

#endif
