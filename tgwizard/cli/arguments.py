"""The command line's words: argparse in, one frozen value per command out.

Global options stand before or after the word.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from tgwizard import __version__
from tgwizard.cli.app_ports import EnvironmentChoice, word_of
from tgwizard.cli.command_parser import CommandParser, add_word, whole_number
from tgwizard.cli.completion import SETTING_KEY, Completion, ShellKind
from tgwizard.cli.config_commands import Add, ChangeSetting, ShowSettings
from tgwizard.cli.history_commands import History, Report
from tgwizard.cli.lab_arguments import LabCommand, LabRunCommand, add_parsers, command_of
from tgwizard.cli.member_commands import MemberCommand, MemberKey, add_member_parsers, member_command
from tgwizard.cli.setup_arguments import SetupCommand, add_setup_parsers, parsed, setup_command
from tgwizard.engine.history.history_entries import HistoryFilter, parse_day
from tgwizard.engine.readiness.readiness import TO_DEAD_MACHINE
from tgwizard.model import fields
from tgwizard.model.cluster import Verb
from tgwizard.model.failover_options import NO_FENCE, Fence, FenceRequest, Strategy
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.sign_in import SignInMethod
from tgwizard.paths import expanded

_DEAD = "move the address to a member that is stopped or gone, where nobody will answer at it"


@dataclass(frozen=True, slots=True)
class OpenWindow:
    """No command word."""


@dataclass(frozen=True, slots=True)
class Status:
    cluster: str | None
    watch: bool
    check: bool = False


@dataclass(frozen=True, slots=True)
class Failover:
    cluster: str | None
    to: str
    verb: Verb
    dry_run: bool
    yes: bool
    accept_unknown: bool
    strategy: Strategy = Strategy.AUTO
    members: bool = False
    fence: FenceRequest = NO_FENCE
    to_dead_machine: bool = False


@dataclass(frozen=True, slots=True)
class Resume:
    cluster: str | None
    to: str | None
    to_dead_machine: bool = False


Command = (
    OpenWindow
    | LabRunCommand
    | LabCommand
    | Status
    | Failover
    | Resume
    | History
    | Report
    | SetupCommand
    | Add
    | ShowSettings
    | ChangeSetting
    | Completion
    | MemberCommand
    | MemberKey
)


@dataclass(frozen=True, slots=True)
class ParsedCommand:
    """One call of the program: what, where, and in which form the answer is wanted."""

    command: Command
    where: EnvironmentChoice
    json: bool


_METHODS = {word_of(method): method for method in SignInMethod if method is not SignInMethod.LAB}


def parse(argv: Sequence[str], default_lab: Callable[[], Path], latencies: Sequence[str]) -> ParsedCommand:
    """Read the command line. UserError: not understood. SystemExit: --help or --version was printed."""
    found = command_parser(latencies).parse_args(argv)
    lab_dir = getattr(found, "lab_dir", None)
    if lab_dir is None and getattr(found, "lab", False):
        lab_dir = default_lab()
    where = _where(found, lab_dir)
    as_json = getattr(found, "json", False)
    match found.word:
        case None:
            if as_json:
                raise UserError(Problem("usage", "--json needs a command word.", "The window prints nothing."))
            if where.sign_in is SignInMethod.DEVICE_CODE:
                fix = "Start the window without it and choose the device code there."
                raise UserError(Problem("usage", "--sign-in device-code needs a command word.", "", fix))
            return ParsedCommand(OpenWindow(), where, json=False)
        case "lab":
            folder = where.lab_dir or default_lab()
            return ParsedCommand(command_of(found, folder), replace(where, lab_dir=folder), as_json)
        case word:
            return ParsedCommand(_COMMANDS.get(word, setup_command)(found), where, as_json)


def _status(found: argparse.Namespace) -> Status:
    if found.watch and found.check:
        why = "It sends two writes that cannot be applied each time, which the activity log keeps."
        raise UserError(Problem("usage", "--check and --watch cannot be used together.", why, "Leave one out."))
    return Status(found.cluster, found.watch, found.check)


def _failover(found: argparse.Namespace) -> Failover:
    """``failover``, with what does not go together refused."""
    verb = Verb.GRACEFUL if found.graceful else Verb.FORCED
    if found.members and not found.dry_run:
        why = "Their rights can be worked out; writing as them is what they do themselves."
        raise UserError(Problem("usage", "--members needs --dry-run.", why, "Add --dry-run."))
    strategy = Strategy(found.strategy)
    if verb is Verb.FORCED and strategy is Strategy.GUIDED:
        what = "--strategy guided goes with --graceful only: it watches what the members do."
        raise UserError(Problem("usage", what, "", "Leave --strategy out to take the address by force."))
    fence = FenceRequest(Fence(found.fence), found.fence_optional)
    if fence.stops and (verb is Verb.GRACEFUL or found.members):
        why = "A graceful failover asks the losing member to cooperate, and members stop nobody."
        raise UserError(Problem("usage", "--fence stop goes with --forced only.", why, "Leave --fence out."))
    if found.to_dead_machine and verb is Verb.GRACEFUL:
        why = "A graceful failover never goes to a member that cannot serve the address."
        raise UserError(Problem("usage", f"{TO_DEAD_MACHINE} goes with --forced only.", why, "Leave it out."))
    if fence.optional and not fence.stops:
        raise UserError(Problem("usage", "--fence-optional needs --fence stop.", "", "Add --fence stop."))
    return Failover(
        found.cluster,
        found.to,
        verb,
        found.dry_run,
        found.yes,
        found.accept_unknown,
        strategy,
        found.members,
        fence,
        found.to_dead_machine,
    )


def _settings(found: argparse.Namespace) -> ShowSettings | ChangeSetting:
    return ShowSettings(found.key) if found.value is None else ChangeSetting(found.key, found.value)


_COMMANDS: dict[str, Callable[[argparse.Namespace], Command]] = {
    "status": _status,
    "failover": _failover,
    "resume": lambda found: Resume(found.cluster, found.to, found.to_dead_machine),
    "history": lambda found: History(found.cluster, found.limit, HistoryFilter(found.search, found.since, found.until)),
    "report": lambda found: Report(found.run, found.out),
    "add": lambda found: Add(found.file),
    "settings": _settings,
    "completion": lambda found: Completion(ShellKind(found.shell)),
    "member": member_command,
}
"""How each command is made, but for those of setting up and of the lab."""


def command_parser(latencies: Sequence[str]) -> CommandParser:
    common = CommandParser(add_help=False, argument_default=argparse.SUPPRESS)
    group = common.add_argument_group("everywhere")
    group.add_argument("--lab", action="store_true", help="use the lab in your own lab folder instead of Azure")
    group.add_argument("--lab-dir", type=Path, metavar="DIR", help="use the lab in this folder (implies --lab)")
    group.add_argument("--config", type=Path, metavar="DIR", help="take settings and saved clusters from this folder")
    group.add_argument(
        "--sign-in", choices=sorted(_METHODS), help="how to sign in; without it: as the Azure CLI is signed in"
    )
    group.add_argument("--tenant", metavar="ID", help="sign in to this directory (tenant)")
    group.add_argument(
        "--claims-challenge", metavar="VALUE", help="sign in with what Azure asked for when it refused; it prints this"
    )
    group.add_argument("--cloud", metavar="NAME", help=fields.CLOUD_TO_REACH.help.rstrip("."))
    group.add_argument("--json", action="store_true", help="JSON for programs instead of words")
    parser = CommandParser(
        prog="tgwizard",
        parents=[common],
        description="Set up, watch and fail over the floating IP of a two-VM Trustgrid cluster in Azure.",
        epilog="Without a command word the window opens. Exit codes: 0 done, 1 internal error, 2 usage or bad file, "
        "3 refused by a check, 4 failed, 5 unknown, 6 cancelled, 7 yielded to someone else.",
    )
    parser.add_argument("--version", action="version", version=f"tgwizard {__version__}")
    words = parser.add_subparsers(dest="word", metavar="COMMAND", title="commands", parser_class=CommandParser)
    add_setup_parsers(words, common)
    status = add_word(words, "status", "where the floating IP is, and whether a failover would work", common)
    _cluster(status)
    status.add_argument("--watch", action="store_true", help="keep watching until Ctrl-C")
    status.add_argument(
        "--check", action="store_true", help="ask Azure as well whether you may: rights, locks; nothing is written"
    )
    failover = add_word(words, "failover", "move the floating IP to the other member", common)
    _cluster(failover)
    failover.add_argument("--to", required=True, metavar="MEMBER", help="the member that gets the address")
    verb = failover.add_mutually_exclusive_group(required=True)
    verb.add_argument("--graceful", action="store_true", help="both members cooperate; every doubt stops it")
    verb.add_argument("--forced", action="store_true", help="take the address from a member that may be down")
    failover.add_argument("--dry-run", action="store_true", help="print the plan and the checks; write nothing")
    failover.add_argument(
        "--fence",
        choices=[item.value for item in Fence],
        default=Fence.NONE.value,
        help="with --forced: stop the losing VM before anything is detached, so that it cannot take the address back",
    )
    failover.add_argument(TO_DEAD_MACHINE, action="store_true", help=f"with --forced: {_DEAD}")
    failover.add_argument(
        "--fence-optional", action="store_true", help="with --fence stop: go on although the VM could not be stopped"
    )
    failover.add_argument(
        "--members", action="store_true", help="with --dry-run: check the members' identities instead of your own"
    )
    failover.add_argument(
        "--strategy",
        choices=[item.value for item in Strategy],
        default=Strategy.AUTO.value,
        help="auto: guided on a live Trustgrid pair, else detach-attach; atomic: one call of Azure's (a preview), "
        "never chosen by auto; guided: you press Make Active, tgwizard watches",
    )
    failover.add_argument("--yes", action="store_true", help="do not ask")
    failover.add_argument("--accept-unknown", action="store_true", help="go on although something could not be checked")
    resume = add_word(words, "resume", "finish or undo a failover that was interrupted", common)
    _cluster(resume)
    resume.add_argument("--to", metavar="MEMBER", help="needed when this computer has no journal of the run")
    resume.add_argument(TO_DEAD_MACHINE, action="store_true", help=_DEAD)
    _past(words, common)
    add_member_parsers(add_word(words, "member", "the agents that move the address by themselves"), common)
    _of_this_computer(words, common)
    _lab(words, common, latencies)
    return parser


def _of_this_computer(words: argparse._SubParsersAction[CommandParser], common: CommandParser) -> None:
    more = add_word(words, "add", "copy a cluster file among the saved ones, once it agrees with Azure", common)
    more.add_argument("file", type=Path, metavar="FILE", help="the cluster file (.toml); it stays as it is")
    kept = add_word(words, "settings", "the settings: all of them, one, or a new value for one", common)
    kept.add_argument("key", nargs="?", metavar=SETTING_KEY, help="such as window.theme; left out: all")
    kept.add_argument("value", nargs="?", metavar="VALUE", help="the new value; left out: show it")
    script = add_word(words, "completion", "print the script with which a shell completes these commands", common)
    shells = [kind.value for kind in ShellKind]
    script.add_argument("shell", choices=shells, metavar="SHELL", help=f"{', '.join(shells[:-1])} or {shells[-1]}")
    script.refusals["shell"] = "Completion for {} is not available."


def _past(words: argparse._SubParsersAction[CommandParser], common: CommandParser) -> None:
    history = add_word(words, "history", "what happened: failovers, set-ups, changes of state", common)
    history.add_argument("cluster", nargs="?", metavar="CLUSTER", help="a saved name or a path; left out: all")
    history.add_argument(
        "--limit", type=whole_number(1, 10_000), default=20, metavar="N", help="at most N of each (default: 20)"
    )
    history.add_argument("--search", default="", metavar="WORDS", help="only where all these words occur")
    for option, what in (("--since", "from this day on"), ("--until", "up to this day, itself included")):
        history.add_argument(option, type=_day, metavar="YYYY-MM-DD", help=what)
    report = add_word(words, "report", "one run: steps, request ids, both interfaces", common)
    report.add_argument("run", metavar="RUN", help="when the run began, as history shows it, or its id")
    report.add_argument("--out", type=Path, metavar="FILE", help="write it to a file ending in .html or .json")


def _day(text: str) -> date | None:
    """The type of an option that takes a day."""
    try:
        return parse_day(text)
    except UserError as error:
        raise argparse.ArgumentTypeError(error.problem.fix) from None


def _where(found: argparse.Namespace, lab_dir: Path | None) -> EnvironmentChoice:
    config = getattr(found, "config", None)
    cloud = getattr(found, "cloud", None)
    if cloud is not None and lab_dir is not None:
        raise UserError(Problem("usage", "--cloud and --lab cannot be used together.", "A lab is a cloud of its own."))
    tenant = getattr(found, "tenant", None)
    if tenant:
        tenant = parsed(fields.DIRECTORY, tenant)
    method = _METHODS.get(getattr(found, "sign_in", ""))
    claims = getattr(found, "claims_challenge", None)
    if claims is not None and method not in (SignInMethod.BROWSER, SignInMethod.DEVICE_CODE):
        fix = "Add one of the two. With the Azure CLI it is an option of az login."
        raise UserError(Problem("usage", "--claims-challenge needs --sign-in browser or device-code.", "", fix))
    return EnvironmentChoice(
        expanded(lab_dir).absolute() if lab_dir else None,
        expanded(config).absolute() if config else None,
        method,
        tenant,
        cloud,
        claims,
    )


def _lab(words: argparse._SubParsersAction[CommandParser], common: CommandParser, latencies: Sequence[str]) -> None:
    lab = add_word(words, "lab", "the embedded Azure: run it, steer it, look into it")
    add_parsers(lab, common, latencies)


def _cluster(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "cluster", nargs="?", metavar="CLUSTER", help="a saved name or a path; not needed when there is only one"
    )
