"""`rgc completion SHELL`: completion of commands and options, made of the commands' own parsers."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module

from rgc.cli import COMMANDS, DONE
from rgc.cli.arguments import Parser


def parser() -> Parser:
    made = Parser(
        "completion",
        "Print a script by which a shell completes commands, options and their values.",
        example="rgc completion bash > ~/.local/share/bash-completion/completions/rgc",
    )
    made.add_argument("shell", choices=sorted(SHELLS), metavar="SHELL", help="bash, zsh or fish")
    return made


def main(words: Sequence[str]) -> int:
    print(SHELLS[parser().read(words).shell](), end="")
    return DONE


def _options(command: str) -> list[argparse.Action]:
    made: Parser = import_module(f"rgc.cli.{command}").parser()
    return made.options


def _choices(action: argparse.Action) -> list[str]:
    return list(map(str, action.choices or ()))


def _takes(action: argparse.Action) -> bool:
    return action.nargs != 0


def _plain(text: str | None) -> str:
    """A help text in one pair of single quotes, without what shells read."""
    return "".join(letter for letter in text or "" if letter not in "'[]:\\`$\"").replace("%%", "%")


def bash() -> str:
    lines = []
    for command in COMMANDS:
        names = " ".join(name for each in _options(command) for name in each.option_strings)
        lines.append(f"    {command}) words='{names}' ;;")
    values = [
        f"    {command}:{name}) words='{' '.join(_choices(each))}'; values=1 ;;"
        for command in COMMANDS
        for each in _options(command)
        if _choices(each)
        for name in each.option_strings
    ]
    return "\n".join(
        (
            "_rgc() {",
            "  local current=${COMP_WORDS[COMP_CWORD]} last=${COMP_WORDS[COMP_CWORD-1]}",
            "  local command=${COMP_WORDS[1]} words='' values=''",
            '  if [ "$COMP_CWORD" -eq 1 ]; then',
            f"    COMPREPLY=($(compgen -W '{' '.join(COMMANDS)}' -- \"$current\"))",
            "    return",
            "  fi",
            "  case $command:$last in",
            *values,
            "  esac",
            '  if [ -z "$values" ]; then case $command in',
            *lines,
            "  esac; fi",
            '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
            "}",
            "complete -o default -F _rgc rgc",
            "",
        )
    )


def zsh() -> str:
    lines = []
    for command in COMMANDS:
        parts = [f"'{part}'" for each in _options(command) for part in _zsh_option(each)]
        lines.append(f"    {command}) _arguments {' '.join(parts)} '*:file:_files' ;;")
    commands = " ".join(f"'{name}:{_plain(what)}'" for name, what in COMMANDS.items())
    return "\n".join(
        (
            "#compdef rgc",
            "_rgc() {",
            "  if (( CURRENT == 2 )); then",
            f"    local -a commands=({commands})",
            "    _describe command commands",
            "    return",
            "  fi",
            "  shift words; (( CURRENT-- ))",
            "  case $words[1] in",
            *lines,
            "  esac",
            "}",
            "compdef _rgc rgc",
            "",
        )
    )


def _zsh_option(action: argparse.Action) -> Iterator[str]:
    choices = _choices(action)
    value = f":value:({' '.join(choices)})" if choices else ":value:_files"
    for name in action.option_strings:
        yield f"{name}[{_plain(action.help)}]" + (value if _takes(action) else "")


def fish() -> str:
    lines = [
        f"complete -c rgc -n __fish_use_subcommand -f -a {name} -d '{_plain(what)}'"
        for name, what in COMMANDS.items()
    ]
    for command in COMMANDS:
        seen = f"-n '__fish_seen_subcommand_from {command}'"
        for each in _options(command):
            names = " ".join(
                f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}"
                for name in each.option_strings
            )
            choices = _choices(each)
            value = f" -x -a '{' '.join(choices)}'" if choices else " -r" if _takes(each) else ""
            lines.append(f"complete -c rgc {seen} {names}{value} -d '{_plain(each.help)}'")
    return "\n".join((*lines, ""))


SHELLS: dict[str, Callable[[], str]] = {"bash": bash, "fish": fish, "zsh": zsh}
