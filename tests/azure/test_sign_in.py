"""Sign-in through the Azure CLI: the real credential of the SDK over a stand-in for the az program."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pytest

from tests.azure.test_arm import fails
from tests.rig import rig
from tgwizard.azure.arm import ArmAzure
from tgwizard.azure.session import Session
from tgwizard.azure.sign_in import azure_cli
from tgwizard.engine.ports import Cause, Certainty
from tgwizard.lab.lab import Lab
from tgwizard.lab.transport import lab_session

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
    azure = ArmAzure(Session(azure_cli(it.setup.tenant), http=lab_session(it.lab), lab=True))
    assert azure.read_nic(it.a.nic).lists(it.address)
    azure.read_vm(it.a.vm)
    assert azure.token_life_s() > 3500
    (call,) = calls.read_text().splitlines()
    assert "https://management.azure.com" in call
    assert it.setup.tenant in call


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1", "Nobody is signed in"),
        ("echo 'ERROR: something else' >&2; exit 1", "The details say why"),
    ],
)
def test_that_a_cli_without_a_sign_in_is_told_and_nothing_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, why: str
) -> None:
    it = rig()
    az(tmp_path, script, monkeypatch)
    azure = ArmAzure(Session(azure_cli(), http=lab_session(it.lab), lab=True))
    failure = fails(lambda: azure.read_nic(it.a.nic))
    assert (failure.cause, failure.certainty) == (Cause.SIGN_IN, Certainty.NOT_SENT)
    assert why in failure.problem.why
    assert "az login" in failure.problem.fix
    assert not it.lab.requests


def test_that_a_missing_cli_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    it = rig()
    monkeypatch.setenv("PATH", str(tmp_path))
    azure = ArmAzure(Session(azure_cli(), http=lab_session(it.lab), lab=True))
    assert "was not found on this computer" in fails(lambda: azure.read_nic(it.a.nic)).problem.why
