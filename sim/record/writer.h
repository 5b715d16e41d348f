/*
 * Who writes a run, and is that process still there?
 *
 * A process is named by its host, its number, and when it started: numbers
 * are used again, but not within one clock tick of one boot.
 */
#ifndef LOWTIDE_RECORD_WRITER_H
#define LOWTIDE_RECORD_WRITER_H

#include <stdbool.h>
#include <stdint.h>

struct writer {
    char host[256];
    int64_t pid;
    char start[80]; /* "BOOT/TICKS"; empty if the system does not tell */
};

/* This process. */
void writer_self(struct writer *writer);

/*
 * Is it certain that this writer is gone? Any of the strings may be NULL,
 * which is unknown. Always false for another host's writer.
 */
bool writer_is_gone(const char *host, int64_t pid, const char *start);

#endif
