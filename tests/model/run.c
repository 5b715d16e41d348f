#include "run.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "generate.h"
#include "yaml.h"

/* A broken rule's handler gets no argument: what the process works on. */
static struct {
    struct report *report;
    struct trial trial;
    struct yaml yaml;
    struct step step;
} here;

struct report *report_new(void)
{
    void *memory = mmap(NULL, sizeof(struct report), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

/* --- in the process of its own --------------------------------------------------- */

static void on_ended(void *context, uint32_t number, enum vm_status status)
{
    struct yaml *yaml = context;
    if (number >= sizeof yaml->ended / sizeof yaml->ended[0])
        return;
    yaml->ended[number] = status;
    yaml->has_ended[number] = true;
}

static void on_fail(const char *file, int line, const char *rule)
{
    if (line > 0)
        snprintf(here.report->message, MESSAGE_BYTES, "%s:%d: %s", file, line,
                 rule);
    else
        snprintf(here.report->message, MESSAGE_BYTES, "%s", rule);
    enum vm_status status = (enum vm_status)trial_wanted();
    if (trial_wanted() != NO_STATUS && here.trial.resumed > 0)
        on_ended(&here.yaml, here.trial.resumed - 1, status);
    else if (trial_wanted() != NO_STATUS)
        yaml_wanted(&here.yaml, &here.trial, &here.step, status);
    yaml_end(&here.yaml, &here.trial);
    _exit(EXIT_FAILURE);
}

static void do_step(struct pair_tracker *tracker)
{
    struct trial *trial = &here.trial;
    struct report *report = here.report;
    report->steps[report->count++] = here.step;
    yaml_step(&here.yaml, trial, &here.step);
    pairs_before(tracker, trial, &here.step);
    struct outcome outcome = trial_step(trial, &here.step);
    pairs_after(tracker, trial, &here.step, &outcome);
    yaml_outcome(&here.yaml, trial, &here.step, &outcome);
    trial_check(trial, &here.step);
    report->skipped += outcome.is_skipped;
    report->done += !outcome.is_skipped;
}

static _Noreturn void run_here(const struct program *program,
                               struct report *report)
{
    struct generator generator = generator_new(program->config.seed);
    struct pair_tracker tracker = {.pairs = &report->pairs};
    here.report = report;
    vmcow_on_fail(on_fail);
    if (program->yaml_path &&
        !yaml_begin(&here.yaml, program->yaml_path, &program->config)) {
        perror(program->yaml_path);
        _exit(EXIT_FAILURE);
    }
    trial_init(&here.trial, &program->config);
    here.trial.on_ended = on_ended;
    here.trial.ended_context = &here.yaml;
    uint64_t end = report->done + program->count;
    while (program->steps ? report->count < program->count
                          : report->done < end && report->count < MAX_STEPS) {
        here.step = program->steps ? program->steps[report->count]
                                   : generator_next(&generator, &here.trial);
        if (program->yaml_path && !program->steps)
            here.step.flags &= ~(uint32_t)STEP_LATE; /* can't be written */
        do_step(&tracker);
    }
    wait_settle(&here.trial);
    yaml_end(&here.yaml, &here.trial);
    trial_finish(&here.trial);
    report->waits += here.trial.waits;
    exit(EXIT_SUCCESS);
}

/* --- in the process of the test ----------------------------------------------------- */

static void be_quiet(void)
{
    int null = open("/dev/null", O_WRONLY);
    if (null < 0)
        return;
    (void)dup2(null, STDOUT_FILENO);
    (void)dup2(null, STDERR_FILENO);
    close(null);
}

bool program_run(const struct program *program, struct report *report)
{
    int status = 0;
    report->count = 0;
    report->message[0] = '\0';
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        if (program->is_quiet)
            be_quiet();
        run_here(program, report);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0) {
        perror("fork");
        exit(EXIT_FAILURE);
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS)
        return true;
    if (report->message[0] == '\0')
        snprintf(report->message, MESSAGE_BYTES, "%s %d",
                 WIFSIGNALED(status) ? "ended by signal" : "ended with status",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    return false;
}
