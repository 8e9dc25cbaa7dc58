"""Signing in without a person: as an application, as a machine, by the Azure CLI's own sign-in."""

from __future__ import annotations

import io
import json
import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID
from requests.adapters import HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse

from tests.azure.people import (
    EntraSays,
    clients_of,
    ended,
    ignore,
    public_lab,
    signs_in_as_application,
    wish,
)
from tests.azure.test_arm import fails
from tests.azure.test_credentials import az, signed_in
from tgwizard.engine.azure_call_error import Cause, Certainty
from tgwizard.engine.cancel import CancelToken
from tgwizard.lab.fronts.certificates import client_certificate
from tgwizard.lab.fronts.in_process import LabAdapter
from tgwizard.model.inventory import CallerKind
from tgwizard.model.problem import Cancelled
from tgwizard.model.sign_in import SignInMethod


def test_that_an_application_signs_in_by_the_secret_in_the_environment() -> None:
    it, sign_in = signs_in_as_application()
    caller = sign_in.sign_in(wish(SignInMethod.ENVIRONMENT), ignore, CancelToken())
    assert caller.kind is CallerKind.APPLICATION
    assert caller.object_id == it.lab.directory.automation.oid
    assert it.services.azure.directory.subscriptions()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"AZURE_CLIENT_SECRET": "wrong"}, "secret-wrong"),
        ({"AZURE_CLIENT_ID": "00000000-0000-0000-0000-000000000009"}, "application-not-known"),
        ({"AZURE_TENANT_ID": "contoso.example"}, "directory-not-known"),
        ({"AZURE_TENANT_ID": "no tenant!"}, "directory-not-known"),
        ({"AZURE_CLIENT_SECRET": ""}, "environment-incomplete"),
        ({"AZURE_CLIENT_SECRET": "", "AZURE_CLIENT_CERTIFICATE_PATH": "/nowhere/x.pem"}, "certificate-unreadable"),
        ({"AZURE_CLIENT_SECRET": "", "AZURE_CLIENT_CERTIFICATE_PATH": "/dev/null"}, "certificate-unreadable"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value.values()).replace("/", "") or "no-secret",
)
def test_that_what_is_wrong_with_an_application_is_told(changes: dict[str, str], code: str) -> None:
    _, sign_in = signs_in_as_application(**changes)
    failure = fails(lambda: sign_in.sign_in(wish(SignInMethod.ENVIRONMENT), ignore, CancelToken()))
    assert (failure.problem.code, failure.certainty) == (code, Certainty.NOT_SENT)
    assert "wrong" not in failure.problem.detail.replace("wrong tenant", "")


def certificate_file(folder: Path, password: bytes | None = None) -> Path:
    """A self-signed certificate with its key, as an application has one."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "app")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    kept = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    file = folder / "app.pfx"
    file.write_bytes(pkcs12.serialize_key_and_certificates(b"app", key, made, None, kept))
    return file


@pytest.mark.parametrize("password", ["", "SECRET-word"], ids=["plain", "with-password"])
def test_that_an_application_with_a_certificate_proves_itself_and_keeps_its_key(tmp_path: Path, password: str) -> None:
    path = str(certificate_file(tmp_path, password.encode() or None))
    changes = {"AZURE_CLIENT_SECRET": "", "AZURE_CLIENT_CERTIFICATE_PATH": path}
    it, sign_in = signs_in_as_application(**changes, AZURE_CLIENT_CERTIFICATE_PASSWORD=password)
    says = EntraSays(it.lab, "invalid_client", "AADSTS700027: The certificate with identifier is not registered.")
    clients_of(it).session.http.mount("https://", says)  # type: ignore[union-attr]
    failure = fails(lambda: sign_in.sign_in(wish(SignInMethod.ENVIRONMENT), ignore, CancelToken()))
    assert failure.problem.code == "certificate-wrong"
    (form,) = says.forms
    assert form["client_assertion_type"].endswith("jwt-bearer")
    assert form["client_assertion"].count(".") == 2
    assert "SECRET-word" not in repr(form)


def test_that_an_application_signs_in_by_its_registered_certificate(tmp_path: Path) -> None:
    file = tmp_path / "application.pem"
    pem = client_certificate(file)
    it, sign_in = signs_in_as_application(AZURE_CLIENT_SECRET="", AZURE_CLIENT_CERTIFICATE_PATH=str(file))
    failure = fails(lambda: sign_in.sign_in(wish(SignInMethod.ENVIRONMENT), ignore, CancelToken()))
    assert (failure.problem.code, failure.certainty) == ("certificate-wrong", Certainty.NOT_SENT)
    it.lab.directory.register_certificate(it.lab.directory.automation, pem)
    caller = sign_in.sign_in(wish(SignInMethod.ENVIRONMENT), ignore, CancelToken())
    assert (caller.kind, caller.object_id) == (CallerKind.APPLICATION, it.lab.directory.automation.oid)
    assert it.services.azure.directory.subscriptions()


def test_that_an_assertion_out_of_time_is_told_as_a_wrong_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "application.pem"
    pem = client_certificate(file)
    it, sign_in = signs_in_as_application(AZURE_CLIENT_SECRET="", AZURE_CLIENT_CERTIFICATE_PATH=str(file))
    it.lab.directory.register_certificate(it.lab.directory.automation, pem)
    # msal stamps its assertions by this clock, two hours late; the lab's Entra has its own.
    monkeypatch.setattr("msal.oauth2cli.assertion.time", SimpleNamespace(time=lambda: time.time() - 7200))
    failure = fails(lambda: sign_in.sign_in(wish(SignInMethod.ENVIRONMENT), ignore, CancelToken()))
    assert failure.problem.code == "clock-wrong"


def test_that_a_wrong_password_of_a_certificate_is_told(tmp_path: Path) -> None:
    path = str(certificate_file(tmp_path, b"right"))
    changes = {"AZURE_CLIENT_SECRET": "", "AZURE_CLIENT_CERTIFICATE_PATH": path}
    _, sign_in = signs_in_as_application(**changes, AZURE_CLIENT_CERTIFICATE_PASSWORD="SECRET-word")
    failure = fails(lambda: sign_in.sign_in(wish(SignInMethod.ENVIRONMENT), ignore, CancelToken()))
    assert failure.problem.code == "certificate-unreadable"
    assert "AZURE_CLIENT_CERTIFICATE_PASSWORD" in failure.problem.fix
    assert "SECRET-word" not in repr(failure.problem)


def test_that_a_machine_signs_in_as_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    it, sign_in = public_lab()
    endpoint = it.lab.directory.identity_endpoint(it.vm("tg-node-a").text, "https://localhost:1")
    monkeypatch.setenv("IDENTITY_ENDPOINT", endpoint.endpoint)
    monkeypatch.setenv("IDENTITY_HEADER", endpoint.header)
    caller = sign_in.sign_in(wish(SignInMethod.MANAGED_IDENTITY), ignore, CancelToken())
    assert (caller.name, caller.kind) == ("tg-node-a", CallerKind.MANAGED_IDENTITY)
    assert caller.object_id == it.lab.principals[0].oid


def test_that_no_machine_identity_is_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IDENTITY_ENDPOINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST", "MSI_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    waits: list[object] = []

    class Nowhere(LabAdapter):
        """A network on which no identity endpoint answers."""

        def send(self, request: requests.PreparedRequest, *_arguments: object, **options: object) -> requests.Response:
            waits.append(options["timeout"])
            raise requests.ConnectTimeout("timed out", request=request)

    it, sign_in = public_lab()
    clients_of(it).session.http.mount("http://", Nowhere(it.lab))  # type: ignore[union-attr]
    failure = fails(lambda: sign_in.sign_in(wish(SignInMethod.MANAGED_IDENTITY), ignore, CancelToken()))
    assert waits
    assert set(waits) == {(2, 10)}
    assert len(waits) <= 2
    assert failure.certainty is Certainty.NOT_SENT
    assert failure.problem.code in ("no-managed-identity", "azure-not-reached")


def test_that_a_machine_without_identity_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    it, sign_in = public_lab()
    endpoint = it.lab.directory.identity_endpoint(it.vm("tg-node-b").text, "https://localhost:1")
    monkeypatch.setenv("IDENTITY_ENDPOINT", endpoint.endpoint)
    monkeypatch.setenv("IDENTITY_HEADER", endpoint.header)
    failure = fails(lambda: sign_in.sign_in(wish(SignInMethod.MANAGED_IDENTITY), ignore, CancelToken()))
    assert failure.problem.code == "no-managed-identity"


class IdentitySays(LabAdapter):
    """A machine whose identity endpoint refuses in its own words."""

    words = ""

    def send(self, request: requests.PreparedRequest, *arguments: object, **options: object) -> requests.Response:
        if "/metadata/identity/" not in str(request.url) and "MSI" not in str(request.url):
            return super().send(request, *arguments, **options)  # type: ignore[arg-type]
        machine = {"error": "invalid_request", "error_description": self.words}
        service = {"statusCode": 400, "message": self.words}
        body = json.dumps(service if "MSI" in str(request.url) else machine).encode()
        headers = HTTPHeaderDict({"Content-Type": "application/json"})
        raw = HTTPResponse(body=io.BytesIO(body), headers=headers, status=400, preload_content=False)
        return HTTPAdapter().build_response(request, raw)


@pytest.mark.parametrize("kind", ["machine", "service"])
@pytest.mark.parametrize(
    ("words", "code", "fix"),
    [
        (
            "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity",
            "several-identities",
            "Set AZURE_CLIENT_ID",
        ),
        ("Identity not found", "identity-not-assigned", "AZURE_CLIENT_ID"),
    ],
)
def test_that_what_an_identity_endpoint_says_is_told(
    monkeypatch: pytest.MonkeyPatch, words: str, code: str, fix: str, kind: str
) -> None:
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "AZURE_POD_IDENTITY_AUTHORITY_HOST", "MSI_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", "https://localhost:1")
    if kind == "service":
        monkeypatch.setenv("IDENTITY_ENDPOINT", "https://localhost:1/MSI/token")
        monkeypatch.setenv("IDENTITY_HEADER", "SECRETSECRET")
    _, sign_in = public_lab(adapter=type("Says", (IdentitySays,), {"words": words}))
    problem = fails(lambda: sign_in.sign_in(wish(SignInMethod.MANAGED_IDENTITY), ignore, CancelToken())).problem
    assert problem.code == code
    assert fix in problem.fix
    assert words in problem.detail
    assert "SECRET" not in str(problem)


@pytest.mark.skipif("sys.platform == 'win32'", reason="the stand-in for az is a shell script")
def test_that_the_azure_cli_signs_in_to_the_directory_that_was_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    it, sign_in = public_lab()
    calls = signed_in(it.lab, tmp_path, monkeypatch)
    caller = sign_in.sign_in(wish(SignInMethod.AZURE_CLI, "contoso.com"), ignore, CancelToken())
    assert caller.name == "operator@lab.example"
    assert "--tenant contoso.com" in calls.read_text()
    failure = fails(lambda: sign_in.sign_in(wish(SignInMethod.AZURE_CLI, "a b"), ignore, CancelToken()))
    assert failure.problem.code == "directory-not-known"


AZ_SAYS = [
    ("Please run 'az login' to setup account.", "az-not-signed-in"),
    ("AADSTS50076: Due to a configuration change you must use multi-factor authentication.", "second-factor"),
    ("AADSTS700082: The refresh token has expired. To re-authenticate, please run: az login", "sign-in-expired"),
    ("AADSTS50020: User account from identity provider does not exist in tenant.", "account-of-another-directory"),
    ("something else", "not-signed-in"),
]


@pytest.mark.skipif("sys.platform == 'win32'", reason="the stand-in for az is a shell script")
@pytest.mark.parametrize(("said", "code"), AZ_SAYS, ids=[code for _, code in AZ_SAYS])
def test_that_what_the_azure_cli_says_is_told(
    said: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, sign_in = public_lab()
    az(tmp_path, f"cat >&2 <<'END'\nERROR: {said}\nEND\nexit 1", monkeypatch)
    failure = fails(lambda: sign_in.sign_in(wish(SignInMethod.AZURE_CLI), ignore, CancelToken()))
    assert (failure.problem.code, failure.cause) == (code, Cause.SIGN_IN)


@pytest.mark.skipif("sys.platform == 'win32'", reason="the stand-in for az is a shell script")
def test_that_an_azure_cli_that_hangs_does_not_hold_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, sign_in = public_lab()
    fifo = tmp_path / "held"
    os.mkfifo(fifo)
    az(tmp_path, f"read line < {fifo}; exit 1", monkeypatch)
    cancel, left = CancelToken(), threading.Event()

    def hold() -> None:
        with fifo.open("w") as pipe:  # opens when az reads
            cancel.cancel()
            left.wait(60)
            pipe.write("go\n")

    holding = threading.Thread(target=hold)
    holding.start()
    with pytest.raises(Cancelled):
        sign_in.sign_in(wish(SignInMethod.AZURE_CLI), ignore, cancel)
    left.set()
    holding.join(60)
    ended("sign-in")
