/*
 * Assertions in three tiers: static_assert, CHECK (constant time, on in
 * release builds), SLOW_CHECK (walks structures; only with VMCOW_SLOW_CHECKS).
 *
 * A failed check is a bug of ours. It calls the failure handler, which aborts
 * unless a program has installed its own; the handler must not return.
 */
#ifndef VMCOW_CHECK_H
#define VMCOW_CHECK_H

#include <stdbool.h>

/*
 * What to do when a check fails.
 *
 *   file, line  of the check, borrowed
 *   rule        the condition that does not hold, as text, borrowed
 */
typedef void (*vmcow_fail_fn)(const char *file, int line, const char *rule);

/* Install a failure handler for this thread; NULL restores the default. */
void vmcow_on_fail(vmcow_fail_fn handler);

/* Report a broken rule. Does not return. */
_Noreturn void vmcow_fail(const char *file, int line, const char *rule);

#define CHECK(condition)                                                       \
    ((condition) ? (void)0 : vmcow_fail(__FILE__, __LINE__, #condition))

#ifdef VMCOW_SLOW_CHECKS
#define SLOW_CHECK(condition) CHECK(condition)
#else
#define SLOW_CHECK(condition) ((void)sizeof(condition))
#endif

/* A rule given as text: CHECK_RULE(pq_valid(pqs)) fails unless it is NULL. */
#define CHECK_RULE(expression)                                                 \
    do {                                                                       \
        const char *broken_rule_ = (expression);                               \
        if (broken_rule_)                                                      \
            vmcow_fail(__FILE__, __LINE__, broken_rule_);                      \
    } while (0)

#endif
