/*
 * Changes from the command line, made in the tree before it is checked.
 *
 *     reclaim.compression.enabled=true    maps are made as needed
 *     workloads.feed.threads=4            an entry by its `name` or `vmo`
 *     events.3.create.size=8p             or by its number, from 0
 *
 * What is changed has the override's place, so that the check and the decoder
 * report what is wrong with it as "--set KEY=VALUE: ...".
 */
#ifndef LOWTIDE_SCENARIO_OVERRIDE_H
#define LOWTIDE_SCENARIO_OVERRIDE_H

#include "scenario/report.h"
#include "scenario/scenario.h"
#include "scenario/yaml_tree.h"

/* The override as typed: "--set seed=4"; NULL when memory ran out. */
const char *override_text(struct arena *arena,
                          const struct scenario_override *override);
/*
 * Apply override number `index`. What makes no sense is reported; returns
 * false when memory ran out.
 */
bool override_apply(struct yaml_tree *tree, size_t index,
                    const struct scenario_override *override,
                    struct reporter *reporter);

#endif
