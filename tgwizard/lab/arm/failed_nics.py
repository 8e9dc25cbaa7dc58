"""What a network interface left `Failed` blocks: operations on its VM and changes of its subnet (`azure-wire.md` 2.4).

The remedy is a new PUT of the interface. For the VM the reference has the code alone, so the wording is that of the
same refusal for subnets, which live logs have whole; and which of the verbs Azure refuses is nowhere recorded, so it
can be chosen (`World.failed_nic`) [?].
"""

from __future__ import annotations

from tgwizard.lab import ids, operations
from tgwizard.lab.arm import nic_body
from tgwizard.lab.routing import Call
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


def require_none_at_vm(call: Call, vm: Json, kind: OperationKind) -> None:
    """Refuse with 400 an operation on a VM one of whose interfaces is `Failed`."""
    if kind not in _BLOCKED[call.world.failed_nic]:
        return
    for reference in vm["properties"]["networkProfile"]["networkInterfaces"]:
        nic = call.world.find(reference["id"])
        if nic is not None and nic["properties"]["provisioningState"] == nic_body.FAILED:
            raise network_refusal(400, "ParentResourceIsInFailedState", _sentence(nic["id"], vm["id"], nic_body.FAILED))


def require_none_in_subnet(call: Call, subnet_id: str) -> None:
    """Refuse a change of a subnet while an interface in it is `Failed`, 400, or `Updating`, 429 `RetryableError`."""
    for nic, configuration in _users(call.world, subnet_id):
        state = nic["properties"]["provisioningState"]
        sentence = _sentence(configuration, subnet_id, state)
        if state == nic_body.FAILED:
            raise network_refusal(400, "ReferencedResourceNotProvisioned", sentence)
        if state == nic_body.UPDATING:
            raise _later(sentence)


def _users(world: World, subnet_id: str) -> list[tuple[Json, str]]:
    """Return the interfaces that have an address in a subnet, each with one of its configurations there."""
    found: dict[str, str] = {}
    for allocation in world.allocations.in_subnet(subnet_id):
        found.setdefault(ids.key(allocation.nic), allocation.configuration)
    nics = ((world.resources.get(key), configuration) for key, configuration in found.items())
    return [(nic, configuration) for nic, configuration in nics if nic is not None and nic["type"] == NIC_TYPE]


def _sentence(resource: str, user: str, state: str) -> str:
    return (
        f"Cannot proceed with operation because resource {resource} used by resource {user} is not in Succeeded state. "
        f"Resource is in {state} state and the last operation that updated/is updating the resource is "
        f"{OperationKind.PUT_NIC.value}."
    )


def _later(sentence: str) -> Refusal:
    return network_refusal(
        429,
        "RetryableError",
        "A retryable error occurred.",
        Detail("ReferencedResourceNotProvisioned", sentence),
        headers=(("Retry-After", str(operations.RETRY_AFTER_S)),),
    )
