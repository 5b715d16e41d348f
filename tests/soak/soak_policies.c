/*
 * Every built-in policy through the conformance suite (sim/policy/
 * policy_suite.h), ten million operations each, in runs of a length that also
 * tries out the beginning and the end of a policy's life often.
 */
#include "soak.h"

#include "policy/policies.h"
#include "policy/policy_suite.h"

enum { FULL_OPS = 10000000, OPS_A_RUN = 20000 };

/* Returns whether the policy passes. */
static bool soak(const struct reclaim_policy_ops *ops,
                 const struct soak_options *options)
{
    char message[512];
    uint64_t seed = options->seed;

    for (uint64_t done = 0; done < options->ops; done += OPS_A_RUN, seed++)
        if (policy_suite_run(ops, NULL, seed, OPS_A_RUN, message,
                             sizeof message)) {
            printf("soak_policies: %s\n", message);
            return false;
        }
    return true;
}

int main(int argc, char **argv)
{
    struct soak_options options =
        soak_start(argc, argv, "soak_policies", FULL_OPS);
    int failed = 0;

    for (int i = 0; built_in_policies[i]; i++)
        failed += !soak(built_in_policies[i], &options);
    if (!failed)
        printf("soak_policies: all well\n");
    return failed != 0;
}
