"""What nobody has seen of Azure's network interfaces, or what differs between clouds, as switches.

So that a lab can be either.
"""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class NicOptions:
    """How a lab's network interfaces behave; the words of `PATCH /lab {"nic": {...}}`."""

    heeds_if_match: bool = True
    """A PUT or DELETE that is bound to another version is refused with 412; else it is carried out."""
    regional_fits_zone: bool = True
    """A public address of the SKU Standard that is in no zone may serve a VM in a zone [?]."""
    several_balancers: bool = False
    """A network interface may be behind several load balancers of one kind, internal or public [?]."""

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the switches' names."""
        return tuple(item.name for item in fields(cls))
