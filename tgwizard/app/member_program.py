"""Puts a member agent together: its machine's identity, its heartbeat, its health, its state folder, its endpoint."""

from __future__ import annotations

import contextlib
import secrets
import time
from dataclasses import replace
from ipaddress import AddressValueError, IPv4Address
from pathlib import Path

from tgwizard import __version__
from tgwizard.cli.app_ports import MemberOptions, OpenEnvironment
from tgwizard.engine.azure_call_error import AzureCallError
from tgwizard.engine.clock import JumpCountingClock, SystemClock
from tgwizard.engine.files.file_lock import hold_lock
from tgwizard.engine.files.file_writing import make_private_folder
from tgwizard.engine.jobs import LEAVE_GAP_WITHIN_S
from tgwizard.engine.members.agent import MemberAgent, MemberStatus
from tgwizard.engine.members.member_ports import HealthCheck
from tgwizard.engine.members.member_store import MemberStore, MemberTold, member_folder
from tgwizard.engine.members.member_timing import LONGEST_TIMEOUT_S, SHORTEST_TIMEOUT_S, MemberTiming
from tgwizard.engine.members.thread_runs import ThreadRuns
from tgwizard.engine.runs.job_services import Services
from tgwizard.member.heartbeat_keys import read_keys
from tgwizard.member.linux_health import DhcpCheck, InterfaceCheck, UpstreamCheck
from tgwizard.member.status_endpoint import StatusAnswer, StatusEndpoint
from tgwizard.member.tcp_heartbeat import HeartbeatAddress, TcpHeartbeat
from tgwizard.model.cluster import Member
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.run_origin import Program
from tgwizard.model.text import format_utc

STATUS_OLD_S = 5.0
"""An agent whose last turn is older answers that it is not active."""


class MemberProgram:
    """A member that runs in this process. It is used by one thread; `turn` is called about once an interval."""

    def __init__(self, place: OpenEnvironment, options: MemberOptions) -> None:
        """Take the lock, open everything, and listen. UserError: something cannot be had; nothing is left open."""
        with contextlib.ExitStack() as opened:
            self._open(place, options, opened)
            self._opened = opened.pop_all()

    def _open(self, place: OpenEnvironment, options: MemberOptions, opened: contextlib.ExitStack) -> None:
        setup, me, services = options.setup, options.member, place.services
        self.timing = _timing(setup)
        self._key_file, self._key_stamp = options.key, _stamp(options.key)
        self._key_trouble: Problem | None = None
        keys = read_keys(options.key)
        store = MemberStore(member_folder(services.state_dir, setup, me))
        opened.enter_context(hold_lock(_made(store.lock), _runs_already(me)))
        clock = JumpCountingClock(SystemClock())
        own = replace(services, clock=clock, state_dir=store.folder, program=Program.MEMBER)
        if services.members is not None:
            own = replace(own, azure=opened.enter_context(services.members.azure_as(me.vm)))
        listen, peer = _addresses(own, setup, me, options)
        self._heartbeat = TcpHeartbeat(me.name, setup.identity.digest, keys, self.timing, clock, listen, peer)
        self.runs = ThreadRuns()
        self.agent = MemberAgent(
            own,
            setup,
            me,
            self._heartbeat,
            store,
            self.runs,
            self.timing,
            options.report,
            self._checks(options, opened),
            boot=secrets.token_hex(8),
            program=__version__,
        )
        self._heartbeat.start()
        opened.callback(lambda: self._heartbeat.stop(self._farewell))
        self._store, self._clock, self._turned_at = store, clock, clock.monotonic()
        self._farewell = "stop"
        self.endpoint: StatusEndpoint | None = None
        if options.status is not None:
            host, port = _host_and_port(options.status, "--status")
            self.endpoint = StatusEndpoint(host, port, self._answer)
            opened.callback(self.endpoint.close)

    @property
    def listens_on(self) -> str:
        """Where the heartbeat listens."""
        found = self._heartbeat.listens_on
        return f"{found.host}:{found.port}"

    @property
    def interval_s(self) -> float:
        """How long to wait between two turns."""
        return self.timing.interval_s

    def turn(self) -> MemberTold:
        """One turn of the agent, and what it says of itself. UserError: its journal cannot be read."""
        if not self._heartbeat.runs:
            raise RuntimeError("the thread of the heartbeat has ended")  # whoever starts this anew does better
        self._look_at_keys()
        status = self.agent.turn()
        self._turned_at = self._clock.monotonic()
        told = self._told(status)
        self._store.tell(told)
        return told

    def close(self) -> None:
        """Stop: a run under way leaves the gap first, within a bound; then the peer is told."""
        self.agent.cancel.cancel()
        end = time.monotonic() + LEAVE_GAP_WITHIN_S
        while not self.runs.wait(self.timing.interval_s) and time.monotonic() < end:
            with contextlib.suppress(UserError):
                self.agent.turn()
        self._opened.close()

    def _look_at_keys(self) -> None:
        """A changed key file counts at once. One that cannot be used is told, and changes nothing."""
        stamp = _stamp(self._key_file)
        if stamp == self._key_stamp:
            return
        self._key_stamp = stamp
        try:
            self._heartbeat.change_keys(read_keys(self._key_file))
        except UserError as error:
            self._key_trouble = error.problem
        else:
            self._key_trouble = None

    def _answer(self) -> StatusAnswer:
        status = self.agent.status
        fresh = self._clock.monotonic() - self._turned_at < STATUS_OLD_S
        if status is None or not fresh:
            return StatusAnswer(active=False, role="starting" if status is None else "unknown")
        return StatusAnswer(self.agent.says_active(), status.role.value)

    def _told(self, status: MemberStatus) -> MemberTold:
        preference = self.agent.kept.preference
        return MemberTold(
            format_utc(self._clock.wall()),
            self.agent.me.name,
            status.role.value,
            status.decision.reason.value,
            status.view.azure.holder.value,
            status.active,
            status.cover,
            status.view.peer.heard,
            preference.active,
            preference.mode.value,
            self._conditions(status),
            preference.paused,
            self.agent.kept.stopped,
            status.last_run.reason if status.last_run is not None else "",
        )

    def _conditions(self, status: MemberStatus) -> tuple[str, ...]:
        held = [f"{item.condition.value}: {item.detail}" for item in status.findings]
        held += [trouble.what for trouble in (self.agent.unkept, self._key_trouble) if trouble is not None]
        return tuple(held)

    def _checks(self, options: MemberOptions, opened: contextlib.ExitStack) -> tuple[HealthCheck, ...]:
        checks: list[HealthCheck] = []
        if options.interfaces:
            checks.append(InterfaceCheck(options.interfaces, time.monotonic))
        if options.dhcp:
            checks.append(DhcpCheck(options.dhcp, time.monotonic))
        if options.upstream:
            upstream = UpstreamCheck(tuple(_host_and_port(item, "--upstream") for item in options.upstream))
            opened.callback(upstream.close)
            checks.append(upstream)
        return tuple(checks)


def _stamp(path: Path) -> tuple[int, ...]:
    """What changes when a file is written or replaced, or its mode is; nothing when it is not there."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _timing(setup: ClusterSetup) -> MemberTiming:
    try:
        return MemberTiming(setup.cluster_timeout_s)
    except ValueError as error:
        limits = f"{SHORTEST_TIMEOUT_S:g} to {LONGEST_TIMEOUT_S:g} s"
        what = f"The cluster timeout of {setup.name} is {setup.cluster_timeout_s:g} s."
        fix = "Correct timing.cluster_timeout_s in the cluster file."
        raise UserError(Problem("member-timeout", what, f"A member agent works with {limits}.", fix)) from error


def _made(lock: Path) -> Path:
    try:
        make_private_folder(lock.parent)
    except OSError as error:
        what = f"The member's folder {lock.parent} cannot be made."
        raise UserError(Problem("member-folder", what, f"{error.strerror or error}.", file=True)) from error
    return lock


def _runs_already(me: Member) -> Problem:
    return Problem(
        "member-runs-already",
        f"The agent of {me.name} runs on this computer already.",
        "Two of them would work against each other.",
        f"See it with: tgwizard member status --name {me.name}",
    )


def _addresses(
    services: Services, setup: ClusterSetup, me: Member, options: MemberOptions
) -> tuple[HeartbeatAddress, HeartbeatAddress]:
    """Where both members listen: as the options or the cluster file say, in a lab as the interfaces do on loopback."""
    found = []
    for member, given in ((me, options.listen), (setup.other(me), options.peer)):
        text = given or member.heartbeat
        if not text and setup.is_lab:
            text = _on_loopback(services, member)
        if not text:
            what = f"It is not known where {member.name} listens for the heartbeat."
            fix = f'Add heartbeat = "ADDRESS:PORT" to the [[member]] section of {member.name} in the cluster file.'
            raise UserError(Problem("heartbeat-address", what, "", fix))
        host, port = _host_and_port(text, f"heartbeat of {member.name}")
        found.append(HeartbeatAddress(host, port))
    if found[0] == found[1]:
        what = f"Both members listen on {found[0].host}:{found[0].port}."
        fix = "Give each member its own heartbeat address in the cluster file."
        raise UserError(Problem("heartbeat-address", what, "", fix))
    return found[0], found[1]


def _on_loopback(services: Services, member: Member) -> str:
    """In a lab 10.20.2.11 is 127.20.2.11: an address of its own for each member, reachable from this computer only."""
    try:
        own = services.azure.network.read_nic(member.nic).own_address
    except AzureCallError as failure:
        raise UserError(failure.problem) from failure
    return f"127.{own.partition('.')[2]}:9000"


def _host_and_port(text: str, what: str) -> tuple[str, int]:
    host, separator, port = text.rpartition(":")
    try:
        IPv4Address(host)
        number = int(port) if port.isascii() and port.isdecimal() else -1
    except AddressValueError:
        number = -1
    if not separator or not 0 <= number <= 65535:
        fix = "Write an IPv4 address and a port, such as 10.20.2.11:9000."
        raise UserError(Problem("member-address", f"{what} {text[:80]} cannot be used.", "", fix))
    return host, number
