"""Client assertions: an application proves itself by a JWT signed with the key of a certificate it has registered.

RS256 with the certificate's SHA-1 as `x5t`, or PS256 with its SHA-256 as `x5t#S256`; MSAL sends the one or the other.
Numbers and sentences are those of Entra's published error list; life is measured in real time.
"""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from tgwizard.lab.entra import oauth
from tgwizard.lab.entra.oauth_errors import Denied
from tgwizard.lab.routing import HandlerCall
from tgwizard.lab.wire import Json
from tgwizard.lab.world import Principal

KIND = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
"""The only `client_assertion_type` there is."""
SKEW = timedelta(minutes=5)
"""How far Entra lets a computer's clock be wrong."""
_PADDINGS: dict[str, padding.AsymmetricPadding] = {
    "RS256": padding.PKCS1v15(),
    "PS256": padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH),
}


def read_certificate(pem: str) -> x509.Certificate:
    """Return the certificate of a PEM text. Raises ValueError for none, and for a key that is not RSA."""
    certificate = x509.load_pem_x509_certificate(pem.encode("ascii", "replace"))
    if not isinstance(certificate.public_key(), RSAPublicKey):
        raise ValueError("the certificate's key is not RSA")  # noqa: TRY004 - its content is wrong, not its type
    return certificate


def require(call: HandlerCall, form: dict[str, str], principal: Principal, tenant: str) -> None:
    """Accept a token request whose assertion proves the application. Raises Denied."""
    if form.get("client_assertion_type") != KIND:
        text = f"The request must contain a 'client_assertion_type' with the value '{KIND}'."
        raise Denied(400, "invalid_request", 900144, text)
    header, claims, signed, signature = _parts(form["client_assertion"])
    certificate = _registered(call, principal, header)
    _require_signature(certificate, header, signed, signature)
    _require_names(call, claims, principal, tenant)
    _require_time(claims)


def _parts(assertion: str) -> tuple[Json, Json, bytes, bytes]:
    try:
        first, second, third = assertion.split(".")
        header, claims = json.loads(_decoded(first)), json.loads(_decoded(second))
        signature = _decoded(third)
    except (ValueError, binascii.Error, RecursionError):
        header, claims, signature = None, None, b""
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise Denied(401, "invalid_client", 50027, "JWT token is invalid or malformed.")
    return header, claims, assertion.rpartition(".")[0].encode("ascii", "replace"), signature


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _registered(call: HandlerCall, principal: Principal, header: Json) -> x509.Certificate:
    """Return the application's certificate that the header names by its thumbprint."""
    said = next((str(header[name]) for name in ("x5t#S256", "x5t") if header.get(name)), "")
    kind = hashes.SHA256() if header.get("x5t#S256") else hashes.SHA1()  # noqa: S303 - a name, as Entra shows it
    try:
        thumbprint = _decoded(said)
    except (ValueError, binascii.Error):
        thumbprint = b""
    for pem in call.world.certificates.get(principal.oid, ()):
        certificate = read_certificate(pem)
        if certificate.fingerprint(kind) == thumbprint:
            return certificate
    raise _not_signed("The key was not found", thumbprint, principal)


def _require_signature(certificate: x509.Certificate, header: Json, signed: bytes, signature: bytes) -> None:
    key, how = certificate.public_key(), _PADDINGS.get(str(header.get("alg")))
    if how is None or not isinstance(key, RSAPublicKey):
        raise Denied(401, "invalid_client", 5002738, f"Invalid JWT token. '{header.get('alg')}' is not supported.")
    try:
        key.verify(signature, signed, how, hashes.SHA256())
    except InvalidSignature:
        text = "Client assertion failed signature validation."
        raise Denied(401, "invalid_client", 700027, text) from None
    if certificate.not_valid_after_utc < datetime.now(UTC):
        thumbprint = certificate.fingerprint(hashes.SHA1())  # noqa: S303 - a name, as Entra shows it
        text = f"Client assertion contains an invalid signature. {_reason('The key used is expired', thumbprint)}"
        raise Denied(401, "invalid_client", 700027, text)


def _require_names(call: HandlerCall, claims: Json, principal: Principal, tenant: str) -> None:
    app = principal.app_id
    if claims.get("iss") != app or claims.get("sub") != app:
        text = "Client assertion application identifier doesn't match 'client_id' parameter."
        raise Denied(401, "invalid_client", 700021, text)
    base = f"{call.host}/{tenant}".lower()
    places = {f"{call.host}{call.path}".lower(), f"{base}/v2.0", f"{base}/oauth2/v2.0/token"}
    said = claims.get("aud")
    audiences = said if isinstance(said, list) else [said]
    if not any(str(audience).lower().rstrip("/") in places for audience in audiences):
        text = f"Client assertion audience claim does not match Realm issuer. Review the documentation. '{said}'"
        raise Denied(401, "invalid_client", 700023, text)


def _require_time(claims: Json) -> None:
    now = datetime.now(UTC)
    expires = _moment(claims.get("exp"))
    begins = _moment(claims.get("nbf", 0))
    if expires is None:
        raise oauth.missing("exp")
    if begins is None or begins > now + SKEW or expires < now - SKEW:
        text = (
            f"Client assertion is not within its valid time range. Current time: {now:%Y-%m-%dT%H:%M:%S.%fZ}, "
            f"expiry time of assertion {expires:%Y-%m-%dT%H:%M:%S.%fZ}."
        )
        raise Denied(401, "invalid_client", 700024, text)


def _moment(said: Any) -> datetime | None:
    if isinstance(said, bool) or not isinstance(said, int | float):
        return None
    try:
        return datetime.fromtimestamp(said, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def _not_signed(reason: str, thumbprint: bytes, principal: Principal) -> Denied:
    text = (
        "The certificate with identifier used to sign the client assertion is not registered on application. "
        f"{_reason(reason, thumbprint)} Application '{principal.app_id}'."
    )
    return Denied(401, "invalid_client", 700027, text)


def _reason(reason: str, thumbprint: bytes) -> str:
    return f"[Reason - {reason}., Thumbprint of key used by client: '{thumbprint.hex().upper()}']"
