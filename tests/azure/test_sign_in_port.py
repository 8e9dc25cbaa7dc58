"""Signing in, through the SDK's own credentials and msal, to the lab's Entra."""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from tests.azure.people import (
    Browser,
    CodeUser,
    bring,
    clients_of,
    ended,
    ignore,
    public_lab,
    signs_in_as_application,
    signs_in_by_browser,
    signs_in_by_code,
    wish,
)
from tests.azure.test_arm import Recorder, fails
from tests.rig import SetupRig, rig, setup_rig
from tgwizard.azure.credentials import caller_of
from tgwizard.azure.sign_in import interactive
from tgwizard.azure.sign_in.interactive import InteractiveSignIn
from tgwizard.azure.sign_in.sign_in_port import ArmSignIn
from tgwizard.engine.azure_call_error import AzureCallError, Cause, Certainty
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.jobs import Report
from tgwizard.lab.entra.access_tokens import foreign_tenant
from tgwizard.lab.lab import Lab
from tgwizard.model.cloud import PUBLIC
from tgwizard.model.inventory import CallerKind
from tgwizard.model.problem import Cancelled
from tgwizard.model.sign_in import SignInMethod, SignInPrompt

BROWSER, CODE = SignInMethod.BROWSER, SignInMethod.DEVICE_CODE


def by(it: SetupRig) -> str:
    """Who asked last, by the lab's log."""
    return it.lab.requests[-1].caller


# --- the lab ---


def test_that_in_a_lab_its_operator_is_found_and_signed_in_by_one_click() -> None:
    it = setup_rig()
    sign_in = it.services.sign_in
    (cloud,) = sign_in.clouds()
    assert cloud.name == it.lab.cloud
    first = sign_in.methods(cloud)[0]
    assert (first.method, first.found) == (SignInMethod.LAB, True)
    caller = sign_in.sign_in(replace(wish(SignInMethod.LAB), cloud=cloud), ignore, CancelToken())
    assert (caller.name, caller.tenant, caller.kind) == (
        "operator@lab.example",
        it.lab.subscription.tenant,
        CallerKind.USER,
    )
    assert it.services.azure.directory.caller() == caller


def test_that_the_operator_chooses_among_the_directories_of_a_lab() -> None:
    it = setup_rig("two-tenants")
    sign_in, directory = it.services.sign_in, it.services.azure.directory
    (cloud,) = sign_in.clouds()
    asks = replace(wish(SignInMethod.LAB), cloud=cloud)
    names = {tenant.name: tenant.id for tenant in directory.tenants()}
    assert 'Contoso "Lab" <b>GmbH</b> & $(id)' in names
    caller = sign_in.sign_in(replace(asks, tenant=names["Fabrikam Partners"]), ignore, CancelToken())
    assert caller.tenant == names["Fabrikam Partners"]
    assert [found.name for found in directory.subscriptions()] == ["Fabrikam Shared"]
    home = sign_in.sign_in(replace(asks, tenant=it.lab.subscription.tenant), ignore, CancelToken())
    assert home.tenant == it.lab.subscription.tenant
    closed = {found.name: found.enabled for found in directory.subscriptions()}
    assert closed["Closed in spring"] is False
    assert closed["Trustgrid Production"] is True
    failure = fails(lambda: sign_in.sign_in(replace(asks, tenant="contoso.com"), ignore, CancelToken()))
    assert failure.problem.code == "directory-not-known"


# --- the browser ---


def test_that_the_browser_signs_in_and_every_port_asks_as_that_person_from_then_on() -> None:
    it, sign_in, browser = signs_in_by_browser()
    before = clients_of(it).session.credential
    prompts: list[SignInPrompt] = []
    caller = sign_in.sign_in(wish(BROWSER), prompts.append, CancelToken())
    assert (caller.name, caller.kind) == ("operator@lab.example", CallerKind.USER)
    assert [prompt.url for prompt in prompts] == browser.opened
    assert prompts[0].url.startswith("https://login.microsoftonline.com/organizations/oauth2/v2.0/authorize?")
    assert clients_of(it).session.credential is not before
    assert it.services.azure.directory.subscriptions()
    assert by(it) == "operator@lab.example"
    assert it.services.azure.directory.caller() == caller


def test_that_the_page_after_signing_in_says_so_and_keeps_the_code_to_itself() -> None:
    _, sign_in, browser = signs_in_by_browser()
    sign_in.sign_in(wish(BROWSER), ignore, CancelToken())
    (page,) = browser.shown
    assert page.status_code == 200
    assert "You can close this page." in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_that_a_person_who_declines_is_not_signed_in_and_the_account_before_stays() -> None:
    it, sign_in, browser = signs_in_by_browser()
    browser.answer = "cancel"
    before = clients_of(it).session
    failure = fails(lambda: sign_in.sign_in(wish(BROWSER), ignore, CancelToken()))
    assert (failure.problem.code, failure.cause) == ("sign-in-declined", Cause.SIGN_IN)
    assert failure.problem.what == "You were not signed in to Azure public."
    assert clients_of(it).session is before


def test_that_the_browser_can_be_abandoned_for_a_code() -> None:
    users: list[CodeUser] = []

    def waits(cancel: CancelToken, seconds: float) -> bool:
        return users[0].wait(cancel, seconds)

    it, sign_in = public_lab(open_browser=lambda _url: True, wait=waits)
    users.append(CodeUser(it))
    cancel = CancelToken()
    ports: list[int] = []

    def shown(prompt: SignInPrompt) -> None:
        ports.append(int(prompt.url.split("localhost%3A")[1].split("&")[0]))
        cancel.cancel()

    with pytest.raises(Cancelled):
        sign_in.sign_in(wish(BROWSER), shown, cancel)
    ended("sign-in")
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", ports[0]), timeout=5).close()
    assert sign_in.sign_in(wish(CODE), users[0].prompted, CancelToken()).name == "operator@lab.example"


def test_that_what_is_not_the_answer_is_waited_past() -> None:
    strange: list[requests.Response] = []
    seats: list[Browser] = []

    def opened(url: str) -> bool:
        target = f"http://localhost:{url.split('localhost%3A')[1].split('&', maxsplit=1)[0]}"
        for fields, headers in (
            ({"code": "stolen", "state": "guessed"}, {}),
            ({"error": "access_denied"}, {}),
            ({"code": "x" * 70_000}, {}),
            ({"code": "c", "state": "s"}, {"Host": "evil.example"}),
        ):
            strange.append(bring(target, fields, **headers))
        return seats[0](url)

    it, sign_in = public_lab(open_browser=opened)
    seats.append(Browser(it.lab))
    assert sign_in.sign_in(wish(BROWSER), ignore, CancelToken()).name == "operator@lab.example"
    assert [page.status_code for page in strange] == [400] * 4
    assert all("stolen" not in page.text for page in strange)


def test_that_a_browser_that_cannot_be_opened_is_told_with_the_way_out() -> None:
    _, sign_in = public_lab(open_browser=lambda _url: False)
    problem = fails(lambda: sign_in.sign_in(wish(BROWSER), ignore, CancelToken())).problem
    assert (problem.code, problem.fix) == ("browser-not-opened", "Use a device code.")


def test_that_a_browser_that_brings_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interactive, "WITHIN_S", 0.01)
    _, sign_in = public_lab(open_browser=lambda _url: True)
    assert fails(lambda: sign_in.sign_in(wish(BROWSER), ignore, CancelToken())).problem.code == "browser-silent"


def test_that_another_directory_of_the_same_person_needs_no_second_browser() -> None:
    it, sign_in, browser = signs_in_by_browser()
    sign_in.sign_in(wish(BROWSER), ignore, CancelToken())
    elsewhere = foreign_tenant(it.lab._world)
    caller = sign_in.sign_in(wish(BROWSER, elsewhere), ignore, CancelToken())
    assert caller.tenant == elsewhere
    assert len(browser.opened) == 1


def test_that_a_directory_nobody_knows_is_told() -> None:
    _, sign_in, browser = signs_in_by_browser()
    failure = fails(lambda: sign_in.sign_in(wish(BROWSER, "contoso.example"), ignore, CancelToken()))
    assert failure.problem.code == "directory-not-known"
    assert not browser.opened


def test_that_a_person_is_renewed_without_being_asked_and_told_when_that_ends() -> None:
    it, sign_in, browser = signs_in_by_browser()
    sign_in.sign_in(wish(BROWSER), ignore, CancelToken())
    source = clients_of(it).session.credential._source
    assert isinstance(source, InteractiveSignIn)
    renewed = source._silent((f"{PUBLIC.audience}/.default",), None, renew=True)
    assert renewed.expires_on > time.time() + 3000
    it.lab.directory.revoke_sessions(it.lab.directory.accounts[0])
    held = clients_of(it).session.credential
    held._tokens.clear()
    source._app.remove_account(source._account)
    failure = fails(it.services.azure.directory.subscriptions)
    assert (failure.cause, failure.certainty) == (Cause.SIGN_IN, Certainty.NOT_SENT)
    assert "az login" in failure.problem.fix
    assert len(browser.opened) == 1


# --- the code ---


def test_that_a_code_is_shown_with_its_end_and_waited_for_at_the_pace_of_entra() -> None:
    it, sign_in, user = signs_in_by_code()
    user.after = 3
    caller = sign_in.sign_in(wish(CODE), user.prompted, CancelToken())
    assert caller.name == "operator@lab.example"
    (prompt,) = user.prompts
    assert prompt.method is CODE
    assert prompt.url.startswith(f"https://login.microsoftonline.com/devicelogin?otc={prompt.code}&lab_proof=")
    assert len(prompt.code) == 9
    assert prompt.expires is not None
    assert 800 < prompt.expires.timestamp() - time.time() < 905
    assert user.waits == [5.0, 5.0, 5.0]
    it.services.azure.directory.groups(it.subscription, lambda _count: None)
    assert by(it) == "operator@lab.example"


@pytest.mark.parametrize(("answer", "after", "code"), [("cancel", 1, "sign-in-declined"), ("", 0, "code-expired")])
def test_that_a_code_that_is_declined_or_expires_is_told(answer: str, after: int, code: str) -> None:
    _, sign_in, user = signs_in_by_code()
    user.answer, user.after = answer, after
    assert fails(lambda: sign_in.sign_in(wish(CODE), user.prompted, CancelToken())).problem.code == code


def test_that_waiting_for_a_code_can_be_cancelled() -> None:
    it, sign_in = public_lab()
    before = clients_of(it).session
    cancel = CancelToken()
    with pytest.raises(Cancelled):
        sign_in.sign_in(wish(CODE), lambda _prompt: cancel.cancel(), cancel)
    ended("sign-in")
    assert clients_of(it).session is before


# --- the switch ---


def test_that_a_list_is_read_to_its_end_as_who_began_it_and_later_calls_are_the_new_accounts() -> None:
    it, sign_in = signs_in_as_application()
    asked: list[str] = []

    def page(_count: int) -> None:
        asked.append(by(it))
        if len(asked) == 1:
            sign_in.sign_in(wish(SignInMethod.ENVIRONMENT), ignore, CancelToken())

    it.lab.page_size = 1
    assert it.services.azure.network.nics(it.subscription, page)
    assert len(asked) > 2
    assert set(asked) == {"operator@lab.example"}
    it.services.azure.directory.subscriptions()
    assert by(it) == it.lab.directory.automation.name


def test_that_many_threads_may_read_while_the_account_changes() -> None:
    it = setup_rig()
    (cloud,) = it.services.sign_in.clouds()
    failures: list[AzureCallError] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            try:
                it.services.azure.directory.groups(it.subscription, lambda _count: None)
            except AzureCallError as failure:
                failures.append(failure)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        it.services.sign_in.sign_in(replace(wish(SignInMethod.LAB), cloud=cloud), ignore, CancelToken())
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []


def test_that_a_run_that_may_still_write_keeps_its_account() -> None:
    it = rig()
    (cloud,) = it.services.sign_in.clouds()
    asks = replace(wish(SignInMethod.LAB), cloud=cloud)
    left = threading.Event()

    def wait(_report: Report[object], _token: CancelToken) -> None:
        _wait(left)

    job = it.services.jobs.start("run", wait, writes=it.setup.identity)
    before = it.services.azure.clients.session  # type: ignore[attr-defined]
    failure = fails(lambda: it.services.sign_in.sign_in(asks, ignore, CancelToken()))
    assert (failure.problem.code, failure.certainty) == ("run-in-progress", Certainty.NOT_SENT)
    assert it.services.azure.clients.session is before  # type: ignore[attr-defined]
    left.set()
    job.thread.join(60)
    assert it.services.sign_in.sign_in(asks, ignore, CancelToken()).name == "operator@lab.example"


def test_that_a_run_that_begins_during_a_sign_in_keeps_its_account_too() -> None:
    it, sign_in, user = signs_in_by_code()
    runs: list[bool] = []
    watched = ArmSignIn(
        clients_of(it), (PUBLIC,), busy=lambda: bool(runs), computer=sign_in._computer, dialog=sign_in._desk
    )
    before = clients_of(it).session

    def prompted(prompt: SignInPrompt) -> None:
        user.prompted(prompt)
        runs.append(True)

    failure = fails(lambda: watched.sign_in(wish(CODE), prompted, CancelToken()))
    assert failure.problem.code == "run-in-progress"
    assert clients_of(it).session is before


def _wait(event: threading.Event) -> None:
    event.wait(60)


def test_that_who_a_token_is_for_is_read_from_its_own_claims() -> None:
    it = setup_rig()
    machine = caller_of(it.lab.issue_token_for(it.lab.principals[0]))
    assert (machine.name, machine.kind) == ("tg-node-a", CallerKind.MANAGED_IDENTITY)
    application = caller_of(it.lab.issue_token_for(it.lab.directory.automation))
    assert application.kind is CallerKind.APPLICATION


CHALLENGE = '{"access_token": {"acrs": {"essential": true, "values": ["p1"]}}}'


def test_that_a_sign_in_with_a_code_after_a_challenge_asks_entra_for_what_was_wanted() -> None:
    sent: list[Recorder] = []

    def adapter(lab: Lab) -> Recorder:
        sent.append(Recorder(lab))
        return sent[-1]

    it, sign_in, user = signs_in_by_code(adapter=adapter)
    sign_in.sign_in(wish(SignInMethod.DEVICE_CODE), user.prompted, CancelToken())
    asked = len(sent[0].sent)
    held = clients_of(it).session.credential
    held.get_token(held.scope, claims=CHALLENGE)
    user.waits.clear()
    user.prompts.clear()
    sign_in.sign_in(wish(SignInMethod.DEVICE_CODE, it.lab.subscription.tenant), user.prompted, CancelToken())
    forms = [dict(parse_qsl(str(request.body))) for request in sent[0].sent[asked:]]
    begun = [form for form in forms if "claims" in form and "grant_type" not in form]
    assert [json.loads(form["claims"]) for form in begun] == [json.loads(CHALLENGE)]
    assert clients_of(it).session.credential.challenge is None


def test_that_a_sign_in_in_the_browser_after_a_challenge_asks_entra_for_what_was_wanted() -> None:
    it, sign_in, browser = signs_in_by_browser()
    sign_in.sign_in(wish(SignInMethod.BROWSER), ignore, CancelToken())
    assert "claims" not in dict(parse_qsl(urlsplit(browser.opened[-1]).query))
    held = clients_of(it).session.credential
    held.get_token(held.scope, claims=CHALLENGE)
    sign_in.sign_in(wish(SignInMethod.BROWSER, it.lab.subscription.tenant), ignore, CancelToken())
    asked = dict(parse_qsl(urlsplit(browser.opened[-1]).query))
    assert len(browser.opened) == 2
    assert json.loads(asked["claims"]) == json.loads(CHALLENGE)


def test_that_a_command_signs_in_with_what_an_earlier_one_was_asked_for() -> None:
    claims = base64.b64encode(CHALLENGE.encode()).decode()
    it, sign_in, browser = signs_in_by_browser()
    by_browser = replace(wish(SignInMethod.BROWSER), claims=claims)
    assert sign_in.sign_in(by_browser, ignore, CancelToken()).name
    asked = dict(parse_qsl(urlsplit(browser.opened[-1]).query))
    assert json.loads(asked["claims"]) == json.loads(CHALLENGE)
    sent: list[Recorder] = []

    def adapter(lab: Lab) -> Recorder:
        sent.append(Recorder(lab))
        return sent[-1]

    it, sign_in, user = signs_in_by_code(adapter=adapter)
    by_code = replace(wish(SignInMethod.DEVICE_CODE), claims=claims.rstrip("="))
    assert sign_in.sign_in(by_code, user.prompted, CancelToken()).name
    forms = [dict(parse_qsl(str(request.body))) for request in sent[0].sent]
    begun = [form for form in forms if "claims" in form and "grant_type" not in form]
    assert [json.loads(form["claims"]) for form in begun] == [json.loads(CHALLENGE)]
    assert clients_of(it).session.credential.challenge is None


@pytest.mark.parametrize("claims", ["", "x", "e30=", base64.b64encode(b'{"a": 1}').decode(), "$(touch x)"])
def test_that_what_is_no_challenge_is_told_before_anybody_is_asked(claims: str) -> None:
    it, sign_in, browser = signs_in_by_browser()
    before = clients_of(it).session
    with pytest.raises(AzureCallError) as caught:
        sign_in.sign_in(replace(wish(SignInMethod.BROWSER), claims=claims), ignore, CancelToken())
    assert caught.value.problem.code == "claims-not-understood"
    assert not browser.opened
    assert clients_of(it).session is before
