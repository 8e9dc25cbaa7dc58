"""What the engine needs from the outside, as Protocols. The adapters fulfil them; ``app`` puts them together.

``Azure`` speaks in model types and raises ``CallFailed`` alone. The important part of a failure is its *certainty*: a
lost answer to a write is not a failed write.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from tgwizard.engine.cancel import CancelToken
from tgwizard.model.cluster import ResourceId
from tgwizard.model.failover_options import StopHow
from tgwizard.model.inventory import AddressAnswer, BalancerSeen, PublicIpSeen
from tgwizard.model.nic import NicDocument, Provisioning
from tgwizard.model.permission import DenyAssignment, HeldRole, PermissionSet
from tgwizard.model.problem import Problem
from tgwizard.model.role import LockSeen
from tgwizard.model.snapshot import VmSeen


class Clock(Protocol):
    """Time, so that tests and benchmarks can drive it. Token lifetimes never use it."""

    def monotonic(self) -> float:
        """Seconds on a scale that counts sleep."""

    def wall(self) -> datetime:
        """The time of day, UTC."""

    def sleep(self, seconds: float, cancel: CancelToken | None = None) -> None:
        """Wait, waking early when cancelled."""


class Certainty(Enum):
    """What a failed call says about its effect."""

    NOT_SENT = "not_sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class Cause(Enum):
    """The causes the engine acts on.

    All others are OTHER. The adapter tells them apart by code and details, not by status.
    """

    ETAG_MOVED = "etag_moved"
    ADDRESS_ALLOCATED = "address_allocated"
    NOT_ALLOWED = "not_allowed"
    LOCKED = "locked"
    BUSY = "busy"
    THROTTLED = "throttled"
    NOT_FOUND = "not_found"
    SIGN_IN = "sign_in"
    LATE = "late"
    ALREADY_ASSIGNED = "already_assigned"
    PRINCIPAL_UNKNOWN = "principal_unknown"
    ROLE_UNKNOWN = "role_unknown"
    UNREADABLE = "unreadable"
    NOT_REACHED = "not_reached"
    NAME_TAKEN = "name_taken"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class MissingRight:
    """The action that a refusal names, and the scope on which it is missing.

    ``denied``: no role lacks it, a deny assignment takes it away; ``by`` and ``by_scope`` are that one's name and
    scope, where Azure told them.
    """

    action: str
    scope: str
    denied: bool = False
    by: str = ""
    by_scope: str = ""


class CallFailed(Exception):
    """A call to Azure that did not end well, explained.

    ``allocated_to`` is the NIC (or other resource) that has the address, when Azure named it; ``retry_after_s`` what
    Azure asked; ``refused`` every right that Azure said is missing or denied, each with its own scope. ``request_id``
    is Azure's id of the request.
    """

    def __init__(
        self,
        problem: Problem,
        certainty: Certainty,
        cause: Cause = Cause.OTHER,
        *,
        status: int | None = None,
        allocated_to: ResourceId | None = None,
        retry_after_s: float | None = None,
        refused: tuple[MissingRight, ...] = (),
        request_id: str = "",
    ) -> None:
        """All that the engine may want to know; nothing that must not be logged."""
        super().__init__(problem.sentence())
        self.problem = problem
        self.certainty = certainty
        self.cause = cause
        self.status = status
        self.allocated_to = allocated_to
        self.retry_after_s = retry_after_s
        self.refused = refused
        self.request_id = request_id

    @property
    def missing(self) -> MissingRight | None:
        """The first of the rights that a role could give; against a denial none helps."""
        return next((one for one in self.refused if not one.denied), None)

    @property
    def may_pass(self) -> bool:
        """Whether the same question may well be answered in a moment. What came of a write it does not say."""
        if self.certainty is Certainty.UNKNOWN or self.cause in _PASSING:
            return True
        return self.cause is Cause.OTHER and self.status == 409  # a read meets it while something is being changed


_PASSING = frozenset({Cause.BUSY, Cause.THROTTLED, Cause.UNREADABLE, Cause.NOT_REACHED})


InTime = Callable[[], bool]
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


class Azure(Protocol):
    """The calls of Azure Resource Manager that watching and failing over need."""

    def read_nic(self, nic: ResourceId) -> NicDocument:
        """The whole interface, unknown fields included."""

    def write_nic(
        self,
        nic: ResourceId,
        document: NicDocument,
        *,
        if_match: str,
        request_id: str,
        in_time: InTime | None = None,
    ) -> Accepted:
        """One conditional PUT of the whole interface, sent once, no retries, no polling (engine/README.md 1.5).

        ``request_id`` goes out as x-ms-client-request-id, so that the activity log and our journal can be compared.
        When ``in_time`` says no, nothing is sent: CallFailed with NOT_SENT and the cause LATE.
        """

    def move_configuration(
        self, source: ConfigurationId, target: ConfigurationId, subnet: ResourceId, *, request_id: str, in_time: InTime
    ) -> MoveAccepted:
        """Ask once for the configuration to be moved to another interface in one operation.

        It carries no version (azure/README.md 2.7); ``target`` must not exist yet.
        """

    def moves_registered(self, subscription: str) -> bool:
        """Whether the subscription has the preview feature that ``move_configuration`` needs."""

    def read_operation(self, url: str) -> OperationSeen:
        """The state of an operation; a refusal here says nothing about the write itself (azure/README.md 2.6)."""

    def read_vm(self, vm: ResourceId) -> VmSeen:
        """Power, zone and agent of a VM."""

    def nics_listing(self, address: str, subnet: ResourceId) -> tuple[ResourceId, ...]:
        """Every interface in the subnet's virtual network, as far as it can be read, that names the address."""

    def subnet_prefixes(self, subnet: ResourceId) -> tuple[str, ...]:
        """The address ranges of a subnet, as Azure spells them (10.20.2.0/24)."""

    def permissions_at(self, scope: ResourceId) -> tuple[PermissionSet, ...]:
        """What the signed-in identity holds at a scope."""

    def permissions_in_subscription(self, subscription: str) -> tuple[PermissionSet, ...]:
        """What the signed-in identity holds on a whole subscription (GUID)."""

    def roles_of(self, principal: str, subscription: str) -> tuple[HeldRole, ...]:
        """Every role that an identity (object id) holds in a subscription, through groups too, with its definition."""

    def denials_of(self, principal: str, subscription: str) -> tuple[DenyAssignment, ...]:
        """The deny assignments in a subscription that concern an identity."""

    def own_denials(self, subscription: str) -> tuple[DenyAssignment, ...]:
        """The deny assignments in a subscription that concern the signed-in identity."""

    def identity_of(self, vm: ResourceId) -> str:
        """The object id of a VM's system-assigned identity, empty when it has none."""

    def locks_over(self, resources: tuple[ResourceId, ...]) -> tuple[LockSeen, ...]:
        """The management locks that lie on these resources, their groups or their subscription."""

    def check_address(self, subnet: ResourceId, address: str) -> AddressAnswer:
        """Whether an address is free in the subnet's virtual network (azure/README.md 1.4)."""

    def read_public_ip(self, public_ip: ResourceId) -> PublicIpSeen:
        """A public IP: its zones, SKU and family, and what has it."""

    def read_balancer(self, balancer: ResourceId) -> BalancerSeen:
        """A load balancer: its kind, and what is behind it."""

    def stop_vm(self, vm: ResourceId, how: StopHow, *, request_id: str, in_time: InTime | None = None) -> StopAccepted:
        """One POST that stops a VM without asking its system first, sent once, no retries, no polling."""

    def token_life_s(self) -> float:
        """How many real seconds the access token is still good for, after renewing it when it is old."""
