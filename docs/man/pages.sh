#!/usr/bin/env bash
# pages.sh LOWTIDE DIR: the manual pages of the program and of its commands.
# What a page says is what --help says, so that it is written once; help2man
# makes roff of it. What stands in between: help2man has rules of its own.
# Examples start with "$ ", a heading of one's own stands between stars, and a
# table below an option has to become sentences.
#
# The date is that of SOURCE_DATE_EPOCH, if it is set.
set -euo pipefail
export LC_ALL=C.UTF-8

# Called by help2man, through the wrapper made below: the text of a page.
if [ -n "${PAGES_SH_LOWTIDE-}" ]; then
    "$PAGES_SH_LOWTIDE" $PAGES_SH_COMMAND --help | awk '
        # A command line goes on after a backslash.
        joined != "" { sub(/^ +/, ""); $0 = joined " " $0; joined = "" }
        /\\$/ { joined = substr($0, 1, length($0) - 2); next }
        /^usage:/ { sub(/^u/, "U"); in_usage = 1 }
        /^$/ { in_usage = 0 }
        in_usage && /^       / && !/^       lowtide / && !/^Usage/ {
            sub(/^ +/, " "); printf "%s", $0; next
        }
        in_usage {
            sub(/^       lowtide/, "  or:  lowtide")
            printf "%s%s", usage++ ? "\n" : "", $0; next
        }
        usage { print ""; usage = 0 }
        /^examples?:$/ { print "Examples:\n"; in_examples = 1; next }
        in_examples && /^  / { sub(/^ +/, "  $ "); print; next }
        /^Exit status:/ {
            print "*Exit status*\n"
            sub(/^Exit status: */, "")
            $0 = toupper(substr($0, 1, 1)) substr($0, 2)
        }
        # "          word    what it is", below an option: one sentence each.
        /^                    +[^ ]+  +[^ ]/ {
            match($0, /^ +/)
            pad = substr($0, 1, RLENGTH - 2)
            sub(/^ +/, ""); sub(/  +/, ": ")
            print pad $0 "."
            next
        }
        { print }'
    exit
fi

here=$(cd "$(dirname "$0")" && pwd)
lowtide=$(realpath "$1") dir=$2
version=$("$lowtide" --version)
help=$("$lowtide" --help)
commands=$(sed -n 's/^  \([a-z]\{3,\}\)  .*/\1/p' <<<"$help")
mkdir -p "$dir"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# page NAME COMMAND SUMMARY
page() {
    printf '#!/bin/sh\nPAGES_SH_LOWTIDE="%s" PAGES_SH_COMMAND="%s" exec "%s"\n' \
        "$lowtide" "$2" "$here/pages.sh" >"$work/$1"
    chmod +x "$work/$1"
    help2man --no-info --section 1 --manual 'User Commands' \
        --source "$version" --name "$3" --version-string "$version" \
        --include "$work/include" "$work/$1" |
        sed "/^\.TH/s/LOWTIDE/${1^^}/; /^\.SH NAME/{n;s/^[^ ]* [^\\]*/$1 /}" \
            >"$work/page"
    mv "$work/page" "$dir/$1.1"
}

{
    cat "$here/lowtide.h2m"
    printf '\n[SEE ALSO]\n'
    sed 's/.*/.BR lowtide-& (1),/; $s/,$//' <<<"$commands"
} >"$work/include"
page lowtide '' 'simulate how a machine reclaims memory when it runs low'

printf '[SEE ALSO]\n.BR lowtide (1)\n' >"$work/include"
for command in $commands; do
    page "lowtide-$command" "$command" \
        "$(sed -n "s/^  $command  *//p" <<<"$help")"
done
