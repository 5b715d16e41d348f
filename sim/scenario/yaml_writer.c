#include "scenario/yaml_writer.h"

#include <stdlib.h>
#include <string.h>

#include "scenario/yaml_tree.h"

/* The emitter's output: append to the text. */
static int append(void *data, unsigned char *bytes, size_t size)
{
    struct yaml_writer *writer = data;
    if (writer->capacity - writer->length <= size) {
        size_t capacity = (writer->length + size + 1) * 2;
        char *text = realloc(writer->text, capacity);
        if (!text)
            return 0;
        writer->text = text;
        writer->capacity = capacity;
    }
    memcpy(writer->text + writer->length, bytes, size);
    writer->length += size;
    writer->text[writer->length] = '\0';
    return 1;
}

/* `event` was initialised with success or not; the emitter takes it. */
static void emit(struct yaml_writer *writer, yaml_event_t *event, int ready)
{
    if (!ready) {
        writer->failed = true;
        return;
    }
    if (writer->failed)
        yaml_event_delete(event);
    else if (!yaml_emitter_emit(&writer->emitter, event))
        writer->failed = true;
}

void yaml_writer_start(struct yaml_writer *writer)
{
    *writer = (struct yaml_writer){0};
    if (!yaml_emitter_initialize(&writer->emitter)) {
        writer->failed = true;
        return;
    }
    yaml_emitter_set_output(&writer->emitter, append, writer);
    yaml_emitter_set_unicode(&writer->emitter, 1);
    yaml_emitter_set_width(&writer->emitter, -1);
    yaml_event_t event;
    int ready = yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING);
    emit(writer, &event, ready);
    ready = yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1);
    emit(writer, &event, ready);
}

void yaml_writer_text(struct yaml_writer *writer, const char *text,
                      yaml_scalar_style_t style)
{
    yaml_event_t event;
    size_t length = strlen(text);
    if (writer->failed)
        return;
    if (length > INT32_MAX) {
        writer->failed = true;
        return;
    }
    int ready = yaml_scalar_event_initialize(&event, NULL, NULL,
                                             (const yaml_char_t *)text,
                                             (int)length, 1, 1, style);
    emit(writer, &event, ready);
}

void yaml_writer_map(struct yaml_writer *writer, bool is_flow)
{
    yaml_event_t event;
    if (writer->failed)
        return;
    int ready = yaml_mapping_start_event_initialize(
        &event, NULL, NULL, 1,
        is_flow ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE);
    emit(writer, &event, ready);
}

void yaml_writer_map_end(struct yaml_writer *writer)
{
    yaml_event_t event;
    if (!writer->failed)
        emit(writer, &event, yaml_mapping_end_event_initialize(&event));
}

void yaml_writer_list(struct yaml_writer *writer, bool is_flow)
{
    yaml_event_t event;
    if (writer->failed)
        return;
    int ready = yaml_sequence_start_event_initialize(
        &event, NULL, NULL, 1,
        is_flow ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE);
    emit(writer, &event, ready);
}

void yaml_writer_list_end(struct yaml_writer *writer)
{
    yaml_event_t event;
    if (!writer->failed)
        emit(writer, &event, yaml_sequence_end_event_initialize(&event));
}

char *yaml_writer_finish(struct yaml_writer *writer, size_t *length)
{
    yaml_event_t event;
    if (!writer->failed)
        emit(writer, &event, yaml_document_end_event_initialize(&event, 1));
    if (!writer->failed)
        emit(writer, &event, yaml_stream_end_event_initialize(&event));
    yaml_emitter_delete(&writer->emitter);
    if (writer->failed || !writer->text) {
        free(writer->text);
        return NULL;
    }
    *length = writer->length;
    return writer->text;
}

/* A tree in its own style. ---------------------------------------------- */

static yaml_scalar_style_t style_of(const struct yaml_node *node)
{
    if (node->is_block)
        return YAML_LITERAL_SCALAR_STYLE;
    return node->is_quoted ? YAML_DOUBLE_QUOTED_SCALAR_STYLE
                           : YAML_PLAIN_SCALAR_STYLE;
}

static void write_node(struct yaml_writer *writer, const struct yaml_node *node)
{
    if (node->kind == YAML_TEXT) {
        yaml_writer_text(writer, node->text, style_of(node));
        return;
    }
    if (node->kind == YAML_MAP)
        yaml_writer_map(writer, node->is_flow);
    else
        yaml_writer_list(writer, node->is_flow);
    for (const struct yaml_node *child = node->first; child;
         child = child->next) {
        if (child->key)
            yaml_writer_text(writer, child->key,
                             child->key_is_quoted
                                 ? YAML_DOUBLE_QUOTED_SCALAR_STYLE
                                 : YAML_PLAIN_SCALAR_STYLE);
        write_node(writer, child);
    }
    if (node->kind == YAML_MAP)
        yaml_writer_map_end(writer);
    else
        yaml_writer_list_end(writer);
}

char *yaml_tree_write(const struct yaml_tree *tree, size_t *bytes)
{
    struct yaml_writer writer;
    yaml_writer_start(&writer);
    write_node(&writer, tree->root);
    return yaml_writer_finish(&writer, bytes);
}
