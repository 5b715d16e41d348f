#!/bin/sh
# Exports: does every table come back from CSV as it was, do trace events hold
# what the results hold, is a directory that is not ours left alone?
#
#   tests/run_export.sh
#
# CSV is read back by sqlite3, trace events by jq.
. "$(dirname "$0")/lib.sh"

same() { [ "$1" = "$2" ] || { echo "'$1', not '$2'" >&2; return 1; }; }

# A browser that is killed for want of memory, and another run that is not.
cat >"$work/storm.yaml" <<'END'
version: 1
name: 'a "storm", of one page'
duration: 3s
tick: 100ms
machine: {memory: 200p}
record: {pages: true}
pagers:
  - {name: disk, read_latency: 3ms}
processes: [{name: browser, oom_score: 1}]
vmos:
  - {vmo: file, size: 400p, kind: pager, pager: disk}
  - {vmo: tabs, size: 400p, process: browser}
workloads:
  - {name: read, vmo: file, threads: 2, think: 1ms, pattern: {kind: loop}}
  - {name: open, process: browser, vmo: tabs, start: 1s, write: 1,
     accesses: 300, think: 1ms, pattern: {kind: sequential}}
events:
  - create: {vmo: short, size: 4p}
  - write: {vmo: short, value: 7}
  - close: {vmo: short}
    at: 550ms
END
db=$work/results.db
status 0 run "$work/storm.yaml" -o "$db" --quiet
status 0 run "$work/storm.yaml" -o "$db" --quiet --policy lru --seed 2
check "somebody was killed" [ "$(sqlite3 "$db" \
    'SELECT count(*) > 0 FROM process WHERE killed_ns IS NOT NULL')" = 1 ]
cp "$db" "$work/copy.db"

# --- CSV ------------------------------------------------------------------------

# Ratios have more digits in a file than sqlite3 prints.
shorten() {
    awk -F, -v OFS=, '{ for (i = 1; i <= NF; i++)
        if ($i ~ /^[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?$/ && $i ~ /[.e]/)
            $i = sprintf("%.10g", $i)
        print }'
}

relations="SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')
    ORDER BY name"
status 0 export "$db" --csv "$work/csv"
check "each table and view has a file" same "$(sqlite3 "$db" "$relations" |
    tr '\n' ' ')" "$(ls "$work/csv" | sed 's/\.csv$//' | tr '\n' ' ')"
for relation in $(sqlite3 "$db" "$relations"); do
    file=$work/csv/$relation.csv
    # As text, because that is what a CSV file holds; NULL is an empty field.
    columns=$(sqlite3 "$db" "SELECT group_concat('coalesce(\"' || name || '\",
        '''') || ''''', ', ') FROM pragma_table_info('$relation')")
    sqlite3 -csv "$db" "SELECT $columns FROM $relation" | shorten |
        sort >"$work/wanted"
    rm -f "$work/back.db"
    sqlite3 "$work/back.db" ".import --csv $file back" 2>"$work/err"
    sqlite3 -csv "$work/back.db" 'SELECT * FROM back' | shorten | sort \
        >"$work/got"
    check "$relation comes back: $(cat "$work/err")" \
        cmp -s "$work/wanted" "$work/got"
    check "$relation: lines end in CRLF" [ "$(head -1 "$file" | tail -c 2 |
        od -An -tx1 | tr -d ' ')" = 0d0a ]
    check "$relation: its header names the columns" same \
        "$(head -1 "$file" | tr -d '\r')" "$(sqlite3 "$db" \
        "SELECT group_concat(name) FROM pragma_table_info('$relation')")"
done
check "quotes are doubled" grep -qF '"a ""storm"", of one page"' \
    "$work/csv/run.csv"

status 0 export "$db" --csv "$work/csv" --run 2 --json
check "what was written is printed" grep -qF '"kind": "csv", "runs": [2]' \
    "$work/out"
check "an export is replaced; only the run is in it" [ "$(cut -d, -f1 \
    "$work/csv/tick.csv" | sort -u | tr -d '\r' | tr '\n' ' ')" = "2 run_id " ]
check "nor is the other run in the comparison" [ "$(grep -c ,zircon, \
    "$work/csv/v_compare.csv")" = 0 ]
check "which has some rows" [ "$(grep -c ,lru, "$work/csv/v_compare.csv")" -gt 9 ]
mkdir "$work/empty"
status 0 export "$db" --csv "$work/empty/" --quiet
check "an empty directory is filled" [ -s "$work/empty/run.csv" ]
echo mine >"$work/empty/notes.txt"
sum=$(cat "$work/empty"/* | cksum)
status 2 export "$db" --csv "$work/empty"
check "a foreign directory is refused" says "notes.txt"
check "and left alone" same "$(cat "$work/empty"/* | cksum)" "$sum"
status 2 export "$db" --csv "$work/storm.yaml"
status 2 export "$db"
status 2 export "$db" --csv "$work/a" --perfetto "$work/b"
status 2 export "$db" --csv "$work/a" --run nobody
check "no run, no directory" [ ! -e "$work/a" ]

# --- trace events ---------------------------------------------------------------

trace=$work/trace.json
status 0 export "$db" --perfetto "$trace"
events() { jq -c "[.traceEvents[] | $1]" "$trace"; }
check "runs are processes with names" same "$(events \
    'select(.name == "process_name") | .args.name')" \
    "$(sqlite3 "$db" "SELECT json_group_array('run ' || run_id || ': ' || name ||
        ', ' || policy || ', 200 pages, seed ' || seed) FROM run")"
check "time goes on in each track" [ "$(jq '[.traceEvents[] | select(.ts)] |
    group_by([.pid, .ph, .tid // 0, .name]) | map(map(.ts) as $t |
    $t == ($t | sort)) | all' "$trace")" = true ]
check "slices of a track do not overlap" [ "$(jq '[.traceEvents[] |
    select(.ph == "X")] | group_by([.pid, .tid]) | map(. as $s |
    [range(1; length) | $s[.].ts - ($s[. - 1].ts + $s[. - 1].dur) > -0.002] |
    all) | all' "$trace")" = true ]
for run in 1 2; do
    for column in accesses faults_major faults_zero refaults evicted_pager; do
        check "run $run: $column adds up" same "$(jq "[.traceEvents[] |
            select(.pid == $run and .ph == \"C\" and (.name |
            contains(\"per tick\"))) | .args.$column // 0] | add" "$trace")" \
            "$(sqlite3 "$db" "SELECT value FROM counter WHERE run_id = $run
                AND name = '$column'")"
    done
    for kind in some full; do
        check "run $run: $kind stalls add up" same "$(jq "[.traceEvents[] |
            select(.pid == $run and .ph == \"X\" and .name == \"$kind\") |
            .dur * 1000 | round] | add // 0" "$trace")" "$(sqlite3 "$db" \
            "SELECT max(stall_${kind}_ns) FROM tick WHERE run_id = $run")"
    done
    check "run $run: free memory is what the ticks say" same "$(jq -c \
        "[.traceEvents[] | select(.pid == $run and .name == \"memory (pages)\")
        | .args.free]" "$trace")" "$(sqlite3 "$db" "SELECT
        json_group_array(free) FROM tick WHERE run_id = $run")"
    check "run $run: levels last until the end" same "$(jq "[.traceEvents[] |
        select(.pid == $run and .ph == \"X\" and .tid == 1) | .dur * 1000 |
        round] | add" "$trace")" "$(sqlite3 "$db" "SELECT max(tick_ns) FROM tick
        WHERE run_id = $run")"
    check "run $run: kills are where they were" same "$(jq -c "[.traceEvents[] |
        select(.pid == $run and .ph == \"i\" and (.name |
        startswith(\"killed\"))) | .ts * 1000 | round]" "$trace")" "$(sqlite3 \
        "$db" "SELECT json_group_array(killed_ns) FROM process WHERE
        run_id = $run AND killed_ns IS NOT NULL")"
    check "run $run: the script is there" same "$(jq -c "[.traceEvents[] |
        select(.pid == $run and .tid == 4 and .ph == \"i\") | .name]" \
        "$trace")" '["create","write","close"]'
done
check "a closed VMO falls to zero" [ "$(jq '[.traceEvents[] | select(.pid == 1
    and .name == "committed by VMO (pages)" and .args.short != null) |
    .args.short] | last == 0 and max > 0' "$trace")" = true ]
status 0 export "$db" --perfetto "$trace" --run 2 --quiet
check "only the run is in it" [ "$(jq -c '[.traceEvents[].pid] | unique' \
    "$trace")" = '[2]' ]
status 2 export "$db" --perfetto "$db"
status 3 export "$db" --perfetto "$work/nowhere/trace.json"
check "the results are as they were" cmp -s "$db" "$work/copy.db"
check "nothing unfinished is left" [ "$(find "$work" -name '*.export-*' \
    -o -name '*.old-*' | wc -l)" = 0 ]

finish
