#include "plot/plot_templates.h"
#include "plot/plot.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef LOWTIDE_REPORTS_DIR
#define LOWTIDE_REPORTS_DIR "reports"
#endif

static bool holds(const char *directory, const char *name)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof(path), "%s/%s", directory, name);
    return length > 0 && length < PATH_MAX && access(path, R_OK) == 0;
}

/* Beside the program: PREFIX/share/lowtide/reports when installed, or the
 * source tree's when run from its build directory. */
static bool find_beside_program(const char *name, char *directory)
{
    static const char *const places[] = {"../share/lowtide/reports",
                                         "../reports", "../../reports"};
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
    if (length <= 0)
        return false;
    program[length] = '\0';
    *strrchr(program, '/') = '\0';
    for (size_t n = 0; n < sizeof(places) / sizeof(places[0]); n++) {
        int used = snprintf(directory, PATH_MAX, "%s/%s", program, places[n]);
        if (used > 0 && used < PATH_MAX && holds(directory, name))
            return true;
    }
    return false;
}

bool plot_find_templates(const char *name, char *directory, char *message)
{
    const char *named = getenv("LOWTIDE_REPORTS");
    if (named && *named != '\0') {
        snprintf(directory, PATH_MAX, "%s", named);
        if (holds(directory, name))
            return true;
        snprintf(message, PLOT_MESSAGE_BYTES,
                 "LOWTIDE_REPORTS=%.200s: no %s there", named, name);
        return false;
    }
    if (find_beside_program(name, directory))
        return true;
    snprintf(directory, PATH_MAX, "%s", LOWTIDE_REPORTS_DIR);
    if (holds(directory, name))
        return true;
    snprintf(message, PLOT_MESSAGE_BYTES,
             "the templates (reports/%s) were not found; name their "
             "directory in LOWTIDE_REPORTS",
             name);
    return false;
}
