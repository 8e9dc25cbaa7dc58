"""The words after ``lab``: argparse in, one frozen value per command out, like the rest of the command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from tgwizard.cli.app_ports import ClientChoice, LabOptions
from tgwizard.cli.command_parser import CommandParser, add_word, ipv4_address, whole_number


@dataclass(frozen=True, slots=True)
class LabRunCommand:
    options: LabOptions


@dataclass(frozen=True, slots=True)
class LabEnv:
    options: ClientChoice


@dataclass(frozen=True, slots=True)
class LabShow:
    """``lab show``: the settings of the running lab."""


@dataclass(frozen=True, slots=True)
class LabScenario:
    """``lab scenario``. Without a name it lists."""

    name: str | None
    clusters: int | None
    yes: bool


@dataclass(frozen=True, slots=True)
class LabLatency:
    word: str


@dataclass(frozen=True, slots=True)
class LabOverlap:
    word: str


@dataclass(frozen=True, slots=True)
class LabPropagation:
    """``lab propagation``. ``flicker``: None leaves it as it is."""

    word: str
    flicker: bool | None


class FaultAction(Enum):
    """The words after ``lab faults``."""

    ADD = "add"
    LIST = "list"
    CLEAR = "clear"


@dataclass(frozen=True, slots=True)
class LabFaults:
    """``lab faults``. ``rule``: what to add, as in a scenario file; ``file``: more of them; ``which``: to clear."""

    action: FaultAction
    rule: dict[str, Any] | None = None
    file: Path | None = None
    which: str | None = None


@dataclass(frozen=True, slots=True)
class LabVm:
    """``lab vm``. Without a name it lists."""

    name: str | None
    on: bool


@dataclass(frozen=True, slots=True)
class LabRequests:
    limit: int


@dataclass(frozen=True, slots=True)
class LabDataplane:
    address: str | None


LabCommand = (
    LabEnv
    | LabShow
    | LabScenario
    | LabLatency
    | LabOverlap
    | LabPropagation
    | LabFaults
    | LabVm
    | LabRequests
    | LabDataplane
)

_MATCHES: tuple[tuple[str, type, str], ...] = (
    ("method", str, "the HTTP method, such as PUT"),
    ("operation", str, "the permission the request needs, such as Microsoft.Network/networkInterfaces/write"),
    ("resource", str, "a part of the path, such as an interface's name"),
    ("caller", str, "who sends it: a VM's name, or an object id"),
    ("nth", int, "begin with this one of them (default: 1)"),
    ("every", int, "then every so many"),
    ("probability", float, "strike with this chance, from 0 to 1"),
    ("seed", int, "which dice"),
    ("from-s", float, "not before so many seconds from now, by the lab's clock"),
    ("until-s", float, "not after so many seconds from now"),
)
_EFFECTS: tuple[tuple[str, type, str], ...] = (
    ("answer", str, "for the effect azure: which of Azure's answers, such as throttled-by-network"),
    ("moment", str, "before-commit or after-commit"),
    ("status", int, "for the effect answer"),
    ("body", str, "for the effect answer"),
    ("code", str, "for the effect operation-fails"),
    ("message", str, "for the effect operation-fails"),
    ("seconds", float, "for slow-body, stale-read and operation-takes"),
    ("after-bytes", int, "for truncated-body"),
    ("nic", str, "for stranger-takes-address: the full id of the interface"),
)


def add_parsers(
    lab: CommandParser,
    common: CommandParser,
    latencies: Sequence[str],
) -> None:
    """Add the parsers of all the words after ``lab``."""
    commands = lab.add_subparsers(
        dest="deed", metavar="COMMAND", required=True, title="commands", parser_class=CommandParser
    )

    def word(name: str, text: str) -> CommandParser:
        return add_word(commands, name, text, common)

    run = word("run", "serve the lab on this computer until Ctrl-C")
    run.add_argument("--scenario", metavar="NAME", help="what a new lab holds (default: ready)")
    run.add_argument(
        "--clusters", type=whole_number(1, 1_000_000), metavar="N", help="how many clusters a new fleet has"
    )
    run.add_argument("--latency", choices=latencies, help="how long Azure takes in the lab (default: fast)")
    run.add_argument(
        "--port", type=whole_number(0, 65535), metavar="P", help="listen here (default, or 0: any free port)"
    )
    env = word("env", 'shell lines for az and other clients of the running lab: eval "$(tgwizard lab env)"')
    who = env.add_mutually_exclusive_group()
    who.add_argument("--vm", metavar="NAME", help="be this VM: its managed identity instead of the service principal")
    who.add_argument(
        "--certificate",
        action="store_true",
        help="the service principal signs in with a certificate, made and registered now, instead of its secret",
    )
    word("show", "the settings of the running lab")
    scenario = word("scenario", "list the scenarios, or replace the running lab's world by one of them")
    scenario.add_argument("name", nargs="?", metavar="NAME", help="the scenario to use; everything in the lab goes")
    scenario.add_argument(
        "--clusters", type=whole_number(1, 1_000_000), metavar="N", help="how many clusters a fleet has"
    )
    scenario.add_argument("--yes", action="store_true", help="do not ask")
    latency = word("latency", "how long Azure takes in the running lab from now on")
    latency.add_argument("latency_word", choices=latencies, metavar="WORD", help=", ".join(latencies))
    overlap = word("overlap", "what a second write meets while the first one is running")
    overlap.add_argument("overlap_word", metavar="WORD", help="such as supersede or conflict; lab show lists them")
    spread = word("propagation", "how long new rights take to arrive in the running lab")
    spread.add_argument("propagation_word", metavar="WORD", help="such as fast or azure; lab show lists them")
    spread.add_argument("--flicker", choices=("on", "off"), help="whether lists of roles go back and forth meanwhile")
    _faults(word("faults", "the fault rules of the running lab"), common)
    vm = word("vm", "the power switches of the lab's VMs")
    vm_commands = vm.add_subparsers(dest="vm_deed", metavar="COMMAND", required=True, parser_class=CommandParser)
    for name, text in (("start", "put the plug in"), ("stop", "pull the plug, at once"), ("list", "every VM")):
        one = add_word(vm_commands, name, text, common)
        if name != "list":
            one.add_argument("vm_name", metavar="NAME", help="the VM's name, or its full id")
    requests = word("requests", "what the running lab was asked, by whom, and what it decided")
    requests.add_argument(
        "--limit", type=whole_number(1, 1_000_000), default=50, metavar="N", help="the last N (default: 50)"
    )
    dataplane = word("dataplane", "the lab's truth: who has held which address when")
    dataplane.add_argument("address", nargs="?", type=ipv4_address, metavar="ADDRESS", help="this address only")


def command_of(found: argparse.Namespace, directory: Path) -> LabRunCommand | LabCommand:
    """Return the command that was parsed. ``directory``: the lab folder."""
    match found.deed:
        case "run":
            return LabRunCommand(LabOptions(directory, found.scenario, found.latency, found.port, found.clusters))
        case "env":
            return LabEnv(ClientChoice(found.vm, found.certificate))
        case "scenario":
            return LabScenario(found.name, found.clusters, found.yes)
        case "latency":
            return LabLatency(found.latency_word)
        case "overlap":
            return LabOverlap(found.overlap_word)
        case "propagation":
            return LabPropagation(found.propagation_word, None if found.flicker is None else found.flicker == "on")
        case "faults":
            return _fault_command(found)
        case "vm":
            return LabVm(getattr(found, "vm_name", None), found.vm_deed == "start")
        case "requests":
            return LabRequests(found.limit)
        case "dataplane":
            return LabDataplane(found.address)
        case _:
            return LabShow()


def _faults(parser: argparse.ArgumentParser, common: CommandParser) -> None:
    commands = parser.add_subparsers(dest="fault_deed", metavar="COMMAND", required=True, parser_class=CommandParser)
    add = add_word(commands, "add", "add a rule", common)
    add.add_argument("--file", type=Path, metavar="FILE", help="every [[fault]] of this TOML file")
    add.add_argument("--name", metavar="NAME", help="what to call it")
    add.add_argument("--effect", metavar="KIND", help="what the request meets, such as reset, timeout, azure or answer")
    add.add_argument("--times", metavar="N", help="strike so often, or always")
    for name, kind, text in (*_MATCHES, *_EFFECTS):
        add.add_argument(f"--{name}", type=kind, metavar=name.upper(), help=text)
    add_word(commands, "list", "the rules, with how often they struck", common)
    clear = add_word(commands, "clear", "remove one rule, or all of them", common)
    clear.add_argument("which", nargs="?", metavar="RULE", help="its id or its name (default: all)")


def _fault_command(found: argparse.Namespace) -> LabFaults:
    fault_action = FaultAction(found.fault_deed)
    match fault_action:
        case FaultAction.ADD:
            match_part, effect = _given(found, _MATCHES), _given(found, _EFFECTS)
            if found.times is not None:
                match_part["times"] = (
                    int(found.times) if found.times.isdecimal() and len(found.times) < 10 else found.times
                )
            if found.effect is not None:
                effect["kind"] = found.effect
            rule: dict[str, Any] = {"match": match_part, "effect": effect}
            if found.name is not None:
                rule["name"] = found.name
            return LabFaults(fault_action, rule if found.effect is not None else None, found.file)
        case FaultAction.LIST:
            return LabFaults(fault_action)
        case FaultAction.CLEAR:
            return LabFaults(fault_action, which=found.which)


def _given(found: argparse.Namespace, options: Sequence[tuple[str, type, str]]) -> dict[str, Any]:
    names = [name.replace("-", "_") for name, _, _ in options]
    return {name: value for name in names if (value := getattr(found, name, None)) is not None}
