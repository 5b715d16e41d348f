#!/bin/sh
# Explanations: is a page's life told as it was, does it say how to record one
# that was not, and where do two runs part?
#
#   tests/run_explain.sh
. "$(dirname "$0")/lib.sh"

# What was printed, as one line.
line() { tr -s ' \n' '  ' <"$work/out"; }
has() { line | grep -qF -- "$1"; }
lacks() { ! has "$1"; }
tells() { check "'$1' is told, not: $(cat "$work/out")" has "$1"; }
silent() { check "'$1' is not told" lacks "$1"; }

# --- a life ---------------------------------------------------------------------

cat >"$work/lives.yaml" <<'END'
version: 1
name: lives
machine: {memory: 200p}
reclaim: {compression: {enabled: true, anonymous: true}}
record: {pages: true}
vmos:
  - {vmo: file, size: 8p, kind: pager}
  - {vmo: heap, size: 8p, compressibility: 1}
events:
  - supply: {vmo: file}
    at: 1s
  - rotate: {times: 6}
    at: 2s
  - evict: {min: 8p}
    at: 3s
  - supply: {vmo: file, pages: 3}
    at: 4s
  - pin: {vmo: file, pages: 3}
    at: 5s
  - unpin: {vmo: file, pages: 3}
    at: 6s
  - hint: {vmo: file, pages: 3, kind: always_need}
    at: 7s
  - reclaim: {vmo: file, page: 3, reclaimed: false}
    at: 8s
  - close: {vmo: file}
    at: 9s
  - write: {vmo: heap, pages: 1, value: 5}
    at: 10s
  - compress: {vmo: heap, pages: 1}
    at: 11s
END
db=$work/lives.db
status 0 run "$work/lives.yaml" -o "$db" --quiet
status 0 explain "$db" --vmo file --page 3
tells "page 3 of file (VMO 1, pager, of process script) run 1: lives, zircon"
tells "life 1 of 2 1.000 s Its pager supplied it; it joined reclaim0. 2.000 s It \
aged 6 times at once, from reclaim0 to reclaim6. 3.000 s It was \
evicted as the next victim, from reclaim6 (inactive): the script (line 14) took \
the oldest only and still wanted"
tells "life 2 of 2 4.000 s It was needed again and read by its pager; it joined \
reclaim0. It had been away for 1.000 s, while"
tells "5.000 s It was pinned: reclaim could not take it from here on. 6.000 s It \
was unpinned, and reclaim could take it again; it joined reclaim0."
tells "9.000 s It was freed, from reclaim1, by the script (line 26): close."
tells "The run ended without it."
check "lines are at most 80 columns wide" [ "$(awk 'length > 80' "$work/out" |
    wc -l)" = 0 ]
status 0 explain "$db" --vmo file --page 3 --quiet
silent "run 1"
status 0 explain "$db" --vmo 2 --page 1
tells "10.000 s It was committed; it joined reclaim0."
status 0 explain "$db" --vmo file --page 3 --json
check "each event is an object with its facts" [ "$(jq -r 'map(.life) ==
    (map(.life) | sort) and length > 10 and (map(select(.what == "evicted")) |
    .[0] | .facts.by == "script" and .facts.line == "14" and
    .words == "reclaim6" and .at_ns == 3000000000)' "$work/out")" = true ]
check "as many as there are rows" [ "$(jq length "$work/out")" = "$(sqlite3 \
    "$db" 'SELECT count(*) FROM page_event WHERE vmo_id = 1 AND page = 3')" ]
status 0 explain "$db" --vmo heap --page 7
tells "Nothing happened to it"
status 0 explain "$db" --vmo heap --page 7 --json
check "which is an empty array" [ "$(cat "$work/out")" = "[]" ]

# --- what reclaim does under pressure -------------------------------------------

storm=$here/study/churn.yaml
db=$work/churn.db
for seed in 1 1 2; do
    status 0 run "$storm" -o "$db" --quiet --seed $seed \
        --set record.pages=true --set duration=5s
done
status 0 run "$storm" -o "$db" --quiet --policy lru --set record.pages=true \
    --seed 1 --set duration=5s
status 0 run "$storm" -o "$db" --quiet --seed 1 --set duration=5s
page=$(sqlite3 "$db" "SELECT page FROM page_event WHERE run_id = 1 AND
    what = 'refaulted' ORDER BY seq LIMIT 1")
status 0 explain "$db" --run 1 --vmo file --page "$page"
tells "pages were free."
tells "other pages were taken."
away=$(line | sed -n 's/.*while \([0-9,]*\) other pages.*/\1/p' | tr -d ,)
check "as many as there were" [ "$away" = "$(sqlite3 "$db" "
    SELECT count(*) FROM page_event WHERE run_id = 1 AND what IN ('evicted',
        'compressed') AND seq <
    (SELECT max(seq) FROM page_event WHERE run_id = 1 AND page = $page
        AND what = 'refaulted') AND seq >
    (SELECT max(seq) FROM page_event WHERE run_id = 1 AND page = $page
        AND what = 'evicted' AND seq < (SELECT max(seq) FROM page_event
        WHERE run_id = 1 AND page = $page AND what = 'refaulted'))")" ]

# --- where two runs part --------------------------------------------------------

status 0 explain "$db" --first-difference 1 2
tells "The runs don't differ in anything that both recorded."
tells "the same run twice"
status 0 explain "$db" --first-difference 1 3
first=$(sqlite3 "$db" "SELECT min(a.at_ns, b.at_ns) FROM page_event a JOIN
    page_event b USING (seq) WHERE a.run_id = 1 AND b.run_id = 3 AND
    (a.at_ns, a.page, a.what, a.detail) IS NOT
    (b.at_ns, b.page, b.what, b.detail) ORDER BY seq LIMIT 1")
tells "($first ns), in their page events."
tells "run 3: churn, zircon, seed 2"
status 0 explain "$db" --first-difference 1 4 --json
first=$(sqlite3 "$db" "WITH taken AS (SELECT run_id, row_number() OVER
        (PARTITION BY run_id ORDER BY seq) AS n, at_ns, page, what FROM page_event
        WHERE what IN ('evicted', 'compressed', 'discarded'))
    SELECT min(a.at_ns, b.at_ns) FROM taken a JOIN taken b USING (n) WHERE
    a.run_id = 1 AND b.run_id = 4 AND (a.at_ns, a.page, a.what) IS NOT
    (b.at_ns, b.page, b.what) ORDER BY n LIMIT 1")
check "two policies part at the first decision that differs" [ "$(jq -c '.[0] |
    [.differ, .at_ns, .series, (.runs | map(.run_id))]' "$work/out")" = \
    "[true,$first,\"reclaim decisions\",[1,4]]" ]
status 0 explain "$db" --first-difference 1 5
tells "don't differ in anything that both recorded"
tells "Not recorded by both, so not compared: events and page events."

# --- bad input ------------------------------------------------------------------

refused() {
    text=$1
    shift
    bad_input "$text" explain "$@"
    check "and nothing else is printed" [ ! -s "$work/out" ]
}
refused "lowtide run $storm --set record.pages=true" "$db" --run 5 --vmo file \
    --page 1
refused "the file holds 5 runs: choose with --run" "$db" --vmo file --page 1
refused "5 runs have the name 'churn'" "$db" --run churn --vmo file --page 1
refused "no run has the id or name '9'" "$db" --run 9 --vmo file --page 1
refused "run 1 has no VMO 'nobody'" "$db" --run 1 --vmo nobody --page 1
refused "--page" "$db" --run 1 --vmo file --page x
refused "--vmo and --page are wanted" "$db"
refused "two runs" "$db" --first-difference 1
refused "goes without" "$db" --first-difference 1 2 --vmo file
cat >"$work/twice.yaml" <<'END'
version: 1
record: {pages: true}
events:
  - create: {vmo: a, size: 1p}
  - close: {vmo: a}
  - create: {vmo: a, size: 1p}
END
status 0 run "$work/twice.yaml" -o "$work/twice.db" --quiet
refused "the name 'a' has been given to VMOs 1, 2: choose by number" \
    "$work/twice.db" --vmo a --page 0

finish
