"""What received bytes are worth: frames of the peer on this connection count, everything else ends it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tgwizard.engine.members.decision import MemberRole
from tgwizard.engine.members.member_report import LONGEST_REASON, MemberReport, Preference
from tgwizard.engine.members.member_view import HandOverAnswer, HolderSeen
from tgwizard.member.heartbeat_keys import HeartbeatKeys
from tgwizard.member.heartbeat_session import (
    LARGEST_FRAME,
    MOST_FRAMES_A_SECOND,
    FrameFault,
    FrameRefusedError,
    HeartbeatSession,
)
from tgwizard.model.failover_options import PartOfRun

OLD, NEW, OTHER = (bytes([number]) * 32 for number in (1, 2, 3))
CLUSTER = "f" * 64
REPORT = MemberReport(
    "0123456789abcdef",
    30.0,
    "1.0.0",
    MemberRole.ACTIVE,
    HolderSeen.ME,
    Preference(1, "tg-node-a", "tg-node-a"),
)
WIDEST = replace(
    REPORT,
    conditions=("heartbeat", "interface", "upstream", "dhcp"),
    part=PartOfRun.RELEASE,
    offers=True,
    answer=HandOverAnswer.REFUSED,
    why="ä" * LONGEST_REASON,
)


def side(member: str, *keys: bytes, connects: bool, cluster: str = CLUSTER) -> HeartbeatSession:
    return HeartbeatSession(member, cluster, HeartbeatKeys(keys or (OLD,)), connects, 3.0)


def pair() -> tuple[HeartbeatSession, HeartbeatSession]:
    one, two = side("tg-node-a", connects=True), side("tg-node-b", connects=False)
    greet(one, two)
    return one, two


def greet(one: HeartbeatSession, two: HeartbeatSession) -> None:
    assert two.receive(one.greeting(), 0.0) == []
    assert one.receive(two.greeting(), 0.0) == []


def refused(session: HeartbeatSession, data: bytes, now: float = 1.0) -> FrameFault:
    with pytest.raises(FrameRefusedError) as caught:
        session.receive(data, now)
    return caught.value.fault


def test_that_a_report_arrives_as_it_was_sent() -> None:
    one, two = pair()
    (heard,) = two.receive(one.seal(WIDEST, 1.0), 1.0)
    assert heard.frame.report == WIDEST


def test_that_the_widest_report_fits_into_a_frame() -> None:
    one, _ = pair()
    assert len(one.seal(WIDEST, 1.0)) <= LARGEST_FRAME


def test_that_a_frame_counts_only_if_it_acknowledges_a_young_one() -> None:
    one, two = pair()
    (first,) = two.receive(one.seal(REPORT, 1.0), 1.0)
    assert not first.counts, "it acknowledges nothing"
    (answer,) = one.receive(two.seal(REPORT, 1.1), 1.2)
    assert answer.counts
    late = two.seal(REPORT, 4.5)
    (old,) = one.receive(late, 4.6)
    assert not old.counts, "it acknowledges a frame that was sent 3.6 s ago"


def test_that_a_frame_that_was_held_back_verifies_and_does_not_count() -> None:
    one, two = pair()
    two.receive(one.seal(REPORT, 1.0), 1.0)
    held = two.seal(REPORT, 1.0)
    one.seal(REPORT, 2.0)
    (heard,) = one.receive(held, 9.0)
    assert not heard.counts


def test_that_bytes_may_come_in_any_pieces() -> None:
    one, two = pair()
    data = one.seal(REPORT, 1.0) + one.seal(REPORT, 2.0)
    heard = [frame for at in range(len(data)) for frame in two.receive(data[at : at + 1], 2.0)]
    assert [item.frame.seq for item in heard] == [1, 2]


def test_that_a_farewell_says_why() -> None:
    one, two = pair()
    (heard,) = two.receive(one.seal_bye("restart", 1.0), 1.0)
    assert (heard.frame.bye, heard.frame.report) == ("restart", None)


def test_that_a_frame_is_taken_once() -> None:
    one, two = pair()
    data = one.seal(REPORT, 1.0)
    two.receive(data, 1.0)
    assert refused(two, data) is FrameFault.REPLAYED


def test_that_a_frame_of_another_connection_does_not_verify() -> None:
    one, two = pair()
    recorded = one.seal(REPORT, 1.0)
    two.receive(recorded, 1.0)
    _, later = pair()
    assert refused(later, recorded) is FrameFault.FORGED


def test_that_a_frame_sent_back_to_its_sender_does_not_verify() -> None:
    one, _ = pair()
    assert refused(one, one.seal(REPORT, 1.0)) is FrameFault.FORGED


@given(at=st.integers(min_value=2), bit=st.integers(0, 7))
def test_that_a_frame_with_any_bit_changed_does_not_verify(at: int, bit: int) -> None:
    one, two = pair()
    data = bytearray(one.seal(REPORT, 1.0))
    data[2 + at % (len(data) - 2)] ^= 1 << bit
    assert refused(two, bytes(data)) is FrameFault.FORGED


def test_that_a_frame_cut_short_is_waited_for_and_never_taken() -> None:
    one, two = pair()
    data = one.seal(REPORT, 1.0)
    assert two.receive(data[:-1], 1.0) == []
    assert refused(two, one.seal(REPORT, 2.0)) is FrameFault.FORGED


@pytest.mark.parametrize("length", [0, LARGEST_FRAME + 1, 0xFFFF])
def test_that_a_length_that_no_frame_has_ends_the_connection_at_once(length: int) -> None:
    _, two = pair()
    assert refused(two, length.to_bytes(2, "big")) is FrameFault.TOO_LONG


def test_that_a_peer_that_floods_is_cut_off() -> None:
    one, two = pair()
    for _ in range(MOST_FRAMES_A_SECOND - 1):
        two.receive(one.seal(REPORT, 1.0), 0.5)
    assert refused(two, one.seal(REPORT, 1.0), 0.6) is FrameFault.FLOODING


def test_that_an_acknowledgement_of_a_frame_that_was_never_sent_is_refused() -> None:
    one, two = pair()
    for _ in range(3):
        two.receive(one.seal(REPORT, 1.0), 1.0)
    answer = two.seal(REPORT, 1.0)
    fresh, other = pair()
    del other
    assert refused(fresh, answer) is FrameFault.FORGED
    one._seq = 1  # as if two of its frames had never been sent
    assert refused(one, answer) is FrameFault.REPLAYED


@given(data=st.binary(max_size=3000), greeted=st.booleans())
def test_that_any_bytes_are_refused_in_words_or_waited_for_and_nothing_grows(data: bytes, *, greeted: bool) -> None:
    two = pair()[1] if greeted else side("tg-node-b", connects=False)
    with suppress(FrameRefusedError):
        assert two.receive(data, 1.0) == []
    assert len(two._buffer) <= max(len(data), 2 + LARGEST_FRAME)


@pytest.mark.parametrize(
    ("peer", "fault"),
    [
        pytest.param(side("tg-node-b", OTHER, connects=True), FrameFault.NO_COMMON_KEY, id="another key"),
        pytest.param(side("tg-node-a", connects=True), FrameFault.SAME_MEMBER, id="the same name"),
        pytest.param(
            side("tg-node-b", connects=True, cluster="e" * 64), FrameFault.OTHER_CLUSTER, id="another cluster"
        ),
    ],
)
def test_that_a_stranger_is_refused_at_its_greeting(peer: HeartbeatSession, fault: FrameFault) -> None:
    assert refused(side("tg-node-a", connects=False), peer.greeting()) is fault


def test_that_a_member_that_reaches_itself_is_refused() -> None:
    one = side("tg-node-a", connects=True)
    assert refused(one, one.greeting()) is FrameFault.NOT_A_MEMBER


@pytest.mark.parametrize("connects", [True, False])
@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        pytest.param((OLD,), (OLD, NEW), id="the new key is known to one"),
        pytest.param((OLD, NEW), (OLD, NEW), id="the new key is known to both"),
        pytest.param((OLD, NEW), (NEW, OLD), id="the new key is first on one"),
        pytest.param((NEW, OLD), (NEW, OLD), id="the new key is first on both"),
        pytest.param((NEW,), (NEW, OLD), id="the old key is gone from one"),
    ],
)
def test_that_each_step_of_changing_the_key_works_with_the_partner_one_step_behind(
    mine: tuple[bytes, ...], theirs: tuple[bytes, ...], *, connects: bool
) -> None:
    one = side("tg-node-a", *mine, connects=connects)
    two = side("tg-node-b", *theirs, connects=not connects)
    greet(one, two)
    assert len(two.receive(one.seal(REPORT, 1.0), 1.0)) == len(one.receive(two.seal(REPORT, 1.0), 1.0)) == 1


def test_that_of_two_preferences_the_higher_version_counts_and_then_the_later_name() -> None:
    first, second = Preference(2, "tg-node-a"), Preference(1, "tg-node-b")
    assert first.wins_over(second)
    assert not second.wins_over(first)
    assert Preference(2, "tg-node-b").wins_over(first)
    assert not first.wins_over(first)


def test_that_a_greeting_nested_too_deep_is_none_of_a_member() -> None:
    body = b"TGM" + b"[" * 1000
    assert refused(side("tg-node-b", connects=False), len(body).to_bytes(2, "big") + body) is FrameFault.NOT_A_MEMBER
