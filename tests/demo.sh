#!/bin/sh
# The demo: one machine running out of memory under two policies.
#
#   tests/demo.sh LOWTIDE OUT       (`make demo`)
#
# Leaves OUT/demo.db and figures; prints how the level went, when threads
# stalled, whose pages were reclaimed, and both summaries side by side. Exit
# status 1 if an expectation fails or a figure is missing.
set -eu

lowtide=$1
out=$2
here=$(cd "$(dirname "$0")/.." && pwd)
scenario=$here/scenarios/first-pressure.yaml

mkdir -p "$out"
rm -f "$out"/demo.db "$out"/demo.db-wal "$out"/demo.db-shm
for policy in zircon lru; do
    echo "playing first-pressure under $policy ..."
    "$lowtide" run --quiet -o "$out/demo.db" --policy "$policy" \
        --set record.pages=true "$scenario"
done

# One character for each second of a run: its level, and how long threads stood
# still for want of memory.
timeline() {
    sqlite3 -separator ' ' "$out/demo.db" "
        SELECT tick_ns / 1000000000, level, stall_some_ns
        FROM v_pressure_series JOIN run USING (run_id)
        WHERE policy = '$1' AND tick_ns % 1000000000 = 0 ORDER BY tick_ns" |
        awk 'BEGIN { mark["normal"] = "."; mark["warning"] = "w"
                     mark["critical"] = "C"; mark["imminent_oom"] = "I"
                     mark["oom"] = "O" }
             { share = ($3 - last) / 1e9
               bar = "."
               if (share > 0) bar = "-"
               if (share >= 0.01) bar = "+"
               if (share >= 0.1) bar = "#"
               levels = levels mark[$2]; stalls = stalls bar; last = $3 }
             END { print "  level   " levels; print "  stalled " stalls }'
}

echo
echo "a character a second, 0 to 60 s"
echo "  level    . normal  w warning  C critical  I imminent oom  O oom"
echo "  stalled  . not  - below 1%  + below 10%  # more of the second"
for policy in zircon lru; do
    echo "$policy:"
    timeline "$policy"
done

echo
echo "who was reclaimed, in pages:"
for policy in zircon lru; do
    echo "$policy:"
    sqlite3 -separator '|' "$out/demo.db" "
        SELECT process.name, vmo.name, sum(what = 'evicted'),
               sum(what = 'compressed'), sum(what = 'refaulted')
        FROM page_event JOIN run USING (run_id) JOIN vmo USING (run_id, vmo_id)
             JOIN process USING (run_id, process_id)
        WHERE policy = '$policy' GROUP BY vmo_id
        HAVING sum(what IN ('evicted', 'compressed')) > 0 ORDER BY vmo_id" |
        awk -F'|' 'BEGIN { row = "  %-10s %-8s %9s %11s %11s\n"
                           printf row, "process", "vmo", "evicted",
                                  "compressed", "came back" }
                   { printf row, $1, $2, $3, $4, $5 }'
done

echo
sqlite3 -separator '|' "$out/demo.db" "
    SELECT 'policy', policy, 0, run_id FROM v_summary UNION ALL
    SELECT 'accesses', accesses, 1, run_id FROM v_summary UNION ALL
    SELECT 'major faults', faults_major, 2, run_id FROM v_summary UNION ALL
    SELECT 'refaults', refaults, 3, run_id FROM v_summary UNION ALL
    SELECT 'pages evicted', evicted_pager, 4, run_id FROM v_summary UNION ALL
    SELECT 'pages compressed', evicted_compressed, 5, run_id FROM v_summary UNION ALL
    SELECT 'stalled, some threads', printf('%.2f %%', 100 * stall_some_share), 6, run_id
        FROM v_summary UNION ALL
    SELECT 'seconds at ' || replace(level.name, '_', ' '), (
        SELECT printf('%.1f', count(*) * 0.5) FROM v_pressure_series AS at
        WHERE at.run_id = run.run_id AND at.level = level.name), 7 + n, run_id
        FROM run, (SELECT 'warning' AS name, 0 AS n UNION
                       SELECT 'critical', 1 UNION SELECT 'imminent_oom', 2 UNION
                       SELECT 'oom', 3) AS level UNION ALL
    SELECT 'killed for memory', oom_kills, 11, run_id FROM v_summary
    ORDER BY 3, 4" |
    awk -F'|' '{ if ($1 != last) { if (NR > 1) print ""; printf "%-24s", $1 }
                 printf "%14s", $2; last = $1 } END { print "" }'
echo

for kind in queues attribution pressure faults; do
    for type in png svg; do
        "$lowtide" plot --quiet "$out/demo.db" --kind "$kind" \
            -o "$out/$kind.$type"
        [ -s "$out/$kind.$type" ]
    done
done
echo "figures:"
ls "$out"/*.png "$out"/*.svg | sed 's/^/  /'
echo "results: $out/demo.db"
