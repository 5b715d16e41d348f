#!/bin/bash
# What the documents tell people to type, typed: commands run in order, in one
# directory, as a reader would; what a document prints below them is what comes.
#
#   tests/run_docs.sh [FILE.md...]
#
# A document calls the program `lowtide` or `build/lowtide`. Of a document count
#
#   ```sh      commands; each must succeed, or end as a comment behind it
#              says: `# exit status N`
#   ```text    right below them: what they print; a line `...` stands for any
#              number of lines
#   ```yaml    with a file's name as comment in the first line: that file; with
#              `version: 1` there: a scenario, which must run as it is
#
# A block ```console, or one below the comment `<!-- not run -->`, is left out.
# scenarios/ and build/ are where the document expects them.
. "$(dirname "$0")/lib.sh"
top=$(realpath "$here/..")
[ $# -gt 0 ] || set -- "$top/README.md" "$top"/docs/TUTORIAL.md \
    "$top"/docs/COOKBOOK.md "$top"/docs/SCENARIOS.md \
    "$top"/docs/RESULTS.md "$top"/docs/POLICIES.md
block=$work/block

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

# As printed, or with what went to stderr behind it.
printed() { matches "$block" "$work/out" || matches "$block" "$work/both"; }

# A scenario that `check` and `run` find fine.
holds() {
    (cd "$room" && "$lowtide" check --quiet "$block" &&
        "$lowtide" run --quiet -o .scenario.db "$block") >&2
}

# take KIND PLACE: a block, to its end, of a document that has $room.
take() {
    local name got
    case $1 in
    yaml)
        name=$(sed -n '1s/^# \([A-Za-z0-9_./-]*\.yaml\)$/\1/p' "$block")
        [ -z "$name" ] || cp "$block" "$room/$name"
        [ "$(sed -n 1p "$block")" != 'version: 1' ] ||
            check "$2: a scenario that does not hold" holds
        ;;
    sh)
        sed -E 's/^(.*) # exit status ([0-9]+)$/\1 \&\& exit 99 || [ $? = \2 ]/' \
            "$block" >"$work/commands"
        (cd "$room" && PATH=$room/bin:$PATH bash -e "$work/commands") \
            >"$work/out" 2>"$work/err" </dev/null
        got=$?
        cat "$work/out" "$work/err" >"$work/both"
        check "$2: exit status $got: $(cat "$work/err")" [ $got = 0 ]
        ;;
    text)
        # Prose in between parts it from the commands.
        [ -n "$apart" ] || check "$2: something else is printed:
$(diff "$block" "$work/both")" printed
        ;;
    esac
}

# run_document FILE.md
run_document() {
    local room=$work/$(basename "$1" .md) number=0 kind='' skip='' apart=''
    local line first
    mkdir -p "$room/build" "$room/bin" "$room/out"
    ln -s "$lowtide" "$room/build/lowtide"
    ln -s "$lowtide" "$room/bin/lowtide"
    cp -r "$top/scenarios" "$top/examples" "$room/"
    : >"$work/out" >"$work/both"
    while IFS= read -r line; do
        number=$((number + 1))
        case $kind:$line in
        :'<!-- not run -->') skip=skip ;;
        :\`\`\`*)
            kind=${skip:-${line#\`\`\`}}
            kind=${kind:-none}
            first=$((number + 1))
            : >"$block"
            ;;
        :*[!\ ]*) apart=apart skip='' ;;
        :*) ;;
        *:\`\`\`)
            take "$kind" "$1:$first"
            kind='' skip='' apart=''
            ;;
        *) printf '%s\n' "$line" >>"$block" ;;
        esac
    done <"$1"
}

for document; do
    run_document "$document"
done
check "no commands were found" [ "$checks" -gt 0 ]
finish
