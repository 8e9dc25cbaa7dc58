"""What one row of the table of clusters says, worked out from what a session knows. Pure functions, no widgets.

The fleet's states merge verdict and readiness, worst first (gui/README.md 3); the table sorts in that order.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from tgwizard.engine.runs.records import Record, RunEndRecord, VerdictChanged
from tgwizard.gui.cluster.cluster_view_model import advice_shape, state_shape
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.model.cluster_readiness import ClusterReadiness, ClusterState
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.event_base import Outcome
from tgwizard.model.finding import ReadinessState
from tgwizard.model.settings import ClusterFilter
from tgwizard.model.snapshot import STALE_AFTER_S, LocationKind, Snapshot
from tgwizard.model.text import format_age, format_utc, sanitize
from tgwizard.model.verdict import Verdict

_LATE_PACES = 3
"""A reading older than so many turns of the fleet is out of date."""


class FleetState(Enum):
    """The states of the table, worst first, as the engine orders them; the value is the word in the pill."""

    ON_NO_NIC = "On no NIC"
    FOREIGN_NIC = "Taken"
    TWO_ACTIVE = "Two active"
    NO_ACTIVE = "No active"
    WRONG_HOLDER = "Wrong holder"
    MEMBER_DOWN = "Member down"
    BLOCKED = "Blocked"
    AT_RISK = "At risk"
    MOVING = "Moving"
    NOT_KNOWN = "Not known"
    IN_SYNC = "In sync"


_ORDER = {state: rank for rank, state in enumerate(FleetState)}

_OF_FILTER = {
    ClusterFilter.MOVING: {FleetState.MOVING},
    ClusterFilter.AT_RISK: {FleetState.AT_RISK},
    ClusterFilter.IN_SYNC: {FleetState.IN_SYNC},
    ClusterFilter.NOT_KNOWN: {FleetState.NOT_KNOWN},
    ClusterFilter.ATTENTION: {state for state in FleetState if state_shape(ClusterState[state.name]) is Shape.BROKEN},
    ClusterFilter.ALL: set(FleetState),
}


def fleet_shape(state: FleetState) -> Shape:
    """The shape of the pill."""
    return state_shape(ClusterState[state.name])


def rank(state: FleetState) -> int:
    """0 for the worst."""
    return _ORDER[state]


def shows(wanted: ClusterFilter, state: FleetState) -> bool:
    """Whether the filter shows clusters in this state."""
    return state in _OF_FILTER[wanted]


@dataclass(frozen=True, slots=True)
class FleetRow:
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
    ready: str = ""
    """Both verbs in words, and whether anybody was asked about rights."""
    rights_asked: bool = False
    pinned: bool = False
    """Whether it stands above the others, however the table is sorted."""

    def seen(self, wall: datetime) -> str:
        """How long ago the latest complete answer came."""
        return "never" if self.seen_at is None else format_age(max(0.0, (wall - self.seen_at).total_seconds()))

    def since(self, wall: datetime) -> str:
        """How long the state holds, as far as tgwizard saw."""
        return "–" if self.since_at is None else format_age((wall - self.since_at).total_seconds()).removesuffix(" ago")

    def turned_late(self, wall: datetime, pace_s: float) -> bool:
        """Whether the row has become out of date since it was made."""
        return not self.late and is_late(self.seen_at, wall, pace_s)

    def matches(self, text: str) -> bool:
        """Whether every word of `text` occurs in name, address, group, member or state."""
        pinned = "pinned" if self.pinned else ""
        whole = f"{self.name} {self.address} {self.group} {self.active} {self.state.value} {pinned}".casefold()
        return all(word in whole for word in text.casefold().split())

    def spoken(self, wall: datetime) -> str:
        """The row as one sentence for assistive technology."""
        pinned = "pinned" if self.pinned else ""
        parts = [
            self.name,
            pinned,
            self.state.value,
            self.address,
            f"active {self.active}" if self.active else "",
            self.note,
        ]
        return ", ".join(part for part in (*parts, f"last seen {self.seen(wall)}") if part)


def is_late(seen_at: datetime | None, wall: datetime, pace_s: float) -> bool:
    """Whether an answer of that moment is too old to speak of now."""
    return seen_at is None or (wall - seen_at).total_seconds() > max(STALE_AFTER_S, _LATE_PACES * pace_s)


def _group(setup: ClusterSetup) -> str:
    groups = dict.fromkeys(member.nic.group for member in setup.members)
    return ", ".join(sanitize(group, 60) for group in groups)


def row_of(
    setup: ClusterSetup,
    snapshot: Snapshot | None,
    found: ClusterReadiness | None,
    wall: datetime,
    *,
    moving_to: str = "",
    since: datetime | None = None,
    records: tuple[Record, ...] = (),
    pace_s: float = 0.0,
) -> FleetRow:
    """The row of a cluster at `wall` (UTC); `found`: what the engine says of it. `moving_to`: our run goes there."""
    if snapshot is None or found is None:
        return _last_known(setup, records)
    oldest = snapshot.oldest_nic_age_s()
    seen_at = None if oldest is None else snapshot.wall - timedelta(seconds=oldest)
    state = FleetState.MOVING if moving_to else FleetState[found.state.name]
    place = snapshot.place
    active = place.member.name if place.member is not None and place.kind is LocationKind.MEMBER else ""
    if moving_to:
        active = next(member.name for member in setup.members if member.name != moving_to)
    note, note_shape = _note(snapshot, found, state)
    graceful, forced = _ready(found, state)
    return FleetRow(
        setup.name,
        _group(setup),
        str(setup.address),
        setup.is_lab,
        state,
        found.sentence,
        active,
        moving_to,
        note,
        note_shape,
        since or _since(records, found.verdict),
        seen_at,
        found.stale or is_late(seen_at, wall, pace_s),
        graceful,
        forced,
        _ready_words(found),
        found.graceful.rights_age_s is not None,
    )


def _note(snapshot: Snapshot, found: ClusterReadiness, state: FleetState) -> tuple[str, Shape | None]:
    if state is FleetState.NOT_KNOWN:
        silent = next((seen.nic.problem for seen in snapshot.members if seen.nic.problem), None)
        return ("last known" if silent is None else sanitize(silent.what, 80)), None
    place = snapshot.place
    if state is FleetState.ON_NO_NIC:
        return "the address is missing", Shape.BROKEN
    if state is FleetState.FOREIGN_NIC and place.foreign_nic is not None:
        return f"Azure: {sanitize(place.foreign_nic.name, 60)}", Shape.BROKEN
    down = next((seen for seen in snapshot.members if seen.outage), None)
    if down is not None:
        return down.outage, fleet_shape(state)
    if state in {FleetState.BLOCKED, FleetState.AT_RISK}:
        return sanitize(found.graceful.why or found.forced.why, 80), fleet_shape(state)
    return "", None


def _ready(found: ClusterReadiness, state: FleetState) -> tuple[Shape, Shape]:
    if state is FleetState.MOVING:
        return Shape.WAITING, Shape.WAITING
    graceful, forced = found.graceful, found.forced
    if graceful.state is ReadinessState.READY and forced.possible and not forced.recommended:
        # While graceful would do, forced is possible and not advised: nothing to say yet.
        return Shape.GOOD, Shape.WAITING
    return advice_shape(graceful.advice), advice_shape(forced.advice)


def _ready_words(found: ClusterReadiness) -> str:
    told = [f"{verb.verb.value.capitalize()}: {verb.headline}" for verb in (found.graceful, found.forced)]
    if found.graceful.rights_age_s is None:
        told.append("Rights not asked")
    return ". ".join(f"{part[:1].upper()}{part[1:]}" for part in told) + "."


def _since(records: tuple[Record, ...], verdict: Verdict) -> datetime | None:
    """When the present state began, as far as the journal goes: its records are newest first."""
    began: datetime | None = None
    for record in records:
        if isinstance(record, VerdictChanged):
            if record.verdict != verdict.name.value or record.sentence != verdict.sentence:
                break
            began = datetime.fromisoformat(record.at)
        elif isinstance(record, RunEndRecord) and record.outcome is Outcome.DONE:
            return datetime.fromisoformat(record.at)
    return began


def _last_known(setup: ClusterSetup, records: tuple[Record, ...]) -> FleetRow:
    """Before the first answer: what the journal says, with its age; grey when it says nothing."""
    last = next((record for record in records if isinstance(record, VerdictChanged)), None)
    note = "reading Azure" if last is None else f"last known: {sanitize(last.sentence, 100)}"
    return FleetRow(
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


EXPORTED = ("cluster", "state", "sentence", "floating_ip", "active", "group", "since", "last_seen", "ready")
"""What an export has of each row, in the order of `exported`."""


def exported(row: FleetRow) -> tuple[str, ...]:
    """A row for other programs; times as UTC, empty for what is not known."""
    since, seen = (format_utc(moment) if moment is not None else "" for moment in (row.since_at, row.seen_at))
    active = row.moving_to or row.active
    return row.name, row.state.value, row.sentence, row.address, active, row.group, since, seen, row.ready
