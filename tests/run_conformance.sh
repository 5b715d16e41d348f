#!/bin/sh
# Run every conformance scenario and count those that end with status 0.
#
#   tests/run_conformance.sh [FOLDER...]
#
# Without arguments all folders. LOWTIDE names the program (default
# build/lowtide), LOWTIDE_CONFORMANCE the directory that holds the folders
# (default: conformance beside this script), JOBS how many run at once; with
# PARANOID=1 every invariant is proved after every event. EXCEPT names a file
# of scenarios that may fail (not worse), each with a reason. Prints `FOLDER: N
# of M`, the names that failed, and those of EXCEPT that did not; with VERBOSE=1
# also what failures said. Exit status 1 if any failed, 2 if nothing could be
# run.
#
# With a program built for it LOWTIDE_FORCE forces rare paths: see `make hard`.
set -u

here=$(dirname "$0")
lowtide=${LOWTIDE:-$here/../build/lowtide}
cases=${LOWTIDE_CONFORMANCE:-$here/conformance}
jobs=${JOBS:-$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)}

except=${EXCEPT:-/dev/null}
flags=
[ "${PARANOID:-0}" != 1 ] || flags=--paranoid

if [ ! -x "$lowtide" ]; then
    echo "$0: no program at $lowtide" >&2
    exit 2
fi
if [ ! -r "$except" ]; then
    echo "$0: can't read $except" >&2
    exit 2
fi
if [ $# -eq 0 ]; then
    for folder in "$cases"/*/; do
        folder=${folder%/}
        set -- "$@" "${folder##*/}"
    done
fi

work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# One scenario: its output in OUT/NAME.log, its exit status in OUT/NAME.rc.
run_one='
lowtide=$1 flags=$2 out=$3 file=$4
name=${file##*/} name=${name%.yaml}
timeout -k 5 60 "$lowtide" run --quiet $flags -o "$out/$name.db" "$file" \
    >"$out/$name.log" 2>&1
echo $? >"$out/$name.rc"
rm -f "$out/$name.db" "$out/$name.db-wal" "$out/$name.db-shm"
'

passed=0
failed=0
for folder in "$@"; do
    out=$work/$folder
    mkdir -p "$out"
    total=0
    good=0
    bad=
    if ! ls "$cases/$folder"/*.yaml >/dev/null 2>&1; then
        echo "$0: no scenarios in $cases/$folder" >&2
        exit 2
    fi
    printf '%s\n' "$cases/$folder"/*.yaml |
        xargs -P "$jobs" -n 1 sh -c "$run_one" sh "$lowtide" "$flags" "$out"
    for file in "$cases/$folder"/*.yaml; do
        name=${file##*/}
        name=${name%.yaml}
        total=$((total + 1))
        status=$(cat "$out/$name.rc" 2>/dev/null || echo none)
        reason=$(sed -n "s|^$folder/$name  *||p" "$except")
        if [ "$status" = 0 ] || { [ "$status" = 1 ] && [ -n "$reason" ]; }; then
            good=$((good + 1))
            [ -z "$reason" ] || [ "$status" != 0 ] ||
                echo "$folder/$name: passes all the same"
            continue
        fi
        bad="$bad
    $name (status $status)"
        if [ "${VERBOSE:-0}" = 1 ]; then
            bad="$bad
$(sed 's/^/        /' "$out/$name.log")"
        fi
    done
    echo "$folder: $good of $total$bad"
    passed=$((passed + good))
    failed=$((failed + total - good))
done

grep -v '^#' "$except" | while read -r name reason; do
    [ -e "$cases/$name.yaml" ] || echo "$except: no scenario $name"
    [ -n "$reason" ] || echo "$except: no reason for $name"
done >"$work/wrong"
cat "$work/wrong"
echo "$passed passed, $failed failed"
[ ! -s "$work/wrong" ] || exit 1
[ "$failed" -eq 0 ]
