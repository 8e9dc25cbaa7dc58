"""What a network interface becomes when a client PUTs it: the whole resource is replaced.

Known fields that are left out fall back to their defaults, read-only fields come from the server whatever was sent,
and fields the lab does not know stay as they were sent (`azure-wire.md` 2.1, *Whole-resource replace*).
"""

from __future__ import annotations

import copy
import json

from tgwizard.lab.wire import Detail, Json, Refusal, network_refusal
from tgwizard.lab.world import NIC_TYPE, World

IP_CONFIGURATION_TYPE = f"{NIC_TYPE}/ipConfigurations"
SUCCEEDED, UPDATING, FAILED = "Succeeded", "Updating", "Failed"

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
_EXPANDED = ("properties", "etag", "name", "type", "location", "tags", "sku", "zones")
"""What a client may send inside a reference after reading it expanded; Azure keeps the id."""


def parse(content: bytes) -> Json:
    """Return the body of a PUT. Raises Refusal 400 `InvalidRequestFormat` for anything but a usable object."""
    try:
        body = json.loads(content)
    except (ValueError, UnicodeDecodeError) as error:
        raise _unreadable("InvalidJson", f"Unexpected character encountered while parsing value: {error}.") from error
    if not isinstance(body, dict):
        raise _unreadable("InvalidJson", "Error converting value to type 'NetworkInterface'. Path '', line 1.")
    _demand(body, "tags", dict, "tags")
    properties = body.get("properties")
    _demand(body, "properties", dict, "properties")
    if isinstance(properties, dict):
        _demand_properties(properties)
    return body


def replaced(world: World, nic_id: str, name: str, sent: Json, current: Json | None) -> Json:
    """Return the stored form of a sent NIC, still without its state and addresses settled."""
    document = copy.deepcopy({key: value for key, value in sent.items() if value is not None})
    properties = document.pop("properties", None) or {}
    old = current["properties"] if current else {}
    result: Json = {"name": name, "id": nic_id, "etag": "", **_without(document, "name", "id", "etag", "type", "kind")}
    result["properties"] = _properties(world, properties, old)
    result["properties"]["ipConfigurations"] = [
        _configuration(nic_id, item) for item in properties.get("ipConfigurations") or []
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
    properties = {
        key: value
        for key, value in sent.items()
        if key not in _READ_ONLY and not (value is None and (key in _DEFAULTS or key == "networkSecurityGroup"))
    }
    for key, default in _DEFAULTS.items():
        properties.setdefault(key, default)
    for key in _READ_ONLY:
        if key in old:
            properties[key] = old[key]
    properties.setdefault("resourceGuid", world.guid())
    properties.setdefault("hostedWorkloads", [])
    properties.setdefault("tapConfigurations", [])
    if "networkSecurityGroup" in properties:
        properties["networkSecurityGroup"] = _reference(properties["networkSecurityGroup"])
    dns = _without(properties.get("dnsSettings") or {}, *_READ_ONLY_DNS)
    dns["dnsServers"] = dns.get("dnsServers") or []
    old_dns = old.get("dnsSettings", {})
    dns["appliedDnsServers"] = old_dns.get("appliedDnsServers", [])
    for key in _READ_ONLY_DNS[1:]:
        if key in old_dns:
            dns[key] = old_dns[key]
    properties["dnsSettings"] = dns
    return properties


def _configuration(nic_id: str, sent: Json) -> Json:
    sent_properties = sent.get("properties") or {}
    properties = {
        key: value
        for key, value in sent_properties.items()
        if key not in _READ_ONLY_CONFIGURATION and value is not None
    }
    properties.setdefault("privateIPAllocationMethod", "Dynamic")
    properties.setdefault("privateIPAddressVersion", "IPv4")
    properties.setdefault("primary", False)
    for key in ("subnet", "publicIPAddress"):
        if key in properties:
            properties[key] = _reference(properties[key])
    for key in ("applicationSecurityGroups", "loadBalancerBackendAddressPools", "loadBalancerInboundNatRules"):
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


def _without(document: Json, *names: str) -> Json:
    return {key: value for key, value in document.items() if key not in names}


def _demand_properties(properties: Json) -> None:
    _demand(properties, "networkSecurityGroup", dict, "properties.networkSecurityGroup")
    _demand(properties, "dnsSettings", dict, "properties.dnsSettings")
    _demand(properties, "ipConfigurations", list, "properties.ipConfigurations")
    for flag in ("enableAcceleratedNetworking", "enableIPForwarding", "disableTcpStateTracking"):
        _demand(properties, flag, bool, f"properties.{flag}")
    for index, item in enumerate(properties.get("ipConfigurations") or []):
        path = f"properties.ipConfigurations[{index}]"
        if not isinstance(item, dict):
            raise _inconvertible(item, path)
        _demand(item, "name", str, f"{path}.name")
        _demand(item, "properties", dict, f"{path}.properties")
        inner = item.get("properties") or {}
        for key in ("subnet", "publicIPAddress"):
            _demand(inner, key, dict, f"{path}.properties.{key}")
        for key in ("privateIPAddress", "privateIPAllocationMethod", "privateIPAddressVersion"):
            _demand(inner, key, str, f"{path}.properties.{key}")
        _demand(inner, "primary", bool, f"{path}.properties.primary")
        for key in ("applicationSecurityGroups", "loadBalancerBackendAddressPools", "loadBalancerInboundNatRules"):
            _demand(inner, key, list, f"{path}.properties.{key}")
            if not all(isinstance(entry, dict) for entry in inner.get(key) or []):
                raise _inconvertible(inner[key], f"{path}.properties.{key}")


def _demand(document: Json, key: str, kind: type, path: str) -> None:
    value = document.get(key)
    if value is not None and not isinstance(value, kind):
        raise _inconvertible(value, path)


def _inconvertible(value: object, path: str) -> Refusal:
    return _unreadable("InvalidJson", f"Error converting value {json.dumps(value)}. Path '{path}', line 1.")


def _unreadable(code: str, message: str) -> Refusal:
    return network_refusal(400, "InvalidRequestFormat", "Cannot parse the request.", Detail(code, message))
