"""What the member agent needs from outside: the line to its peer, health checks, and somewhere to run a failover."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from tgwizard.engine.members.member_report import MemberReport
from tgwizard.model.failover_events import Finished


@dataclass(frozen=True, slots=True)
class HeardPeer:
    """What was heard. ``counted_at``: the last frame that counted, on the Clock's monotonic scale.

    ``neutral_at``: the last of those whose sender heard us, and neither held nor took the address: a proof that it will
    not take it for a lease. ``incoming``, ``outgoing``: whether that direction's connection has spoken within three
    intervals. ``bye``: the peer said that it stops, and why. ``refused``: what ended connections, by kind.
    """

    report: MemberReport | None = None
    counted_at: float | None = None
    neutral_at: float | None = None
    incoming: bool = False
    outgoing: bool = False
    bye: str = ""
    refused: tuple[tuple[str, int], ...] = ()


class PeerLink(Protocol):
    """The heartbeat, as the agent sees it. It never waits."""

    @property
    def heard(self) -> HeardPeer:
        """What was heard up to now."""

    def tell(self, report: MemberReport) -> None:
        """What the peer is to hear from now on."""


class HealthCondition(Enum):
    """Why a member is unfit to hold the address. The values are the words of status and frames.

    A lost heartbeat is none of them: who does not hear its peer is fit, and takes the address from it.
    """

    INTERFACE_DOWN = "interface_down"
    UPSTREAM_LOST = "upstream_lost"
    NO_DHCP_LEASE = "no_dhcp_lease"


@dataclass(frozen=True, slots=True)
class HealthFinding:
    """A condition that holds, on what, in words for the log."""

    condition: HealthCondition
    detail: str


class HealthCheck(Protocol):
    """One kind of health condition. It answers at once, from what it last saw."""

    def findings(self) -> tuple[HealthFinding, ...]:
        """The conditions that hold now."""


class RunSlot(Protocol):
    """Where the agent's one run goes on while the agent itself turns."""

    def start(self, run: Callable[[], Finished]) -> None:
        """Begin; the slot must be free."""

    def take(self) -> Finished | None:
        """The end of the run, once; None while there is none. Raises what the run itself broke off with."""
