#include "study/one_run.h"

#include "record/recorder.h"

enum { BROKEN_RULE_STATUS = 4 };

static enum study_status status_of(const struct run_outcome *outcome)
{
    if (outcome->result == RUN_RESULT_INPUT)
        return STUDY_INPUT;
    if (outcome->result == RUN_RESULT_HOST)
        return STUDY_HOST;
    if (outcome->status == WORLD_INTERRUPTED)
        return STUDY_INTERRUPTED;
    return outcome->status == WORLD_FAILED ? STUDY_FAILED : STUDY_OK;
}

static enum study_status run_into(const struct one_run *run,
                                  const struct scenario *scenario,
                                  FILE *messages, struct run_summary *summary,
                                  bool *is_stopped, char *message,
                                  size_t message_bytes)
{
    struct run_options options = {
        .world = {.messages = messages,
                  .interrupted = run->interrupted,
                  .future = run->future},
        .argv = run->argv,
        .broken_rule_exit = BROKEN_RULE_STATUS,
        .study = run->study,
    };
    struct run_outcome outcome;
    char closing[512];
    struct recorder *recorder =
        recorder_open(run->database, message, message_bytes);
    if (!recorder)
        return STUDY_HOST;
    run_scenario(scenario, recorder, &options, summary, &outcome);
    snprintf(message, message_bytes, "%s", outcome.message);
    *is_stopped = outcome.status == WORLD_STOPPED;
    if (recorder_close(recorder, closing, sizeof closing))
        return status_of(&outcome);
    snprintf(message, message_bytes, "%s", closing);
    return STUDY_HOST;
}

enum study_status one_run(const struct one_run *run,
                          const struct scenario *scenario,
                          struct run_summary *summary, bool *is_stopped,
                          char *message, size_t message_bytes)
{
    FILE *messages = run->is_quiet ? fopen("/dev/null", "we") : NULL;
    enum study_status status = run_into(run, scenario, messages, summary,
                                        is_stopped, message, message_bytes);
    if (messages)
        fclose(messages);
    return status;
}
