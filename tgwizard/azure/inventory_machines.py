"""Virtual machines as discovery sees them: interfaces, image, identity, tags and power out of Azure's documents."""

from __future__ import annotations

from collections.abc import Mapping

from tgwizard.azure.compute import power_in
from tgwizard.azure.failures import Doing, unreadable
from tgwizard.azure.raw import COMPUTE_API, Json, Where, inner, objects, read, resource, text
from tgwizard.azure.session import Clients
from tgwizard.model.cluster import ResourceId
from tgwizard.model.inventory import IdentityKind, VmFound, VmIdentity
from tgwizard.model.snapshot import Power

_KINDS = {kind.value.replace(" ", "").lower(): kind for kind in IdentityKind}


def read_vm(clients: Clients, vm: ResourceId) -> VmFound:
    """One machine with its power."""
    doing = Doing("read", vm.name)
    found = _vm(read(clients, doing, Where(vm.text, COMPUTE_API, (("$expand", "instanceView"),))))
    if found is None:
        raise unreadable(doing, "It is not a virtual machine.")
    return found


def vm(item: Json) -> VmFound | None:
    """A machine of a list; None for what has no id of a resource."""
    return _vm(item)


def power_of(item: Json) -> tuple[ResourceId, Power] | None:
    """A machine's power out of a document with its instance view."""
    found = resource(item)
    return None if found is None else (found, power_in(inner(inner(item), "instanceView")))


def identity_of(item: Json) -> VmIdentity:
    """The managed identity of a machine's document. An unknown type counts as none that the role can be given to."""
    identity = inner(item, "identity")
    kind = _KINDS.get(text(identity, "type").replace(" ", "").lower(), IdentityKind.NONE)
    assigned = inner(identity, "userAssignedIdentities")
    has_own = kind in (IdentityKind.SYSTEM, IdentityKind.BOTH)
    return VmIdentity(kind, text(identity, "principalId") if has_own else "", tuple(assigned))


def _vm(item: Json) -> VmFound | None:
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
    zones = item.get("zones")
    return VmFound(
        found,
        text(item, "location"),
        tuple(nics),
        primary,
        str(zones[0]) if isinstance(zones, list) and zones else "",
        text(inner(properties, "hardwareProfile"), "vmSize"),
        _image(item, properties),
        identity_of(item),
        tuple((str(name), str(value)) for name, value in inner(item, "tags").items()),
        power_in(inner(properties, "instanceView")),
    )


def _image(item: Json, properties: Json) -> str:
    """Publisher, offer, SKU and version; else the id of a gallery image; else the plan that the machine runs under."""
    image = inner(inner(properties, "storageProfile"), "imageReference")
    named = _joined(image, "publisher", "offer", "sku", "version")
    ids = (text(image, name) for name in ("id", "sharedGalleryImageId", "communityGalleryImageId"))
    return named or next((found for found in ids if found), "") or _joined(inner(item, "plan"), "publisher", "product")


def _joined(document: Mapping[str, object], *names: str) -> str:
    return ":".join(part for name in names if (part := text(document, name)))
