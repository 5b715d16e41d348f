#!/bin/sh
# The demo: one machine running out of memory under two policies.
#
#   tests/demo.sh LOWTIDE OUT       (`make demo`)
#
# Leaves OUT/demo.db and figures, prints both summaries side by side. Exit
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
    "$lowtide" run --quiet -o "$out/demo.db" --policy "$policy" "$scenario"
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
    SELECT 'killed for memory', oom_kills, 7, run_id FROM v_summary
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
