"""The heartbeat in virtual time: which frames count, when a connection is replaced, what one direction is worth."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from functools import partial

from tests.member.test_heartbeat_session import CLUSTER, REPORT
from tgwizard.engine.members.member_timing import MemberTiming
from tgwizard.engine.members.member_view import HolderSeen
from tgwizard.member.heartbeat_keys import HeartbeatKeys
from tgwizard.member.heartbeat_session import HeartbeatSession
from tgwizard.member.peer_heartbeat import GREETING_S, MOST_INCOMING, PeerHeartbeat

TIMING = MemberTiming(30.0)


@dataclass(eq=False)
class End:
    """One end of a connection on the wire."""

    wire: Wire
    owner: int
    other: End | None = None
    closed: bool = False

    def send(self, data: bytes) -> None:
        if self.other is not None and self.wire.passes(self.owner):
            self.wire.flying.append((self.wire.now + self.wire.delay_s, self.other, data))

    def close(self) -> None:
        self.closed = True
        if self.other is not None and self.wire.passes(self.owner):
            self.wire.flying.append((self.wire.now + self.wire.delay_s, self.other, b""))


@dataclass
class Wire:
    """Two members, what flies between them, and which direction passes."""

    delay_s: float = 0.02
    now: float = 0.0
    dead: set[int] = field(default_factory=set)
    flying: list[tuple[float, End, bytes]] = field(default_factory=list)
    frozen: set[int] = field(default_factory=set)
    dead_members: set[int] = field(default_factory=set)
    connections: int = 0
    timing: MemberTiming = TIMING

    def __post_init__(self) -> None:
        self.members = [self._member(which) for which in (0, 1)]

    def _member(self, which: int) -> PeerHeartbeat:
        jitter = random.Random(which)  # noqa: S311 - jitter
        keys = HeartbeatKeys((b"k" * 32,))
        member = PeerHeartbeat(
            f"tg-node-{'ab'[which]}", CLUSTER, keys, self.timing, partial(self.connect, which), jitter
        )
        member.tell(REPORT)
        return member

    def restart(self, which: int) -> None:
        """A new process: the old connections are gone."""
        self.flying = [item for item in self.flying if item[1].owner != which]
        self.dead_members.discard(which)
        self.members[which] = self._member(which)

    def passes(self, sender: int) -> bool:
        return sender not in self.dead

    def connect(self, which: int) -> End | None:
        if self.dead or self.dead_members:
            return None  # a handshake needs both directions, and both members
        mine, theirs = End(self, which), End(self, 1 - which)
        mine.other, theirs.other = theirs, mine
        if not self.members[1 - which].accepted(theirs, self.now):
            return None
        self.connections += 1
        return mine

    def run(self, seconds: float, step: float = 0.02) -> None:
        end = self.now + seconds
        while self.now < end:
            self.carry(self.now + step)

    def carry(self, now: float) -> None:
        """What has arrived by now is received, and each member takes its turn."""
        self.now = now
        still = self.frozen | self.dead_members
        due = [item for item in self.flying if item[0] <= now and item[1].owner not in self.frozen]
        self.flying = [item for item in self.flying if item not in due]
        for _, receiver, data in due:
            member = self.members[receiver.owner]
            if receiver.owner in self.dead_members:
                continue
            if data:
                member.received(receiver, data, now)
            else:
                member.closed(receiver, now)
        for which, member in enumerate(self.members):
            if which not in still:
                member.turn(now)

    def silence(self, which: int) -> float:
        counted = self.members[which].heard.counted_at
        return float("inf") if counted is None else self.now - counted


def test_that_two_members_hear_each_other_every_second_on_two_connections() -> None:
    wire = Wire()
    wire.run(20)
    for which in (0, 1):
        heard = wire.members[which].heard
        assert wire.silence(which) < 1.2
        assert heard.incoming
        assert heard.outgoing
    assert wire.connections == 2


def test_that_when_one_direction_dies_both_stop_counting_within_three_intervals() -> None:
    for direction in (0, 1):
        wire = Wire()
        wire.run(10)
        died = wire.now
        wire.dead.add(direction)
        wire.run(20)
        for which in (0, 1):
            counted = wire.members[which].heard.counted_at
            assert counted is not None
            assert counted - died <= TIMING.fresh_s + 2 * wire.delay_s


def test_that_a_connection_that_fell_silent_is_replaced_and_the_old_one_is_closed() -> None:
    wire = Wire()
    wire.run(5)
    wire.dead |= {0, 1}
    wire.run(10)
    wire.dead.clear()
    wire.run(6)
    assert wire.silence(0) < 1.2
    assert wire.silence(1) < 1.2
    assert wire.connections > 2


def test_that_a_connection_that_does_not_greet_is_closed_and_no_more_than_two_are_taken() -> None:
    wire = Wire()
    mute = [End(wire, 0) for _ in range(MOST_INCOMING + 1)]
    assert [wire.members[0].accepted(end, 0.0) for end in mute] == [True] * MOST_INCOMING + [False]
    wire.members[0].turn(GREETING_S + 0.1)
    assert [end.closed for end in mute] == [True] * MOST_INCOMING + [False]


def test_that_a_change_is_told_at_once_and_an_older_reading_is_not() -> None:
    wire = Wire()
    wire.run(5)
    before = wire.members[1].heard.counted_at
    wire.members[0].tell(replace(REPORT, fit=False))
    wire.run(0.06)
    heard = wire.members[1].heard
    assert heard.report is not None
    assert not heard.report.fit
    assert heard.counted_at != before


def test_that_a_frozen_member_counts_nothing_that_was_sent_while_it_stood_still() -> None:
    wire = Wire()
    wire.run(5)
    wire.frozen.add(1)
    wire.run(40)
    wire.frozen.clear()
    woke = wire.now
    wire.run(0.04)
    counted = wire.members[1].heard.counted_at
    assert counted is None or counted < woke - 35, "every frame acknowledged one that was older than three intervals"
    wire.run(5)
    assert wire.silence(1) < 1.2


def test_that_half_open_connections_do_not_keep_a_peer_out_that_connects_anew() -> None:
    wire = Wire()
    for _ in range(MOST_INCOMING):
        mine, theirs = End(wire, 0), End(wire, 1)
        mine.other, theirs.other = theirs, mine
        assert wire.members[0].accepted(mine, wire.now)
        session = HeartbeatSession("tg-node-b", CLUSTER, wire.members[0].keys, connects=True, fresh_s=TIMING.fresh_s)
        wire.members[0].received(mine, session.greeting(), wire.now)
    assert not wire.members[0].accepted(End(wire, 0), GREETING_S), "they may still speak"
    assert wire.members[0].accepted(End(wire, 0), GREETING_S + 0.1)


def test_that_a_key_that_is_taken_away_ends_the_connections_on_it_and_the_next_one_has_the_new_key() -> None:
    old, new = b"k" * 32, b"n" * 32
    wire = Wire()
    for keys in ((old, new), (new, old), (new,)):
        for member in wire.members:
            member.change_keys(HeartbeatKeys(keys))
            wire.run(4)
            assert max(wire.silence(0), wire.silence(1)) < 1.5, "each step works while one member is a step behind"


def test_that_a_frame_of_a_peer_that_does_not_hear_proves_nothing() -> None:
    """Such a peer may be about to take the address, whatever it says: a cut that ends is heard by one side first."""
    wire = Wire()
    for member in wire.members:
        member.tell(replace(REPORT, holder=HolderSeen.PEER))
    wire.run(5)
    for which in (0, 1):
        assert wire.members[which].heard.neutral_at is not None
    wire.dead |= {0, 1}
    wire.run(20)
    wire.dead.clear()
    proofs = [member.heard.neutral_at for member in wire.members]
    while [member.heard.neutral_at for member in wire.members] == proofs:
        wire.carry(wire.now + 0.02)
    sender = next(1 - which for which in (0, 1) if wire.members[which].heard.neutral_at != proofs[which])
    assert wire.silence(sender) <= 2 * TIMING.interval_s, "whoever proves something has heard the other before"
