"""Turns everything the SDK can raise, and every error document of Azure, into ``CallFailed`` with its certainty.

The rule for writes: refused only by a definite answer below 500 other than 408; not sent only when the connection
provably never stood (refused, name not found, certificate not accepted, proxy not reached, no token); unknown for all
else, because a lost answer to a write is not a failed write (azure-wire.md 1.2: a 503 may or may not have been
applied).
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import requests
import urllib3.exceptions as pool
from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

from tgwizard.azure.arm_json import parsed
from tgwizard.azure.problem_row import Row
from tgwizard.azure.problems import row_for
from tgwizard.azure.sign_in_problems import clock_wrong, explain
from tgwizard.engine.ports import CallFailed, Cause, Certainty, MissingRight
from tgwizard.model.cluster import ResourceId
from tgwizard.model.permission import scope_in_words
from tgwizard.model.problem import Cancelled, Problem
from tgwizard.model.text import tame

T = TypeVar("T")

_NEVER_SENT: tuple[type[BaseException], ...] = (
    pool.NewConnectionError,
    pool.ConnectTimeoutError,
    pool.ProxyError,
    requests.exceptions.ConnectTimeout,
    requests.exceptions.ProxyError,
    ssl.SSLCertVerificationError,
)
_NOT_VALID_NOW = frozenset({9, 10})
"""OpenSSL's verify codes for a certificate that is not valid yet, and for one that has expired."""
_SILENT: tuple[type[BaseException], ...] = (requests.exceptions.ReadTimeout, pool.ReadTimeoutError, TimeoutError)

_LONGEST_TEXT, _MOST_DETAILS = 4000, 20
"""What is looked at of an error document: Azure's own have a few sentences."""

_ALLOCATED_TO = re.compile(r"already allocated to resource (\S+?)\.?(?:\s|$)", re.IGNORECASE)
_NOT_READY = "referencedresourcenotprovisioned"
_FOR_GOOD = re.compile(r"Resource is in Failed state", re.IGNORECASE)
_ACTION = re.compile(
    r"perform action(?:\(s\))? '([^']+)' (?:over|on) (?:the linked )?scope(?:\(s\))? '([^']+)'", re.IGNORECASE
)
_DENIAL = re.compile(r"deny assignment with name '([^']*)'.*? at scope '([^']*)'", re.IGNORECASE)
_LACKING = "not-allowed"
"""The problem of rows that tell of a missing right: against a denial or a policy no role helps."""
_RETRY_IN = re.compile(r"retried in (\d{1,4}) seconds", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Doing:
    """What a call is about, for the sentences: "read" or "change", and the resource's name."""

    verb: str
    name: str
    writes: bool = False

    def __str__(self) -> str:
        """As it stands in a sentence."""
        return f"{self.verb} {self.name}"


@dataclass(frozen=True, slots=True)
class ArmError:
    """An error document of Azure, taken apart. Foreign text: tamed before it is shown."""

    code: str = ""
    message: str = ""
    details: tuple[ArmError, ...] = field(default=())

    @classmethod
    def parse(cls, document: object) -> ArmError:
        """Accepts {"error": {...}} and the bare form; anything else is an empty error."""
        if isinstance(document, Mapping) and isinstance(document.get("error"), Mapping):
            document = document["error"]
        if not isinstance(document, Mapping):
            return cls()
        details = document.get("details")
        return cls(
            str(document.get("code") or "")[:_LONGEST_TEXT],
            str(document.get("message") or "")[:_LONGEST_TEXT],
            tuple(cls.parse(item) for item in details[:_MOST_DETAILS]) if isinstance(details, list) else (),
        )

    def walk(self) -> Iterator[ArmError]:
        """The innermost details first: they are the specific ones."""
        for item in self.details:
            yield from item.walk()
        yield self

    @property
    def codes(self) -> tuple[str, ...]:
        """All codes, the most specific first."""
        return tuple(item.code for item in self.walk() if item.code)


def attempt(doing: Doing, call: Callable[[], T]) -> T:
    """Make the call and read its answer into values; raises CallFailed alone, and Cancelled."""
    try:
        return call()
    except (CallFailed, Cancelled):
        raise
    except HttpResponseError as error:
        raise _answered(doing, error) from error
    except AzureError as error:
        raise _not_answered(doing, error) from error
    except (requests.RequestException, pool.HTTPError, OSError) as error:
        raise _not_answered(doing, error) from error
    except Exception as error:
        # Whatever goes wrong between bytes and values, in the SDK's models too, is the answer's fault.
        raise unreadable(doing, "It could not be read.", f"{type(error).__name__}: {error}") from error


def from_document(doing: Doing, status: int | None, error: ArmError, request_id: str = "") -> Problem:
    """The explained problem of an error document; also for an operation that failed behind a status of 200."""
    row = _row(status, error)
    words = _named(error)
    what = row.what.format(**words, doing=doing, name=doing.name) if row.what else _what(doing, status)
    holder = _holder(error)
    return Problem(
        row.problem,
        what,
        row.why.format(**words, doing=doing, name=doing.name, holder=holder.name if holder else "another resource"),
        row.fix,
        _detail(error, status, request_id),
        row.who,
        row.right,
    )


def connection_closed() -> CallFailed:
    """A call after the connection was closed."""
    problem = Problem("closing", "tgwizard is closing.", "The connection to Azure is closed; nothing was sent.")
    return CallFailed(problem, Certainty.NOT_SENT)


def unreadable(doing: Doing, why: str, detail: str = "") -> CallFailed:
    """An answer with a good status that makes no sense. A write behind it may well have been applied."""
    certainty = Certainty.UNKNOWN if doing.writes else Certainty.REFUSED
    what = f"Azure's answer to the request to {doing} makes no sense."
    return CallFailed(Problem("answer-not-understood", what, why, "Read again.", tame(detail)), certainty)


def _answered(doing: Doing, error: HttpResponseError) -> CallFailed:
    response: Any = error.response
    status = error.status_code if response is not None else None
    if response is None or status is None:
        return _not_answered(doing, error)
    body = _json(response)
    if isinstance(body, Mapping) and isinstance(body.get("error"), str):
        # OAuth's form: Entra refused the token, so the request itself never went out.
        said = (str(body.get("error_description", "")), str(body["error"]))
        return CallFailed(explain(said), Certainty.NOT_SENT, Cause.SIGN_IN)
    document = ArmError.parse(body)
    if status < 400:
        return unreadable(doing, "It could not be read to its end.", str(error.message))
    request_id = str(response.headers.get("x-ms-request-id", ""))
    row = _row(status, document)
    definite = status < 500 and status != 408
    certainty = Certainty.REFUSED if definite else Certainty.UNKNOWN
    return CallFailed(
        from_document(doing, status, document, request_id),
        certainty,
        row.cause,
        status=status,
        allocated_to=_holder(document) if row.cause is Cause.ADDRESS_ALLOCATED else None,
        retry_after_s=_retry_after(response.headers.get("Retry-After"), document),
        missing=_missing(document) if row.problem == _LACKING else None,
    )


def _not_answered(doing: Doing, error: BaseException) -> CallFailed:
    chain = tuple(_chain(error))
    not_taken = next((link for link in chain if isinstance(link, requests.exceptions.ContentDecodingError)), None)
    if not_taken is not None:
        return unreadable(doing, str(not_taken))
    detail = tame(f"{type(chain[-1]).__name__}: {chain[-1]}")
    certificate = next((link for link in chain if isinstance(link, ssl.SSLCertVerificationError)), None)
    if certificate is not None and certificate.verify_code in _NOT_VALID_NOW:
        return CallFailed(clock_wrong(detail), Certainty.NOT_SENT)
    if certificate is not None:
        problem = Problem(
            "certificate-not-accepted",
            f"The request to {doing} was not sent.",
            "The server's certificate is not one this computer trusts; something may sit between you and Azure.",
            "If your company inspects traffic, set REQUESTS_CA_BUNDLE to its CA file.",
            detail,
        )
        return CallFailed(problem, Certainty.NOT_SENT)
    if any(isinstance(link, _NEVER_SENT) for link in chain):
        problem = Problem(
            "azure-not-reached",
            f"The request to {doing} was not sent.",
            "Azure could not be reached.",
            "Check the network, the proxy and the name resolution of this computer.",
            detail,
        )
        return CallFailed(problem, Certainty.NOT_SENT)
    if isinstance(error, ClientAuthenticationError):
        said = (str(getattr(link, "message", "") or link) for link in chain)
        return CallFailed(explain(said), Certainty.NOT_SENT, Cause.SIGN_IN)
    silent = any(isinstance(link, _SILENT) for link in chain)
    why = "No answer came in time." if silent else "The connection broke before the answer came."
    what = f"Whether Azure took the request to {doing} is not known." if doing.writes else f"Azure did not {doing}."
    return CallFailed(Problem("answer-lost", what, why, "Read again.", detail), Certainty.UNKNOWN)


def _row(status: int | None, error: ArmError) -> Row:
    """The row that decides. A resource that is not ready may be so for good: Azure says `Failed` in the words alone."""
    for item in error.walk():
        if item.code.lower() == _NOT_READY and _FOR_GOOD.search(item.message):
            return row_for(status, ("ParentResourceIsInFailedState",))
    return row_for(status, error.codes)


def _what(doing: Doing, status: int | None) -> str:
    if status is not None and (status >= 500 or status == 408):
        if doing.writes:
            return f"Whether Azure took the request to {doing} is not known."
        return f"Azure could not {doing}."
    return f"Azure refused to {doing}." if status is not None else f"Azure did not {doing}."


def _named(error: ArmError) -> dict[str, str]:
    found = _missing(error)
    denial = next((hit for item in error.walk() if (hit := _DENIAL.search(item.message))), None)
    named = f"The deny assignment {tame(denial.group(1), 120)}" if denial else "A deny assignment"
    if found is None:
        return {"action": "a right it needs", "scope": "that scope", "denial": named}
    return {
        "action": found.action,
        "scope": tame(found.scope.rsplit("/", 1)[-1] or found.scope, 120),
        "denial": f"{named} on {scope_in_words(denial.group(2))}" if denial else named,
    }


def _missing(error: ArmError) -> MissingRight | None:
    """The action and the scope that a refusal names."""
    for item in error.walk():
        # The last one: a linked refusal first names what *is* allowed (azure-wire.md 2.6).
        for found in reversed(list(_ACTION.finditer(item.message))):
            return MissingRight(tame(found.group(1), 160), tame(found.group(2), 400))
    return None


def _holder(error: ArmError) -> ResourceId | None:
    for item in error.walk():
        found = _ALLOCATED_TO.search(item.message)
        if found:
            text = re.split(r"/ipConfigurations/", found.group(1), maxsplit=1, flags=re.IGNORECASE)[0]
            try:
                return ResourceId.parse(text)
            except ValueError:
                return None
    return None


def _detail(error: ArmError, status: int | None, request_id: str) -> str:
    messages = " ".join(dict.fromkeys(item.message for item in error.walk() if item.message))
    parts = [
        "/".join(dict.fromkeys(reversed(error.codes))) or "no code",
        f"status {status}" if status else "",
        f"request {tame(request_id, 60)}" if request_id else "",
        messages,
    ]
    return tame(" · ".join(part for part in parts if part))


def _json(response: Any) -> object:
    """The body of an error; the SDK has two kinds of answers."""
    try:
        return parsed(response.content if hasattr(response, "content") else response.body())
    except (ValueError, AzureError):
        return None


def _retry_after(header: object, error: ArmError) -> float | None:
    """What Azure asks for, in seconds: by header, or in the words of a busy resource (azure-wire.md 2.4)."""
    try:
        seconds = float(str(header))
    except ValueError:
        found = next((hit for item in error.walk() if (hit := _RETRY_IN.search(item.message))), None)
        return float(found.group(1)) if found else None
    return seconds if 0 <= seconds < 86400 else None


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        link = waiting.pop(0)
        if not isinstance(link, BaseException) or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        waiting += [getattr(link, "inner_exception", None), getattr(link, "reason", None)]
        waiting += [link.__cause__, link.__context__, *link.args]
