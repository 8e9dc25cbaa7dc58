"""``ArmCompute``: virtual machines as they are, and what is done to them.

Nothing here waits: the engine reads the machine. Nothing here was run against the real Azure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from tgwizard.azure.clients import Clients
from tgwizard.azure.directory import group_names
from tgwizard.azure.error_translation import Operation, translate_errors, unreadable
from tgwizard.azure.rest import (
    COMPUTE_API,
    ArmPath,
    Json,
    WriteOptions,
    headers_of,
    inner,
    items_of_subscription,
    objects,
    parse_each,
    read,
    resource,
    text,
    texts,
    write,
)
from tgwizard.engine.ports import Page, Precondition, StopAccepted
from tgwizard.model.cluster import ResourceId
from tgwizard.model.failover_options import StopMethod
from tgwizard.model.inventory import IdentityKind, VmFound, VmIdentity
from tgwizard.model.snapshot import Power

_POWER = {power.value: power for power in Power if power is not Power.NOT_KNOWN}
_IDENTITY_KINDS = {kind.value.replace(" ", "").lower(): kind for kind in IdentityKind}


class ArmCompute:
    """The engine's ``Compute`` port. Usable from several threads; each call raises AzureCallError alone."""

    def __init__(self, clients: Clients) -> None:
        """Nothing is connected before the first call."""
        self._clients = clients

    def vm(self, vm: ResourceId) -> VmFound:
        """One machine as of now, with power, agent and identity."""
        doing = Operation("read", vm.name)
        body = read(self._clients, doing, ArmPath(vm.text, COMPUTE_API, (("$expand", "instanceView"),)))
        found = found_vm(body)
        if found is None or not isinstance(body.get("properties"), Mapping):
            raise unreadable(doing, "It is not a virtual machine.")
        return found

    def vms(self, subscription: str, page: Page) -> tuple[VmFound, ...]:
        """Machines, without power."""
        return parse_each(found_vm, self._list(subscription, "the virtual machines", page))

    def powers(self, subscription: str, page: Page) -> tuple[tuple[ResourceId, Power], ...]:
        """Power of every machine, from one list (``statusOnly``, documented and not recorded)."""
        status = (("statusOnly", "true"),)
        return parse_each(found_power, self._list(subscription, "the states of the virtual machines", page, status))

    def stop_vm(
        self, vm: ResourceId, how: StopMethod, *, request_id: str, precondition: Precondition | None = None
    ) -> StopAccepted:
        """One POST, sent once. powerOff skips the guest's shutdown: a machine that hangs would not answer it."""
        doing = Operation("stop", vm.name, writes=True)
        operations = self._clients.compute(vm.subscription).virtual_machines
        options: dict[str, Any] = {
            "headers": {"x-ms-client-request-id": request_id},
            "polling": False,
            "cls": headers_of,
            **WriteOptions(request_id, precondition).options(self._clients),
        }

        def post() -> Mapping[str, str]:
            if how is StopMethod.POWER_OFF:
                poller = operations.begin_power_off(vm.group, vm.name, skip_shutdown=True, **options)
            else:
                poller = operations.begin_deallocate(vm.group, vm.name, **options)
            return cast("Mapping[str, str]", poller.result())

        answered = translate_errors(doing, post)
        return StopAccepted(str(answered.get("Azure-AsyncOperation", "")), str(answered.get("x-ms-request-id", "")))

    def restart(self, vm: ResourceId, *, request_id: str) -> None:
        """Restart the machine."""
        doing = Operation("restart", vm.name, writes=True)
        write(self._clients, doing, "POST", ArmPath(f"{vm.text}/restart", COMPUTE_API), None, request_id)

    def start(self, vm: ResourceId, *, request_id: str) -> None:
        """Start a machine that was stopped or deallocated."""
        doing = Operation("start", vm.name, writes=True)
        write(self._clients, doing, "POST", ArmPath(f"{vm.text}/start", COMPUTE_API), None, request_id)

    def enable_identity(self, vm: ResourceId, *, request_id: str) -> None:
        """Turn the system-assigned identity on, beside user-assigned ones. Nothing is sent when it is on already."""
        doing = Operation("turn on the identity of", vm.name, writes=True)
        now = self.vm(vm).identity.kind
        if now is IdentityKind.NONE:
            self._patch(vm, doing, IdentityKind.SYSTEM, request_id)
        elif now is IdentityKind.USER:
            self._patch(vm, doing, IdentityKind.BOTH, request_id)

    def disable_identity(self, vm: ResourceId, *, request_id: str) -> None:
        """Turn the system-assigned identity off, user-assigned ones stay. Nothing is sent when it is off already."""
        doing = Operation("turn off the identity of", vm.name, writes=True)
        now = self.vm(vm).identity.kind
        if now is IdentityKind.SYSTEM:
            self._patch(vm, doing, IdentityKind.NONE, request_id)
        elif now is IdentityKind.BOTH:
            self._patch(vm, doing, IdentityKind.USER, request_id)

    def _list(self, subscription: str, words: str, page: Page, query: tuple[tuple[str, str], ...] = ()) -> list[Json]:
        where = ArmPath("Microsoft.Compute/virtualMachines", COMPUTE_API, query)
        groups = group_names(self._clients, subscription)
        return items_of_subscription(self._clients, Operation("list", words), subscription, where, groups, page)

    def _patch(self, vm: ResourceId, doing: Operation, kind: IdentityKind, request_id: str) -> None:
        body = {"identity": {"type": kind.value}}
        write(self._clients, doing, "PATCH", ArmPath(vm.text, COMPUTE_API), body, request_id)


def found_vm(item: Json) -> VmFound | None:
    """A machine out of its document; None for what has no id of a resource."""
    found = resource(item)
    if found is None:
        return None
    properties = inner(item)
    nics: list[ResourceId] = []
    primary: ResourceId | None = None
    for entry in objects(inner(properties, "networkProfile"), "networkInterfaces"):
        nic = resource(entry)
        if nic is not None:
            nics.append(nic)
            if inner(entry).get("primary") is True:
                primary = nic
    if primary is None and len(nics) == 1:
        primary = nics[0]
    view = inner(properties, "instanceView")
    return VmFound(
        found,
        text(item, "location"),
        tuple(nics),
        primary,
        next(iter(texts(item, "zones")), ""),
        text(inner(properties, "hardwareProfile"), "vmSize"),
        _image(item, properties),
        found_identity(item),
        tuple((str(name), str(value)) for name, value in inner(item, "tags").items()),
        power_in(view),
        _agent_ready(view),
        text(inner(properties, "availabilitySet"), "id"),
    )


def found_power(item: Json) -> tuple[ResourceId, Power] | None:
    """A machine's power out of a document with its instance view."""
    found = resource(item)
    return None if found is None else (found, power_in(inner(inner(item), "instanceView")))


def found_identity(item: Json) -> VmIdentity:
    """The managed identity of a machine's document. An unknown type counts as none that the role can be given to."""
    identity = inner(item, "identity")
    kind = _IDENTITY_KINDS.get(text(identity, "type").replace(" ", "").lower(), IdentityKind.NONE)
    assigned = inner(identity, "userAssignedIdentities")
    has_own = kind in (IdentityKind.SYSTEM, IdentityKind.BOTH)
    return VmIdentity(kind, text(identity, "principalId") if has_own else "", tuple(assigned))


def _image(item: Json, properties: Json) -> str:
    """Publisher, offer, SKU and version; else the id of a gallery image; else the plan that the machine runs under."""
    image = inner(inner(properties, "storageProfile"), "imageReference")
    named = _joined(image, "publisher", "offer", "sku", "version")
    ids = (text(image, name) for name in ("id", "sharedGalleryImageId", "communityGalleryImageId"))
    return named or next((found for found in ids if found), "") or _joined(inner(item, "plan"), "publisher", "product")


def _joined(document: Mapping[str, object], *names: str) -> str:
    return ":".join(part for name in names if (part := text(document, name)))


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
