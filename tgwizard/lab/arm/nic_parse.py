"""Reading the body of a NIC PUT: anything but a usable document is refused before it can do harm.

Azure answers 400 `InvalidRequestFormat` with the reason in `details`; the wording of the reasons is modelled [?].
"""

from __future__ import annotations

import json

from tgwizard.lab.arm import request_bodies
from tgwizard.lab.arm.nic_put import REFERENCE_LISTS, REFERENCES
from tgwizard.lab.wire import Detail, Json, Refusal, network_refusal

_TEXTS = ("privateIPAddress", "privateIPAllocationMethod", "privateIPAddressVersion")
_FLAGS = ("enableAcceleratedNetworking", "enableIPForwarding", "disableTcpStateTracking")


def parse(content: bytes) -> Json:
    """Return the body of a PUT. Raises Refusal 400 for anything but a usable object."""
    try:
        body = request_bodies.read(content)
    except request_bodies.BodyUnreadable as error:
        raise _unreadable("InvalidJson", str(error)) from error
    if not isinstance(body, dict):
        raise _unreadable("InvalidJson", "Error converting value to type 'NetworkInterface'. Path '', line 1.")
    _demand(body, "location", str, "location")
    _demand(body, "tags", dict, "tags")
    for name in body.get("tags") or {}:
        _demand(body["tags"], name, str, f"tags.{name}")
    _demand(body, "properties", dict, "properties")
    _check_properties(body.get("properties") or {})
    return body


def _check_properties(properties: Json) -> None:
    _check_reference(properties, "networkSecurityGroup", "properties")
    _demand(properties, "dnsSettings", dict, "properties.dnsSettings")
    _demand(properties.get("dnsSettings") or {}, "dnsServers", list, "properties.dnsSettings.dnsServers")
    _demand(properties, "ipConfigurations", list, "properties.ipConfigurations")
    for flag in _FLAGS:
        _demand(properties, flag, bool, f"properties.{flag}")
    for index, item in enumerate(properties.get("ipConfigurations") or []):
        path = f"properties.ipConfigurations[{index}]"
        if not isinstance(item, dict):
            raise _inconvertible(item, path)
        _demand(item, "name", str, f"{path}.name")
        _demand(item, "properties", dict, f"{path}.properties")
        _check_configuration(item.get("properties") or {}, f"{path}.properties")


def _check_configuration(properties: Json, path: str) -> None:
    for key in _TEXTS:
        _demand(properties, key, str, f"{path}.{key}")
    _demand(properties, "primary", bool, f"{path}.primary")
    for key in REFERENCES:
        # A subnet without an id has a refusal of its own.
        if key != "subnet" or properties.get("subnet") != {}:
            _check_reference(properties, key, path)
    for key in REFERENCE_LISTS:
        _demand(properties, key, list, f"{path}.{key}")
        for index, entry in enumerate(properties.get(key) or []):
            _check_reference({"entry": entry}, "entry", f"{path}.{key}[{index}]", required=True)


def _check_reference(document: Json, key: str, path: str, *, required: bool = False) -> None:
    where = path if key == "entry" else f"{path}.{key}"
    value = document.get(key)
    if value is None and not required:
        return
    if not isinstance(value, dict):
        raise _inconvertible(value, where)
    _demand(value, "id", str, f"{where}.id")
    if not value.get("id"):
        raise _unreadable("MissingJsonReferenceId", f"Value for reference id is missing. Path {where}.")
    if not value["id"].lower().startswith("/subscriptions/"):
        raise Refusal(
            400,
            "LinkedInvalidPropertyId",
            f"Property id '{value['id']}' at path '{where}.id' is invalid. Expect fully qualified resource Id that "
            "start with '/subscriptions/{subscriptionId}' or '/providers/{resourceProviderNamespace}/'.",
        )


def _demand(document: Json, key: str, kind: type, path: str) -> None:
    value = document.get(key)
    if value is not None and not isinstance(value, kind):
        raise _inconvertible(value, path)


def _inconvertible(value: object, path: str) -> Refusal:
    return _unreadable("InvalidJson", f"Error converting value {json.dumps(value)}. Path '{path}', line 1.")


def _unreadable(code: str, message: str) -> Refusal:
    return network_refusal(400, "InvalidRequestFormat", "Cannot parse the request.", Detail(code, message))
