#include "cli/compare_figures.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "cli/common.h"
#include "plot/plot.h"

enum { RUN_ID_BYTES = 24, PATH_BYTES = 4096 };

static int complain(int status, const char *path, const char *what)
{
    return cli_complain(status, "--plot %s: %s", path, what);
}

static bool is_directory(const char *path)
{
    struct stat state;
    return stat(path, &state) == 0 && S_ISDIR(state.st_mode);
}

/* The directory that `path` is in. */
static void parent_of(const char *path, char parent[PATH_BYTES])
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    while (length > 0 && path[length - 1] != '/')
        length--;
    snprintf(parent, PATH_BYTES, "%.*s", (int)length, path);
    if (length == 0)
        snprintf(parent, PATH_BYTES, ".");
}

int compare_figures_check(const char *directory)
{
    struct stat state;
    char parent[PATH_BYTES];
    if (strlen(directory) == 0 || strlen(directory) > PATH_BYTES / 2)
        return complain(CLI_USAGE, directory, "a directory is wanted");
    if (stat(directory, &state) == 0)
        return S_ISDIR(state.st_mode)
                   ? CLI_OK
                   : complain(CLI_USAGE, directory, "is no directory");
    parent_of(directory, parent);
    return is_directory(parent)
               ? CLI_OK
               : complain(CLI_USAGE, directory, "can't be made there");
}

/* --- drawing -------------------------------------------------------------- */

/* Ids of the study's runs, as a plot wants them. */
struct run_ids {
    char (*texts)[RUN_ID_BYTES]; /* owned */
    const char **ids;            /* owned; into texts */
    size_t count;
};

static void run_ids_release(struct run_ids *runs)
{
    free(runs->texts);
    free(runs->ids);
}

static bool run_ids_init(struct run_ids *runs, const struct study *study)
{
    size_t metric;
    size_t count = study->repetition_count * study->point_count;
    *runs = (struct run_ids){
        .texts = calloc(count, sizeof *runs->texts),
        .ids = calloc(count, sizeof *runs->ids),
        .count = count,
    };
    if (!runs->texts || !runs->ids || !study_metric_find("run_id", &metric))
        return false;
    for (size_t n = 0; n < count; n++) {
        snprintf(runs->texts[n], RUN_ID_BYTES, "%" PRIu64,
                 (uint64_t)study->results[n].values[metric]);
        runs->ids[n] = runs->texts[n];
    }
    return true;
}

static bool has_metric(const struct comparison *comparison, size_t metric)
{
    struct compare_row row;
    for (size_t m = 0; m < comparison->memory_count; m++)
        for (size_t p = 0; p < comparison->policy_count; p++)
            if (compare_row(comparison, m, p, metric, &row))
                return true;
    return false;
}

static int draw(const struct comparison *comparison, const char *directory,
                const struct run_ids *runs, size_t metric, const char *suffix)
{
    static const int statuses[] = {
        [PLOT_OK] = CLI_OK,
        [PLOT_BAD_INPUT] = CLI_USAGE,
        [PLOT_HOST] = CLI_HOST,
        [PLOT_INTERRUPTED] = CLI_INTERRUPTED,
    };
    const struct study *study = comparison->study;
    const char *recorded = study_metric_recorded(metric);
    char path[PATH_BYTES], message[PLOT_MESSAGE_BYTES] = "";
    snprintf(path, sizeof path, "%s/%s.%s", directory,
             study_metric_name(metric), suffix);
    struct plot_request request = {
        .database = study->database,
        .runs = runs->ids,
        .run_count = runs->count,
        .kind = "compare",
        .output = path,
        .metrics = &recorded,
        .metric_count = 1,
        .baseline = study->points[comparison->baseline].policy_name,
    };
    enum plot_status status = plot_draw(&request, NULL, message);
    return status == PLOT_OK ? CLI_OK
                             : complain(statuses[status], path, message);
}

int compare_figures_draw(const struct comparison *comparison,
                         const char *directory, size_t *drawn)
{
    struct run_ids runs;
    int status = CLI_OK;
    *drawn = 0;
    if (comparison->study->repetition_count == 0)
        return CLI_OK;
    if (mkdir(directory, 0777) != 0 && errno != EEXIST)
        return complain(CLI_HOST, directory, strerror(errno));
    if (!run_ids_init(&runs, comparison->study))
        status = complain(CLI_HOST, directory, "out of memory");
    for (size_t n = 0; n < comparison->metric_count && status == CLI_OK; n++) {
        size_t metric = comparison->metrics[n];
        if (!has_metric(comparison, metric))
            continue;
        status = draw(comparison, directory, &runs, metric, "svg");
        if (status == CLI_OK)
            status = draw(comparison, directory, &runs, metric, "png");
        *drawn += status == CLI_OK;
    }
    run_ids_release(&runs);
    return status;
}
