#!/bin/sh
# Run the scenarios of tests/pressure/ and check what they expect, and that
# between them and scenarios/ every measure is measured.
#
#   tests/run_pressure.sh
#
# Each scenario of tests/pressure/ runs with every invariant proved after every
# event. Then every counter of the dictionary must have been recorded, and must
# have been more than nothing in some run; so must every column of the ticks, and
# every table must have rows.
. "$(dirname "$0")/lib.sh"
db=$work/pressure.db

# Always recorded, and always 0:
#   pq.aging.reason.none              a generation begins for a reason
#   pq.lru.spurious_wakeup            the LRU thread comes right behind ageing:
#                                     nobody can get in between
#   physical.reclaim.failed_requests  the host has to be out of memory
zeros="'pq.aging.reason.none', 'pq.lru.spurious_wakeup',
       'physical.reclaim.failed_requests'"

for file in "$here"/pressure/*.yaml; do
    name=$(basename "$file" .yaml)
    check "$name fails" "$lowtide" run --quiet --paranoid -o "$db" \
        --set record.pages=true "$file"
done
for file in "$here"/../scenarios/*.yaml; do
    check "$file fails" "$lowtide" run --quiet -o "$db" "$file"
done

# The log of several runs at once has that of each in one piece.
status 0 run --quiet -j 4 -o "$work/all.db" --log "$work/all.log" \
    "$here"/pressure/*.yaml
for file in "$here"/pressure/*.yaml; do
    name=$(basename "$file" .yaml)
    status 0 run --quiet -o "$work/one.db" --log "$work/one.log" "$file"
    awk -v name="$name," '$3 == "lowtide:" { wanted = $4 == name } wanted' \
        "$work/all.log" | cmp -s - "$work/one.log"
    check "$name: its log is another one, or in pieces, with -j" [ $? = 0 ]
done

ask() {
    sqlite3 "$db" "$1"
}

# Names of counters that CONDITION holds for; a process's are made as needed.
counters() {
    ask "SELECT column_name FROM metric WHERE table_name = 'counter' AND
         column_name NOT IN ('run_id', 'name', 'value') AND
         column_name NOT LIKE 'process.%' AND $1"
}

# none WHAT NAMES: there are no such names.
none() { check "$1: $2" [ -z "$2" ]; }

none "counters that no run has recorded" "$(counters \
    'column_name NOT IN (SELECT name FROM counter)')"
none "counters that are 0 in every run" "$(counters \
    "column_name NOT IN ($zeros) AND
     column_name NOT IN (SELECT name FROM counter WHERE value > 0)")"
none "counters that should be 0 and are not" "$(counters \
    "column_name IN ($zeros) AND
     column_name IN (SELECT name FROM counter WHERE value > 0)")"
for column in $(ask "SELECT name FROM pragma_table_info('tick')"); do
    check "the column $column of the ticks is 0 or nothing" \
        [ "$(ask "SELECT count(*) FROM tick WHERE $column <> 0")" != 0 ]
done
# study_run is for runs of lowtide sweep.
for table in $(ask "SELECT name FROM sqlite_schema
                    WHERE type = 'table' AND name <> 'study_run'"); do
    check "the table $table has no rows" \
        [ "$(ask "SELECT count(*) FROM $table")" != 0 ]
done
for kind in access major_fault decompress alloc_wait; do
    check "nobody had latencies of the kind $kind" \
        [ "$(ask "SELECT count(*) FROM latency WHERE kind = '$kind'")" != 0 ]
done
echo "$(ask "SELECT count(DISTINCT name) FROM counter") counters are recorded"
finish
