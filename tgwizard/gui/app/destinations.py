"""Where a window may go on in place of Azure as it was opened: to a lab, to practise, or to another cloud."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Practice(Enum):
    """What can be practised without Azure; the value is the scenario of the lab that it begins with."""

    SET_UP = "fresh"
    FAILOVER = "ready"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a window goes on: to practise in a lab, or in another cloud of Azure (its name, or its ARM endpoint).

    Neither: back to where it was before it practised.
    """

    practice: Practice | None = None
    cloud: str | None = None
