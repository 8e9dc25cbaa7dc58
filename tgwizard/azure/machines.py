"""What setting up does to a virtual machine: its system-assigned identity, and a restart (azure/README.md 1.3).

Not run against the real Azure. A PATCH holds the identity alone; user-assigned identities that are not named in it
stay, and naming them would need a right on each. Nothing here waits: the engine reads the machine.
"""

from __future__ import annotations

from tgwizard.azure.failures import Doing
from tgwizard.azure.inventory_machines import read_vm
from tgwizard.azure.raw import COMPUTE_API, Where, write
from tgwizard.azure.session import Clients
from tgwizard.model.cluster import ResourceId
from tgwizard.model.inventory import IdentityKind


def enable_identity(clients: Clients, vm: ResourceId, request_id: str) -> None:
    """Turn the system-assigned identity on, beside user-assigned ones. Nothing is sent when it is on already."""
    now = read_vm(clients, vm).identity.kind
    if now is IdentityKind.NONE:
        _patch(clients, vm, Doing("turn on the identity of", vm.name, writes=True), IdentityKind.SYSTEM, request_id)
    elif now is IdentityKind.USER:
        _patch(clients, vm, Doing("turn on the identity of", vm.name, writes=True), IdentityKind.BOTH, request_id)


def disable_identity(clients: Clients, vm: ResourceId, request_id: str) -> None:
    """Turn the system-assigned identity off, user-assigned ones stay. Nothing is sent when it is off already."""
    now = read_vm(clients, vm).identity.kind
    if now is IdentityKind.SYSTEM:
        _patch(clients, vm, Doing("turn off the identity of", vm.name, writes=True), IdentityKind.NONE, request_id)
    elif now is IdentityKind.BOTH:
        _patch(clients, vm, Doing("turn off the identity of", vm.name, writes=True), IdentityKind.USER, request_id)


def restart(clients: Clients, vm: ResourceId, request_id: str) -> None:
    """Restart the machine."""
    doing = Doing("restart", vm.name, writes=True)
    write(clients, doing, "POST", Where(f"{vm.text}/restart", COMPUTE_API), None, request_id)


def _patch(clients: Clients, vm: ResourceId, doing: Doing, kind: IdentityKind, request_id: str) -> None:
    write(clients, doing, "PATCH", Where(vm.text, COMPUTE_API), {"identity": {"type": kind.value}}, request_id)
