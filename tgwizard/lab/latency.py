"""How long the lab's long-running operations take."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from enum import Enum

FAST_S = 4.0
DRAWN_S = (2.0, 9.0)


@dataclass(frozen=True, slots=True)
class Recorded:
    """The recorded durations of one kind of operation, in seconds, as a log-normal curve with its ends cut off."""

    least: float
    median: float
    most: float
    spread: float
    """The standard deviation of the logarithm."""
    tail: float = 0.0
    """The share of operations that take far longer, up to `tail_most`."""
    tail_most: float = 0.0

    def draw(self, dice: random.Random) -> float:
        """Return one duration."""
        usual = dice.lognormvariate(math.log(self.median), self.spread)
        if dice.random() < self.tail:
            return dice.uniform(self.most, self.tail_most)
        return min(max(usual, self.least), self.most)


class Latency(Enum):
    """The latency model of a lab; the values are the words of the command line."""

    INSTANT = "instant"
    """Finished as soon as anyone looks; an attached NIC still answers `Updating` first."""
    FAST = "fast"
    """4 s for every operation."""
    DRAWN = "drawn"
    """2 to 9 s each, drawn from the lab's seed and the operation's number, so that copies draw alike."""
    AZURE = "azure"
    """Drawn like that from what was recorded on Azure for this kind of operation."""

    def seconds(self, seed: int, number: int, recorded: Recorded) -> float:
        """Return the duration of the lab's operation with this running number, in seconds."""
        match self:
            case Latency.INSTANT:
                return 0.0
            case Latency.FAST:
                return FAST_S
            case Latency.DRAWN:
                return random.Random(f"{seed}:{number}").uniform(*DRAWN_S)  # noqa: S311 - a duration, no secret
            case Latency.AZURE:
                return recorded.draw(random.Random(f"{seed}:{number}"))  # noqa: S311 - a duration, no secret
