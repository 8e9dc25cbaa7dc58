"""The lab's state: a world with its clock, its faults and its log: what its owner may ask and set.

``LabState`` answers no requests; ``Lab`` does.
"""

from __future__ import annotations

import copy
import ipaddress
import secrets
import threading
from collections import deque
from collections.abc import Callable
from datetime import timedelta

from tgwizard.lab import ids, operations, subnet_addresses
from tgwizard.lab.accounts import LabAccounts
from tgwizard.lab.address_ledger import Binding, Holding
from tgwizard.lab.arm import compute, move_ip_configurations, nic_state, resource_groups, security_rules, subnets
from tgwizard.lab.clock import LabTime
from tgwizard.lab.entra import access_tokens, sign_in_code
from tgwizard.lab.entra.access_tokens import TokenKind
from tgwizard.lab.faults.fault_registry import FaultRegistry
from tgwizard.lab.fronts.client_access import ClientAccess
from tgwizard.lab.latency import Latency
from tgwizard.lab.move_options import MoveOptions
from tgwizard.lab.nic_options import NicOptions
from tgwizard.lab.rbac.role_records import UNSETTLED
from tgwizard.lab.request_log import RequestRecord
from tgwizard.lab.scenarios import cluster_files, scenario_builder
from tgwizard.lab.storage.world_changes import WorldBaseline
from tgwizard.lab.wire import Json, Refusal
from tgwizard.lab.world import (
    VM_TYPE,
    FailedNic,
    LabPower,
    OperationKind,
    OperationStatus,
    Overlap,
    Principal,
    Subscription,
    World,
)

LOGGED = 20_000
"""How many requests the log keeps."""

TOKEN_LIFETIME = timedelta(hours=1)

_FINISHERS = {
    OperationKind.PUT_NIC: nic_state.finish,
    OperationKind.DELETE_NIC: nic_state.finish_delete,
    OperationKind.MOVE_CONFIGURATIONS: move_ip_configurations.finish,
    OperationKind.PUT_SUBNET: subnets.finish,
    OperationKind.DELETE_SUBNET: subnets.finish_delete,
    OperationKind.PUT_RULE: security_rules.finish,
    OperationKind.DELETE_RULE: security_rules.finish,
    OperationKind.POWER_OFF: compute.finish,
    OperationKind.START: compute.finish,
    OperationKind.DEALLOCATE: compute.finish,
    OperationKind.RESTART: compute.finish,
    OperationKind.UPDATE_VM: compute.finish,
    OperationKind.DELETE_VM: compute.finish,
    OperationKind.DELETE_GROUP: resource_groups.finish,
}


class _Here(threading.local):
    """What one thread is about: it answers a request, and during that something changed."""

    handling = False
    owing = False


class LabState:
    """What a lab has and is. Safe between threads: one lock round everything that reads or changes the world."""

    def __init__(self, world: World, clock: LabTime) -> None:
        self._world = world
        self._clock = clock
        self._lock = threading.RLock()
        self._marks: WorldBaseline | None = None
        """What was last saved of the world; None if it never was."""
        self._log: deque[RequestRecord] = deque(maxlen=LOGGED)
        self.faults = FaultRegistry(clock.wall)
        self.directory = LabAccounts(lambda: self._world, self._lock)
        """Who is who: accounts, their secrets, identity endpoints, how long rights take to arrive."""
        self.on_change: Callable[[], None] | None = None
        """Called after the world changed, outside the lock, on the thread that changed it, before its answer goes out;
        must be quick."""
        self.control_token = secrets.token_urlsafe(32)
        """What opens the control surface, and nothing else does: no token of ARM, which people can get by signing in.
        It is told in `lab.json` alone, and lives as long as this process holds the lab."""
        self._here = _Here()
        self.on_scenario: Callable[[], None] | None = None
        """Called after the whole world was replaced by that of another scenario, like `on_change`."""
        self.traffic_port: Callable[[str, str], int] | None = None
        """The port on loopback that stands for an address of a subnet; None: nobody hosts the lab."""

    def use_scenario(self, name: str, *, clusters: int | None = None) -> None:
        """Replace the whole world by that of a scenario; fault rules go with the old one.

        The lab stays the same one: its id, its subscription, its operator and their tokens. Raises UserError as
        `from_scenario` does; then nothing has changed.
        """
        with self._lock:
            old = self._world
            world = scenario_builder.build(
                name, old.latency, old.seed, self._clock.wall(), clusters=clusters, instead_of=old
            )
            self._world = world
            self.faults.clear()
            for fault in scenario_builder.faults(name):
                self.faults.add(fault)
        if self.on_scenario is not None:
            self.on_scenario()
        self._tell()

    def vms(self) -> tuple[tuple[str, LabPower], ...]:
        """Return the id and the power state of every VM."""
        with self._lock:
            self._settle()
            return tuple((vm["id"], self._world.power[ids.key(vm["id"])]) for vm in self._world.of_type(VM_TYPE))

    def switch(self, vm_id: str, *, on: bool) -> None:
        """Pull a VM's plug or put it in: at once, without an operation. Raises KeyError for an unknown id."""
        with self._lock:
            self._settle()
            compute.switch(self._world, vm_id, on=on, now=self._clock.wall())
        self._tell()

    def client_access(self, url: str, vm: str | None = None) -> ClientAccess:
        """Return what clients need to reach the lab at a URL, as a VM if one is named. Raises UnknownVm."""
        with self._lock:
            return ClientAccess.of(self._world, url, vm)

    def require_control(self, authorization: str | None) -> str:
        """Return the name of who controls the lab. Raises Refusal 401 without a token, 403 for any but the control's.

        Tokens of ARM are refused too, the operator's among them.
        """
        if authorization is None:
            raise access_tokens.no_token()
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not access_tokens.same_secret(token.strip(), self.control_token):
            raise Refusal(
                403,
                "LabControlTokenOnly",
                "The lab is controlled with the control token of its lab.json only, not with a token of Azure.",
            )
        return self._world.operator.name

    def issue_token(self, kind: TokenKind = TokenKind.OPERATOR, *, lifetime: timedelta = TOKEN_LIFETIME) -> str:
        """Return a bearer token of the operator, measured in real time. A negative lifetime gives an expired one."""
        match kind:
            case TokenKind.OPERATOR:
                return self.issue_token_for(self._world.operator, lifetime=lifetime)

    def issue_graph_token(self, *, lifetime: timedelta = TOKEN_LIFETIME) -> str:
        """Return a bearer token of the operator for the lab's Microsoft Graph, which takes no other."""
        return self.issue_token_for(self._world.operator, lifetime=lifetime, audience=access_tokens.GRAPH_AUDIENCE)

    def issue_token_for(
        self,
        principal: Principal,
        *,
        lifetime: timedelta = TOKEN_LIFETIME,
        audience: str = access_tokens.AUDIENCE,
        tenant: str = "",
        continuous: bool = False,
    ) -> str:
        """Return a bearer token of a principal, such as a VM's identity out of `principals`.

        An empty tenant is the lab's own; `continuous` is for clients that answer claims challenges.
        """
        with self._lock:
            return access_tokens.issue(
                self._world, principal, lifetime=lifetime, audience=audience, tenant=tenant, continuous=continuous
            )

    def cluster_tomls(self) -> dict[str, str]:
        """Return the cluster files of the scenario, by cluster name."""
        with self._lock:
            return {item.name: cluster_files.cluster_toml(self._world, item) for item in self._world.clusters}

    @property
    def clock(self) -> LabTime:
        """The clock that drives the lab."""
        return self._clock

    @property
    def lab_id(self) -> str:
        """What tells this lab from all others."""
        return self._world.lab_id

    @property
    def sign_in_code(self) -> str:
        """What people must know to sign in on the lab's pages; told in `lab.json` and by the control surface alone."""
        return sign_in_code.code_of(self._world)

    def sign_in_url(self, url: str, user_code: str = "") -> str:
        """Return the address of a sign-in page with the proof that whoever opens it knows the sign-in code."""
        return sign_in_code.vouched_url(self.sign_in_code, url, user_code)

    @property
    def cloud(self) -> str:
        """The cloud's name in cluster files: `lab-<lab id>`."""
        return cluster_files.cloud_name(self._world)

    @property
    def scenario(self) -> str:
        """The scenario the world came from."""
        return self._world.scenario

    @property
    def epoch(self) -> int:
        """Which world of the lab this is: 1, and one more each time a scenario replaced it."""
        return self._world.epoch

    @property
    def subscription(self) -> Subscription:
        """The one subscription, with its tenant."""
        return self._world.subscription

    @property
    def principals(self) -> tuple[Principal, ...]:
        """The VMs' system-assigned identities."""
        return tuple(self._world.principals)

    @property
    def tenants(self) -> tuple[str, ...]:
        """The ids of the directories, the lab's own first."""
        return tuple(item.id for item in self._world.tenants)

    @property
    def latency(self) -> Latency:
        """How long operations take; may be set at any time, for the operations to come."""
        return self._world.latency

    @latency.setter
    def latency(self, value: Latency) -> None:
        with self._lock:
            self._world.latency = value

    @property
    def overlap(self) -> Overlap:
        """What a second PUT on an `Updating` NIC meets."""
        return self._world.overlap

    @overlap.setter
    def overlap(self, value: Overlap) -> None:
        with self._lock:
            self._world.overlap = value

    @property
    def failed_nic(self) -> FailedNic:
        """Which operations on a VM are refused while one of its NICs is `Failed`."""
        return self._world.failed_nic

    @failed_nic.setter
    def failed_nic(self, value: FailedNic) -> None:
        with self._lock:
            self._world.failed_nic = value

    @property
    def move_rules(self) -> MoveOptions:
        """How `moveIpConfigurations` behaves where nobody knows how Azure's own does."""
        return self._world.move

    @move_rules.setter
    def move_rules(self, value: MoveOptions) -> None:
        with self._lock:
            self._world.move = value

    @property
    def nic_options(self) -> NicOptions:
        """How network interfaces behave where clouds may differ."""
        return self._world.nic

    @nic_options.setter
    def nic_options(self, value: NicOptions) -> None:
        with self._lock:
            self._world.nic = value

    @property
    def page_size(self) -> int:
        """How many resources a page of a list holds; 0: all of them."""
        return self._world.page_size

    @page_size.setter
    def page_size(self, value: int) -> None:
        with self._lock:
            self._world.page_size = value

    @property
    def cluster_count(self) -> int:
        """How many clusters the scenario has."""
        return len(self._world.clusters)

    @property
    def holdings(self) -> tuple[Holding, ...]:
        """The truth up to now: which NIC held which address from when to when."""
        with self._lock:
            self._settle()
            return tuple(self._world.holdings)

    def answers(self, subnet_id: str, address: str) -> bool:
        """Return whether traffic to an address of a subnet reaches a running VM now: the truth, as in `holdings`."""
        with self._lock:
            changed = self._settle()
            found = subnet_addresses.allocation_of(self._world, subnet_id, address)
            held = found is not None and found.binding is not Binding.ATTACHING
            nic = self._world.find(found.nic) if found is not None and held else None
            vm = nic["properties"].get("virtualMachine") if nic is not None else None
            alive = vm is not None and self._world.power.get(ids.key(vm["id"])) is LabPower.RUNNING
        if changed:
            self._tell()
        return alive

    def has_address(self, subnet_id: str, address: str) -> bool:
        """Return whether there is such a subnet, and the address lies in it."""
        try:
            wanted = ipaddress.IPv4Address(address)
        except ValueError:
            return False
        with self._lock:
            subnet = subnet_addresses.subnet_of(self._world, subnet_id)
            return subnet is not None and subnet_addresses.contains(subnet, wanted)

    def next_end_s(self) -> float | None:
        """Return in how many seconds the next running operation is due to end; None without one."""
        with self._lock:
            now = self._clock.wall()
            ends = (item.ends for item in self._world.operations.values() if item.status is OperationStatus.IN_PROGRESS)
            first = min((end for end in ends if end is not None), default=None)
        return None if first is None else max(0.0, (first - now) / timedelta(seconds=1))

    def holder(self, address: str) -> str | None:
        """Return the id of the NIC that holds an address now, or None."""
        return next((item.nic for item in self.holdings if item.address == address and item.until is None), None)

    def resource(self, resource_id: str) -> Json | None:
        """Return a copy of a stored resource's document as it is now, or None."""
        with self._lock:
            self._settle()
            return copy.deepcopy(self._world.find(resource_id))

    @property
    def requests(self) -> tuple[RequestRecord, ...]:
        """The requests met so far, oldest first; the oldest are dropped beyond `LOGGED`."""
        with self._lock:
            return tuple(self._log)

    def _mark(self) -> tuple[object, ...]:
        """Return what differs when a request changed what is saved."""
        world = self._world
        rights = world.authorization
        settings = world.latency, world.overlap, world.failed_nic, world.move, world.nic, world.page_size
        spread = rights.propagation, rights.flicker
        unsettled = (getattr(rights, name) for name in UNSETTLED)
        certificates = sum(map(len, world.certificates.values()))
        return (
            world.serial,
            world.operation_count,
            len(world.unregistered),
            certificates,
            *settings,
            *spread,
            *unsettled,
        )

    def _tell(self) -> None:
        """Tell of a change; within a request only at its end, when the lock has been given back."""
        if self._here.handling:
            self._here.owing = True
        elif self.on_change is not None:
            self.on_change()

    def _settle(self) -> bool:
        return operations.settle(self._world, self._clock.wall(), _FINISHERS)
