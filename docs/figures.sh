#!/bin/sh
# Draws the figures of docs/img anew, from scenarios and the trace that come
# along.
#
#   docs/figures.sh LOWTIDE        (`make figures`)
set -eu

lowtide=$1
here=$(cd "$(dirname "$0")" && pwd)
scenarios=$here/../scenarios
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$here/img"

for policy in zircon s3fifo arc; do
    "$lowtide" run --quiet -o "$work/thrash.db" --policy $policy \
        --set record.pages=true "$scenarios/page-cache-thrash.yaml"
done
"$lowtide" run --quiet -o "$work/first.db" "$scenarios/first-pressure.yaml"
"$lowtide" compare --quiet -o "$work/compare.db" --seeds 5 \
    --policies zircon,lru,clock,arc,mglru,s3fifo,sieve \
    --memory 300p,400p,500p "$here/../tests/study/churn.yaml"
"$lowtide" replay --json -o "$work/mrc.db" \
    --policy lru,fifo,arc,s3fifo \
    --memory 0.02,0.1,0.2,0.5,0.9 \
    "$scenarios/traces/cc1.txt.zst" >/dev/null

draw() {
    "$lowtide" plot --quiet "$work/$1.db" --kind "$2" -o "$here/img/$2.$3"
}
draw thrash residency png
draw first queues svg
draw compare compare png
draw mrc mrc png
