"""The virtual machines of a scenario as Azure describes them: image, disk, operating system, identity.

A VM's `image` is `trustgrid` (the default: the community gallery's, engine/README.md 5.3), `ubuntu`, or `none` (made
from a disk, so that only its name tells what it is). `identity` and `user_identities` ("group/name") decide its
identity.
"""

from __future__ import annotations

import uuid

from tgwizard.lab import ids
from tgwizard.lab.arm.vm_identity import user_assigned
from tgwizard.lab.wire import Json
from tgwizard.lab.world import LabPrincipalKind, Principal, World

GALLERY = "trustgrid-45680719-9aa7-43b9-a376-dc03bcfdb0ac"
_TRUSTGRID = f"/communityGalleries/{GALLERY}/images/trustgrid-node-2204-prod/versions/latest"
_IMAGES: dict[str, Json] = {
    "trustgrid": {"communityGalleryImageId": _TRUSTGRID, "exactVersion": "1.5.20251124"},
    "ubuntu": {
        "publisher": "Canonical",
        "offer": "ubuntu-24_04-lts",
        "sku": "server",
        "version": "latest",
        "exactVersion": "24.04.202511060",
    },
}
_KEYS = uuid.UUID("5a1f3b86-0a39-4c1e-8a53-2f5c0f6d7b11")


def properties(world: World, vm_id: str, item: Json, nics: list[Json]) -> Json:
    """Return the properties of a VM with these network interface references."""
    name, image = item["name"], item.get("image", "trustgrid")
    disk = f"{name}_OsDisk_1_{uuid.uuid5(_KEYS, vm_id).hex}"
    disks = f"{vm_id.partition('/providers/')[0]}/providers/Microsoft.Compute/disks"
    os_disk: Json = {
        "osType": "Linux",
        "name": disk,
        "createOption": "Attach" if image == "none" else "FromImage",
        "caching": "ReadWrite",
        "managedDisk": {"storageAccountType": "Premium_LRS", "id": f"{disks}/{disk}"},
        "deleteOption": "Detach",
        "diskSizeGB": 30,
    }
    storage: Json = {"osDisk": os_disk, "dataDisks": []}
    result: Json = {
        "hardwareProfile": {"vmSize": item["size"]},
        "provisioningState": "Succeeded",
        "vmId": world.guid(),
        "storageProfile": storage,
        "networkProfile": {"networkInterfaces": nics},
        "diagnosticsProfile": {"bootDiagnostics": {"enabled": True}},
        "timeCreated": "2026-01-12T09:20:31.4155519+00:00",
    }
    if image != "none":
        storage["imageReference"] = dict(_IMAGES[image])
        # A VM made from a disk has no osProfile.
        result["osProfile"] = {
            "computerName": name,
            "adminUsername": "ubuntu",
            "linuxConfiguration": {
                "disablePasswordAuthentication": True,
                "provisionVMAgent": True,
                "patchSettings": {"patchMode": "ImageDefault", "assessmentMode": "ImageDefault"},
            },
            "secrets": [],
            "allowExtensionOperations": True,
            "requireGuestProvisionSignal": True,
        }
    return result


def identity(world: World, vm_id: str, item: Json, user_ids: list[str]) -> Json | None:
    """Return a VM's identity and enter its principal into the directory; None for a VM without."""
    place = world.subscription_with(ids.subscription_of(vm_id)) or world.subscription
    kinds: list[str] = []
    result: Json = {}
    if item.get("identity", False):
        principal = Principal(world.guid(), world.guid(), item["name"], vm_id, LabPrincipalKind.SERVICE_PRINCIPAL)
        world.principals.append(principal)
        kinds.append("SystemAssigned")
        result |= {"principalId": principal.oid, "tenantId": place.tenant}
    if user_ids:
        kinds.append("UserAssigned")
        result["userAssignedIdentities"] = {reference: user_assigned(world, reference) for reference in user_ids}
    return {"type": ", ".join(kinds), **result} if kinds else None
