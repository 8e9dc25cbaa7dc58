"""The heartbeat of one member, whatever carries it: up to two sessions each way, and what was heard last.

Each member listens and connects, so there are two connections. Either keeps the peer alive, and one that is missing is
a warning. Whoever carries the bytes (``tcp_heartbeat.py``, or a test's wire in virtual time) tells this object what
arrived and asks it what to send. It is used by one thread at a time.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from tgwizard.engine.members.member_ports import HeardPeer
from tgwizard.engine.members.member_report import MemberReport
from tgwizard.engine.members.member_timing import MemberTiming
from tgwizard.member.heartbeat_keys import HeartbeatKeys
from tgwizard.member.heartbeat_session import FrameFault, FrameRefusedError, HeartbeatSession

GREETING_S = 3.0
"""How long a connection may take to greet."""
MOST_INCOMING = 2
"""A second one replaces the first once it speaks: a peer that connects anew need not wait for the old one to die."""


class Connection(Protocol):
    """Bytes to the peer and an end. Neither waits, neither raises."""

    def send(self, data: bytes) -> None:
        """Hand these bytes over."""

    def close(self) -> None:
        """End it."""


@dataclass(eq=False)
class _Link:
    session: HeartbeatSession
    connection: Connection
    opened_at: float
    counted_at: float | None = None


@dataclass(eq=False)
class PeerHeartbeat:
    """One member's side. ``connect`` makes a new outgoing connection, or None when that could not be begun."""

    member: str
    cluster: str
    keys: HeartbeatKeys
    timing: MemberTiming
    connect: Callable[[], Connection | None]
    rng: random.Random = field(default_factory=random.Random)
    heard: HeardPeer = field(default_factory=HeardPeer)
    _report: MemberReport | None = None
    _links: list[_Link] = field(default_factory=list)
    _send_at: float = 0.0
    _connect_at: float = 0.0
    _refused: Counter[FrameFault] = field(default_factory=Counter)
    _counted_at: float | None = None
    _neutral_at: float | None = None
    _last: MemberReport | None = None
    _bye: str = ""

    # -- what its owner says ----------------------------------------------------------------------------------------

    def tell(self, report: MemberReport) -> None:
        """From now on this is sent; at once when it says something new."""
        if self._report is not None and _news(report) != _news(self._report):
            self._send_at = 0.0
        self._report = report

    def change_keys(self, keys: HeartbeatKeys) -> None:
        """From now on these count; a connection on a key that is none of them any more is made anew."""
        self.keys = keys
        for link in [item for item in self._links if item.session.established and item.session.key not in keys.keys]:
            self._end(link)

    def stop(self, why: str, now: float) -> None:
        """Say farewell and close everything."""
        for link in self._links:
            if link.session.established:
                link.connection.send(link.session.seal_bye(why, now))
            link.connection.close()
        self._links.clear()

    # -- what its carrier says --------------------------------------------------------------------------------------

    def accepted(self, connection: Connection, now: float) -> bool:
        """The peer connected. False: there are enough connections, and it is to be closed."""
        incoming = [link for link in self._links if not link.session.connects]
        if len(incoming) >= MOST_INCOMING:
            silent = [link for link in incoming if now - max(link.opened_at, link.counted_at or 0.0) > GREETING_S]
            silent = [link for link in silent if now - (link.counted_at or link.opened_at) > self.timing.fresh_s]
            if not silent:
                return False
            self._end(silent[0])  # half open: its other end is gone, and the system has not noticed
        self._open(connection, now, connects=False)
        return True

    def received(self, connection: Connection, data: bytes, now: float) -> None:
        """Bytes came. A connection that brought something else than frames is closed and counted."""
        link = self._of(connection)
        if link is None:
            return
        try:
            frames = link.session.receive(data, now)
        except FrameRefusedError as error:
            self._refused[error.fault] += 1
            self._end(link)
            self._look(now)
            return
        for item in frames:
            if item.frame.bye:
                self._bye = item.frame.bye
            if item.frame.report is None:
                continue
            if item.counts:
                self._count(link, item.frame.report, now, proves=item.frame.hears)
        self._look(now)

    def closed(self, connection: Connection, now: float) -> None:
        """The connection ended."""
        link = self._of(connection)
        if link is not None:
            self._links.remove(link)
        self._look(now)

    def turn(self, now: float) -> float:
        """Send what is due, connect where that is missing, end what does not greet. The seconds until the next turn."""
        for link in [link for link in self._links if not link.session.established]:
            if now - link.opened_at > GREETING_S:
                self._end(link)
        if now >= self._connect_at and self._wants_connection(now):
            self._connect_at = now + self.timing.interval_s
            connection = self.connect()
            if connection is not None:
                self._open(connection, now, connects=True)
        if now >= self._send_at and self._report is not None:
            self._send_at = now + self.timing.interval_s * self.rng.uniform(0.9, 1.1)
            counted = self._counted_at
            hears = counted is not None and now - counted <= 2 * self.timing.interval_s
            for link in self._links:
                if link.session.established:
                    link.connection.send(link.session.seal(self._report, now, hears=hears))
        self._look(now)
        return max(0.0, min(self._send_at, max(self._connect_at, now + 0.05)) - now)

    # -- inside -----------------------------------------------------------------------------------------------------

    def _wants_connection(self, now: float) -> bool:
        """None there, or the one that is there has said nothing for three intervals: then a second one beside it."""
        outgoing = [link for link in self._links if link.session.connects]
        waiting = [link for link in outgoing if now - (link.counted_at or link.opened_at) < self.timing.fresh_s]
        return not waiting and len(outgoing) < MOST_INCOMING

    def _open(self, connection: Connection, now: float, *, connects: bool) -> None:
        session = HeartbeatSession(self.member, self.cluster, self.keys, connects, self.timing.fresh_s)
        self._links.append(_Link(session, connection, now))
        connection.send(session.greeting())

    def _count(self, link: _Link, report: MemberReport, now: float, *, proves: bool) -> None:
        link.counted_at = self._counted_at = now
        self._last, self._bye = report, ""
        if proves and not report.holds_or_takes:
            self._neutral_at = now
        for other in [item for item in self._links if item.session.connects is link.session.connects]:
            if other is not link and other.opened_at <= link.opened_at:
                self._end(other)

    def _end(self, link: _Link) -> None:
        self._links.remove(link)
        link.connection.close()

    def _of(self, connection: Connection) -> _Link | None:
        return next((link for link in self._links if link.connection is connection), None)

    def _look(self, now: float) -> None:
        alive = {
            link.session.connects
            for link in self._links
            if link.counted_at is not None and now - link.counted_at <= self.timing.fresh_s
        }
        self.heard = HeardPeer(
            self._last,
            self._counted_at,
            self._neutral_at,
            incoming=False in alive,
            outgoing=True in alive,
            bye=self._bye,
            refused=tuple(sorted((fault.value, count) for fault, count in self._refused.items())),
        )


def _news(report: MemberReport) -> tuple[object, ...]:
    """What of a report is worth a frame of its own: all but the age of its reading."""
    return (
        report.role,
        report.holder,
        report.preference,
        report.fit,
        report.can,
        report.conditions,
        report.part,
        report.offers,
        report.answer,
        report.gain_failed,
    )
