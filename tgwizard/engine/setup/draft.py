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
from tgwizard.engine.json_codec import from_document, parse_json, to_document
from tgwizard.engine.setup.wizard_state import STEPS, WizardState, answer, begin
from tgwizard.model.cluster import ResourceId
from tgwizard.model.inventory import Caller, CallerKind, SubscriptionSeen
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.setup_answers import Answers, Mistyped, Placement, RoleAnswer, RoleUse, SetupStep
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
        return DraftRead(_draft(parse_json(read_text(path))))
    except FileNotFoundError:
        return DraftRead()
    except OSError as error:
        return DraftRead(problem=_unusable(path, f"{error.strerror or 'It cannot be opened'}."))
    except ValueError as error:
        return DraftRead(problem=_unusable(path, f"It is no draft of this program: {sanitize(error, 200)}."))


def save_draft(path: Path, state: WizardState, now: datetime) -> None:
    """Write the draft whole. UserError: it could not be written, and the former one is untouched."""
    try:
        make_private_folder(path.parent)
        if path.exists() and load_draft(path).draft is None:
            path.replace(_aside(path))
        write_atomically(path, json.dumps(to_document(_file(state, now)), indent=2) + "\n", PRIVATE)
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


def resume(draft: Draft, caller: Caller | None, state: WizardState | None = None) -> WizardState:
    """The wizard where it was left. ``caller``: who is signed in now; another one has the steps looked at again.

    ``state``: what is known already (the saved clusters); nothing else of it is kept.
    """
    same = caller is not None and draft.caller is not None and _who(caller) == _who(draft.caller)
    answers = dataclasses.replace(draft.answers, caller=caller if same else None)
    began = begin(state.saved if state else (), answers)
    if caller is None:
        return dataclasses.replace(
            began, step=SetupStep.SIGN_IN, done=draft.done - {SetupStep.SIGN_IN}, to_check=draft.to_check
        )
    # What an apply made before it was closed, and what is left of it, is told by the review.
    step = SetupStep.REVIEW if draft.step is SetupStep.APPLY else draft.step
    resumed = dataclasses.replace(began, step=step, done=draft.done, to_check=draft.to_check)
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


@dataclass(frozen=True, slots=True)
class _RoleKept:
    use: RoleUse
    name: str
    guid: str
    extra: tuple[str, ...]
    declined: tuple[str, ...]
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _CallerKept:
    name: str
    object_id: str
    tenant: str
    kind: CallerKind


@dataclass(frozen=True, slots=True)
class _SubscriptionKept:
    id: str
    name: str
    tenant: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class _MistypedKept:
    key: str
    text: str


@dataclass(frozen=True, slots=True)
class _AnswersKept:
    cloud: str
    caller: _CallerKept | None
    subscription: _SubscriptionKept | None
    machines: tuple[ResourceId, ...]
    nics: tuple[ResourceId, ...]
    name: str
    address: IPv4Address | None
    ip_configuration: str
    placement: Placement
    role: _RoleKept | None
    whole_subscription: bool
    narrowed: tuple[str, ...]
    remove_stale: bool
    mistyped: tuple[_MistypedKept, ...] = ()


@dataclass(frozen=True, slots=True)
class _File:
    """What the file holds, in its order. A field without a default has to be there; steps stand with their names."""

    schema: int
    saved_at: str
    step: str
    done: tuple[str, ...]
    to_check: tuple[str, ...]
    answers: _AnswersKept


def _file(state: WizardState, now: datetime) -> _File:
    given = state.answers
    caller, subscription, role = given.caller, given.subscription, given.role
    return _File(
        SCHEMA,
        format_utc(now),
        state.step.name.lower(),
        tuple(step.name.lower() for step in STEPS if step in state.done),
        tuple(step.name.lower() for step in STEPS if step in state.to_check),
        _AnswersKept(
            given.cloud,
            _CallerKept(**_fields(caller)) if caller else None,
            _SubscriptionKept(**_fields(subscription)) if subscription else None,
            given.machines or (),
            given.nics or (),
            given.name,
            given.address,
            given.ip_configuration,
            given.placement,
            _RoleKept(role.use, role.name, role.guid, role.extra, role.declined, role.dropped) if role else None,
            given.whole_subscription,
            given.narrowed,
            given.remove_stale,
            tuple(_MistypedKept(one.key, one.text) for one in given.mistyped),
        ),
    )


def _draft(document: Any) -> Draft:
    if isinstance(document, Mapping) and document.get("schema", SCHEMA) != SCHEMA:
        raise ValueError(f"schema {document['schema']} is not known to this version")
    file = from_document(_File, document)
    kept = file.answers
    answers = Answers(
        **{
            **_fields(kept),
            "caller": None,
            "subscription": SubscriptionSeen(**_fields(kept.subscription)) if kept.subscription else None,
            "machines": _two(kept.machines),
            "nics": _two(kept.nics),
            "role": RoleAnswer(**_fields(kept.role)) if kept.role else None,
            "mistyped": tuple(Mistyped(one.key, one.text) for one in kept.mistyped),
        }
    )
    return Draft(
        answers,
        _step(file.step),
        frozenset(_step(name) for name in file.done),
        frozenset(_step(name) for name in file.to_check),
        file.saved_at,
        Caller(**_fields(kept.caller)) if kept.caller else None,
    )


def _fields(one: Any) -> dict[str, Any]:
    return {item.name: getattr(one, item.name) for item in dataclasses.fields(one)}


def _step(name: str) -> SetupStep:
    try:
        return SetupStep[name.upper()]
    except KeyError as error:
        raise ValueError(f"{sanitize(name, 40)} is no step") from error


def _two(found: tuple[ResourceId, ...]) -> tuple[ResourceId, ResourceId] | None:
    if not found:
        return None
    first, second = found
    return first, second
