"""The drive: read both interfaces, decide, act, until the run has arrived somewhere it can name.

It starts after the intents are journalled. From the first write on it never waits for the journal and never stops
because of its own bookkeeping: leaving the gap comes first.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.failover import ending
from tgwizard.engine.failover.decide import Goal, Move, Sent, Side, Standing, decide
from tgwizard.engine.failover.ending import Ending
from tgwizard.engine.failover.sending import Sender, answer_of
from tgwizard.engine.failover.telling import Teller, step_of
from tgwizard.engine.failover.timing import Timing
from tgwizard.engine.observe import Observer
from tgwizard.engine.ports import CallFailed, Cause
from tgwizard.engine.records import Answer, Began, TurnedBack
from tgwizard.model.cluster import Member, ResourceId, Verb
from tgwizard.model.cluster_setup import Carried, ClusterSetup
from tgwizard.model.event import CancelMeaning, Outcome, Step
from tgwizard.model.nic import NicDocument, NicDocumentError, Provisioning, carried_of
from tgwizard.model.problem import Problem
from tgwizard.model.snapshot import Place, PlaceKind
from tgwizard.model.text import utc


@dataclass(slots=True)
class Measured:
    """Moments on the Clock's monotonic scale, None where not reached."""

    first_write: float | None = None
    released: float | None = None
    attach_sent: float | None = None
    arrived: float | None = None


@dataclass(slots=True)
class Drive:
    """One run under way. ``checked_at``: when its preflight ended (monotonic seconds)."""

    setup: ClusterSetup
    began: Began
    to: Member
    observer: Observer
    sender: Sender
    teller: Teller
    cancel: CancelToken
    timing: Timing
    checked_at: float
    standing: Standing
    measured: Measured = field(default_factory=Measured)
    turned_back: str = ""
    _why_back: Problem | None = None
    _cancel_heard: bool = False
    _waiting: tuple[Move, float] | None = None
    _superseded: set[Move] = field(default_factory=set)
    _tries: dict[Move, int] = field(default_factory=dict)
    _accepted: dict[Move, int] = field(default_factory=dict)
    _operation: str = ""
    _unaccepted_since: float | None = None
    _heard_at: float = 0.0
    _tried: dict[ResourceId, float] = field(default_factory=dict)

    @property
    def losing(self) -> Member:
        """The peer of the gaining member."""
        return self.setup.other(self.to)

    @property
    def address(self) -> str:
        """The floating IP."""
        return str(self.setup.address)

    @property
    def cancel_meaning(self) -> CancelMeaning:
        """What a cancel would do now (DESIGN 3h)."""
        if self.standing.sent_nothing:
            return CancelMeaning.STOPS
        can = self.standing.gaining_sent is None and self._can_go_back
        return CancelMeaning.PUTS_BACK if can else CancelMeaning.NOT_GRANTED

    def go(self) -> Ending:
        """Run to the end."""
        self._heard_at = self._now()
        for member in self.setup.members:
            read_at = self.observer.seen(member).nic.read_at
            self._tried[member.nic] = float("-inf") if read_at is None else read_at
        while True:
            ended = self._heed_cancel() or self._round()
            if ended is not None:
                return ended

    # -- one round ----------------------------------------------------------------------------------------------------

    def _round(self) -> Ending | None:
        losing, gaining = self._side(self.losing), self._side(self.to)
        if losing is None or gaining is None:
            self._pause(self.timing.retry_s)
            return self._read(*self.setup.members)
        sent = self.standing.losing_sent
        if sent is not None and sent.step is Step.DETACH and not losing.lists:
            # A removal whose answer was lost shows in the content: from here on it counts as ours.
            self.standing = replace(self.standing, wrote=True)
        move = decide(losing, gaining, self.standing)
        self.teller.step(step_of(move, self.standing.goal), self.cancel_meaning, self._deadline_s)
        match move:
            case Move.DETACH | Move.ATTACH | Move.PUT_BACK | Move.CLEAR_GAINING | Move.SETTLE_LOSING:
                return self._write(move)
            case Move.WAIT_LOSING:
                return self._await(move, self.losing)
            case Move.WAIT_GAINING:
                return self._await(move, self.to)
            case Move.READ_AGAIN:
                return self._await(move, self.losing, self.to)
            case Move.ARRIVED | Move.RESTORED:
                return self._confirm(move)
            case Move.YIELD:
                return self._yield()

    def _side(self, member: Member) -> Side | None:
        document = self.observer.seen(member).nic.value
        return None if document is None else Side(document.lists(self.address), document.provisioning, document.etag)

    # -- writing ------------------------------------------------------------------------------------------------------

    def _write(self, move: Move) -> Ending | None:
        if self.standing.sent_nothing and self._now() - self.checked_at > self.timing.fresh_preflight_s:
            return ending.too_late()
        if not self._fresh():
            return self._refresh()  # and decide anew
        member = self.to if move in (Move.ATTACH, Move.CLEAR_GAINING) else self.losing
        if self._accepted.get(move, 0) >= self.timing.tries:
            return self._keeps_failing(move, member)
        try:
            document = self._document(move)
        except NicDocumentError as error:
            problem = Problem("nic-not-editable", f"{member.nic.name} cannot be changed.", f"{error}.")
            return self._refused(move, problem)
        self._tries[move] = self._tries.get(move, 0) + 1
        self._measure_write(move)
        step, before = step_of(move, self.standing.goal) or Step.ATTACH, self.standing
        request = self.began.first_request if move is Move.DETACH and self.standing.sent_nothing else ""
        self._mark(member, Sent(step, document.etag, Answer.UNKNOWN))
        self.teller.located(self.observer.snapshot().place, self.cancel_meaning)
        reply = self.sender.send(step, member, document, request=request)
        if isinstance(reply, CallFailed):
            return self._not_accepted(move, member, reply, before)
        self._mark(member, Sent(step, document.etag, Answer.ACCEPTED))
        self.standing = replace(self.standing, wrote=True, overdue=False)
        self._accepted[move] = self._accepted.get(move, 0) + 1
        self._operation = reply.operation
        self._waiting = self._unaccepted_since = None
        if reply.provisioning is not Provisioning.SUCCEEDED:
            self._pause(self.timing.poll_s)
        return self._read(member)

    def _document(self, move: Move) -> NicDocument:
        losing, gaining = self._nic(self.losing), self._nic(self.to)
        match move:
            case Move.DETACH:
                return losing.without(self.address)
            case Move.PUT_BACK if self.began.configuration is not None:
                return losing.plus(self.began.configuration)
            case Move.PUT_BACK:
                return losing.plus(self._configuration(losing))
            case Move.CLEAR_GAINING:
                return gaining.without(self.address)
            case Move.SETTLE_LOSING:
                return losing
            case _:
                return gaining.plus(self._configuration(gaining))

    def _configuration(self, nic: NicDocument) -> dict[str, object]:
        carried: Carried = carried_of(self.began.configuration) if self.began.configuration else self.setup.carried
        return dict(nic.new_configuration(self.setup.ip_configuration, self.address, carried))

    def _nic(self, member: Member) -> NicDocument:
        document = self.observer.seen(member).nic.value
        if document is None:
            raise NicDocumentError(f"{member.nic.name} was never read")
        return document

    def _mark(self, member: Member, sent: Sent) -> None:
        if member == self.losing:
            self.standing = replace(self.standing, losing_sent=sent)
        else:
            self.standing = replace(self.standing, gaining_sent=sent)

    def _measure_write(self, move: Move) -> None:
        now = self._now()
        if self.measured.first_write is None:
            self.measured.first_write = now
        if move is Move.ATTACH and self.measured.attach_sent is None:
            self.measured.attach_sent = now

    # -- answers other than yes ---------------------------------------------------------------------------------------

    def _not_accepted(self, move: Move, member: Member, failure: CallFailed, before: Standing) -> Ending | None:
        answer = answer_of(failure)
        if answer is Answer.UNKNOWN:
            self.teller.waiting("The answer was lost. Reading what Azure shows.")
            return self._again(move, member, failure)
        self.standing = before  # a definite no: what was known before this attempt counts again
        if answer is Answer.NOT_SENT or failure.cause in (Cause.BUSY, Cause.THROTTLED):
            return self._again(move, member, failure)
        if failure.cause is Cause.ETAG_MOVED:
            return self._etag_moved(move, member)
        if failure.cause is Cause.ADDRESS_ALLOCATED:
            return self._allocated(move, failure)
        return self._refused(move, failure.problem)

    def _etag_moved(self, move: Move, member: Member) -> Ending | None:
        """A second actor, unless an earlier attempt of ours has an unknown answer: then the content settles it (3e)."""
        if self.standing.sent_nothing:
            self._read(member)
            reason = f"{member.nic.name} was changed by someone else at the same moment."
            return ending.yielded(reason, wrote=False)
        if self._spent():
            return ending.unsettled(self.address, None)
        if self._tries[move] > 1:
            self._pause(self.timing.poll_s)
        return self._read(*self.setup.members)

    def _allocated(self, move: Move, failure: CallFailed) -> Ending | None:
        owner = failure.allocated_to or self.observer.stranger()
        if owner is not None and self.setup.member_of_nic(owner) is None:
            return ending.taken(Place(PlaceKind.STRANGER, stranger=owner), self.address, failure.problem)
        self.teller.waiting("Azure has not freed the address yet.", self.timing.free_s)
        if self._spent(self.timing.free_s):
            return self._refused(move, failure.problem)
        self._pause(2 * self.timing.poll_s)
        return self._read(*self.setup.members)

    def _again(self, move: Move, member: Member, failure: CallFailed) -> Ending | None:
        """Repeat after a pause, by deciding anew: until the step's deadline, or a few times while nothing was sent."""
        if self.standing.sent_nothing and self._tries[move] >= self.timing.tries:
            return ending.failed_untouched(failure.problem)
        if self._spent():
            return ending.unsettled(self.address, failure.problem)
        asked = failure.retry_after_s
        wait = (
            self.timing.retry_s if asked is None else min(max(asked, self.timing.poll_s), self.timing.longest_retry_s)
        )
        self._pause(wait)
        return self._read(member)

    def _refused(self, move: Move, problem: Problem) -> Ending | None:
        if move is Move.ATTACH and self._can_go_back and self.standing.wrote:
            self._turn_back(problem, problem.sentence())
            return None
        if self.standing.sent_nothing:
            return ending.failed_untouched(problem)
        return ending.stuck(self.address, problem, self.observer.snapshot().place)

    def _keeps_failing(self, move: Move, member: Member) -> Ending | None:
        """Azure accepted the same write several times, and every time its operation failed."""
        if move is Move.SETTLE_LOSING:
            self.standing = replace(self.standing, settling=False)
            return None
        fact = f"Azure accepted the write of {member.nic.name} {self.timing.tries} times and failed to carry it out."
        problem = Problem("operation-keeps-failing", fact, "", "Azure's own message is in the details.")
        try:
            seen = self.sender.azure.read_operation(self._operation)
        except CallFailed as failure:
            problem = problem.with_detail(f"The operation's own message could not be read. {failure.problem.what}")
        else:
            problem = problem.with_detail(seen.problem.sentence() if seen.problem else "")
        return self._refused(move, problem)

    @property
    def _may_turn_back(self) -> bool:
        return self._can_go_back and self.standing.wrote and self.standing.gaining_sent is None

    @property
    def _can_go_back(self) -> bool:
        return self.began.configuration is not None and self.standing.goal is Goal.FORWARD

    def _turn_back(self, why: Problem | None, reason: str) -> None:
        self.turned_back, self._why_back = reason, why
        self.standing = replace(self.standing, goal=Goal.BACK, overdue=False)
        self._waiting = self._unaccepted_since = None
        self.sender.journal.append(self.began.run, TurnedBack(self.began.run, utc(self.sender.clock.wall()), reason))
        if why is not None:
            self.sender.note(why)

    def _spent(self, limit_s: float | None = None) -> bool:
        """Whether writes have gone unaccepted for longer than that, or than a step or a silence may take."""
        if self._unaccepted_since is None:
            self._unaccepted_since = self._now()
        longest = max(self._deadline_s, self.timing.silence_s)
        return self._now() - self._unaccepted_since > (limit_s or longest)

    # -- endings ------------------------------------------------------------------------------------------------------

    def _confirm(self, move: Move) -> Ending | None:
        """Done is observed: both interfaces are read once more, after the reading that showed it (3b)."""
        holder = self.to if move is Move.ARRIVED else self.losing
        if self.measured.arrived is None:
            self.measured.arrived = self.observer.seen(holder).nic.read_at
        if (silent := self._read(holder, self.setup.other(holder))) is not None:
            return silent
        losing, gaining = self._side(self.losing), self._side(self.to)
        answered = all(self.observer.seen(member).nic.problem is None for member in self._needed)
        if not answered or losing is None or gaining is None or decide(losing, gaining, self.standing) is not move:
            if self._waited(move) > self.timing.silence_s:
                return ending.unsettled(self.address, self._read_problem)
            self._pause(self.timing.poll_s if answered else self.timing.retry_s)
            return None
        self.teller.finish()
        if move is Move.ARRIVED:
            return Ending(Outcome.DONE, f"{self.to.name} holds {self.address}.")
        back = f"{self.losing.name} holds {self.address} again."
        if self._cancel_heard and self._why_back is None:
            return Ending(Outcome.CANCELLED, f"The move was cancelled. {back}", rolled_back=True)
        return Ending(Outcome.FAILED, f"{self.turned_back} {back}".strip(), self._why_back, rolled_back=True)

    def _yield(self) -> Ending:
        place = self.observer.snapshot().place
        if place.kind is PlaceKind.NO_NIC and (stranger := self.observer.stranger()) is not None:
            return ending.taken(Place(PlaceKind.STRANGER, stranger=stranger), self.address, None)
        where = f"{place.member.name} holds {self.address}" if place.member else f"{self.address} is on no NIC"
        return ending.yielded(f"Someone else changed the cluster: {where}.", wrote=self.standing.wrote, place=place)

    # -- waiting ------------------------------------------------------------------------------------------------------

    def _await(self, move: Move, *members: Member) -> Ending | None:
        waited = self._waited(move)
        if waited > self._deadline_s:
            return self._past_deadline(move, members[0])
        self._pause(self.timing.poll_s if waited < self.timing.slow_after_s else self.timing.slow_poll_s)
        other = self.setup.other(members[0])
        if self._now() - self._tried[other.nic] > self.timing.refresh_s:
            members = (other,)  # so that the reading a write needs is never older than it may be
        return self._read(*members)

    def _waited(self, move: Move) -> float:
        """How long this move has been waited for, from the first time it was asked."""
        if self._waiting is None or self._waiting[0] is not move:
            self._waiting = (move, self._now())
        return self._now() - self._waiting[1]

    def _past_deadline(self, move: Move, member: Member) -> Ending | None:
        """Only forced supersedes an update that does not end, once for each interface and after saying so (3e)."""
        if self.began.verb is Verb.FORCED and move not in self._superseded and move is not Move.READ_AGAIN:
            if not self._fresh():
                return self._refresh()  # what was never seen to go on is not called endless
            self._superseded.add(move)
            fact = f"The update of {member.nic.name} does not end."
            self.sender.note(Problem("superseding", fact, "This failover is forced, so it is written over."))
            self.standing = replace(self.standing, overdue=True)
            self._waiting = None
            return None
        if self.standing.sent_nothing:
            fact = f"The update of {member.nic.name} does not end."
            return ending.failed_untouched(Problem("nic-busy", fact, "It began before this run.", "Try again later."))
        return ending.unsettled(self.address, None)

    def _heed_cancel(self) -> Ending | None:
        if self._cancel_heard or not self.cancel.is_cancelled:
            return None
        self._cancel_heard = True
        match self.cancel_meaning:
            case CancelMeaning.STOPS:
                return Ending(Outcome.CANCELLED, "The move was cancelled before anything was written.")
            case CancelMeaning.PUTS_BACK:
                self._turn_back(None, "You cancelled the move.")
            case CancelMeaning.NOT_GRANTED:
                fact = "The move can no longer be cancelled: the attach has been sent."
                self.sender.note(Problem("cancel-too-late", fact, "Taking it back now would only lengthen the gap."))
        return None

    @property
    def _deadline_s(self) -> float:
        return self.timing.forced_step_s if self.began.verb is Verb.FORCED else self.timing.step_s

    def _pause(self, seconds: float) -> None:
        self.sender.clock.sleep(seconds, None if self._cancel_heard else self.cancel)

    def _now(self) -> float:
        return self.sender.clock.monotonic()

    # -- reading ------------------------------------------------------------------------------------------------------

    def _read(self, *members: Member) -> Ending | None:
        """Read these interfaces; an Ending when Azure has been silent for too long."""
        for member in members:
            seen = self.observer.look_at_nic(member)
            self._tried[member.nic] = self._now()
            if seen.nic.problem is not None or seen.nic.value is None:
                self.sender.told_read(member, seen.nic.problem.what if seen.nic.problem else "no answer")
                continue
            self._heard_at = self._now()
            has = "has" if seen.nic.value.lists(self.address) else "without"
            self.sender.told_read(member, f"{seen.nic.value.provisioning.value}, {has} {self.address}")
            released = has == "without" and seen.nic.value.provisioning is not Provisioning.UPDATING
            if member == self.losing and released and self.measured.released is None and not self.standing.sent_nothing:
                self.measured.released = self._heard_at
        self.teller.located(self.observer.snapshot().place, self.cancel_meaning)
        if self._now() - self._heard_at <= self.timing.silence_s:
            return None
        return ending.unsettled(self.address, self._read_problem)

    def _refresh(self) -> Ending | None:
        """Read both interfaces for a write; an Ending when one of them stays unread for as long as a step may take."""
        ended = self._read(*self.setup.members)
        if ended is not None or self._fresh():
            return ended
        silent, other = self.observer.seen(self.to).nic.problem, self.observer.seen(self.losing).nic.problem
        if silent is not None and other is None and self._may_turn_back and self._spent(self.timing.free_s):
            # All this time the address is on no NIC, and the losing member can still have it.
            self._turn_back(silent, silent.sentence())
            return None
        if self._spent():
            return ending.unsettled(self.address, self._read_problem)
        self._pause(self.timing.retry_s)
        return None

    @property
    def _read_problem(self) -> Problem | None:
        return next((seen.nic.problem for seen in self.observer.snapshot().members if seen.nic.problem), None)

    @property
    def _needed(self) -> tuple[Member, ...]:
        """Whose readings count: both, save that a way back does not depend on a member that never got an attach."""
        alone = self.standing.goal is Goal.BACK and self.standing.gaining_sent is None
        return (self.losing,) if alone else self.setup.members

    def _fresh(self) -> bool:
        """Every write needs complete readings younger than 30 s, by a clock that counts sleep (3g)."""
        now = self._now()
        ages = [self.observer.seen(member).nic.age_s(now) for member in self._needed]
        return all(age is not None and age <= self.timing.fresh_read_s for age in ages)
