"""Claims challenges: Azure asks for a sign-in with more in it, most often for a second factor before a change.

The challenge stands in WWW-Authenticate (``error="insufficient_claims", claims="..."``), a wish in base64 and no
secret. ``az login --claims-challenge`` takes it (az 2.76 and newer), and so does a sign-in in the browser.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, replace
from typing import Any

from azure.core.exceptions import ClientAuthenticationError

from tgwizard.azure.credentials import claims_of
from tgwizard.azure.redaction import is_claims_challenge
from tgwizard.model.problem import Fixer, Problem

_WANTED = re.compile(r'\berror="?insufficient_claims"?', re.IGNORECASE)
_CLAIMS = re.compile(r'\bclaims="?([\w+/=-]{8,8192})"?', re.IGNORECASE)
_AUTHORITY = re.compile(r'\bauthorization(?:_uri)?="?https://[^/"\s]+/([^/"\s]+)', re.IGNORECASE)
_DIRECTORY = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[a-z0-9-]+(?:\.[a-z0-9-]+)+", re.IGNORECASE)
_URL_SAFE = str.maketrans("-_", "+/")


@dataclass(frozen=True, slots=True)
class ClaimsChallenge:
    """What Azure wants. ``value``: base64 as az takes it; empty when the challenge holds none that can be read."""

    value: str
    tenant: str

    @property
    def wishes(self) -> frozenset[str]:
        """The names of the claims."""
        if not self.value:
            return frozenset()
        asked = json.loads(base64.b64decode(self.value))
        return frozenset(str(name) for part in asked.values() for name in part)

    @property
    def of_a_command(self) -> str:
        """How a command that signs a person in itself asks for it."""
        if not self.value:
            return ""
        return f' A command with --sign-in browser or device-code: repeat it with --claims-challenge "{self.value}".'

    @property
    def command(self) -> str:
        """The whole command for the Azure CLI."""
        tenant = f" --tenant {self.tenant}" if self.tenant else ""
        if not self.value:
            return f"az logout, then az login{tenant}"
        return f'az login{tenant} --claims-challenge "{self.value}"'


def challenge_of(response: Any) -> ClaimsChallenge | None:
    """The challenge of a refused request; None when it is refused for another reason."""
    headers = getattr(response, "headers", None) or {}
    said = str(next((headers[name] for name in headers if str(name).lower() == "www-authenticate"), ""))
    if not _WANTED.search(said):
        return None
    found = _CLAIMS.search(said)
    value = _padded(found.group(1)) if found else ""
    return ClaimsChallenge(value if is_claims_challenge(value) else "", _tenant(response, said))


def claims_in(value: str) -> str | None:
    """The JSON in a challenge as people copy it, None when it is no challenge."""
    padded = _padded(value.strip())
    return base64.b64decode(padded).decode() if is_claims_challenge(padded) else None


def second_factor(problem: Problem, response: Any) -> Problem:
    """The refusal as what it is: cured by signing in once more, not by rights and not by an exemption."""
    challenge = challenge_of(response) or ClaimsChallenge("", _tenant(response, ""))
    if challenge.wishes & {"nbf", "xms_caeerror", "xms_rp_ipaddr"}:
        code, why = "sign-in-revoked", "Azure wants a newer sign-in: the former was withdrawn, or a policy has changed."
    else:
        code, why = "second-factor", "Azure wants a second factor (MFA) for changes, and this sign-in was made without."
    fix = (
        f"With the Azure CLI (2.76 or newer) run: {challenge.command}. In the window, signed in with the browser or a "
        f"code: sign in once more and confirm there. Then start again.{challenge.of_a_command}"
    )
    return replace(problem, code=code, why=why, fix=fix, who=Fixer.YOU, right="", sign_in=True)


def _padded(value: str) -> str:
    """In the alphabet and length that az decodes."""
    plain = value.rstrip("=").translate(_URL_SAFE)
    return plain + "=" * (-len(plain) % 4)


def _tenant(response: Any, said: str) -> str:
    """The directory whose account was refused: the token's own, else the one that the challenge names."""
    sent = getattr(getattr(response, "request", None), "headers", None) or {}
    try:
        own = str(claims_of(str(sent.get("Authorization", "")).removeprefix("Bearer ")).get("tid", ""))
    except ClientAuthenticationError:
        own = ""
    named = _AUTHORITY.search(said)
    for found in (own, named.group(1) if named else ""):
        if _DIRECTORY.fullmatch(found):
            return found
    return ""
