"""``ArmAzure``: the engine's ``Azure`` port, fulfilled by Azure Resource Manager or by a lab that speaks like it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from tgwizard.azure.clients import AzureSession, Clients
from tgwizard.engine.ports import Accepted, ConfigurationId, MoveAccepted, OperationSeen, Precondition, StopAccepted
from tgwizard.model.cluster import ResourceId
from tgwizard.model.failover_options import StopMethod
from tgwizard.model.inventory import AddressAnswer, BalancerSeen, PublicIpSeen
from tgwizard.model.nic import NicDocument
from tgwizard.model.permission import DenyAssignment, HeldRole, PermissionSet
from tgwizard.model.role import LockSeen
from tgwizard.model.snapshot import VmSeen

if TYPE_CHECKING:
    from tgwizard.azure import rest

T = TypeVar("T")


class ArmAzure:
    """One signed-in connection; usable from several threads. Each call raises AzureCallError alone.

    ``clients`` is shared with the other ports of the environment: who signs in there is who asks here. It remembers the
    resource groups of the interfaces it was asked for: they are what is searched for the floating IP when the
    subscription as a whole may not be listed.
    """

    def __init__(self, session: AzureSession) -> None:
        """Nothing is connected before the first call."""
        self.clients = Clients(session)
        self._mutex = threading.Lock()
        self._groups: dict[str, str] = {}

    def read_nic(self, nic: ResourceId) -> NicDocument:
        """The whole interface, unknown fields included."""
        from tgwizard.azure import network

        self._remember(nic)
        return network.read_nic(self.clients, nic)

    def write_nic(
        self,
        nic: ResourceId,
        document: NicDocument,
        *,
        if_match: str,
        request_id: str,
        precondition: Precondition | None = None,
    ) -> Accepted:
        """One conditional PUT of the whole interface, sent once."""
        from tgwizard.azure import network
        from tgwizard.azure.rest import WriteOptions

        sending = WriteOptions(request_id, precondition)
        return network.write_nic(self.clients, nic, document, if_match=if_match, sending=sending)

    def move_configuration(
        self,
        source: ConfigurationId,
        target: ConfigurationId,
        subnet: ResourceId,
        *,
        request_id: str,
        precondition: Precondition,
    ) -> MoveAccepted:
        """Ask once for the configuration to be moved to another interface in one operation."""
        from tgwizard.azure import network

        return network.move_configuration(self.clients, source, target, subnet, request_id, precondition)

    def moves_registered(self, subscription: str) -> bool:
        """Whether the subscription has the preview feature that moving needs."""
        from tgwizard.azure import network

        return network.moves_registered(self.clients, subscription)

    def read_operation(self, url: str) -> OperationSeen:
        """The state of an operation."""
        from tgwizard.azure import network

        return network.read_operation(self.clients, url)

    def read_vm(self, vm: ResourceId) -> VmSeen:
        """Power, zone and agent of a VM."""
        from tgwizard.azure import compute

        return compute.read_vm(self.clients, vm)

    def nics_listing(self, address: str, subnet: ResourceId) -> tuple[ResourceId, ...]:
        """Every interface in the subnet's virtual network, as far as it can be read, that names the address."""
        from tgwizard.azure import network

        with self._mutex:
            groups = dict(self._groups)
        groups.setdefault(subnet.group.lower(), subnet.group)
        return network.nics_listing(self.clients, address, subnet, tuple(groups.values()))

    def permissions_at(self, scope: ResourceId) -> tuple[PermissionSet, ...]:
        """What the signed-in identity holds at a scope."""
        from tgwizard.azure import access

        return access.permissions_at(self.clients, scope)

    def permissions_in_subscription(self, subscription: str) -> tuple[PermissionSet, ...]:
        """What the signed-in identity holds on a whole subscription."""
        from tgwizard.azure.access import ArmAccess

        return ArmAccess(self.clients).own_permissions(f"/subscriptions/{subscription}")

    def roles_of(self, principal: str, subscription: str) -> tuple[HeldRole, ...]:
        """Every role that an identity holds in a subscription."""
        from tgwizard.azure import access

        return access.roles_of(self.clients, principal, subscription)

    def denials_of(self, principal: str, subscription: str) -> tuple[DenyAssignment, ...]:
        """The deny assignments in a subscription that concern an identity."""
        from tgwizard.azure import access

        return access.denials_of(self.clients, principal, subscription)

    def own_denials(self, subscription: str) -> tuple[DenyAssignment, ...]:
        """The deny assignments in a subscription that concern the signed-in identity."""
        from tgwizard.azure import access

        return access.own_denials(self.clients, subscription)

    def identity_of(self, vm: ResourceId) -> str:
        """The object id of a VM's system-assigned identity, empty when it has none."""
        from tgwizard.azure import compute

        return compute.identity_of(self.clients, vm)

    def locks_over(self, resources: tuple[ResourceId, ...]) -> tuple[LockSeen, ...]:
        """The management locks that lie on these resources, their groups or their subscription."""
        from tgwizard.azure import access

        return access.locks_over(self.clients, resources)

    def check_address(self, subnet: ResourceId, address: str) -> AddressAnswer:
        """Whether an address is free in the subnet's virtual network."""
        from tgwizard.azure.inventory import ArmInventories

        return ArmInventories(self.clients).address_free(subnet, address)

    def read_public_ip(self, public_ip: ResourceId) -> PublicIpSeen:
        from tgwizard.azure import network_documents

        return self._network_thing(public_ip, network_documents.public_ip)

    def read_balancer(self, balancer: ResourceId) -> BalancerSeen:
        from tgwizard.azure import network_documents

        return self._network_thing(balancer, network_documents.balancer)

    def _network_thing(self, thing: ResourceId, parsed: Callable[[rest.Json], T | None]) -> T:
        from tgwizard.azure import error_translation, rest

        doing = error_translation.Operation("read", thing.name)
        found = parsed(rest.read(self.clients, doing, rest.ArmPath(thing.text, rest.NETWORK_API)))
        if found is None:
            raise error_translation.unreadable(doing, "It has no id.")
        return found

    def stop_vm(
        self, vm: ResourceId, how: StopMethod, *, request_id: str, precondition: Precondition | None = None
    ) -> StopAccepted:
        """One POST that stops a VM, sent once."""
        from tgwizard.azure import compute

        return compute.stop_vm(self.clients, vm, how, request_id=request_id, precondition=precondition)

    def token_life_s(self) -> float:
        """How many real seconds the access token is still good for, after renewing it when it is old."""
        from tgwizard.azure.error_translation import Operation, translate_errors

        return translate_errors(Operation("check", "the sign-in"), self.clients.session.credential.life_s)

    def subnet_prefixes(self, subnet: ResourceId) -> tuple[str, ...]:
        """The address ranges of a subnet, as Azure spells them ("10.20.2.0/24")."""
        from tgwizard.azure import network

        return network.subnet_prefixes(self.clients, subnet)

    def close(self) -> None:
        self.clients.close()

    def _remember(self, nic: ResourceId) -> None:
        with self._mutex:
            self._groups.setdefault(nic.group.lower(), nic.group)
