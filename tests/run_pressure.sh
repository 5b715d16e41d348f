#!/bin/sh
# Run the scenarios of tests/pressure/ and check what they expect, and that
# between them and scenarios/ every measure is measured.
#
#   tests/run_pressure.sh
#
# LOWTIDE names the program (default build/lowtide). Each scenario of
# tests/pressure/ runs with every invariant proved after every event. Then every
# counter of the dictionary must have been recorded, and must have been more
# than nothing in some run; so must every column of the ticks, and every table
# must have rows. Exit status 1 if one of it does not hold.
set -u

here=$(dirname "$0")
lowtide=${LOWTIDE:-$here/../build/lowtide}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
db=$work/pressure.db
failed=0

# Always recorded, and always 0:
#   pq.aging.reason.none              a generation begins for a reason
#   pq.lru.spurious_wakeup            the LRU thread comes right behind ageing:
#                                     nobody can get in between
#   physical.reclaim.failed_requests  the host has to be out of memory
zeros="'pq.aging.reason.none', 'pq.lru.spurious_wakeup',
       'physical.reclaim.failed_requests'"

for file in "$here"/pressure/*.yaml; do
    name=$(basename "$file" .yaml)
    if "$lowtide" run --quiet --paranoid -o "$db" --set record.pages=true \
        "$file"; then
        echo "$name: ok"
    else
        echo "$name: failed" >&2
        failed=1
    fi
done
for file in "$here"/../scenarios/*.yaml; do
    "$lowtide" run --quiet -o "$db" "$file" || failed=1
done

# The log of several runs at once has that of each in one piece.
"$lowtide" run --quiet -j 4 -o "$work/all.db" --log "$work/all.log" \
    "$here"/pressure/*.yaml || failed=1
for file in "$here"/pressure/*.yaml; do
    name=$(basename "$file" .yaml)
    "$lowtide" run --quiet -o "$work/one.db" --log "$work/one.log" "$file" ||
        failed=1
    awk -v name="$name," '$3 == "lowtide:" { wanted = $4 == name } wanted' \
        "$work/all.log" | cmp -s - "$work/one.log" || {
        echo "$name: its log is another one, or in pieces, with -j" >&2
        failed=1
    }
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

complain() {
    [ -z "$2" ] && return
    echo "$1:" >&2
    printf '%s\n' "$2" | sed 's/^/    /' >&2
    failed=1
}

complain "counters that no run has recorded" "$(counters \
    'column_name NOT IN (SELECT name FROM counter)')"
complain "counters that are 0 in every run" "$(counters \
    "column_name NOT IN ($zeros) AND
     column_name NOT IN (SELECT name FROM counter WHERE value > 0)")"
complain "counters that should be 0 and are not" "$(counters \
    "column_name IN ($zeros) AND
     column_name IN (SELECT name FROM counter WHERE value > 0)")"
for column in $(ask "SELECT name FROM pragma_table_info('tick')"); do
    [ "$(ask "SELECT count(*) FROM tick WHERE $column <> 0")" = 0 ] &&
        complain "a column of the ticks that is 0 or nothing" "$column"
done
# study_run is for runs of lowtide sweep.
for table in $(ask "SELECT name FROM sqlite_schema
                    WHERE type = 'table' AND name <> 'study_run'"); do
    [ "$(ask "SELECT count(*) FROM $table")" = 0 ] &&
        complain "a table without rows" "$table"
done
for kind in access major_fault decompress alloc_wait; do
    [ "$(ask "SELECT count(*) FROM latency WHERE kind = '$kind'")" = 0 ] &&
        complain "latencies of a kind that nobody had" "$kind"
done
[ "$failed" = 0 ] &&
    echo "$(ask "SELECT count(DISTINCT name) FROM counter") counters are right"
exit $failed
