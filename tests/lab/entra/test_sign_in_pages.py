"""Signing in as a person: browser and device code, with the SDK's own credentials and by hand (lab/README.md 3.2)."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import logging
import re
import threading
import webbrowser
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import DeviceCodeCredential, InteractiveBrowserCredential
from azure.mgmt.resource.subscriptions import SubscriptionClient

from tests.lab.bench import Bench, JumpingTransport
from tests.lab.rights import READER_ACCOUNT
from tgwizard.lab.entra import sign_in_sessions
from tgwizard.lab.fronts.in_process import lab_session
from tgwizard.lab.wire import Response

LOGIN = "https://login.microsoftonline.com"
SCOPE = "https://management.azure.com/.default offline_access openid profile"
AZ = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
BACK = "http://localhost:53211"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
HOSTILE = "\"><b onclick='x'>$(id)\u202e</b>"


def fields_of(page: str) -> dict[str, str]:
    """Return the hidden fields of a page's form, as a browser would send them."""
    return {
        html.unescape(name): html.unescape(value)
        for name, value in re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    }


def claims_of(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


def post(bench: Bench, url: str, form: dict[str, str]) -> Response:
    bench.token = None
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return bench.send("POST", url, urlencode(form).encode(), headers=headers)


def tenant_url(bench: Bench, leaf: str, tenant: str = "") -> str:
    return f"{LOGIN}/{tenant or bench.lab.subscription.tenant}/oauth2/v2.0/{leaf}"


def ask(bench: Bench, *, tenant: str = "", **changes: str) -> Response:
    bench.token = None
    query = {
        "client_id": AZ,
        "response_type": "code",
        "redirect_uri": BACK,
        "scope": SCOPE,
        "state": "s-1",
        "nonce": "n-1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    wanted = {key: value for key, value in {**query, **changes}.items() if value}
    return bench.send("GET", f"{tenant_url(bench, 'authorize', tenant)}?{urlencode(wanted)}")


def click(bench: Bench, page: Response, answer: str = "sign-in") -> Response:
    return post(bench, tenant_url(bench, "authorize"), answered(bench, page, answer))


def answered(bench: Bench, page: Response, answer: str) -> dict[str, str]:
    """Return what the form of a page sends when somebody who knows the sign-in code fills it in."""
    return {**fields_of(page.body.decode()), "lab_code": bench.lab.sign_in_code, "answer": answer}


def back(answer: Response) -> dict[str, str]:
    """Return what a redirection carries to the program."""
    assert answer.status == 302
    location = answer.header("Location") or ""
    assert location.startswith(f"{BACK}?")
    return {key: value for key, (value,) in parse_qs(urlsplit(location).query).items()}


def redeem(bench: Bench, code: str, /, **changes: str) -> Response:
    form = {
        "grant_type": "authorization_code",
        "client_id": AZ,
        "code": code,
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
        "scope": SCOPE,
        **changes,
    }
    return post(bench, tenant_url(bench, "token"), {key: value for key, value in form.items() if value})


def refusal(answer: Response) -> tuple[int, str, int]:
    body = answer.json()
    assert body["error_description"].startswith(f"AADSTS{body['error_codes'][0]}: ")
    return answer.status, body["error"], body["error_codes"][0]


def test_that_one_click_signs_the_operator_in_and_the_code_goes_back_to_the_program(bench: Bench) -> None:
    page = ask(bench)
    text = page.body.decode()
    assert page.status == 200
    assert text.count("<form") == 1
    assert "Sign in as operator@lab.example" in text
    assert "Microsoft Azure CLI" in text
    result = back(click(bench, page))
    assert result["state"] == "s-1"
    body = redeem(bench, result["code"]).json()
    access, identity = claims_of(body["access_token"]), claims_of(body["id_token"])
    operator = bench.lab.directory.accounts[0]
    assert (access["upn"], access["name"], access["oid"]) == (operator.name, "Lab Operator", operator.oid)
    assert (identity["nonce"], identity["preferred_username"], identity["name"]) == (
        "n-1",
        operator.name,
        "Lab Operator",
    )
    assert body["refresh_token"]
    bench.token = body["access_token"]
    assert bench.call("GET", "/subscriptions").json()["count"]["value"] == 1


def test_that_form_post_carries_the_code_in_a_form_that_posts_itself(bench: Bench) -> None:
    answer = click(bench, ask(bench, response_mode="form_post"))
    text = answer.body.decode()
    assert answer.status == 200
    assert f'<form method="post" action="{BACK}">' in text
    fields = fields_of(text)
    assert set(fields) == {"code", "state", "client_info", "session_state"}
    assert redeem(bench, fields["code"]).status == 200


def test_that_the_user_may_decline(bench: Bench) -> None:
    result = back(click(bench, ask(bench), "cancel"))
    assert result["error"] == "access_denied"
    assert result["error_description"] == "AADSTS65004: User declined to consent to access the app."
    assert "code" not in result


def test_that_a_login_hint_decides_who_signs_in(bench: Bench) -> None:
    page = ask(bench, login_hint=READER_ACCOUNT)
    assert f"Sign in as {READER_ACCOUNT}" in page.body.decode()
    body = redeem(bench, back(click(bench, page))["code"]).json()
    assert claims_of(body["access_token"])["upn"] == READER_ACCOUNT


ON_A_PAGE = [
    ({"client_id": "00000000-0000-0000-0000-000000000009"}, "AADSTS700016"),
    ({"client_id": ""}, "AADSTS900144"),
    ({"redirect_uri": "https://evil.example/"}, "AADSTS50011"),
    ({"redirect_uri": "http://localhost.evil.example/"}, "AADSTS50011"),
    ({"redirect_uri": "http://localhost@evil.example/"}, "AADSTS50011"),
    ({"redirect_uri": "https://localhost:1/"}, "AADSTS50011"),
    ({"redirect_uri": "javascript:alert(1)"}, "AADSTS50011"),
    ({"redirect_uri": f"http://evil.example/{HOSTILE}"}, "AADSTS50011"),
    ({"redirect_uri": "http://localhost:1/\r\nSet-Cookie: a=b"}, "AADSTS50011"),
    ({"redirect_uri": ""}, "AADSTS900144"),
    ({"tenant": "contoso.example"}, "AADSTS90002"),
]


@pytest.mark.parametrize(("changes", "code"), ON_A_PAGE)
def test_that_a_request_nobody_can_trust_is_refused_on_a_page_and_sent_nowhere(
    bench: Bench, changes: dict[str, str], code: str
) -> None:
    answer = ask(bench, **changes)
    text = answer.body.decode()
    assert answer.status == 400
    assert code in text
    assert answer.header("Location") is None
    assert "<form" not in text
    assert "<b " not in text


SENT_BACK = [
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_mode": "fragment"}, "invalid_request"),
    ({"code_challenge_method": "S1"}, "invalid_request"),
    ({"prompt": "none"}, "login_required"),
    ({"login_hint": "nobody@lab.example"}, "access_denied"),
    ({"scope": "https://vault.azure.net/.default"}, "invalid_resource"),
]


@pytest.mark.parametrize(("changes", "error"), SENT_BACK)
def test_that_other_refusals_go_back_to_the_program(bench: Bench, changes: dict[str, str], error: str) -> None:
    result = back(ask(bench, **changes))
    assert (result["error"], result["state"]) == (error, "s-1")
    assert result["error_description"].startswith("AADSTS")


REDEEMED = [
    ({"code_verifier": "w" * 43}, (400, "invalid_grant", 501481)),
    ({"code_verifier": ""}, (400, "invalid_grant", 501481)),
    ({"redirect_uri": "http://localhost:1"}, (400, "invalid_grant", 500112)),
    ({"client_id": "1950a258-227b-4e31-a9cf-717495945fc2"}, (400, "invalid_grant", 9002313)),
    ({"client_id": "00000000-0000-0000-0000-000000000009"}, (400, "unauthorized_client", 700016)),
    ({"code": "1.guessed"}, (400, "invalid_grant", 9002313)),
    ({"code": ""}, (400, "invalid_request", 900144)),
]


@pytest.mark.parametrize(("changes", "expected"), REDEEMED)
def test_that_a_code_is_good_only_for_who_asked_for_it(
    bench: Bench, changes: dict[str, str], expected: tuple[int, str, int]
) -> None:
    code = back(click(bench, ask(bench)))["code"]
    assert refusal(redeem(bench, code, **changes)) == expected
    assert redeem(bench, code).status == 200, "a wrong attempt does not spend it"


def test_that_a_code_is_good_once_and_for_ten_minutes(bench: Bench) -> None:
    code = back(click(bench, ask(bench)))["code"]
    assert redeem(bench, code).status == 200
    assert refusal(redeem(bench, code)) == (400, "invalid_grant", 54005)
    late = back(click(bench, ask(bench)))["code"]
    bench.clock.sleep(sign_in_sessions.CODE_LIFETIME.total_seconds())
    assert refusal(redeem(bench, late)) == (400, "invalid_grant", 70008)


def test_that_a_page_is_answered_once_and_only_by_who_saw_it(bench: Bench) -> None:
    page = ask(bench)
    assert click(bench, page).status == 302
    assert click(bench, page).status == 400
    forged = post(bench, tenant_url(bench, "authorize"), {"ticket": "guessed", "answer": "sign-in"})
    assert forged.status == 400
    assert forged.header("Location") is None


def test_that_pages_run_no_script_but_their_own_and_may_not_be_framed(bench: Bench) -> None:
    for page in (
        ask(bench),
        click(bench, ask(bench, response_mode="form_post")),
        bench.send("GET", f"{LOGIN}/devicelogin"),
    ):
        policy = page.header("Content-Security-Policy") or ""
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe-inline" not in policy
        assert page.header("Cache-Control") == "no-store, no-cache"
        text = page.body.decode()
        for kind, tag in (("style", "style"), ("script", "script")):
            for inner in re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL):
                digest = base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()
                assert f"{kind}-src 'sha256-{digest}'" in policy


def test_that_whatever_a_client_sends_is_escaped_in_pages(bench: Bench) -> None:
    answer = click(bench, ask(bench, response_mode="form_post", state=HOSTILE))
    text = answer.body.decode()
    assert "<b " not in text
    assert fields_of(text)["state"] == HOSTILE


def begin_device(bench: Bench, **changes: str) -> dict[str, Any]:
    answer = post(bench, tenant_url(bench, "devicecode", "organizations"), {"client_id": AZ, "scope": SCOPE, **changes})
    assert answer.status == 200, answer.body
    return answer.json()


def poll(bench: Bench, device_code: str, client: str = AZ) -> Response:
    form = {"grant_type": DEVICE_GRANT, "client_id": client, "device_code": device_code}
    return post(bench, tenant_url(bench, "token", "organizations"), form)


def confirm(bench: Bench, code: str, answer: str = "sign-in") -> Response:
    page = post(bench, f"{LOGIN}/devicelogin", {"otc": code})
    assert "Sign in as operator@lab.example" in page.body.decode()
    return post(bench, f"{LOGIN}/devicelogin", answered(bench, page, answer))


def test_that_a_device_code_waits_for_the_user_and_then_gives_tokens_once(bench: Bench) -> None:
    flow = begin_device(bench)
    assert (flow["interval"], flow["expires_in"]) == (5, 900)
    assert flow["verification_uri"] == f"{LOGIN}/devicelogin"
    assert flow["user_code"] in flow["message"]
    assert refusal(poll(bench, flow["device_code"])) == (400, "authorization_pending", 70016)
    bench.clock.sleep(5)
    assert refusal(poll(bench, flow["device_code"]))[1] == "authorization_pending"
    spaced = f" {flow['user_code'][:4].lower()}-{flow['user_code'][4:]} "
    assert "You have signed in" in confirm(bench, spaced).body.decode()
    bench.clock.sleep(5)
    body = poll(bench, flow["device_code"]).json()
    assert claims_of(body["access_token"])["upn"] == "operator@lab.example"
    assert refusal(poll(bench, flow["device_code"])) == (400, "invalid_grant", 9002313)


def test_that_a_client_that_polls_too_fast_is_told_to_slow_down(bench: Bench) -> None:
    flow = begin_device(bench)
    assert refusal(poll(bench, flow["device_code"]))[1] == "authorization_pending"
    bench.clock.sleep(1)
    assert refusal(poll(bench, flow["device_code"]))[1] == "slow_down"
    bench.clock.sleep(5)
    assert refusal(poll(bench, flow["device_code"]))[1] == "authorization_pending"


def test_that_a_declined_device_code_says_so(bench: Bench) -> None:
    flow = begin_device(bench)
    assert "You declined" in confirm(bench, flow["user_code"], "cancel").body.decode()
    assert refusal(poll(bench, flow["device_code"])) == (400, "authorization_declined", 70017)


def test_that_a_device_code_expires_after_fifteen_minutes(bench: Bench) -> None:
    flow = begin_device(bench)
    bench.clock.sleep(900)
    assert refusal(poll(bench, flow["device_code"])) == (400, "expired_token", 70020)
    assert "didn't work" in post(bench, f"{LOGIN}/devicelogin", {"otc": flow["user_code"]}).body.decode()


@pytest.mark.parametrize("typed", ["", "ABCDEFGHJ", HOSTILE, "é" * 300])
def test_that_a_wrong_code_is_asked_for_again(bench: Bench, typed: str) -> None:
    begin_device(bench)
    text = post(bench, f"{LOGIN}/devicelogin", {"otc": typed}).body.decode()
    assert "That code didn't work" in text
    assert HOSTILE not in text


def test_that_a_device_code_is_for_its_own_client_and_a_known_one(bench: Bench) -> None:
    flow = begin_device(bench)
    other = poll(bench, flow["device_code"], "1950a258-227b-4e31-a9cf-717495945fc2")
    assert refusal(other) == (400, "invalid_grant", 9002313)
    unknown = post(bench, tenant_url(bench, "devicecode"), {"client_id": "x", "scope": SCOPE})
    assert refusal(unknown) == (400, "unauthorized_client", 700016)
    nowhere = post(
        bench, tenant_url(bench, "devicecode"), {"client_id": AZ, "scope": "https://vault.azure.net/.default"}
    )
    assert refusal(nowhere) == (400, "invalid_resource", 500011)


def test_that_a_browser_page_and_a_device_page_cannot_be_answered_in_each_others_place(bench: Bench) -> None:
    fields = fields_of(ask(bench).body.decode())
    assert post(bench, f"{LOGIN}/devicelogin", {**fields, "answer": "sign-in"}).status == 400
    page = post(bench, f"{LOGIN}/devicelogin", {"otc": begin_device(bench)["user_code"]})
    assert click(bench, page).status == 400


def test_that_a_sign_in_under_way_is_neither_saved_nor_logged_nor_lost_with_the_scenario(bench: Bench) -> None:
    flow = begin_device(bench)
    confirm(bench, flow["user_code"])
    code = back(click(bench, ask(bench)))["code"]
    kept = bench.lab.dump() + repr(bench.lab.requests)
    assert flow["device_code"] not in kept
    assert code not in kept
    bench.lab.use_scenario("fresh")
    assert poll(bench, flow["device_code"]).status == 200
    assert redeem(bench, code).status == 200


class Browser(webbrowser.BaseBrowser):
    """Opens a page as the user's browser would, and answers it on a thread of its own."""

    def __init__(self, bench: Bench, answer: str) -> None:
        super().__init__()
        self.bench = bench
        self.answer = answer
        self.threads: list[threading.Thread] = []

    def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:  # noqa: ARG002
        thread = threading.Thread(target=self._visit, args=(url,), name="browser")
        self.threads.append(thread)
        thread.start()
        return True

    def _visit(self, url: str) -> None:
        with lab_session(self.bench.lab) as inside, requests.Session() as outside:
            outside.trust_env = False
            page = inside.get(url, timeout=30).text
            place = html.unescape(re.findall(r'action="([^"]*)"', page)[0])
            typed = {"lab_code": self.bench.lab.sign_in_code, "answer": self.answer}
            done = inside.post(f"{LOGIN}{place}", data={**fields_of(page), **typed}, timeout=30).text
            target = html.unescape(re.findall(r'action="([^"]*)"', done)[0])
            outside.post(target, data=fields_of(done), timeout=30)


@pytest.fixture
def browser(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Browser:
    found = Browser(bench, "sign-in")
    monkeypatch.setattr(webbrowser, "open", found.open)
    return found


def listed(bench: Bench, using: Any) -> list[str | None]:
    with using, SubscriptionClient(using, transport=JumpingTransport(bench)) as client:
        return [item.display_name for item in client.subscriptions.list()]


def interactive(bench: Bench) -> InteractiveBrowserCredential:
    return InteractiveBrowserCredential(
        tenant_id=bench.lab.subscription.tenant,
        disable_instance_discovery=True,
        transport=JumpingTransport(bench),
        timeout=30,
    )


def test_that_the_sdks_browser_credential_signs_in(bench: Bench, browser: Browser) -> None:
    assert listed(bench, interactive(bench)) == [bench.lab.subscription.name]
    for thread in browser.threads:
        thread.join(30)
    callers = {item.caller for item in bench.lab.requests if item.path == "/subscriptions"}
    assert callers == {"operator@lab.example"}


def test_that_the_sdks_browser_credential_reports_that_the_user_declined(
    bench: Bench, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "azure.identity")  # it warns, and raises the same words
    browser.answer = "cancel"
    with pytest.raises(ClientAuthenticationError, match="AADSTS65004"):
        listed(bench, interactive(bench))
    for thread in browser.threads:
        thread.join(30)


@pytest.mark.parametrize("tenant", ["organizations", ""])
def test_that_the_sdks_device_code_credential_signs_in(bench: Bench, tenant: str) -> None:
    def prompt(uri: str, code: str, _expires: object) -> None:
        assert uri == f"{LOGIN}/devicelogin"
        confirm(bench, code)

    using = DeviceCodeCredential(
        tenant_id=tenant or bench.lab.subscription.tenant,
        prompt_callback=prompt,
        disable_instance_discovery=True,
        transport=JumpingTransport(bench),
    )
    assert listed(bench, using) == [bench.lab.subscription.name]


def test_that_the_sdks_device_code_credential_reports_that_the_user_declined(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    def prompt(_uri: str, code: str, _expires: object) -> None:
        confirm(bench, code, "cancel")

    caplog.set_level(logging.CRITICAL, "azure.identity")
    using = DeviceCodeCredential(
        tenant_id=bench.lab.subscription.tenant,
        prompt_callback=prompt,
        disable_instance_discovery=True,
        transport=JumpingTransport(bench),
    )
    with pytest.raises(ClientAuthenticationError, match="AADSTS70017"):
        listed(bench, using)


def test_that_a_user_who_signed_in_goes_on_by_refresh_token(bench: Bench) -> None:
    body = redeem(bench, back(click(bench, ask(bench)))["code"]).json()
    form = {"grant_type": "refresh_token", "client_id": AZ, "refresh_token": body["refresh_token"], "scope": SCOPE}
    assert post(bench, tenant_url(bench, "token"), form).status == 200


def test_that_a_tenant_in_the_address_is_quoted_in_no_page(bench: Bench) -> None:
    bench.token = None
    page = bench.send("GET", f"{LOGIN}/{quote('<b x>')}/oauth2/v2.0/authorize?client_id={AZ}")
    assert page.status == 400
    assert "<b x>" not in page.body.decode()
