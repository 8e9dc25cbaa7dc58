"""The events of watching: what the monitor of a cluster reports, frozen and stamped as those of a failover are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tgwizard.model.event_base import Stamp
from tgwizard.model.problem import Problem
from tgwizard.model.snapshot import Snapshot
from tgwizard.model.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Observed:
    """The monitor looked: a whole new snapshot with its verdict."""

    stamp: Stamp
    cluster: str
    snapshot: Snapshot
    verdict: Verdict


class Source(Enum):
    """The monitor's sources, named as people know them."""

    FIRST_NIC = "first_nic"
    SECOND_NIC = "second_nic"
    FIRST_VM = "first_vm"
    SECOND_VM = "second_vm"
    OTHER_NICS = "other_nics"


@dataclass(frozen=True, slots=True)
class SourceLost:
    """A source stopped answering; the others go on."""

    stamp: Stamp
    cluster: str
    source: Source
    problem: Problem


@dataclass(frozen=True, slots=True)
class SourceBack:
    """A lost source answers again."""

    stamp: Stamp
    cluster: str
    source: Source


WatchEvent = Observed | SourceLost | SourceBack
"""What reading a cluster again and again says."""
