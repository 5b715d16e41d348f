/*
 * Options that say how a trace is to be read, for commands that read one.
 */
#ifndef LOWTIDE_CLI_TRACE_OPTIONS_H
#define LOWTIDE_CLI_TRACE_OPTIONS_H

/*
 * As cli_option's `take`: CLI_OK, or CLI_USAGE after a complaint.
 *
 *   target  an enum trace_format; a uint64_t, bytes
 */
int cli_take_format(void *target, const char *value);
int cli_take_page_size(void *target, const char *value);

#endif
