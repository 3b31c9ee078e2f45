"""Owns: completion in bash, from 3.2 (macOS) on.

Must not know: any command.  Invariant: names with blanks, quotes and the characters at which bash
parts words (`=`, `:`, `@`) are completed as they are.
"""

from __future__ import annotations

from shlex import quote

from nbmerge.cli.offers import Kind, Offer, Option, Value

_SCRIPT = r"""# Completion for nbmerge in bash: eval "$(nbmerge-on-save completion bash)"

_nbmerge() {
    local IFS=$' \t\n' words=() line=${COMP_LINE:0:COMP_POINT} word i
    # bash parts words at `=`, `:` and `@`; what has no blank between is one word.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ -n $line && $line != [[:blank:]]* && $i -gt 0 ]]; then
            ((i == COMP_CWORD)) && word=$line
            words[${#words[@]}-1]+=$word
        else
            line=${line#"${line%%[![:blank:]]*}"}
            ((i == COMP_CWORD)) && word=$line
            words[${#words[@]}]=$word
        fi
        line=${line#"$word"}
    done
    local last=$((${#words[@]} - 1)) command=merge
    case ${words[1]} in
        @COMMANDS@) ((last > 1)) && command=${words[1]} ;;
    esac
    # What readline replaces begins behind the last of those signs; an `@` itself is replaced too.
    local raw=${words[last]} cur head= kept= quoted=
    case $raw in \"* | \'*) quoted=1 raw=${raw:1} ;; esac
    cur=${raw//\\/}
    if [[ -z $quoted ]]; then
        local hidden=${raw//\\?/__}
        local tail=${hidden##*[=:@]}
        head=${raw:0:${#hidden}-${#tail}}
        head=${head//\\/}
        head=${head%@}
    fi
    COMPREPLY=()
    local value=
    [[ $last -gt 1 ]] && value=$(_nbmerge_value "$command" "${words[last-1]}")
    if [[ $cur == --*=* ]]; then
        value=$(_nbmerge_value "$command" "${cur%%=*}")
        kept=${cur%%=*}= cur=${cur#*=}
    elif [[ -z $value && $cur == -* ]]; then
        value="word $(_nbmerge_options "$command")"
    elif [[ -z $value ]]; then
        value=$(_nbmerge_rest "$command")
        local first=$(_nbmerge_first "$command")
        for word in ${first#word }; do
            [[ " ${words[*]:1:last-1} " == *" $word "* ]] && first=
        done
        [[ -n $first ]] && value=$first
        [[ $last -eq 1 ]] && _nbmerge_add "word @WORDS@"
    fi
    _nbmerge_add "$value"
}

_nbmerge_add() {
    local name found=
    case $1 in
        word*) found=$(compgen -W "${1#word}" -- "$cur") ;;
        folder) found=$(compgen -d -- "$cur") ;;
        file) found=$(compgen -f -- "$cur") ;;
        notebook | version) found=$(compgen -f -X '!*.ipynb' -- "$cur"; compgen -d -- "$cur") ;;
    esac
    case $1 in
        folder | file | notebook | version) compopt -o filenames 2>/dev/null ;;
    esac
    if [[ $1 == version && $cur == *.ipynb@* ]]; then
        name=${cur%@*}
        [[ $name == '~/'* ]] && name=$HOME${name:1}
        found=$("${words[0]}" log --json "$name" 2>/dev/null | sed -n 's/^{"version": \([0-9]*\),.*/\1/p')
        found=$(compgen -P "${cur%@*}@" -W "$found" -- "${cur##*@}")
    fi
    while IFS= read -r name; do
        name=$kept$name
        [[ -n $name ]] && COMPREPLY[${#COMPREPLY[@]}]=${name#"$head"}
    done <<< "$found"
}

_nbmerge_options() {
    case $1 in
@OPTIONS@
    esac
}

_nbmerge_value() {
    case "$1 $2" in
@VALUES@
    esac
}

_nbmerge_first() {
    case $1 in
@FIRST@
    esac
}

_nbmerge_rest() {
    case $1 in
@REST@
    esac
}

complete -F _nbmerge nbmerge nbmerge-on-save
"""


def bash_script(offers: tuple[Offer, ...]) -> str:
    """The script for these commands."""
    names = [offer.name for offer in offers]
    options = {offer.name: " ".join(_names(offer.options)) for offer in offers}
    values = {
        f"{offer.name} {name}": _told(option.value)
        for offer in offers
        for option in offer.options
        for name in option.names
        if option.value.kind is not Kind.NOTHING
    }
    parts = {
        "COMMANDS": " | ".join(names),
        "WORDS": " ".join(names),
        "OPTIONS": _cases(options),
        "VALUES": _cases(values),
        "FIRST": _cases({offer.name: _told(offer.first) for offer in offers if offer.first.words}),
        "REST": _cases({offer.name: _told(offer.rest) for offer in offers}),
    }
    script = _SCRIPT
    for name, text in parts.items():
        script = script.replace(f"@{name}@", text)
    return script


def _names(options: tuple[Option, ...]) -> list[str]:
    return [name for option in options for name in option.names]


def _told(value: Value) -> str:
    return " ".join([value.kind.value, *value.words])


def _cases(answers: dict[str, str]) -> str:
    """A case for each answer, for all that have it."""
    asked: dict[str, list[str]] = {}
    for question, answer in answers.items():
        asked.setdefault(answer, []).append(quote(question))
    return "\n".join(f"        {' | '.join(all)}) echo {quote(answer)} ;;" for answer, all in asked.items())
