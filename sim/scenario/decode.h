/*
 * The decoder: raw records to the model, driven by the key tables.
 *
 * Each scalar is read by its key's kind and put at its key's offset, defaults
 * included; a table's finish() then does what concerns several keys at once.
 * Errors are reported and decoding goes on; only running out of memory ends
 * it. Functions that return bool return false for that alone, unless they say
 * otherwise.
 */
#ifndef LOWTIDE_SCENARIO_DECODE_H
#define LOWTIDE_SCENARIO_DECODE_H

#include "scenario/arena.h"
#include "scenario/keys.h"
#include "scenario/names.h"
#include "scenario/raw.h"
#include "scenario/report.h"
#include "scenario/scenario.h"

/* Where a node of the tree was: itself, and its key. */
struct node_places {
    struct scenario_place node, key;
};

struct decoder {
    struct reporter reporter;
    struct arena *arena;              /* borrowed: for the model */
    struct scenario *scenario;        /* borrowed: the model as a whole */
    const struct node_places *places; /* borrowed: by node id */
    struct names *names; /* borrowed; NULL: names are not checked */

    /* machine.page_size, known before all else */
    uint64_t page_bytes;

    const char *map_key; /* of the map that is being decoded, for messages */

    /* set by decode_record() for finish(): nothing in the record was wrong */
    bool is_clean;
    bool machine_is_clean;

    sim_ns event_before; /* time of the event before the next one */

    /* the event that is being decoded */
    bool is_script;   /* names may be made again: the run will tell */
    sim_ns at;        /* its time; before and after events: 0 */
    bool is_repeated; /* `{n}` is replaced by run */
    uint64_t run;
    uint64_t run_count;
};

/* The place of a node, or of its key. */
struct scenario_place decoder_place(const struct decoder *decoder, uint32_t id);
struct scenario_place decoder_key_place(const struct decoder *decoder,
                                        uint32_t id);

/* A record into its table's model; NULL: all defaults. */
bool decode_record(struct decoder *decoder, const struct key_table *table,
                   const struct raw_record *raw, void *model);
/* One key of a record into the model of its table; `is_there` may be NULL. */
bool decode_key(struct decoder *decoder, const struct key_table *table,
                const struct raw_record *raw, size_t index, void *model,
                bool *is_there);
/* What a value is decoded by: its key, and where it is. */
struct value_site {
    const struct key *key;
    enum key_kind kind; /* the key's, or that of its elements */
    struct scenario_place place;
};
/* One value to `out`. `*is_good`, unless NULL, says whether it was. */
bool decode_value(struct decoder *decoder, const struct value_site *site,
                  const char *text, void *out, bool *is_good);

/* Where decode_field() found a value. */
struct field {
    bool is_there;
    bool is_good;                /* there, and stored */
    struct scenario_place place; /* of the value */
};
/* The scalar of a key that finish() decodes, into `out`. */
bool decode_field(struct decoder *decoder, const struct key_table *table,
                  const struct raw_record *raw, const char *name, void *out,
                  struct field *field);

/* An expectation, with its items in the order of the file. */
bool decode_expect(struct decoder *decoder, const struct raw_record *raw,
                   struct scenario_place place, struct scenario_expect *expect);
/* The operation of an event's record. */
bool decode_op(struct decoder *decoder, const struct raw_record *event_raw,
               enum op_kind kind, struct scenario_op *op);
/* A list has one entry for each page where both are known. */
void check_length(struct decoder *decoder, const char *what,
                  const struct page_range *pages, size_t length,
                  struct scenario_place place);

/* Report at a place, for finish functions. */
void decode_error(struct decoder *decoder, struct scenario_place place,
                  const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The tables' finish functions. */
bool finish_machine(struct decoder *decoder, const struct raw_record *raw,
                    void *model);
bool finish_pressure(struct decoder *decoder, const struct raw_record *raw,
                     void *model);
bool finish_compression(struct decoder *decoder, const struct raw_record *raw,
                        void *model);
bool finish_reclaim(struct decoder *decoder, const struct raw_record *raw,
                    void *model);
bool finish_pager(struct decoder *decoder, const struct raw_record *raw,
                  void *model);
bool finish_process(struct decoder *decoder, const struct raw_record *raw,
                    void *model);
bool finish_vmo(struct decoder *decoder, const struct raw_record *raw,
                void *model);
bool finish_time_distribution(struct decoder *decoder,
                              const struct raw_record *raw, void *model);
bool finish_count_distribution(struct decoder *decoder,
                               const struct raw_record *raw, void *model);
bool finish_trace(struct decoder *decoder, const struct raw_record *raw,
                  void *model);
bool finish_pattern(struct decoder *decoder, const struct raw_record *raw,
                    void *model);
bool finish_workload(struct decoder *decoder, const struct raw_record *raw,
                     void *model);
bool finish_event(struct decoder *decoder, const struct raw_record *raw,
                  void *model);
bool finish_op_lists(struct decoder *decoder, const struct raw_record *raw,
                     void *model);
bool finish_supply(struct decoder *decoder, const struct raw_record *raw,
                   void *model);
bool finish_set(struct decoder *decoder, const struct raw_record *raw,
                void *model);

#endif
