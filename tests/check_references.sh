#!/bin/bash
# Does what comments and pages point to exist?
#
#   tests/check_references.sh [DIRECTORY]
#
# Looked at are the comments of sources, scripts and scenarios, and all of the
# pages, of DIRECTORY (default: the project). A reference is
#
#   NAME.md, with or without folders before it
#   a path that begins with a folder of the project: docs/..., tests/...
#   NAME.c or NAME.h in a comment of C: a file of that name is somewhere
#
# Paths begin at the top or at the folder of the file that names them; `*`
# stands for anything, and a scenario of tests/conformance may be named without
# that and without its ending. FILE.md and NAME.md stand for any. Prints what
# points nowhere; exit status 1 if anything does.
. "$(dirname "$0")/lib.sh"

cd "${1:-$(dirname "$0")/..}" || exit 2
folders='bench core docs examples reports scenarios sim tests'

# shellcheck disable=SC2086 # a list
find README.md Makefile $folders -name node_modules -prune -o -type f \
    \( -name '*.md' -o -name '*.[ch]' -o -name '*.sh' -o -name '*.py' -o \
    -name '*.js' -o -name '*.yaml' -o -name '*.gp' -o \
    -name Makefile \) -print >"$work/files"

# Lines `file:line reference`: what is a comment, in words that could be paths.
# shellcheck disable=SC2046 # no name has a blank
awk -v folders="$folders" '
    function look_at(text, word, count, words, i) {
        count = split(text, words, /[^A-Za-z0-9_.\/*$<>{}~-]+/)
        for (i = 1; i <= count; i++) {
            word = words[i]
            sub(/[.*-]+$/, word ~ /\/\*$/ ? "*" : "", word)
            if (word ~ /[$<>{}~]|^(FILE|NAME)\.md$|^\//)
                continue
            if (word ~ /[A-Za-z0-9_]\.md$/ || word ~ path ||
                (kind == "c" && word ~ /^[a-z0-9_]+\.[ch]$/))
                print FILENAME ":" FNR, word
        }
    }
    BEGIN {
        path = folders
        gsub(/ /, "|", path)
        path = "^(" path ")/[A-Za-z0-9_*.]"
    }
    FNR == 1 {
        inside = 0
        kind = FILENAME ~ /\.md$/ ? "page" : FILENAME ~ /\.([ch]|js)$/ ? "c" \
             : "hash"
    }
    kind == "page" { look_at($0) }
    kind == "hash" && match($0, /(^|[ \t])#.*/) {
        look_at(substr($0, RSTART, RLENGTH))
    }
    kind == "c" {
        for (rest = $0; rest != "";) {
            if (!inside) {
                if (!(at = index(rest, "/*")))
                    break
                rest = substr(rest, at + 2)
                inside = 1
            }
            at = index(rest, "*/")
            look_at(at ? substr(rest, 1, at - 1) : rest)
            rest = at ? substr(rest, at + 2) : ""
            inside = !at
        }
    }' $(cat "$work/files") >"$work/references"

# Each is looked for once from each folder.
is_there() {
    case $2 in
    *.md | */*)
        compgen -G "$2" || compgen -G "$1/$2" ||
            compgen -G "tests/conformance/$2.yaml"
        ;;
    *)
        grep -E "(^|/)$2\$" "$work/files"
        ;;
    esac >/dev/null
}

declare -A seen
while read -r place reference; do
    home=${place%:*}
    case $home in
    */*) home=${home%/*} ;;
    *) home=. ;;
    esac
    if [ -z "${seen[$home $reference]:-}" ]; then
        is_there "$home" "$reference"
        seen[$home $reference]=$?
    fi
    [ "${seen[$home $reference]}" = 0 ] && continue
    complain "$place: there is no $reference"
done <"$work/references"

count=$(wc -l <"$work/references")
[ "$count" -gt 0 ] || complain "none found"
[ "$failed" = 0 ] && echo "references: $count, all to what is there"
exit "$failed"
