"""The member agent: it looks, asks the decision, and carries it out by the same failovers that people start.

One turn does little and never waits long: reading Azure is its slowest part, and a run goes on beside it. What a member
may do rests on four things, each with its age: what Azure shows, what the peer says, its own health, and what it
remembers. The promises are in engine/README.md 6.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.failover.resume import end_interrupted, interrupted_run, resume
from tgwizard.engine.failover.run import RunOptions, fail_over
from tgwizard.engine.jobs import Report
from tgwizard.engine.members.active_lease import ActiveProof, has_cover, says_active, shown_role
from tgwizard.engine.members.decision import (
    MemberAction,
    MemberDecision,
    MemberRole,
    after_run,
    decide_member,
    remembered,
    still_wanted,
)
from tgwizard.engine.members.member_ports import HealthCheck, HealthFinding, PeerLink, RunSlot
from tgwizard.engine.members.member_report import LONGEST_REASON, MemberReport, Preference
from tgwizard.engine.members.member_store import KeptMember, MemberStore
from tgwizard.engine.members.member_timing import LONGEST_TIMEOUT_S, MemberTiming
from tgwizard.engine.members.member_view import (
    AzureSeen,
    HandOverAnswer,
    HolderSeen,
    MemberView,
    PeerSeen,
    UnfinishedRun,
)
from tgwizard.engine.observe import Observer
from tgwizard.engine.runs.job_services import Services
from tgwizard.engine.runs.records import WriteAnswer, WriteAnswered, WriteAttempted
from tgwizard.model.cluster import Member, Verb
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import Event, Finished, Step
from tgwizard.model.failover_options import PartOfRun
from tgwizard.model.nic import Provisioning
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.snapshot import STOPPED, LocationKind, Snapshot

FIRST_BACK_OFF_S = 30.0
LONGEST_BACK_OFF_S = 600.0
FIRST_AGAIN_S = 2.0
LONGEST_AGAIN_S = 60.0
"""Between two tries to bring an interrupted run to its end: the address is on nobody meanwhile."""
GAINING_READ_S = 0.25

_log = logging.getLogger(__name__)

_OUTCOME = {
    MemberAction.CLOSE: Outcome.DONE,
    MemberAction.DROP: Outcome.CANCELLED,
    MemberAction.YIELD: Outcome.YIELDED,
}

_RUNS = {
    MemberAction.RELEASE: (PartOfRun.RELEASE, Verb.GRACEFUL, HolderSeen.PEER),
    MemberAction.TAKE: (PartOfRun.TAKE, Verb.FORCED, HolderSeen.ME),
    MemberAction.CLAIM: (PartOfRun.CLAIM, Verb.FORCED, HolderSeen.ME),
    MemberAction.PUT_BACK: (PartOfRun.CLAIM, Verb.FORCED, HolderSeen.ME),
}

_WRITING = (*_RUNS, MemberAction.GO_ON)


@dataclass(frozen=True, slots=True)
class MemberStatus:
    """What a member says of itself: to status endpoint, command line and log."""

    role: MemberRole
    decision: MemberDecision
    active: bool
    cover: bool
    view: MemberView
    findings: tuple[HealthFinding, ...]
    last_run: Finished | None
    proof: ActiveProof
    at: float


@dataclass(eq=False)
class _Waits:
    """Seconds lived through, each since its condition began."""

    silent_s: float = 0.0
    unfit_s: float = 0.0
    well_s: float = 0.0
    on_nobody_s: float = 0.0
    peer_off_s: float = 0.0
    blind_s: float = 0.0
    unfinished_s: float = 0.0
    offer_s: float | None = None
    released_s: float | None = None
    took_s: float | None = None


@dataclass(eq=False)
class MemberAgent:
    """One member. ``boot``: drawn at each start. ``report`` hears the events of its runs."""

    services: Services
    setup: ClusterSetup
    me: Member
    link: PeerLink
    store: MemberStore
    runs: RunSlot
    timing: MemberTiming
    report: Report[Event]
    checks: tuple[HealthCheck, ...] = ()
    enabled: bool = True
    boot: str = ""
    program: str = ""
    rng: random.Random = field(default_factory=random.Random)
    cancel: CancelToken = field(default_factory=CancelToken)
    status: MemberStatus | None = None
    last_run: Finished | None = None
    kept: KeptMember = field(init=False)
    unkept: Problem | None = None
    _observer: Observer = field(init=False)
    _snapshot: Snapshot = field(init=False)
    _waits: _Waits = field(default_factory=_Waits)
    _turned_at: float | None = None
    _read_at: float | None = None
    _read_in_loss: bool = False
    _answers: bool = False
    _ever_heard: bool = False
    _unfinished: UnfinishedRun | None = None
    _live: PartOfRun | None = None
    _said: MemberReport | None = None
    _arrived: bool = False
    _gaining: bool = False
    _gain_failed: bool = False
    _answer: HandOverAnswer = HandOverAnswer.NONE
    _why: str = ""
    _not_before: float = float("-inf")
    _back_off_s: float = FIRST_BACK_OFF_S
    _again_at: float = float("-inf")
    _again_s: float = FIRST_AGAIN_S
    _versions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Read what was kept and what was left unfinished. UserError: one of them cannot be used."""
        self.kept = self.store.load()
        if not self.kept.preference.active:
            first = Preference(active=self.setup.members[0].name, mode=self.setup.cluster_mode)
            self.kept = replace(self.kept, preference=first)
        self._observer = Observer(self.services.azure, self.services.clock, self.setup)
        self._snapshot = self._observer.snapshot()
        self._unfinished = self._from_journal()

    @property
    def peer(self) -> Member:
        """The other member."""
        return self.setup.other(self.me)

    # -- one turn ---------------------------------------------------------------------------------------------------

    def turn(self) -> MemberStatus:
        """Look, decide, begin what is due, and tell the peer."""
        self._take_wish()
        now = self.services.clock.monotonic()
        lived = 0.0 if self._turned_at is None else min(max(0.0, now - self._turned_at), 2 * self.timing.interval_s)
        began = self._turned_at = now
        self._take_run_end()
        self._count(lived, now)
        if self._live is None and (self._read_at is None or now - self._read_at >= self._read_every(now)):
            self._read(now)
            now = self.services.clock.monotonic()  # Azure may have taken its time, and no proof got younger by it
        self._adopt()
        view = self._remember(self._view(now))
        findings = self._findings()
        decision = decide_member(view, self.timing)
        if decision.action in _WRITING and (self._read_at is None or self._read_at < began):
            # What the peer said last may be younger than the reading that it is put together with.
            self._read(now)
            now = self.services.clock.monotonic()
            view = self._remember(self._view(now))
            decision = decide_member(view, self.timing)
        self._act(decision, view)
        if self._live is not None:
            view = self._view(now)  # with the run that has just begun: who releases does not say that it is active
        proof = self._proof(now)
        self.status = MemberStatus(
            shown_role(view, proof, self.timing),
            decision,
            says_active(view, proof, self.timing),
            has_cover(view, self.timing),
            view,
            findings,
            self.last_run,
            proof,
            now,
        )
        self._said = self._told(view, decision, findings)
        self.link.tell(self._said)
        return self.status

    def says_active(self) -> bool:
        """Whether it may say so now: by what the last turn knew, each proof as old as it is by now. For any thread."""
        status = self.status
        if status is None:
            return False
        passed = max(0.0, self.services.clock.monotonic() - status.at)
        azure = replace(status.view.azure, age_s=status.view.azure.age_s + passed)
        return says_active(replace(status.view, azure=azure), status.proof.older(passed), self.timing)

    def _take_wish(self) -> None:
        wish = self.store.take_wish()
        if wish is None:
            return
        known = self.kept.preference
        active = wish.active if wish.active is not None else known.active
        paused = known.paused if wish.paused is None else wish.paused
        named = replace(known, version=known.version + 1, origin=self.me.name, active=active, paused=paused)
        goes_on = wish.goes_on or wish.active is not None
        rests, stopped = (False, "") if goes_on else (self.kept.rests, self.kept.stopped)
        self._keep(KeptMember(self.kept.memory, named, rests, stopped))

    # -- what is known ----------------------------------------------------------------------------------------------

    def _count(self, lived: float, now: float) -> None:
        waits, heard = self._waits, self.link.heard
        is_heard = self._is_heard(now)
        self._ever_heard = self._ever_heard or heard.counted_at is not None
        report = heard.report
        if is_heard:
            waits.silent_s, self._read_in_loss = 0.0, False
        elif self._read_in_loss:
            waits.silent_s += lived
        fit = report is not None and report.fit
        waits.unfit_s = waits.unfit_s + lived if is_heard and not fit else 0.0
        waits.well_s = waits.well_s + lived if is_heard and fit else 0.0
        waits.blind_s = 0.0 if self._answers else waits.blind_s + lived
        if waits.blind_s >= self.timing.blind_s:
            waits.silent_s, self._read_in_loss = 0.0, False
        power = self._snapshot.seen(self.peer).power
        waits.peer_off_s = waits.peer_off_s + lived if self._answers and power in STOPPED else 0.0
        waits.on_nobody_s = waits.on_nobody_s + lived if self._answers and self._settled_on_nobody() else 0.0
        waits.unfinished_s = waits.unfinished_s + lived if self._unfinished is not None else 0.0
        for name in ("offer_s", "released_s", "took_s"):
            value = getattr(waits, name)
            if value is not None:
                setattr(waits, name, value + lived)

    def _is_heard(self, now: float) -> bool:
        counted = self.link.heard.counted_at
        return counted is not None and now - counted <= self.timing.fresh_s

    def _read_every(self, now: float) -> float:
        if self._gaining or self._waits.released_s is not None:
            return GAINING_READ_S
        usual = min(15.0, max(1.0, self.timing.timeout_s / 2))
        return usual if self._is_heard(now) else 1.0

    def _read(self, now: float) -> None:
        self._read_at = now
        before = self._versions
        self._snapshot = self._observer.look(vms=not self._gaining)
        seen = [self._snapshot.seen(member).nic for member in self.setup.members]
        self._answers = all(reading.problem is None or reading.gone for reading in seen)
        self._versions = tuple("" if item.value is None else item.value.etag for item in seen)
        if self._versions != before:
            self._waits.on_nobody_s = 0.0
        if self._answers and not self._is_heard(now):
            self._read_in_loss = True

    def _settled_on_nobody(self) -> bool:
        busy = any(self._snapshot.seen(member).updates for member in self.setup.members)
        return self._snapshot.place.kind is LocationKind.NO_NIC and not busy

    def _adopt(self) -> None:
        report = self.link.heard.report
        if report is not None and self.timing.timeout_s < report.timeout_s <= LONGEST_TIMEOUT_S:
            # The larger one counts on both: with the smaller one a member would act within the other's lease.
            self.timing = MemberTiming(report.timeout_s)
        if report is not None and report.preference.wins_over(self.kept.preference):
            self._keep(replace(self.kept, preference=report.preference))

    def _azure(self, now: float) -> AzureSeen:
        ages = [self._snapshot.seen(member).nic.age_s(now) for member in self.setup.members]
        known = [age for age in ages if age is not None]
        moving = any(self._snapshot.seen(member).updates for member in self.setup.members)
        return AzureSeen(
            self._holder() if len(known) == len(ages) else HolderSeen.NOT_KNOWN,
            max(known, default=0.0),
            moving,
            self._waits.on_nobody_s,
            self._waits.peer_off_s,
            self._answers,
        )

    def _holder(self) -> HolderSeen:
        place = self._snapshot.place
        match place.kind:
            case LocationKind.MEMBER | LocationKind.RELEASING | LocationKind.ATTACHING:
                return HolderSeen.ME if place.member == self.me else HolderSeen.PEER
            case LocationKind.NO_NIC:
                return HolderSeen.NOBODY
            case LocationKind.FOREIGN_NIC:
                return HolderSeen.STRANGER
            case _:
                return HolderSeen.NOT_KNOWN

    def _peer_seen(self, now: float) -> PeerSeen:
        report, waits = self.link.heard.report, self._waits
        if report is None:
            return PeerSeen(heard=False, silent_s=waits.silent_s, ever_heard=self._ever_heard)
        seen = report.seen(heard=self._is_heard(now), silent_s=waits.silent_s, unfit_s=waits.unfit_s)
        return replace(seen, ever_heard=self._ever_heard)

    def _view(self, now: float) -> MemberView:
        unfinished = self._unfinished
        if unfinished is not None:
            unfinished = replace(unfinished, sent_s=self._waits.unfinished_s)
        if self._live is not None or self._gaining:
            unfinished = UnfinishedRun(self._live or PartOfRun.GAIN, live=True)
        elif self._waits.released_s is not None:
            unfinished = UnfinishedRun(PartOfRun.RELEASE, sent=True, sent_s=self._waits.released_s)
        preference = self.kept.preference
        named = self.setup.member(preference.active) or self.setup.members[0]
        return MemberView(
            self._azure(now),
            self._peer_seen(now),
            prefers_me=named == self.me,
            mode=preference.mode,
            version=preference.version,
            memory=self.kept.memory,
            fit=not self._findings(),
            can=self._answers and now >= self._not_before,
            enabled=self.enabled,
            paused=preference.paused,
            stopped=bool(self.kept.stopped),
            unfinished=unfinished,
            offer_age_s=self._waits.offer_s,
            peer_well_s=self._waits.well_s,
            hold_down_s=self.timing.hold_down_s,
            failback_rests=self.kept.rests,
        )

    def _findings(self) -> tuple[HealthFinding, ...]:
        return tuple(finding for check in self.checks for finding in check.findings())

    def _proof(self, now: float) -> ActiveProof:
        neutral = self.link.heard.neutral_at
        settled = self._snapshot.seen(self.me).provisioning is Provisioning.SUCCEEDED
        return ActiveProof(settled, None if neutral is None else now - neutral, self._waits.took_s)

    def _remember(self, view: MemberView) -> MemberView:
        memory, rests = remembered(view), self.kept.rests
        if view.prefers_me and view.azure.holder is HolderSeen.ME:
            rests = False
        elif view.azure.holder is HolderSeen.ME and view.memory.last_holder is HolderSeen.PEER:
            # Whatever the two of them move here is written here: without a run of mine it was another's doing.
            rests = rests or not (self._arrived or view.unfinished is not None)
        self._arrived = self._arrived and view.azure.holder is not HolderSeen.ME
        self._keep(replace(self.kept, memory=memory, rests=rests))
        return replace(view, memory=memory, failback_rests=rests, can=view.can and self.unkept is None)

    def _keep(self, kept: KeptMember) -> None:
        """On the disk. Where that cannot be written, the agent goes on looking and telling, and begins no run."""
        if kept == self.kept and self.unkept is None:
            return
        self.kept = kept
        try:
            self.store.save(kept)
        except UserError as error:
            self.unkept = error.problem
        else:
            self.unkept = None

    # -- what is done -----------------------------------------------------------------------------------------------

    def _act(self, decision: MemberDecision, view: MemberView) -> None:
        action = decision.action
        if self._gaining and self._live is None:
            self._wait_for_release(view)
            return
        if not (view.peer.heard and view.peer.offers):
            self._answer, self._why = HandOverAnswer.NONE, ""
        if view.peer.heard and view.peer.idle:
            self._gain_failed = False
        if action in _OUTCOME:
            self._end_unfinished(action, view)
        elif action in _RUNS:
            part, verb, to = _RUNS[action]
            self._waits.released_s = None
            wanted = None if action is MemberAction.PUT_BACK else action
            self._start(part, wanted, self.peer if to is HolderSeen.PEER else self.me, verb)
        elif action is MemberAction.GO_ON:
            if self.services.clock.monotonic() < self._again_at:
                return
            part = self._unfinished.part if self._unfinished is not None else PartOfRun.CLAIM
            self._begin(part, lambda: resume(self.services, self.setup, None, self.report, self.cancel))
        else:
            self._hand_over(action, view)

    def _hand_over(self, action: MemberAction, view: MemberView) -> None:
        """What is only said to the peer, and writes nothing."""
        match action:
            case MemberAction.OFFER:
                self._waits.offer_s = 0.0
            case MemberAction.WITHDRAW:
                self._waits.offer_s = None
            case MemberAction.READY:
                self._answer, self._gaining = HandOverAnswer.READY, True
            case MemberAction.REFUSE:
                self._answer = HandOverAnswer.REFUSED
                self._why = "unfit" if not view.fit else "Azure does not answer, or refuses"
            case _:
                pass

    def _wait_for_release(self, view: MemberView) -> None:
        """Ready was said: create it as soon as the release is read, heartbeat or not."""
        holder, peer = view.azure.holder, view.peer
        if holder is HolderSeen.NOBODY and not view.azure.moving:
            self._start(PartOfRun.GAIN, None, self.me, Verb.FORCED)
            return
        withdrawn = peer.heard and not peer.offers and peer.idle
        taken = holder in (HolderSeen.ME, HolderSeen.STRANGER)
        if taken or (holder is HolderSeen.PEER and (withdrawn or not peer.heard)):
            self._gaining, self._answer = False, HandOverAnswer.NONE

    def _start(self, part: PartOfRun, action: MemberAction | None, to: Member, verb: Verb) -> None:
        wanted = None if action is None else self._wanted(action)
        options = RunOptions(accept_unknown=True, part=part, still_wanted=wanted, rng=self.rng)
        self._begin(part, lambda: fail_over(self.services, self.setup, to, verb, self.report, self.cancel, options))

    def _begin(self, part: PartOfRun, run: Callable[[], Finished]) -> None:
        self._live, self._unfinished = part, None
        if self._said is not None:
            # Before anything is sent: a frame that tells of no run would prove to the peer that none is under way.
            self.link.tell(replace(self._said, part=part))
        self.runs.start(run)

    def _wanted(self, action: MemberAction) -> Callable[[], bool]:
        def wanted() -> bool:
            now = self.services.clock.monotonic()
            return still_wanted(action, self._view(now), self.timing)

        return wanted

    def _take_run_end(self) -> None:
        try:
            ended = self.runs.take()
        except Exception:  # noqa: BLE001 - whatever it was
            # An error of ours must not leave the address on nobody: the run is an interrupted one from here on.
            _log.exception("a run of the member agent broke off")
            self._live, self._gain_failed, self._read_at = None, self._gaining, None
            self._gaining, self._answer, self._waits.offer_s = False, HandOverAnswer.NONE, None
            self._unfinished = self._from_journal()
            self._back_off(self.services.clock.monotonic())
            return
        if ended is None or self._live is None:
            return
        part, self._live = self._live, None
        self.last_run, self._read_at = ended, None
        done = ended.outcome is Outcome.DONE
        self._arrived = ended.place.member == self.me
        now = self.services.clock.monotonic()
        self._waits.offer_s = None
        if part is PartOfRun.RELEASE and done:
            self._waits.released_s = 0.0
        if part is PartOfRun.TAKE and done:
            self._waits.took_s = 0.0
        if self._gaining:
            self._gaining, self._answer, self._gain_failed = False, HandOverAnswer.NONE, not done
        self._unfinished = self._from_journal()
        wrote = self._unfinished is not None or done or ended.rolled_back
        used = UnfinishedRun(part, sent=wrote, created=False)
        heard = self._is_heard(now)
        refused = ended.outcome in (Outcome.REFUSED, Outcome.FAILED)
        memory = after_run(self.kept.memory, used, heard=heard)
        self._keep(replace(self.kept, memory=memory))
        if refused:
            self._back_off(now)
        elif done:
            self._back_off_s = FIRST_BACK_OFF_S
        if done or self._unfinished is None:
            self._again_s = FIRST_AGAIN_S
        else:
            self._again_at = now + self._again_s
            self._again_s = min(LONGEST_AGAIN_S, 2 * self._again_s)

    def _back_off(self, now: float) -> None:
        self._not_before = now + self._back_off_s * self.rng.uniform(0.8, 1.2)
        self._back_off_s = min(LONGEST_BACK_OFF_S, 2 * self._back_off_s)

    def _end_unfinished(self, action: MemberAction, view: MemberView) -> None:
        run = view.unfinished
        self._waits.released_s = None
        if run is None or self._unfinished is None:
            return
        end_interrupted(self.services, self.setup, self.report, _OUTCOME[action])
        memory = after_run(self.kept.memory, run, heard=view.peer.heard)
        spends = action is MemberAction.YIELD
        self._keep(replace(self.kept, memory=memory if spends else self.kept.memory))
        self._unfinished = self._from_journal()

    def _from_journal(self) -> UnfinishedRun | None:
        record = interrupted_run(self.services, self.setup)
        if record is None:
            return None
        journal = self.services.journal(self.setup)
        try:
            records = journal.records(record.run)
        finally:
            journal.close()
        answers = {item.request: item.answer for item in records if isinstance(item, WriteAnswered)}
        attempts = [item for item in records if isinstance(item, WriteAttempted) and item.step is not Step.FENCE]
        accepted = [item for item in attempts if answers.get(item.request) is WriteAnswer.ACCEPTED]
        created = any(item.step is Step.ATTACH and item.member == self.me.name for item in accepted)
        return UnfinishedRun(record.part, sent=bool(attempts), created=created)

    def _told(self, view: MemberView, decision: MemberDecision, findings: tuple[HealthFinding, ...]) -> MemberReport:
        part = self._live or (PartOfRun.GAIN if self._gaining else None)
        if part is None and self._waits.released_s is not None:
            part = PartOfRun.RELEASE
        if part is None and self._unfinished is not None and self._unfinished.sent:
            part = self._unfinished.part
        return MemberReport(
            self.boot,
            self.timing.timeout_s,
            self.program,
            decision.role,
            view.azure.holder,
            self.kept.preference,
            view.fit,
            view.can,
            tuple(dict.fromkeys(item.condition.value for item in findings)),
            part,
            self._waits.offer_s is not None,
            self._answer,
            self._gain_failed,
            self._why[:LONGEST_REASON],
            has_cover(view, self.timing),
        )
