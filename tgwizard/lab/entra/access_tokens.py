"""Bearer tokens: JWT-shaped, signed with the lab's own key, and always measured in real time.

The virtual clock never drives a token's life: the Azure SDK compares expiry with the computer's own clock. The
401 answers are those of azure/README.md 4.1 and 4.2. Whatever else must be secret in a lab (client secrets, identity
headers, refresh tokens) is derived here from the same key, so that it is nowhere stored.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import Enum

from tgwizard.lab.wire import Json, Refusal
from tgwizard.lab.world import LabPrincipalKind, Principal, World

AUDIENCE = "https://management.azure.com"
AUDIENCES = frozenset({AUDIENCE, "https://management.core.windows.net"})
"""Both are in use: the SDK asks for the first, az for the second with a trailing slash (azure/README.md 4.2)."""
GRAPH_AUDIENCE = "https://graph.microsoft.com"

_AUTHORIZATION_URI = "https://login.windows.net/"
_TENANTS = uuid.UUID("c1a3f6c8-21d5-4f0e-8a5e-6f5a7e1b9d02")


class TokenKind(Enum):
    """Whose token the lab is asked for. Members get theirs from their VM's identity endpoint, by principal."""

    OPERATOR = "operator"


def audiences_at(host: str) -> frozenset[str]:
    """Return the audiences whose tokens ARM takes at an address: Azure's, and that address, as in every cloud."""
    return AUDIENCES | names_of(host)


def names_of(host: str) -> frozenset[str]:
    """Return an address and, if it is on loopback, its other name."""
    others = (host.replace("://127.0.0.1", "://localhost", 1), host.replace("://localhost", "://127.0.0.1", 1))
    return frozenset({host, *others})


def foreign_tenant(world: World) -> str:
    """Return the id of another tenant that the lab's directory knows, where nothing of the subscription is."""
    return str(uuid.uuid5(_TENANTS, world.subscription.tenant))


def guest(world: World, principal: Principal, tenant: str) -> Principal:
    """Return a user as another tenant knows it: a guest with an object id and a principal name of its own there."""
    if tenant == world.subscription.tenant or principal.kind is not LabPrincipalKind.USER:
        return principal
    host = next((item.domain for item in world.more_tenants if item.id == tenant), "unknown.example")
    oid = str(uuid.uuid5(_TENANTS, f"{tenant}:{principal.oid}"))
    return replace(principal, oid=oid, name=f"{principal.name.replace('@', '_')}#EXT#@{host}")


def issue(
    world: World,
    principal: Principal,
    *,
    lifetime: timedelta,
    audience: str = AUDIENCE,
    tenant: str = "",
    continuous: bool = False,
    groups: tuple[str, ...] | None = None,
) -> str:
    """Return a token for a principal. A negative lifetime gives an expired one.

    `groups` are those it names, by object id; None: all that the principal is in now. `continuous` is for clients that
    understand claims challenges: only their tokens end when sessions are revoked.
    """
    now = datetime.now(UTC)
    home = tenant or world.subscription.tenant
    session = str(world.sessions.get(principal.oid, 0))
    principal = guest(world, principal, home)
    user = principal.kind is LabPrincipalKind.USER
    claims: Json = {
        "aud": audience,
        "iss": f"https://sts.windows.net/{home}/",
        "iat": int(now.timestamp()),
        "nbf": int(now.timestamp()),
        "exp": int((now + lifetime).timestamp()),
        "tid": home,
        "oid": principal.oid,
        "sub": principal.oid,
        "appid": principal.app_id,
        "idtyp": "user" if user else "app",
        "ver": "1.0",
        **(
            {"upn": principal.name, "unique_name": principal.name, "name": principal.display_name}
            if user
            else {"app_displayname": principal.name}
        ),
    }
    named = world.groups_of(principal.oid) if groups is None else groups
    if named:
        claims["groups"] = list(named)
    if principal.resource:
        claims["xms_mirid"] = principal.resource
    if continuous:
        claims |= {"xms_cc": ["CP1"], "sid": session}
    signed = f"{_encode(_json({'alg': 'HS256', 'typ': 'JWT'}))}.{_encode(_json(claims))}"
    return f"{signed}.{_encode(_signature(world, signed))}"


def secret(world: World, purpose: str, about: str) -> str:
    """Return what only this lab and those it told can know, such as the secret of a service principal."""
    return _encode(_signature(world, f"{purpose}:{about.lower()}"))


def packed(document: Json) -> str:
    """Return a document as base64url of its JSON, as `client_info` is."""
    return _encode(_json(document))


def unsigned(claims: Json) -> str:
    """Return an id token: a JWT without a signature, for clients that read it and do not check it."""
    return f"{_encode(_json({'alg': 'none', 'typ': 'JWT'}))}.{packed(claims)}."


def same_secret(given: str, genuine: str) -> bool:
    """Return whether two secrets are equal, in a time that tells nothing about them."""
    return hmac.compare_digest(given.encode(), genuine.encode())


def authenticate(world: World, authorization: str | None, audiences: frozenset[str] = AUDIENCES) -> Principal:
    """Return who sent a request with a token of the lab's own tenant. Raises Refusal as `identify` does."""
    principal, tenant = identify(world, authorization, audiences)
    require_tenant(tenant, world.subscription.tenant)
    return principal


def require_tenant(tenant: str, wanted: str) -> None:
    """Refuse with 401 `InvalidAuthenticationTokenTenant` a token of another tenant than a subscription's."""
    if tenant != wanted:
        raise _wrong_tenant(wanted, f"https://sts.windows.net/{tenant}/")


def identify(world: World, authorization: str | None, audiences: frozenset[str] = AUDIENCES) -> tuple[Principal, str]:
    """Return who sent a request, and for which tenant. Raises Refusal with Azure's 401 for a token that is no good.

    `audiences` are compared without a slash at their end.
    """
    if authorization is None:
        raise no_token()
    scheme, _, token = authorization.partition(" ")
    claims = _claims(world, token.strip()) if scheme.lower() == "bearer" else None
    if claims is None:
        raise _unauthorized("InvalidAuthenticationToken", "The access token is invalid.")
    if str(claims.get("aud", "")).rstrip("/") not in audiences:
        raise _unauthorized(
            "InvalidAuthenticationTokenAudience",
            "The access token has been obtained for wrong audience or resource "
            f"'{claims.get('aud')}'. It should exactly match with one of the allowed audiences "
            f"{','.join(repr(item + '/') for item in sorted(audiences))}.",
        )
    now = datetime.now(UTC)
    expires = datetime.fromtimestamp(float(claims["exp"]), UTC)
    if expires <= now:
        raise _unauthorized(
            "ExpiredAuthenticationToken",
            f"The access token expiry UTC time '{_us(expires)}' is earlier than current UTC time '{_us(now)}'.",
            "The access token has expired.",
        )
    oid, tenant = str(claims["oid"]), str(claims.get("tid", ""))
    if "sid" in claims and claims["sid"] != str(world.sessions.get(_own_oid(world, oid, tenant), 0)):
        raise _challenge(now)
    user = claims.get("idtyp") == "user"
    principal = Principal(
        oid,
        str(claims.get("appid", "")),
        str(claims.get("upn" if user else "app_displayname", "")),
        str(claims.get("xms_mirid", "")),
        LabPrincipalKind.USER if user else LabPrincipalKind.SERVICE_PRINCIPAL,
        display=str(claims.get("name", "")) if user else "",
        groups=tuple(claims.get("groups", [])),
    )
    return principal, tenant


def no_token() -> Refusal:
    """Return Azure's 401 for a request without a token."""
    return Refusal(
        401,
        "AuthenticationFailed",
        "Authentication failed. The 'Authorization' header is missing.",
        headers=(("WWW-Authenticate", f'Bearer authorization_uri="{_AUTHORIZATION_URI}"'),),
    )


def _own_oid(world: World, oid: str, tenant: str) -> str:
    """Return the object id that a user of another tenant's token has in the lab's own."""
    if tenant == world.subscription.tenant:
        return oid
    people = (world.operator, *world.accounts)
    return next((item.oid for item in people if guest(world, item, tenant).oid == oid), oid)


def revoke_sessions(world: World, principal: Principal) -> None:
    """End what clients with claims challenges hold of a principal; they are told to sign in again."""
    world.sessions[principal.oid] = world.sessions.get(principal.oid, 0) + 1
    world.serial += 1


def _claims(world: World, token: str) -> Json | None:
    """Return the claims of a token that this lab signed, else None."""
    signed, _, signature = token.rpartition(".")
    try:
        genuine = hmac.compare_digest(_decode(signature), _signature(world, signed))
        claims = json.loads(_decode(signed.partition(".")[2])) if genuine else None
    except (ValueError, binascii.Error):
        return None
    return claims if isinstance(claims, dict) and isinstance(claims.get("exp"), int) else None


def _wrong_tenant(tenant: str, issuer: str) -> Refusal:
    message = (
        f"The access token is from the wrong issuer '{issuer}'. It must match the tenant "
        f"'https://sts.windows.net/{tenant}/' associated with this subscription. Please use the authority (URL) "
        f"'{_AUTHORIZATION_URI}{tenant}' to get the token. Note, if the subscription is transferred to another tenant "
        "there is no impact to the services, but information about new tenant could take time to propagate (up to an "
        "hour). If you just transferred your subscription and see this error message, please try back later."
    )
    challenge = (
        f'Bearer authorization_uri="{_AUTHORIZATION_URI}{tenant}", error="invalid_token", '
        'error_description="The access token is from the wrong issuer. It must match the tenant associated with this '
        'subscription. Please use correct authority to get the token."'
    )
    return Refusal(401, "InvalidAuthenticationTokenTenant", message, headers=(("WWW-Authenticate", challenge),))


def _challenge(now: datetime) -> Refusal:
    """Return the challenge for claims, in the one form that azure-core answers (azure/README.md 4.1)."""
    wanted = {"access_token": {"nbf": {"essential": True, "value": str(int(now.timestamp()))}}}
    claims = base64.b64encode(_json(wanted)).decode()
    challenge = (
        f'Bearer realm="", authorization_uri="{_AUTHORIZATION_URI}common/oauth2/authorize", '
        f'error="insufficient_claims", claims="{claims}"'
    )
    return Refusal(
        401,
        "InvalidAuthenticationToken",
        "Continuous access evaluation resulted in claims challenge with result: InteractionRequired and code: "
        "TokenIssuedBeforeRevocationTimestamp",
        headers=(("WWW-Authenticate", challenge),),
    )


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
