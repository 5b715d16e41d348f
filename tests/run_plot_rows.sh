#!/bin/sh
# Figures of long runs: a results file with so many ticks, each with a list and
# a VMO, is drawn in time, and a peak one tick long stays in the figure.
#
#   tests/run_plot_rows.sh [ROWS]
#
# ROWS are 10,000,000 times SOAK_SCALE if not given. Each figure may take LIMIT
# seconds of processor time (10).
. "$(dirname "$0")/lib.sh"
rows=${1:-$(awk -v scale="${SOAK_SCALE:-1}" 'BEGIN { print int(1e7 * scale) }')}
db=$work/long.db

# A file of ours, emptied, then filled by SQL. Free memory falls to 1 page in
# one tick, which is no round number; so do list and VMO rise in it.
"$lowtide" run --quiet -o "$db" "$here/study/churn.yaml" || exit 2
limit=${LIMIT:-10}
peak=$((rows * 2 / 3 + 1))
sqlite3 "$db" "
    PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF;
    DELETE FROM tick; DELETE FROM tick_list; DELETE FROM tick_vmo;
    UPDATE run SET page_size = 1048576;
    WITH RECURSIVE n(i) AS
        (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i < $rows - 1)
    INSERT INTO tick (run_id, tick_ns, free, level, wired, anonymous,
        compressed_storage, unattributed, stall_some_ns, stall_full_ns)
    SELECT run_id, i * 1000000,
        CASE WHEN i = $peak THEN 1 ELSE 500 + i * 7919 % 100 END,
        CASE WHEN i % 1000 < 700 THEN 'normal' ELSE 'warning' END,
        30, 200 + i % 17, 10, 3, i * 2000, i * 1000 FROM n, run;
    INSERT INTO tick_list (run_id, tick_ns, list, pages)
    SELECT run_id, tick_ns, 'reclaim0',
        CASE WHEN free = 1 THEN 77777 ELSE 100 + tick_ns / 1000000 % 13 END
    FROM tick;
    INSERT INTO tick_vmo (run_id, tick_ns, vmo_id, committed, compressed)
    SELECT run_id, tick_ns, (SELECT min(vmo_id) FROM vmo),
        CASE WHEN free = 1 THEN 88888 ELSE 100 + tick_ns / 1000000 % 13 END, 0
    FROM tick;" >/dev/null || exit 2

# Seconds of processor time: the second line of `times`, 0m1.5s 0m0.2s. It is
# the shell's own children that count, so no pipe.
seconds() {
    awk 'FNR == 2 { gsub(/[ms]/, " "); t[++n] = $1 * 60 + $2 + $3 * 60 + $4 }
         END { print t[2] - t[1] }' "$work/before" "$work/after"
}

# draw KIND VALUE: VALUE is in a column of the kept data.
draw() {
    times >"$work/before"
    status 0 plot --quiet --keep "$db" --kind "$1" -o "$work/$1.svg"
    times >"$work/after"
    took=$(seconds)
    echo "plot rows: $1 of $rows ticks: $took s"
    check "$1 took $took s, more than $limit" \
        awk -v took="$took" -v limit="$limit" 'BEGIN { exit took > limit }'
    check "$1: $2 is not in the figure" awk -v wanted="$2" \
        '{ for (i = 2; i <= NF; i++) n += $i == wanted } END { exit n == 0 }' \
        "$work/$1.dat"
    check "$1: too many points" [ "$(wc -l <"$work/$1.dat")" -lt 8000 ]
}

draw pressure 1
draw queues 77777
draw attribution 88888
finish
