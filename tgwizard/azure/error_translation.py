"""Turns everything the SDK can raise, and every error document of Azure, into ``AzureCallError`` with its certainty.

The rule for writes: refused only by a definite answer of Azure's below 500 other than 408; not sent only when the
connection provably never stood (refused, name not found, certificate not accepted, proxy not reached, a setting that
keeps it back, no token); unknown for all else, because a lost answer to a write is not a failed write, and a 503 may
or may not have been applied.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import requests
import urllib3.exceptions as pool
from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

from tgwizard.azure.arm_json import parsed
from tgwizard.azure.claims_challenge import challenge_of, second_factor
from tgwizard.azure.error_document import ArmError, limited_words, rights_words
from tgwizard.azure.error_table import row_for
from tgwizard.azure.intercepted_answers import (
    InterceptedAnswer,
    content_of,
    explain_intercepted,
    explain_unsent,
    proxy_refused,
    refuse_intercepted,
)
from tgwizard.azure.redaction import redacted
from tgwizard.azure.sign_in_errors import clock_wrong, explain_sign_in_error
from tgwizard.engine.azure_call_error import AzureCallError, Cause, Certainty
from tgwizard.model.problem import Cancelled, Problem
from tgwizard.model.text import format_duration, sanitize

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
_LONGEST_RETRY_AFTER_S = 86_400.0
_CLOCK_OFF_S = (300.0, 14 * 86_400.0)
"""A clock that differs from Azure's by more than the first spoils sign-ins; one that differs by more than the second
accepts no certificate of Azure's, so that no answer comes that could be compared."""


@dataclass(frozen=True, slots=True)
class Operation:
    """What a call is about, for the sentences: "read" or "change", and the resource's name."""

    verb: str
    name: str
    writes: bool = False

    def __str__(self) -> str:
        """As it stands in a sentence."""
        return f"{self.verb} {self.name}"


def translate_errors(doing: Operation, call: Callable[[], T]) -> T:
    """Make the call and read its answer into values; raises AzureCallError alone, and Cancelled."""
    try:
        return call()
    except (AzureCallError, Cancelled):
        raise
    except InterceptedAnswer as answer:
        raise _intercepted(doing, answer) from answer
    except HttpResponseError as error:
        raise _answered(doing, error) from error
    except AzureError as error:
        raise _not_answered(doing, error) from error
    except (requests.RequestException, pool.HTTPError, OSError) as error:
        raise _not_answered(doing, error) from error
    except Exception as error:
        # Whatever goes wrong between bytes and values, in the SDK's models too, is the answer's fault.
        response = _challenge_before(error)
        if response is not None:
            raise _of_response(doing, response, str(error)) from error
        held = explain_unsent(str(doing), (error,))
        if held is not None:
            raise AzureCallError(held, Certainty.NOT_SENT) from error
        raise unreadable(doing, "It could not be read.", _plain(error)) from error


def from_document(doing: Operation, status: int | None, error: ArmError, request_id: str = "") -> Problem:
    """The explained problem of an error document; also for an operation that failed behind a status of 200."""
    row = row_for(status, error.codes, error.text)
    words = _words(doing, error)
    what = row.what.format(**words) if row.what else _what(doing, status)
    fix = row.fix.format(**words)
    return Problem(
        row.problem,
        what,
        row.why.format(**words),
        fix,
        _detail(error, status, request_id),
        row.who,
        row.right,
        sign_in=row.cause is Cause.SIGN_IN,
    )


def connection_closed() -> AzureCallError:
    """A call after the connection was closed."""
    problem = Problem("closing", "tgwizard is closing.", "The connection to Azure is closed; nothing was sent.")
    return AzureCallError(problem, Certainty.NOT_SENT)


def unreadable(doing: Operation, why: str, detail: str = "") -> AzureCallError:
    """An answer with a good status that makes no sense. A write behind it may well have been applied."""
    certainty = Certainty.UNKNOWN if doing.writes else Certainty.REFUSED
    what = f"Azure's answer to the request to {doing} makes no sense."
    problem = Problem("answer-not-understood", what, why, "Read again.", redacted(detail))
    return AzureCallError(problem, certainty, Cause.UNREADABLE)


def _intercepted(doing: Operation, answer: InterceptedAnswer) -> AzureCallError:
    """What answered is not Azure, so that nothing is known of what Azure did, a write's effect least of all."""
    return AzureCallError(
        explain_intercepted(str(doing), answer, writes=doing.writes), Certainty.UNKNOWN, status=answer.status
    )


def _answered(doing: Operation, error: HttpResponseError) -> AzureCallError:
    response: Any = error.response if error.response is not None else _challenge_before(error)
    if getattr(response, "status_code", None) is None:
        return _not_answered(doing, error)
    return _of_response(doing, response, str(error.message))


def _of_response(doing: Operation, response: Any, said: str) -> AzureCallError:
    status: int = response.status_code
    try:
        refuse_intercepted(status, response.headers, lambda: content_of(response))
    except InterceptedAnswer as answer:
        return _intercepted(doing, answer)
    body = _json(response)
    if isinstance(body, Mapping) and isinstance(body.get("error"), str):
        # OAuth's form: Entra refused the token, so the request itself never went out.
        refused = (str(body.get("error_description", "")), str(body["error"]))
        return AzureCallError(explain_sign_in_error(refused), Certainty.NOT_SENT, Cause.SIGN_IN)
    document = ArmError.parse(body)
    if status < 400:
        return unreadable(doing, "It could not be read to its end.", said)
    request_id = sanitize(response.headers.get("x-ms-request-id", ""), 60)
    row = row_for(status, document.codes, document.text)
    problem, cause = from_document(doing, status, document, request_id), row.cause
    if challenge_of(response) is not None or row.problem == "second-factor":
        problem, cause = second_factor(problem, response), Cause.SIGN_IN
    if cause is Cause.SIGN_IN:
        problem = _with_clock(problem, response.headers.get("Date"))
    # What says nothing of the kind that Azure says may be anybody's; of a write it is no refusal.
    definite = status < 500 and status != 408 and not (doing.writes and document.empty)
    if not definite and doing.writes:
        problem = replace(problem, what=f"Whether Azure took the request to {doing} is not known.")
    return AzureCallError(
        problem,
        Certainty.REFUSED if definite else Certainty.UNKNOWN,
        cause,
        status=status,
        allocated_to=document.holder if cause is Cause.ADDRESS_ALLOCATED else None,
        retry_after_s=_retry_after(response.headers, document),
        refused=document.refused if cause is Cause.NOT_ALLOWED else (),
        request_id=request_id,
    )


def _challenge_before(error: BaseException) -> Any:
    """The answer that asked for another token, when no such token could be had: that answer is Azure's last word."""
    answers = (getattr(link, "response", None) for link in _chain(error))
    return next((answer for answer in answers if answer is not None and challenge_of(answer) is not None), None)


def _not_answered(doing: Operation, error: BaseException) -> AzureCallError:
    chain = tuple(_chain(error))
    foreign = next((link for link in chain if isinstance(link, InterceptedAnswer)), None)
    if foreign is not None:
        return _intercepted(doing, foreign)
    not_taken = next((link for link in chain if isinstance(link, requests.exceptions.ContentDecodingError)), None)
    if not_taken is not None:
        return unreadable(doing, str(not_taken))
    detail = redacted(_plain(chain[-1]))
    certificate = next((link for link in chain if isinstance(link, ssl.SSLCertVerificationError)), None)
    if certificate is not None and certificate.verify_code in _NOT_VALID_NOW:
        return AzureCallError(clock_wrong(detail), Certainty.NOT_SENT)
    if certificate is not None:
        problem = Problem(
            "certificate-not-accepted",
            f"The request to {doing} was not sent.",
            "The server's certificate is not one this computer trusts; something may sit between you and Azure.",
            "If your company inspects traffic, set REQUESTS_CA_BUNDLE to its CA file.",
            detail,
        )
        return AzureCallError(problem, Certainty.NOT_SENT)
    held = explain_unsent(str(doing), chain) or proxy_refused(str(doing), chain)
    if held is not None:
        return AzureCallError(held, Certainty.NOT_SENT)
    if any(isinstance(link, _NEVER_SENT) for link in chain):
        problem = Problem(
            "azure-not-reached",
            f"The request to {doing} was not sent.",
            "Azure could not be reached.",
            "Check the network, the proxy and the name resolution of this computer.",
            detail,
        )
        return AzureCallError(problem, Certainty.NOT_SENT, Cause.NOT_REACHED)
    if isinstance(error, ClientAuthenticationError):
        return AzureCallError(explain_sign_in_error(_said(chain)), Certainty.NOT_SENT, Cause.SIGN_IN)
    silent = any(isinstance(link, _SILENT) for link in chain)
    why = "No answer came in time." if silent else "The connection broke before the answer came."
    what = f"Whether Azure took the request to {doing} is not known." if doing.writes else f"Azure did not {doing}."
    return AzureCallError(Problem("answer-lost", what, why, "Read again.", detail), Certainty.UNKNOWN)


def _plain(error: BaseException) -> str:
    """What an error says, without what Python calls it: a number or the name of a class helps nobody."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The certificate was not accepted: {getattr(error, 'verify_message', '') or 'no reason was given'}."
    if isinstance(error, socket.gaierror):
        return f"The name was not found: {error.strerror or error}."
    said = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return f"{str(said).rstrip('.')}." if said else "No reason was given."


def _said(chain: tuple[BaseException, ...]) -> Iterator[str]:
    """What a sign-in that failed says of it; a program that was run says it on its error output."""
    for link in chain:
        yield str(getattr(link, "message", "") or link)
        if isinstance(getattr(link, "stderr", None), str):
            yield str(getattr(link, "stderr"))  # noqa: B009 - not every exception has one


def _what(doing: Operation, status: int | None) -> str:
    if status is not None and (status >= 500 or status == 408):
        if doing.writes:
            return f"Whether Azure took the request to {doing} is not known."
        return f"Azure could not {doing}."
    if status == 404 and not doing.writes:
        return f"Azure could not {doing}."  # it refused nothing: what was asked for is not there
    return f"Azure refused to {doing}." if status is not None else f"Azure did not {doing}."


def _words(doing: Operation, error: ArmError) -> dict[str, str]:
    """What the sentences of a row may name: the ``FIELDS`` of the table."""
    wrong = error.property_id
    said = redacted(error.said, 600).rstrip(" .")
    policies = error.policies
    return {
        "name": doing.name,
        "rights": rights_words(error.refused),
        "limited": limited_words(error.condition),
        "locks": error.lock_words,
        "holder": error.holder_words,
        "said": f"Azure says: {said}." if said else "Azure gives no reason.",
        "policy": f" The policy assignment is {', '.join(policies)}." if policies else "",
        "reasons": f" Its reason: {error.reasons}." if error.reasons else "",
        "wrong_id": sanitize(wrong[0], 300) if wrong and wrong[0] else "an id",
    }


def _detail(error: ArmError, status: int | None, request_id: str) -> str:
    parts = [
        "/".join(dict.fromkeys(reversed(error.codes))) or "no code",
        f"status {status}" if status else "",
        f"request {request_id}" if request_id else "",
        error.text,
    ]
    return redacted(" · ".join(part for part in parts if part))


def _with_clock(problem: Problem, date: object) -> Problem:
    """The same, naming this computer's clock when it differs from the one of whoever answered: that spoils sign-ins."""
    try:
        theirs = parsedate_to_datetime(str(date))
        off = (datetime.now(UTC) - theirs).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return problem
    if not _CLOCK_OFF_S[0] <= abs(off) <= _CLOCK_OFF_S[1]:
        return problem
    way = "ahead of" if off > 0 else "behind"
    why = f"{problem.why} This computer's clock is {format_duration(abs(off))} {way} Azure's."
    return replace(problem, why=why.strip(), fix=f"Set the clock right first. {problem.fix}".strip())


def _json(response: Any) -> object:
    """The body of an error; the SDK has two kinds of answers."""
    try:
        return parsed(content_of(response))
    except ValueError:
        return None


def _retry_after(headers: Mapping[str, str], error: ArmError) -> float | None:
    """What Azure asks for, in seconds: by header, as a number or a date, or in the words of a busy resource."""
    said = headers.get("Retry-After")
    if said is None:
        return error.retry_in_s
    try:
        seconds = float(said)
    except ValueError:
        try:
            begins = headers.get("Date")
            now = parsedate_to_datetime(begins) if begins else datetime.now(UTC)
            seconds = (parsedate_to_datetime(said) - now).total_seconds()
        except (ValueError, TypeError, OverflowError):
            return error.retry_in_s
    return min(seconds, _LONGEST_RETRY_AFTER_S) if seconds >= 0 else error.retry_in_s


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
