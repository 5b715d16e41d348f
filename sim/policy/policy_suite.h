/*
 * The conformance suite: what any policy must keep to, tried out by random
 * operations on an instance of it. Built-in policies pass it in the unit
 * tests, plug-ins are put through it by `lowtide policies --test`.
 *
 *   a victim is a known page, the same when asked again, and asking changes
 *   nothing that can be seen; a refused page is not offered next while there
 *   is another; lists() and place() agree and add up to the known pages; page
 *   memory stays within its bounds and is looked up anew after it has moved;
 *   nothing is allocated outside init and resize; every page comes out in the
 *   end; valid() finds nothing.
 */
#ifndef LOWTIDE_POLICY_SUITE_H
#define LOWTIDE_POLICY_SUITE_H

#include "reclaim_policy.h"

/*
 * Try a policy out.
 *
 *   values  of its parameters; NULL: the defaults
 *   seed    of the operations; the same seed does the same again
 *   steps   operations to make, before all pages are drained
 *
 * Returns NULL, or a message in `buffer`: the broken rule, seed and step.
 */
const char *policy_suite_run(const struct reclaim_policy_ops *ops,
                             const union reclaim_value *values, uint64_t seed,
                             uint64_t steps, char *buffer, size_t buffer_bytes);

#endif
