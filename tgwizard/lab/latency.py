"""How long the lab's long-running operations take."""

from __future__ import annotations

import random
from enum import Enum

FAST_S = 4.0
DRAWN_S = (2.0, 9.0)


class Latency(Enum):
    """The latency model of a lab; the values are the words of the command line."""

    INSTANT = "instant"
    """Finished as soon as anyone looks; an attached NIC still answers `Updating` first."""
    FAST = "fast"
    """4 s for every operation."""
    DRAWN = "drawn"
    """2 to 9 s each, drawn from the lab's seed and the operation's number, so that copies draw alike."""

    def seconds(self, seed: int, number: int) -> float:
        """Return the duration of the lab's operation with this running number, in seconds."""
        match self:
            case Latency.INSTANT:
                return 0.0
            case Latency.FAST:
                return FAST_S
            case Latency.DRAWN:
                return random.Random(f"{seed}:{number}").uniform(*DRAWN_S)  # noqa: S311 - a duration, no secret
