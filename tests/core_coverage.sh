#!/bin/sh
# How many branches of core/ the tests took, file by file.
#
#   tests/core_coverage.sh BUILD [LEAST]
#
# BUILD holds gcov's counters of a build whose core was compiled by
# `-O0 --coverage`, after the tests ran. Exit status 1 if less than LEAST
# percent (default 90) of all branches were taken, 2 if nothing was measured.
#
# A CHECK's branches are left out: the failing side is a broken rule of ours,
# which no right program takes. Nothing else is. Only a check's first line can
# be told by its text; where a check is longer, the rest of it counts.
set -u

build=$1
least=${2:-90}
here=$(dirname "$0")
check='^\s*(SLOW_)?CHECK(_RULE)?\('

if ! find "$build" -name '*.gcda' | grep -q .; then
    echo "$0: no counters in $build" >&2
    exit 2
fi
echo "branches of core/ taken by the unit tests and the conformance scenarios"
echo "left out: lines that begin by CHECK, CHECK_RULE or SLOW_CHECK"
gcovr --root "$here/.." --object-directory "$build" --filter 'core/' \
    --branches --exclude-branches-by-pattern "$check" \
    --fail-under-branch "$least" "$build"
case $? in
0) ;;
4) exit 1 ;;
*) exit 2 ;;
esac
