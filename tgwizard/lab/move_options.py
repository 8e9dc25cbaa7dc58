"""What nobody has seen of Azure's ``moveIpConfigurations`` yet, as switches, so that a lab can be either.

Known is the interface alone: a POST on the virtual network with pairs of configuration ids, 202, an operation
(azure/README.md 2.7). Every field below is a question that only a try on Azure answers [?].
"""

from __future__ import annotations

from dataclasses import dataclass, fields

FEATURE = "AllowMoveIpConfigurations"
"""The preview feature of `Microsoft.Network` that the subscription must have registered, as one sample says [?]."""


@dataclass(frozen=True, slots=True)
class MoveOptions:
    """How a lab's move behaves; the words of `PATCH /lab {"move": {...}}`."""

    registered: bool = True
    """The subscription has the feature registered."""
    needs_nic_write: bool = True
    """It needs `networkInterfaces/write` on both interfaces and the joins of what they refer to, as a PUT does."""
    carries: bool = True
    """Public IP, pools and NAT rules travel; else they are dropped."""
    target_groups: bool = True
    """The configuration takes the application security groups of its new interface; else it keeps its old ones."""
    shows_at_once: bool = False
    """Both interfaces show the new content, `Updating`, from the acceptance on; else only at the end."""
    dead_source: bool = True
    """It works while the VM of the source does not run; else its operation fails."""

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the switches' names."""
        return tuple(item.name for item in fields(cls))
