"""Guided: on a live Trustgrid pair the user presses Make Active, the members move the address, and tgwizard watches.

Nothing is written. The run measures what the members did, as read, and ends when the wished member holds the address,
when the time is over, or when the user stops watching (DESIGN section 3; trustgrid.md 1.7).
"""

from __future__ import annotations

from tgwizard.engine.failover.finish import refuse
from tgwizard.engine.failover.hall import Hall
from tgwizard.engine.journal import Journal
from tgwizard.engine.observe import Observer
from tgwizard.engine.records import Ended
from tgwizard.model.cluster import Member, Verb
from tgwizard.model.event import (
    CancelMeaning,
    Finished,
    Located,
    Outcome,
    Started,
    Step,
    StepDone,
    StepPlan,
    StepStarted,
    StepWaiting,
)
from tgwizard.model.problem import Problem
from tgwizard.model.snapshot import Place, PlaceKind, Snapshot
from tgwizard.model.text import utc

USUAL_S = 60.0
"""From the press to the holder: the control plane pushes its change at most once a minute (trustgrid.md 1.7)."""


def portal_path(to: Member) -> str:
    """Where Make Active is, in the words of the portal (trustgrid.md 1.7)."""
    return f"In the Trustgrid portal: Clusters, your cluster, Nodes, Make Active in the row of {to.name}, then Yes"


def guide(hall: Hall, journal: Journal, to: Member) -> Finished:
    """Watch until ``to`` holds the address."""
    observer = Observer(hall.services.azure, hall.services.clock, hall.setup)
    snapshot = observer.look()
    place = snapshot.place
    if place.kind is PlaceKind.MEMBER and place.member == to:
        problem = Problem("already-there", f"{to.name} already holds {snapshot.address}.", "There is nothing to move.")
        return refuse(hall, problem, place)
    losing = place.member if place.member != to else None
    sentence = f"Press Make Active for {to.name} in the Trustgrid portal"
    steps = (StepPlan(Step.GUIDE, sentence, USUAL_S), StepPlan(Step.CONFIRM, "Confirm one holder in Azure", 0.3))
    began = hall.stamp()
    name = losing.name if losing else None
    hall.report(Started(began, hall.run, hall.setup.name, Verb.GRACEFUL, to.name, name, snapshot.address, steps))
    limit = hall.timing.step_s
    hall.report(StepStarted(began, hall.run, Step.GUIDE, sentence, CancelMeaning.STOPS, limit))
    hall.report(StepWaiting(began, hall.run, Step.GUIDE, portal_path(to), limit))
    watched = _Watched()
    told: Place | None = None
    while not hall.cancel.is_cancelled:
        if place != told:
            told = place
            hall.report(Located(hall.stamp(), hall.run, place, CancelMeaning.STOPS))
        watched.see(snapshot, to)
        if place.kind is PlaceKind.MEMBER and place.member == to and _both_read(snapshot):
            now = hall.stamp()
            hall.report(StepDone(now, hall.run, Step.GUIDE, f"{to.name} took the address", now.clock_s - began.clock_s))
            return _end(hall, journal, to, place, watched)
        if hall.stamp().clock_s - began.clock_s > limit:
            return _too_long(hall, to, place)
        hall.services.clock.sleep(hall.timing.slow_poll_s, hall.cancel)
        snapshot = observer.look(vms=False)
        place = snapshot.place
    reason = "You stopped watching. tgwizard wrote nothing; what Trustgrid was asked for goes on."
    return refuse(hall, Problem("cancelled", reason), place, Outcome.CANCELLED)


class _Watched:
    """When the members were first seen at work, and when the address was on no interface."""

    def __init__(self) -> None:
        self.moved_at: float | None = None
        self.free_at: float | None = None
        self.arrived_at: float | None = None

    def see(self, snapshot: Snapshot, to: Member) -> None:
        kind, holder = snapshot.place.kind, snapshot.place.member
        if self.moved_at is None and not (kind is PlaceKind.MEMBER and holder != to):
            self.moved_at = snapshot.now
        if self.free_at is None and (kind is PlaceKind.NO_NIC or (kind is PlaceKind.ATTACHING and holder == to)):
            self.free_at = snapshot.now
        if kind is PlaceKind.MEMBER and holder == to:
            self.arrived_at = snapshot.now

    def span(self, start: float | None) -> float | None:
        return None if start is None or self.arrived_at is None else self.arrived_at - start


def _both_read(snapshot: Snapshot) -> bool:
    return all(seen.nic.problem is None and seen.nic.value is not None for seen in snapshot.members)


def _end(hall: Hall, journal: Journal, to: Member, place: Place, watched: _Watched) -> Finished:
    reason = f"{to.name} holds {hall.setup.address}. Trustgrid moved it; tgwizard wrote nothing."
    seconds, gap = watched.span(watched.moved_at), watched.span(watched.free_at)
    finished = Finished(
        hall.stamp(),
        hall.run,
        hall.setup.name,
        Outcome.DONE,
        place,
        reason,
        seconds=seconds,
        gap_as_read_s=gap,
    )
    at = utc(hall.services.clock.wall())
    journal.end(Ended(hall.run, at, Outcome.DONE, to.name, reason, Verb.GRACEFUL, to.name, seconds, gap_s=gap))
    hall.report(finished)
    return finished


def _too_long(hall: Hall, to: Member, place: Place) -> Finished:
    problem = Problem(
        "not-made-active",
        f"{to.name} did not take {hall.setup.address} in time.",
        "Trustgrid moves the role only to a member that is online and healthy.",
        "See the cluster's health in the Trustgrid portal. tgwizard wrote nothing.",
    )
    return refuse(hall, problem, place, Outcome.FAILED)
