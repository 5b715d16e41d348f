#include "study/replay_memory.h"

#include <stdio.h>

uint64_t replay_resident_bytes(void)
{
    FILE *status = fopen("/proc/self/status", "r");
    char line[128];
    unsigned long long kib = 0;
    if (!status)
        return 0;
    while (fgets(line, sizeof line, status))
        if (sscanf(line, "RssAnon: %llu kB", &kib) == 1)
            break;
    fclose(status);
    return (uint64_t)kib * 1024;
}
