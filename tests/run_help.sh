#!/bin/bash
# Help as people meet it: does each command explain itself within 80 columns,
# take what all commands take, and have a manual page with every option, and
# does completion offer them? What is not there, or wrong, is told with the
# nearest thing that is.
#
#   tests/run_help.sh
#
# MAN names the directory of the manual pages (default build/man).
. "$(dirname "$0")/lib.sh"
man=${MAN:-$here/../build/man}

# has FILE TEXT, lacks FILE REGEX
has() { grep -qF -- "$2" "$1"; }
lacks() { ! grep -qE -- "$2" "$1"; }

options() { grep -oE -- '^ {2,}(-., )?--[a-z][a-z-]*' | grep -oE -- '--[a-z-]+'; }

commands=$("$lowtide" --help | sed -n 's/^  \([a-z]\{3,\}\)  .*/\1/p')
check "--help lists commands" [ "$(wc -w <<<"$commands")" -ge 9 ]

# As roff shows it, without line breaks inside of words.
page_text() { sed 's/\\-/-/g; s/\\f[BIR]//g; s/\\[,/]//g' "$1"; }

for command in $commands; do
    help=$work/help-$command
    "$lowtide" "$command" --help >"$help" 2>"$work/err"
    check "$command --help: exit status 0" [ $? = 0 ]
    check "$command --help: nothing on stderr" [ ! -s "$work/err" ]
    check "$command -h is the same" \
        cmp -s "$help" <("$lowtide" "$command" -h 2>&1)
    check "$command --help begins with the synopsis" \
        grep -q "^usage: lowtide $command" <(head -1 "$help")
    check "$command --help has an example" \
        grep -qE "^ +lowtide $command" <(sed -n '/^examples\?:/,$p' "$help")
    check "$command --help fits 80 columns" lacks "$help" '^.{81}'
    for option in --help --quiet --json --jobs; do
        check "$command --help lists $option" has "$help" "$option"
    done

    page=$man/lowtide-$command.1
    check "$command has a manual page" [ -s "$page" ]
    page_text "$page" >"$work/page"
    while read -r option; do
        check "$command: $option is on its manual page" \
            has "$work/page" "$option"
    done < <(options <"$help")
    check "$command: the main page refers to it" \
        has "$man/lowtide.1" "lowtide-$command (1)"

    "$lowtide" "$command" --no-such-option >"$work/out" 2>"$work/err"
    check "$command: an unknown option is bad usage" [ $? = 2 ]
    check "$command: an unknown option is named" has "$work/err" no-such-option
    check "$command: nothing on stdout for it" [ ! -s "$work/out" ]
done

# --- mistakes -----------------------------------------------------------------

"$lowtide" relpay >"$work/out" 2>"$work/err"
check "a misspelt command is bad usage" [ $? = 2 ]
check "a misspelt command: the nearest is named" has "$work/err" "'replay'"
"$lowtide" >"$work/out" 2>"$work/err"
check "no command is bad usage" [ $? = 2 ]
check "no command: help on stderr" has "$work/err" 'usage: lowtide COMMAND'

# --- completion ---------------------------------------------------------------

# complete WORD...: what bash would offer for the last one.
complete_words() {
    (
        # shellcheck disable=SC1091
        . "$here/../docs/lowtide.bash-completion"
        COMP_WORDS=("$lowtide" "$@")
        COMP_CWORD=$#
        COMPREPLY=()
        _lowtide
        printf '%s\n' "${COMPREPLY[@]}"
    )
}

check "completion offers every command" \
    [ "$(complete_words '' | sort)" = "$(sort <<<"$commands")" ]
check "completion finishes a command" [ "$(complete_words pol)" = policies ]
check "completion knows the policies" \
    [ "$(complete_words run --policy li)" = "$(printf 'lirs\nlinux2')" ]
check "completion knows the figures" \
    [ "$(complete_words plot x.db --kind att)" = attribution ]
for command in $commands; do
    check "completion offers the options of $command" \
        [ "$(complete_words "$command" -- | sort)" = \
        "$(options <"$work/help-$command" | sort)" ]
done

# --- terminals ----------------------------------------------------------------

scenario=$here/../scenarios/clones.yaml
db=$work/runs.db
escape=$(printf '\033')

# on_terminal ARGUMENT...: what somebody at a terminal would see.
on_terminal() {
    script -qec "$(printf '%q ' "$lowtide" "$@")" /dev/null </dev/null
}

"$lowtide" run "$scenario" -o "$db" >"$work/out" 2>&1
check "nothing but text is piped" lacks "$work/out" "$escape"
"$lowtide" list "$db" >"$work/out" 2>&1
check "a piped list is text" lacks "$work/out" "$escape"
TERM=xterm on_terminal list "$db" >"$work/out"
check "a list on a terminal has colours" has "$work/out" "${escape}[32mok"
NO_COLOR=1 TERM=xterm on_terminal list "$db" >"$work/out"
check "but not with NO_COLOR" lacks "$work/out" "$escape"
TERM=dumb on_terminal list "$db" >"$work/out"
check "nor on a dumb terminal" lacks "$work/out" "$escape"
TERM=xterm on_terminal run "$scenario" -o "$db" >"$work/out"
check "run says what to do next" has "$work/out" "lowtide plot $db --run 2"
TERM=xterm on_terminal compare "$scenario" --policies fifo,lru --seeds 150 \
    -j 1 -o "$db" >"$work/out"
check "a comparison shows its progress" \
    grep -qE 'runs  \[=*> *\] +[0-9]+%  [0-9]+ of 300  [0-9]+s left' "$work/out"
TERM=xterm on_terminal compare "$scenario" --policies fifo,lru --seeds 150 \
    --quiet -o "$db" >"$work/out"
check "but not if it is quiet" lacks "$work/out" 'of 300'

finish
