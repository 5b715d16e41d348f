/*
 * The page is made in memory, which a few megabytes allow, and written to a
 * temporary file beside its destination.
 */
#include "report/report.h"
#include "plot/plot_templates.h"
#include "report/report_page.h"
#include "scenario/text_file.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- the request ---------------------------------------------------------- */

static bool is_page_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    return dot && dot > name &&
           (strcasecmp(dot, ".html") == 0 || strcasecmp(dot, ".htm") == 0);
}

static bool is_same_file(const char *one, const char *other)
{
    struct stat a, b;
    return stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

static enum report_status check(const struct report_request *request,
                                char *message)
{
    struct stat info;
    const char *output = request->output;
    if (!is_page_name(output))
        snprintf(message, REPORT_MESSAGE_BYTES,
                 "-o '%.200s': a name that ends in .html is expected", output);
    else if (stat(output, &info) == 0 && S_ISDIR(info.st_mode))
        snprintf(message, REPORT_MESSAGE_BYTES, "%.200s: is a directory",
                 output);
    else if (is_same_file(output, request->database))
        snprintf(message, REPORT_MESSAGE_BYTES,
                 "%.200s: is the results file itself", output);
    else
        return REPORT_OK;
    return REPORT_BAD_INPUT;
}

/* --- style and script ----------------------------------------------------- */

enum { MAX_LOOKS_BYTES = 1 << 20 };

/* A file's text, to be freed; NULL: it cannot be read, or memory is short. */
static char *read_file(const char *directory, const char *name)
{
    char path[PATH_MAX];
    size_t bytes;
    int length = snprintf(path, sizeof(path), "%s/%s", directory, name);
    return length > 0 && length < PATH_MAX
               ? text_file_read(path, MAX_LOOKS_BYTES, &bytes)
               : NULL;
}

static enum report_status read_looks(char **style, char **script, char *message)
{
    char directory[PATH_MAX];
    if (!plot_find_templates("report.js", directory, message))
        return REPORT_HOST;
    *style = read_file(directory, "report.css");
    *script = read_file(directory, "report.js");
    if (*style && *script)
        return REPORT_OK;
    snprintf(message, REPORT_MESSAGE_BYTES,
             "cannot read %.200s/report.css or report.js: %s", directory,
             strerror(errno));
    return REPORT_HOST;
}

/* --- the page ------------------------------------------------------------- */

struct page {
    char *text; /* owned */
    size_t size;
};

static enum report_status status_of(enum results_check check)
{
    return check == RESULTS_OK          ? REPORT_OK
           : check == RESULTS_BAD_INPUT ? REPORT_BAD_INPUT
                                        : REPORT_HOST;
}

static enum report_status
write_page(const struct report_request *request, sqlite3 *db,
           const struct report_data *data, const struct report_looks *looks,
           struct page *page, size_t *charted, char *message)
{
    FILE *memory = open_memstream(&page->text, &page->size);
    enum report_status status = REPORT_HOST;
    bool is_well = memory != NULL;
    if (memory) {
        status = report_page_write(memory, db, data, looks,
                                   request->run_count > 0, charted, message);
        is_well = !ferror(memory);
        is_well = fclose(memory) == 0 && is_well;
    }
    if (is_well)
        return status;
    snprintf(message, REPORT_MESSAGE_BYTES, "out of memory");
    return REPORT_HOST;
}

/* One transaction, so that all of the page is of one moment. */
static enum report_status read_page(const struct report_request *request,
                                    sqlite3 *db,
                                    const struct report_looks *looks,
                                    struct page *page,
                                    struct report_result *result, char *message)
{
    struct report_data data = {0};
    if (sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK) {
        snprintf(message, REPORT_MESSAGE_BYTES, "cannot read %.200s: %s",
                 request->database, sqlite3_errmsg(db));
        return REPORT_HOST;
    }
    enum report_status status = status_of(report_data_read(
        db, request->runs, request->run_count, &data, message));
    if (status == REPORT_OK)
        status = write_page(request, db, &data, looks, page,
                            &result->charted_count, message);
    result->run_count = data.run_count;
    result->bytes = page->size;
    report_data_release(&data);
    return status;
}

/* --- the file ------------------------------------------------------------- */

static bool write_all(int file, const struct page *page)
{
    size_t done = 0;
    while (done < page->size) {
        ssize_t wrote = write(file, page->text + done, page->size - done);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return false;
        done += (size_t)wrote;
    }
    return true;
}

/* The mode that a new file would have had. */
static mode_t usual_mode(void)
{
    mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

static enum report_status deliver(const struct page *page, const char *output,
                                  char *message)
{
    char path[PATH_MAX];
    const char *slash = strrchr(output, '/');
    int length = snprintf(path, sizeof(path), "%.*s.lowtide-report-XXXXXX",
                          slash ? (int)(slash - output) + 1 : 0, output);
    if (length < 0 || length >= PATH_MAX) {
        snprintf(message, REPORT_MESSAGE_BYTES, "-o '%.200s': too long",
                 output);
        return REPORT_BAD_INPUT;
    }
    int file = mkstemp(path);
    if (file < 0) {
        int reason = errno;
        snprintf(message, REPORT_MESSAGE_BYTES, "cannot write %.200s: %s",
                 output, strerror(reason));
        return reason == ENOENT || reason == ENOTDIR ? REPORT_BAD_INPUT
                                                     : REPORT_HOST;
    }
    bool is_well = write_all(file, page) && fchmod(file, usual_mode()) == 0;
    is_well = close(file) == 0 && is_well;
    if (is_well && rename(path, output) == 0)
        return REPORT_OK;
    snprintf(message, REPORT_MESSAGE_BYTES, "cannot write %.200s: %s", output,
             strerror(errno));
    unlink(path);
    return REPORT_HOST;
}

enum report_status report_write(const struct report_request *request,
                                struct report_result *result, char *message)
{
    struct report_result own = {0};
    struct page page = {0};
    char *style = NULL, *script = NULL;
    sqlite3 *db = NULL;
    enum report_status status = check(request, message);
    if (status == REPORT_OK)
        status = status_of(results_open(request->database, &db, message,
                                        REPORT_MESSAGE_BYTES));
    if (status == REPORT_OK)
        status = read_looks(&style, &script, message);
    if (status == REPORT_OK) {
        struct report_looks looks = {style, script};
        status = read_page(request, db, &looks, &page, &own, message);
    }
    sqlite3_close(db);
    if (status == REPORT_OK)
        status = deliver(&page, request->output, message);
    if (result)
        *result = own;
    free(page.text);
    free(style);
    free(script);
    return status;
}
