"""Foreign text in every place of a value that can hold one, so that what shows or writes it meets it everywhere."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TypeVar, cast

from tgwizard.model.cluster import ResourceId

T = TypeVar("T")

HOSTILE = [
    '<b>bold</b><img src="file:///etc/passwd"> &lt;i&gt;',
    "quotes ' \" ` and $(reboot) ${HOME} \\",
    "two\nlines\tand\x07more",
    "right\u202eto left\u200f \u2066isolated",
    "n" * 90,
]
"""Mark-up, quotes and shell, control characters, marks that turn the reading direction, and Azure's longest names."""


def spoilt(value: T, text: str, *, keep: frozenset[str] = frozenset()) -> T:
    """A copy whose strings all say ``text``; ids, enums, numbers and times stay, as do the fields named in ``keep``."""
    return cast("T", _spoilt(value, text, keep))


def _spoilt(value: object, text: str, keep: frozenset[str]) -> object:
    if isinstance(value, ResourceId):
        return value
    if isinstance(value, str):
        return text
    if isinstance(value, tuple):
        return tuple(_spoilt(item, text, keep) for item in value)
    if isinstance(value, Mapping):
        return {key: _spoilt(item, text, keep) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changes = {
            item.name: _spoilt(getattr(value, item.name), text, keep)
            for item in dataclasses.fields(value)
            if item.init and item.name not in keep
        }
        return dataclasses.replace(value, **changes)
    return value
