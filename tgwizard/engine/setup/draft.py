"""The draft of a set-up: closing the wizard keeps the answers, reopening resumes. No secrets, written atomically.

A draft that cannot be read is told and kept: saving another moves it aside, never over it.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from tgwizard.engine.files.file_reading import read_text
from tgwizard.engine.files.file_writing import PRIVATE, make_private_folder, write_atomically
from tgwizard.engine.setup.wizard_state import STEPS, WizardState, answer, begin
from tgwizard.model.cluster import ResourceId
from tgwizard.model.inventory import Caller, CallerKind, SubscriptionSeen
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.setup_answers import Answers, Placement, RoleAnswer, RoleUse, SetupStep
from tgwizard.model.text import format_utc, sanitize

FILE_NAME = "setup-draft.json"
SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Draft:
    """A set-up as it was left. ``caller`` is who was signed in then; being signed in is not part of a draft."""

    answers: Answers
    step: SetupStep
    done: frozenset[SetupStep]
    to_check: frozenset[SetupStep]
    saved_at: str
    caller: Caller | None = None


@dataclass(frozen=True, slots=True)
class DraftRead:
    """The draft, or None when there is none; ``problem`` when there is one that cannot be used."""

    draft: Draft | None = None
    problem: Problem | None = None


def load_draft(path: Path) -> DraftRead:
    """Read the draft. Never raises for what the file holds."""
    try:
        return DraftRead(_draft(json.loads(read_text(path))))
    except FileNotFoundError:
        return DraftRead()
    except OSError as error:
        return DraftRead(problem=_unusable(path, f"{error.strerror or 'It cannot be opened'}."))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        return DraftRead(problem=_unusable(path, f"It is no draft of this program: {sanitize(error, 200)}."))


def save_draft(path: Path, flow: WizardState, now: datetime) -> None:
    """Write the draft whole. UserError: it could not be written, and the former one is untouched."""
    try:
        make_private_folder(path.parent)
        if path.exists() and load_draft(path).draft is None:
            path.replace(_aside(path))
        write_atomically(path, json.dumps(_document(flow, now), indent=2) + "\n", PRIVATE)
    except OSError as error:
        raise UserError(
            Problem(
                "draft-not-saved",
                "The answers could not be kept.",
                f"{error.strerror or 'The file cannot be written'}: {path}.",
                "Make room or give the folder back its rights; the answers are still here.",
            )
        ) from error


def delete_draft(path: Path) -> None:
    """The set-up is done: no draft is left. One that cannot be read stays. UserError: it could not be deleted."""
    try:
        if path.exists() and load_draft(path).draft is not None:
            path.unlink()
    except OSError as error:
        raise UserError(
            Problem("draft-not-deleted", "The draft could not be deleted.", f"{error.strerror}: {path}.")
        ) from error


def resume(draft: Draft, caller: Caller | None, flow: WizardState | None = None) -> WizardState:
    """The wizard where it was left. ``caller``: who is signed in now; another one has the steps looked at again.

    ``flow``: what is known already (the saved clusters); nothing else of it is kept.
    """
    same = caller is not None and draft.caller is not None and _who(caller) == _who(draft.caller)
    answers = dataclasses.replace(draft.answers, caller=caller if same else None)
    began = begin(flow.saved if flow else (), answers)
    if caller is None:
        return dataclasses.replace(
            began, step=SetupStep.SIGN_IN, done=draft.done - {SetupStep.SIGN_IN}, to_check=draft.to_check
        )
    resumed = dataclasses.replace(began, step=draft.step, done=draft.done, to_check=draft.to_check)
    return resumed if same else answer(resumed, dataclasses.replace(answers, caller=caller))


def _who(caller: Caller) -> tuple[str, str]:
    return caller.object_id.lower(), caller.tenant.lower()


def _aside(path: Path) -> Path:
    kept = (path.with_name(f"{path.stem}-kept-{number}{path.suffix}") for number in range(1, 10_000))
    return next(name for name in kept if not name.exists())


def _unusable(path: Path, why: str) -> Problem:
    return Problem(
        "draft-not-readable",
        "The answers of an earlier set-up could not be read.",
        f"{why} It is kept as it is: {path}.",
        "Start a new set-up; what was read in Azure is read again anyway.",
        str(path),
    )


def _document(flow: WizardState, now: datetime) -> dict[str, Any]:
    answers = flow.answers
    return {
        "schema": SCHEMA,
        "saved_at": format_utc(now),
        "step": flow.step.name.lower(),
        "done": [step.name.lower() for step in STEPS if step in flow.done],
        "to_check": [step.name.lower() for step in STEPS if step in flow.to_check],
        "answers": {
            "cloud": answers.cloud,
            "caller": _caller_document(answers.caller),
            "subscription": dataclasses.asdict(answers.subscription) if answers.subscription else None,
            "machines": [vm.text for vm in answers.machines or ()],
            "nics": [nic.text for nic in answers.nics or ()],
            "name": answers.name,
            "address": str(answers.address) if answers.address else None,
            "ip_configuration": answers.ip_configuration,
            "placement": answers.placement.value,
            "role": _role_document(answers.role),
            "whole_subscription": answers.whole_subscription,
            "narrowed": list(answers.narrowed),
            "remove_stale": answers.remove_stale,
        },
    }


def _caller_document(caller: Caller | None) -> dict[str, Any] | None:
    return {**dataclasses.asdict(caller), "kind": caller.kind.value} if caller else None


def _role_document(role: RoleAnswer | None) -> dict[str, Any] | None:
    if role is None:
        return None
    return {
        "use": role.use.value,
        "name": role.name,
        "guid": role.guid,
        "extra": list(role.extra),
        "declined": list(role.declined),
        "dropped": list(role.dropped),
    }


def _draft(document: Any) -> Draft:
    if not isinstance(document, Mapping):
        raise TypeError("it is no JSON object")
    if document["schema"] != SCHEMA:
        raise ValueError(f"schema {document['schema']} is not known to this version")
    given = _table(document["answers"])
    caller = _table(given["caller"]) if given["caller"] is not None else None
    subscription = _table(given["subscription"]) if given["subscription"] is not None else None
    role = _table(given["role"]) if given["role"] is not None else None
    answers = Answers(
        cloud=_text(given["cloud"]),
        subscription=_subscription(subscription) if subscription is not None else None,
        machines=_two(given["machines"]),
        nics=_two(given["nics"]),
        name=_text(given["name"]),
        address=IPv4Address(_text(given["address"])) if given["address"] is not None else None,
        role=_role(role) if role is not None else None,
        whole_subscription=_flag(given["whole_subscription"]),
        narrowed=_texts(given["narrowed"]),
        placement=Placement(given["placement"]),
        ip_configuration=_text(given["ip_configuration"]),
        remove_stale=_flag(given["remove_stale"]),
    )
    return Draft(
        answers,
        _step(document["step"]),
        frozenset(_step(name) for name in _texts(document["done"])),
        frozenset(_step(name) for name in _texts(document["to_check"])),
        _text(document["saved_at"]),
        _caller(caller) if caller is not None else None,
    )


def _caller(given: Mapping[str, Any]) -> Caller:
    name, object_id, tenant = (_text(given[key]) for key in ("name", "object_id", "tenant"))
    return Caller(name, object_id, tenant, CallerKind(given["kind"]))


def _subscription(given: Mapping[str, Any]) -> SubscriptionSeen:
    found, name, tenant = (_text(given[key]) for key in ("id", "name", "tenant"))
    return SubscriptionSeen(found, name, tenant, _flag(given["enabled"]))


def _role(given: Mapping[str, Any]) -> RoleAnswer:
    return RoleAnswer(
        RoleUse(given["use"]),
        _text(given["name"]),
        _text(given["guid"]),
        _texts(given["extra"]),
        _texts(given["declined"]),
        dropped=_texts(given.get("dropped", [])),
    )


def _step(name: object) -> SetupStep:
    return SetupStep[_text(name).upper()]


def _two(given: object) -> tuple[ResourceId, ResourceId] | None:
    found = [ResourceId.parse(item) for item in _texts(given)]
    if not found:
        return None
    first, second = found
    return first, second


def _table(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError("a table is missing")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{sanitize(value, 40)} is no text")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError(f"{sanitize(value, 40)} is no list")
    return tuple(_text(item) for item in value)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{sanitize(value, 40)} is neither true nor false")
    return value
