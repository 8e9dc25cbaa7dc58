"""Bearer tokens: JWT-shaped, signed with the lab's own key, and always measured in real time.

The virtual clock never drives a token's life: the Azure SDK compares expiry with the computer's own clock. The
401 answers are those of `azure-wire.md` 4.2.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from enum import Enum

from tgwizard.lab.wire import Json, Refusal
from tgwizard.lab.world import Principal, World

AUDIENCE = "https://management.azure.com"
AUDIENCES = frozenset({AUDIENCE, "https://management.core.windows.net"})
"""Both are in use: the SDK asks for the first, az for the second with a trailing slash (`lab-clients.md` 6.8)."""

_AUTHORIZATION_URI = "https://login.windows.net/"


class TokenKind(Enum):
    """Whose token the lab is asked for. Members get theirs from their VM's identity endpoint, by principal."""

    OPERATOR = "operator"


def issue(world: World, principal: Principal, *, lifetime: timedelta, audience: str = AUDIENCE) -> str:
    """Return a token for a principal. A negative lifetime gives an expired one."""
    now = datetime.now(UTC)
    claims: Json = {
        "aud": audience,
        "iss": f"https://sts.windows.net/{world.subscription.tenant}/",
        "iat": int(now.timestamp()),
        "nbf": int(now.timestamp()),
        "exp": int((now + lifetime).timestamp()),
        "tid": world.subscription.tenant,
        "oid": principal.oid,
        "appid": principal.app_id,
    }
    if principal.resource:
        claims["xms_mirid"] = principal.resource
    signed = f"{_encode(_json({'alg': 'HS256', 'typ': 'JWT'}))}.{_encode(_json(claims))}"
    return f"{signed}.{_encode(_signature(world, signed))}"


def authenticate(world: World, authorization: str | None) -> Principal:
    """Return who sent a request. Raises Refusal with Azure's 401 for a missing, foreign or expired token."""
    if authorization is None:
        raise Refusal(
            401,
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is missing.",
            headers=(("WWW-Authenticate", f'Bearer authorization_uri="{_AUTHORIZATION_URI}"'),),
        )
    scheme, _, token = authorization.partition(" ")
    claims = _claims(world, token.strip()) if scheme.lower() == "bearer" else None
    if claims is None or claims.get("tid") != world.subscription.tenant:
        raise _unauthorized("InvalidAuthenticationToken", "The access token is invalid.")
    if str(claims.get("aud", "")).rstrip("/") not in AUDIENCES:
        raise _unauthorized(
            "InvalidAuthenticationTokenAudience",
            "The access token has been obtained for wrong audience or resource "
            f"'{claims.get('aud')}'. It should exactly match with one of the allowed audiences "
            f"{','.join(repr(item + '/') for item in sorted(AUDIENCES))}.",
        )
    now = datetime.now(UTC)
    expires = datetime.fromtimestamp(float(claims["exp"]), UTC)
    if expires <= now:
        raise _unauthorized(
            "ExpiredAuthenticationToken",
            f"The access token expiry UTC time '{_us(expires)}' is earlier than current UTC time '{_us(now)}'.",
            "The access token has expired.",
        )
    for principal in (world.operator, *world.principals):
        if principal.oid == claims.get("oid"):
            return principal
    raise _unauthorized("InvalidAuthenticationToken", "The access token is invalid.")


def _claims(world: World, token: str) -> Json | None:
    """Return the claims of a token that this lab signed, else None."""
    signed, _, signature = token.rpartition(".")
    try:
        genuine = hmac.compare_digest(_decode(signature), _signature(world, signed))
        claims = json.loads(_decode(signed.partition(".")[2])) if genuine else None
    except (ValueError, binascii.Error):
        return None
    return claims if isinstance(claims, dict) and isinstance(claims.get("exp"), int) else None


def _unauthorized(code: str, message: str, description: str | None = None) -> Refusal:
    challenge = (
        f'Bearer authorization_uri="{_AUTHORIZATION_URI}", error="invalid_token", '
        f'error_description="{description or message}"'
    )
    return Refusal(401, code, message, headers=(("WWW-Authenticate", challenge),))


def _us(moment: datetime) -> str:
    """Return a time as Azure prints it here: 10/16/2018 4:13:37 PM."""
    hour = moment.hour % 12 or 12
    half = "AM" if moment.hour < 12 else "PM"
    return f"{moment.month}/{moment.day}/{moment.year} {hour}:{moment:%M:%S} {half}"


def _signature(world: World, signed: str) -> bytes:
    return hmac.new(bytes.fromhex(world.signing_key), signed.encode(), hashlib.sha256).digest()


def _json(document: Json) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
