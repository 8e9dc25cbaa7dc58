"""``redacted``: foreign text without tokens, codes, passwords and pieces of them, before it is shown or written.

What libraries and servers say may repeat what they were given: a token, a form with a secret, a proxy's address with
its password. Two kinds of knowledge keep it away: what such things look like, and what this process was given.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from tgwizard.model.text import sanitize

LONGEST_DETAIL = 2000
"""Azure's sentences name whole ids, some of them several: this holds them, and still no page."""

SECRETS = (
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PASSWORD",
    "AZURE_PASSWORD",
    "IDENTITY_HEADER",
    "MSI_SECRET",
)
"""Variables whose values are secrets."""

PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
"""Variables whose values are addresses that may hold a name and a password."""

_MASK = "REDACTED"
_PIECE = 6
"""A piece of a secret as long as this is never shown."""

_ENCODED = re.compile(r"eyJ[\w+/-]{5,}={0,2}(?:\.[\w-]*){0,4}")
_NAMED = re.compile(
    r"""(?P<name>\b(?:(?:access_?token|refresh_?token|id_?token|client_?secret|client_?assertion)["']?\s*[=:]\s*["']?"""
    r"""|(?:password|passwd|pwd|secret|session_?key)=)|(?<=[?&])(?:code|state|sig|session_state)=)"""
    r"""(?P<value>[^&\s"',}]{4,})""",
    re.IGNORECASE,
)
_BEARER = re.compile(
    r"(?P<kind>\b(?:Bearer|Basic|Negotiate|NTLM|SharedKey)\s+)(?P<value>[\w.~+/=:-]{8,})", re.IGNORECASE
)
_OPAQUE = re.compile(r"\b(?:[01]\.A[\w-]{20,}(?:\.[\w-]+)*|M\.[CR]\d[\w.!*$-]{20,})|\b[\w-]{3}8Q~[\w.~-]{20,}")
"""Refresh tokens and application secrets as Entra makes them."""
_USERINFO = re.compile(r"(?P<scheme>\b[a-z][a-z0-9+.-]{1,20}://)[^\s'\"<>]*@", re.IGNORECASE)
_LONGEST_READ = 20_000


def redacted(foreign: object, limit: int = LONGEST_DETAIL, environment: Mapping[str, str] | None = None) -> str:
    """One plain line, cut in its middle, without secrets. A claims challenge stays: it is a wish, and no secret."""
    text = str(foreign)
    if len(text) > 2 * _LONGEST_READ:
        text = f"{text[:_LONGEST_READ]} … {text[-_LONGEST_READ:]}"
    for secret in _known(os.environ if environment is None else environment):
        text = _without(text, secret)
    text = _USERINFO.sub(lambda found: f"{found['scheme']}{_MASK}@", text)
    text = _ENCODED.sub(lambda found: found.group() if is_claims_challenge(found.group()) else _MASK, text)
    text = _NAMED.sub(lambda found: f"{found['name']}{_MASK}", text)
    text = _BEARER.sub(lambda found: f"{found['kind']}{_MASK}" if _is_secret(found["value"]) else found.group(), text)
    text = _OPAQUE.sub(_MASK, text)
    return sanitize(text, limit, keep_end=True)


def is_claims_challenge(text: str) -> bool:
    """Whether it is a request for claims in base64, as resources send it in WWW-Authenticate."""
    try:
        asked = json.loads(base64.b64decode(text.translate(_URL_SAFE) + "=" * (-len(text) % 4), validate=True))
    except (ValueError, binascii.Error, RecursionError):
        return False
    return (
        isinstance(asked, dict)
        and bool(asked)
        and set(asked) <= {"access_token", "id_token", "userinfo"}
        and all(isinstance(part, dict) for part in asked.values())
        and not _ENCODED.search(json.dumps(asked))
    )


def proxy_secrets(address: str) -> tuple[str, ...]:
    """The password in a proxy's address, however badly it is written: as it stands there and as it is meant."""
    rest = address.split("://", 1)[-1]
    if "@" not in rest:
        return ()
    _, _, password = rest.rsplit("@", 1)[0].partition(":")
    return tuple(dict.fromkeys(part for part in (password, unquote(password)) if part))


_URL_SAFE = str.maketrans("-_", "+/")


def _known(environment: Mapping[str, str]) -> Iterator[str]:
    """What this process was given and must not say again."""
    for name in SECRETS:
        if environment.get(name):
            yield environment[name]
    for name in PROXIES:
        yield from proxy_secrets(environment.get(name, ""))


def _without(text: str, secret: str) -> str:
    """The text with every piece of the secret masked that is long enough to tell something of it."""
    size = min(_PIECE, len(secret))
    if size < 4:
        return text  # too short to be told from words; the forms below still find it where an address holds it
    spots: set[int] = set()
    for start in range(len(secret) - size + 1):
        piece, at = secret[start : start + size], -1
        while (at := text.find(piece, at + 1)) >= 0:
            spots.update(range(at, at + size))
    if not spots:
        return text
    shown, masked = [], False
    for at, char in enumerate(text):
        if at not in spots:
            shown.append(char)
        elif not masked:
            shown.append(_MASK)
        masked = at in spots
    return "".join(shown)


def _is_secret(value: str) -> bool:
    """A challenge such as ``Bearer authorization_uri=...`` names a parameter; a secret holds none."""
    return "=" not in value.rstrip("=") and value.lower() not in _CHALLENGE_WORDS


_CHALLENGE_WORDS = frozenset({"authentication", "authorization", "credentials", "challenge"})
