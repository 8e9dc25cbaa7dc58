"""The words of setting up: ``discover``, ``setup plan|apply|verify|undo`` and ``export``; and ``start``.

The options that answer questions are made from ``model.fields``, so that a question has one name everywhere.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from tgwizard.cli.command_parser import CommandParser, add_word, whole_number
from tgwizard.engine.setup.export.formats import FORMATS, ExportKind
from tgwizard.model import fields
from tgwizard.model.fields import Field, FieldError
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.setup_answers import Placement
from tgwizard.model.text import sanitize

TWICE = (fields.MEMBER_VM, fields.MEMBER_NIC)
"""The fields that are answered once for each member, the one meant to be active first."""

BY_NAME = (fields.SUBSCRIPTION, *TWICE)
"""The fields whose answer may be the bare name of a thing that discovery finds."""


@dataclass(frozen=True, slots=True)
class GivenOptions:
    """What the options answered, as text. What was not given is suggested from what discovery finds."""

    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    whole_subscription: bool = False
    placement: Placement = Placement.NOW
    remove_stale: bool = False
    add_actions: bool = False
    leave_out_actions: bool = False
    update_role: bool = False
    drop_scopes: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def one(self, wanted: Field[Any]) -> str | None:
        """The answer to a field, or None."""
        return next(iter(self.values.get(wanted.key, ())), None)


@dataclass(frozen=True, slots=True)
class Discover:
    subscription: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """``setup plan``."""

    cluster: str | None
    given: GivenOptions


@dataclass(frozen=True, slots=True)
class Apply:
    """``setup apply``. ``out``: where the cluster file goes; None: among the saved ones."""

    cluster: str | None
    given: GivenOptions
    yes: bool
    only_mine: bool
    out: Path | None


class ProveHow(Enum):
    """Whether verifying also makes a real failover there and back."""

    NO = "no"
    FAILOVER = "failover"


@dataclass(frozen=True, slots=True)
class Verify:
    """``setup verify``."""

    cluster: str | None
    wait: bool
    restarted: tuple[str, ...]
    restart: tuple[str, ...]
    prove: ProveHow
    yes: bool
    report: Path | None
    heartbeat_port: int


@dataclass(frozen=True, slots=True)
class Undo:
    """``setup undo``."""

    cluster: str | None
    identities: bool
    yes: bool


@dataclass(frozen=True, slots=True)
class Export:
    cluster: str | None
    given: GivenOptions
    kind: ExportKind
    out: Path | None


@dataclass(frozen=True, slots=True)
class Start:
    """``start``: a member's machine that was stopped, by a fence for example."""

    cluster: str | None
    member: str


SetupCommand = Discover | Plan | Apply | Verify | Undo | Export | Start


def add_setup_parsers(words: argparse._SubParsersAction[CommandParser], common: CommandParser) -> None:
    """Add the words."""
    discover = add_word(words, "discover", "machines, interfaces, and the pairs they may form", common)
    _field(discover, fields.SUBSCRIPTION, "a GUID or a name; not needed when there is only one")
    setup = add_word(words, "setup", "set a cluster up, step by step")
    steps = setup.add_subparsers(dest="step", metavar="STEP", required=True, parser_class=CommandParser)
    plan = add_word(steps, "plan", "what would be written; nothing is", common)
    _new_cluster(plan)
    apply = add_word(steps, "apply", "write it, and save the cluster file", common)
    _new_cluster(apply)
    apply.add_argument("--only-mine", action="store_true", help="write what your roles allow, leave the rest to others")
    apply.add_argument("--out", type=Path, metavar="FILE", help="write the cluster file here instead of saving it")
    _yes(apply)
    verify = add_word(steps, "verify", "what can be worked out and proved, and what is missing", common)
    _cluster(verify)
    verify.add_argument("--no-wait", action="store_true", help="one look, without waiting for Azure's ten minutes")
    verify.add_argument(
        "--restarted", action="append", default=[], metavar="MEMBER", help="say that this member restarted since"
    )
    verify.add_argument(
        "--restart",
        action="append",
        default=[],
        metavar="MEMBER",
        help="restart this member first, and wait until it is back; several: the standby first",
    )
    verify.add_argument("--prove", action="store_true", help="fail over there and back, with your own rights")
    verify.add_argument("--report", type=Path, metavar="FILE", help="write the result as a page to print (.html)")
    verify.add_argument(
        "--heartbeat-port",
        type=whole_number(1, 65535),
        default=9000,
        metavar="PORT",
        help="the TCP port of the members' heartbeat (default: 9000)",
    )
    _yes(verify)
    undo = add_word(steps, "undo", "take back exactly what was created from here", common)
    _cluster(undo)
    undo.add_argument("--identities", action="store_true", help="also turn off the identities that were turned on")
    _yes(undo)
    start = add_word(words, "start", "start a member's VM that was stopped, and wait until it runs", common)
    _cluster(start)
    start.add_argument("--member", required=True, metavar="MEMBER", help="the member whose VM is started")
    export = add_word(words, "export", "the plan for someone else's hands", common)
    _new_cluster(export)
    titles = "; ".join(f"{kind.value}: {row.title}" for kind, row in FORMATS.items())
    export.add_argument("--as", dest="kind", required=True, choices=[kind.value for kind in ExportKind], help=titles)
    export.add_argument("--out", type=Path, metavar="FILE", help="write it to a file instead of standard output")


def setup_command(found: argparse.Namespace) -> SetupCommand:
    """The command of ``discover``, ``setup``, ``export`` or ``start``. UserError when a value cannot be its field's."""
    if found.word == "start":
        return Start(found.cluster, found.member)
    if found.word == "discover":
        return Discover(found.subscription)
    if found.word == "export":
        return Export(found.cluster, _given(found), ExportKind(found.kind), found.out)
    match found.step:
        case "plan":
            return Plan(found.cluster, _given(found))
        case "apply":
            return Apply(found.cluster, _given(found), found.yes, found.only_mine, found.out)
        case "verify":
            return Verify(
                found.cluster,
                not found.no_wait,
                tuple(found.restarted),
                tuple(found.restart),
                ProveHow.FAILOVER if found.prove else ProveHow.NO,
                found.yes,
                found.report,
                found.heartbeat_port,
            )
        case _:
            return Undo(found.cluster, found.identities, found.yes)


def parsed(wanted: Field[Any], text: str) -> Any:
    """The answer to a field. UserError names the option, what is wrong and an example."""
    try:
        return wanted.parse(text)
    except FieldError as error:
        what = f"{wanted.flag} {sanitize(text, 120)} cannot be used."
        fix = error.fix or f"For example: {wanted.flag} {wanted.example}"
        raise UserError(Problem("usage", what, error.why, fix)) from error


def _given(found: argparse.Namespace) -> GivenOptions:
    values: dict[str, tuple[str, ...]] = {}
    for item in fields.OF_SETUP:
        text = getattr(found, _dest(item), None)
        if text is None:
            continue
        texts = tuple(text) if isinstance(text, list) else (text,)
        for one in texts:
            if item not in BY_NAME or one.startswith("/"):
                parsed(item, one)
        if item in TWICE and len(texts) != 2:
            what = f"{item.flag} is given {'once' if len(texts) == 1 else f'{len(texts)} times'}."
            why = "A cluster has exactly two members, the first one meant to be active."
            raise UserError(Problem("usage", what, why, f"Give {item.flag} twice, or leave it out."))
        values[item.key] = texts
    return GivenOptions(
        values,
        found.whole_subscription,
        Placement(found.placement),
        found.remove_stale,
        found.add_actions,
        found.leave_out_actions,
        found.update_role,
        tuple(parsed(fields.DROPPED_SCOPE, scope) for scope in found.drop_scope or ()),
        _scopes(found.scope or ()),
        tuple(found.add_action),
        tuple(found.leave_out_action),
    )


def is_subscription(scope: str) -> bool:
    """Whether a scope is a whole subscription, rather than something in one."""
    return scope.strip("/").count("/") == 1


def _scopes(texts: Iterable[str]) -> tuple[str, ...]:
    """The scopes given. UserError: a whole subscription beside another scope, because one of the two is not meant."""
    scopes = tuple(parsed(fields.SCOPE, text) for text in texts)
    whole = next((scope for scope in scopes if is_subscription(scope)), None)
    if whole is not None and any(scope.lower() != whole.lower() for scope in scopes):
        what = f"{fields.SCOPE.flag} {whole} cannot be used together with another scope."
        why = "A role on the whole subscription counts in every resource group in it."
        raise UserError(Problem("usage", what, why, "Name the subscription alone, or the resource groups alone."))
    return scopes


def _new_cluster(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "cluster", nargs="?", metavar="CLUSTER", help="a saved cluster, or left out: a new one from what is found"
    )
    group = parser.add_argument_group("answers; what is left out is suggested from what is found in Azure")
    for item in fields.OF_SETUP:
        _field(group, item, "", twice=item in TWICE)
    where = group.add_mutually_exclusive_group()
    where.add_argument("--whole-subscription", action="store_true", help="assign the role on the whole subscription")
    where.add_argument(
        fields.SCOPE.flag,
        action="append",
        default=[],
        metavar="ID",
        help="assign the role here alone: the id of a resource group, once for each, or of the subscription; "
        "without it, wherever it is needed",
    )
    group.add_argument(
        "--placement",
        choices=[item.value for item in Placement],
        default=Placement.NOW.value,
        help="who creates the first Azure IP Configuration",
    )
    group.add_argument("--remove-stale", action="store_true", help="also remove assignments whose identity is gone")
    group.add_argument("--add-actions", action="store_true", help="add the actions that this topology needs beyond ten")
    group.add_argument("--leave-out-actions", action="store_true", help="leave them out on purpose")
    for flag, words in (("--add-action", "add"), ("--leave-out-action", "leave out")):
        told = f"{words} this one of them, such as Microsoft.Network/publicIPAddresses/join/action"
        group.add_argument(flag, action="append", default=[], metavar="ACTION", help=told)
    group.add_argument("--update-role", action="store_true", help="update the role that is found instead of stopping")
    group.add_argument(
        "--drop-scope",
        action="append",
        default=[],
        metavar="SCOPE",
        help="take this assignable scope out of the role that is found, because Azure refuses it",
    )


def _field(
    parser: argparse.ArgumentParser | argparse._ArgumentGroup, wanted: Field[Any], more: str, *, twice: bool = False
) -> None:
    told = f"{wanted.help[:1].lower()}{wanted.help[1:]}".rstrip(".")
    words = told + ("; twice, the one meant to be active first; a name or an id" if twice else "")
    parser.add_argument(
        wanted.flag,
        dest=_dest(wanted),
        action="append" if twice else "store",
        metavar=_dest(wanted).upper(),
        help=(more or words).replace("%", "%%"),
    )


def _dest(wanted: Field[Any]) -> str:
    return wanted.flag.strip("-").replace("-", "_")


def _cluster(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "cluster", nargs="?", metavar="CLUSTER", help="a saved name or a path; not needed when there is only one"
    )


def _yes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="do not ask")
