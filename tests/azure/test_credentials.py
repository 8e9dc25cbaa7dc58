"""Sign-in through the Azure CLI: a stand-in for the program, with the answers and the words of az."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from datetime import datetime
from pathlib import Path

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from tests.azure.test_arm import fails
from tests.rig import Rig, rig
from tgwizard.azure.arm_ports import ArmPorts
from tgwizard.azure.azure_cli import AzureCli, token_in
from tgwizard.azure.clients import AzureSession
from tgwizard.azure.credentials import HeldCredential, azure_cli
from tgwizard.engine.azure_call_error import AzureCallError, Cause, Certainty
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer
from tgwizard.lab.fronts.in_process import lab_session
from tgwizard.lab.lab import Lab

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for az is a shell script")


def az(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a program named az first on the path; it notes how it was called."""
    program = folder / "az"
    program.write_text(f'#!/bin/sh\necho "$@" >> {folder}/calls\n{script}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder / "calls"


def signed_in(lab: Lab, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    answer = json.dumps(
        {"accessToken": lab.issue_token(), "expires_on": int(time.time()) + 3600, "tokenType": "Bearer"}
    )
    return az(folder, f"cat <<'END'\n{answer}\nEND", monkeypatch)


def test_that_the_cli_sign_in_is_asked_once_for_arm_in_the_tenant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = rig()
    calls = signed_in(it.lab, tmp_path, monkeypatch)
    azure = ArmPorts(AzureSession(azure_cli(it.setup.tenant), http=lab_session(it.lab), lab=True))
    assert azure.network.read_nic(it.a.nic).lists(it.address)
    azure.compute.vm(it.a.vm)
    assert azure.directory.token_life_s() > 3500
    (call,) = calls.read_text().splitlines()
    assert "https://management.azure.com" in call
    assert it.setup.tenant in call


JWT = "eyJhbGciOiJub25lIn0.eyJzZWNyZXQiOiJjYW5hcnkifQ.c2lnbmF0dXJl"


def told(it: Rig, **changes: object) -> AzureCallError:
    azure = ArmPorts(AzureSession(HeldCredential(AzureCli(**changes)), http=lab_session(it.lab), lab=True))  # type: ignore[arg-type]
    failure = fails(lambda: azure.network.read_nic(it.a.nic))
    assert (failure.cause, failure.certainty) == (Cause.SIGN_IN, Certainty.NOT_SENT)
    assert not it.lab.requests
    return failure


@pytest.mark.parametrize(
    ("script", "code", "why"),
    [
        (
            "echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1",
            "az-not-signed-in",
            "Nobody is signed in",
        ),
        ("echo 'ERROR: something else' >&2; exit 1", "not-signed-in", "something else"),
        (
            "echo 'SSLError(SSLCertVerificationError(1, [SSL: x]))) Please run: az login' >&2; exit 1",
            "az-certificate",
            "does not trust the certificate",
        ),
        (
            "echo 'AADSTS99999999: Nobody knows this. Please run: az login' >&2; exit 1",
            "sign-in-refused",
            "AADSTS99999999: Nobody knows this.",
        ),
        ("echo \"ProxyError('Unable to connect to proxy')\" >&2; exit 1", "az-proxy", "through the proxy"),
        ('echo "NameResolutionError: Failed to resolve" >&2; exit 1', "az-no-network", "could not reach Entra"),
        ("echo 'nothing of use'", "az-answer-not-understood", "holds no token"),
        ("echo '{\"accessToken\": 5}'", "az-answer-not-understood", "holds no token"),
        (f'echo \'{{"accessToken": "{JWT}"\'', "az-answer-not-understood", "holds no token"),
        ("exit 127", "az-not-found", "was not found"),
        ("exit 3", "not-signed-in", "az ended with 3"),
    ],
)
def test_that_what_az_says_is_told_and_nothing_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, code: str, why: str
) -> None:
    az(tmp_path, script, monkeypatch)
    problem = told(rig()).problem
    assert problem.code == code
    assert why in problem.why
    assert "canary" not in str(problem)
    assert JWT.split(".")[1] not in str(problem)


@pytest.mark.parametrize(
    "noise", ["WARNING: an extension says hello\n", "{not json}\n", '{"accessToken": null}\n', "\ufeff", "\x1b[0m\n"]
)
def test_that_a_token_is_found_in_whatever_else_az_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, noise: str
) -> None:
    it = rig()
    answer = json.dumps({"accessToken": it.lab.issue_token(), "expires_on": int(time.time()) + 3600})
    (tmp_path / "answer").write_text(f"{noise}{answer}\nBye.\n", "utf-8")
    az(tmp_path, f"cat {tmp_path}/answer", monkeypatch)
    azure = ArmPorts(AzureSession(azure_cli(), http=lab_session(it.lab), lab=True))
    assert azure.network.read_nic(it.a.nic).lists(it.address)


def test_that_an_old_az_tells_the_local_time() -> None:
    at = int(time.time()) + 3600
    local = datetime.fromtimestamp(at).strftime("%Y-%m-%d %H:%M:%S.%f")  # noqa: DTZ006 - as az of old writes it
    found = token_in(json.dumps({"accessToken": "t", "expiresOn": local}))
    assert found is not None
    assert found.expires_on == at


def test_that_az_is_found_where_its_installers_put_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    it = rig()
    calls = signed_in(it.lab, tmp_path, monkeypatch)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    source = AzureCli(places=(str(tmp_path / "nowhere"), str(tmp_path)))
    azure = ArmPorts(AzureSession(HeldCredential(source), http=lab_session(it.lab), lab=True))
    assert azure.network.read_nic(it.a.nic).lists(it.address)
    assert "get-access-token" in calls.read_text()


def test_that_a_missing_cli_is_told_with_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    problem = told(rig(), places=(str(tmp_path),)).problem
    assert problem.code == "az-not-found"
    assert "It is neither in PATH nor where it is usually installed" in problem.why


def test_that_an_az_that_hangs_is_ended_with_its_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fifo = tmp_path / "held"
    os.mkfifo(fifo)
    source = AzureCli(within_s=0.5)
    az(tmp_path, f"exec 3> {fifo}; sleep 600 & wait", monkeypatch)
    # The end of what they write is read when none of them is left; az may be ended before it comes to writing.
    ours = os.open(fifo, os.O_RDWR)
    with fifo.open("rb") as end:
        reading = threading.Thread(target=end.read, daemon=True)
        reading.start()
        it = rig()
        azure = ArmPorts(AzureSession(HeldCredential(source), http=lab_session(it.lab), lab=True))
        assert fails(lambda: azure.network.read_nic(it.a.nic)).problem.code == "az-not-answering"
        os.close(ours)
        reading.join(60)
        assert not reading.is_alive()


def test_that_a_second_factor_on_writes_is_told_with_the_whole_command_for_az(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = rig()
    signed_in(it.lab, tmp_path, monkeypatch)
    claims = "eyJhY2Nlc3NfdG9rZW4iOnsiYWNycyI6eyJlc3NlbnRpYWwiOnRydWUsInZhbHVlcyI6WyJwMSJdfX19"
    said = f'Bearer realm="", error="insufficient_claims", claims="{claims}"'
    body = (
        '{"error": {"code": "RequestDisallowedByPolicy", "message": "Reasons: \'Set up MFA.\'. See aka.ms/setupMFA"}}'
    )
    headers = (("Content-Type", "application/json"), ("WWW-Authenticate", said))
    it.lab.faults.add(Fault("PUT", "tg-node-a-inside", FaultAnswer(401, body, headers), times=None))
    azure = ArmPorts(AzureSession(azure_cli(), http=lab_session(it.lab), lab=True))
    read = azure.network.read_nic(it.a.nic)
    failure = fails(lambda: azure.network.write_nic(it.a.nic, read, if_match=read.etag, request_id="r"))
    assert (failure.problem.code, failure.cause, failure.certainty) == (
        "second-factor",
        Cause.SIGN_IN,
        Certainty.REFUSED,
    )
    assert f'az login --tenant {it.setup.tenant} --claims-challenge "{claims}"' in failure.problem.fix
    assert "Nobody is signed in" not in str(failure.problem)
    assert "Set up MFA." in failure.problem.detail


# --- the clock ---


def test_that_a_sign_in_that_is_over_when_it_is_given_tells_of_the_clock() -> None:
    it = rig()

    class Behind:
        """Gives tokens of a day ago, as everybody does for a clock that is a day ahead."""

        def get_token(self, *_scopes: str, **_options: object) -> AccessToken:
            return AccessToken(it.lab.issue_token(), int(time.time()) - 82_800)

    azure = ArmPorts(AzureSession(HeldCredential(Behind()), http=lab_session(it.lab), lab=True))
    problem = fails(azure.directory.token_life_s).problem
    assert problem.code == "clock-wrong"
    assert "clock is wrong" in problem.what
    assert "1380 min" in problem.why
    assert "Set the clock right" in problem.fix


class Once:
    """A source that gives one token and then nothing any more."""

    def __init__(self, life_s: float) -> None:
        self.asked = 0
        self._token = AccessToken("first", int(time.time() + life_s))

    def get_token(self, *_scopes: str, **_options: object) -> AccessToken:
        self.asked += 1
        if self.asked > 1:
            raise ClientAuthenticationError("Entra does not answer")
        return self._token


def test_that_a_token_that_cannot_be_renewed_is_used_while_it_lasts_and_not_asked_for_with_every_request() -> None:
    source = Once(400)
    held = HeldCredential(source)
    assert [held.get_token().token for _ in range(5)] == ["first"] * 5
    assert source.asked == 2
    assert 390 < held.life_s() <= 400


@pytest.mark.parametrize(("life_s", "claims"), [(10, None), (400, "{}"), (3600, "{}")])
def test_that_a_token_that_is_over_or_not_enough_is_not_used_instead_of_a_new_one(
    life_s: float, claims: str | None
) -> None:
    held = HeldCredential(Once(life_s))
    held.get_token()
    with pytest.raises(ClientAuthenticationError):
        held.get_token(held.scope, **({"claims": claims} if claims else {}))
