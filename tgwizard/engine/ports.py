"""What the engine needs from the outside, as Protocols. The adapters fulfil them; ``app`` puts them together.

Every call raises ``AzureCallError`` alone. A write is sent once; the engine repeats, and judges by what it reads
afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from tgwizard.engine.cancel import CancelToken
from tgwizard.model.cloud import Cloud
from tgwizard.model.cluster import ResourceId
from tgwizard.model.failover_options import StopMethod
from tgwizard.model.inventory import (
    AddressAnswer,
    BalancerSeen,
    Caller,
    FrontendFound,
    GroupSeen,
    NetworkFound,
    NicFound,
    PublicIpSeen,
    SecurityGroupFound,
    SubscriptionSeen,
    TenantSeen,
    VmFound,
)
from tgwizard.model.nic import NicDocument, Provisioning
from tgwizard.model.permission import DenyAssignment, PermissionSet
from tgwizard.model.problem import Problem
from tgwizard.model.role import LockSeen, RoleAssignment, RoleDefinition
from tgwizard.model.sign_in import MethodSeen, SignInPrompt, SignInRequest
from tgwizard.model.snapshot import Power


class Clock(Protocol):
    """Time, so that tests and benchmarks can drive it. Token lifetimes never use it."""

    def monotonic(self) -> float:
        """Seconds on a scale that counts sleep."""

    def wall(self) -> datetime:
        """The time of day, UTC."""

    def sleep(self, seconds: float, cancel: CancelToken | None = None) -> None:
        """Wait, waking early when cancelled."""


Precondition = Callable[[], bool]
"""Asked in the last moment before a write leaves: is what it rests on still young enough (engine/README.md 1.7)."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """Azure took a NIC write. An accepted write of an attached NIC is not finished (azure/README.md 2.1)."""

    etag: str
    provisioning: Provisioning
    operation: str
    arm_request_id: str


@dataclass(frozen=True, slots=True)
class StopAccepted:
    """Azure took the request to stop a VM. How it went shows in the instance view, why it failed in ``operation``."""

    operation: str
    arm_request_id: str


@dataclass(frozen=True, slots=True)
class ConfigurationId:
    """One configuration of an interface, by name."""

    nic: ResourceId
    name: str

    @property
    def text(self) -> str:
        """The full resource id."""
        return f"{self.nic.text}/ipConfigurations/{self.name}"


@dataclass(frozen=True, slots=True)
class MoveAccepted:
    """Azure took a move; only reading tells what comes of it."""

    operation: str
    arm_request_id: str


class OperationState(Enum):
    """The status of a long-running operation. It is never proof of content."""

    IN_PROGRESS = "InProgress"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELED = "Canceled"


@dataclass(frozen=True, slots=True)
class OperationSeen:
    """What the operation's URL said; ``problem`` when it did not succeed."""

    state: OperationState
    problem: Problem | None = None


Page = Callable[[int], None]
"""Called after each page of a list with the number of items so far; may raise Cancelled to stop the reading."""


class Network(Protocol):
    """Interfaces and what they are connected to. ``subscription`` is a GUID; lists follow every page."""

    def read_nic(self, nic: ResourceId) -> NicDocument:
        """The whole interface, unknown fields included: what is watched, and what a write sends back."""

    def write_nic(
        self,
        nic: ResourceId,
        document: NicDocument,
        *,
        if_match: str,
        request_id: str,
        precondition: Precondition | None = None,
    ) -> Accepted:
        """One conditional PUT of the whole interface, sent once, no retries, no polling (engine/README.md 1.5).

        ``request_id`` goes out as x-ms-client-request-id, so that the activity log and our journal can be compared.
        When ``precondition`` says no, nothing is sent: AzureCallError with NOT_SENT and the cause STALE.
        """

    def move_configuration(
        self,
        source: ConfigurationId,
        target: ConfigurationId,
        subnet: ResourceId,
        *,
        request_id: str,
        precondition: Precondition,
    ) -> MoveAccepted:
        """Ask once for the configuration to be moved to another interface in one operation.

        It carries no version (azure/README.md 2.7); ``target`` must not exist yet.
        """

    def moves_registered(self, subscription: str) -> bool:
        """Whether the subscription has the preview feature that ``move_configuration`` needs."""

    def nics_listing(self, address: str, subnet: ResourceId) -> tuple[ResourceId, ...]:
        """Every interface in the subnet's virtual network, as far as it can be read, that names the address."""

    def nic(self, nic: ResourceId) -> NicFound:
        """One interface as of now, as the lists have it."""

    def nics(self, subscription: str, page: Page) -> tuple[NicFound, ...]:
        """Interfaces."""

    def networks(self, subscription: str, page: Page) -> tuple[NetworkFound, ...]:
        """Virtual networks with their subnets."""

    def subnet_prefixes(self, subnet: ResourceId) -> tuple[str, ...]:
        """The address ranges of a subnet, as Azure spells them (10.20.2.0/24)."""

    def security_groups(self, subscription: str, page: Page) -> tuple[SecurityGroupFound, ...]:
        """Network security groups with their rules."""

    def frontends(self, subscription: str, page: Page) -> tuple[FrontendFound, ...]:
        """Private frontends of load balancers."""

    def read_public_ip(self, public_ip: ResourceId) -> PublicIpSeen:
        """A public IP: its zones, SKU and family, and what has it."""

    def read_balancer(self, balancer: ResourceId) -> BalancerSeen:
        """A load balancer: its kind, and what is behind it."""

    def check_address(self, subnet: ResourceId, address: str) -> AddressAnswer:
        """Whether an address is free in the subnet's virtual network (azure/README.md 1.4)."""


class Compute(Protocol):
    """Virtual machines. Each write is accepted, not finished: read the machine."""

    def vm(self, vm: ResourceId) -> VmFound:
        """One machine as of now, with power, agent and identity."""

    def vms(self, subscription: str, page: Page) -> tuple[VmFound, ...]:
        """Machines, without power."""

    def powers(self, subscription: str, page: Page) -> tuple[tuple[ResourceId, Power], ...]:
        """Power of every machine, from one list."""

    def stop_vm(
        self, vm: ResourceId, how: StopMethod, *, request_id: str, precondition: Precondition | None = None
    ) -> StopAccepted:
        """One POST that stops a VM without asking its system first, sent once, no retries, no polling."""

    def restart(self, vm: ResourceId, *, request_id: str) -> None:
        """Restart a machine. Accepted, not finished: read the VM."""

    def start(self, vm: ResourceId, *, request_id: str) -> None:
        """Start a machine that was stopped or deallocated. Accepted, not finished: read the VM."""

    def enable_identity(self, vm: ResourceId, *, request_id: str) -> None:
        """Turn the system-assigned identity on, beside user-assigned ones. Accepted, not finished: read the VM."""

    def disable_identity(self, vm: ResourceId, *, request_id: str) -> None:
        """Turn the system-assigned identity off, user-assigned ones stay. Accepted, not finished."""


class Access(Protocol):
    """Roles, assignments, denials, locks and rights.

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

    def denials_to(self, scope: str, principal: str) -> tuple[DenyAssignment, ...]:
        """Those of them that Azure lists for an identity: by its name, as everyone, or through a group."""

    def locks(self, scope: str) -> tuple[LockSeen, ...]:
        """Management locks on a subscription or a group, and on everything below."""

    def own_permissions(self, scope: str) -> tuple[PermissionSet, ...]:
        """What the caller holds at the scope, one entry per role. Denials are not part of it."""

    def put_role(self, scope: str, role: RoleDefinition, *, request_id: str) -> RoleDefinition:
        """Create or replace a custom role; the answer is what Azure stored."""

    def delete_role(self, scope: str, guid: str, *, request_id: str) -> None:
        """Delete a custom role; one that is gone already is no error."""

    def put_assignment(self, assignment: RoleAssignment, role_id: str, *, request_id: str) -> RoleAssignment:
        """Create an assignment; ``role_id``: the role's full id. ``principalType`` is always sent."""

    def delete_assignment(self, assignment: RoleAssignment, *, request_id: str) -> None:
        """Delete an assignment; one that is gone already is no error."""


class Directory(Protocol):
    """Who asks, what they have to choose from, and who else there is."""

    def caller(self) -> Caller:
        """Who is signed in now; AzureCallError when nobody is."""

    def token_life_s(self) -> float:
        """How many real seconds the access token is still good for, after renewing it when it is old."""

    def tenants(self) -> tuple[TenantSeen, ...]:
        """The directories of the account."""

    def subscriptions(self) -> tuple[SubscriptionSeen, ...]:
        """The subscriptions that the account can see, in this directory."""

    def groups(self, subscription: str, page: Page) -> tuple[GroupSeen, ...]:
        """Resource groups."""

    def known_principals(self, principals: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        """Object id and display name of those that exist in the directory; the missing ones are stale."""


class AzurePorts(Protocol):
    """What one identity brings: every call to Azure that can be made as it."""

    @property
    def network(self) -> Network:
        """Interfaces and what they are connected to."""

    @property
    def compute(self) -> Compute:
        """Machines."""

    @property
    def access(self) -> Access:
        """Roles and rights."""

    @property
    def directory(self) -> Directory:
        """The identity itself, its directories and subscriptions."""

    def read_operation(self, url: str) -> OperationSeen:
        """The state of an operation; a refusal here says nothing about the write itself (azure/README.md 2.6)."""


class SignIn(Protocol):
    """Signs in and lets every adapter of the environment use the new account from then on."""

    def clouds(self) -> tuple[Cloud, ...]:
        """The clouds known here, the connected one first; in a lab the lab alone."""

    def methods(self, cloud: Cloud) -> tuple[MethodSeen, ...]:
        """Which ways there are on this computer; asks no one and changes nothing."""

    def sign_in(self, request: SignInRequest, prompted: Callable[[SignInPrompt], None], cancel: CancelToken) -> Caller:
        """Sign in and switch to the account; AzureCallError explains a failure, Cancelled when abandoned.

        Only in the connected cloud: journals, locks and the clusters that are watched belong to it.
        A browser or code sign-in that is abandoned leaves the account that was there before.
        """

    def sign_out(self) -> None:
        """Ask as nobody from now on; what gave the sign-in (az, say) stays as it is. AzureCallError during a run."""


class Members(Protocol):
    """Calls made with a machine's own identity, where this computer can make them."""

    def azure_as(self, vm: ResourceId) -> AbstractContextManager[AzurePorts]:
        """Azure as the machine's system-assigned identity sees it; the calls fail when it has none."""
