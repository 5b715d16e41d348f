/*
 * Scripts that run a study on many machines: each element of a Slurm array,
 * and each job of GNU parallel, is one `lowtide sweep --shard I/N`.
 *
 *     shard 1 ---> DB.shard-1-of-N.db ---+
 *     shard 2 ---> DB.shard-2-of-N.db ---+--> merge --> DB
 *     ...                                |
 *     DB, if it is there ----------------+
 */
#ifndef LOWTIDE_STUDY_SWEEP_SCRIPT_H
#define LOWTIDE_STUDY_SWEEP_SCRIPT_H

#include <stdio.h>

#include "study/sweep.h"

struct sweep_script {
    const struct sweep *sweep; /* planned */
    const char *program;       /* lowtide's path */
    const char *database;
    unsigned shards;
    unsigned parallel; /* runs at a time: of an element, or in all */
};

/* A shell script that submits a job array, and a job that collects. */
void sweep_write_slurm(FILE *out, const struct sweep_script *script);

/* A shell script that calls GNU parallel and collects. */
void sweep_write_parallel(FILE *out, const struct sweep_script *script);

#endif
