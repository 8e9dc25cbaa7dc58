"""The parser of the command line: argparse, whose errors name what is wrong and the nearest spelling, nothing else."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterable, Sequence
from ipaddress import AddressValueError, IPv4Address
from typing import Any, Never, NoReturn

from tgwizard.model.problem import Problem, UserError
from tgwizard.model.text import join_words, nearest, sanitize

_SHOWN = 80
"""So many characters of a wrong value are shown again."""
_MISSING = {"FILE": "A file name", "RUN": "The id of a run"}
"""What a place in a command is called in a sentence, where its name alone would say too little."""


class CommandParser(argparse.ArgumentParser):
    """Raises UserError (code ``usage``) in place of printing and exiting."""

    def __init__(self, **how: Any) -> None:
        """What argparse takes; an error is ours to tell."""
        super().__init__(exit_on_error=False, **how)
        self.refusals: dict[str, str] = {}
        """By the ``dest`` of an argument with choices: the sentence that refuses another value; {} stands for it."""

    def parse_known_args(  # type: ignore[override]  # one signature stands for both overloads
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """As argparse does it; a word that is left over is told by the parser that met it."""
        self._look_at_options(args or ())
        try:
            found, left = super().parse_known_args(args, namespace)
        except argparse.ArgumentError as error:
            if error.argument_name is None:
                self.error(error.message)  # what Python before 3.12.5 called here itself
            _explain(self, error.message, error.argument_name)
        if left:
            _left_over(self, left)
        return found, left

    def _look_at_options(self, words: Sequence[str]) -> None:
        """An option that is spelled wrong is told first: what is then missing, or too much, is most often its value."""
        options = [(option, action) for action in self._actions for option in action.option_strings]
        value_follows = False
        for word in words:
            if word == "--":
                return
            if self._subparsers is not None and not word.startswith("-") and not value_follows:
                return  # the word of a command: what follows is that one's to know
            value_follows = False
            if not word.startswith("--"):
                continue
            name, has_value, _ = word.partition("=")
            meant = next((action for option, action in options if option.startswith(name)), None)
            if meant is None:
                _left_over(self, [word])
            value_follows = meant.nargs != 0 and not has_value

    def error(self, message: str) -> NoReturn:
        """What argparse tells in a sentence alone: something is missing, or may mean two things."""
        wanted = re.fullmatch(r"the following arguments are required: (.+)", message)
        either = re.fullmatch(r"one of the arguments (.+) is required", message)
        if either is not None:
            _refuse(f"Either {_either(either[1].split())} is needed.", fix=_help(self))
        if wanted is None:
            _explain(self, message)
        names = wanted[1].split(", ")
        words = next((list(one.choices) for one in self._actions if one.choices and one.metavar == names[0]), [])
        if words:
            _refuse(f"{self.prog} needs one more word: {_either(words)}.")
        named = [_MISSING.get(name, name) for name in names]
        _refuse(f"{join_words(named)} {'is' if len(named) == 1 else 'are'} missing.", fix=_help(self))

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        try:
            return super()._get_value(action, arg_string)
        except argparse.ArgumentError as error:
            why = {int: "It must be a whole number.", float: "It must be a number."}.get(action.type, error.message)  # type: ignore[call-overload]
            _refuse(f"{_name(action)} {sanitize(arg_string, _SHOWN)} cannot be used.", why)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        shown, known = sanitize(value, _SHOWN), [str(choice) for choice in action.choices]
        near = nearest(str(value), known)
        why = f"It must be one of {_either(known)}." if len(known) > 1 else f"It must be {known[0]}."
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - argparse has no public name for it
            what, fix = f'{self.prog} has no command "{shown}".', f"{self.prog} {near}" if near else ""
            why = f"The commands are {join_words(known)}."
        else:
            what, fix = f"{_name(action)} {shown} cannot be used.", f"{_name(action)} {near}" if near else ""
            if action.dest in self.refusals:
                what, fix = self.refusals[action.dest].format(shown), near or ""
        _refuse(what, why, f"Did you mean {fix}?" if near else "")


def add_word(
    words: argparse._SubParsersAction[CommandParser], name: str, text: str, *of: CommandParser
) -> CommandParser:
    """The parser of one more word. ``text``: what it does, for the list and its own help; ``of``: shared options."""
    return words.add_parser(name, parents=of, help=text, description=f"{text[:1].upper()}{text[1:]}.")


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """The type of an option that takes a whole number of that range. Not even read: a text of some thousand digits."""

    def parse(text: str) -> int:
        if text.isascii() and text.isdecimal() and len(text) <= len(str(most)) and least <= int(text) <= most:
            return int(text)
        raise argparse.ArgumentTypeError(f"It must be a whole number from {least} to {most}.")

    return parse


def ipv4_address(text: str) -> str:
    """The type of an option that takes an address; as Azure spells it."""
    try:
        return str(IPv4Address(text))
    except AddressValueError:
        raise argparse.ArgumentTypeError("It must be an IPv4 address, such as 10.20.2.50.") from None


def _explain(parser: CommandParser, message: str, name: str = "") -> Never:
    """What argparse says of an option, in our words. ``name``: the option, when the message leaves it out."""
    other = re.fullmatch(r"not allowed with argument (.+)", message)
    several = re.fullmatch(r"ambiguous option: (\S+) could match (.+)", message)
    if other is not None:
        _refuse(f"{name} and {other[1]} cannot be used together.", fix="Leave one out.")
    if several is not None:
        _refuse(
            f"{sanitize(several[1], _SHOWN)} could mean {_either(several[2].split(', '))}.", fix="Write it in full."
        )
    if message.startswith("ignored explicit argument"):
        _refuse(f"{name} takes no value.")
    if message.startswith("expected"):
        _refuse(f"{name} needs a value.", fix=_help(parser))
    _refuse(f"{name}: {message}." if name else f"{message[:1].upper()}{message[1:]}.", fix=_help(parser))


def _left_over(parser: CommandParser, left: list[str]) -> Never:
    word = left[0].split("=")[0]
    shown = sanitize(word, _SHOWN)
    if not word.startswith("-"):
        _refuse(f"{parser.prog} does not expect the word {shown}.", fix=_help(parser))
    near = nearest(word, [option for action in parser._actions for option in action.option_strings])  # noqa: SLF001
    _refuse(f"There is no option {shown} for {parser.prog}.", fix=f"Did you mean {near}?" if near else _help(parser))


def _refuse(what: str, why: str = "", fix: str = "") -> Never:
    raise UserError(Problem("usage", what, why, fix))


def _help(parser: argparse.ArgumentParser) -> str:
    return f"For its options, see {parser.prog} --help"


def _name(action: argparse.Action) -> str:
    """How people know it: the option, or the word that stands for its value."""
    metavar = action.metavar if isinstance(action.metavar, str) else action.dest
    return max(action.option_strings, key=len, default=metavar)


def _either(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last
