/*
 * The check of structure: does the tree hold what the key tables allow?
 *
 * Keys, kinds of node, required keys, scopes, words, and that an event has
 * one operation; values are the decoder's. What passes gets its meaning noted
 * in the tree; what does not is reported and left without one.
 */
#ifndef LOWTIDE_SCENARIO_CHECK_H
#define LOWTIDE_SCENARIO_CHECK_H

#include "scenario/report.h"
#include "scenario/yaml_tree.h"

/* Returns false when the tree as a whole is no mapping: nothing can be
 * decoded then. Anything else is left to reporter->found. */
bool check_tree(struct yaml_tree *tree, struct reporter *reporter);

#endif
