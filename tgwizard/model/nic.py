"""A network interface as Azure's own document: opaque JSON with pure find, remove, add and compare.

A NIC PUT replaces the whole resource, and whatever is left out is reset, so everything that was read, known to us or
not, goes back as it was; only the configuration that names the floating IP comes or goes. With it travels everything
but what belongs to the interface itself. Matching is by private address, never by the configuration's name.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from tgwizard.model.cluster import ResourceId
from tgwizard.model.cluster_setup import CarriedConfiguration, references_in
from tgwizard.model.text import sanitize

_VOLATILE = frozenset({"etag", "provisioningState"})
"""Fields that Azure moves by itself with every write; never a change by someone."""


@lru_cache(maxsize=512)
def _address(text: str) -> IPv4Address | IPv6Address | None:
    """An address as a value, None for what is none. Every look at a snapshot asks for the same few."""
    try:
        return ip_address(text)
    except ValueError:
        return None


OF_THE_INTERFACE = frozenset(
    {
        "subnet",
        "applicationSecurityGroups",
        "primary",
        "privateIPAddress",
        "privateIPAllocationMethod",
        "privateIPAddressVersion",
    }
)
"""Fields of a configuration that follow from the interface it is on, and from the address: they never travel."""

_READ_ONLY = frozenset({"provisioningState", "privateLinkConnectionProperties"})
"""Fields of a configuration that only Azure sets."""

REFERENCES = (
    "publicIPAddress",
    "loadBalancerBackendAddressPools",
    "loadBalancerInboundNatRules",
    "applicationGatewayBackendAddressPools",
    "gatewayLoadBalancer",
    "virtualNetworkTaps",
)
"""Fields that name other resources. Azure may show more of those than the id; a write needs the id alone."""

_EXPANDED = frozenset({"name", "type", "etag", "location", "tags", "sku", "zones", "extendedLocation", "properties"})
"""What Azure may show of a resource beside its id, inside a reference to it."""

NEVER_CARRIED = OF_THE_INTERFACE | _READ_ONLY
"""What follows from the interface or the address, and what only Azure sets."""

NOT_OF_CONFIGURATION = frozenset({"id", "name", "etag", "type", "properties"})
"""What stands beside a configuration's properties and belongs to it alone."""


class Provisioning(Enum):
    """A NIC's provisioningState. UNKNOWN stands for a word we have not met: it is never treated as settled."""

    SUCCEEDED = "Succeeded"
    UPDATING = "Updating"
    FAILED = "Failed"
    DELETING = "Deleting"
    UNKNOWN = "Unknown"

    @classmethod
    def of(cls, word: object) -> Provisioning:
        """From Azure's word, ignoring case."""
        return next((state for state in cls if state.value.lower() == str(word).lower()), cls.UNKNOWN)

    @property
    def is_settled(self) -> bool:
        """Whether no update runs any more, by what is known; whether the last one worked is another question."""
        return self in (Provisioning.SUCCEEDED, Provisioning.FAILED)


class NicDocumentError(ValueError):
    """The document is not one of a network interface, or an edit that it does not allow was asked."""


@dataclass(frozen=True, slots=True)
class NicDocument:
    """One NIC body as read. ``body`` is shared, not copied: treat it as frozen; every edit returns a new document."""

    body: Mapping[str, Any]

    @classmethod
    def parse(cls, body: object) -> NicDocument:
        """Accept a JSON object that has ``properties.ipConfigurations``; NicDocumentError otherwise."""
        if not isinstance(body, Mapping) or not isinstance(body.get("properties"), Mapping):
            raise NicDocumentError("the answer is not a network interface")
        configurations = body["properties"].get("ipConfigurations")
        if not isinstance(configurations, list) or not all(isinstance(item, Mapping) for item in configurations):
            raise NicDocumentError("the network interface has no ipConfigurations")
        for item in configurations:
            groups = _inner(item).get("applicationSecurityGroups") or []
            if not isinstance(groups, list) or not all(isinstance(group, Mapping) for group in groups):
                raise NicDocumentError("the application security groups of a configuration are no list of references")
        return cls(body)

    @classmethod
    def of_nothing(cls) -> NicDocument:
        """What stands for an interface that does not exist: no configurations, and nothing under way."""
        return cls({"etag": "", "properties": {"provisioningState": "Succeeded", "ipConfigurations": []}})

    @property
    def etag(self) -> str:
        """The version this body was read at; empty when Azure sent none."""
        return str(self.body.get("etag", ""))

    @property
    def provisioning(self) -> Provisioning:
        """Where the last update of the whole interface stands."""
        return Provisioning.of(self._properties.get("provisioningState", ""))

    @property
    def attached(self) -> bool:
        """Whether the interface belongs to a VM."""
        return bool(self._properties.get("virtualMachine"))

    @property
    def machine(self) -> ResourceId | None:
        """The VM that the interface says it belongs to; None when it names none, or none that can be understood."""
        try:
            return ResourceId.parse(_reference(self._properties.get("virtualMachine")))
        except ValueError:
            return None

    @property
    def forwards(self) -> bool:
        """Whether Azure lets packets through that are not for the interface's own addresses."""
        return bool(self._properties.get("enableIPForwarding"))

    @property
    def configurations(self) -> tuple[Mapping[str, Any], ...]:
        """The ipConfigurations, in Azure's order."""
        return tuple(self._properties["ipConfigurations"])

    @property
    def primary(self) -> Mapping[str, Any] | None:
        """The primary configuration; a sole configuration is primary even when unmarked."""
        marked = [item for item in self.configurations if _inner(item).get("primary")]
        if marked:
            return marked[0]
        return self.configurations[0] if len(self.configurations) == 1 else None

    @property
    def own_address(self) -> str:
        """The primary private address, or empty."""
        return str(_inner(self.primary).get("privateIPAddress", "")) if self.primary else ""

    @property
    def subnet(self) -> str:
        """The id of the primary configuration's subnet, or empty."""
        return _reference(_inner(self.primary).get("subnet")) if self.primary else ""

    @property
    def security_group(self) -> str:
        """The id of the interface's network security group, or empty."""
        return _reference(self._properties.get("networkSecurityGroup"))

    @property
    def _properties(self) -> Mapping[str, Any]:
        properties: Mapping[str, Any] = self.body["properties"]
        return properties

    def find(self, address: str) -> Mapping[str, Any] | None:
        """The configuration that names this private address, or None. IPv6 spellings are compared by value."""
        wanted = _address(address) or ip_address(address)
        for item in self.configurations:
            text = _inner(item).get("privateIPAddress")
            if text and _address(str(text)) == wanted:
                return item
        return None

    def lists(self, address: str) -> bool:
        """Whether the body names the address (engine/README.md 3: *lists*; a *holder* is Succeeded as well)."""
        return self.find(address) is not None

    def without(self, address: str) -> NicDocument:
        """The whole document less the floating configuration. The primary configuration is never removed."""
        found = self.find(address)
        if found is None:
            raise NicDocumentError(f"{address} is not on this network interface")
        if found is self.primary:
            raise NicDocumentError(f"{address} is the primary address of this network interface")
        return self.without_item(found)

    def without_item(self, unwanted: Mapping[str, Any]) -> NicDocument:
        """The whole document less one of its configurations, given by identity, whatever it is."""
        return self._with([item for item in self.configurations if item is not unwanted])

    def plus(self, configuration: Mapping[str, Any]) -> NicDocument:
        """The whole document with one more configuration, at the end; a present one of the same address is replaced."""
        address = str(_inner(configuration).get("privateIPAddress"))
        replaced = self.find(address)
        kept = [item for item in self.configurations if item is not replaced]
        return self._with([*kept, configuration])

    def new_configuration(self, name: str, address: str, carried: CarriedConfiguration) -> Mapping[str, Any]:
        """The floating configuration as this NIC must have it.

        Subnet and application security groups come from this NIC's primary configuration (Azure refuses differing
        ones with ``AllIpConfigurationsOnANicMustBelongToTheSameApplicationSecurityGroups``); Static, not primary;
        everything else is what travels. A name already taken here gets a number.
        """
        primary = self.primary
        if primary is None:
            raise NicDocumentError("no configuration of this network interface is marked primary")
        properties: dict[str, Any] = {
            "privateIPAddress": address,
            "privateIPAllocationMethod": "Static",
            "privateIPAddressVersion": "IPv4",
            "subnet": {"id": self.subnet},
            "primary": False,
        }
        groups = _inner(primary).get("applicationSecurityGroups")
        if groups:
            properties["applicationSecurityGroups"] = [{"id": _reference(group)} for group in groups]
        travels = {key: value for key, value in carried.properties.items() if key not in NEVER_CARRIED}
        beside = {key: value for key, value in carried.beside.items() if key not in NOT_OF_CONFIGURATION}
        made = {**beside, "name": self.free_name(name, address), "properties": {**properties, **travels}}
        return copy.deepcopy(made)

    def references(self) -> tuple[ResourceId, ...]:
        """Every resource that a PUT of this body names in its configurations, and its security group, each once.

        Azure asks for a join right on each whose kind it checks, changed or not.
        """
        found = list(references_in(self._properties.get("networkSecurityGroup")))
        for item in self.configurations:
            inner = _inner(item)
            known = ("subnet", "publicIPAddress", "applicationSecurityGroups", *REFERENCES)
            for key in dict.fromkeys((*known, *inner)):
                found += references_in(inner.get(key))
        return tuple(dict.fromkeys(found))

    def to_bytes(self) -> bytes:
        """The body as it goes on the wire."""
        return json.dumps(self.body, separators=(",", ":")).encode()

    def free_name(self, name: str, address: str) -> str:
        """That name, or with a number where another configuration than the address's own has it."""
        own = self.find(address)
        taken = {str(item.get("name", "")).lower() for item in self.configurations if item is not own}
        number, free = 1, name
        while free.lower() in taken:
            number += 1
            free = f"{name}-{number}"
        return free

    def _with(self, configurations: list[Mapping[str, Any]]) -> NicDocument:
        body = {**self.body, "properties": {**self._properties, "ipConfigurations": copy.deepcopy(configurations)}}
        return NicDocument(body)


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two readings of a NIC differ: a dotted path, the value before and after (sanitized text)."""

    path: str
    before: str
    after: str


def carried_of(configuration: Mapping[str, Any]) -> CarriedConfiguration:
    """What travels with this floating configuration: everything but what belongs to the interface it is on."""
    properties = {
        key: _sendable(key, value) for key, value in _inner(configuration).items() if key not in NEVER_CARRIED
    }
    beside = {key: value for key, value in configuration.items() if key not in NOT_OF_CONFIGURATION}
    return CarriedConfiguration(
        {key: value for key, value in properties.items() if key not in REFERENCES or value}, beside
    )


def bound_to(carried: CarriedConfiguration, *resources: ResourceId) -> tuple[str, ...]:
    """The fields that name one of these resources, or a part of one: what is bound to them cannot leave them."""
    wanted = [resource.key for resource in resources]

    def names(value: object) -> bool:
        if isinstance(value, str):
            text = value.lower()
            return any(text == key or text.startswith(f"{key}/") for key in wanted)
        if isinstance(value, Mapping):
            return any(names(item) for item in value.values())
        return isinstance(value, list) and any(names(item) for item in value)

    fields = (*carried.properties.items(), *carried.beside.items())
    return tuple(key for key, value in fields if names(value))


def _sendable(key: str, value: Any) -> Any:
    """A reference as a write names it, whatever more of the resource Azure showed; other values as they are.

    Of a public IP goes along what becomes of it when its machine is deleted: that is set through the configuration.
    """
    if key not in REFERENCES:
        return value
    if isinstance(value, list):
        return [_sendable(key, item) for item in value]
    if not isinstance(value, Mapping) or "id" not in value:
        return value
    kept = {name: item for name, item in value.items() if name not in _EXPANDED}
    shown = value.get("properties")
    if key == "publicIPAddress" and isinstance(shown, Mapping) and "deleteOption" in shown:
        kept["properties"] = {"deleteOption": shown["deleteOption"]}
    return kept


def differences(before: NicDocument, after: NicDocument, *, apart_from: str) -> tuple[Difference, ...]:
    """What differs between two readings, give or take the floating configuration, etags and provisioning states.

    ``apart_from`` is the floating address: its configuration is ignored on both sides. Lists of named things are
    compared by name, everything else by position.
    """
    return tuple(
        Difference(path, _shown(old), _shown(new))
        for path, old, new in _compare("", _stripped(before, apart_from), _stripped(after, apart_from))
    )


def configuration_differences(sent: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Where the floating configuration in Azure is not what was sent; fields that Azure added are no difference."""
    name, inner = str(sent.get("name", "")), _inner(found)
    pairs = [(key, *_comparable(key, value, inner.get(key, "not set"))) for key, value in _inner(sent).items()]
    pairs += [(key, value, found.get(key, "not set")) for key, value in sent.items() if key not in NOT_OF_CONFIGURATION]
    return tuple(
        Difference(f"{name}.{path}", _shown(old), _shown(new))
        for key, value, present in pairs
        if key not in _VOLATILE
        for path, old, new in _compare(key, value, present)
        if new != "not set" or old
    )


def lost_on_the_way(carried: CarriedConfiguration, found: Mapping[str, Any]) -> tuple[Difference, ...]:
    """What travelled and is not on the configuration as it was; what Azure added is no loss."""
    sent = {**carried.beside, "properties": carried.properties}
    differing = configuration_differences(sent, found)
    return tuple(replace(item, path=item.path[1:]) for item in differing if item.before != "not set")


def _comparable(key: str, sent: Any, found: Any) -> tuple[Any, Any]:
    """Both as a write names them. Azure need not show what becomes of a public IP when its machine is deleted."""
    sent, found = _sendable(key, sent), _sendable(key, found)
    both = key == "publicIPAddress" and isinstance(sent, dict) and isinstance(found, dict)
    if both and not ("properties" in sent and "properties" in found):
        sent, found = ({name: item for name, item in one.items() if name != "properties"} for one in (sent, found))
    return sent, found


def _stripped(document: NicDocument, address: str) -> Mapping[str, Any]:
    found = document.find(address)
    return document.without_item(found).body if found is not None else document.body


def _compare(path: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(old, list) and isinstance(new, list):
        old, new = _indexed(old), _indexed(new)
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in [*old, *(key for key in new if key not in old)]:
            if key not in _VOLATILE:
                yield from _compare(
                    f"{path}.{key}" if path else str(key), old.get(key, "not set"), new.get(key, "not set")
                )
    elif old != new and not (path.endswith("id") and str(old).lower() == str(new).lower()):
        yield path, old, new


def _indexed(items: list[Any]) -> dict[str, Any]:
    for key in ("name", "id"):
        keys = [str(item.get(key) or "").lower() if isinstance(item, Mapping) else "" for item in items]
        if items and all(keys) and len(set(keys)) == len(keys):
            return {
                f"[{item[key]}]" if key == "name" else f"[{name}]": item for name, item in zip(keys, items, strict=True)
            }
    return {f"[{place}]": item for place, item in enumerate(items)}


def _shown(value: Any) -> str:
    """A value for people: a reference by its id, other JSON as such, everything sanitized."""
    if isinstance(value, Mapping) and set(value) == {"id"}:
        return sanitize(value["id"], 300)
    return sanitize(json.dumps(value, ensure_ascii=False) if isinstance(value, Mapping | list) else value, 120)


def _inner(configuration: Mapping[str, Any] | None) -> Mapping[str, Any]:
    properties = (configuration or {}).get("properties")
    return properties if isinstance(properties, Mapping) else {}


def _reference(value: object) -> str:
    return str(value.get("id", "")) if isinstance(value, Mapping) else ""
