#include "scenario/text_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_BYTES = 64 * 1024 };

/* Twice the room; NULL with errno set: `text` is freed. */
static char *double_room(char *text, size_t *room_bytes, size_t limit_bytes)
{
    *room_bytes *= 2;
    char *larger =
        *room_bytes > limit_bytes ? NULL : realloc(text, *room_bytes);
    if (!larger) {
        free(text);
        errno = *room_bytes > limit_bytes ? EFBIG : ENOMEM;
    }
    return larger;
}

char *text_file_read(const char *path, size_t limit_bytes, size_t *bytes)
{
    FILE *file = fopen(path, "rbe");
    size_t room_bytes = FIRST_BYTES;
    char *text = file ? malloc(room_bytes) : NULL;
    *bytes = 0;
    while (text) {
        *bytes += fread(text + *bytes, 1, room_bytes - *bytes, file);
        if (*bytes < room_bytes)
            break;
        text = double_room(text, &room_bytes, limit_bytes);
    }
    int error = errno;
    if (text && ferror(file)) {
        free(text);
        text = NULL;
    }
    if (text)
        text[*bytes] = '\0';
    if (file)
        fclose(file);
    errno = error;
    return text;
}
