"""Roles and their assignments as Azure keeps them, and the ten actions of Trustgrid's role with the reason for each.

New roles and assignments get computed GUIDs, so that a second or resumed run names the same ones.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from tgwizard.model.cluster import ResourceId
from tgwizard.model.permission import PermissionSet, reaches, scope_in_words

NETWORK_CONTRIBUTOR = "4d97b98b-1d4f-4787-a291-c67834d212e7"
"""The GUID of the built-in role that Trustgrid offers instead; it cannot read machines (engine/README.md 5.6)."""

WRITE_ROLE = "Microsoft.Authorization/roleDefinitions/write"
WRITE_ASSIGNMENT = "Microsoft.Authorization/roleAssignments/write"
GIVES_A_RIGHT = f"{WRITE_ROLE} or {WRITE_ASSIGNMENT}"
"""What an administrator needs to add an action to a role, or to assign one that has it."""

DEFAULT_ROLE_NAME = "tg-cluster-ip-failover"
DEFAULT_ROLE_DESCRIPTION = "Manage Trustgrid Cluster IP Failover"
"""Name and description of the role that Trustgrid documents (engine/README.md 5.6)."""

LONGEST_ROLE_NAME = 512
"""Characters; the name is unique in the whole tenant (azure/README.md 3.1)."""


class RoleKind(Enum):
    """Azure's word for who made the role."""

    CUSTOM = "CustomRole"
    BUILT_IN = "BuiltInRole"


@dataclass(frozen=True, slots=True)
class RolePermission:
    """One permission block of a role definition, data actions included, so that an update never loses any."""

    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()

    @property
    def control(self) -> PermissionSet:
        """What counts for control-plane calls."""
        return PermissionSet(self.actions, self.not_actions)


@dataclass(frozen=True, slots=True)
class RoleDefinition:
    """A role. ``guid`` is its name in ids; ``assignable_scopes`` as Azure spells them."""

    guid: str
    name: str
    description: str
    kind: RoleKind
    permissions: tuple[RolePermission, ...]
    assignable_scopes: tuple[str, ...]
    id: str = ""
    """The full id as Azure gave it; empty for a role that is not there yet."""

    @property
    def actions(self) -> tuple[str, ...]:
        """Every action named, over all blocks."""
        return tuple(action for block in self.permissions for action in block.actions)

    @property
    def held(self) -> tuple[PermissionSet, ...]:
        """What the role grants, block by block, for ``permission.allows``."""
        return tuple(block.control for block in self.permissions)


class PrincipalKind(Enum):
    """Azure's principalType of an assignment."""

    USER = "User"
    GROUP = "Group"
    SERVICE_PRINCIPAL = "ServicePrincipal"
    OTHER = "Other"


@dataclass(frozen=True, slots=True)
class RoleAssignment:
    """Who holds which role from which scope downwards. ``guid`` is its name; ``role_guid`` lower case."""

    guid: str
    scope: str
    role_guid: str
    principal_id: str
    principal_kind: PrincipalKind = PrincipalKind.OTHER
    condition: str = ""
    created_on: datetime | None = None
    id: str = ""


_NO_CHANGE = ("/read", "/join/action", "/joinipconfiguration/action")


class LockLevel(Enum):
    """What a management lock stops: deleting, or every write."""

    CAN_NOT_DELETE = "CanNotDelete"
    READ_ONLY = "ReadOnly"


@dataclass(frozen=True, slots=True)
class LockSeen:
    """A management lock and the scope it stands on."""

    name: str
    level: LockLevel
    scope: str
    notes: str = ""

    def stops(self, action: str, scope: str) -> bool:
        """Whether it stops an action on what lies at ``scope``: where it stands and everywhere below.

        A read-only lock stops all but reading, the other one deletions. To join a thing is no change of it.
        """
        lowered = action.lower()
        if lowered.endswith(_NO_CHANGE) or not reaches(self.scope, scope):
            return False
        return self.level is LockLevel.READ_ONLY or lowered.endswith("/delete")

    @property
    def place(self) -> str:
        """Where it stands, for people."""
        return scope_in_words(self.scope)


@dataclass(frozen=True, slots=True)
class NeededAction:
    """One action of Trustgrid's role and what a failover needs it for."""

    action: str
    why: str


_NETWORK = "Microsoft.Network"

TEN_ACTIONS = (
    NeededAction(f"{_NETWORK}/networkInterfaces/read", "see which interface holds the address"),
    NeededAction(f"{_NETWORK}/networkInterfaces/write", "remove it from one interface, add it to the other"),
    NeededAction(f"{_NETWORK}/networkInterfaces/ipconfigurations/read", "read the Azure IP Configuration itself"),
    NeededAction(f"{_NETWORK}/networkInterfaces/ipconfigurations/join/action", "attach the configuration"),
    NeededAction(f"{_NETWORK}/networkSecurityGroups/join/action", "keep the security group on the interface"),
    NeededAction(f"{_NETWORK}/virtualNetworks/read", "find the network the subnet belongs to"),
    NeededAction(f"{_NETWORK}/virtualNetworks/subnets/read", "check that the address fits the subnet"),
    NeededAction("Microsoft.Compute/virtualMachines/read", "find its own interface and its peer's"),
    NeededAction(f"{_NETWORK}/virtualNetworks/subnets/join/action", "take an address from the subnet"),
    NeededAction(
        f"{_NETWORK}/applicationSecurityGroups/joinIpConfiguration/action", "keep the application security groups"
    ),
)
"""The ten actions, in Trustgrid's order."""

LINKED_ACTIONS = {
    "microsoft.network/virtualnetworks/subnets": f"{_NETWORK}/virtualNetworks/subnets/join/action",
    "microsoft.network/networksecuritygroups": f"{_NETWORK}/networkSecurityGroups/join/action",
    "microsoft.network/publicipaddresses": f"{_NETWORK}/publicIPAddresses/join/action",
    "microsoft.network/applicationsecuritygroups": f"{_NETWORK}/applicationSecurityGroups/joinIpConfiguration/action",
    "microsoft.network/loadbalancers/backendaddresspools": (
        f"{_NETWORK}/loadBalancers/backendAddressPools/join/action"
    ),
    "microsoft.network/loadbalancers/inboundnatrules": f"{_NETWORK}/loadBalancers/inboundNatRules/join/action",
    "microsoft.network/applicationgateways/backendaddresspools": (
        f"{_NETWORK}/applicationGateways/backendAddressPools/join/action"
    ),
    "microsoft.network/loadbalancers/frontendipconfigurations": (
        f"{_NETWORK}/loadBalancers/frontendIPConfigurations/join/action"
    ),
    "microsoft.network/virtualnetworktaps": f"{_NETWORK}/virtualNetworkTaps/join/action",
}
"""The linked action that a NIC write needs on each thing its body names, by lower-case type."""


def linked_action(thing: ResourceId) -> str | None:
    """The action a NIC write needs on a thing that its body names; None for a type that Azure does not check."""
    return LINKED_ACTIONS.get(thing.type.lower())


def role_id(scope: str, guid: str) -> str:
    """The full id of a role as Azure spells it, whatever it is asked at: from the subscription of ``scope``."""
    subscription = scope.strip("/").split("/")[1]
    return f"/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/{guid}"


_NAMESPACE = uuid.UUID("5ff5f1c2-1d0c-5e67-9a0b-6b7a4b7f7d01")


def assignment_guid(scope: str, principal: str, role_guid: str, existing: Iterable[RoleAssignment] = ()) -> str:
    """The name of an assignment; another one when something else has that name already."""
    meaning = (scope.lower(), principal.lower(), role_guid.lower())
    held = {item.guid.lower(): (item.scope.lower(), item.principal_id.lower(), item.role_guid) for item in existing}
    for attempt in range(1000):
        guid = _guid("assignment", *meaning, attempt=attempt)
        if held.get(guid, meaning) == meaning:
            return guid
    raise AssertionError("a thousand computed names are taken")


def role_guid(subscription: str, name: str, existing: Iterable[RoleDefinition] = ()) -> str:
    """The name in ids of a new role; another one when a role of another name has it (it was renamed since)."""
    held = {role.guid.lower(): role.name.lower() for role in existing}
    for attempt in range(1000):
        guid = _guid("role", subscription.lower(), name.lower(), attempt=attempt)
        if held.get(guid, name.lower()) == name.lower():
            return guid
    raise AssertionError("a thousand computed names are taken")


def _guid(*parts: str, attempt: int) -> str:
    return str(uuid.uuid5(_NAMESPACE, "\n".join((*parts, *([str(attempt)] if attempt else [])))))
