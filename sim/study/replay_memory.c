#include "study/replay_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t replay_resident_bytes(void)
{
    static const char key[] = "RssAnon:";
    FILE *status = fopen("/proc/self/status", "r");
    char line[128];
    uint64_t kib = 0;
    if (!status)
        return 0;
    while (kib == 0 && fgets(line, sizeof line, status))
        if (strncmp(line, key, strlen(key)) == 0)
            kib = strtoull(line + strlen(key), NULL, 10);
    fclose(status);
    return kib * 1024;
}

double replay_seconds_since(const struct timespec *begin)
{
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    return (double)(end.tv_sec - begin->tv_sec) +
           (double)(end.tv_nsec - begin->tv_nsec) / 1e9;
}
