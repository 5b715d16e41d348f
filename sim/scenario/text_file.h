/* A text file as a whole. */
#ifndef LOWTIDE_SCENARIO_TEXT_FILE_H
#define LOWTIDE_SCENARIO_TEXT_FILE_H

#include <stddef.h>

/*
 * Read a file of less than `limit_bytes`, a power of two from 64 KiB on.
 *
 *   bytes    receives the length, without the '\0' that is put behind it
 *
 * Returns the text, for the caller to free(); NULL with errno set: ENOMEM,
 * EFBIG, or what the system says about the file.
 */
char *text_file_read(const char *path, size_t limit_bytes, size_t *bytes);

#endif
