"""An application proves itself by a signed assertion: what the lab's Entra accepts, and its numbers for the rest."""

from __future__ import annotations

import base64
import json
import logging
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CertificateCredential
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from tests.lab.bench import Bench, JumpingTransport
from tests.lab.entra.test_entra import LOGIN, SCOPE, claims_of, post
from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.entra.client_assertions import KIND
from tgwizard.lab.fronts.certificates import client_certificate
from tgwizard.lab.storage.lab_folder import open_lab
from tgwizard.lab.storage.world_document import dump, load
from tgwizard.lab.wire import Response

HOUR = 3600


def packed(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@dataclass
class Key:
    """A key with its certificate, as an application has them."""

    life: timedelta = timedelta(days=1)
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    def __post_init__(self) -> None:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "app")])
        now = datetime.now(UTC)
        made = x509.CertificateBuilder(name, name, self.key.public_key(), 7)
        made = made.not_valid_before(now - timedelta(days=2)).not_valid_after(now + self.life)
        self.certificate = made.sign(self.key, hashes.SHA256())

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def assertion(self, claims: Mapping[str, Any], algorithm: str = "PS256", **header: str) -> str:
        """A signed assertion, as MSAL makes one."""
        name, kind = ("x5t", hashes.SHA1()) if algorithm == "RS256" else ("x5t#S256", hashes.SHA256())  # noqa: S303
        said = {"alg": algorithm, "typ": "JWT", name: packed(self.certificate.fingerprint(kind)), **header}
        signed = f"{packed(json.dumps(said).encode())}.{packed(json.dumps(claims).encode())}"
        how: padding.AsymmetricPadding = padding.PKCS1v15()
        if algorithm == "PS256":
            how = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
        return f"{signed}.{packed(self.key.sign(signed.encode(), how, hashes.SHA256()))}"


@pytest.fixture(scope="module")
def key() -> Key:
    return Key()


def claims(bench: Bench, **changes: Any) -> dict[str, Any]:
    """What MSAL says of itself."""
    app, now = bench.lab.directory.automation.app_id, int(time.time())
    audience = f"{LOGIN}/{bench.lab.subscription.tenant}/oauth2/v2.0/token"
    found = {
        "aud": audience,
        "iss": app,
        "sub": app,
        "iat": now,
        "nbf": now,
        "exp": now + 600,
        "jti": str(uuid.uuid4()),
    }
    return {name: value for name, value in {**found, **changes}.items() if value is not None}


def by_assertion(bench: Bench, assertion: str, **changes: str) -> Response:
    form = {
        "grant_type": "client_credentials",
        "client_id": bench.lab.directory.automation.app_id,
        "client_assertion_type": KIND,
        "client_assertion": assertion,
        "scope": SCOPE,
    }
    return post(bench, {**form, **changes})


@pytest.fixture
def known(bench: Bench, key: Key) -> Bench:
    """A lab whose service principal has registered the certificate."""
    bench.lab.directory.register_certificate(bench.lab.directory.automation, key.pem)
    return bench


@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
def test_that_a_signed_assertion_gets_a_token_that_arm_accepts(known: Bench, key: Key, algorithm: str) -> None:
    answer = by_assertion(known, key.assertion(claims(known), algorithm))
    assert answer.status == 200, answer.body
    known.token = answer.json()["access_token"]
    assert claims_of(known.token)["oid"] == known.lab.directory.automation.oid
    assert known.get("/subscriptions")["value"][0]["displayName"] == known.lab.subscription.name


@pytest.mark.parametrize("audience", ["/v2.0", "/oauth2/v2.0/token"])
def test_that_issuer_and_token_endpoint_are_both_audiences(known: Bench, key: Key, audience: str) -> None:
    said = f"{LOGIN}/{known.lab.subscription.tenant}{audience}"
    assert by_assertion(known, key.assertion(claims(known, aud=said))).status == 200


REFUSED: list[tuple[dict[str, Any], int, int]] = [
    ({"exp": int(time.time()) - HOUR}, 401, 700024),
    ({"nbf": int(time.time()) + 2 * HOUR, "exp": int(time.time()) + 3 * HOUR}, 401, 700024),
    ({"exp": None}, 400, 900144),
    ({"exp": "soon"}, 400, 900144),
    ({"aud": "https://login.example/elsewhere"}, 401, 700023),
    ({"aud": None}, 401, 700023),
    ({"iss": "00000000-0000-0000-0000-000000000009"}, 401, 700021),
    ({"sub": "00000000-0000-0000-0000-000000000009"}, 401, 700021),
]
REFUSED_IDS = [
    "expired",
    "too-early",
    "no-exp",
    "exp-in-words",
    "other-audience",
    "no-audience",
    "other-iss",
    "other-sub",
]


@pytest.mark.parametrize(("changes", "status", "number"), REFUSED, ids=REFUSED_IDS)
def test_that_what_an_assertion_says_wrongly_is_refused(
    known: Bench, key: Key, changes: dict[str, Any], status: int, number: int
) -> None:
    answer = by_assertion(known, key.assertion(claims(known, **changes)))
    assert (answer.status, answer.json()["error_codes"]) == (status, [number])


def test_that_a_wrong_signature_and_a_certificate_nobody_registered_are_refused(known: Bench, key: Key) -> None:
    genuine = key.assertion(claims(known))
    head, body, _ = genuine.split(".")
    other = key.assertion(claims(known)).split(".")[2]
    stranger = Key().assertion(claims(known))
    unsigned = f"{head}.{body}."
    none = key.assertion(claims(known), alg="none")
    weak = key.assertion(claims(known), alg="HS256")
    for assertion, number, said in (
        (f"{head}.{body}.{other}", 700027, "failed signature validation"),
        (unsigned, 700027, "failed signature validation"),
        (stranger, 700027, "The key was not found"),
        (none, 5002738, "not supported"),
        (weak, 5002738, "not supported"),
        ("no.jwt.atall", 50027, "malformed"),
        ("once", 50027, "malformed"),
    ):
        answer = by_assertion(known, assertion)
        assert (answer.status, answer.json()["error_codes"]) == (401, [number]), assertion
        assert said in answer.json()["error_description"]
        assert assertion not in answer.json()["error_description"]


def test_that_an_expired_certificate_and_another_kind_of_assertion_are_refused(bench: Bench) -> None:
    old = Key(life=timedelta(days=-1))
    bench.lab.directory.register_certificate(bench.lab.directory.automation, old.pem)
    answer = by_assertion(bench, old.assertion(claims(bench)))
    assert "The key used is expired" in answer.json()["error_description"]
    assert answer.json()["error_codes"] == [700027]
    answer = by_assertion(bench, old.assertion(claims(bench)), client_assertion_type="urn:saml")
    assert (answer.status, answer.json()["error_codes"]) == (400, [900144])


def test_that_a_certificate_of_another_application_is_not_taken(known: Bench, key: Key) -> None:
    other = "00000000-0000-0000-0000-000000000009"
    answer = by_assertion(known, key.assertion(claims(known, iss=other, sub=other)), client_id=other)
    assert answer.json()["error_codes"] == [700016]


def test_that_only_rsa_certificates_are_registered_and_each_once(bench: Bench, key: Key) -> None:
    directory = bench.lab.directory
    curve = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([])
    made = x509.CertificateBuilder(name, name, curve.public_key(), 7)
    made = made.not_valid_before(datetime.now(UTC)).not_valid_after(datetime.now(UTC) + timedelta(days=1))
    pem = made.sign(curve, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
    for wrong in ("", "no pem", pem):
        with pytest.raises(ValueError, match=r"."):
            directory.register_certificate(directory.automation, wrong)
    directory.register_certificate(directory.automation, key.pem)
    directory.register_certificate(directory.automation, key.pem)
    assert load(dump(bench.lab._world)).certificates == {directory.automation.oid: [key.pem]}


def test_that_another_scenario_keeps_the_certificate(known: Bench, key: Key) -> None:
    known.lab.use_scenario("fresh")
    assert by_assertion(known, key.assertion(claims(known))).status == 200


@pytest.mark.parametrize("chain", [False, True], ids=["RS256", "PS256"])
def test_that_the_real_sdk_signs_in_with_a_certificate(
    bench: Bench, tmp_path: Path, caplog: pytest.LogCaptureFixture, chain: bool
) -> None:
    caplog.set_level(logging.CRITICAL, "azure.identity")  # it warns, and raises the same words
    file = tmp_path / "application.pem"
    pem = client_certificate(file)
    assert (client_certificate(file), file.stat().st_mode & 0o777) == (pem, 0o600)
    directory = bench.lab.directory
    credential = CertificateCredential(
        bench.lab.subscription.tenant,
        directory.automation.app_id,
        str(file),
        send_certificate_chain=chain,
        disable_instance_discovery=True,
        transport=JumpingTransport(bench),
    )
    with pytest.raises(ClientAuthenticationError, match="AADSTS700027"):
        credential.get_token(SCOPE)
    directory.register_certificate(directory.automation, pem)
    assert claims_of(credential.get_token(SCOPE).token)["oid"] == directory.automation.oid
    file.write_text("damaged")
    assert client_certificate(file) != pem


def test_that_a_registered_certificate_is_saved_with_the_world(tmp_path: Path, key: Key) -> None:
    with open_lab(tmp_path, clock=VirtualClock()) as lab:
        lab.lab.directory.register_certificate(lab.lab.directory.automation, key.pem)  # type: ignore[union-attr]
    with open_lab(tmp_path, clock=VirtualClock()) as lab:
        assert list(lab.lab._world.certificates.values()) == [[key.pem]]  # type: ignore[union-attr]
