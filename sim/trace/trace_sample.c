#include "trace/trace_sample.h"

#include <math.h>

bool trace_sample_threshold(double share, uint64_t *threshold)
{
    if (!(share > 0) || share > 1)
        return false;
    *threshold = share < 1 ? (uint64_t)ldexp(share, 64) : 0;
    return share == 1 || *threshold > 0;
}

double trace_sample_share(uint64_t threshold)
{
    return threshold ? ldexp((double)threshold, -64) : 1;
}
