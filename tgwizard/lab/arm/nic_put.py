"""What a network interface becomes when a client PUTs it: the whole resource is replaced.

Known fields that are left out fall back to their defaults, read-only fields come from the server whatever was sent,
and fields the lab does not know stay as they were sent (azure/README.md 2.1, *Whole-resource replace*).
"""

from __future__ import annotations

import copy

from tgwizard.lab.wire import Json
from tgwizard.lab.world import NIC_TYPE, World

IP_CONFIGURATION_TYPE = f"{NIC_TYPE}/ipConfigurations"
SUCCEEDED, UPDATING, FAILED, DELETING = "Succeeded", "Updating", "Failed", "Deleting"

_READ_ONLY = (
    "provisioningState",
    "resourceGuid",
    "macAddress",
    "virtualMachine",
    "primary",
    "hostedWorkloads",
    "privateEndpoint",
    "dscpConfiguration",
    "vnetEncryptionSupported",
    "defaultOutboundConnectivityEnabled",
    "allowPort25Out",
    "tapConfigurations",
)
_READ_ONLY_DNS = ("appliedDnsServers", "internalDomainNameSuffix", "internalFqdn")
_READ_ONLY_CONFIGURATION = ("provisioningState", "privateLinkConnectionProperties")
_DEFAULTS: Json = {
    "enableAcceleratedNetworking": False,
    "enableIPForwarding": False,
    "disableTcpStateTracking": False,
    "nicType": "Standard",
    "auxiliaryMode": "None",
    "auxiliarySku": "None",
}
REFERENCES = ("subnet", "publicIPAddress", "gatewayLoadBalancer")
REFERENCE_LISTS = (
    "applicationSecurityGroups",
    "loadBalancerBackendAddressPools",
    "loadBalancerInboundNatRules",
    "applicationGatewayBackendAddressPools",
)
_KNOWN = ("tags", "properties", "location")
_KNOWN_PROPERTIES = ("networkSecurityGroup", "dnsSettings", "ipConfigurations", "workloadType")
_KNOWN_OF_CONFIGURATION = (
    *REFERENCES,
    *REFERENCE_LISTS,
    "privateIPAddress",
    "privateIPAllocationMethod",
    "privateIPAddressVersion",
    "primary",
)
_EXPANDED = ("properties", "etag", "name", "type", "location", "tags", "sku", "zones")
"""What a client may send inside a reference after reading it expanded; Azure keeps the id."""


def replaced(world: World, nic_id: str, name: str, sent: Json, current: Json | None) -> Json:
    """Return the stored form of a sent NIC, still without its state and addresses settled."""
    document = _given(copy.deepcopy(sent), *_KNOWN)
    properties = document.pop("properties", {})
    old = current["properties"] if current else {}
    result: Json = {"name": name, "id": nic_id, "etag": "", **_without(document, "name", "id", "etag", "type", "kind")}
    result["properties"] = _properties(world, properties, old)
    result["properties"]["ipConfigurations"] = [
        _configuration(nic_id, item, _named(old, item)) for item in properties.get("ipConfigurations") or []
    ]
    result["type"] = current["type"] if current else NIC_TYPE
    result["kind"] = current.get("kind", "Regular") if current else "Regular"
    return result


def stamp(nic: Json, state: str, etag: str) -> None:
    """Set the provisioning state and the etag, which a NIC and all its ipConfigurations share."""
    nic["etag"] = etag
    nic["properties"]["provisioningState"] = state
    for configuration in nic["properties"]["ipConfigurations"]:
        configuration["etag"] = etag
        configuration["properties"]["provisioningState"] = state


def _properties(world: World, sent: Json, old: Json) -> Json:
    properties = _without(_given(sent, *_DEFAULTS, *_KNOWN_PROPERTIES), *_READ_ONLY)
    for key, default in _DEFAULTS.items():
        properties.setdefault(key, default)
    for key in _READ_ONLY:
        if key in old:
            properties[key] = old[key]
    properties.setdefault("resourceGuid", world.guid())
    properties.setdefault("hostedWorkloads", [])
    properties.setdefault("tapConfigurations", [])
    properties.setdefault("allowPort25Out", False)
    properties.setdefault("defaultOutboundConnectivityEnabled", False)
    if "networkSecurityGroup" in properties:
        properties["networkSecurityGroup"] = _reference(properties["networkSecurityGroup"])
    dns = _without(properties.get("dnsSettings", {}), *_READ_ONLY_DNS)
    dns["dnsServers"] = dns.get("dnsServers") or []
    old_dns = old.get("dnsSettings", {})
    dns["appliedDnsServers"] = old_dns.get("appliedDnsServers", [])
    for key in _READ_ONLY_DNS[1:]:
        if key in old_dns:
            dns[key] = old_dns[key]
    properties["dnsSettings"] = dns
    return properties


def _named(old: Json, sent: Json) -> Json:
    """Return the properties that a configuration of the same name had before, or an empty object."""
    name = str(sent.get("name") or "").lower()
    found = (item["properties"] for item in old.get("ipConfigurations", []) if item["name"].lower() == name)
    return next(found, {})


def _configuration(nic_id: str, sent: Json, old: Json) -> Json:
    given = _without(_given(sent.get("properties") or {}, *_KNOWN_OF_CONFIGURATION), *_READ_ONLY_CONFIGURATION)
    properties: Json = {
        "privateIPAllocationMethod": "Dynamic",
        "privateIPAddressVersion": "IPv4",
        "primary": False,
        **given,
    }
    properties |= {key: old[key] for key in _READ_ONLY_CONFIGURATION if key in old}
    for key in REFERENCES:
        if key in properties:
            properties[key] = _reference(properties[key])
    for key in REFERENCE_LISTS:
        if key in properties:
            properties[key] = [_reference(item) for item in properties[key]]
    name = str(sent.get("name") or "")
    rest = _without(sent, "name", "id", "etag", "type", "properties")
    return {
        "name": name,
        "id": f"{nic_id}/ipConfigurations/{name}",
        "etag": "",
        **rest,
        "type": IP_CONFIGURATION_TYPE,
        "properties": properties,
    }


def _reference(sent: Json) -> Json:
    return _without(sent, *_EXPANDED)


def _given(document: Json, *known: str) -> Json:
    """Return a document without those known fields that were sent as null: for them null means left out."""
    return {key: value for key, value in document.items() if value is not None or key not in known}


def _without(document: Json, *names: str) -> Json:
    return {key: value for key, value in document.items() if key not in names}
