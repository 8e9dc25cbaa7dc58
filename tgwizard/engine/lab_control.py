"""What window and commands ask of a running lab beyond Azure: scenario, latency, faults, power switches, the truth.

The words (scenarios, latencies, overlaps, rules) are the lab's own and are passed on as they are: a lab may run in
another program of another version, and says itself which it knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class LabStatus:
    """A lab's settings, each with the words that it knows."""

    scenario: str
    scenarios: tuple[str, ...]
    latency: str
    latencies: tuple[str, ...]
    overlap: str
    overlaps: tuple[str, ...]
    page_size: int
    """How many resources a page of a list holds; 0: all of them."""
    clusters: int
    faults: int
    cloud: str
    at: datetime
    """The lab's time."""
    propagation: str = ""
    """How long new rights and principals take to arrive; empty: a lab of a version that does not say."""
    propagations: tuple[str, ...] = ()
    flicker: bool = False
    """Whether lists of roles and assignments go back and forth for a while after a change."""
    sign_in_code: str = ""
    """What a sign-in page asks for that was not opened by this program; empty: a lab of a version that asks nothing."""
    epoch: int = 1
    """Which world the lab is in: one more each time a scenario replaced all of it, whoever asked for that.

    The cluster files in the lab's folder are those of the new world before the answer to `use_scenario` comes; whoever
    sees another epoch than before reads them again and forgets what it knew.
    """


@dataclass(frozen=True, slots=True)
class FaultSeen:
    """A fault rule of a lab: what it counts, what the struck requests meet, and how often it did so far."""

    id: str
    name: str
    match: Mapping[str, Any]
    effect: Mapping[str, Any]
    seen: int
    struck: int

    @property
    def sentence(self) -> str:
        """The rule in one line."""
        parts = [f"{key} {value}" for key, value in self.match.items() if value not in _PLAIN.get(key, ("", None))]
        details = [f"{key} {value}" for key, value in self.effect.items() if key != "kind"]
        effect = str(self.effect.get("kind", "?")) + (f" ({', '.join(details)})" if details else "")
        return f"{effect} for {', '.join(parts) if parts else 'every request'}"


_PLAIN: dict[str, tuple[object, ...]] = {
    "nth": (1,),
    "every": (1,),
    "probability": (1, 1.0),
    "seed": (0,),
    "from_s": (0, 0.0),
}
"""The values of a rule that say nothing."""


@dataclass(frozen=True, slots=True)
class VmPowerSeen:
    """A VM of the lab and its power state, in Azure's word."""

    name: str
    id: str
    power: str


@dataclass(frozen=True, slots=True)
class HoldingSeen:
    """The lab's truth: a NIC held an address from when to when (None: it still does)."""

    address: str
    nic: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class RequestSeen:
    """One request the lab has met. `status` is None when the client got no answer."""

    at: datetime
    method: str
    path: str
    status: int | None
    caller: str
    action: str
    decision: str
    rules: tuple[str, ...]
    took_s: float


ANOTHER_LAB = "another-lab"
"""The problem of a folder in which another lab runs than the one that a program works on."""


@dataclass(frozen=True, slots=True)
class LabRun:
    """One life of a lab, from its start to its end: equal while it is the same program at the same address."""

    address: str
    """Where its Azure Resource Manager answers."""
    pid: int


class LabLink(Protocol):
    """What keeps a program at a lab that another one holds. Both calls take a while."""

    def look(self) -> LabRun:
        """Where the lab runs now; everything is asked there from then on. UserError when none does."""
        ...

    def start(self) -> LabRun:
        """Start it here from its saved world, unless it runs. UserError when that fails."""
        ...


class LabControl(Protocol):
    """A running lab's controls. Every call raises UserError with the lab's own reason when it is turned down."""

    def state(self) -> LabStatus:
        """The settings."""

    def use_scenario(self, name: str, *, clusters: int | None = None) -> LabStatus:
        """Replace the lab's whole world; fault rules go with it. `clusters`: how many a fleet has."""

    def set_latency(self, word: str) -> LabStatus:
        """How long operations take from now on."""

    def set_overlap(self, word: str) -> LabStatus:
        """What a second write meets while the first one is running."""

    def set_propagation(self, word: str, *, flicker: bool | None = None) -> LabStatus:
        """How long new rights take to arrive from now on, and whether lists flicker meanwhile (None: as before)."""

    def faults(self) -> tuple[FaultSeen, ...]:
        """The fault rules, oldest first."""

    def add_fault(self, rule: Mapping[str, Any]) -> FaultSeen:
        """Add a rule, spelled as in a scenario file: name, match, effect."""

    def clear_faults(self, rule: str | None = None) -> None:
        """Remove one rule by id or name, or all of them."""

    def vms(self) -> tuple[VmPowerSeen, ...]:
        """Every VM with its power state."""

    def switch(self, vm: str, *, on: bool) -> VmPowerSeen:
        """Pull a VM's plug or put it in, by name or full id: at once, without Azure's knowledge of why."""

    def data_plane(self, address: str | None = None) -> tuple[HoldingSeen, ...]:
        """Who has held the address, or any address, when."""

    def requests(self, limit: int = 200) -> tuple[RequestSeen, ...]:
        """The last requests, oldest first."""

    def close(self) -> None:
        """Close the connection; the lab goes on."""
