"""Every way to sign in, on the first page: what it asks of a person, who is signed in then, and why it did not work.

The lab plays Azure public at its own names; the people act on the pages that it serves, as a browser would.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.azure.people import LOGIN, Browser, application, clients_of, fields_of
from tests.azure.test_available_methods import entry, with_az
from tests.azure.test_credentials import az, signed_in
from tests.gui.conftest import OpenSetupDesk
from tests.gui.desk import PATIENCE_MS, accessible_description, accessible_name
from tests.gui.setup_desk import SetupDesk
from tests.gui.setup_walk import go_on, looks_right, pick, ready
from tests.rig import SetupRig
from tgwizard.azure.clients import AzureSession
from tgwizard.azure.credentials import azure_cli
from tgwizard.azure.sign_in.available_methods import SignInSurvey
from tgwizard.azure.sign_in.interactive import SignInDialog
from tgwizard.azure.sign_in.sign_in_port import ArmSignIn
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.ports import SignIn
from tgwizard.gui.setup.sign_in_step import SignInPage
from tgwizard.lab.fronts.certificates import client_certificate
from tgwizard.lab.fronts.in_process import lab_session
from tgwizard.model.cloud import PUBLIC, Cloud
from tgwizard.model.setup_answers import SetupStep

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for az is a shell script")

NOT_SIGNED_IN = "You were not signed in to Azure public."


def short_wait(cancel: CancelToken, _seconds: float) -> bool:
    """As the program waits for a code, without Entra's five seconds."""
    return cancel.wait(0.02)


@pytest.fixture(autouse=True)
def bare_computer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A computer with a screen on which nobody is signed in to anything."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("AZURE_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("DISPLAY", ":0")
    for name in list(os.environ):
        if name.startswith(("AZURE_CLIENT", "AZURE_TENANT", "IDENTITY_", "IMDS_", "MSI_")):
            monkeypatch.delenv(name)


def nobody_yet(
    *,
    opens: Callable[[SetupRig], Callable[[str], bool]] = lambda _rig: lambda _url: False,
    environment: Callable[[SetupRig], dict[str, str]] = lambda _rig: {},
    computer: Callable[[SetupRig], SignInSurvey] | None = None,
) -> Callable[[SetupRig], SignIn]:
    """A sign-in to Azure public where nobody is signed in. ``opens``: the browser of this computer."""

    def made(rig: SetupRig) -> SignIn:
        clients = clients_of(rig)
        clients.use(replace(clients.session, credential=azure_cli()))
        here = computer(rig) if computer is not None else SignInSurvey(environment(rig), Path("/nowhere"), ())

        def desk(session: AzureSession, cloud: Cloud) -> SignInDialog:
            return SignInDialog(session, cloud, opens(rig), short_wait, rig.lab.sign_in_url)

        return ArmSignIn(clients, (PUBLIC,), computer=here, dialog=desk)

    return made


def opened(
    setup_desk: OpenSetupDesk, qtbot: QtBot, signing_in: Callable[[SetupRig], SignIn], **more: object
) -> SetupDesk:
    """The first page, with nobody signed in."""
    desk = setup_desk(signing_in=signing_in, is_lab=False, **more)
    qtbot.waitUntil(lambda: desk.says("Nobody is signed in to Azure public yet."), timeout=PATIENCE_MS)
    looks_right(desk, qtbot)
    return desk


def sign_in_by(desk: SetupDesk, card: str) -> None:
    """Choose a way, which begins nothing, and press the button that does."""
    desk.press(card)
    assert desk.says("Nobody is signed in to Azure public yet.")
    desk.press("Sign in ")


def assert_signed_in(desk: SetupDesk, qtbot: QtBot, name: str = "operator@lab.example") -> None:
    """It is said who is signed in, and the next step can be read with their rights."""
    qtbot.waitUntil(lambda: desk.says(f"Signed in as {name}"), timeout=PATIENCE_MS)
    ready(desk, qtbot)
    looks_right(desk, qtbot)
    go_on(desk, qtbot)
    assert desk.page.step is SetupStep.SUBSCRIPTION
    qtbot.waitUntil(lambda: "Trustgrid Production" in subscriptions(desk), timeout=PATIENCE_MS)


def subscriptions(desk: SetupDesk) -> list[str]:
    """The names of the subscriptions that were read."""
    return [found.name for found in desk.wizard.session.wizard_state.subscriptions or ()]


def assert_told(desk: SetupDesk, qtbot: QtBot, what: str, *parts: str) -> None:
    """The page says what went wrong, and nobody is signed in; Continue stays here."""
    qtbot.waitUntil(lambda: desk.says(what), timeout=PATIENCE_MS)
    said = " ".join(accessible_name(widget) for widget in desk.all_named(""))
    for part in parts:
        assert part in said, said
    assert desk.says("Nobody is signed in to Azure public yet.")
    looks_right(desk, qtbot)
    ready(desk, qtbot)
    desk.press("Continue")
    assert desk.page.step is SetupStep.SIGN_IN


def answers_in_the_browser(answer: str) -> Callable[[SetupRig], Callable[[str], bool]]:
    def opens(rig: SetupRig) -> Callable[[str], bool]:
        return Browser(rig.lab, answer)

    return opens


def answers_the_code(desk: SetupDesk, answer: str) -> None:
    """Type the code that the window shows on the lab's page, and answer it."""
    code = next(accessible_name(widget) for widget in desk.all_named("Code ")).removeprefix("Code ").split()[0]
    with lab_session(desk.rig.lab) as http:
        page = http.post(f"{LOGIN}/devicelogin", data={"otc": code}, timeout=30).text
        typed = {"lab_code": desk.rig.lab.sign_in_code, "answer": answer}
        http.post(f"{LOGIN}/devicelogin", data={**fields_of(page), **typed}, timeout=30)


# --- the browser ---


def test_that_the_browser_signs_in(setup_desk: OpenSetupDesk, qtbot: QtBot) -> None:
    desk = opened(setup_desk, qtbot, nobody_yet(opens=answers_in_the_browser("sign-in")))
    sign_in_by(desk, "Browser")
    assert_signed_in(desk, qtbot)


def test_that_who_declines_in_the_browser_is_told_so(setup_desk: OpenSetupDesk, qtbot: QtBot) -> None:
    desk = opened(setup_desk, qtbot, nobody_yet(opens=answers_in_the_browser("cancel")))
    sign_in_by(desk, "Browser")
    assert_told(desk, qtbot, NOT_SIGNED_IN, "declined")


def test_that_a_browser_that_cannot_open_is_told_with_the_way_out(setup_desk: OpenSetupDesk, qtbot: QtBot) -> None:
    desk = opened(setup_desk, qtbot, nobody_yet())
    sign_in_by(desk, "Browser")
    assert_told(desk, qtbot, NOT_SIGNED_IN, "No browser could be opened on this computer.", "Use a device code.")


def test_that_a_browser_that_hangs_is_given_up_for_a_code(setup_desk: OpenSetupDesk, qtbot: QtBot) -> None:
    urls: list[str] = []

    def hangs(_rig: SetupRig) -> Callable[[str], bool]:
        def opens(url: str) -> bool:
            urls.append(url)
            return True

        return opens

    desk = opened(setup_desk, qtbot, nobody_yet(opens=hangs))
    sign_in_by(desk, "Browser")
    qtbot.waitUntil(lambda: desk.says("A page has opened in your browser."), timeout=PATIENCE_MS)
    looks_right(desk, qtbot)
    desk.press("Use a code instead")
    qtbot.waitUntil(lambda: desk.says(f"Open {LOGIN}/devicelogin?otc="), timeout=PATIENCE_MS)
    port = int(urls[0].split("localhost%3A")[1].split("&")[0])
    answers_the_code(desk, "sign-in")
    assert_signed_in(desk, qtbot)
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=5).close()


# --- the code ---


@pytest.mark.parametrize(("answer", "part"), [("sign-in", ""), ("cancel", "declined")])
def test_that_a_code_is_shown_and_its_answer_counts(
    setup_desk: OpenSetupDesk, qtbot: QtBot, answer: str, part: str
) -> None:
    desk = opened(setup_desk, qtbot, nobody_yet())
    sign_in_by(desk, "Code on another device")
    qtbot.waitUntil(lambda: desk.says(f"Open {LOGIN}/devicelogin?otc="), timeout=PATIENCE_MS)
    looks_right(desk, qtbot)
    answers_the_code(desk, answer)
    if part:
        assert_told(desk, qtbot, NOT_SIGNED_IN, part)
    else:
        assert_signed_in(desk, qtbot)


def test_that_waiting_for_a_code_can_be_stopped(setup_desk: OpenSetupDesk, qtbot: QtBot) -> None:
    desk = opened(setup_desk, qtbot, nobody_yet())
    sign_in_by(desk, "Code on another device")
    qtbot.waitUntil(lambda: desk.says(f"Open {LOGIN}/devicelogin?otc="), timeout=PATIENCE_MS)
    desk.press("Stop signing in")
    left = "The sign-in was stopped; nothing was changed. The code is of no use any more. Nobody is signed in"
    qtbot.waitUntil(lambda: desk.says(left), timeout=PATIENCE_MS)
    assert not desk.says("Code ABC")
    assert all(desk.find(name).isEnabled() for name in ("Browser", "Code on another device", "Azure CLI"))


# --- several directories ---


def test_that_another_directory_of_the_account_is_one_click_away(setup_desk: OpenSetupDesk, qtbot: QtBot) -> None:
    opens = answers_in_the_browser("sign-in")
    desk = opened(setup_desk, qtbot, nobody_yet(opens=opens), scenario="two-tenants")
    sign_in_by(desk, "Browser")
    qtbot.waitUntil(lambda: desk.says("Signed in as operator@lab.example"), timeout=PATIENCE_MS)
    page = desk.step_page(SignInPage)
    qtbot.waitUntil(page.tenants.isVisible, timeout=PATIENCE_MS)
    looks_right(desk, qtbot)
    pick(page.tenants, "Fabrikam Partners")
    qtbot.waitUntil(lambda: desk.says("Directory Fabrikam Partners"), timeout=PATIENCE_MS)
    go_on(desk, qtbot)
    qtbot.waitUntil(lambda: subscriptions(desk) == ["Fabrikam Shared"], timeout=PATIENCE_MS)


# --- an application ---


def test_that_an_application_signs_in_by_its_secret(setup_desk: OpenSetupDesk, qtbot: QtBot) -> None:
    desk = opened(setup_desk, qtbot, nobody_yet(environment=application))
    assert desk.says("Found")
    sign_in_by(desk, "Service principal")
    assert_signed_in(desk, qtbot, "")


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"AZURE_CLIENT_SECRET": "wrong"}, ("secret",)),
        ({"AZURE_CLIENT_SECRET": "", "AZURE_CLIENT_CERTIFICATE_PATH": "/nowhere/x.pem"}, ("certificate",)),
        ({"AZURE_CLIENT_ID": "00000000-0000-0000-0000-000000000009"}, ("application",)),
    ],
    ids=["secret", "certificate", "application"],
)
def test_that_what_is_wrong_with_an_application_is_on_the_page(
    setup_desk: OpenSetupDesk, qtbot: QtBot, changes: dict[str, str], parts: tuple[str, ...]
) -> None:
    def environment(rig: SetupRig) -> dict[str, str]:
        return {name: value for name, value in application(rig, **changes).items() if value}

    desk = opened(setup_desk, qtbot, nobody_yet(environment=environment))
    sign_in_by(desk, "Service principal")
    assert_told(desk, qtbot, NOT_SIGNED_IN, *parts)


def test_that_an_application_signs_in_by_its_registered_certificate(
    setup_desk: OpenSetupDesk, qtbot: QtBot, tmp_path: Path
) -> None:
    file = tmp_path / "application.pem"
    pem = client_certificate(file)

    def environment(rig: SetupRig) -> dict[str, str]:
        changes = {"AZURE_CLIENT_CERTIFICATE_PATH": str(file)}
        return {name: value for name, value in application(rig, **changes).items() if name != "AZURE_CLIENT_SECRET"}

    desk = opened(setup_desk, qtbot, nobody_yet(environment=environment))
    sign_in_by(desk, "Service principal")
    assert_told(desk, qtbot, NOT_SIGNED_IN, "certificate")
    directory = desk.rig.lab.directory
    directory.register_certificate(directory.automation, pem)
    sign_in_by(desk, "Service principal")
    assert_signed_in(desk, qtbot, "")


def test_that_an_environment_without_an_application_says_what_to_set(setup_desk: OpenSetupDesk, qtbot: QtBot) -> None:
    desk = opened(setup_desk, qtbot, nobody_yet())
    desk.press("Service principal")
    what = "The environment names no application to sign in as."
    why = f"{what} Set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET"
    start = desk.step_page(SignInPage).start
    qtbot.waitUntil(lambda: accessible_description(start).startswith(why), timeout=PATIENCE_MS)
    assert not start.isEnabled()


# --- az ---


def test_that_the_azure_cli_is_found_with_its_account_and_signs_in_by_itself(
    setup_desk: OpenSetupDesk, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def computer(rig: SetupRig) -> SignInSurvey:
        found = with_az(tmp_path, {"subscriptions": [entry("operator@lab.example", default=True)]})
        signed_in(rig.lab, tmp_path, monkeypatch)
        return found

    desk = setup_desk(signing_in=nobody_yet(computer=computer), is_lab=False)
    assert_signed_in(desk, qtbot)
    assert desk.clicks == 1
    desk.press("Back")
    desk.press("Use another account or cloud")
    card = "Use the account that az is signed in with. operator@lab.example"
    qtbot.waitUntil(lambda: desk.says(card), timeout=PATIENCE_MS)
    assert desk.says("Found")
    desk.press("Sign in with the Azure CLI")
    assert_signed_in(desk, qtbot)


def test_that_an_azure_cli_whose_sign_in_has_ended_is_told(
    setup_desk: OpenSetupDesk, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def computer(_rig: SetupRig) -> SignInSurvey:
        found = with_az(tmp_path, {"subscriptions": [entry("operator@lab.example", default=True)]})
        az(tmp_path, "echo 'ERROR: AADSTS700082: The refresh token has expired.' >&2; exit 1", monkeypatch)
        return found

    desk = opened(setup_desk, qtbot, nobody_yet(computer=computer))
    sign_in_by(desk, "Azure CLI")
    assert_told(desk, qtbot, NOT_SIGNED_IN, "az login")


def test_that_a_missing_azure_cli_is_told_on_its_card(setup_desk: OpenSetupDesk, qtbot: QtBot) -> None:
    desk = opened(setup_desk, qtbot, nobody_yet())
    assert desk.says("The Azure CLI (az) was not found on this computer. Install it, then sign in: az login.")


# --- a machine ---


@pytest.mark.parametrize(("machine", "found"), [("tg-node-a", True), ("tg-node-b", False)])
def test_that_a_machine_signs_in_as_itself_when_its_identity_is_on(
    setup_desk: OpenSetupDesk, qtbot: QtBot, machine: str, found: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def environment(rig: SetupRig) -> dict[str, str]:
        endpoint = rig.lab.directory.identity_endpoint(rig.vm(machine).text, "https://localhost:1")
        monkeypatch.setenv("IDENTITY_ENDPOINT", endpoint.endpoint)
        monkeypatch.setenv("IDENTITY_HEADER", endpoint.header)
        return {"IDENTITY_ENDPOINT": endpoint.endpoint}

    desk = opened(setup_desk, qtbot, nobody_yet(environment=environment))
    sign_in_by(desk, "Managed identity")
    if found:
        qtbot.waitUntil(lambda: desk.says(f"Signed in as {machine}"), timeout=PATIENCE_MS)
    else:
        assert_told(desk, qtbot, NOT_SIGNED_IN, "identity")
