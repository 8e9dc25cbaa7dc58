"""Since which api-version a field of a resource is there: an older one is answered without it.

From the models of the public SDKs of every generation. Fields that stand in no model are shown in every version.
"""

from __future__ import annotations

import json
from dataclasses import replace

from tgwizard.lab.wire import Response
from tgwizard.lab.world import NIC_TYPE, NSG_TYPE, PUBLIC_IP_TYPE, VM_TYPE, VNET_TYPE

_SINCE: dict[str, dict[str, str]] = {
    NIC_TYPE: {
        "enableAcceleratedNetworking": "2016-09-01",
        "hostedWorkloads": "2018-08-01",
        "tapConfigurations": "2018-08-01",
        "nicType": "2020-07-01",
        "workloadType": "2021-02-01",
        "vnetEncryptionSupported": "2021-05-01",
        "auxiliaryMode": "2021-08-01",
        "disableTcpStateTracking": "2022-07-01",
        "auxiliarySku": "2022-11-01",
        "defaultOutboundConnectivityEnabled": "2024-05-01",
    },
    f"{NIC_TYPE}/ipConfigurations": {
        "type": "2020-07-01",
        "privateIPAddressVersion": "2016-09-01",
        "applicationGatewayBackendAddressPools": "2016-09-01",
        "applicationSecurityGroups": "2017-10-01",
        "privateLinkConnectionProperties": "2019-07-01",
        "gatewayLoadBalancer": "2021-02-01",
    },
    VNET_TYPE: {
        "virtualNetworkPeerings": "2016-09-01",
        "enableDdosProtection": "2017-10-01",
        "flowTimeoutInMinutes": "2021-02-01",
        "encryption": "2021-05-01",
        "privateEndpointVNetPolicies": "2024-03-01",
    },
    f"{VNET_TYPE}/subnets": {
        "type": "2020-07-01",
        "serviceEndpoints": "2017-06-01",
        "addressPrefixes": "2018-08-01",
        "delegations": "2018-08-01",
        "natGateway": "2019-02-01",
        "privateEndpointNetworkPolicies": "2019-04-01",
        "privateLinkServiceNetworkPolicies": "2019-04-01",
    },
    PUBLIC_IP_TYPE: {
        "publicIPAddressVersion": "2016-09-01",
        "zones": "2017-06-01",
        "sku": "2017-10-01",
        "ipTags": "2018-01-01",
    },
    NSG_TYPE: {"flushConnection": "2022-01-01"},
    VM_TYPE: {"etag": "2024-07-01"},
}
"""A field of the properties, or of the document itself, and the first api-version that has it."""
_TABLE = {kind.lower(): fields for kind, fields in _SINCE.items()}
NEWEST = max(since for fields in _SINCE.values() for since in fields.values())
"""From this api-version on every field is shown."""


def trimmed(response: Response, version: str) -> Response:
    """Return an answer without the fields that came after an api-version."""
    if version >= NEWEST or not response.body.startswith(b"{"):
        return response
    document = response.json()
    if not _trim(document, version):
        return response
    headers = response.headers
    if document.get("type") == VM_TYPE and "etag" not in document:
        headers = tuple(item for item in headers if item[0] != "ETag")
    content = json.dumps(document, separators=(",", ":")).encode("ascii")
    return replace(response, headers=headers, body=content)


def _trim(value: object, version: str) -> bool:
    changed = False
    if isinstance(value, list):
        for item in value:
            changed |= _trim(item, version)
        return changed
    if not isinstance(value, dict):
        return False
    kind = value.get("type")
    for item in list(value.values()):
        changed |= _trim(item, version)
    newer = [name for name, since in _fields(kind).items() if version < since]
    for place in (value, value.get("properties")):
        if isinstance(place, dict):
            changed |= any([place.pop(name, None) is not None for name in newer])  # noqa: C419 - each of them
    return changed


def _fields(kind: object) -> dict[str, str]:
    return _TABLE.get(kind.lower(), {}) if isinstance(kind, str) else {}
