#!/bin/sh
# A policy built outside of the tree works in the program.
#
#   tests/run_plugin.sh [BUILD]
#
# Installs what BUILD (default build) holds into a directory of its own, copies
# examples/policy-plugin/ elsewhere, builds it there against what was installed
# and nothing else, and has the installed program test, replay and run it.
set -u

top=$(cd "$(dirname "$0")/.." && pwd) || exit 2
build=${1:-build}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
prefix=$work/root
lowtide=$prefix/bin/lowtide

fail()
{
    echo "tests/run_plugin.sh: $1" >&2
    [ -s "$work/log" ] && cat "$work/log" >&2
    exit 1
}

make -C "$top" --no-print-directory BUILD="$build" PREFIX="$prefix" install \
    >"$work/log" 2>&1 || fail "cannot be installed"
cp -R "$top/examples/policy-plugin" "$work/plugin" || exit 2
cd "$work/plugin" || exit 2
rm -f lip.so
PKG_CONFIG_PATH=$prefix/lib/pkgconfig make CFLAGS="-O2 -Wall -Wextra -Werror" \
    >"$work/log" 2>&1 || fail "the example does not build"

"$lowtide" policies --test ./lip.so >"$work/log" 2>&1 ||
    fail "the example does not pass the suite"

# 5 rounds over 10 pages in memory of 4: lru misses always; lip keeps the first
# 3 and exchanges one page, so each round but the first misses 7.
round=0
while [ $round -lt 5 ]; do
    seq 1 10
    round=$((round + 1))
done >"$work/loop.txt"
"$lowtide" replay "$work/loop.txt" --format text --memory 4p --quiet \
    --policy lru,./lip.so >"$work/log" 2>&1 || fail "it does not replay"
misses=$(awk '{ print $4 }' "$work/log" | tr '\n' ' ')
[ "$misses" = "50 38 " ] || fail "misses of lru and lip: $misses, not 50 38"

"$lowtide" run --quiet -o "$work/results.db" \
    --set reclaim.policy="$work/plugin/lip.so" \
    "$top/scenarios/page-cache-thrash.yaml" >"$work/log" 2>&1 ||
    fail "it does not run a scenario"
sed 's/RECLAIM_POLICY_ABI,/RECLAIM_POLICY_ABI + 1,/' lip.c >newer.c
${CC:-cc} -std=c11 -I"$prefix/include/vmcow" -fPIC -shared -o newer.so newer.c ||
    fail "a plug-in of another version does not build"
"$lowtide" policies --test ./newer.so >"$work/log" 2>&1
[ $? -eq 2 ] && grep -q "another version" "$work/log" ||
    fail "a plug-in of another version is not refused"
echo "plug-in: built outside, tested, replayed and run"
