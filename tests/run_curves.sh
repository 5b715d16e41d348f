#!/bin/sh
# Miss-ratio curves and samples, from the command line: is LRU's curve that of
# its replays, how far off is a sample, is the same said twice, is bad input
# refused with nothing written?
#
#   tests/run_curves.sh
#
# GEN_TRACE names the generator (default build/bench/gen_trace). The errors that a
# sample may have are those that docs/REPLAY.md promises.
. "$(dirname "$0")/lib.sh"
gen_trace=$(realpath "${GEN_TRACE:-$here/../build/bench/gen_trace}")

lacks() { ! grep -qF -- "$1" "$work/$2"; }

# What a table says but the seconds, which are its last column.
figures() { awk '{ $NF = ""; print }' "$work/out"; }

# make NAME ARGUMENT...: a trace of the generator.
make() {
    name=$1
    shift
    "$gen_trace" "$@" --output "$work/$name" --format oracleGeneral || exit 1
}

make small --mode zipf --alpha 1.0 --universe 1000 --requests 100000 --seed 21
make z10 --mode zipf --alpha 1.0 --universe 100000 --requests 1000000 --seed 11
make z08 --mode zipf --alpha 0.8 --universe 100000 --requests 1000000 --seed 12
small="$work/small --format oracleGeneral"

# --- exact curves --------------------------------------------------------------

sizes=1p,2p,10p,37p,100p,145p,500p,999p,1000p,2000p
# shellcheck disable=SC2086 # several words
{
    status 0 replay $small --memory $sizes --policy lru --quiet
    figures >"$work/replays"
    status 0 replay $small --memory $sizes --policy lru --quiet --mrc
    figures >"$work/curve"
    check "the curve of lru is that of its replays" \
        cmp -s "$work/replays" "$work/curve"
    status 0 replay $small --memory $sizes --policy arc,lirs,opt --quiet -j2
    figures >"$work/replays"
    status 0 replay $small --memory $sizes --policy arc,lirs,opt --quiet --mrc \
        --sample 1
    figures >"$work/curve"
    check "with all pages in the sample a curve is that of replays" \
        cmp -s "$work/replays" "$work/curve"
}
# A page of memory for each of the reference's figures, lru's column.
for one in 10:78914 100:42224 500:13507 145:35982; do
    # shellcheck disable=SC2086 # several words
    status 0 replay $small --memory ${one%:*}p --policy lru --mrc --json
    check "lru misses ${one#*:} times with ${one%:*} pages" \
        grep -q "\"misses\": ${one#*:}," "$work/out"
    check "and that is exact" grep -q '"sample_rate": 1, "exact": true' \
        "$work/out"
done
status 0 replay "$work/z10" --format oracleGeneral --policy lru --mrc --quiet
check "more memory never misses more" \
    awk '$4 + 0 > last && NR > 1 { exit 1 } { last = $4 }
         END { exit NR < 15 }' "$work/out"

# --- one reading, whatever the trace is packed in ----------------------------------

zstd -q "$work/small"
gzip -k "$work/small"
for packed in "$work/small" "$work/small.zst" "$work/small.gz"; do
    status 0 replay "$packed" --format oracleGeneral --policy lru,sieve,zircon \
        --memory 0.1,0.5,70p --quiet -j2
    figures >"$work/packed"
    [ -e "$work/plain" ] || cp "$work/packed" "$work/plain"
    check "$packed is replayed as it is unpacked" \
        cmp -s "$work/plain" "$work/packed"
    status 0 replay "$packed" --format oracleGeneral --policy lru,sieve \
        --memory 0.1,0.5 --sample 0.2 --quiet
    figures >"$work/packed"
    [ -e "$work/sampled" ] || cp "$work/packed" "$work/sampled"
    check "$packed is sampled as it is unpacked" \
        cmp -s "$work/sampled" "$work/packed"
done

# --- samples ------------------------------------------------------------------------

# Sizes of which a sample of a hundredth has at least 32 pages.
memory=3500p,5000p,7000p,10000p,14000p,20000p,30000p,40000p,60000p,78000p
for trace in z10 z08; do
    status 0 replay "$work/$trace" --format oracleGeneral \
        --policy lru,s3fifo,arc --memory $memory --mrc --sample 1 --quiet -j2
    awk '{ print $1, $2, $5 }' "$work/out" >"$work/exact"
    for rate in 0.1 0.03 0.01; do
        status 0 replay "$work/$trace" --format oracleGeneral \
            --policy lru,s3fifo,arc --memory $memory --mrc --sample $rate \
            --quiet -j2
        awk '{ print $1, $2, $5 }' "$work/out" >"$work/estimate"
        check "$trace: a sample of $rate is off by less than 0.02 in the mean" \
            awk -v trace="$trace" -v rate=$rate '
            NR == FNR { exact[$1, $2] = $3; next }
            { off = $3 - exact[$1, $2]; sum[$1] += off < 0 ? -off : off
              count[$1]++ }
            END {
                for (policy in sum) {
                    mean = sum[policy] / count[policy]
                    printf "%s, %s of the pages, %s: off by %.4f\n", trace,
                           rate, policy, mean
                    bad += mean >= 0.02 || count[policy] != 10
                    policies++
                }
                exit bad > 0 || policies != 3
            }' "$work/exact" "$work/estimate"
    done
done

status 0 replay "$work/z10" --format oracleGeneral --policy s3fifo,lru --mrc \
    --quiet
figures >"$work/once"
check "by default what is not lru is sampled, lru is not" awk '
    $1 == "lru" && $6 != 1 || $1 == "s3fifo" && $6 != 0.25 { exit 1 }' \
    "$work/out"
status 0 replay "$work/z10" --format oracleGeneral --policy s3fifo,lru --mrc \
    --quiet -j2
figures >"$work/twice"
check "the same is said twice, whatever -j is" \
    cmp -s "$work/once" "$work/twice"

status 0 replay "$work/z10" --format oracleGeneral --policy clock --memory 0.1 \
    --sample 0.05 --json
check "a sample is called one" grep -q '"sample_rate": 0.05, "exact": false' \
    "$work/out"
check "its requests are the trace's" grep -q '"requests": 1000000,' \
    "$work/out"
check "its pages are the trace's" grep -q '"distinct_pages": 80636,' \
    "$work/out"

# --- into a database -------------------------------------------------------------------

db=$work/mrc.db
status 0 replay "$work/z10" --format oracleGeneral --policy lru,clock \
    --param bits=2 --memory 0.05,0.2,0.5 --mrc --sample 0.1 -o "$db"
check "the hint names the figure" says "lowtide plot $db --kind mrc"
awk 'NR > 1 { print $1, $(NF - 4), sprintf("%.6f", $(NF - 2)) }' "$work/out" \
    >"$work/printed"
sqlite3 -separator ' ' "$db" "SELECT policy, accesses,
    printf('%.6f', miss_ratio) FROM v_summary ORDER BY run_id" |
    sed 's/\.0 / /' >"$work/stored"
check "what is printed is in the file" awk '
    NR == FNR { ratio[NR] = $NF; next }
    { if (ratio[FNR] != $NF || $2 != 1000000) bad++ }
    END { exit bad > 0 || FNR != 6 }' "$work/printed" "$work/stored"
check "all points are complete runs of one name" [ "$(sqlite3 "$db" "
    SELECT count(DISTINCT memory_pages), count(*), count(DISTINCT name),
           min(status), max(status) FROM v_summary")" = "3|6|1|ok|ok" ]
check "params say that they are of a sample" [ "$(sqlite3 "$db" "
    SELECT DISTINCT params FROM run WHERE policy = 'clock'")" = \
    '{"bits":"2","sample":"0.1"}' ]
status 0 replay "$work/z10" --format oracleGeneral --policy lru --memory 0.1 \
    --mrc -o "$work/exact.db" --quiet
check "params of what is exact do not" [ "$(sqlite3 "$work/exact.db" \
    "SELECT params FROM run")" = '{}' ]
check "--quiet hints at nothing" lacks plot err

# --- bad input ---------------------------------------------------------------------------

for rate in 0 0.0 1.5 -1 ten 0.1% ''; do
    # shellcheck disable=SC2086 # several words
    status 2 replay $small --memory 10p --sample "$rate" -o "$work/no.db"
    check "--sample '$rate' is what is wrong" says "--sample '$rate'"
done
# shellcheck disable=SC2086 # several words
{
    status 2 replay $small --memory 100p --vmo-size 2000p --mrc -o "$work/no.db"
    check "a VMO has no curve" says "--vmo-size"
    status 2 replay $small --memory 100p --vmo-size 2000p --sample 0.1
    check "a VMO has no sample" says "--vmo-size"
    status 2 replay $small --memory 10p --sample 0.001 -o "$work/no.db"
    check "ten pages are none of a thousandth" says "--sample"
    status 2 replay $small --sample 0.1
    check "sizes are wanted without a curve" says "--memory"
    status 2 replay $small --mrc --memory 0.1x -o "$work/no.db"
    check "a size is spelled wrong" says "--memory '0.1x'"
}
: >"$work/empty"
status 2 replay "$work/empty" --format oracleGeneral --mrc -o "$work/no.db"
check "an empty trace has no curve" says "$work/empty"
head -c 100000 "$work/small" >"$work/cut"
status 2 replay "$work/cut" --format oracleGeneral --mrc --policy lru,arc \
    -o "$work/no.db"
check "a trace that is cut off, and where" says "$work/cut: byte 99984"
check "nothing was written" [ ! -e "$work/no.db" ]

finish
