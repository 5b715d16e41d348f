/*
 * The tri-page store: a page holds an item at each end and one in the middle.
 *
 *   [left ]......[  middle  ]........[right]
 *          <----> a gap on each side of the middle item, or
 *   [left ]..........................[right]   one gap, its middle used first
 *
 * Three fixed places per page make the free room a formula of three lengths:
 * nothing is moved, searched or merged, and a page can be found by its largest
 * gap alone. A heap with free lists would pack tighter and would need all of
 * that.
 *
 *   buckets   [0] [1] ... [63]   pages by largest gap / 64 - 1, newest first
 *   full      pages whose gaps are all below 64 bytes
 *   free      records without a page
 *
 * A reference is (record * 4 + place) << 4.
 */
#include "tri_page.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

enum {
    PAGE_BYTES = 4096,
    HALF_BYTES = PAGE_BYTES / 2,
    GAP_UNIT = 64,
    BUCKETS = 64,
    LIST_FULL = BUCKETS,
    LIST_COUNT
};
static_assert(PAGE_BYTES == VM_PAGE_SIZE, "a store page is a page");

enum place { LEFT, MIDDLE, RIGHT, PLACES, NO_PLACE = PLACES };

#define RECORD_NONE UINT32_MAX

struct store_page {
    page_index page; /* PAGE_NONE: a free record */
    uint32_t prev;
    uint32_t next;
    uint32_t list;           /* a bucket or LIST_FULL */
    uint16_t length[PLACES]; /* 0: empty */
    uint8_t *bytes;          /* the page's contents; NULL while none are kept */
};

struct record_list {
    uint32_t head;
    uint32_t tail;
};

struct tri_page_store {
    struct pmm *pmm;
    struct store_page *records;
    uint32_t record_count;
    uint32_t record_capacity;
    uint32_t free_record; /* linked through next */
    struct record_list lists[LIST_COUNT];
    uint64_t bucket_bits; /* bit b: bucket b is not empty */
    uint64_t page_count;
    uint64_t item_count;
    uint64_t stored_bytes;
};

/* Room. ------------------------------------------------------------------- */

/* What a middle item leaves on either side of it. */
static uint32_t side_room(uint32_t middle)
{
    return HALF_BYTES - (middle + 1) / 2;
}

/* What fits in the middle between items at the ends. */
static uint32_t middle_room(uint32_t left, uint32_t right)
{
    uint32_t longer = left > right ? left : right;

    return longer >= HALF_BYTES ? 0 : 2 * (HALF_BYTES - longer);
}

static uint32_t room_at(const struct store_page *page, enum place place)
{
    uint32_t left = page->length[LEFT];
    uint32_t middle = page->length[MIDDLE];
    uint32_t right = page->length[RIGHT];

    if (page->length[place])
        return 0;
    if (place == MIDDLE)
        return middle_room(left, right);
    if (middle)
        return side_room(middle);
    return PAGE_BYTES - (place == LEFT ? right : left);
}

/* The list for a page with items: its bucket, or LIST_FULL. */
static uint32_t list_for(const struct store_page *page)
{
    uint32_t room = room_at(page, LEFT);

    room = (uint32_t)u64_max(room, room_at(page, MIDDLE));
    room = (uint32_t)u64_max(room, room_at(page, RIGHT));
    return room < GAP_UNIT ? (uint32_t)LIST_FULL : room / GAP_UNIT - 1;
}

/* The place that leaves the larger gap behind; NO_PLACE: it fits nowhere. */
static enum place choose_place(const struct store_page *page, uint32_t length)
{
    enum place place = NO_PLACE;

    if (room_at(page, LEFT) >= length)
        place = LEFT;
    if (room_at(page, MIDDLE) >= length &&
        (place == NO_PLACE ||
         side_room(length) > middle_room(length, page->length[RIGHT])))
        place = MIDDLE;
    if (room_at(page, RIGHT) >= length &&
        (place == NO_PLACE ||
         (place == MIDDLE &&
          middle_room(page->length[LEFT], length) > side_room(length))))
        place = RIGHT;
    return place;
}

static uint32_t offset_of(const struct store_page *page, enum place place)
{
    uint32_t length = page->length[place];

    switch (place) {
    case MIDDLE:
        return HALF_BYTES - (length + 1) / 2;
    case RIGHT:
        return PAGE_BYTES - length;
    default:
        return 0;
    }
}

/* Lists of records. ------------------------------------------------------- */

static void push(struct tri_page_store *store, uint32_t record, uint32_t list,
                 bool at_head)
{
    struct store_page *page = &store->records[record];
    struct record_list *to = &store->lists[list];

    page->list = list;
    page->prev = at_head ? RECORD_NONE : to->tail;
    page->next = at_head ? to->head : RECORD_NONE;
    if (page->prev == RECORD_NONE)
        to->head = record;
    else
        store->records[page->prev].next = record;
    if (page->next == RECORD_NONE)
        to->tail = record;
    else
        store->records[page->next].prev = record;
    if (list != LIST_FULL)
        store->bucket_bits |= UINT64_C(1) << list;
}

static void unlink_record(struct tri_page_store *store, uint32_t record)
{
    const struct store_page *page = &store->records[record];
    struct record_list *from = &store->lists[page->list];

    if (page->prev == RECORD_NONE)
        from->head = page->next;
    else
        store->records[page->prev].next = page->next;
    if (page->next == RECORD_NONE)
        from->tail = page->prev;
    else
        store->records[page->next].prev = page->prev;
    if (page->list != LIST_FULL && from->head == RECORD_NONE)
        store->bucket_bits &= ~(UINT64_C(1) << page->list);
}

/* Where a page with items goes: a bucket's head, or last of the full ones. */
static void file_record(struct tri_page_store *store, uint32_t record)
{
    uint32_t list = list_for(&store->records[record]);

    push(store, record, list, list != LIST_FULL);
}

/* The newest page of the tightest bucket that is sure to have room. */
static uint32_t find_record(const struct tri_page_store *store, uint32_t length)
{
    uint32_t first = (length - 1) / GAP_UNIT;
    uint64_t candidates = store->bucket_bits >> first << first;

    return candidates ? store->lists[__builtin_ctzll(candidates)].head
                      : RECORD_NONE;
}

/* Pages. ------------------------------------------------------------------ */

static bool reserve_record(struct tri_page_store *store)
{
    if (store->free_record != RECORD_NONE ||
        store->record_count < store->record_capacity)
        return true;
    uint32_t capacity =
        store->record_capacity ? store->record_capacity * 2 : 64;
    struct store_page *grown =
        realloc(store->records, capacity * sizeof *grown);
    if (!grown)
        return false;
    store->records = grown;
    store->record_capacity = capacity;
    return true;
}

static uint32_t take_record(struct tri_page_store *store)
{
    uint32_t record = store->free_record;

    if (record == RECORD_NONE)
        record = store->record_count++;
    else
        store->free_record = store->records[record].next;
    store->records[record] = (struct store_page){0};
    return record;
}

/* A page joins the store, on no list yet. */
static enum vm_status add_page(struct tri_page_store *store, page_index *spare,
                               uint32_t *record)
{
    page_index page = *spare;

    if (!reserve_record(store))
        return VM_NO_MEMORY;
    if (page == PAGE_NONE) {
        enum vm_status status =
            pmm_alloc_page(store->pmm, PMM_ALLOC_ANY, &page);
        if (status != VM_OK)
            return VM_NO_MEMORY;
    }
    CHECK(store->pmm->pages[page].state == PAGE_ALLOC);
    *spare = PAGE_NONE;
    *record = take_record(store);
    store->records[*record].page = page;
    store->pmm->pages[page].state = PAGE_STORE;
    store->page_count++;
    return VM_OK;
}

/* An empty page, on no list, goes back. */
static void remove_page(struct tri_page_store *store, uint32_t record)
{
    struct store_page *page = &store->records[record];

    free(page->bytes);
    store->pmm->pages[page->page].state = PAGE_ALLOC;
    pmm_free_page(store->pmm, page->page);
    *page = (struct store_page){.next = store->free_record};
    store->free_record = record;
    store->page_count--;
}

struct tri_page_store *tri_page_new(struct pmm *pmm)
{
    struct tri_page_store *store = calloc(1, sizeof *store);

    if (!store)
        return NULL;
    store->pmm = pmm;
    store->free_record = RECORD_NONE;
    for (int list = 0; list < LIST_COUNT; list++)
        store->lists[list] = (struct record_list){RECORD_NONE, RECORD_NONE};
    return store;
}

void tri_page_free(struct tri_page_store *store)
{
    if (!store)
        return;
    for (uint32_t record = 0; record < store->record_count; record++)
        if (store->records[record].page != PAGE_NONE)
            remove_page(store, record);
    free(store->records);
    free(store);
}

/* Items. ------------------------------------------------------------------ */

static uint64_t reference_of(uint32_t record, enum place place)
{
    return ((uint64_t)record * 4 + place) << 4;
}

static struct store_page *page_of(const struct tri_page_store *store,
                                  uint64_t reference, enum place *place)
{
    uint64_t record = reference >> 6;

    *place = (enum place)(reference >> 4 & 3);
    CHECK(*place < PLACES);
    CHECK(record < store->record_count);
    CHECK(store->records[record].length[*place] > 0);
    return &store->records[record];
}

/* Copy the data into the page's bytes, made at the first need. */
static bool keep_bytes(struct store_page *page, enum place place,
                       const void *data, uint32_t length)
{
    if (!page->bytes)
        page->bytes = calloc(1, PAGE_BYTES);
    if (!page->bytes)
        return false;
    memcpy(page->bytes + offset_of(page, place), data, length);
    return true;
}

enum vm_status tri_page_store(struct tri_page_store *store, const void *data,
                              uint32_t length, page_index *spare,
                              uint64_t *reference)
{
    CHECK(length > 0);
    CHECK(length <= PAGE_BYTES);
    enum place place = LEFT; /* of a new page */
    uint32_t record = find_record(store, length);
    if (record == RECORD_NONE) {
        enum vm_status status = add_page(store, spare, &record);
        if (status != VM_OK)
            return status;
    } else {
        unlink_record(store, record);
        place = choose_place(&store->records[record], length);
        CHECK(place != NO_PLACE);
    }
    struct store_page *page = &store->records[record];
    page->length[place] = (uint16_t)length;
    if (data && !keep_bytes(page, place, data, length)) {
        page->length[place] = 0;
        if (page->length[LEFT] + page->length[MIDDLE] + page->length[RIGHT])
            file_record(store, record);
        else
            remove_page(store, record);
        return VM_NO_MEMORY;
    }
    file_record(store, record);
    store->item_count++;
    store->stored_bytes += length;
    *reference = reference_of(record, place);
    return VM_OK;
}

const void *tri_page_item(const struct tri_page_store *store,
                          uint64_t reference, uint32_t *length)
{
    enum place place;
    const struct store_page *page = page_of(store, reference, &place);

    *length = page->length[place];
    return page->bytes ? page->bytes + offset_of(page, place) : NULL;
}

void tri_page_release(struct tri_page_store *store, uint64_t reference)
{
    enum place place;
    struct store_page *page = page_of(store, reference, &place);
    uint32_t record = (uint32_t)(reference >> 6);

    unlink_record(store, record);
    store->item_count--;
    store->stored_bytes -= page->length[place];
    page->length[place] = 0;
    if (page->length[LEFT] + page->length[MIDDLE] + page->length[RIGHT] == 0)
        remove_page(store, record);
    else
        file_record(store, record);
}

uint64_t tri_page_page_count(const struct tri_page_store *store)
{
    return store->page_count;
}

uint64_t tri_page_item_count(const struct tri_page_store *store)
{
    return store->item_count;
}

uint64_t tri_page_stored_bytes(const struct tri_page_store *store)
{
    return store->stored_bytes;
}

/* Looking. ---------------------------------------------------------------- */

struct tally {
    uint64_t pages, items, bytes;
};

static const char *page_valid(const struct tri_page_store *store,
                              const struct store_page *page, uint32_t list,
                              struct tally *tally)
{
    uint32_t end = 0;
    uint64_t items = 0;

    if (page->list != list || list_for(page) != list)
        return "a page is on the list that its gaps say";
    if (page->page == PAGE_NONE ||
        store->pmm->pages[page->page].state != PAGE_STORE)
        return "a store page is a page in STORE state";
    for (int place = LEFT; place < PLACES; place++) {
        if (!page->length[place])
            continue;
        if (offset_of(page, (enum place)place) < end)
            return "items do not overlap";
        end = offset_of(page, (enum place)place) + page->length[place];
        items++;
        tally->bytes += page->length[place];
    }
    if (items == 0 || end > PAGE_BYTES)
        return "a store page holds items within its bounds";
    tally->items += items;
    tally->pages++;
    return NULL;
}

const char *tri_page_valid(const struct tri_page_store *store)
{
    struct tally tally = {0};

    for (uint32_t list = 0; list < LIST_COUNT; list++) {
        uint32_t before = RECORD_NONE;

        for (uint32_t record = store->lists[list].head; record != RECORD_NONE;
             record = store->records[record].next) {
            const char *broken =
                page_valid(store, &store->records[record], list, &tally);
            if (broken)
                return broken;
            if (store->records[record].prev != before)
                return "links lead back where they came from";
            before = record;
        }
        if (store->lists[list].tail != before)
            return "a list ends at its tail";
        if (list < BUCKETS &&
            (before != RECORD_NONE) != (store->bucket_bits >> list & 1))
            return "a bucket's bit says whether it is empty";
    }
    if (tally.pages != store->page_count)
        return "every store page is on one list";
    if (tally.items != store->item_count)
        return "items = places that are not empty";
    if (tally.bytes != store->stored_bytes)
        return "bytes = sum of the items' lengths";
    return NULL;
}
