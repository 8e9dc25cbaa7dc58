"""What has changed in a world since it was saved, as one line of JSON; and putting such lines into a saved world again.

A fleet's world is a hundred megabytes, and a failover changes four resources of it. What is big is tracked: resources
by who looked them up during a change (`World.touched`), addresses and holdings by their ledger, assignments by whose
changed (`World.reassigned`), operations, earlier forms and lists by comparison. Everything else is small and compared
as text. A line is written before each answer of a write goes out, so it must stay small and quick to make.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from tgwizard.lab import ids
from tgwizard.lab.storage.world_document import plain
from tgwizard.lab.wire import Json
from tgwizard.lab.world import PAST_RESOURCES_KEPT, LongOperation, PastResource, World

_BY_RESOURCE = ("resources", "power")
_LISTS = ("principals", "clusters")
_TRACKED = frozenset({*_BY_RESOURCE, *_LISTS, "past", "operations", "allocations", "holdings", "authorization"})


class InvalidChanges(ValueError):
    """A line of changes that does not fit."""


class WorldBaseline:
    """What was last saved of a world. Not safe between threads: the lab's lock is held around every call."""

    def __init__(self, world: World) -> None:
        """Take the world as it is for saved."""
        self.world = world
        self._texts: dict[str, str] = {}
        self._lists: dict[str, list[object]] = {}
        self._operations: dict[str, tuple[object, ...]] = {}
        self._pasts: dict[str, PastResource] = {}
        """The newest earlier form of each resource that has any."""
        self._changed_texts()
        for name in _LISTS:
            self._lists[name] = list(getattr(world, name))
        self._changed_operations()
        self._new_pasts(world.past.keys())
        self._clear()

    def changes(self, base: str) -> str | None:
        """Return what changed since the last call as one line for the saved world named `base`; None for nothing."""
        world = self.world
        found: Json = {}
        touched = world.touched | world.allocations.touched
        if touched:
            found["keyed"] = {name: _of_keys(getattr(world, name), touched) for name in _BY_RESOURCE}
            found["pasts"] = self._new_pasts(touched)
            found["allocations"] = {key: plain(list(world.allocations.of_nic(key))) for key in touched}
        holdings = world.holdings.changed
        if holdings:
            found["holdings"] = {str(index): plain(item) for index, item in world.holdings.at(holdings)}
        operations = self._changed_operations()
        if operations:
            found["operations"] = operations
        whole = self._changed_texts() | self._changed_lists()
        if whole:
            found["whole"] = whole
        if world.reassigned:
            held = world.authorization.assignments
            found["assignments"] = {oid: plain(held.get(oid)) for oid in world.reassigned}
        self._clear()
        return json.dumps({"base": base, **found}) + "\n" if found else None

    def _clear(self) -> None:
        self.world.touched.clear()
        self.world.reassigned.clear()
        self.world.allocations.touched.clear()
        self.world.holdings.changed.clear()

    def _changed_texts(self) -> Json:
        world, rights = self.world, self.world.authorization
        parts = {item.name: getattr(world, item.name) for item in fields(world) if _is_small(item)}
        parts["authorization"] = {
            item.name: getattr(rights, item.name) for item in fields(rights) if item.name != "assignments"
        }
        changed: Json = {}
        for name, value in parts.items():
            shown = plain(value)
            text = json.dumps(shown)
            if self._texts.get(name) != text:
                self._texts[name] = text
                changed[name] = shown
        return changed

    def _changed_lists(self) -> Json:
        changed: Json = {}
        for name in _LISTS:
            present = getattr(self.world, name)
            if self._lists.get(name) != present:
                self._lists[name] = list(present)
                changed[name] = plain(present)
        return changed

    def _changed_operations(self) -> Json:
        present, before = self.world.operations, self._operations
        now = {key: _moving(item) for key, item in present.items()}
        changed = {key: plain(present[key]) for key, moving in now.items() if before.get(key) != moving}
        self._operations = now
        return {**dict.fromkeys(before.keys() - now.keys()), **changed}

    def _new_pasts(self, keys: Iterable[str]) -> Json:
        """Return the earlier forms that have come since, by key, and take them for saved."""
        found: Json = {}
        for key in keys:
            kept, last = self.world.past.get(key, []), self._pasts.get(key)
            known = next((index for index, item in enumerate(kept, 1) if item is last), 0)
            if kept[known:]:
                self._pasts[key] = kept[-1]
                found[key] = plain(kept[known:])
        return found


def apply(document: Json, base: str, lines: Iterable[str]) -> None:
    """Put lines of changes into the document of the world named `base`; lines for another one are left out.

    Raises InvalidChanges for a line that is none.
    """
    for number, line in enumerate(lines, 1):
        try:
            changes = json.loads(line)
            if changes["base"] == base:
                _apply(document, changes)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise InvalidChanges(f"line {number} does not fit: {error}") from error


def _apply(document: Json, changes: Json) -> None:
    for name, entries in changes.get("keyed", {}).items():
        _put(document.setdefault(name, {}), entries)
    for key, forms in changes.get("pasts", {}).items():
        kept = document.setdefault("past", {}).setdefault(key, [])
        kept.extend(forms)
        del kept[:-PAST_RESOURCES_KEPT]
    _put(document["operations"], changes.get("operations", {}))
    allocations = changes.get("allocations", {})
    if allocations:
        kept = [item for item in document["allocations"] if ids.key(item["nic"]) not in allocations]
        document["allocations"] = [*kept, *(item for some in allocations.values() for item in some)]
    for index, item in sorted((int(text), item) for text, item in changes.get("holdings", {}).items()):
        document["holdings"][index : index + 1] = [item]
    rights = document["authorization"]
    for name, value in changes.get("whole", {}).items():
        if name == "authorization":
            rights.update(value)
        else:
            document[name] = value
    _put(rights["assignments"], changes.get("assignments", {}))


def _moving(operation: LongOperation) -> tuple[object, ...]:
    """Return what changes of an operation after the request that began it."""
    return operation.status, operation.ends, operation.ended


def _put(present: Json, entries: Json) -> None:
    for key, value in entries.items():
        if value is None:
            present.pop(key, None)
        else:
            present[key] = value


def _of_keys(section: dict[str, Any], keys: Iterable[str]) -> Json:
    return {key: plain(section.get(key)) for key in keys}


def _is_small(item: Any) -> bool:
    return item.name not in _TRACKED and item.metadata.get("saved", True)
