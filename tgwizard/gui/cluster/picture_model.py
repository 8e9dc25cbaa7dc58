"""What the cluster picture shows, as plain values: made by `cluster_view_model`, painted by `cluster_picture`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tgwizard.gui.style.state_shapes import Shape


@dataclass(frozen=True, slots=True)
class FactShown:
    """A value with an optional state shape before it."""

    value: str
    shape: Shape | None = None


@dataclass(frozen=True, slots=True)
class MemberShown:
    """One member card."""

    name: str
    role: FactShown
    power: FactShown
    nic: FactShown
    own_address: FactShown
    provisioning: FactShown
    health: FactShown

    @property
    def spoken(self) -> str:
        """The card as one sentence for assistive technology (gui/README.md 13)."""
        return (
            f"{self.role.value}, VM {self.power.value}, NIC {self.nic.value}, own IP {self.own_address.value}, "
            f"{self.provisioning.value}, health {self.health.value}"
        )


HOLDER = FactShown("Holder", Shape.ACTIVE)
"""The badge of the member whose NIC lists the address. Who is active in Trustgrid is another fact."""

NOT_HOLDER = FactShown("No address", Shape.STANDBY)
HOLDER_NOT_KNOWN = FactShown("Not known", Shape.NOT_KNOWN)


class Dock(Enum):
    """What is at a member's dock; the value is what is written there when the pill is not."""

    HOLDS = "holds the address"
    WOULD_DOCK = "would dock here"
    RELEASING = "releasing"
    DETACHED = "detached"
    ATTACHING = "attaching"
    NOT_KNOWN = "not known"


class PillState(Enum):
    """How the pill of the floating IP is drawn."""

    HELD = "filled"
    MOVING = "dashed, moving"
    NO_NIC = "dashed, on no NIC"
    NOT_KNOWN = "dashed, not known"


@dataclass(frozen=True, slots=True)
class PillShown:
    """The pill: its state, and where it is. ``at`` is 0.0 at the first member's dock and 1.0 at the second's.

    Between the docks the pill is in the gap; it never touches a dock there (gui/README.md 8).
    """

    state: PillState
    at: float
    spoken: str


@dataclass(frozen=True, slots=True)
class PictureShown:
    """Everything on the picture of one cluster."""

    subnet: str
    subnet_range: str
    network: str
    cluster: str
    address: str
    verdict: str
    members: tuple[MemberShown, MemberShown]
    docks: tuple[Dock, Dock]
    pill: PillShown
    heartbeat: FactShown
