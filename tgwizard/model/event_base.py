"""What the events of every job share: when it happened, and how a job ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Outcome(Enum):
    """How a job ended (engine/README.md 1.6).

    Refused: by a check, before the first write. Cancelled: as the user asked; a failover leaves the address
    where it was.
    """

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"
    YIELDED = "yielded"


@dataclass(frozen=True, slots=True)
class Stamp:
    """When something happened: UTC, and seconds on the Clock's monotonic scale."""

    at: datetime
    clock_s: float
