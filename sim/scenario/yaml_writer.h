/*
 * YAML text in memory, written piece by piece through libyaml's emitter.
 *
 * After a failure (memory) the other calls do nothing and yaml_writer_finish()
 * returns NULL, so that callers need not look at each step.
 */
#ifndef LOWTIDE_SCENARIO_YAML_WRITER_H
#define LOWTIDE_SCENARIO_YAML_WRITER_H

#include <stdbool.h>
#include <stddef.h>

#include <yaml.h>

struct yaml_writer {
    yaml_emitter_t emitter;
    char *text;
    size_t length, capacity; /* bytes; the text ends in NUL */
    bool failed;
};

/* The writer must not move until it is finished. */
void yaml_writer_start(struct yaml_writer *writer);
void yaml_writer_text(struct yaml_writer *writer, const char *text,
                      yaml_scalar_style_t style);
void yaml_writer_map(struct yaml_writer *writer, bool is_flow);
void yaml_writer_map_end(struct yaml_writer *writer);
void yaml_writer_list(struct yaml_writer *writer, bool is_flow);
void yaml_writer_list_end(struct yaml_writer *writer);
/* Ends the writer in any case. The text is malloc()ed and returned. */
char *yaml_writer_finish(struct yaml_writer *writer, size_t *length);

#endif
