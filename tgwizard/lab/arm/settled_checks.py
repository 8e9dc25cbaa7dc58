"""What is refused because something else is not in `Succeeded` state (azure/README.md 2.4).

A network interface left `Failed` blocks operations on its VM and changes of its subnet, a subnet blocks changes of the
interfaces in it; the remedy is a new PUT of what is `Failed`, and patience with what is `Updating`. For the VM
the code alone is known, so the wording is that of the same refusal for subnets, which live logs have whole; and
which of the verbs Azure refuses is nowhere recorded, so it can be chosen (`World.failed_nic`) [?].
"""

from __future__ import annotations

from tgwizard.lab import ids, operations, subnet_addresses
from tgwizard.lab.arm import nic_put
from tgwizard.lab.routing import HandlerCall
from tgwizard.lab.wire import Detail, Json, Refusal, network_refusal
from tgwizard.lab.world import NIC_TYPE, FailedNic, OperationKind, World

_BLOCKED = {
    FailedNic.ALL: frozenset(
        {
            OperationKind.POWER_OFF,
            OperationKind.START,
            OperationKind.DEALLOCATE,
            OperationKind.RESTART,
            OperationKind.UPDATE_VM,
        }
    ),
    FailedNic.STARTS: frozenset({OperationKind.START, OperationKind.RESTART}),
    FailedNic.NOTHING: frozenset[OperationKind](),
}


def require_settled_nics(call: HandlerCall, vm: Json, kind: OperationKind) -> None:
    """Refuse with 400 an operation on a VM one of whose interfaces is `Failed`."""
    if kind not in _BLOCKED[call.world.failed_nic]:
        return
    for reference in vm["properties"]["networkProfile"]["networkInterfaces"]:
        nic = call.world.find(reference["id"])
        if nic is not None and nic["properties"]["provisioningState"] == nic_put.FAILED:
            sentence = _sentence(nic["id"], vm["id"], nic_put.FAILED, OperationKind.PUT_NIC)
            raise network_refusal(400, "ParentResourceIsInFailedState", sentence)


def require_settled_users(call: HandlerCall, subnet_id: str) -> None:
    """Refuse a change of a subnet while an interface in it is `Failed`, 400, or `Updating`, 429 `RetryableError`."""
    for nic, configuration in _users(call.world, subnet_id):
        _require_settled(configuration, nic, subnet_id, OperationKind.PUT_NIC)


def require_settled_subnets(world: World, nic: Json) -> None:
    """Refuse a change of an interface while a subnet of its is `Failed`, 400, or `Updating`, 429 `RetryableError`."""
    for subnet_id in _subnets_of(nic):
        subnet = subnet_addresses.subnet_of(world, subnet_id)
        if subnet is not None:
            _require_settled(subnet["id"], subnet, nic["id"], OperationKind.PUT_SUBNET)


def _subnets_of(nic: Json) -> list[str]:
    found = (item["properties"].get("subnet") for item in nic["properties"]["ipConfigurations"])
    return list(dict.fromkeys(subnet["id"] for subnet in found if subnet))


def _require_settled(resource: str, document: Json, user: str, last: OperationKind) -> None:
    state = document["properties"].get("provisioningState")
    if state == nic_put.FAILED:
        sentence = _sentence(resource, user, state, last)
        raise network_refusal(400, "ReferencedResourceNotProvisioned", sentence)
    if state == nic_put.UPDATING:
        raise _later(_sentence(resource, user, state, last))


def _users(world: World, subnet_id: str) -> list[tuple[Json, str]]:
    """Return the interfaces that have an address in a subnet, each with one of its configurations there."""
    found: dict[str, str] = {}
    for allocation in world.allocations.in_subnet(subnet_id):
        found.setdefault(ids.key(allocation.nic), allocation.configuration)
    nics = ((world.resources.get(key), configuration) for key, configuration in found.items())
    return [(nic, configuration) for nic, configuration in nics if nic is not None and nic["type"] == NIC_TYPE]


def _sentence(resource: str, user: str, state: str, last: OperationKind) -> str:
    return (
        f"Cannot proceed with operation because resource {resource} used by resource {user} is not in Succeeded state. "
        f"Resource is in {state} state and the last operation that updated/is updating the resource is "
        f"{last.value}."
    )


def _later(sentence: str) -> Refusal:
    return network_refusal(
        429,
        "RetryableError",
        "A retryable error occurred.",
        Detail("ReferencedResourceNotProvisioned", sentence),
        headers=(("Retry-After", str(operations.RETRY_AFTER_S)),),
    )
