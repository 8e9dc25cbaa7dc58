"""What to do next in a run: a pure function from the two interfaces as read, and what this run has sent, to one move.

Run and resume share it: neither replays anything, both look at the world and decide again (engine/README.md 1.3).
``losing`` is always the peer of the gaining member, also when the address was on no NIC at the start. What can be done
when a step's time is over is decided here as well (``on_timeout``).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tgwizard.engine.runs.records import WriteAnswer
from tgwizard.model.failover_events import Step, TimeoutChoice
from tgwizard.model.failover_options import PartOfRun
from tgwizard.model.nic import NicDocument, Provisioning


class Goal(Enum):
    """Where the run is heading: to the gaining member, or back to where the address came from."""

    FORWARD = "forward"
    BACK = "back"


class Move(Enum):
    """The next move. The WAITs name whose interface is to be read until it has settled.

    SETTLE_LOSING writes an interface whose update failed anew, as it is: the remedy for state Failed
    (azure/README.md 2.4). MOVE_AT_ONCE asks Azure to move the configuration itself; UNMOVED: it took that and did not.
    RELEASED is the end of a member's release: the other one creates the address.
    """

    DETACH = "detach"
    ATTACH = "attach"
    PUT_BACK = "put_back"
    MOVE_AT_ONCE = "move_at_once"
    CLEAR_GAINING = "clear_gaining"
    SETTLE_LOSING = "settle_losing"
    WAIT_LOSING = "wait_losing"
    WAIT_GAINING = "wait_gaining"
    READ_AGAIN = "read_again"
    ARRIVED = "arrived"
    RESTORED = "restored"
    UNMOVED = "unmoved"
    RELEASED = "released"
    YIELD = "yield"


@dataclass(frozen=True, slots=True)
class NicReading:
    """One interface as read: does it name the address, how does its last update stand, at which version."""

    lists: bool
    state: Provisioning
    etag: str

    @classmethod
    def of(cls, document: NicDocument, address: str) -> NicReading:
        """From the whole interface."""
        return cls(document.lists(address), document.provisioning, document.etag)


@dataclass(frozen=True, slots=True)
class LastWrite:
    """The last write this run sent to an interface: which step, bound to which version, and what came back."""

    step: Step
    if_match: str
    answer: WriteAnswer


@dataclass(frozen=True, slots=True)
class RunProgress:
    """What the run knows besides the world.

    ``wrote``: a write of ours is known to have been applied. ``had_holder``: the losing member held the address when
    the run began. ``overdue``: the present wait is past its deadline and it was decided to go on, so that an update in
    progress may be superseded. ``settling``: an interface left Failed is still worth writing anew. ``atomic``: the
    address is to move in one call, which touches both interfaces; false again once that was refused. ``part``: what of
    a failover the run carries out.
    """

    goal: Goal
    wrote: bool
    had_holder: bool
    losing_sent: LastWrite | None = None
    gaining_sent: LastWrite | None = None
    overdue: bool = False
    settling: bool = True
    atomic: bool = False
    part: PartOfRun = PartOfRun.WHOLE

    @property
    def sent_nothing(self) -> bool:
        """Whether no write of this run can have reached Azure."""
        return self.losing_sent is None and self.gaining_sent is None

    @property
    def can_go_back(self) -> bool:
        """Whether the way back is open: it came from the losing member; no attach was sent (engine/README.md 1.8)."""
        return self.had_holder and self.goal is Goal.FORWARD and self.gaining_sent is None


def decide(losing: NicReading, gaining: NicReading, progress: RunProgress) -> Move:
    """The next move.

    See the module text. ATTACH and PUT_BACK only come out when neither side lists (engine/README.md 1.1).
    """
    if _stale(losing, progress.losing_sent):
        return Move.WAIT_LOSING
    if _stale(gaining, progress.gaining_sent):
        return Move.WAIT_GAINING
    if losing.lists and gaining.lists:
        return _contradiction(losing, gaining)
    if progress.atomic:
        return _atomic(losing, gaining, progress)
    if progress.goal is Goal.BACK:
        return _back(losing, gaining, progress)
    if progress.part is PartOfRun.RELEASE and progress.wrote and not losing.lists:
        return _handed_over(losing, progress)
    return _forward(losing, gaining, progress)


def _handed_over(losing: NicReading, progress: RunProgress) -> Move:
    """A member's release has shown: what follows is the other's, however its interface looks."""
    if _busy(losing):
        return Move.WAIT_LOSING
    return Move.SETTLE_LOSING if losing.state is Provisioning.FAILED and progress.settling else Move.RELEASED


def has_arrived(losing: NicReading, gaining: NicReading) -> bool:
    """Whether the gaining member has the address, whoever moved it: what a run that writes nothing waits for."""
    return decide(losing, gaining, RunProgress(Goal.FORWARD, wrote=False, had_holder=False)) is Move.ARRIVED


def _atomic(losing: NicReading, gaining: NicReading, progress: RunProgress) -> Move:
    """One call that carries no version: after it, reading alone says what came of it (engine/README.md 1.5)."""
    if progress.sent_nothing:
        if gaining.lists or not losing.lists:
            return _forward(losing, gaining, progress)
        if _busy(losing) or _busy(gaining):
            return Move.WAIT_LOSING if _busy(losing) else Move.WAIT_GAINING
        return Move.MOVE_AT_ONCE
    if _busy(losing):
        return Move.WAIT_LOSING
    if _busy(gaining):
        return Move.WAIT_GAINING
    accepted = _was_accepted(progress.losing_sent)
    if progress.goal is Goal.BACK and (accepted or gaining.lists or (progress.overdue and not losing.lists)):
        # A resume was asked for the start, and the move is not on its way any more.
        return _back(losing, gaining, progress)
    if gaining.lists:
        return Move.ARRIVED if gaining.state is Provisioning.SUCCEEDED else Move.ATTACH
    if losing.lists:
        # Without an answer it may still be on its way, and nothing that we could write would stop it.
        return Move.UNMOVED if accepted else Move.WAIT_LOSING
    return Move.ATTACH if accepted or progress.overdue else Move.WAIT_GAINING


def _forward(losing: NicReading, gaining: NicReading, progress: RunProgress) -> Move:
    if gaining.lists:
        if gaining.state is Provisioning.SUCCEEDED:
            return Move.YIELD if progress.had_holder and progress.sent_nothing else Move.ARRIVED
        if gaining.state is Provisioning.FAILED or progress.overdue:
            return Move.ATTACH
        return Move.WAIT_GAINING
    if losing.lists:
        return _release(losing, progress)
    if _busy(losing) and not progress.overdue:
        return Move.WAIT_LOSING
    if _busy(losing) and progress.losing_sent is not None:
        return Move.SETTLE_LOSING  # writing it anew ends a removal of ours that does not end by itself
    if _busy(gaining) and not progress.overdue:
        return Move.WAIT_GAINING
    if progress.had_holder and progress.sent_nothing:
        return Move.YIELD
    if losing.state is Provisioning.FAILED and progress.losing_sent is not None and progress.settling:
        return Move.SETTLE_LOSING
    if progress.part is not PartOfRun.WHOLE and _was_accepted(progress.gaining_sent):
        return Move.YIELD  # it was there and is gone: whoever took it away wins
    return Move.ATTACH


def _was_accepted(sent: LastWrite | None) -> bool:
    return sent is not None and sent.answer is WriteAnswer.ACCEPTED


def _release(losing: NicReading, progress: RunProgress) -> Move:
    """The losing member still names the address."""
    if progress.part in (PartOfRun.GAIN, PartOfRun.CLAIM):
        # Only what nobody holds is created so: the peer's interface is another's to write.
        return Move.WAIT_LOSING if _busy(losing) and not progress.overdue else Move.YIELD
    if _busy(losing):
        return Move.DETACH if progress.overdue else Move.WAIT_LOSING
    sent = progress.losing_sent
    if progress.wrote:
        # Our removal failed in Azure: write it again. Otherwise someone gave the address back: the second actor wins.
        return Move.DETACH if losing.state is Provisioning.FAILED else Move.YIELD
    if not progress.had_holder:
        return Move.YIELD
    if sent is None or sent.if_match == losing.etag:
        return Move.DETACH
    return Move.YIELD


def _back(losing: NicReading, gaining: NicReading, progress: RunProgress) -> Move:
    if losing.lists:
        if losing.state is Provisioning.SUCCEEDED:
            return Move.PUT_BACK if _may_still_land(losing, progress.losing_sent) else Move.RESTORED
        if losing.state is Provisioning.FAILED or progress.overdue:
            return Move.PUT_BACK
        return Move.WAIT_LOSING
    if gaining.lists:
        if gaining.state is Provisioning.SUCCEEDED:
            return Move.ARRIVED
        if gaining.state is Provisioning.FAILED or progress.overdue:
            return Move.CLEAR_GAINING
        return Move.WAIT_GAINING
    if _busy(gaining) and not (progress.overdue and progress.gaining_sent is None):
        return Move.WAIT_GAINING
    if _busy(losing) and not progress.overdue:
        return Move.WAIT_LOSING
    if gaining.state is Provisioning.FAILED and progress.gaining_sent is not None and progress.settling:
        return Move.CLEAR_GAINING  # its removal failed, and until it is written anew Azure keeps the address for it
    return Move.PUT_BACK


def on_timeout(move: Move, progress: RunProgress, *, forced: bool, again: bool) -> tuple[TimeoutChoice, ...]:
    """What can be done once a step's time is over; the first is what is done when nobody answers.

    ``move`` is what the run waits for, or the write that Azure keeps turning down. ``again``: this expiry of the same
    wait was decided before, so that forced supersedes once and no more (engine/README.md 1.5). Only forced writes over
    an update that does not end; the way back is offered while no attach was sent.
    """
    waits = move in (Move.WAIT_LOSING, Move.WAIT_GAINING)
    if progress.atomic and not progress.sent_nothing:
        # One call without a version: only reading tells. With the address on no NIC the attach may follow.
        on_none = move is Move.WAIT_GAINING and not again
        return (TimeoutChoice.RETRY, TimeoutChoice.WAIT) if on_none else (TimeoutChoice.HAND_OVER, TimeoutChoice.WAIT)
    if waits and forced and not again:
        back = (TimeoutChoice.PUT_BACK,) if progress.can_go_back and not progress.sent_nothing else ()
        return (TimeoutChoice.RETRY, TimeoutChoice.WAIT, *back, TimeoutChoice.HAND_OVER)
    if progress.sent_nothing:
        return (TimeoutChoice.HAND_OVER, TimeoutChoice.WAIT)
    if progress.can_go_back and progress.wrote:
        # With the address on no NIC the way back is the shorter one; while it is being released it is not.
        if move is Move.WAIT_LOSING:
            return (TimeoutChoice.HAND_OVER, TimeoutChoice.WAIT, TimeoutChoice.PUT_BACK)
        return (TimeoutChoice.PUT_BACK, TimeoutChoice.WAIT, TimeoutChoice.HAND_OVER)
    return (TimeoutChoice.HAND_OVER, TimeoutChoice.WAIT)


def _contradiction(losing: NicReading, gaining: NicReading) -> Move:
    if _busy(losing):
        return Move.WAIT_LOSING
    if _busy(gaining):
        return Move.WAIT_GAINING
    return Move.READ_AGAIN


def _may_still_land(side: NicReading, sent: LastWrite | None) -> bool:
    """A removal whose answer was lost may be on its way still.

    Writing the interface anew makes its version a thing of the past.
    """
    return (
        sent is not None
        and sent.step is Step.DETACH
        and sent.answer is WriteAnswer.UNKNOWN
        and sent.if_match == side.etag
    )


def _stale(side: NicReading, sent: LastWrite | None) -> bool:
    """An answer older than a write that Azure accepted: it still shows the version the write was bound to."""
    return sent is not None and sent.answer is WriteAnswer.ACCEPTED and sent.if_match == side.etag


def _busy(side: NicReading) -> bool:
    return not side.state.is_settled
