"""``Answers``: what the wizard, or the command line, has been told so far. Immutable; every step replaces it whole.

An answer is None (or its default) until it was given; what discovery can find is suggested, never asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address

from tgwizard.model.cluster import ResourceId
from tgwizard.model.inventory import Caller, SubscriptionSeen
from tgwizard.model.role import DEFAULT_ROLE_NAME


class SetupStep(Enum):
    """The steps, in order; the values are the words of the step list."""

    SIGN_IN = "Sign in"
    SUBSCRIPTION = "Subscription"
    MACHINES = "Machines"
    INTERFACE = "Network interface"
    FLOATING_IP = "Floating IP"
    ROLE = "Role"
    SCOPE = "Scope and identities"
    REVIEW = "Review"
    APPLY = "Apply"
    VERIFY = "Verify"


class RoleUse(Enum):
    """Where the role comes from."""

    NEW = "new"
    REUSE = "reuse"
    UPDATE = "update"
    NETWORK_CONTRIBUTOR = "network_contributor"


@dataclass(frozen=True, slots=True)
class RoleAnswer:
    """Which role. ``guid``: of the existing one (REUSE, UPDATE). ``extra``: actions added on purpose for this topology.

    ``declined``: actions that this topology needs and that were left out on purpose. ``name`` counts for NEW only: it
    is unique in the tenant. ``kept``: as the cluster file says, which may no longer be so: the role may be gone.
    ``dropped``: assignable scopes that an existing role is to lose, because Azure refuses them.
    """

    use: RoleUse = RoleUse.NEW
    name: str = DEFAULT_ROLE_NAME
    guid: str = ""
    extra: tuple[str, ...] = ()
    declined: tuple[str, ...] = ()
    kept: bool = False
    dropped: tuple[str, ...] = ()


class Placement(Enum):
    """Who creates the first Azure IP Configuration: tgwizard at the end of apply, or the appliance by itself."""

    NOW = "now"
    BY_APPLIANCE = "by_appliance"


@dataclass(frozen=True, slots=True)
class Mistyped:
    """A text that stands in a field which cannot take it. ``key``: of the field."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Answers:
    """Everything answered so far. The first machine is the one meant to be active."""

    cloud: str = ""
    caller: Caller | None = None
    subscription: SubscriptionSeen | None = None
    machines: tuple[ResourceId, ResourceId] | None = None
    nics: tuple[ResourceId, ResourceId] | None = None
    name: str = ""
    address: IPv4Address | None = None
    role: RoleAnswer | None = None
    whole_subscription: bool = False
    narrowed: tuple[str, ...] = ()
    """Scopes that the user took out of the computed ones; the review says what then fails."""
    placement: Placement = Placement.NOW
    ip_configuration: str = "tg-floating"
    remove_stale: bool = False
    """Whether assignments whose identity is gone (a rebuilt machine's) are removed; never without being asked for."""
    mistyped: tuple[Mistyped, ...] = ()
    """What was typed and is no answer; the answers before it stay, and nobody goes on with them."""
