"""What the compute side says about a VM: power, zone and agent, from its instance view (azure/README.md 1.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from tgwizard.azure.failures import Doing, attempt, unreadable
from tgwizard.azure.raw import AS_IT_IS, Json, Sending, headers_of, inner, objects, text, texts
from tgwizard.azure.session import Clients
from tgwizard.engine.ports import InTime, StopAccepted
from tgwizard.model.cluster import ResourceId
from tgwizard.model.failover_options import StopHow
from tgwizard.model.snapshot import Power, VmSeen

_POWER = {power.value: power for power in Power if power is not Power.NOT_KNOWN}


def read_vm(clients: Clients, vm: ResourceId) -> VmSeen:
    """Power, zone and whether the guest agent reports."""
    doing = Doing("read", vm.name)
    operations = clients.compute(vm.subscription).virtual_machines
    body: object = attempt(
        doing,
        lambda: operations.get(vm.group, vm.name, expand="instanceView", **AS_IT_IS, **clients.limits.read()),
    )
    if not isinstance(body, Mapping) or not isinstance(body.get("properties"), Mapping):
        raise unreadable(doing, "It is not a virtual machine.")
    view = inner(inner(body), "instanceView")
    zone, availability_set = next(iter(texts(body, "zones")), ""), text(inner(inner(body), "availabilitySet"), "id")
    return VmSeen(power_in(view), zone, _agent_ready(view), availability_set)


def identity_of(clients: Clients, vm: ResourceId) -> str:
    """The object id of a VM's system-assigned identity, empty when it has none."""
    doing = Doing("read", vm.name)
    operations = clients.compute(vm.subscription).virtual_machines
    body: object = attempt(doing, lambda: operations.get(vm.group, vm.name, **AS_IT_IS, **clients.limits.read()))
    if not isinstance(body, Mapping):
        raise unreadable(doing, "It is not a virtual machine.")
    return text(inner(body, "identity"), "principalId")


def stop_vm(
    clients: Clients, vm: ResourceId, how: StopHow, *, request_id: str, in_time: InTime | None = None
) -> StopAccepted:
    """One POST, sent once. powerOff skips the guest's shutdown: a machine that hangs would not answer it."""
    doing = Doing("stop", vm.name, writes=True)
    operations = clients.compute(vm.subscription).virtual_machines
    options: dict[str, Any] = {
        "headers": {"x-ms-client-request-id": request_id},
        "polling": False,
        "cls": headers_of,
        **Sending(request_id, in_time).options(clients),
    }

    def post() -> Mapping[str, str]:
        if how is StopHow.POWER_OFF:
            poller = operations.begin_power_off(vm.group, vm.name, skip_shutdown=True, **options)
        else:
            poller = operations.begin_deallocate(vm.group, vm.name, **options)
        return cast("Mapping[str, str]", poller.result())

    answered = attempt(doing, post)
    return StopAccepted(str(answered.get("Azure-AsyncOperation", "")), str(answered.get("x-ms-request-id", "")))


def power_in(view: Json) -> Power:
    """The power state that an instance view reports."""
    for status in objects(view, "statuses"):
        kind, _, word = text(status, "code").partition("/")
        if kind.lower() == "powerstate":
            return _POWER.get(word.lower(), Power.NOT_KNOWN)
    return Power.NOT_KNOWN


def _agent_ready(view: Json) -> bool | None:
    words = [text(status, "displayStatus").lower() for status in objects(inner(view, "vmAgent"), "statuses")]
    return any(word == "ready" for word in words) if words else None
