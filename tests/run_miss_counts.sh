#!/bin/sh
# Miss counts of the built-in policies against those of a reference.
#
#   tests/run_miss_counts.sh
#
# The traces of data/miss_counts.txt are made again, compared by checksum, and
# replayed under each policy that is built in; every count must be equal to the
# last miss, and each trace have the requests and distinct pages that it should.
# The counts of lru are also read off its curve.
#
# Not compared: slru where the memory is no multiple of four pages and s3fifo
# below 20, which would have to throw out or refuse pages while memory is free;
# lirs, whose counts are for orientation: how far it is off is printed.
#
# LOWTIDE names the program (default build/lowtide), GEN_TRACE the generator
# (default build/bench/gen_trace), JOBS the replays at a time (default 1).
set -u

here=$(dirname "$0")
lowtide=${LOWTIDE:-$here/../build/lowtide}
gen_trace=${GEN_TRACE:-$here/../build/bench/gen_trace}
table=$here/data/miss_counts.txt
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

fail()
{
    echo "tests/run_miss_counts.sh: $1" >&2
    exit 1
}

# The sizes of memory of trace $1.
sizes()
{
    awk -v trace="$1" '$1 == "misses" && $2 == trace {
        printf "%s%sp", comma, $3; comma = "," }' "$table"
}

# "POLICY PAGES MISSES REQUESTS DISTINCT" for each replay of a JSON report.
read_report()
{
    awk -v policy="$1" '{
        while (match($0, /"[a-z_]+": *[0-9.]+/)) {
            pair = substr($0, RSTART, RLENGTH)
            $0 = substr($0, RSTART + RLENGTH)
            split(pair, part, /[": ]+/)
            value[part[2]] = part[3]
        }
        if ("misses" in value)
            print policy, value["memory_pages"], value["misses"],
                  value["requests"], value["distinct_pages"]
        delete value
    }'
}

"$lowtide" policies | awk '{ print $1 }' >"$work/built"
policies=$(sed -n 's/^policies //p' "$table")
grep '^trace ' "$table" >"$work/traces"
while read -r _ name requests distinct sum arguments; do
    file=$work/$name
    # shellcheck disable=SC2086 # several words
    "$gen_trace" $arguments --output "$file" --format oracleGeneral ||
        fail "$name cannot be made"
    [ "$(sha256sum <"$file" | cut -d' ' -f1)" = "$sum" ] ||
        fail "$name is another trace"
    for policy in $policies; do
        grep -qx "${policy%%:*}" "$work/built" || continue
        param=
        [ "$policy" = "${policy#*:}" ] || param="--param ${policy#*:}"
        # shellcheck disable=SC2086 # none or two words
        "$lowtide" replay "$file" --format oracleGeneral --json \
            --jobs "${JOBS:-1}" --policy "${policy%%:*}" $param \
            --memory "$(sizes "$name")" >"$work/report" ||
            fail "$policy does not replay $name"
        read_report "$policy" <"$work/report" |
            sed "s/^/got $name $requests $distinct /" >>"$work/got"
    done
    "$lowtide" replay "$file" --format oracleGeneral --json --policy lru \
        --mrc --memory "$(sizes "$name")" >"$work/report" ||
        fail "there is no curve of $name"
    read_report lru <"$work/report" |
        sed "s/^/got $name $requests $distinct /" >>"$work/got"
    rm -f "$file"
done <"$work/traces"

awk '
    $1 == "policies" { for (n = 2; n <= NF; n++) policy[n + 2] = $n }
    $1 == "misses" { for (n = 4; n <= NF; n++) want[$2, policy[n], $3] = $n }
    $1 != "got" { next }
    { what = $5 " on " $2 " with " $6 " pages"; expected = want[$2, $5, $6] }
    $8 != $3 || $9 != $4 {
        print what ": " $8 " requests of " $9 " pages, not " $3 " of " $4
        bad++
    }
    $5 == "slru" && $6 % 4 || $5 == "s3fifo" && $6 < 20 { next }
    $5 == "lirs" {
        off = ($7 / expected - 1) * 100
        off = off < 0 ? -off : off
        furthest = off > furthest ? off : furthest
        next
    }
    $7 == expected { equal++; next }
    { print what ": " $7 " misses, not " expected; bad++ }
    END {
        printf "lirs: within %.2f%% of the reference\n", furthest
        printf "%d miss counts are equal to the reference, %d are not\n",
               equal, bad
        exit bad > 0 || equal < 100
    }' "$table" "$work/got" || exit 1
