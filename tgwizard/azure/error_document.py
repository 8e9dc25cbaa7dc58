"""``ArmError``: an error document of Azure taken apart, and what its sentences say: rights, denials, policies, holders.

Azure's documents are foreign text of many providers: names in any case, codes inside messages, details of any depth.
What is read out of a sentence is read only where the sentence has the form that Azure uses for it; a sentence of
another form says nothing here, and the words shown are then Azure's own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tgwizard.engine.azure_call_error import MissingRight
from tgwizard.model.cluster import ResourceId
from tgwizard.model.permission import scope_in_words
from tgwizard.model.text import join_words, sanitize

_DEEPEST, _MOST, _LONGEST = 8, 20, 4000
"""How many levels of details, how many of each and how much of a text is looked at: Azure's own have a few sentences,
a hostile document may hold anything."""

_HOWEVER = re.compile(r"\bhowever\b", re.IGNORECASE)
_ALLOWED = re.compile(
    r"has permission to perform action(?:\(s\)|s)? '([^']+)' (?:on|over|at) scope '([^']*)'", re.IGNORECASE
)
_LACKS = re.compile(
    r"\bnot have (?:the )?(?:authorization|permission) to perform (?:the )?action(?:\(s\)|s)? '([^']+)'", re.IGNORECASE
)
_ON = re.compile(
    r"(?P<denied>blocked by (?:a |the )?deny assignments? )?(?:on|over|at) (?:the )?(?:'\d+' )?(?:linked )?"
    r"scope(?:\(s\)|s)? '(?P<scopes>[^']*)'(?P<each> \(respectively\))?",
    re.IGNORECASE,
)
_DENIED = re.compile(r"because of (?:the |a )?deny assignment(?: with name '(?P<rest>.*))?", re.IGNORECASE | re.DOTALL)
_DENIED_BY = re.compile(
    r"^(?P<name>.*?)'(?: and Id '[^']*')?(?: at scope '(?P<scope>[^']*))?'?\.?\s*$", re.IGNORECASE | re.DOTALL
)
_ALLOCATED_TO = re.compile(r"already allocated to resource '?([^\s']+?)'?\.?(?:[\s']|$)", re.IGNORECASE)
_CONDITION = re.compile(
    r"condition that is not fulfilled to perform (?:the )?action(?:\(s\)|s)? '([^']+)'"
    r"(?: (?:on|over|at) scope '([^']*)')?",
    re.IGNORECASE,
)
_LOCKED = re.compile(
    r"cannot perform (?P<what>write|delete|move) operation because (?:the )?following scope(?:\(s\)|s)? are locked"
    r"(?:: '(?P<scopes>[^']*)')?",
    re.IGNORECASE,
)
_RETRY_IN = re.compile(r"retried in (\d{1,4}) seconds", re.IGNORECASE)
_REASONS = re.compile(r"Reasons?: '(.*?)'\s*(?:\.|,|;|$|See error details)", re.IGNORECASE | re.DOTALL)
_IDENTIFIERS = re.compile(r"Policy identifiers: '(\[.*?\])'\.?", re.IGNORECASE | re.DOTALL)
_PROPERTY_ID = re.compile(r"Property id '(?P<id>[^']*)' at path '(?P<path>[^']*)'", re.IGNORECASE)
_QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": "'", "\u201d": "'", '"': "'", "`": "'"})


@dataclass(frozen=True, slots=True)
class ArmError:
    """Foreign text: sanitized before it is shown. ``info`` are the objects of ``additionalInfo``."""

    code: str = ""
    message: str = ""
    details: tuple[ArmError, ...] = field(default=())
    info: tuple[Mapping[str, object], ...] = field(default=())

    @classmethod
    def parse(cls, document: object) -> ArmError:
        """Accepts {"error": {...}} and the bare form; anything else is an empty error."""
        return cls._parse(document, _DEEPEST)

    @classmethod
    def _parse(cls, document: object, deeper: int) -> ArmError:
        fields = _fields(document)
        fields = _fields(fields.get("error")) or fields
        if not fields or deeper < 1:
            return cls()
        message = _text(fields.get("message"))
        inner = [*_objects(fields.get("details")), *_objects(fields.get("innererror"))]
        said = _inside(message)
        parsed = tuple(cls._parse(item, deeper - 1) for item in ([said] if said else []) + inner[:_MOST])
        info = tuple(_fields(_fields(item).get("info")) for item in _objects(fields.get("additionalinfo"))[:_MOST])
        return cls(
            _text(fields.get("code")),
            "" if said else message,
            tuple(item for item in parsed if item.code or item.message or item.details),
            tuple(item for item in info if item),
        )

    def walk(self) -> Iterator[ArmError]:
        """The innermost details first: they are the specific ones."""
        for item in self.details:
            yield from item.walk()
        yield self

    @property
    def empty(self) -> bool:
        """Whether the document said nothing, so that it is none of Azure's error documents."""
        return not any(item.code or item.message for item in self.walk())

    @property
    def codes(self) -> tuple[str, ...]:
        """All codes, the most specific first."""
        return tuple(item.code for item in self.walk() if item.code)

    @property
    def text(self) -> str:
        """All messages and what else explains them, the most specific first; for the rows that look into the words."""
        return " ".join(dict.fromkeys([*(item.message for item in self.walk() if item.message), *self.policies]))

    @property
    def said(self) -> str:
        """The most specific sentence that is one: a bare code or a number in its place explains nothing."""
        found = [item.message for item in self.walk() if item.message]
        return next((text for text in found if " " in text.strip()), found[0] if found else "")

    # -- what the sentences say ---------------------------------------------------------------------------------------

    @property
    def refused(self) -> tuple[MissingRight, ...]:
        """Every action that a refusal names, each with its own scope; empty when its form is not a known one."""
        for item in self.walk():
            found = tuple(dict.fromkeys(_refused(item.message.translate(_QUOTES))))
            if found:
                return found
        return ()

    @property
    def condition(self) -> tuple[str, str] | None:
        """What a condition on the caller's own assignment keeps from it: the action, and the scope or ""."""
        for item in self.walk():
            found = _CONDITION.search(item.message.translate(_QUOTES))
            if found:
                return sanitize(found.group(1), 160), sanitize(found.group(2) or "", 400)
        return None

    @property
    def lock_words(self) -> str:
        """Where the locks are that forbid it, and what they forbid, as one sentence."""
        for item in self.walk():
            found = _LOCKED.search(item.message.translate(_QUOTES))
            if found:
                what = {"write": "changes", "delete": "deletions", "move": "moves"}[found.group("what").lower()]
                where = [scope_in_words(scope) for scope in _items(found.group("scopes") or "")]
                if len(where) > 1:
                    return f"Locks on {join_words(where)} forbid {what} here."
                return f"A lock{f' on {where[0]}' if where else ''} forbids {what} here."
        return "A lock forbids it."

    @property
    def policies(self) -> tuple[str, ...]:
        """The policy assignments that forbade it, as people know them; the id where there is no name."""
        found: dict[str, None] = {}
        for item in self.walk():
            for info in item.info:
                name = _text(info.get("policyassignmentdisplayname")) or _text(info.get("policyassignmentname"))
                where = _text(info.get("policyassignmentid"))
                found |= _policy(name, where)
            for assignment in _identified(item.message):
                found |= _policy(_text(assignment.get("name")), _text(assignment.get("id")))
        return tuple(found)

    @property
    def reasons(self) -> str:
        """What a policy gives as its reason, in the words of whoever wrote the policy."""
        for item in self.walk():
            found = _REASONS.search(item.message)
            if found:
                return sanitize(found.group(1).rstrip(". "), 300)
        return ""

    @property
    def property_id(self) -> tuple[str, str] | None:
        """The id that Azure takes for none, and where in the request it stands."""
        for item in self.walk():
            found = _PROPERTY_ID.search(item.message.translate(_QUOTES))
            if found:
                return found.group("id"), found.group("path")
        return None

    @property
    def holder(self) -> ResourceId | None:
        """What Azure says an address is allocated to: the resource as a whole, not the part of it that has it."""
        found = self._allocated
        return None if found is None else found.whole

    @property
    def holder_words(self) -> str:
        """The same in words: what kind of thing it is, its name, and the name of the part that has the address."""
        found = self._allocated
        return "another resource" if found is None else thing_words(found)

    @property
    def retry_in_s(self) -> float | None:
        """The seconds that a busy resource asks for in its words."""
        hits = (_RETRY_IN.search(item.message) for item in self.walk())
        return next((float(hit.group(1)) for hit in hits if hit), None)

    @property
    def _allocated(self) -> ResourceId | None:
        for item in self.walk():
            found = _ALLOCATED_TO.search(item.message.translate(_QUOTES))
            if found:
                try:
                    return ResourceId.parse(found.group(1))
                except ValueError:
                    return None
        return None


_KINDS = {
    "microsoft.network/networkinterfaces": "",
    "microsoft.network/loadbalancers": "load balancer",
    "microsoft.network/applicationgateways": "application gateway",
    "microsoft.network/privateendpoints": "private endpoint",
    "microsoft.network/privatelinkservices": "private link service",
    "microsoft.network/bastionhosts": "bastion",
    "microsoft.network/virtualnetworkgateways": "virtual network gateway",
    "microsoft.network/azurefirewalls": "firewall",
    "microsoft.network/virtualhubs": "virtual hub or route server",
    "microsoft.network/dnsresolvers": "DNS resolver",
    "microsoft.compute/virtualmachinescalesets": "scale set",
}
"""Kinds of things that can have a private address, in words. An interface needs none: its name is what people know."""

_PARTS = {"frontendipconfigurations": "frontend", "ipconfigurations": "configuration"}


def thing_words(found: ResourceId) -> str:
    """A resource or a part of one: "load balancer lb-web (frontendIPConfigurations fe)"."""
    whole = found.whole
    kind = _KINDS.get(whole.type.lower())
    named = sanitize(whole.name, 120)
    if kind == "":
        return named
    named = f"{kind or sanitize(whole.type, 120)} {named}"
    if whole == found:
        return named
    part = found.type.rsplit("/", 1)[-1]
    return f"{named} ({_PARTS.get(part.lower()) or sanitize(part, 60)} {sanitize(found.name, 80)})"


def rights_words(refused: tuple[MissingRight, ...]) -> str:
    """What a refusal names, as sentences; an honest one when nothing of it was recognised."""
    if not refused:
        return "Azure's sentence about it has a form that tgwizard does not know; the details show it."
    lacking = [f"{sanitize(one.action, 160)} on {scope_in_words(one.scope)}" for one in refused if not one.denied]
    told = [f"Your role lacks {join_words(lacking)}."] if lacking else []
    for one in refused:
        if one.denied:
            by = f"The deny assignment {sanitize(one.by, 120)}" if one.by else "A deny assignment"
            by += f" on {scope_in_words(one.by_scope)}" if one.by_scope else ""
            told.append(
                f"{by} forbids {sanitize(one.action, 160)} on {scope_in_words(one.scope)}, whatever role you have."
            )
    return " ".join(told)


def limited_words(condition: tuple[str, str] | None) -> str:
    """What a condition on the caller's own assignment keeps from it, as the end of a sentence."""
    if condition is None:
        return "this"
    return f"{condition[0]} on {scope_in_words(condition[1])}"


def _refused(text: str) -> Iterator[MissingRight]:
    """The rights that one sentence names. What is said before "however" is what *is* allowed."""
    parts = _HOWEVER.split(text)
    against = parts[-1]
    allowed = _ALLOWED.search(text)
    denied = _DENIED.search(against)
    if denied is not None and allowed is not None:
        by = _DENIED_BY.search(denied.group("rest") or "")
        action, scope = sanitize(allowed.group(1), 160), sanitize(allowed.group(2), 400)
        name, where = (by.group("name"), by.group("scope") or "") if by else ("", "")
        yield MissingRight(action, scope, denied=True, by=sanitize(name, 200), by_scope=sanitize(where, 400))
        return
    lacks = list(_LACKS.finditer(against))
    for at, found in enumerate(lacks):
        end = lacks[at + 1].start() if at + 1 < len(lacks) else len(against)
        actions, named = _items(found.group(1)), False
        for on in _ON.finditer(against, found.end(), end):
            for action, scope in _paired(actions, _items(on.group("scopes")), each=bool(on.group("each"))):
                named = True
                yield MissingRight(sanitize(action, 160), sanitize(scope, 400), denied=bool(on.group("denied")))
        if not named:
            blocked = "blocked by" in against[found.end() : end].lower()
            yield from (MissingRight(sanitize(action, 160), "", denied=blocked) for action in actions)


def _paired(actions: list[str], scopes: list[str], *, each: bool) -> Iterator[tuple[str, str]]:
    """Which action belongs to which scope: as Azure counted them, else by the kind of thing that the action is of.

    An action that none of the scopes is for has the scope "": Azure did not say which.
    """
    if not scopes:
        return
    if each and len(actions) == len(scopes):
        yield from zip(actions, scopes, strict=True)
        return
    if len(actions) == 1:
        yield from ((actions[0], scope) for scope in scopes)
        return
    fitting = [(action, scope) for action in actions for scope in scopes if _is_of(action, scope)]
    fits = {action for action, _ in fitting}
    if not fits and len(scopes) == 1:
        yield from ((action, scopes[0]) for action in actions)  # a group, say, that everything is in
    elif fits < set(actions) and len(actions) == len(scopes):
        yield from zip(actions, scopes, strict=True)
    else:
        yield from fitting
        yield from ((action, "") for action in actions if action not in fits)


def _is_of(action: str, scope: str) -> bool:
    kind = ResourceId(scope).type.lower()
    return bool(kind.strip("/")) and action.lower().startswith(f"{kind}/")


def _policy(name: str, where: str) -> dict[str, None]:
    both = f"{sanitize(name, 120)} ({sanitize(where, 300)})" if name and where else sanitize(name or where, 300)
    return {both: None} if both else {}


def _identified(message: str) -> Iterator[Mapping[str, object]]:
    """The assignments in the sentence of older answers: "Policy identifiers: '[{"policyAssignment": ...}]'"."""
    found = _IDENTIFIERS.search(message)
    try:
        listed_ones = json.loads(found.group(1)) if found else []
    except (ValueError, RecursionError):
        return
    for one in _objects(listed_ones)[:_MOST]:
        yield _fields(_fields(one).get("policyassignment"))


def _items(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _fields(document: object) -> Mapping[str, object]:
    """An object with its names in lower case; empty when it is none."""
    return {str(name).lower(): value for name, value in document.items()} if isinstance(document, Mapping) else {}


def _objects(value: object) -> list[object]:
    return value if isinstance(value, list) else [value] if isinstance(value, Mapping) else []


def _text(value: object) -> str:
    found = value if isinstance(value, str) else "" if value is None else str(value)
    half = _LONGEST // 2
    return found if len(found) <= _LONGEST else f"{found[:half]}…{found[-half:]}"


def _inside(message: str) -> Mapping[str, object] | None:
    """A whole error document inside a message, as some providers send it on."""
    if not message.lstrip().startswith("{"):
        return None
    try:
        found = _fields(json.loads(message))
    except (ValueError, RecursionError):
        return None
    return found if "error" in found or ("code" in found and "message" in found) else None
