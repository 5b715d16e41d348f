# What the scripts of this folder share. Each of them begins with
#
#   . "$(dirname "$0")/lib.sh"
#
# which sets
#
#   script   its name: sweep in run_sweep.sh
#   here     this folder
#   lowtide  the program: LOWTIDE, or else build/lowtide
#   work     a temporary folder that goes when the script ends; `clean_up` may be
#            defined anew
#
# A script says on stderr what does not hold, and ends with 1 if that is anything.
# shellcheck shell=sh disable=SC2034
set -u

script=$(basename "$0" .sh)
script=${script#run_}
here=$(cd "$(dirname "$0")" && pwd)
lowtide=$(realpath -m "${LOWTIDE:-$here/../build/lowtide}")
work=$(mktemp -d) || exit 2
clean_up() { rm -rf "$work"; }
trap clean_up EXIT
trap 'exit 130' INT TERM
checks=0
failed=0

complain() {
    echo "$script: $1" >&2
    failed=1
}

# check WHAT CONDITION...: the condition is a command.
check() {
    what=$1
    shift
    checks=$((checks + 1))
    "$@" || complain "$what"
}

# status WANTED ARGUMENT...: lowtide's exit status; output in $work/out, err.
status() {
    wanted=$1
    shift
    "$lowtide" "$@" >"$work/out" 2>"$work/err"
    got=$?
    check "lowtide $*: exit status $got, not $wanted: $(cat "$work/err")" \
        [ "$got" = "$wanted" ]
}
says() { grep -qF -- "$1" "$work/err"; }
prints() { grep -qF -- "$1" "$work/out"; }

# bad_input TEXT ARGUMENT...: exit status 2, and TEXT is said.
bad_input() {
    text=$1
    shift
    status 2 "$@"
    check "lowtide $*: '$text' is said, not: $(cat "$work/err")" says "$text"
}

# until_true PID COMMAND...: wait for it; false if that process ends before, or
# after a quarter of an hour. What a script waits for takes longer by far than a
# look, also on a machine that is ten times as fast.
until_true() {
    process=$1
    shift
    looks=9000
    until "$@" >/dev/null 2>&1; do
        looks=$((looks - 1))
        [ $looks -gt 0 ] || return 1
        kill -0 "$process" 2>/dev/null || return 1
        sleep 0.1
    done
}

# How a script ends: with the number of its checks.
finish() {
    echo "$script: $checks checks"
    exit $failed
}
