"""Why a sign-in failed, in sentences: Entra's AADSTS numbers, OAuth's words, and what the credentials of the SDK say.

A number decides before any word: az ends whatever it says with the advice to sign in. One that is in no row is shown
with Entra's own sentence. The lab plays some of the numbers, the real Entra none here. The details hold Entra's own
text, cut and without anything that looks like a token. The reasons are the entries of
``resources/azure/sign-in-errors.toml``, read and checked when the first sign-in is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache

from tgwizard.azure.error_file import ErrorFile, shipped, usable
from tgwizard.azure.error_table import SIGN_IN_AGAIN
from tgwizard.azure.redaction import redacted
from tgwizard.model.cloud import KNOWN, PUBLIC
from tgwizard.model.problem import Fixer, Problem
from tgwizard.model.sign_in import ANOTHER_WAY
from tgwizard.model.text import format_duration, join_words

FILE = "sign-in-errors.toml"

_OTHER_CLOUDS = join_words((cloud.name for cloud in KNOWN if cloud != PUBLIC), "or")
_NOT_SIGNED_IN = "There is no sign-in to Azure, so nothing was asked."

_NUMBER = re.compile(r"AADSTS(\d{4,12})", re.IGNORECASE)
_SENTENCE = re.compile(
    r"AADSTS(?P<number>\d{4,12})\s*:\s*(?P<said>.*?)(?=\s*(?:Trace ID|Correlation ID|Timestamp|$))",
    re.IGNORECASE | re.DOTALL,
)
_ONE_LINE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_VALUE = r"[\w./:@+=][\w./:@+=-]{0,4095}"
_COMMAND = re.compile(rf"""\baz login(?:[ \t]+--[a-z-]+(?:[ \t]+(?:"{_VALUE}"|'{_VALUE}'|{_VALUE}))?)+""")
"""A whole command that az names: words and values that no shell reads otherwise."""


@dataclass(frozen=True, slots=True)
class SignInErrorRow:
    """Why a sign-in failed. ``said`` are the numbers and words by which it is recognised; ``who`` can put it right."""

    said: tuple[str, ...]
    problem: str
    why: str
    fix: str
    who: Fixer = Fixer.YOU


@dataclass(frozen=True, slots=True)
class SignInErrors:
    """All reasons: Entra's by each number and word, and those of the credentials, the first that is met counting."""

    entra: Mapping[str, SignInErrorRow] = field(default_factory=dict)
    credentials: tuple[SignInErrorRow, ...] = ()

    @classmethod
    def parse(cls, text: str) -> SignInErrors:
        """TomlFault for whatever is not right in the file, an entry that is never reached too."""
        file = ErrorFile(text, {"sign_in": SIGN_IN_AGAIN, "other_way": ANOTHER_WAY, "other_clouds": _OTHER_CLOUDS})
        entra: dict[str, SignInErrorRow] = {}
        for place, row in file.rows("entra", SignInErrorRow):
            for said in row.said:
                if said in entra:
                    raise file.fault(f"{place}.said", f"names {said}, and an entry above it does already")
                entra[said] = row
        credentials: list[SignInErrorRow] = []
        for place, row in file.rows("credential", SignInErrorRow):
            for said in row.said:
                if any(piece.lower() in said.lower() for above in credentials for piece in above.said):
                    raise file.fault(f"{place}.said", f"names {said}, and an entry above it answers already")
            credentials.append(row)
        file.done()
        return cls(entra, tuple(credentials))


@cache
def sign_in_errors() -> SignInErrors:
    """The reasons of the file, read when they are first asked for. OSError or TomlFault when it cannot be used."""
    return SignInErrors.parse(shipped(FILE))


def explain_sign_in_error(texts: Iterable[str]) -> Problem:
    """The problem behind what was said, innermost first; an honest general one when nothing of it is known."""
    said = tuple(texts)
    reason = _recognised(said)
    if reason is not None:
        fix, detail = _with_command(reason, said), redacted(_told(said, reason))
        return Problem(reason.problem, _NOT_SIGNED_IN, reason.why, fix, detail, reason.who, sign_in=True)
    numbered = next((text for text in said if _NUMBER.search(text)), "")
    if numbered:
        number, sentence = _sentence(numbered)
        why = f"Entra refuses the sign-in with AADSTS{number}{f': {sentence}' if sentence else '.'}"
        fix = (
            f"https://login.microsoftonline.com/error?code={number} explains it. {ANOTHER_WAY} if that cannot be cured."
        )
        return Problem("sign-in-refused", _NOT_SIGNED_IN, why, fix, redacted(numbered), sign_in=True)
    words = redacted(next((text for text in said if " " in text.strip()), ""), 300).rstrip(" .")
    why = f"Whatever gives the sign-in says: {words}." if words else "Whatever gives the sign-in gives no reason."
    fix = f"Sign in with the Azure CLI: az login. {ANOTHER_WAY} if you like."
    return Problem("not-signed-in", _NOT_SIGNED_IN, why, fix, redacted(said[0] if said else ""), sign_in=True)


def clock_wrong(detail: str) -> Problem:
    """A server's certificate that is not valid at this computer's time."""
    return Problem(
        "clock-wrong",
        "The request was not sent.",
        f"The server's certificate is not valid at the time that this computer's clock shows, {_shown()}.",
        "Set the clock right, best by network time. If it is right, something between you and Azure shows an old "
        "certificate.",
        detail,
        Fixer.YOU,
    )


def clock_ahead(over_s: float) -> Problem:
    """A sign-in that is over when it is given: by ``over_s`` seconds."""
    return Problem(
        "clock-wrong",
        f"This computer's clock is wrong: it shows {_shown()}.",
        f"By this clock the sign-in that was given just now ended {format_duration(over_s)} ago.",
        "Set the clock right, best by network time, then start again.",
        who=Fixer.YOU,
    )


def _shown() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"


def _told(said: tuple[str, ...], reason: SignInErrorRow) -> str:
    """The text in which the reason was recognised."""
    pieces = [piece.lower() for piece in reason.said]
    return next((text for text in said if any(piece in text.lower() for piece in pieces)), said[0] if said else "")


def _sentence(text: str) -> tuple[str, str]:
    """The number and the first sentence of what Entra said about it."""
    found = _SENTENCE.search(text)
    if found is None:
        number = _NUMBER.search(text)
        return (number.group(1) if number else ""), ""
    sentence = _ONE_LINE.split(redacted(found.group("said"), 400), maxsplit=1)[0]
    return found.group("number"), sentence if sentence.endswith((".", "!", "?")) or not sentence else f"{sentence}."


def _with_command(reason: SignInErrorRow, said: tuple[str, ...]) -> str:
    """What to do, with the whole command where az names one: it knows directory, scope and challenge."""
    found = max((hit.group() for text in said for hit in _COMMAND.finditer(text)), key=len, default="")
    if not found or reason.problem not in _BY_SIGNING_IN:
        return reason.fix
    return f"With the Azure CLI run: {found}. Otherwise: {reason.fix[:1].lower()}{reason.fix[1:]}"


_BY_SIGNING_IN = frozenset(
    {"second-factor", "sign-in-expired", "person-needed", "az-not-signed-in", "conditional-access"}
)


def _recognised(said: tuple[str, ...]) -> SignInErrorRow | None:
    """By number, if one is known; a number that is not known leaves no room for words."""
    known = usable(FILE, sign_in_errors) or SignInErrors()
    numbers = [number for text in said for number in _NUMBER.findall(text)]
    if numbers:
        return next((known.entra[number] for number in numbers if number in known.entra), None)
    for reason in known.credentials:
        if any(piece.lower() in text.lower() for piece in reason.said for text in said):
            return reason
    words = (word for text in said for word in re.findall(r"\b[a-z]+_[a-z_]+\b", text))
    return next((known.entra[word] for word in words if word in known.entra), None)
