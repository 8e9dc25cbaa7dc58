"""Each parameter of a cluster, declared once: key, label, help, example, parse and check.

The cluster file, the command line and the wizard's rows all read from here. ``key`` is the dotted name in the cluster
file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Generic, TypeVar

from tgwizard.model.cloud import KNOWN, PUBLIC
from tgwizard.model.cluster import ResourceId
from tgwizard.model.problem import Problem
from tgwizard.model.role import DEFAULT_ROLE_NAME, LONGEST_ROLE_NAME, RoleKind
from tgwizard.model.text import join_words, sanitize

T = TypeVar("T")

_NAME_CHARACTER = re.compile(r"[A-Za-z0-9._-]")
_NAMED = 3
_PARTS, _HIGHEST = 4, 255
_ROLE_ID = re.compile(r"^/.*/?providers/Microsoft\.Authorization/roleDefinitions/[0-9a-f-]{36}$", re.IGNORECASE)
_SCOPE = re.compile(r"^/subscriptions/[0-9a-f-]{36}(/[^/]+)*$", re.IGNORECASE)
_GROUP_NAME = re.compile(r"^[\w.()-]{0,89}[\w()-]$")
_DIRECTORY = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z.-]{0,250}[0-9A-Za-z])?", re.ASCII)
_SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
_GROUP = f"/subscriptions/{_SUBSCRIPTION}/resourceGroups/rg-tg-prod/providers"
_EXAMPLE_NIC = f"{_GROUP}/Microsoft.Network/networkInterfaces/tg-node-a-inside"


class FieldError(ValueError):
    """The value is not one for this field. ``why`` says what it must be, ``fix`` what to do; whole sentences."""

    def __init__(self, why: str, fix: str = "") -> None:
        """Both are shown to people."""
        super().__init__(why)
        self.why = why
        self.fix = fix

    @property
    def sentence(self) -> str:
        """Both, as they stand under the field in the window."""
        return f"{self.why} {self.fix}".strip()


@dataclass(frozen=True, slots=True)
class Field(Generic[T]):
    """One parameter.

    ``parse`` takes a TOML value or a person's text and raises FieldError; ``required`` rules a missing one.
    """

    key: str
    label: str
    help: str
    example: str
    parse: Callable[[object], T]
    required: bool = True
    word: str = ""
    """Its name on the command line, without the dashes; empty: the last part of the key."""

    @property
    def flag(self) -> str:
        """The option that answers it."""
        return "--" + (self.word or self.key.rsplit(".", 1)[-1]).replace("_", "-")

    def check(self, value: object) -> FieldError | None:
        """What is wrong with the value, or None."""
        try:
            self.parse(value)
        except FieldError as error:
            return error
        return None

    def wrong(self, value: object, error: FieldError) -> Problem:
        """What is wrong with the value, where the field itself is not in view."""
        shown = sanitize(value, 80)
        what = f'{self.label}: "{shown}" cannot be used.' if shown else f"{self.label}: there is none."
        return Problem("value-wrong", what, error.why, error.fix or f"For example: {self.example}.")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise FieldError(f"It must be text in quotes, not {_kind(value)}.")
    text = value.strip()
    if not text:
        raise FieldError("It is empty.")
    return text


def _characters(chars: Iterable[str]) -> str:
    """Characters in a sentence, each once: a space and what cannot be seen by a word, of many the first three."""
    found: list[str] = []
    for char in chars:
        plain = char.isprintable() and not char.isspace()
        word = f'"{char}"' if plain else "the space" if char == " " else "what cannot be seen"
        if word not in found:
            found.append(word)
    return join_words([*found[:_NAMED], *(["the others"] if len(found) > _NAMED else [])])


def _plain_name(longest: int, who: str, cannot_end: str = "") -> Callable[[object], str]:
    """A name of letters, digits, dots, dashes and underscores that begins with a letter or a digit."""

    def parse(value: object) -> str:
        text = _text(value)
        others = [char for char in text if not _NAME_CHARACTER.match(char)]
        if others:
            raise FieldError(
                f"{who} letters without accents, digits, dots, dashes and underscores only.",
                f"Take out {_characters(others)}.",
            )
        if not text[0].isalnum():
            raise FieldError("It must begin with a letter or a digit.", f'Take out the "{text[0]}" at its beginning.')
        if text[-1] in cannot_end:
            raise FieldError(
                "It must end with a letter, a digit or an underscore.", f'Take out the "{text[-1]}" at its end.'
            )
        return _short(text, longest, who)

    return parse


def _short(text: str, longest: int, who: str) -> str:
    if len(text) > longest:
        raise FieldError(f"It has {len(text)} characters. {who} {longest} at most.", "Shorten it.")
    return text


_HERE = "It may have"
_AZURE = "Azure takes"
_name = _plain_name(63, _HERE)
_configuration_name = _plain_name(80, _AZURE, cannot_end=".-")


def _guid(value: object) -> str:
    text = _text(value)
    import uuid  # only where a GUID is read

    try:
        return str(uuid.UUID(text)) if len(text) == 36 else _no_guid()
    except ValueError:
        return _no_guid()


def _directory(value: object) -> str | None:
    """None: the account's own directory. What is given becomes part of an address."""
    if value == "":
        return None
    text = _text(value)
    if not _DIRECTORY.fullmatch(text):
        raise FieldError("A directory (tenant) is named by its GUID or by a domain.", "Name it so, as in contoso.com.")
    return text


def _cloud_to_reach(value: object) -> str:
    text = _text(value)
    known = next((cloud.name for cloud in KNOWN if cloud.name == text.lower()), "")
    if known or re.fullmatch(r"https://[^\s/?#@]+/?", text, re.IGNORECASE):
        return known or text
    names = ", ".join(cloud.name for cloud in KNOWN)
    fix = f"Name {names}, or the https address of an ARM endpoint."
    raise FieldError(f"There is no cloud named {text[:80]}.", fix)


def _no_guid() -> str:
    raise FieldError("It must be a GUID like 00000000-0000-0000-0000-000000000000.")


def _address(value: object) -> IPv4Address:
    text = _text(value)
    try:
        address = IPv4Address(text)
    except AddressValueError:
        raise _no_address(text) from None
    if (
        address.is_multicast
        or address.is_loopback
        or address.is_unspecified
        or address.is_link_local
        or address.is_reserved
    ):
        raise FieldError("It is not an address that an interface in a virtual network can have.")
    return address


def _no_address(text: str) -> FieldError:
    head, slash, _ = text.partition("/")
    if slash:
        return FieldError("It must be one IPv4 address, without a prefix length.", f'Take out "{text[len(head) :]}".')
    try:
        IPv6Address(text)
    except AddressValueError:
        pass
    else:
        return FieldError("It is an IPv6 address; tgwizard moves one IPv4 address.")
    parts = text.split(".")
    if len(parts) == _PARTS and all(part.isascii() and part.isdigit() for part in parts):
        big = next((part for part in parts if int(part[:9]) > _HIGHEST), None)
        if big is not None:
            return FieldError(f"Each of its four numbers goes from 0 to 255; {big[:9]} does not.")
        return FieldError(
            "Its numbers must not begin with a zero.", f"Write {'.'.join(str(int(one)) for one in parts)}."
        )
    return FieldError("It must be one IPv4 address: four numbers from 0 to 255 with dots between them.")


def _id_of(kind: str) -> Callable[[object], ResourceId]:
    def parse(value: object) -> ResourceId:
        text = _text(value)
        fix = "Copy it from the resource's Properties page in the Azure portal (JSON View, Resource ID)."
        try:
            found = ResourceId.parse(text)
        except ValueError:
            why = f"It must be the full resource id of one of {kind}: /subscriptions/…/providers/{kind}/…."
            raise FieldError(why, fix) from None
        if found.type.lower() != kind.lower():
            raise FieldError(f"It is the id of one of {found.type}; one of {kind} is needed.", fix)
        return found

    return parse


def _ids_of(kind: str) -> Callable[[object], tuple[ResourceId, ...]]:
    one = _id_of(kind)

    def parse(value: object) -> tuple[ResourceId, ...]:
        if isinstance(value, str):
            return (one(value),)
        if not isinstance(value, list | tuple):
            raise FieldError(f"It must be a list of resource ids, not {_kind(value)}.")
        return tuple(one(item) for item in value)

    return parse


def _role_id(value: object) -> str:
    text = _text(value)
    if not _ROLE_ID.match(text):
        raise FieldError(
            "It must be the full id of a role definition: /subscriptions/…/providers/Microsoft.Authorization/"
            "roleDefinitions/GUID."
        )
    return text


def _role_name(value: object) -> str:
    text = _text(value)
    unseen = [char for char in text if not char.isprintable()]
    if unseen:
        raise FieldError("It has a character that cannot be seen.", "Type it again.")
    return _short(text, LONGEST_ROLE_NAME, _AZURE)


def _role_kind(value: object) -> RoleKind:
    text = _text(value)
    try:
        return RoleKind(text)
    except ValueError:
        raise FieldError(f"It must be {' or '.join(kind.value for kind in RoleKind)}.") from None


def _scopes(value: object) -> tuple[str, ...]:
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list | tuple):
        raise FieldError(f"It must be a list of scopes, not {_kind(value)}.")
    return tuple(_one_scope(item, "Each") for item in found)


def _one_scope(value: object, which: str) -> str:
    scope = _text(value).rstrip("/")
    if not _SCOPE.match(scope):
        raise FieldError(f"{which} must be the full id of a subscription, a resource group or a resource.")
    return scope


def _scope(value: object) -> str:
    return _one_scope(value, "It")


def _group(value: object) -> str:
    given = _text(value).rstrip("/")
    if not _GROUP_NAME.match(given.rsplit("/", 1)[-1]):
        raise FieldError("It must be the name of a resource group, or its full id.")
    return given


def _cluster_mode(value: object) -> str:
    if value not in ("autoFailback", "manualFailback"):
        raise FieldError("It must be autoFailback or manualFailback.")
    return str(value)


def _true_or_false(value: object) -> bool:
    known = {True: True, False: False, "true": True, "false": False}
    if not isinstance(value, bool | str) or value not in known:
        raise FieldError("It must be true or false, without quotes.")
    return known[value]


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise FieldError(f"It must be a number of seconds, not {_kind(value)}.")
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        raise FieldError("It must be a number of seconds.") from None
    if not 1 <= seconds <= 3600:
        raise FieldError("It must lie between 1 and 3600 seconds.")
    return seconds


def _kind(value: object) -> str:
    words = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "a table"}
    return words.get(type(value), f"a {type(value).__name__}")


NAME = Field("name", "Cluster name", "How the cluster is called here.", "edge-dallas", _name)
ID = Field("id", "Id", "Set by tgwizard; tells this cluster from others of the same name.", "edge-dallas-1", _name)
CLOUD = Field("azure.cloud", "Cloud", "public, or the name of the lab the cluster lives in.", "public", _name)
TENANT = Field("azure.tenant", "Tenant", "The directory the subscription belongs to.", _SUBSCRIPTION, _guid)
SUBSCRIPTION = Field(
    "azure.subscription", "Subscription", "The one subscription that holds the cluster.", _SUBSCRIPTION, _guid
)
ADDRESS = Field(
    "floating.address",
    "Floating IP",
    "The private address that moves between the members.",
    "10.20.2.50",
    _address,
    word="floating-ip",
)
SUBNET = Field(
    "floating.subnet",
    "Subnet",
    "The subnet that the address and both LAN interfaces belong to.",
    f"{_GROUP}/Microsoft.Network/virtualNetworks/vnet-dal-prod/subnets/snet-inside",
    _id_of("Microsoft.Network/virtualNetworks/subnets"),
)
IP_CONFIGURATION = Field(
    "floating.ip_configuration",
    "Azure IP Configuration",
    "The name of the configuration that carries the floating IP.",
    "tg-floating",
    _configuration_name,
    required=False,
)
PUBLIC_IP = Field(
    "floating.carried.public_ip",
    "Public IP",
    "A public IP that travels with the address; older files name it so, newer ones publicIPAddress.",
    f"{_GROUP}/Microsoft.Network/publicIPAddresses/pip-tg",
    _id_of("Microsoft.Network/publicIPAddresses"),
    required=False,
)
POOLS = Field(
    "floating.carried.pools",
    "Load balancer pools",
    "Backend pools that travel with the address; newer files name them loadBalancerBackendAddressPools.",
    f"{_GROUP}/Microsoft.Network/loadBalancers/lb-tg/backendAddressPools/pool",
    _ids_of("Microsoft.Network/loadBalancers/backendAddressPools"),
    required=False,
)
NAT_RULES = Field(
    "floating.carried.nat_rules",
    "Inbound NAT rules",
    "Load balancer NAT rules that travel with the address; newer files name them loadBalancerInboundNatRules.",
    f"{_GROUP}/Microsoft.Network/loadBalancers/lb-tg/inboundNatRules/rule",
    _ids_of("Microsoft.Network/loadBalancers/inboundNatRules"),
    required=False,
)
MEMBER_NAME = Field("member.name", "Member", "The member's Trustgrid name.", "tg-node-a", _name)
MEMBER_VM = Field(
    "member.vm",
    "Virtual machine",
    "The member's virtual machine.",
    f"{_GROUP}/Microsoft.Compute/virtualMachines/tg-node-a",
    _id_of("Microsoft.Compute/virtualMachines"),
)
MEMBER_NIC = Field(
    "member.nic",
    "LAN interface",
    "The network interface that can hold the floating IP.",
    _EXAMPLE_NIC,
    _id_of("Microsoft.Network/networkInterfaces"),
)
HEARTBEAT = Field(
    "member.heartbeat", "Heartbeat", "Address and port the peer is heard at.", "10.20.2.11:9000", _text, required=False
)
STATUS_URL = Field(
    "member.status_url",
    "Status URL",
    "Where the member reports its state.",
    "https://10.20.2.11/status",
    _text,
    required=False,
)
ROLE_ID = Field(
    "role.id",
    "Role",
    "The role that the members' identities hold.",
    f"/subscriptions/{_SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{_SUBSCRIPTION}",
    _role_id,
    required=False,
    word="role-id",
)
ROLE_NAME = Field(
    "role.name",
    "Role name",
    "The name of the custom role, unique in the tenant.",
    DEFAULT_ROLE_NAME,
    _role_name,
    required=False,
    word="role-name",
)
ROLE_KIND = Field("role.kind", "Role kind", "CustomRole or BuiltInRole.", "CustomRole", _role_kind, required=False)
ROLE_SCOPES = Field(
    "role.scopes",
    "Scopes",
    "Where the members' identities hold the role.",
    f"/subscriptions/{_SUBSCRIPTION}/resourceGroups/rg-tg-prod",
    _scopes,
    required=False,
)
DROPPED_SCOPE = Field(
    "role.drop_scope",
    "Scope dropped",
    "A resource group in which an updated role can no longer be assigned.",
    f"/subscriptions/{_SUBSCRIPTION}/resourceGroups/rg-tg-prod",
    _group,
    required=False,
)
"""Only the command line asks it, once for each scope."""
SCOPE = Field(
    "role.scope",
    "Scope",
    "A resource group that the role is assigned on, or the subscription.",
    f"/subscriptions/{_SUBSCRIPTION}/resourceGroups/rg-tg-prod",
    _scope,
    required=False,
)
"""One of ``ROLE_SCOPES``. The command line asks it, once for each; the wizard shows all that are needed."""
DIRECTORY = Field(
    "sign_in.tenant",
    "Directory (tenant)",
    "Empty for the account's own; else its GUID, or a domain such as contoso.com.",
    "contoso.com",
    _directory,
    required=False,
    word="tenant",
)
CLOUD_TO_REACH = Field(
    "sign_in.cloud",
    "Cloud",
    f"{', '.join(cloud.name for cloud in KNOWN)}, or the https address of an ARM endpoint.",
    PUBLIC.name,
    _cloud_to_reach,
    required=False,
)
"""Where and as whom one signs in: asked by the options of every command and by the first step, kept in no file."""
CLUSTER_TIMEOUT = Field(
    "timing.cluster_timeout_s",
    "Cluster timeout",
    "Seconds without a heartbeat after which the standby takes over.",
    "30",
    _seconds,
    required=False,
)

AGENT_ENABLED = Field(
    "agent.enabled",
    "Member agents",
    "Whether the two machines move the address by themselves.",
    "true",
    _true_or_false,
    required=False,
)

AGENT_MODE = Field(
    "agent.mode",
    "Cluster mode",
    "Whether the preferred member gets the address back by itself: autoFailback or manualFailback.",
    "autoFailback",
    _cluster_mode,
    required=False,
)

ALL = (
    NAME, ID, CLOUD, TENANT, SUBSCRIPTION, ADDRESS, SUBNET, IP_CONFIGURATION, PUBLIC_IP, POOLS, NAT_RULES,
    MEMBER_NAME, MEMBER_VM, MEMBER_NIC, HEARTBEAT, STATUS_URL, ROLE_ID, ROLE_NAME, ROLE_KIND, ROLE_SCOPES,
    CLUSTER_TIMEOUT, AGENT_ENABLED, AGENT_MODE,
)  # fmt: skip
"""Every field, in the order of the file."""

OF_SETUP = (NAME, SUBSCRIPTION, MEMBER_VM, MEMBER_NIC, ADDRESS, IP_CONFIGURATION, ROLE_ID, ROLE_NAME)
"""The fields that a set-up asks for; what it does not ask, it finds. The command line's options are made from these."""
