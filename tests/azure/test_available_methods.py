"""Which ways to sign in are found on a computer: from files and the environment, nobody asked, no value told."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tgwizard.azure.sign_in.available_methods import SignInSurvey
from tgwizard.model.cloud import CHINA, PUBLIC, Cloud
from tgwizard.model.sign_in import MethodSeen, SignInMethod

CUSTOM = Cloud("custom-x", "X", "https://login.x", "https://arm.x", "https://portal.x")


def with_az(folder: Path, profile: object, *, installed: bool = True) -> SignInSurvey:
    if installed:
        program = folder / "az"
        program.write_text("#!/bin/sh\nexit 1\n")
        program.chmod(0o755)
    if profile is not None:
        text = profile if isinstance(profile, str) else json.dumps(profile)
        (folder / "azureProfile.json").write_text(text, encoding="utf-8-sig")
    return SignInSurvey({"PATH": str(folder), "AZURE_CONFIG_DIR": str(folder)}, folder / "tag", ())


def entry(name: str, cloud: str = "AzureCloud", *, default: bool = False) -> dict[str, object]:
    return {"id": "s", "environmentName": cloud, "isDefault": default, "user": {"name": name, "type": "user"}}


def code_of(seen: MethodSeen) -> str:
    return seen.problem.code if seen.problem else ""


def test_that_the_azure_cli_is_found_with_the_account_of_its_default_subscription(tmp_path: Path) -> None:
    computer = with_az(tmp_path, {"subscriptions": [entry("b@x.example"), entry("a@x.example", default=True)]})
    seen = computer.azure_cli(PUBLIC)
    assert (seen.method, seen.found, seen.detail, seen.problem) == (
        SignInMethod.AZURE_CLI,
        True,
        "a@x.example",
        None,
    )


@pytest.mark.parametrize(
    ("profile", "installed", "cloud", "code"),
    [
        ({"subscriptions": [entry("a")]}, False, PUBLIC, "az-not-found"),
        ({"subscriptions": []}, True, PUBLIC, "az-not-signed-in"),
        (None, True, PUBLIC, "az-not-signed-in"),
        ("{broken", True, PUBLIC, "az-not-signed-in"),
        ("[]", True, PUBLIC, "az-not-signed-in"),
        ({"subscriptions": "none"}, True, PUBLIC, "az-not-signed-in"),
        ({"subscriptions": [entry("a", "AzureChinaCloud")]}, True, PUBLIC, "az-other-cloud"),
        ({"subscriptions": [entry("a", "AzureChinaCloud")]}, True, CHINA, ""),
        ({"subscriptions": [entry("a")]}, True, CUSTOM, "az-other-cloud"),
        ({"subscriptions": [entry("a", "Stack")]}, True, CUSTOM, ""),
    ],
    ids=[
        "no-az",
        "empty",
        "missing",
        "broken",
        "no-object",
        "no-list",
        "other-cloud",
        "china",
        "custom-other",
        "custom",
    ],
)
def test_that_an_azure_cli_that_cannot_be_used_says_why(
    tmp_path: Path, profile: object, installed: bool, cloud: Cloud, code: str
) -> None:
    seen = with_az(tmp_path, profile, installed=installed).azure_cli(cloud)
    assert (code_of(seen), seen.found) == (code, code == "")


def test_that_a_hostile_account_name_is_one_tame_line(tmp_path: Path) -> None:
    seen = with_az(tmp_path, {"subscriptions": [entry("a\u202e\n<b>$(id)" + "x" * 300)]}).azure_cli(PUBLIC)
    assert "\n" not in seen.detail
    assert "\u202e" not in seen.detail
    assert len(seen.detail) <= 120


SET = {"AZURE_TENANT_ID": "SECRET-t", "AZURE_CLIENT_ID": "SECRET-c", "AZURE_CLIENT_SECRET": "SECRET-s"}


def test_that_an_application_is_found_by_its_variables_and_their_values_stay_untold() -> None:
    seen = SignInSurvey(SET).service_principal()
    assert seen.found
    assert seen.detail == "AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET are set."
    by_certificate = {**SET, "AZURE_CLIENT_CERTIFICATE_PATH": "/x"}
    del by_certificate["AZURE_CLIENT_SECRET"]
    assert SignInSurvey(by_certificate).service_principal().found


@pytest.mark.parametrize("missing", list(SET))
def test_that_an_application_named_in_part_says_what_is_missing(missing: str) -> None:
    environment = {name: value for name, value in SET.items() if name != missing}
    seen = SignInSurvey(environment).service_principal()
    assert not seen.found
    assert seen.problem is not None
    assert missing in seen.problem.fix
    assert "SECRET-" not in repr(seen)


def test_that_an_environment_without_an_application_is_told_calmly() -> None:
    seen = SignInSurvey({}).service_principal()
    assert code_of(seen) == "environment-incomplete"
    assert seen.problem is not None
    assert "in part" not in seen.problem.what


def test_that_an_azure_machine_is_told_by_its_chassis_or_the_environment(tmp_path: Path) -> None:
    tag = tmp_path / "tag"
    assert not SignInSurvey({}, tag).managed_identity().found
    tag.write_text("7783-7084-3265-9085-8269-3286-77\n")
    assert SignInSurvey({}, tag).managed_identity().found
    tag.write_bytes(os.urandom(20))
    assert not SignInSurvey({}, tag).managed_identity().found
    seen = SignInSurvey({"IDENTITY_ENDPOINT": "http://SECRET"}, tag).managed_identity()
    assert (seen.found, seen.detail) == (True, "IDENTITY_ENDPOINT is set.")


@pytest.mark.skipif("sys.platform in ('win32', 'darwin')", reason="these always have a screen")
def test_that_a_browser_needs_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    assert code_of(SignInSurvey({}).browser()) == "no-screen"
    monkeypatch.setenv("DISPLAY", ":0")
    assert SignInSurvey({}).browser().problem is None
