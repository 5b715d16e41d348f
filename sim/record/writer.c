/*
 * A process' start time is field 22 of /proc/PID/stat, in clock ticks since
 * the boot; the boot is named by the kernel's random boot id. A process that
 * has ended but was not waited for (state Z or X) counts as gone: it will
 * write nothing more.
 */
#include "record/writer.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The first line of `path` in `line`; false if there is none. */
static bool read_line(const char *path, char *line, size_t size)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    bool ok = fgets(line, (int)size, file) != NULL;
    fclose(file);
    if (ok)
        line[strcspn(line, "\n")] = '\0';
    return ok;
}

/* State and start time of a process; false if it is not there. */
static bool read_stat(int64_t pid, char *state, unsigned long long *ticks)
{
    enum { FIELDS_FROM_STATE_TO_START = 19 };
    char path[64], line[1024];
    snprintf(path, sizeof(path), "/proc/%lld/stat", (long long)pid);
    if (!read_line(path, line, sizeof(line)))
        return false;
    /* the command's name may hold anything, a ')' included */
    const char *field = strrchr(line, ')');
    if (!field || field[1] != ' ')
        return false;
    field += 2;
    *state = *field;
    for (int n = 0; n < FIELDS_FROM_STATE_TO_START; n++) {
        field = strchr(field, ' ');
        if (!field)
            return false;
        field++;
    }
    char *end;
    errno = 0;
    *ticks = strtoull(field, &end, 10);
    return end != field && errno == 0;
}

static void format_start(char *start, size_t size, unsigned long long ticks)
{
    char boot[48];
    if (!read_line("/proc/sys/kernel/random/boot_id", boot, sizeof(boot)))
        boot[0] = '\0';
    snprintf(start, size, "%s/%llu", boot, ticks);
}

static void read_host(char *host, size_t size)
{
    if (gethostname(host, size) != 0)
        host[0] = '\0';
    host[size - 1] = '\0';
}

void writer_self(struct writer *writer)
{
    char state;
    unsigned long long ticks;
    read_host(writer->host, sizeof(writer->host));
    writer->pid = (int64_t)getpid();
    writer->start[0] = '\0';
    if (read_stat(writer->pid, &state, &ticks))
        format_start(writer->start, sizeof(writer->start), ticks);
}

bool writer_is_gone(const char *host, int64_t pid, const char *start)
{
    char own_host[sizeof(((struct writer *)0)->host)];
    char now[sizeof(((struct writer *)0)->start)];
    char state;
    unsigned long long ticks;

    read_host(own_host, sizeof(own_host));
    if (!host || strcmp(host, own_host) != 0 || pid <= 0)
        return false;
    if (!read_stat(pid, &state, &ticks))
        return kill((pid_t)pid, 0) != 0 && errno == ESRCH;
    if (state == 'Z' || state == 'X')
        return true;
    if (!start || start[0] == '\0')
        return false;
    format_start(now, sizeof(now), ticks);
    return strcmp(now, start) != 0;
}
