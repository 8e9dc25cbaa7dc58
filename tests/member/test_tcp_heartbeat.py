"""The heartbeat on real sockets of this computer: heard both ways, by either connection, and refused in words."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from tests.member.test_heartbeat_session import CLUSTER, REPORT
from tgwizard.engine.clock import SystemClock
from tgwizard.engine.members.member_timing import MemberTiming
from tgwizard.member.heartbeat_keys import HeartbeatKeys
from tgwizard.member.heartbeat_session import FrameFault
from tgwizard.member.tcp_heartbeat import HeartbeatAddress, TcpHeartbeat
from tgwizard.model.problem import UserError

TIMING = MemberTiming(5.0)
KEYS = HeartbeatKeys((b"k" * 32,))
DEADLINE_S = 60.0


def free_ports() -> tuple[int, int]:
    with contextlib.ExitStack() as opened:
        found = [opened.enter_context(socket.socket()) for _ in range(2)]
        for item in found:
            item.bind(("127.0.0.1", 0))
        one, two = (item.getsockname()[1] for item in found)
    return one, two


def until(fact: Callable[[], bool]) -> None:
    end, look = time.monotonic() + DEADLINE_S, threading.Event()
    while not fact():
        assert time.monotonic() < end, "it did not come true"
        look.wait(0.01)


def heard_both_ways(side: TcpHeartbeat) -> bool:
    return side.heard.incoming and side.heard.outgoing


class Members:
    """The two of a test, started and stopped."""

    def __init__(self) -> None:
        self.ports = free_ports()
        self.started: list[TcpHeartbeat] = []

    def start(self, which: int, *, keys: HeartbeatKeys = KEYS, cluster: str = CLUSTER) -> TcpHeartbeat:
        own, other = self.ports[which], self.ports[1 - which]
        found = TcpHeartbeat(
            f"tg-node-{'ab'[which]}",
            cluster,
            keys,
            TIMING,
            SystemClock(),
            HeartbeatAddress("127.0.0.1", own),
            HeartbeatAddress("127.0.0.1", other),
        )
        found.start()
        self.started.append(found)
        found.tell(REPORT)
        return found


@pytest.fixture
def members() -> Iterator[Members]:
    found = Members()
    yield found
    for item in found.started:
        item.stop("test over")


def test_that_both_hear_each_other_on_both_connections(members: Members) -> None:
    one, two = members.start(0), members.start(1)
    for side in (one, two):
        until(partial(heard_both_ways, side))
        assert side.heard.report == REPORT
        assert side.heard.refused == ()


def test_that_a_member_that_stops_says_so_and_is_heard_again_after_its_restart(members: Members) -> None:
    one, two = members.start(0), members.start(1)
    until(lambda: one.heard.counted_at is not None)
    two.stop("restart")
    until(lambda: one.heard.bye == "restart")
    until(lambda: not one.heard.incoming and not one.heard.outgoing)
    members.start(1)
    until(lambda: one.heard.incoming and one.heard.outgoing)
    assert one.heard.bye == ""


def test_that_a_peer_with_another_key_is_not_heard_and_counted(members: Members) -> None:
    one = members.start(0)
    members.start(1, keys=HeartbeatKeys((b"o" * 32,)))
    until(lambda: dict(one.heard.refused).get(FrameFault.NO_COMMON_KEY.value, 0) > 0)
    assert one.heard.counted_at is None


def test_that_a_port_that_is_in_use_is_told(members: Members) -> None:
    members.start(0)
    with pytest.raises(UserError, match=r"cannot listen on 127\.0\.0\.1") as caught:
        members.start(0)
    assert "member.heartbeat" in caught.value.problem.fix


def test_that_junk_from_the_partners_address_ends_only_its_own_connection(members: Members) -> None:
    one, two = members.start(0), members.start(1)
    until(lambda: one.heard.outgoing and two.heard.outgoing)
    with socket.create_connection(("127.0.0.1", members.ports[0])) as junk:
        junk.sendall(b"GET / HTTP/1.1\r\n\r\n")
        junk.settimeout(DEADLINE_S)
        with contextlib.suppress(ConnectionResetError):
            while junk.recv(4096):
                pass
    until(lambda: dict(one.heard.refused).get(FrameFault.TOO_LONG.value, 0) > 0)
    until(partial(heard_both_ways, one))
    assert one.heard.refused == ((FrameFault.TOO_LONG.value, 1),)


def test_that_keys_can_be_changed_while_it_runs(members: Members) -> None:
    one = members.start(0)
    two = members.start(1, keys=HeartbeatKeys((b"o" * 32,)))
    until(lambda: dict(two.heard.refused).get(FrameFault.NO_COMMON_KEY.value, 0) > 0)
    two.change_keys(KEYS)
    for side in (one, two):
        until(partial(heard_both_ways, side))
        assert side.runs
