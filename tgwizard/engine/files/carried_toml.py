"""``[floating.carried]`` of a cluster file: what travels with the address, field by field as Azure spells it, in TOML.

What TOML has no word for (null, a text or a number out of its reach), and what stands beside the configuration's
properties, is kept as JSON text in ``[floating.carried_json]`` under its place in the configuration:
``"/properties/NAME"`` or ``"/NAME"``. Older files name three fields in words of their own; they stay readable.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tgwizard.engine.files.toml_reader import parse_toml
from tgwizard.model import fields
from tgwizard.model.cluster_setup import CarriedConfiguration, references_in
from tgwizard.model.fields import Field, FieldError
from tgwizard.model.nic import NEVER_CARRIED, NOT_OF_CONFIGURATION, REFERENCES
from tgwizard.model.text import nearest, sanitize

Fault = Callable[[str, str, str, str, str], None]
"""Notes one fault: code, dotted key, what, why, fix."""

_OLDER: Mapping[str, tuple[str, Field[Any]]] = {
    "public_ip": ("publicIPAddress", fields.PUBLIC_IP),
    "pools": ("loadBalancerBackendAddressPools", fields.POOLS),
    "nat_rules": ("loadBalancerInboundNatRules", fields.NAT_RULES),
}
_ONE = frozenset({"publicIPAddress", "gatewayLoadBalancer"})
_DEEPEST = 100
"""As deep as any answer of Azure may nest."""
_INSIDE, _BESIDE = "/properties/", "/"
_WRONG, _UNKNOWN = "file-value-wrong", "file-key-unknown"


class _NotJson(ValueError):
    """A TOML value that JSON has no word for; the text says which."""


def read_carried(floating: Mapping[str, Any], fault: Fault) -> CarriedConfiguration:
    """What the table ``[floating]`` says travels. Every fault is noted, and its field left out."""
    reading = _Reading(fault)
    carried, as_json = floating.get("carried", {}), floating.get("carried_json", {})
    for name, table in (("carried", carried), ("carried_json", as_json)):
        if not isinstance(table, Mapping):
            key = f"floating.{name}"
            fault(_WRONG, key, f"{key} is not a table.", "", f"Write it as a section: [{key}].")
            return CarriedConfiguration()
    for key, value in carried.items():
        reading.field(key, value)
    for key, value in as_json.items():
        reading.json_text(key, value)
    return CarriedConfiguration(reading.properties, reading.beside)


def write_carried(floating: Any, carried: CarriedConfiguration) -> None:
    """Bring the tomlkit table ``[floating]`` in line with what travels; what says the same already is left alone."""
    if read_carried(floating, _no_fault) == carried and not _faulty(floating):
        return
    inside = {key: value for key, value in carried.properties.items() if _has_words(key, value)}
    as_json = {f"{_INSIDE}{key}": value for key, value in carried.properties.items() if key not in inside}
    as_json |= {f"{_BESIDE}{key}": value for key, value in carried.beside.items()}
    _bring(floating, "carried", inside)
    _bring(floating, "carried_json", {key: json.dumps(value) for key, value in as_json.items()})


@dataclass(slots=True)
class _Reading:
    fault: Fault
    properties: dict[str, Any]
    beside: dict[str, Any]

    def __init__(self, fault: Fault) -> None:
        self.fault, self.properties, self.beside = fault, {}, {}

    def field(self, key: str, value: Any) -> None:
        """One key of ``[floating.carried]``."""
        place = f"floating.carried.{key}"
        if key in _OLDER:
            self._older(key, value)
            return
        known = {name.lower(): name for name in (*REFERENCES, *NEVER_CARRIED)}
        meant = known.get(key.lower(), key)
        near = nearest(key, _OLDER) if "_" in key else None
        if meant != key or near:
            what = f"{sanitize(place, 80)} is not a known key."
            self.fault(_UNKNOWN, place, what, "", f"Did you mean {near or meant}?")
            return
        try:
            self._take(place, key, _plain(value))
        except _NotJson as error:
            self.fault(
                _WRONG, place, f"{sanitize(place, 80)} has no equal in Azure.", f"{error}.", "Correct the value."
            )

    def json_text(self, key: str, value: Any) -> None:
        """One key of ``[floating.carried_json]``."""
        place, inside = f"floating.carried_json.{key}", key.startswith(_INSIDE)
        name = key.removeprefix(_INSIDE if inside else _BESIDE)
        if not key.startswith(_BESIDE) or not name:
            fix = 'Name the place in the configuration: "/properties/NAME" or "/NAME".'
            self.fault(_UNKNOWN, place, f"{sanitize(place, 80)} is not a known key.", "", fix)
            return
        try:
            found = json.loads(value, parse_constant=_no_constant)
            _check_depth(found)
        except (ValueError, TypeError, RecursionError) as error:
            fix = "Correct the JSON text, or take the line out."
            self.fault(_WRONG, place, f"{sanitize(place, 80)} holds no JSON text.", f"{sanitize(error, 120)}.", fix)
            return
        if inside:
            self._take(place, name, found)
        elif name in NOT_OF_CONFIGURATION:
            self._belongs(place)
        else:
            self.beside[name] = found

    def _older(self, key: str, value: Any) -> None:
        name, wanted = _OLDER[key]
        place = f"floating.carried.{key}"
        try:
            found = wanted.parse(value)
        except FieldError as error:
            shown = sanitize(value, 80)
            fix = error.fix or f'For example: {key} = "{wanted.example}".'
            self.fault(_WRONG, place, f"{place} is {shown!r}.", error.why, fix)
            return
        if isinstance(found, tuple):
            if found:
                self._set(place, name, [{"id": item.text} for item in found])
        else:
            self._set(place, name, {"id": found.text})

    def _take(self, place: str, key: str, value: Any) -> None:
        if key in NEVER_CARRIED:
            self._belongs(place)
        elif key in REFERENCES and not _refers(key, value):
            one = f'{key} = {{ id = "/subscriptions/..." }}'
            many = f'{key} = [ {{ id = "/subscriptions/..." }} ]'
            what = f"{place} names no resource."
            self.fault(_WRONG, place, what, "", f"Write it as Azure does: {one if key in _ONE else many}.")
        else:
            self._set(place, key, value)

    def _belongs(self, place: str) -> None:
        what = f"{sanitize(place, 80)} does not travel."
        why = "It belongs to the network interface, or Azure sets it."
        self.fault(_WRONG, place, what, why, "Take the line out.")

    def _set(self, place: str, key: str, value: Any) -> None:
        if key in self.properties:
            what = f"{sanitize(place, 80)} says again what another key says."
            self.fault(_WRONG, place, what, f"Both are {key}.", "Keep one of them.")
            return
        self.properties[key] = value


def _refers(key: str, value: Any) -> bool:
    if key in _ONE:
        return isinstance(value, Mapping) and len(references_in(value)) == 1
    return isinstance(value, list) and len(references_in(value)) == len(value) > 0


def _plain(value: Any, depth: int = 0) -> Any:
    """A TOML value as JSON has it."""
    if depth > _DEEPEST:
        raise _NotJson(f"It nests more than {_DEEPEST} levels deep")
    if isinstance(value, Mapping):
        return {str(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, depth + 1) for item in value]
    if isinstance(value, bool):
        return bool(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    raise _NotJson(f"JSON has no {'number' if isinstance(value, float) else 'date or time'} like {sanitize(value, 40)}")


def _check_depth(value: Any) -> None:
    """ValueError for what nests deeper than any field of Azure's; without recursion, as deep as it may be."""
    level, depth = [value], 0
    while level:
        if depth > _DEEPEST:
            raise ValueError(f"It nests more than {_DEEPEST} levels deep")
        inner = [item for item in level if isinstance(item, Mapping | list)]
        level = [item for some in inner for item in (some.values() if isinstance(some, Mapping) else some)]
        depth += 1


def _has_words(key: str, value: Any) -> bool:
    """Whether TOML can say it: tried, and compared with what comes back."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    if key in _OLDER:
        return False
    try:
        document = tomlkit.document()
        document[key] = _item(value)
        text = document.as_string()
        text.encode()
        back = parse_toml(text)
    except (ValueError, TypeError, KeyError, TOMLKitError, RecursionError):
        return False
    return _same(back[key], value)


def _item(value: Any) -> Any:
    """A JSON value as tomlkit writes it: tables and lists in one piece with their key."""
    import tomlkit

    if isinstance(value, Mapping):
        table = tomlkit.inline_table()
        for key, item in value.items():
            table[key] = _item(item)
        return table
    if isinstance(value, list):
        array = tomlkit.array()
        for item in value:
            array.append(_item(item))
        return array.multiline(any(isinstance(item, Mapping) for item in value))
    if value is None or (isinstance(value, int) and not -(2**63) <= value < 2**63):
        raise ValueError("TOML has no word for it")
    return value


def _bring(floating: Any, name: str, wanted: Mapping[str, Any]) -> None:
    import tomlkit

    if not isinstance(floating.get(name), Mapping):
        if wanted:
            made = tomlkit.table()
            for key, value in wanted.items():
                made[key] = _item(value)
            made.add(tomlkit.nl())
            floating[name] = made
        return
    table = floating[name]
    for gone in [key for key in table if key not in wanted]:
        del table[gone]
    for key, value in wanted.items():
        # An equal value is left alone: assigning it anew would drop the comment behind it.
        if key not in table or not _same(table[key], value):
            table[key] = _item(value)


def _same(found: Any, value: Any) -> bool:
    """Whether a TOML value is this JSON value; true is not 1."""
    try:
        return json.dumps(_plain(found), sort_keys=True) == json.dumps(value, sort_keys=True)
    except _NotJson:
        return False


def _faulty(floating: Any) -> bool:
    found: list[str] = []
    read_carried(floating, lambda code, _key, _what, _why, _fix: found.append(code))
    return bool(found)


def _no_fault(_code: str, _key: str, _what: str, _why: str, _fix: str) -> None:
    """What is faulty in an old table is written anew."""


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")
