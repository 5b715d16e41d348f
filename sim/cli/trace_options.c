#include "cli/trace_options.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/common.h"
#include "scenario/values.h"
#include "trace/trace.h"

enum { NAMES_BYTES = 256 };

int cli_take_format(void *target, const char *value)
{
    char names[NAMES_BYTES] = "";
    size_t used = 0;
    if (trace_format_parse(value, target))
        return CLI_OK;
    for (int f = 0; f < TRACE_FORMAT_COUNT && used < sizeof names; f++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s %s",
                                 f > 0 ? "," : "",
                                 trace_format_name((enum trace_format)f));
    return cli_complain(CLI_USAGE, "--format '%s': expected%s", value, names);
}

int cli_take_page_size(void *target, const char *value)
{
    uint64_t *bytes = target;
    if (value_size(value, 1, bytes) == VALUE_OK &&
        value[strlen(value) - 1] != 'p' && *bytes >= 4096 &&
        *bytes <= UINT64_C(1) << 30 && (*bytes & (*bytes - 1)) == 0)
        return CLI_OK;
    return cli_complain(CLI_USAGE,
                        "--page-size '%s': a power of two from 4KiB to 1GiB is "
                        "expected",
                        value);
}
