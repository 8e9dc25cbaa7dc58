"""--sign-in, --tenant and --cloud: how a command signs in before it works."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.rig import SetupRig, setup_rig
from tgwizard.app.environments import open_real_environment
from tgwizard.cli.app_ports import EnvironmentChoice
from tgwizard.cli.arguments import parse
from tgwizard.cli.console import Console
from tgwizard.cli.exit_code import ExitCode
from tgwizard.cli.sign_in_option import sign_in, words_of
from tgwizard.engine.azure_call_error import AzureCallError, Certainty
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.files.cluster_folder import ClusterFolder
from tgwizard.engine.ports import SignIn
from tgwizard.engine.runs.job_services import Services
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.inventory import Caller
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.sign_in import SignInMethod, SignInPrompt, SignInRequest


class Place:
    """A connection to a lab whose sign-in is ours."""

    def __init__(self, it: SetupRig, folder: Path, does: SignIn) -> None:
        self.services: Services = replace(it.services, sign_in=does)
        self.profiles = ClusterFolder(folder, it.services.cloud)

    def check(self, setup: ClusterSetup) -> None: ...

    def close(self) -> None: ...


class Door:
    """A sign-in that prompts once and lets in, or refuses."""

    def __init__(self, it: SetupRig, refusal: BaseException | None = None) -> None:
        own = it.services.sign_in
        self._refusal = refusal
        self.wishes: list[SignInRequest] = []
        self.cancels: list[CancelToken] = []
        self.clouds = own.clouds
        self.methods = own.methods
        self.sign_out = own.sign_out

    def sign_in(self, wish: SignInRequest, prompted: Callable[[SignInPrompt], None], cancel: CancelToken) -> Caller:
        self.wishes.append(wish)
        self.cancels.append(cancel)
        prompted(SignInPrompt(wish.method, "https://x/devicelogin", "ABC"))
        if self._refusal is not None:
            raise self._refusal
        return Caller("a@x.example", "o", "t")


def signed_in(
    where: EnvironmentChoice, folder: Path, refusal: BaseException | None = None
) -> tuple[ExitCode | None, str, Door]:
    it = setup_rig()
    door = Door(it, refusal)
    out, err = io.StringIO(), io.StringIO()
    try:
        code = sign_in(where, Place(it, folder, door), Console(out, err))
    except KeyboardInterrupt:
        assert door.cancels[0].is_cancelled
        raise
    assert out.getvalue() == ""
    return code, err.getvalue(), door


def test_that_nothing_is_asked_unless_it_was_wished(tmp_path: Path) -> None:
    code, said, door = signed_in(EnvironmentChoice(tenant="t"), tmp_path)
    assert (code, said, door.wishes) == (None, "", [])


def test_that_the_wish_goes_to_the_connected_cloud_and_the_prompt_to_standard_error(tmp_path: Path) -> None:
    code, said, door = signed_in(EnvironmentChoice(sign_in=SignInMethod.DEVICE_CODE, tenant="contoso.com"), tmp_path)
    assert code is None
    (wish,) = door.wishes
    assert (wish.method, wish.tenant, wish.cloud) == (SignInMethod.DEVICE_CODE, "contoso.com", door.clouds()[0])
    assert said.splitlines() == [
        "Open https://x/devicelogin on any device and type the code ABC.",
        "Signed in as a@x.example.",
    ]


def test_that_a_refusal_is_told_and_the_command_does_not_run(tmp_path: Path) -> None:
    refusal = AzureCallError(Problem("x", "You were not signed in.", "Why.", "Do."), Certainty.NOT_SENT)
    code, said, _ = signed_in(EnvironmentChoice(sign_in=SignInMethod.BROWSER), tmp_path, refusal)
    assert code is ExitCode.FAILED
    assert "You were not signed in." in said
    assert "Do." in said


def test_that_ctrl_c_gives_the_sign_in_up(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        signed_in(EnvironmentChoice(sign_in=SignInMethod.BROWSER), tmp_path, KeyboardInterrupt())


def test_that_a_prompt_says_what_to_do_and_until_when() -> None:
    expires = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
    said = words_of(SignInPrompt(SignInMethod.DEVICE_CODE, "https://x", "ABC", expires))
    assert "type the code ABC" in said
    assert f"{expires.astimezone():%H:%M}" in said
    assert "https://x" in words_of(SignInPrompt(SignInMethod.BROWSER, "https://x"))


def where_of(*words: str) -> EnvironmentChoice:
    return parse(words, lambda: Path("/lab"), ("fast",)).where


@pytest.mark.parametrize("method", [item for item in SignInMethod if item is not SignInMethod.LAB])
def test_that_each_way_has_a_word(method: SignInMethod) -> None:
    word = method.value.replace("_", "-")
    found = where_of("--sign-in", word, "status", "--tenant", "t", "--cloud", "china")
    assert (found.sign_in, found.tenant, found.cloud) == (method, "t", "china")
    assert found.options == f" --cloud china --sign-in {word} --tenant t"


def test_that_what_azure_asked_for_goes_into_the_sign_in_and_into_every_command_that_is_shown(tmp_path: Path) -> None:
    found = where_of("failover", "--to", "b", "--forced", "--sign-in", "browser", "--claims-challenge", "e30+/w==")
    assert found.options == " --sign-in browser --claims-challenge e30+/w=="
    _, _, door = signed_in(found, tmp_path)
    assert [wish.claims for wish in door.wishes] == ["e30+/w=="]


@pytest.mark.parametrize(
    "words",
    [
        ("status", "--sign-in", "guess"),
        ("status", "--lab", "--cloud", "public"),
        ("--sign-in", "device-code"),
        ("status", "--sign-in", "lab"),
        ("status", "--claims-challenge", "e30="),
        ("status", "--claims-challenge", "e30=", "--sign-in", "azure-cli"),
    ],
    ids=lambda words: "-".join(words).replace("--", ""),
)
def test_that_what_cannot_be_is_a_usage_error(words: tuple[str, ...]) -> None:
    with pytest.raises(UserError) as caught:
        where_of(*words)
    assert caught.value.problem.code == "usage"


@pytest.mark.parametrize(
    ("named", "arm"),
    [
        (None, "https://management.azure.com"),
        ("public", "https://management.azure.com"),
        ("USGovernment", "https://management.usgovcloudapi.net"),
        ("china", "https://management.chinacloudapi.cn"),
    ],
)
def test_that_a_cloud_is_connected_by_name(tmp_path: Path, named: str | None, arm: str) -> None:
    place = open_real_environment(config=tmp_path, state=tmp_path, cloud=named)
    try:
        session = place.azure.clients.session
        assert session.base_url == arm
        assert session.credential.scope == f"{place.services.sign_in.clouds()[0].audience}/.default"
        assert place.services.sign_in.clouds()[0].name == place.services.cloud
        assert {cloud.name for cloud in place.services.sign_in.clouds()} == {"public", "usgovernment", "china"}
    finally:
        place.close()


@pytest.mark.parametrize("named", ["mars", "http://arm.example"])
def test_that_a_cloud_nobody_knows_is_told(tmp_path: Path, named: str) -> None:
    with pytest.raises(UserError) as caught:
        open_real_environment(config=tmp_path, state=tmp_path, cloud=named)
    assert caught.value.problem.code == "cloud-not-known"
