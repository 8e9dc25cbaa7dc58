"""Guided: on a live Trustgrid pair the user presses Make Active, the members move the address, and tgwizard watches.

Nothing is written to Azure. The journal keeps what was seen, as it does for a run that writes. The run measures what
the members did, as read, and ends when the wished member holds the address, when the time is over, or when the user
stops watching (engine/README.md 1.10, 5.2).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tgwizard.engine.failover.decide import NicReading, has_arrived
from tgwizard.engine.failover.finish_run import changes_by_others, last_readings, left_behind, left_failed, refuse
from tgwizard.engine.failover.run_context import RunContext
from tgwizard.engine.failover.run_record import make_run_record, save_carried_configuration
from tgwizard.engine.failover.service_gap import ServiceEnd, gap_of
from tgwizard.engine.observe import Observer
from tgwizard.engine.readiness.readiness import already_holds, refusal_of_dead, settle_command
from tgwizard.engine.readiness.recommended_action import recommend_action
from tgwizard.engine.runs.failover_journal import FailoverJournal
from tgwizard.engine.runs.journal import JournalError
from tgwizard.engine.runs.records import HolderRecord, RunEndRecord, RunRecord, StepRecord
from tgwizard.model.cluster import Member, Verb
from tgwizard.model.event_base import Outcome, Stamp
from tgwizard.model.failover_events import (
    CancelMeaning,
    Finished,
    HolderObserved,
    RunStarted,
    Step,
    StepCompleted,
    StepPlan,
    StepStarted,
    StepWaiting,
)
from tgwizard.model.failover_options import RunIntent, Strategy
from tgwizard.model.nic import Provisioning, carried_of
from tgwizard.model.problem import Fixer, Problem
from tgwizard.model.service_gap import NO_SERVICE_GAP
from tgwizard.model.snapshot import AddressLocation, LocationKind, Snapshot
from tgwizard.model.text import format_utc

USUAL_S = 60.0
"""From the press to the holder: the control plane pushes its change at most once a minute (engine/README.md 5.2)."""

CONFIRM = "Confirm one holder in Azure"

_LEAVES = "tgwizard writes nothing. Stopping now ends the watching; what Trustgrid was asked for goes on."


def portal_path(to: Member) -> str:
    """Where Make Active is, in the words of the portal (engine/README.md 5.2)."""
    return f"In the Trustgrid portal: Clusters, your cluster, Nodes, Make Active in the row of {to.name}, then Yes"


def guide(context: RunContext, journal: FailoverJournal, to: Member) -> Finished:
    """Watch until ``to`` holds the address. UserError: an interface could not be read, so there is nothing to watch."""
    observer = Observer(context.services.azure, context.services.clock, context.setup)
    snapshot = observer.look(retry_policy=context.retry_policy())
    place = snapshot.place
    if place.kind is LocationKind.MEMBER and place.member == to:
        return refuse(context, replace(already_holds(snapshot, to), code="already-there"), place)
    dead = refusal_of_dead(snapshot, to, Verb.GRACEFUL)
    if dead is not None:  # Trustgrid would make a member active that cannot serve
        return refuse(context, dead, place)
    run_record = make_run_record(context, snapshot, RunIntent(to, Verb.GRACEFUL, Strategy.GUIDED))
    try:
        journal.begin(run_record)
    except JournalError as error:
        return refuse(context, error.problem, place)
    save_carried_configuration(context, run_record)
    return _Watch(context, journal, run_record, to, observer).until_arrived(snapshot)


@dataclass(slots=True)
class _Watch:
    """One guided run under way."""

    context: RunContext
    journal: FailoverJournal
    run_record: RunRecord
    to: Member
    observer: Observer
    since: float = field(init=False)
    moved_at: float | None = None
    free_at: float | None = None
    arrived_at: float | None = None
    _reported_location: AddressLocation | None = None

    def __post_init__(self) -> None:
        """Count from now."""
        self.since = self.context.stamp().clock_s

    def until_arrived(self, snapshot: Snapshot) -> Finished:
        """From the first look to the end."""
        context, limit = self.context, self.context.timing.step_s
        self._announce_step(snapshot.place, limit)
        while not context.cancel.is_cancelled:
            self._report_location(snapshot)
            if self._arrived(snapshot) and (confirmed := self._confirm()) is not None:
                return confirmed
            if context.stamp().clock_s - self.since > limit:
                return self._too_long(snapshot)
            context.services.clock.sleep(context.timing.slow_poll_s, context.cancel)
            snapshot = self.observer.look(vms=False)
        reason = "You stopped watching. tgwizard wrote nothing; what Trustgrid was asked for goes on."
        return self._end(Outcome.CANCELLED, snapshot.place, reason, Problem("cancelled", reason))

    def _announce_step(self, place: AddressLocation, limit: float) -> None:
        context, now = self.context, self.context.stamp()
        sentence = f"Press Make Active for {self.to.name} in the Trustgrid portal"
        steps = (StepPlan(Step.GUIDE, sentence, USUAL_S), StepPlan(Step.CONFIRM, CONFIRM, 0.3))
        losing = place.member.name if place.member is not None and place.member != self.to else None
        address = self.run_record.address
        context.report(
            RunStarted(now, context.run, context.setup.name, Verb.GRACEFUL, self.to.name, losing, address, steps)
        )
        context.report(StepStarted(now, context.run, Step.GUIDE, sentence, CancelMeaning.STOPS, limit, _LEAVES))
        context.report(StepWaiting(now, context.run, Step.GUIDE, portal_path(self.to), limit))

    def _report_location(self, snapshot: Snapshot) -> None:
        place = snapshot.place
        if place != self._reported_location:
            self._reported_location = place
            self.context.report(
                HolderObserved(self.context.stamp(), self.context.run, place, CancelMeaning.STOPS, _LEAVES)
            )
            who = place.foreign_nic.text if place.foreign_nic else place.member.name if place.member else ""
            self.journal.append(self.context.run, HolderRecord(self.context.run, self._at(), place.kind, who))
        kind, holder = place.kind, place.member
        if self.moved_at is None and not (kind is LocationKind.MEMBER and holder != self.to):
            self.moved_at = snapshot.now
        arrived, there = self._arrived(snapshot), snapshot.seen(self.to).lists(self.run_record.address)
        if self.free_at is None and (kind is LocationKind.NO_NIC or (there and holder == self.to and not arrived)):
            self.free_at = snapshot.now
        if not there:
            self.arrived_at = None
        elif arrived and self.arrived_at is None:
            self.arrived_at = snapshot.now

    def _arrived(self, snapshot: Snapshot) -> bool:
        """Whether it is where a run that writes would call it arrived, by answers of now."""
        losing, gaining = (snapshot.seen(member).nic for member in (self.context.setup.other(self.to), self.to))
        if losing.problem is not None or gaining.problem is not None or losing.value is None or gaining.value is None:
            return False
        address = self.run_record.address
        return has_arrived(NicReading.of(losing.value, address), NicReading.of(gaining.value, address))

    def _confirm(self) -> Finished | None:
        """Done is observed (engine/README.md 1.2): both are read once more, after the reading that showed it.

        None: that reading does not show it, so somebody moves or changes it still, and the watching goes on.
        """
        context, start = self.context, self.context.stamp()
        snapshot = self.observer.look(vms=False, retry_policy=context.retry_policy())
        self._report_location(snapshot)
        if not self._arrived(snapshot):
            return None
        self._report_step(Step.GUIDE, f"{self.to.name} took the address", self.since, start)
        context.report(StepStarted(start, context.run, Step.CONFIRM, CONFIRM, CancelMeaning.STOPS, None, _LEAVES))
        self._report_step(Step.CONFIRM, CONFIRM, start.clock_s, context.stamp())
        reason = f"{self.to.name} holds {self.run_record.address}. Trustgrid moved it; tgwizard wrote nothing."
        return self._end(Outcome.DONE, snapshot.place, reason)

    def _too_long(self, snapshot: Snapshot) -> Finished:
        address, there = self.run_record.address, snapshot.seen(self.to)
        problem = Problem(
            "not-made-active",
            f"{self.to.name} did not take {address} in time.",
            "Trustgrid moves the role only to a member that is online and healthy.",
            "See the cluster's health in the Trustgrid portal. tgwizard wrote nothing.",
        )
        if there.lists(address) and there.provisioning is not Provisioning.SUCCEEDED:
            failed = there.provisioning is Provisioning.FAILED
            problem = Problem(
                "not-settled-there",
                f"{self.to.nic.name} names {address}, but "
                f"{'its last update failed' if failed else 'an update of it still runs'}.",
                "So Azure may not deliver the address there. tgwizard wrote nothing.",
                settle_command(self.to) if failed else f"See {self.to.nic.name} in the Azure portal.",
                who=None if failed else Fixer.AZURE,
            )
        offer = recommend_action(self.observer.look(), None)
        left = (f"{offer.sentence} Repair it: {offer.command}",) if offer is not None else ()
        return self._end(Outcome.FAILED, snapshot.place, problem.sentence(), problem, left)

    def _report_step(self, step: Step, sentence: str, since: float, stamp: Stamp) -> None:
        seconds = stamp.clock_s - since
        self.journal.append(
            self.context.run, StepRecord(self.context.run, format_utc(stamp.at), step, sentence, round(seconds, 3))
        )
        self.context.report(StepCompleted(stamp, self.context.run, step, sentence, seconds))

    def _end(
        self,
        outcome: Outcome,
        place: AddressLocation,
        reason: str,
        problem: Problem | None = None,
        left: tuple[str, ...] = (),
    ) -> Finished:
        context, run_record = self.context, self.run_record
        losing, gaining = (self.observer.seen(member).nic.value for member in (context.setup.other(self.to), self.to))
        others = (
            *changes_by_others(
                context.setup.other(self.to).nic.name, run_record.losing_body, losing, run_record.address
            ),
            *changes_by_others(self.to.nic.name, run_record.gaining_body, gaining, run_record.address),
        )
        done = outcome is Outcome.DONE
        if done and run_record.configuration is not None:
            left += left_behind(carried_of(run_record.configuration), self.to.nic.name, gaining, run_record.address)
        left += left_failed(self.observer.snapshot())
        seconds = self._span(self.moved_at) if done else None
        before = ServiceEnd(self.since) if run_record.outage else None
        gap = gap_of(self.free_at, self.arrived_at, before) if done else NO_SERVICE_GAP
        self.journal.append(context.run, last_readings(context, losing, gaining, others))
        ended = RunEndRecord.of(run_record, self._at(), outcome, place, reason)
        left += self.journal.end(replace(ended, seconds=seconds).with_gap(gap))
        finished = Finished(
            context.stamp(),
            context.run,
            context.setup.name,
            outcome,
            place,
            reason,
            left,
            by_other=others,
            seconds=seconds,
            gap_as_read_s=gap.seconds,
            problem=problem,
            gap_at_least=gap.at_least,
            gap_at_most_s=gap.at_most_s,
        )
        context.report(finished)
        return finished

    def _span(self, start: float | None) -> float | None:
        return None if start is None or self.arrived_at is None else max(0.0, self.arrived_at - start)

    def _at(self) -> str:
        return format_utc(self.context.services.clock.wall())
