"""The answers that are typed: each taken by its field's declaration, and what cannot be taken kept as it was typed.

Window, command line and draft put a typed text in here. What no field can take never becomes an answer: it stands
among ``Answers.mistyped``, and whoever wants to go on is stopped by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tgwizard.model import fields
from tgwizard.model.fields import Field, FieldError
from tgwizard.model.setup_answers import Answers, Mistyped, RoleAnswer, RoleUse, SetupStep

ASKED_AT: dict[str, SetupStep] = {
    fields.NAME.key: SetupStep.MACHINES,
    fields.ADDRESS.key: SetupStep.FLOATING_IP,
    fields.IP_CONFIGURATION.key: SetupStep.FLOATING_IP,
    fields.ROLE_NAME.key: SetupStep.ROLE,
}
"""On which step each field stands."""

TYPED: tuple[Field[Any], ...] = (fields.NAME, fields.ADDRESS, fields.IP_CONFIGURATION, fields.ROLE_NAME)


def with_typed(answers: Answers, wanted: Field[Any], text: str, role: RoleAnswer | None = None) -> Answers:
    """The answers after `text` was typed into a field. ``role``: the one shown, while none was chosen yet."""
    try:
        value = wanted.parse(text)
    except FieldError:
        return replace(answers, mistyped=(*_others(answers, wanted), Mistyped(wanted.key, text.strip())))
    return with_value(answers, wanted, value, role)


def with_value(answers: Answers, wanted: Field[Any], value: Any, role: RoleAnswer | None = None) -> Answers:
    """The answers with the field's value, whatever was typed there before."""
    kept = without_typed(answers, wanted)
    match wanted.key:
        case fields.NAME.key:
            return replace(kept, name=value)
        case fields.ADDRESS.key:
            return replace(kept, address=value)
        case fields.IP_CONFIGURATION.key:
            return replace(kept, ip_configuration=value)
        case fields.ROLE_NAME.key:
            return replace(kept, role=replace(kept.role or role or RoleAnswer(), name=value))
        case _:
            raise ValueError(f"{wanted.key} is not typed")


def without_typed(answers: Answers, wanted: Field[Any]) -> Answers:
    """The answers without a text that the field cannot take: its value holds again."""
    others = _others(answers, wanted)
    return answers if others == answers.mistyped else replace(answers, mistyped=others)


def in_field(answers: Answers, wanted: Field[Any]) -> str:
    """What stands in the field: the text that it cannot take, else its value."""
    found = next((one.text for one in answers.mistyped if one.key == wanted.key), None)
    if found is not None:
        return found
    match wanted.key:
        case fields.NAME.key:
            return answers.name
        case fields.ADDRESS.key:
            return "" if answers.address is None else str(answers.address)
        case fields.IP_CONFIGURATION.key:
            return answers.ip_configuration
        case _:
            return answers.role.name if answers.role is not None else ""


def is_mistyped(answers: Answers, wanted: Field[Any]) -> bool:
    """Whether a text stands there that the field cannot take."""
    return any(one.key == wanted.key for one in answers.mistyped)


def wrong_values(answers: Answers) -> Iterator[tuple[Field[Any], FieldError]]:
    """Every field whose text or value cannot be used, with what is wrong. Answers that were never given are none."""
    for wanted in TYPED:
        if not is_mistyped(answers, wanted) and _not_asked(answers, wanted):
            continue
        error = wanted.check(in_field(answers, wanted))
        if error is not None:
            yield wanted, error


def _not_asked(answers: Answers, wanted: Field[Any]) -> bool:
    if wanted is fields.ROLE_NAME:
        return answers.role is None or answers.role.use is not RoleUse.NEW
    return not in_field(answers, wanted)


def _others(answers: Answers, wanted: Field[Any]) -> tuple[Mistyped, ...]:
    return tuple(one for one in answers.mistyped if one.key != wanted.key)
