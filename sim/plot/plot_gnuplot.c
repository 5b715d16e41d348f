/*
 * gnuplot leaves an empty file behind when it fails, may fail with status 0,
 * and writes while it computes. So it works in a directory of its own beside
 * the output, and what it made is looked at before it is renamed into place.
 *
 * Signals that end a process are held back as long as that directory is there,
 * and fetched while gnuplot works: who ends us ends gnuplot, and nothing is left
 * of either. No handler is wanted, so those of the caller stay in place.
 */
#include "plot/plot_gnuplot.h"
#include "plot/plot_templates.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    CANNOT_CHDIR = 125,
    CANNOT_RUN = 126,
    NOT_FOUND = 127,
};

struct workshop {
    const char *output;    /* borrowed */
    char target[PATH_MAX]; /* directory of the output */
    char name[NAME_MAX + 1];
    char stem[NAME_MAX + 1];
    char path[PATH_MAX];   /* the private directory; empty: none */
    char *message;         /* borrowed */
    sigset_t held, before; /* signals: held back; so before that */
    bool is_interrupted;
};

static enum plot_status fail(const struct workshop *shop,
                             enum plot_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum plot_status fail(const struct workshop *shop,
                             enum plot_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(shop->message, PLOT_MESSAGE_BYTES, format, args);
    va_end(args);
    return status;
}

/* DIRECTORY/NAMEENDING; false if that is too long. */
static bool join(char *path, const char *directory, const char *name,
                 const char *ending)
{
    int length = snprintf(path, PATH_MAX, "%s/%s%s", directory, name, ending);
    return length > 0 && length < PATH_MAX;
}

/* --- the private directory ------------------------------------------------ */

static enum plot_status split_output(struct workshop *shop)
{
    const char *slash = strrchr(shop->output, '/');
    const char *name = slash ? slash + 1 : shop->output;
    size_t length = slash ? (size_t)(slash - shop->output) : 0;
    if (strlen(name) > NAME_MAX || length >= PATH_MAX)
        return fail(shop, PLOT_BAD_INPUT, "-o '%.200s': too long",
                    shop->output);
    for (const char *at = name; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7F)
            return fail(shop, PLOT_BAD_INPUT,
                        "-o: control characters in a file name");
    snprintf(shop->target, sizeof(shop->target), "%.*s", (int)length,
             shop->output);
    if (length == 0)
        snprintf(shop->target, sizeof(shop->target), slash ? "/" : ".");
    snprintf(shop->name, sizeof(shop->name), "%s", name);
    snprintf(shop->stem, sizeof(shop->stem), "%s", name);
    *strrchr(shop->stem, '.') = '\0';
    return PLOT_OK;
}

static enum plot_status open_workshop(struct workshop *shop)
{
    struct stat info;
    enum plot_status status = split_output(shop);
    if (status != PLOT_OK)
        return status;
    if (stat(shop->output, &info) == 0 && S_ISDIR(info.st_mode))
        return fail(shop, PLOT_BAD_INPUT, "%s: is a directory", shop->output);
    if (!join(shop->path, shop->target, ".lowtide-plot-XXXXXX", "")) {
        shop->path[0] = '\0';
        return fail(shop, PLOT_BAD_INPUT, "-o '%.200s': too long",
                    shop->output);
    }
    if (mkdtemp(shop->path))
        return PLOT_OK;
    status = errno == ENOENT || errno == ENOTDIR ? PLOT_BAD_INPUT : PLOT_HOST;
    shop->path[0] = '\0';
    return fail(shop, status, "cannot write to %s: %s", shop->target,
                strerror(errno));
}

static void close_workshop(const struct workshop *shop)
{
    char path[PATH_MAX];
    if (shop->path[0] == '\0')
        return;
    if (join(path, shop->path, shop->name, ""))
        unlink(path);
    if (join(path, shop->path, shop->stem, ".gp"))
        unlink(path);
    if (join(path, shop->path, shop->stem, ".dat"))
        unlink(path);
    if (join(path, shop->path, "gnuplot.log", ""))
        unlink(path);
    rmdir(shop->path);
}

/* --- templates ------------------------------------------------------------ */

static enum plot_status find_reports(const struct workshop *shop,
                                     char *directory)
{
    char message[PLOT_MESSAGE_BYTES];
    return plot_find_templates("style.gp", directory, message)
               ? PLOT_OK
               : fail(shop, PLOT_HOST, "%s", message);
}

static bool copy_template(FILE *out, const char *directory, const char *name)
{
    char path[PATH_MAX];
    char buffer[4096];
    size_t got;
    FILE *in = join(path, directory, name, "") ? fopen(path, "re") : NULL;
    if (!in)
        return false;
    while ((got = fread(buffer, 1, sizeof(buffer), in)) > 0)
        fwrite(buffer, 1, got, out);
    bool is_well = !ferror(in);
    fclose(in);
    fputc('\n', out);
    return is_well;
}

/* --- files ---------------------------------------------------------------- */

static FILE *create(const struct workshop *shop, const char *ending)
{
    char path[PATH_MAX];
    return join(path, shop->path, shop->stem, ending) ? fopen(path, "we")
                                                      : NULL;
}

/* Also closes the file; NULL is a failure. */
static bool finish(FILE *file)
{
    if (!file)
        return false;
    bool is_well = !ferror(file);
    return fclose(file) == 0 && is_well;
}

/* The preamble, then the templates. */
static enum plot_status write_script(const struct workshop *shop, FILE *script,
                                     const struct plot_sheet *sheet,
                                     enum plot_format format,
                                     const char *reports)
{
    const char *names[] = {"style.gp", sheet->layout, sheet->script};
    plot_write_preamble(script, sheet, format, shop->stem, shop->name);
    for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++)
        if (!copy_template(script, reports, names[n]))
            return fail(shop, PLOT_HOST, "cannot read %.200s/%s: %s", reports,
                        names[n], strerror(errno));
    return PLOT_OK;
}

static enum plot_status write_files(const struct workshop *shop,
                                    const struct plot_sheet *sheet,
                                    enum plot_format format)
{
    char reports[PATH_MAX];
    enum plot_status status = find_reports(shop, reports);
    if (status != PLOT_OK)
        return status;
    FILE *data = create(shop, ".dat");
    if (data)
        sheet->write_data(data, sheet->content);
    if (!finish(data))
        return fail(shop, PLOT_HOST, "cannot write the data: %s",
                    strerror(errno));
    FILE *script = create(shop, ".gp");
    if (script)
        status = write_script(shop, script, sheet, format, reports);
    if (!finish(script) && status == PLOT_OK)
        status = fail(shop, PLOT_HOST, "cannot write the script: %s",
                      strerror(errno));
    return status;
}

/* --- gnuplot -------------------------------------------------------------- */

/* In the child: standard files, directory, program. Never returns. */
static void become_gnuplot(const struct workshop *shop)
{
    char script[NAME_MAX + 16];
    char program[] = "gnuplot";
    char defaults[] = "-d"; /* no start-up files of the user's */
    char *arguments[] = {program, defaults, script, NULL};
    snprintf(script, sizeof(script), "./%s.gp", shop->stem);
    if (chdir(shop->path) != 0)
        _exit(CANNOT_CHDIR);
    int in = open("/dev/null", O_RDONLY);
    int log = open("gnuplot.log", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (in < 0 || log < 0 || dup2(in, STDIN_FILENO) < 0 ||
        dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0)
        _exit(CANNOT_CHDIR);
    execvp(program, arguments);
    _exit(errno == ENOENT ? NOT_FOUND : CANNOT_RUN);
}

static void hold_signals(struct workshop *shop)
{
    static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGCHLD};
    sigemptyset(&shop->held);
    for (size_t n = 0; n < sizeof(signals) / sizeof(signals[0]); n++)
        sigaddset(&shop->held, signals[n]);
    sigprocmask(SIG_BLOCK, &shop->held, &shop->before);
}

/* Those that came since gnuplot ended now do what they always do. */
static void release_signals(const struct workshop *shop)
{
    sigprocmask(SIG_SETMASK, &shop->before, NULL);
}

/* The wait status of gnuplot, -1 if there was none. All that gnuplot writes is
 * in the private directory, so it can be killed. */
static int run_gnuplot(struct workshop *shop)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        release_signals(shop);
        become_gnuplot(shop);
    }
    while (child > 0 && waitpid(child, &status, WNOHANG) == 0) {
        int number = sigwaitinfo(&shop->held, NULL);
        if (number > 0 && number != SIGCHLD) {
            shop->is_interrupted = true;
            kill(child, SIGKILL);
        }
    }
    return status;
}

/* The last line of what gnuplot said that is no decoration. */
static void read_complaint(const struct workshop *shop, char *line, size_t size)
{
    char path[PATH_MAX];
    char text[512];
    snprintf(line, size, "no reason given");
    FILE *log =
        join(path, shop->path, "gnuplot.log", "") ? fopen(path, "re") : NULL;
    while (log && fgets(text, sizeof(text), log)) {
        text[strcspn(text, "\n")] = '\0';
        if (text[strspn(text, " ^\t")] != '\0')
            snprintf(line, size, "%s", text + strspn(text, " \t"));
    }
    if (log)
        fclose(log);
}

static enum plot_status judge(const struct workshop *shop, int wait_status)
{
    char complaint[512];
    char path[PATH_MAX];
    struct stat info;
    if (wait_status == -1)
        return fail(shop, PLOT_HOST, "cannot start gnuplot: %s",
                    strerror(errno));
    if (shop->is_interrupted ||
        (WIFSIGNALED(wait_status) &&
         (WTERMSIG(wait_status) == SIGINT || WTERMSIG(wait_status) == SIGQUIT)))
        return fail(shop, PLOT_INTERRUPTED, "interrupted");
    int code = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1;
    if (code == NOT_FOUND)
        return fail(shop, PLOT_HOST,
                    "gnuplot was not found: install gnuplot-nox");
    if (code == CANNOT_RUN || code == CANNOT_CHDIR)
        return fail(shop, PLOT_HOST, "gnuplot cannot be started");
    bool is_drawn = join(path, shop->path, shop->name, "") &&
                    stat(path, &info) == 0 && info.st_size > 0;
    if (code == 0 && is_drawn)
        return PLOT_OK;
    read_complaint(shop, complaint, sizeof(complaint));
    return fail(shop, PLOT_HOST, "gnuplot failed: %s", complaint);
}

/* --- the result ----------------------------------------------------------- */

/* A search that zeros in the file don't stop. */
static char *find(char *bytes, size_t size, const char *text)
{
    size_t length = strlen(text);
    for (size_t at = 0; at + length <= size; at++)
        if (memcmp(bytes + at, text, length) == 0)
            return bytes + at;
    return NULL;
}

/*
 * cairo writes the time of drawing into a PDF, as (D:YYYYMMDDHHMMSSZ) in plain
 * text. Figures of the same data are to be the same: the digits become those
 * of the epoch, so that no offset in the file moves.
 */
static bool date_pdf(char *bytes, size_t size)
{
    static const char key[] = "/CreationDate (D:";
    static const char epoch[] = "19700101000000";
    char *date = find(bytes, size, key);
    if (!date)
        return true;
    date += strlen(key);
    if ((size_t)(bytes + size - date) < strlen(epoch) ||
        strspn(date, "0123456789") < strlen(epoch))
        return false;
    memcpy(date, epoch, strlen(epoch));
    return true;
}

static enum plot_status make_timeless(const struct workshop *shop)
{
    char path[PATH_MAX];
    struct stat info;
    char *bytes = NULL;
    FILE *file =
        join(path, shop->path, shop->name, "") ? fopen(path, "r+be") : NULL;
    bool is_well = file && fstat(fileno(file), &info) == 0;
    if (is_well) {
        size_t size = (size_t)info.st_size;
        bytes = calloc(size + 1, 1);
        is_well = bytes && fread(bytes, 1, size, file) == size &&
                  date_pdf(bytes, size) && fseek(file, 0, SEEK_SET) == 0 &&
                  fwrite(bytes, 1, size, file) == size;
    }
    free(bytes);
    is_well &= finish(file);
    return is_well ? PLOT_OK
                   : fail(shop, PLOT_HOST, "cannot date %.200s: %s", shop->name,
                          strerror(errno));
}

static enum plot_status deliver(const struct workshop *shop, const char *name,
                                const char *ending)
{
    char from[PATH_MAX];
    char to[PATH_MAX];
    if (join(from, shop->path, name, ending) &&
        join(to, shop->target, name, ending) && rename(from, to) == 0)
        return PLOT_OK;
    return fail(shop, PLOT_HOST, "cannot write %.200s%s: %s", name, ending,
                strerror(errno));
}

enum plot_status plot_gnuplot_draw(const struct plot_sheet *sheet,
                                   enum plot_format format, const char *output,
                                   bool is_kept, char *message)
{
    struct workshop shop = {.output = output, .message = message};
    hold_signals(&shop);
    enum plot_status status = open_workshop(&shop);
    if (status == PLOT_OK)
        status = write_files(&shop, sheet, format);
    if (status == PLOT_OK)
        status = judge(&shop, run_gnuplot(&shop));
    if (status == PLOT_OK && format == PLOT_PDF)
        status = make_timeless(&shop);
    if (status == PLOT_OK && is_kept)
        status = deliver(&shop, shop.stem, ".dat");
    if (status == PLOT_OK && is_kept)
        status = deliver(&shop, shop.stem, ".gp");
    if (status == PLOT_OK)
        status = deliver(&shop, shop.name, "");
    close_workshop(&shop);
    release_signals(&shop);
    return status;
}
