"""Owns: completion in zsh.

Must not know: any command.  Invariant: what zsh's own `_arguments` gives a meaning to is escaped in
the texts of the help.
"""

from __future__ import annotations

from shlex import quote

from nbmerge.cli.offers import Kind, Offer, Option, Value

_SCRIPT = r"""#compdef nbmerge nbmerge-on-save
# Completion for nbmerge in zsh: source <(nbmerge-on-save completion zsh), after compinit

_nbmerge() {
  local -a commands=(
@COMMANDS@
  )
  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
    _alternative 'commands:command:{ _describe command commands }' 'files:notebook:_nbmerge_notebook'
    return
  fi
  local command=merge
  if (( CURRENT > 2 && ${commands[(I)$words[2]:*]} )); then
    command=$words[2]
    shift words
    (( CURRENT-- ))
  fi
  case $command in
@CASES@
  esac
}

_nbmerge_notebook() { _files -g '*.ipynb' }

_nbmerge_version() {
  if [[ $PREFIX == *.ipynb@* ]]; then
    local notebook=${${(Q)PREFIX%@*}/#\~\//$HOME/}
    local -a numbers=(${(f)"$(_call_program versions ${(q)service} log --json ${(q)notebook} 2>/dev/null |
      sed -n 's/^{"version": \([0-9]*\),.*/\1/p')"})
    compset -P '*@'
    compadd -- $numbers
  else
    _files -g '*.ipynb'
  fi
}

if [[ $funcstack[1] == _nbmerge ]]; then
  _nbmerge "$@"
else
  compdef _nbmerge nbmerge nbmerge-on-save
fi
"""
_ACTIONS = {
    Kind.NOTHING: "",
    Kind.ANYTHING: " ",
    Kind.FOLDER: "_files -/",
    Kind.FILE: "_files",
    Kind.NOTEBOOK: "_nbmerge_notebook",
    Kind.VERSION: "_nbmerge_version",
}


def zsh_script(offers: tuple[Offer, ...]) -> str:
    """The script for these commands."""
    commands = "\n".join(f"    {quote(f'{offer.name}:{offer.what}')}" for offer in offers)
    cases = "\n".join(f"    {offer.name})\n      _arguments -s \\\n{_specs(offer)} ;;" for offer in offers)
    return _SCRIPT.replace("@COMMANDS@", commands).replace("@CASES@", cases)


def _specs(offer: Offer) -> str:
    found = [spec for option in offer.options for spec in _option(option)]
    if offer.first.words:
        found.append(f"1:{offer.name}:{_action(offer.first)}")
    if offer.rest.kind is not Kind.NOTHING:
        found.append(f"*:{offer.rest.kind.value}:{_action(offer.rest)}")
    return " \\\n".join(f"        {quote(spec)}" for spec in found)


def _option(option: Option) -> list[str]:
    """A specification for each name; those that were typed are offered no more."""
    others = "*" if option.repeated else f"({' '.join(option.names)})"
    values = "".join(f":{option.names[-1].lstrip('-')}:{_action(option.value)}" for _ in range(option.values))
    text = _plain(option.help)
    return [
        f"{others}{name}{'=' if option.values == 1 and name.startswith('--') else ''}[{text}]{values}"
        for name in option.names
    ]


def _action(value: Value) -> str:
    return f"({' '.join(value.words)})" if value.kind is Kind.WORD else _ACTIONS[value.kind]


def _plain(text: str) -> str:
    return "".join(f"\\{sign}" if sign in "[]:\\" else sign for sign in text)
