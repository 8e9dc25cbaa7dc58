"""What one row of the table of clusters says, worked out from what a session knows. Pure functions, no widgets.

The fleet's states merge verdict and readiness, worst first (STYLE section 3); the table sorts in that order.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from tgwizard.engine.readiness.readiness import readiness
from tgwizard.engine.records import Ended, Record, VerdictChanged
from tgwizard.gui.kit.shapes import Shape
from tgwizard.model.cluster import Verb
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.event import Outcome
from tgwizard.model.finding import ReadinessState
from tgwizard.model.settings import ClusterFilter
from tgwizard.model.snapshot import STALE_AFTER_S, PlaceKind, Power, Snapshot
from tgwizard.model.text import age, tame
from tgwizard.model.verdict import Verdict, VerdictName, assess

_LATE_PACES = 3
"""A reading older than so many turns of the fleet is out of date."""


class FleetState(Enum):
    """The states of the table, worst first; the value is the word in the pill."""

    ON_NO_NIC = "On no NIC"
    TWO_ACTIVE = "Two active"
    NO_ACTIVE = "No active"
    MEMBER_DOWN = "Member down"
    TAKEN = "Taken"
    WRONG_HOLDER = "Wrong holder"
    BLOCKED = "Blocked"
    AT_RISK = "At risk"
    MOVING = "Moving"
    NOT_KNOWN = "Not known"
    IN_SYNC = "In sync"


_ORDER = {state: rank for rank, state in enumerate(FleetState)}

_SHAPES = {
    FleetState.AT_RISK: Shape.WARNING,
    FleetState.MOVING: Shape.MOVING,
    FleetState.NOT_KNOWN: Shape.NOT_KNOWN,
    FleetState.IN_SYNC: Shape.GOOD,
}

_OF_VERDICT = {
    VerdictName.ON_NO_NIC: FleetState.ON_NO_NIC,
    VerdictName.TWO_ACTIVE: FleetState.TWO_ACTIVE,
    VerdictName.NO_ACTIVE: FleetState.NO_ACTIVE,
    VerdictName.STRANGER: FleetState.TAKEN,
    VerdictName.WRONG_HOLDER: FleetState.WRONG_HOLDER,
    VerdictName.MEMBER_DOWN: FleetState.MEMBER_DOWN,
    VerdictName.MOVING: FleetState.MOVING,
    VerdictName.NOT_KNOWN: FleetState.NOT_KNOWN,
}

_OF_FILTER = {
    ClusterFilter.MOVING: {FleetState.MOVING},
    ClusterFilter.AT_RISK: {FleetState.AT_RISK},
    ClusterFilter.IN_SYNC: {FleetState.IN_SYNC},
    ClusterFilter.NOT_KNOWN: {FleetState.NOT_KNOWN},
    ClusterFilter.ATTENTION: {state for state in FleetState if state not in _SHAPES},
    ClusterFilter.ALL: set(FleetState),
}

_DOWN = {Power.STOPPED, Power.DEALLOCATED, Power.STOPPING, Power.DEALLOCATING}


def fleet_shape(state: FleetState) -> Shape:
    """The shape of the pill; whatever has no milder one is broken."""
    return _SHAPES.get(state, Shape.BROKEN)


def rank(state: FleetState) -> int:
    """0 for the worst."""
    return _ORDER[state]


def shows(wanted: ClusterFilter, state: FleetState) -> bool:
    """Whether the filter shows clusters in this state."""
    return state in _OF_FILTER[wanted]


@dataclass(frozen=True, slots=True)
class ClusterRow:
    """One row. `note` is the second line under the active member; `seen_at` and `since_at` are None for never.

    Ages are worked out when they are shown: a row is made anew only when something was read.
    """

    name: str
    group: str
    address: str
    is_lab: bool
    state: FleetState
    sentence: str
    active: str
    moving_to: str
    note: str
    note_shape: Shape | None
    since_at: datetime | None
    seen_at: datetime | None
    late: bool
    graceful: Shape
    forced: Shape

    def seen(self, wall: datetime) -> str:
        """How long ago the latest complete answer came."""
        return "never" if self.seen_at is None else age(max(0.0, (wall - self.seen_at).total_seconds()))

    def since(self, wall: datetime) -> str:
        """How long the state holds, as far as tgwizard saw."""
        return "–" if self.since_at is None else age((wall - self.since_at).total_seconds()).removesuffix(" ago")

    def turned_late(self, wall: datetime, pace_s: float) -> bool:
        """Whether the row has become out of date since it was made."""
        return not self.late and is_late(self.seen_at, wall, pace_s)

    def matches(self, text: str) -> bool:
        """Whether every word of `text` occurs in name, address, group, member or state."""
        whole = f"{self.name} {self.address} {self.group} {self.active} {self.state.value}".casefold()
        return all(word in whole for word in text.casefold().split())

    def spoken(self, wall: datetime) -> str:
        """The row as one sentence for assistive technology."""
        parts = [self.name, self.state.value, self.address, f"active {self.active}" if self.active else "", self.note]
        return ", ".join(part for part in (*parts, f"last seen {self.seen(wall)}") if part)


def is_late(seen_at: datetime | None, wall: datetime, pace_s: float) -> bool:
    """Whether an answer of that moment is too old to speak of now."""
    return seen_at is None or (wall - seen_at).total_seconds() > max(STALE_AFTER_S, _LATE_PACES * pace_s)


def _group(setup: ClusterSetup) -> str:
    groups = dict.fromkeys(member.nic.group for member in setup.members)
    return ", ".join(tame(group, 60) for group in groups)


def row_of(
    setup: ClusterSetup,
    snapshot: Snapshot | None,
    wall: datetime,
    *,
    moving_to: str = "",
    since: datetime | None = None,
    records: tuple[Record, ...] = (),
    pace_s: float = 0.0,
) -> ClusterRow:
    """The row of a cluster at `wall` (UTC). `moving_to` names the target of a run of ours."""
    if snapshot is None:
        return _last_known(setup, records)
    verdict = assess(snapshot)
    oldest = snapshot.oldest_nic_age_s()
    seen_at = None if oldest is None else snapshot.wall - timedelta(seconds=oldest)
    late = is_late(seen_at, wall, pace_s)
    state = FleetState.NOT_KNOWN if late else _state(snapshot, verdict)
    if moving_to:
        state = FleetState.MOVING
    place = snapshot.place
    active = place.member.name if place.member is not None and place.kind is PlaceKind.MEMBER else ""
    if moving_to:
        active = next(member.name for member in setup.members if member.name != moving_to)
    note, note_shape = _note(snapshot, state)
    graceful, forced = _ready(snapshot, state)
    return ClusterRow(
        setup.name,
        _group(setup),
        str(setup.address),
        setup.is_lab,
        state,
        verdict.sentence,
        active,
        moving_to,
        note,
        note_shape,
        since or _since(records, verdict),
        seen_at,
        late,
        graceful,
        forced,
    )


def _state(snapshot: Snapshot, verdict: Verdict) -> FleetState:
    if verdict.name is not VerdictName.IN_SYNC:
        return _OF_VERDICT[verdict.name]
    holder = snapshot.place.member
    if holder is None:
        return FleetState.IN_SYNC
    other = snapshot.setup.other(holder)
    if snapshot.seen(other).power in _DOWN:
        return FleetState.AT_RISK
    if readiness(snapshot, other, Verb.FORCED).state is ReadinessState.BLOCKED:
        return FleetState.BLOCKED
    return FleetState.IN_SYNC


def _note(snapshot: Snapshot, state: FleetState) -> tuple[str, Shape | None]:
    if state is FleetState.NOT_KNOWN:
        silent = next((seen.nic.problem for seen in snapshot.members if seen.nic.problem), None)
        return ("last known" if silent is None else tame(silent.what, 80)), None
    place = snapshot.place
    if state is FleetState.ON_NO_NIC:
        return "the address is missing", Shape.BROKEN
    if state is FleetState.TAKEN and place.stranger is not None:
        return f"Azure: {tame(place.stranger.name, 60)}", Shape.BROKEN
    down = next((seen for seen in snapshot.members if seen.power in _DOWN), None)
    if down is not None:
        return f"{down.member.name} is {down.power.value}", fleet_shape(state)
    return "", None


def _ready(snapshot: Snapshot, state: FleetState) -> tuple[Shape, Shape]:
    if state in {FleetState.NOT_KNOWN, FleetState.MOVING}:
        return Shape.WAITING, Shape.WAITING
    holder = snapshot.place.member
    target = snapshot.setup.members[1] if holder is None else snapshot.setup.other(holder)
    shapes = {
        ReadinessState.READY: Shape.GOOD,
        ReadinessState.AT_RISK: Shape.WARNING,
        ReadinessState.BLOCKED: Shape.BROKEN,
        ReadinessState.NOT_KNOWN: Shape.NOT_KNOWN,
    }
    graceful = readiness(snapshot, target, Verb.GRACEFUL).state
    forced = readiness(snapshot, target, Verb.FORCED)
    possible = forced.reason_against(unknown_stops=False) is None
    if graceful is ReadinessState.READY and possible:
        # While graceful would do, forced is possible and not advised: nothing to say yet.
        return Shape.GOOD, Shape.WAITING
    return shapes[graceful], Shape.GOOD if possible else shapes[forced.state]


def _since(records: tuple[Record, ...], verdict: Verdict) -> datetime | None:
    """When the present state began, as far as the journal goes: its records are newest first."""
    began: datetime | None = None
    for record in records:
        if isinstance(record, VerdictChanged):
            if record.verdict != verdict.name.value or record.sentence != verdict.sentence:
                break
            began = datetime.fromisoformat(record.at)
        elif isinstance(record, Ended) and record.outcome is Outcome.DONE:
            return datetime.fromisoformat(record.at)
    return began


def _last_known(setup: ClusterSetup, records: tuple[Record, ...]) -> ClusterRow:
    """Before the first answer: what the journal says, with its age; grey when it says nothing."""
    last = next((record for record in records if isinstance(record, VerdictChanged)), None)
    note = "reading Azure" if last is None else f"last known: {tame(last.sentence, 100)}"
    return ClusterRow(
        setup.name,
        _group(setup),
        str(setup.address),
        setup.is_lab,
        FleetState.NOT_KNOWN,
        note,
        "",
        "",
        note,
        None,
        None,
        None if last is None else datetime.fromisoformat(last.at),
        late=True,
        graceful=Shape.WAITING,
        forced=Shape.WAITING,
    )
