"""The strategies of a failover: how the address gets from one interface to the other (engine/README.md 1.10)."""

from __future__ import annotations

from enum import Enum


class Strategy(Enum):
    """The values are the words of the command line.

    ATOMIC is opt-in until it has been tried on Azure: AUTO never chooses it. GUIDED writes nothing: the user presses
    Make Active in the Trustgrid portal, and the run watches what the members do.
    """

    AUTO = "auto"
    DETACH_ATTACH = "detach-attach"
    ATOMIC = "atomic"
    GUIDED = "guided"
