"""``member``: run the agent of a member on its machine, see what it says, tell it what to do, and its heartbeat key."""

from __future__ import annotations

import argparse
import contextlib
import os
import time
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from tgwizard.cli.app_ports import AppPorts, EnvironmentChoice, MemberOptions, OpenEnvironment
from tgwizard.cli.command_parser import CommandParser, add_word
from tgwizard.cli.console import SCHEMA, Console
from tgwizard.cli.exit_code import ExitCode
from tgwizard.engine.files.file_lock import is_locked
from tgwizard.engine.interrupts import Interrupts, listen
from tgwizard.engine.members.member_store import MemberStore, MemberTold, MemberWish, member_folder
from tgwizard.model.cluster import Member
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.failover_events import Event, Finished
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.text import join_words

KEY_NAME = "heartbeat.key"
_LOOK_S = 0.1


@dataclass(frozen=True, slots=True)
class MemberRun:
    """``member run``."""

    cluster: str | None
    name: str
    key: Path | None
    listen: str | None = None
    peer: str | None = None
    status: str | None = None
    interfaces: tuple[str, ...] = ()
    dhcp: str | None = None
    upstream: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MemberStatusOf:
    """``member status``."""

    cluster: str | None


class MemberWord(Enum):
    """What a person tells the agents of a cluster."""

    MAKE_ACTIVE = "make-active"
    PAUSE = "pause"
    RESUME = "resume"


@dataclass(frozen=True, slots=True)
class MemberAsk:
    """``member make-active|pause|resume``; ``to``: the member to be active."""

    cluster: str | None
    word: MemberWord
    to: str | None = None


@dataclass(frozen=True, slots=True)
class MemberKey:
    """``member key new|show-id``."""

    file: Path
    new: bool


MemberCommand = MemberRun | MemberStatusOf | MemberAsk


def add_member_parsers(member: CommandParser, common: CommandParser) -> None:
    """The words below ``member``."""
    words = member.add_subparsers(dest="member_word", metavar="WORD", required=True, parser_class=CommandParser)
    run = add_word(words, "run", "run the agent of one member on this machine, until it is told to stop", common)
    _cluster(run)
    run.add_argument("--name", required=True, metavar="MEMBER", help="which of the two members this machine is")
    run.add_argument("--key", type=Path, metavar="FILE", help=f"the heartbeat key; a service's {KEY_NAME} credential")
    run.add_argument("--listen", metavar="HOST:PORT", help="where the heartbeat listens; else as the cluster file says")
    run.add_argument(
        "--peer", metavar="HOST:PORT", help="where the other member listens; else as the cluster file says"
    )
    run.add_argument("--status", metavar="HOST:PORT", help="answer 200 here while this member is active, else 503")
    run.add_argument(
        "--interface", action="append", default=[], metavar="IF", help="unfit while this interface has no link"
    )
    run.add_argument("--dhcp", metavar="IF", help="unfit while this interface has no address from DHCP")
    run.add_argument(
        "--upstream", action="append", default=[], metavar="HOST:PORT", help="unfit while none of these can be reached"
    )
    status = add_word(words, "status", "what the agents on this computer say of themselves", common)
    _cluster(status)
    active = add_word(words, "make-active", "name the member that is to hold the address from now on", common)
    _cluster(active)
    active.add_argument("--to", required=True, metavar="MEMBER", help="the member to be active")
    for word, text in (
        (MemberWord.PAUSE, "keep both agents from writing, until resume"),
        (MemberWord.RESUME, "let the agents go on: after pause, after they stopped, and with automatic failback"),
    ):
        _cluster(add_word(words, word.value, text, common))
    key = add_word(words, "key", "the key that both members share", common)
    keys = key.add_subparsers(dest="key_word", metavar="WORD", required=True, parser_class=CommandParser)
    new = add_word(keys, "new", "draw a key into a new file; copy it to the other member by a safe way", common)
    new.add_argument("--out", dest="file", type=Path, required=True, metavar="FILE", help="the new file")
    shown = add_word(keys, "show-id", "tell two key files apart without showing a key", common)
    shown.add_argument("file", type=Path, metavar="FILE", help="the key file")


def member_command(found: argparse.Namespace) -> MemberCommand | MemberKey:
    """What was asked for."""
    match found.member_word:
        case "run":
            return MemberRun(
                found.cluster,
                found.name,
                found.key,
                found.listen,
                found.peer,
                found.status,
                tuple(found.interface),
                found.dhcp,
                tuple(found.upstream),
            )
        case "status":
            return MemberStatusOf(found.cluster)
        case "key":
            return MemberKey(found.file, found.key_word == "new")
        case word:
            return MemberAsk(found.cluster, MemberWord(word), getattr(found, "to", None))


def key(command: MemberKey, program: AppPorts, console: Console) -> ExitCode:
    """Draw a key, or name the keys of a file. UserError: it cannot be."""
    ids = program.new_key(command.file) if command.new else program.key_ids(command.file)
    console.document({"schema": SCHEMA, "file": str(command.file), "ids": list(ids)})
    if command.new:
        console.say(f"A new key is in {command.file}: {ids[0]}")
        console.say("Copy this file to the other member by a safe way. Both start with: tgwizard member run --key FILE")
    else:
        console.say(f"{command.file} holds {join_words(ids)}; the first signs." if len(ids) > 1 else ids[0])
    return ExitCode.DONE


def run(
    command: MemberCommand,
    connection: OpenEnvironment,
    program: AppPorts,
    console: Console,
    where: EnvironmentChoice,
) -> ExitCode:
    """Do what was asked of the members of a cluster."""
    setup = connection.profiles.find(command.cluster)
    match command:
        case MemberRun():
            return _run(command, setup, connection, program, console)
        case MemberStatusOf():
            return _status(setup, connection, console, where)
        case _:
            return _ask(command, setup, connection, console, where)


def _run(
    command: MemberRun,
    setup: ClusterSetup,
    connection: OpenEnvironment,
    program: AppPorts,
    console: Console,
    stops: Interrupts | None = None,
) -> ExitCode:
    me = _member(setup, command.name)
    if not setup.is_lab:
        _allowed(setup)
    stops = stops or listen()

    def heard(event: Event) -> None:
        if isinstance(event, Finished):
            console.say(event.reason)

    options = MemberOptions(
        setup,
        me,
        _key_file(command.key),
        heard,
        command.listen,
        command.peer,
        command.status,
        command.interfaces,
        command.dhcp,
        command.upstream,
    )
    with contextlib.closing(program.open_member(connection, options)) as running:
        console.say(f"The agent of {me.name} runs; its heartbeat listens on {running.listens_on}. Ctrl-C stops it.")
        before: MemberTold | None = None
        while not stops.count:
            told = running.turn()
            if before is None or _news(told) != _news(before):
                console.document(_document(setup, told, running=True))
                console.say(f"{told.at[11:19]}Z  {_words(told)}")
            before = told
            _wait(running.interval_s, stops)
    console.say(f"The agent of {me.name} has stopped.")
    return ExitCode.DONE


def _wait(seconds: float, stops: Interrupts) -> None:
    end = time.monotonic() + seconds
    while not stops.count and (left := end - time.monotonic()) > 0:
        time.sleep(min(_LOOK_S, left))


def _status(setup: ClusterSetup, connection: OpenEnvironment, console: Console, where: EnvironmentChoice) -> ExitCode:
    found = _local(setup, connection)
    if not found:
        why = "A member's agent tells its status on the computer that it runs on."
        fix = f"tgwizard member run {setup.name} --name {setup.members[0].name} --key FILE{where.options}"
        raise UserError(Problem("member-none-here", f"No agent of {setup.name} ran on this computer yet.", why, fix))
    for member, store in found:
        told, running = store.told(), is_locked(store.lock)
        if told is None:
            continue
        console.document(_document(setup, told, running=running))
        if running:
            console.say(f"{member.name}: {_words(told)}")
        else:
            console.say(f"{member.name}: its agent does not run. At {told.at[11:19]} UTC it was {told.role}.")
    return ExitCode.DONE


def _ask(
    command: MemberAsk, setup: ClusterSetup, connection: OpenEnvironment, console: Console, where: EnvironmentChoice
) -> ExitCode:
    found = _local(setup, connection)
    if not found:
        why = "The agents are told on the computer that one of them runs on; it tells the other."
        raise UserError(Problem("member-none-here", f"No agent of {setup.name} ran on this computer yet.", why))
    to = _member(setup, command.to) if command.to is not None else None
    wishes = {
        MemberWord.MAKE_ACTIVE: MemberWish(active=to.name if to is not None else None),
        MemberWord.PAUSE: MemberWish(paused=True),
        MemberWord.RESUME: MemberWish(paused=False, goes_on=True),
    }
    told: list[str] = []
    for member, store in found:
        store.wish(wishes[command.word])
        told.append(member.name)
        if is_locked(store.lock):
            break  # it tells the other
    running = any(is_locked(store.lock) for _, store in found)
    sentence = {
        MemberWord.MAKE_ACTIVE: f"{to.name if to is not None else ''} is to be active.",
        MemberWord.PAUSE: "Both agents write nothing until they are told to resume.",
        MemberWord.RESUME: "The agents go on.",
    }[command.word]
    console.document({"schema": SCHEMA, "cluster": setup.name, "told": told, "running": running})
    console.say(sentence)
    if running:
        console.say(f"See how it goes: tgwizard member status {setup.name}{where.options}")
    else:
        console.say("No agent runs on this computer now; it follows this when it starts.")
    return ExitCode.DONE


def _local(setup: ClusterSetup, connection: OpenEnvironment) -> list[tuple[Member, MemberStore]]:
    """The members that have ever run here; one that runs now comes first."""
    stores = [
        (member, MemberStore(member_folder(connection.services.state_dir, setup, member))) for member in setup.members
    ]
    return sorted(((m, s) for m, s in stores if s.folder.is_dir()), key=lambda item: not is_locked(item[1].lock))


def _member(setup: ClusterSetup, name: str) -> Member:
    found = setup.member(name)
    if found is None:
        names = join_words(member.name for member in setup.members)
        raise UserError(Problem("member-unknown", f"{setup.name} has no member {name}.", f"Its members are {names}."))
    return found


def _allowed(setup: ClusterSetup) -> None:
    if not setup.agent_enabled:
        raise UserError(
            Problem(
                "member-not-enabled",
                f"The agents of {setup.name} are not enabled.",
                "Outside a lab a member agent writes to your Azure by itself. It has not been tried on the real Azure.",
                "Add to the cluster file on both machines: [agent] with enabled = true",
            )
        )
    if setup.is_trustgrid:
        raise UserError(
            Problem(
                "member-of-trustgrid",
                f"{setup.name} is a cluster of Trustgrid appliances.",
                "They fail over by themselves, and two programs would take the address from each other.",
                "Use tgwizard to set it up, watch it and fail over by hand.",
            )
        )


def _key_file(given: Path | None) -> Path:
    if given is not None:
        return given
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    if credentials:
        return Path(credentials) / KEY_NAME
    fix = "Draw one, copy it to both machines, and name it: tgwizard member key new --out FILE, then --key FILE"
    raise UserError(Problem("heartbeat-key-missing", "A member needs the heartbeat key of its cluster.", "", fix))


def _news(told: MemberTold) -> tuple[object, ...]:
    return (told.role, told.reason, told.holder, told.active, told.cover, told.heard, told.preferred, told.paused)


_REASONS = {
    "not_enabled": "its agent is not enabled",
    "paused": "it is paused",
    "stopped": "it has stopped by itself",
    "azure_not_known": "Azure does not answer",
    "stranger_holds": "an interface of neither member has the address",
    "update_under_way": "Azure updates an interface",
    "run_under_way": "it moves the address",
    "nothing_sent": "a run that had written nothing is dropped",
    "arrived": "its run has arrived",
    "i_hold": "it holds the address",
    "i_hold_unfit": "it holds the address and is not fit; the other takes it after the cluster timeout",
    "peer_is_named": "the other is to be active",
    "failback": "the preferred member is back",
    "offer_is_open": "it has offered the address to the other",
    "offer_is_over": "the other did not take the address",
    "peer_is_ready": "the other is ready",
    "peer_holds": "the other holds the address",
    "peer_offers": "the other hands the address over",
    "peer_unfit": "the other says that it is not fit",
    "peer_silent": "the other has been silent for the cluster timeout",
    "peer_off": "Azure says that the machine of the other does not run",
    "takeover_used": "the other is silent, and this loss has had its takeover",
    "cannot": "it cannot take the address now",
    "gainer_failed": "the other could not create the address",
    "waits_for_gainer": "the other creates the address",
    "taken_away": "the address was taken away again",
    "left_unfinished": "it goes on with an interrupted run",
    "waits_for_peer": "it waits to hear the other",
    "on_nobody": "nobody has the address",
}
"""Why, as people read it, by the words of ``decision.Reason``."""


def _words(told: MemberTold) -> str:
    heard = "hears the other" if told.heard else "does not hear the other"
    cover = "" if told.holder != "peer" else (", would take over" if told.cover else ", would not take over")
    conditions = f"; {join_words(told.conditions)}" if told.conditions else ""
    return f"{told.role}: {_REASONS.get(told.reason, told.reason)}; {heard}{cover}{conditions}"


def _document(setup: ClusterSetup, told: MemberTold, *, running: bool) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "cluster": setup.name,
        "member": told.member,
        "running": running,
        "at": told.at,
        "role": told.role,
        "reason": told.reason,
        "holder": told.holder,
        "active": told.active,
        "cover": told.cover,
        "heard": told.heard,
        "preferred": told.preferred,
        "mode": told.mode,
        "conditions": list(told.conditions),
        "paused": told.paused,
        "stopped": told.stopped,
        "last_run": told.last_run,
    }


def _cluster(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "cluster", nargs="?", metavar="CLUSTER", help="a saved name or a path; not needed when there is only one"
    )
