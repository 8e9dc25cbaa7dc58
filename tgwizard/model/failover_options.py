"""What a failover is to do: to whom, by which strategy, and which fence keeps the prior active off the address."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import assert_never

from tgwizard.model.change import Prediction
from tgwizard.model.cluster import Member, Verb
from tgwizard.model.cluster_setup import ClusterSetup


class Strategy(Enum):
    """The values are the words of the command line.

    ATOMIC is opt-in until it has been tried on Azure: AUTO never chooses it. GUIDED writes nothing: the user presses
    Make Active in the Trustgrid portal, and the run watches what the members do.
    """

    AUTO = "auto"
    DETACH_ATTACH = "detach-attach"
    ATOMIC = "atomic"
    GUIDED = "guided"


def resolve_strategy(strategy: Strategy, setup: ClusterSetup, verb: Verb) -> Strategy:
    """What AUTO stands for: on a live Trustgrid pair graceful is guided, because Trustgrid decides who is active.

    ATOMIC is never chosen by AUTO: it is opt-in until it has been tried on Azure (engine/README.md 1.10).
    """
    if strategy is not Strategy.AUTO:
        return strategy
    return Strategy.GUIDED if verb is Verb.GRACEFUL and not setup.is_lab else Strategy.DETACH_ATTACH


class Fence(Enum):
    """The choices of a forced failover (engine/README.md 1.11). The values are the words of the command line."""

    NONE = "none"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class FenceRequest:
    """What the user chose. ``optional``: the failover goes on although the VM could not be stopped."""

    choice: Fence = Fence.NONE
    optional: bool = False

    @property
    def stops(self) -> bool:
        """Whether the VM is to be stopped."""
        match self.choice:
            case Fence.NONE:
                return False
            case Fence.STOP:
                return True
            case _:
                assert_never(self.choice)


NO_FENCE = FenceRequest()
"""Nothing keeps the prior active from coming back."""


class PartOfRun(Enum):
    """What of a failover one run carries out. WHOLE is a person's; the others are those of a member for itself.

    TAKE removes the address from the peer and creates it; RELEASE removes it for a peer that is ready, GAIN creates it
    after that, CLAIM where nobody holds it. A member never creates it a second time: one that was gone again was taken
    away by somebody (engine/README.md 6.3).
    """

    WHOLE = "whole"
    TAKE = "take"
    RELEASE = "release"
    GAIN = "gain"
    CLAIM = "claim"


@dataclass(frozen=True, slots=True)
class RunIntent:
    """What one run is to do, decided once at its door and handed to plan, checks, record and loop.

    ``strategy`` is never AUTO, and only a forced run has a ``fence``. ``to_dead_machine``: the consent that the address
    goes to a member that cannot serve it. ``asked_for``: the member that a resume was told to bring the address to;
    None where nobody was named.
    """

    to: Member
    verb: Verb
    strategy: Strategy = Strategy.DETACH_ATTACH
    fence: FenceRequest = NO_FENCE
    to_dead_machine: bool = False
    asked_for: Member | None = None
    part: PartOfRun = PartOfRun.WHOLE


class StopMethod(Enum):
    """The two ways to stop a VM; the values are ARM's words for them."""

    POWER_OFF = "powerOff"
    DEALLOCATE = "deallocate"

    @property
    def action(self) -> str:
        """The right that it needs on the VM."""
        return f"Microsoft.Compute/virtualMachines/{self.value}/action"

    @property
    def predicted(self) -> Prediction:
        """Recorded durations (azure/README.md 1.3): 80 times powerOff, 159 times deallocate."""
        if self is StopMethod.POWER_OFF:
            return Prediction(10.0, 36.0, "median and slowest of 80 recorded stops")
        return Prediction(41.0, 1406.0, "median and slowest of 159 recorded deallocations")
