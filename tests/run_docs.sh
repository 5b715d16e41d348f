#!/bin/bash
# What the documents tell people to type, typed: commands run in order, in one
# directory, as a reader would; what a document prints below them is what comes.
#
#   tests/run_docs.sh [FILE.md...]
#
# LOWTIDE names the program (default build/lowtide), which a document calls
# `lowtide` or `build/lowtide`. Of a document count
#
#   ```sh      commands; each must succeed, or end as a comment behind it
#              says: `# exit status N`
#   ```text    right below them: what they print; a line `...` stands for any
#              number of lines
#   ```yaml    with a file's name as comment in the first line: that file
#
# A block ```console, or one below the comment `<!-- not run -->`, is left out.
# scenarios/ and build/ are where the document expects them.
set -u

here=$(cd "$(dirname "$0")/.." && pwd)
lowtide=$(realpath "${LOWTIDE:-$here/build/lowtide}")
[ $# -gt 0 ] || set -- "$here/README.md" "$here"/docs/TUTORIAL.md \
    "$here"/docs/COOKBOOK.md
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
failed=0
blocks=0

# One file a block, numbered: kind, then first line number, then the text.
split_blocks() {
    awk -v dir="$2" '
        /^<!-- not run -->$/ { skip = 1; next }
        !inside && /^```/ {
            inside = 1; kind = substr($0, 4); first = NR + 1
            file = sprintf("%s/%03d.%s", dir, ++n, skip ? "skip" : kind)
            print first >(file ".line"); printf "" >file
            # Prose between commands and a block of text parts them.
            if (apart) print "" >(file ".apart")
            next
        }
        inside && /^```$/ { inside = 0; skip = 0; apart = 0; close(file); next }
        inside { print >file; next }
        /[^ ]/ { apart = 1; skip = 0 }' "$1"
}

# matches EXPECTED GOT: equal, `...` in a line of its own being anything.
matches() {
    awk 'NR == FNR { want[++w] = $0; next } { got[++g] = $0 }
        END {
            i = 1; k = 1; star = 0
            while (k <= g) {
                if (i <= w && want[i] == "...") { star = i++; mark = k }
                else if (i <= w && want[i] == got[k]) { i++; k++ }
                else if (star) { i = star + 1; k = ++mark }
                else break
            }
            while (i <= w && want[i] == "...") i++
            exit !(i > w && k > g)
        }' "$1" "$2"
}

# run_document FILE.md
run_document() {
    local document=$1 name block line status
    name=$(basename "$document" .md)
    local parts=$work/$name.parts room=$work/$name.room
    mkdir -p "$parts" "$room/build" "$room/bin"
    ln -s "$lowtide" "$room/build/lowtide"
    ln -s "$lowtide" "$room/bin/lowtide"
    mkdir "$room/out"
    cp -r "$here/scenarios" "$here/examples" "$room/"
    split_blocks "$document" "$parts"
    : >"$room/.out"
    for block in "$parts"/*.*; do
        line=$(cat "$block.line" 2>/dev/null) || continue
        case $block in
        *.yaml)
            name=$(sed -n '1s/^# \([A-Za-z0-9_./-]*\.yaml\)$/\1/p' "$block")
            [ -z "$name" ] || cp "$block" "$room/$name"
            ;;
        *.sh)
            blocks=$((blocks + 1))
            sed -E 's/^(.*) # exit status ([0-9]+)$/\1 \&\& exit 99 || [ $? = \2 ]/' \
                "$block" >"$block.run"
            (
                cd "$room" || exit 99
                PATH=$room/bin:$PATH bash -e "$block.run" >.out 2>.err </dev/null
            )
            status=$?
            if [ "$status" != 0 ]; then
                echo "$document:$line: exit status $status" >&2
                sed 's/^/    /' "$room/.err" >&2
                failed=1
            fi
            ;;
        *.text)
            [ ! -e "$block.apart" ] || continue
            matches "$block" "$room/.out" && continue
            cat "$room/.out" "$room/.err" >"$room/.both"
            matches "$block" "$room/.both" && continue
            echo "$document:$line: something else is printed:" >&2
            diff "$block" "$room/.both" | sed 's/^/    /' >&2
            failed=1
            ;;
        esac
    done
}

for document in "$@"; do
    run_document "$document"
done
if [ "$blocks" = 0 ]; then
    echo "docs: no commands found" >&2
    exit 1
fi
[ "$failed" = 0 ] && echo "docs: $blocks blocks of commands in $# files run"
exit "$failed"
