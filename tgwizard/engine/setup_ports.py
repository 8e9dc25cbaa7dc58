"""What setting up a cluster needs from outside, as Protocols: sign-in, reading a subscription, roles, identities.

All calls raise ``CallFailed`` alone, as in ``engine.ports``. A write is sent once; the engine repeats, and judges by
what it reads afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.ports import Azure
from tgwizard.model.cloud import Cloud
from tgwizard.model.cluster import ResourceId
from tgwizard.model.inventory import (
    AddressAnswer,
    Caller,
    FrontendFound,
    GroupSeen,
    NetworkFound,
    NicFound,
    SecurityGroupFound,
    SubscriptionSeen,
    TenantSeen,
    VmFound,
)
from tgwizard.model.permission import DenyAssignment, PermissionSet
from tgwizard.model.role import LockSeen, RoleAssignment, RoleDefinition
from tgwizard.model.sign_in import MethodSeen, Prompted, SignInWish
from tgwizard.model.snapshot import Power

Page = Callable[[int], None]
"""Called after each page of a list with the number of items so far; may raise Cancelled to stop the reading."""


class SignIn(Protocol):
    """Signs in and lets every adapter of the place use the new account from then on."""

    def clouds(self) -> tuple[Cloud, ...]:
        """The clouds known here, the connected one first; in a lab the lab alone."""

    def methods(self, cloud: Cloud) -> tuple[MethodSeen, ...]:
        """Which ways there are on this computer; asks no one and changes nothing."""

    def sign_in(self, wish: SignInWish, prompted: Callable[[Prompted], None], cancel: CancelToken) -> Caller:
        """Sign in and switch to the account; CallFailed explains a failure, Cancelled when abandoned.

        Only in the connected cloud: journals, locks and the clusters that are watched belong to it.
        A browser or code sign-in that is abandoned leaves the account that was there before.
        """

    def caller(self) -> Caller:
        """Who is signed in now; CallFailed when nobody is."""


class Inventories(Protocol):
    """Reads what is in a subscription. Lists follow every page; ``page`` hears of each."""

    def tenants(self) -> tuple[TenantSeen, ...]:
        """The directories of the account."""

    def subscriptions(self) -> tuple[SubscriptionSeen, ...]:
        """The subscriptions that the account can see, in this directory."""

    def groups(self, subscription: str, page: Page) -> tuple[GroupSeen, ...]:
        """Resource groups."""

    def vms(self, subscription: str, page: Page) -> tuple[VmFound, ...]:
        """Machines, without power."""

    def powers(self, subscription: str, page: Page) -> tuple[tuple[ResourceId, Power], ...]:
        """Power of every machine, from one list."""

    def vm(self, vm: ResourceId) -> VmFound:
        """One machine, with power, zone and identity as of now."""

    def nics(self, subscription: str, page: Page) -> tuple[NicFound, ...]:
        """Interfaces."""

    def nic(self, nic: ResourceId) -> NicFound:
        """One interface as of now."""

    def networks(self, subscription: str, page: Page) -> tuple[NetworkFound, ...]:
        """Virtual networks with their subnets."""

    def security_groups(self, subscription: str, page: Page) -> tuple[SecurityGroupFound, ...]:
        """Network security groups with their rules."""

    def frontends(self, subscription: str, page: Page) -> tuple[FrontendFound, ...]:
        """Private frontends of load balancers."""

    def address_free(self, subnet: ResourceId, address: str) -> AddressAnswer:
        """Ask the subnet's network whether the address is free (azure/README.md 1.4)."""


class Access(Protocol):
    """Roles, assignments, denials, locks and rights, and the few writes that setting up needs.

    ``scope`` is a full id: of a subscription, a group or a resource.
    """

    def role_definitions(self, scope: str) -> tuple[RoleDefinition, ...]:
        """Every role that can be used at the scope or below it, built-in ones too. It may lag (azure/README.md 3.1)."""

    def role_definition(self, scope: str, guid: str) -> RoleDefinition | None:
        """One role, never stale; None when there is none."""

    def role_assignments(self, scope: str) -> tuple[RoleAssignment, ...]:
        """Everything at, above and below the scope."""

    def role_assignment(self, scope: str, guid: str) -> RoleAssignment | None:
        """One assignment; None when there is none."""

    def assignments_to(self, scope: str, principal: str) -> tuple[RoleAssignment, ...]:
        """What an identity holds at, above and below the scope, through groups too where Azure tells."""

    def deny_assignments(self, scope: str) -> tuple[DenyAssignment, ...]:
        """Deny assignments at, above and below the scope."""

    def locks(self, subscription: str) -> tuple[LockSeen, ...]:
        """Management locks in a subscription."""

    def own_permissions(self, scope: str) -> tuple[PermissionSet, ...]:
        """What the caller holds at the scope, one entry per role. Denials are not part of it."""

    def known_principals(self, principals: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        """Object id and display name of those that exist in the directory; the missing ones are stale."""

    def put_role(self, scope: str, role: RoleDefinition, *, request_id: str) -> RoleDefinition:
        """Create or replace a custom role; the answer is what Azure stored."""

    def delete_role(self, scope: str, guid: str, *, request_id: str) -> None:
        """Delete a custom role; one that is gone already is no error."""

    def put_assignment(self, assignment: RoleAssignment, role_id: str, *, request_id: str) -> RoleAssignment:
        """Create an assignment; ``role_id``: the role's full id. ``principalType`` is always sent."""

    def delete_assignment(self, assignment: RoleAssignment, *, request_id: str) -> None:
        """Delete an assignment; one that is gone already is no error."""

    def enable_identity(self, vm: ResourceId, *, request_id: str) -> None:
        """Turn the system-assigned identity on, beside user-assigned ones. Accepted, not finished: read the VM."""

    def disable_identity(self, vm: ResourceId, *, request_id: str) -> None:
        """Turn the system-assigned identity off, user-assigned ones stay. Accepted, not finished."""

    def restart(self, vm: ResourceId, *, request_id: str) -> None:
        """Restart a machine. Accepted, not finished: read the VM."""


class Members(Protocol):
    """Calls made with a machine's own identity, where this computer can make them."""

    def azure_as(self, vm: ResourceId) -> AbstractContextManager[Azure]:
        """Azure as the machine's system-assigned identity sees it; the calls fail when it has none."""


@dataclass(frozen=True, slots=True)
class SetupPorts:
    """All of them together, as ``Services`` carries them.

    ``members``: None on the real Azure, where a machine's token exists only inside the machine. A lab gives it out.
    """

    sign_in: SignIn
    inventories: Inventories
    access: Access
    members: Members | None = None
