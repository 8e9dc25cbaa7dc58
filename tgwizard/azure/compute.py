"""What the compute side says about a VM: power, zone and agent, from its instance view (azure-wire.md 1.3)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tgwizard.azure.failures import Doing, attempt, unreadable
from tgwizard.azure.network import READ
from tgwizard.azure.session import Clients
from tgwizard.model.cluster import ResourceId
from tgwizard.model.snapshot import Power, VmSeen

_POWER = {power.value: power for power in Power if power is not Power.NOT_KNOWN}


def read_vm(clients: Clients, vm: ResourceId) -> VmSeen:
    """Power, zone and whether the guest agent reports."""
    doing = Doing("read", vm.name)
    operations = clients.compute(vm.subscription).virtual_machines
    body: object = attempt(
        doing, lambda: operations.get(vm.group, vm.name, expand="instanceView", cls=_raw_json, **READ)
    )
    if not isinstance(body, Mapping) or not isinstance(body.get("properties"), Mapping):
        raise unreadable(doing, "It is not a virtual machine.")
    view = body["properties"].get("instanceView") or {}
    zones = body.get("zones") or ()
    return VmSeen(power_in(view), str(zones[0]) if zones else "", _agent_ready(view))


def power_in(view: Mapping[str, Any]) -> Power:
    """The power state that an instance view reports."""
    for status in view.get("statuses") or ():
        kind, _, word = str(status.get("code", "")).partition("/")
        if kind.lower() == "powerstate":
            return _POWER.get(word.lower(), Power.NOT_KNOWN)
    return Power.NOT_KNOWN


def _agent_ready(view: Mapping[str, Any]) -> bool | None:
    statuses = (view.get("vmAgent") or {}).get("statuses") or ()
    words = [str(status.get("displayStatus", "")).lower() for status in statuses]
    return any(word == "ready" for word in words) if words else None


def _raw_json(response: Any, _model: object, _headers: object) -> Any:
    try:
        return json.loads(response.http_response.text())
    except ValueError:
        return None
