#!/bin/sh
# Imported traces, from the command line: does every format come through as it
# was, also read by a reader that knows only docs/FORMATS.md; does a replay miss
# as often; is a sample what it says; is what is damaged or asked wrongly
# refused, and nothing left behind?
#
#   tests/run_import.sh
#
# Expected requests are worked out a second time here, with awk.
. "$(dirname "$0")/lib.sh"
shipped=$here/../scenarios/traces
recorded=$here/data/traces
export LC_ALL=C

requests() { python3 "$here/ltt_read.py" "$@"; }
same() { cmp -s "$1" "$2"; }

# --- every format comes through as it was -------------------------------------

# Each with what it means: PAGE WRITE TIME THREAD a line, in $work/NAME.want.
# text: more than one block of a shipped trace.
zstd -dcq "$shipped/cc1.txt.zst" | head -n 150000 >"$work/text"
awk 'function hex(t, i, v) { t = tolower(t); sub(/^0x/, "", t)
         for (i = 1; i <= length(t); i++)
             v = v * 16 + index("0123456789abcdef", substr(t, i, 1)) - 1
         return v }
     !($1 in page) { page[$1] = hex($1) }
     { printf "%.0f %d 0 0\n", page[$1], $2 == "w" }' "$work/text" \
    >"$work/text.want"

awk 'BEGIN { print "time,page,write,thread"
    for (i = 0; i < 3000; i++)
        printf "%d,%d,%s,%d\n", i * 1000 + i % 7, i * i % 101,
               i % 3 ? "r" : "w", int(i / 500) % 3 }' >"$work/csv"
awk -F, 'NR > 1 { print $2, $3 == "w" ? 1 : 0, $1, $4 }' "$work/csv" \
    >"$work/csv.want"

gzip -dc "$recorded/true.lackey.gz" >"$work/lackey"
awk 'function hex(t, i, v) {
         for (i = 1; i <= length(t); i++)
             v = v * 16 + index("0123456789abcdef", substr(t, i, 1)) - 1
         return v }
     /^ [LSM] / { split($2, part, ","); at = hex(part[1])
         last = int((at + part[2] - 1) / 4096)
         for (page = int(at / 4096); page <= last; page++)
             print page, $1 != "L" ? 1 : 0, 0, 0 }' "$work/lackey" \
    >"$work/lackey.want"

gzip -dc "$recorded/gcc.perf.gz" >"$work/perf"
python3 - "$work/perf" >"$work/perf.want" <<'END'
import re, sys
spaces = {}
for line in open(sys.argv[1]):
    pid, tid, s, us, addr = re.fullmatch(
        r".* (\d+)/(\d+) +(\d+)\.(\d{6}): page-faults: +([0-9a-f]+)\n",
        line).groups()
    space = spaces.setdefault(pid, len(spaces))
    print(int(addr, 16) // 4096 + (space << 52), 0,
          int(s) * 10**9 + int(us) * 1000, tid)
END

cat >"$work/damo" <<'END'
base_time_absolute: 8 m 59.809 s

monitoring_start:                0 ns
monitoring_end:            100.000 ms
monitoring_duration:       100.000 ms
target_id: 18446623438842320000
nr_regions: 3
# start_addr     end_addr        length  nr_accesses   age
563ebaa00000-563ebaa64000 ( 400.000 KiB)           2     0
7f938d7e1000-7f938ddfc000 (   6.105 MiB)           0     3
7fff66b0a000-7fff66b0c000 (   8.000 KiB)           1    12

END
awk 'function run(first, pages, time, i) {
         for (i = 0; i < pages; i++)
             printf "%.0f 0 %.0f 0\n", first + i, time }
     BEGIN { run(23151225344, 100, 539809000000)
             run(23151225344, 100, 539859000000)
             run(34359110410, 2, 539859000000) }' >"$work/damo.want"

python3 - "$work" <<'END'
import random, struct, sys
draw = random.Random(7)
with open(sys.argv[1] + "/oracle", "wb") as trace, \
     open(sys.argv[1] + "/oracle.want", "w") as want:
    for i in range(70000):
        page = int(draw.paretovariate(0.5)) % 2**64
        trace.write(struct.pack("<IQIq", i // 100, page, 512, -1))
        want.write("%d 0 %d 0\n" % (page, i // 100 * 10**9))
END

for name in text csv lackey perf damo oracle; do
    status 0 import "$work/$name" --to "$work/$name.ltt" --json
    check "$name: the requests are those of the source" sh -c \
        'python3 "$1/ltt_read.py" "$2.ltt" | cmp -s - "$2.want"' \
        sh "$here" "$work/$name"
    check "$name: as many requests are printed" \
        prints "\"requests\": $(wc -l <"$work/$name.want")"
    check "$name: as many writes" \
        prints "\"writes\": $(awk '$2 == 1' "$work/$name.want" | wc -l)"
    check "$name: as many pages" \
        prints "\"distinct_pages\": $(cut -d' ' -f1 "$work/$name.want" |
            sort -u | wc -l)"
    check "$name: as many threads" \
        prints "\"threads\": $(cut -d' ' -f4 "$work/$name.want" |
            sort -u | wc -l)"

    # Replayed, both miss as often.
    for trace in "$work/$name" "$work/$name.ltt"; do
        status 0 replay "$trace" --policy lru,clock,zircon \
            --memory 0.1,0.5 --quiet
        awk '{ print $1, $2, $3, $4, $5 }' "$work/out" >"$trace.misses"
    done
    check "$name: six replays" [ "$(wc -l <"$work/$name.misses")" = 6 ]
    check "$name: they miss as often" \
        same "$work/$name.misses" "$work/$name.ltt.misses"

    # Compressed, it is the same trace; only what is said of the source differs.
    gzip -c "$work/$name" >"$work/$name.gz"
    zstd -q -c "$work/$name" >"$work/$name.zst"
    for end in gz zst; do
        status 0 import "$work/$name.$end" --to "$work/packed.ltt" --quiet
        check "$name.$end: quiet" [ ! -s "$work/out" ]
        tail -c +161 "$work/$name.ltt" >"$work/a"
        tail -c +161 "$work/packed.ltt" >"$work/b"
        check "$name.$end: the same blocks and index" same "$work/a" "$work/b"
        zstd -q -f -c "$work/$name.ltt" >"$work/outer.ltt"
        status 0 import "$work/outer.ltt" --to "$work/again.ltt" --quiet
        tail -c +161 "$work/again.ltt" >"$work/b"
        check "$name: imported again, the same" same "$work/a" "$work/b"
    done
done

# --- the shipped trace, whole ---------------------------------------------------

cc1=$shipped/cc1.txt.zst
status 0 import "$cc1" --to "$work/cc1.ltt" --json
cp "$work/out" "$work/cc1.json"
check "JSON is an array of one object with these values" python3 - \
    "$work/cc1.json" "$cc1" "$work/cc1.ltt" <<'END'
import json, os, sys, zlib
(result,) = json.load(open(sys.argv[1]))
stored = open(sys.argv[2], "rb").read()
want = dict(trace=sys.argv[2], file=sys.argv[3], format="text",
            source_requests=4000000, requests=4000000, distinct_pages=1401,
            threads=1, page_size=4096, duration_ns=None, sample=1, blocks=62,
            source_bytes=len(stored),
            source_crc32="%08x" % zlib.crc32(stored),
            file_bytes=os.path.getsize(sys.argv[3]))
for name, value in want.items():
    assert result[name] == value, (name, result[name], value)
assert result["writes"] > 0 and result["seconds"] > 0
END
requests "$work/cc1.ltt" --header >"$work/header"
for fact in "source_format text" "requests 4000000" "page_bytes 4096" \
    "distinct_pages 1401" "flags 0" "sample_threshold 0"; do
    check "the header says $fact" grep -qx "$fact" "$work/header"
done
for trace in "$cc1" "$work/cc1.ltt"; do
    status 0 replay "$trace" --policy lru,arc --memory 0.05,0.3 --quiet
    awk '{ print $1, $2, $3, $4, $5 }' "$work/out" >"$work/$(basename "$trace")"
done
check "a replay of the shipped trace misses as often" \
    same "$work/cc1.txt.zst" "$work/cc1.ltt"

# A scenario plays it as it plays the source.
status 0 import "$cc1" --to "$work/cc1.ltt" --quiet
for trace in "$cc1" "$work/cc1.ltt"; do
    cat >"$work/scenario.yaml" <<END
version: 1
name: traced
duration: 2s
machine: {memory: 1024p}
pagers: [{name: disk, read_latency: 1ms}]
processes: [{name: p}]
vmos: [{vmo: v, size: 1500p, kind: pager, pager: disk, process: p}]
workloads:
  - name: w
    process: p
    vmo: v
    think: 2us
    pattern: {kind: trace, trace: {file: $trace, timing: think}}
END
    status 0 run "$work/scenario.yaml" -o "$work/runs.db" --quiet
done
check "a scenario that plays it has the same fingerprint" [ "$(sqlite3 \
    "$work/runs.db" "SELECT count(*), count(DISTINCT fingerprint),
                            min(accesses) > 0 FROM v_summary")" = "2|1|1" ]

# --- samples ----------------------------------------------------------------------

status 0 import "$work/oracle" --to "$work/half.ltt" --sample 0.5 --json
check "the share is printed" prints '"sample": 0.5'
python3 - "$work/oracle.want" >"$work/half.want" <<'END'
import sys
MASK = 2**64 - 1
def page_hash(page):
    z = (page + 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ z >> 27) * 0x94D049BB133111EB) & MASK
    return z ^ z >> 31
for line in open(sys.argv[1]):
    if page_hash(int(line.split()[0])) < 2**63:
        print(line, end="")
END
requests "$work/half.ltt" >"$work/half.got"
check "a sample is of the pages with a small hash" \
    same "$work/half.got" "$work/half.want"
requests "$work/half.ltt" --header >"$work/header"
check "the header keeps the sample" \
    grep -qx "sample_threshold 9223372036854775808" "$work/header"
check "and the requests before it" grep -qx "source_requests 70000" \
    "$work/header"
status 0 import "$work/oracle" --to "$work/tenth.ltt" --sample 0.1 --quiet
status 0 import "$work/half.ltt" --to "$work/of-half.ltt" --sample 0.1 --quiet
requests "$work/tenth.ltt" >"$work/a"
requests "$work/of-half.ltt" >"$work/b"
check "a sample of a sample is that of the whole" same "$work/a" "$work/b"
status 0 import "$work/half.ltt" --to "$work/b.ltt" --json
check "a sample stays one" prints '"sample": 0.5'
status 0 import "$work/oracle" --to "$work/b.ltt" --sample 1
check "all pages are no sample" same "$work/oracle.ltt" "$work/b.ltt"

# --- page sizes ---------------------------------------------------------------------

status 0 import "$work/lackey" --to "$work/big.ltt" --page-size 64KiB --quiet
requests "$work/big.ltt" --header >"$work/header"
check "addresses become pages of the size asked for" \
    grep -qx "page_bytes 65536" "$work/header"
status 0 import "$work/big.ltt" --to "$work/b.ltt" --json
check "and pages keep their size" prints '"page_size": 65536'
status 2 import "$work/big.ltt" --to "$work/c.ltt" --page-size 16KiB
check "which can't be changed" says "65536 bytes"
check "nothing is written" [ ! -e "$work/c.ltt" ]

# --- what is refused -------------------------------------------------------------------

mkdir "$work/empty"
new=$work/empty/new.ltt
refused() {
    reason=$1
    shift
    bad_input "$reason" import "$@"
    check "one line" [ "$(wc -l <"$work/err")" = 1 ]
    check "nothing on standard output" [ ! -s "$work/out" ]
    check "nothing is written" [ -z "$(ls -A "$work/empty")" ]
}
: >"$work/nothing"
refused "--to FILE.ltt is wanted" "$work/text"
refused "a trace is wanted" --to "$new"
refused "one trace at a time" "$work/text" "$work/csv" --to "$new"
refused "No such file" "$work/none" --to "$new"
refused "not a regular file" "$work" --to "$new"
refused "the trace is empty" "$work/nothing" --to "$new"
refused "none of its pages" "$work/damo" --to "$new" --sample 1e-9
refused "text, lackey" "$work/text" --to "$new" --format tex
refused "power of two" "$work/text" --to "$new" --page-size 5000
refused "power of two" "$work/text" --to "$new" --page-size 4p
for share in 0 1.1 -1 x 1e-300 nan; do
    refused "--sample '$share'" "$work/text" --to "$new" --sample $share
done
refused "--jobs" "$work/text" --to "$new" -j 0
refused "No such file" "$work/text" --to "$work/none/new.ltt"
refused "not a regular file" "$work/text" --to "$work/empty"
refused "neither page nor addr" "$work/csv" --to "$new" --columns time=1
refused "byte 0" "$work/text" --to "$new" --format ltt
status 2 import "$work/text" --to "$new" --colour
check "an unknown option writes nothing" [ -z "$(ls -A "$work/empty")" ]

# Cut in the middle: the byte where it ends, and an old file stays as it is.
cp "$work/csv.ltt" "$new"
for name in lackey perf damo oracle text.ltt oracle.gz csv.zst; do
    bytes=$(($(wc -c <"$work/$name") / 2 + 1))
    head -c $bytes "$work/$name" >"$work/cut.$name"
    status 2 import "$work/cut.$name" --to "$new"
    check "$name cut at $bytes: $(cat "$work/err")" says "cut.$name: byte "
    check "an old file is untouched" same "$new" "$work/csv.ltt"
    check "and alone" [ "$(ls -A "$work/empty")" = new.ltt ]
done

# --- the file that is made ---------------------------------------------------------------

(umask 027 && "$lowtide" import "$work/csv" --to "$new" --quiet)
check "a file has the rights that any file gets" \
    [ "$(stat -c %a "$new")" = 640 ]
check "the same trace gives the same bytes" same "$new" "$work/csv.ltt"
status 0 import "$new" --to "$new" --quiet
check "a file may replace its own source" [ "$(ls -A "$work/empty")" = new.ltt ]
requests "$new" >"$work/a"
check "and is whole" same "$work/a" "$work/csv.want"
status 0 import --help
check "help goes to standard output" prints "usage: lowtide import"

# Interrupted: 130, and nothing is left. This trace has no end in our lifetime.
rm "$new"
{ printf 'monitoring_start: 0\nmonitoring_end: 1000000\ntarget_id: 0\n'
  printf 'nr_regions: 1\n100000000000-200000000000 (17592186044416) 2000 0\n'
} >"$work/endless"
"$lowtide" import "$work/endless" --to "$new" >"$work/out" 2>"$work/err" &
pid=$!
has_begun() { [ -n "$(ls -A "$work/empty")" ]; }
check "it has begun to write" until_true $pid has_begun
kill -INT $pid
wait $pid
got=$?
check "interrupted: exit status $got, not 130" [ $got = 130 ]
check "nothing is left" [ -z "$(ls -A "$work/empty")" ]

finish
