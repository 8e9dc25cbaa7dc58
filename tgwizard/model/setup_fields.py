"""The parameters of a set-up that no cluster file keeps, each declared once, as ``model.fields`` does the others."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from typing import TypeVar

from tgwizard.model.cluster import ResourceId
from tgwizard.model.fields import Field, FieldError
from tgwizard.model.role import DEFAULT_ROLE_NAME, LONGEST_ROLE_NAME
from tgwizard.model.setup_answers import Placement, RoleUse

E = TypeVar("E", bound=Enum)

_GUID = re.compile(r"^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$", re.IGNORECASE)
_ACTION = re.compile(r"^[A-Za-z0-9.]+(/[A-Za-z0-9*]+)+$")
_GROUP = re.compile(r"^[\w.()-]{0,89}[\w()-]$")
_EXAMPLE = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-tg-prod"


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise FieldError("It must be a text that is not empty.")
    return value.strip()


def _name_or_id(kind: str) -> Callable[[object], str]:
    def parse(value: object) -> str:
        text = _text(value)
        if not text.startswith("/"):
            return text
        try:
            found = ResourceId.parse(text)
        except ValueError:
            raise FieldError(f"It must be a name, or the full resource id of one of {kind}.") from None
        if found.type.lower() != kind.lower():
            raise FieldError(f"It is the id of one of {found.type}; one of {kind} is needed.")
        return found.text

    return parse


def _one_of(kind: type[E]) -> Callable[[object], E]:
    words = ", ".join(item.value for item in kind)

    def parse(value: object) -> E:
        try:
            return kind(_text(value).replace("-", "_").lower())
        except ValueError:
            raise FieldError(f"It must be one of {words}.") from None

    return parse


def _role_name(value: object) -> str:
    text = _text(value)
    if len(text) > LONGEST_ROLE_NAME:
        raise FieldError(f"Azure takes at most {LONGEST_ROLE_NAME} characters; it has {len(text)}.")
    if any(ord(char) < 32 for char in text):
        raise FieldError("It must be one line of text.")
    return text


def _role_guid(value: object) -> str:
    text = _text(value).rsplit("/", 1)[-1]
    if not _GUID.match(text):
        raise FieldError("It must be a role's GUID or its full id.", "Copy it from `az role definition list`.")
    return text.lower()


def _actions(value: object) -> tuple[str, ...]:
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list | tuple) or not all(isinstance(item, str) for item in given):
        raise FieldError("It must be a list of actions.")
    actions = tuple(part.strip() for item in given for part in item.split(",") if part.strip())
    wrong = [action for action in actions if not _ACTION.match(action)]
    if wrong or not actions:
        raise FieldError("An action looks like Microsoft.Network/publicIPAddresses/join/action.")
    return actions


def _scopes(value: object) -> tuple[str, ...]:
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list | tuple) or not given or not all(isinstance(item, str) for item in given):
        raise FieldError("It must be a list of resource groups.")
    for item in given:
        name = item.strip().rstrip("/").rsplit("/", 1)[-1]
        if not _GROUP.match(name):
            raise FieldError("It must be the name of a resource group, or its full id.")
    return tuple(item.strip().rstrip("/") for item in given)


def _yes_no(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in ("true", "yes", "false", "no"):
        return value.strip().lower() in ("true", "yes")
    raise FieldError("It must be true or false.")


_VM, _NIC = "Microsoft.Compute/virtualMachines", "Microsoft.Network/networkInterfaces"

SUBSCRIPTION = Field(
    "setup.subscription", "Subscription", "The name or GUID of the subscription that holds the machines.",
    "Trustgrid Production", _text, required=False,
)  # fmt: skip
FIRST_VM = Field(
    "setup.first_vm", "First machine", "The machine meant to be active: its name or full resource id.",
    "tg-node-a", _name_or_id(_VM), required=False,
)  # fmt: skip
SECOND_VM = Field(
    "setup.second_vm", "Second machine", "The other machine: its name or full resource id.",
    "tg-node-b", _name_or_id(_VM), required=False,
)  # fmt: skip
FIRST_NIC = Field(
    "setup.first_nic", "LAN interface of the first machine", "Its name or full resource id.",
    "tg-node-a-inside", _name_or_id(_NIC), required=False,
)  # fmt: skip
SECOND_NIC = Field(
    "setup.second_nic", "LAN interface of the second machine", "Its name or full resource id.",
    "tg-node-b-inside", _name_or_id(_NIC), required=False,
)  # fmt: skip
PLACEMENT = Field(
    "floating.placement", "First placement",
    "Who creates the first Azure IP Configuration: now with the other changes, or by_appliance.",
    "now", _one_of(Placement), required=False,
)  # fmt: skip
ROLE_USE = Field(
    "role.use", "Role", "Where the role comes from: new, reuse, update or network_contributor.",
    "new", _one_of(RoleUse), required=False,
)  # fmt: skip
ROLE_NAME = Field(
    "role.name", "Role name", "The name of a new role; unique in the whole directory, at most 128 characters.",
    DEFAULT_ROLE_NAME, _role_name, required=False,
)  # fmt: skip
ROLE_GUID = Field(
    "role.id", "Existing role", "The GUID or full id of the role to reuse or to update.",
    "00000000-0000-0000-0000-000000000000", _role_guid, required=False,
)  # fmt: skip
ROLE_EXTRA = Field(
    "role.add_actions", "Extra actions", "Actions beyond the ten that these interfaces need, added on purpose.",
    "Microsoft.Network/publicIPAddresses/join/action", _actions, required=False,
)  # fmt: skip
ROLE_DECLINED = Field(
    "role.leave_out_actions", "Actions left out", "Actions that these interfaces need, left out on purpose.",
    "Microsoft.Network/publicIPAddresses/join/action", _actions, required=False,
)  # fmt: skip
ROLE_DROPPED = Field(
    "role.drop_scopes", "Scopes dropped", "Assignable scopes that a role that is there shall lose.",
    f"{_EXAMPLE}", _scopes, required=False,
)  # fmt: skip
WHOLE_SUBSCRIPTION = Field(
    "scope.whole_subscription", "Whole subscription", "Assign the role on the subscription, not on its groups.",
    "false", _yes_no, required=False,
)  # fmt: skip
NARROWED = Field(
    "scope.leave_out", "Groups left out", "Resource groups in which the role is not assigned.",
    f"{_EXAMPLE}", _scopes, required=False,
)  # fmt: skip
REMOVE_STALE = Field(
    "scope.remove_stale", "Remove stale assignments", "Remove assignments that a rebuilt machine left behind.",
    "false", _yes_no, required=False,
)  # fmt: skip

ALL = (
    SUBSCRIPTION, FIRST_VM, SECOND_VM, FIRST_NIC, SECOND_NIC, PLACEMENT, ROLE_USE, ROLE_NAME, ROLE_GUID, ROLE_EXTRA,
    ROLE_DECLINED, ROLE_DROPPED, WHOLE_SUBSCRIPTION, NARROWED, REMOVE_STALE,
)  # fmt: skip
"""Every parameter that is a set-up's alone, in the order of the steps."""
