#!/bin/sh
# Do the arrows between rooms point one way?
#
#   tests/check_arrows.sh [TREE]
#
# A room is a folder: core, or one of sim/; the files of sim/ itself are room
# `sim`. The table below lists them from the bottom up, each with the rooms
# whose headers it may include besides its own; these come before it in the
# table, so there is no way round in a circle. docs/DESIGN.md argues for the
# order. Prints each include that is not in the table, each room and each header
# that is not there; exit status 1 if there is any.
. "$(dirname "$0")/lib.sh"

cd "${1:-$(dirname "$0")/..}" || exit 2

cat >"$work/table" <<'END'
core
sim
scenario  core
trace     core
record    core
policy    core
world     core scenario record policy
actors    core scenario trace record world
engine    core sim scenario record policy world actors
study     core sim scenario trace record policy world engine
plot      core record
explain   core record
export    record
report    sim scenario record study plot
cli       core sim scenario trace record policy world engine study plot explain export report
END

find core sim -name '*.[ch]' | sort >"$work/files"
# shellcheck disable=SC2046 # no file of ours has a space in its name
grep -HnE '^[[:space:]]*#[[:space:]]*include' $(cat "$work/files") |
    sed -nE 's/^([^:]*):([0-9]*):[^"<]*(["<])([^">]*)[">].*/\1 \2 \3 \4/p' \
        >"$work/includes"

awk '
function room_of(path,   part, count) {
    count = split(path, part, "/")
    return part[1] == "sim" && count > 2 ? part[2] : part[1]
}

# Where the compiler finds it: beside the file, in core/, in sim/.
function found(file, header,   beside) {
    beside = file
    sub(/[^\/]*$/, "", beside)
    if ((beside header) in is_file)
        return beside header
    if (("core/" header) in is_file)
        return "core/" header
    return ("sim/" header) in is_file ? "sim/" header : ""
}

function wrong(text) {
    print text
    failed = 1
}

FILENAME ~ /table$/ {
    for (i = 2; i <= NF; i++) {
        may_see[$1, $i] = 1
        if (!($i in is_room))
            wrong("table: " $i " does not come before " $1)
    }
    is_room[$1] = may_see[$1, $1] = 1
    next
}
FILENAME ~ /files$/ {
    is_file[$1] = 1
    is_used[room_of($1)] = 1
    next
}
{
    target = found($1, $4)
    if (target == "" && $3 == "\"")
        wrong($1 ":" $2 ": there is no " $4)
    if (target == "")
        next
    count++
    if (!((room_of($1), room_of(target)) in may_see))
        wrong($1 ":" $2 ": " room_of($1) " must not include " target)
}
END {
    for (room in is_used)
        if (!(room in is_room))
            wrong("room " room " is not in the table")
    for (room in is_room)
        if (!(room in is_used))
            wrong("room " room " of the table is not there")
    if (count == 0)
        wrong("no includes found")
    if (!failed)
        print "arrows: " count " includes, all to rooms below"
    exit failed
}' "$work/table" "$work/files" "$work/includes" >"$work/report"
status=$?
if [ "$status" = 0 ]; then
    cat "$work/report"
else
    sort "$work/report" >&2
fi
exit "$status"
