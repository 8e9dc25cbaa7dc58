"""A process that cannot read `lab.json` gets no operator's token from the lab, whatever it asks on loopback."""

from __future__ import annotations

import html
import json
import re
import ssl
from collections.abc import Iterator
from http.client import HTTPSConnection
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit, urlunsplit

import pytest

from tests.lab.bench import Bench
from tests.lab.entra.test_sign_in_pages import (
    AZ,
    BACK,
    CHALLENGE,
    LOGIN,
    SCOPE,
    answered,
    ask,
    back,
    begin_device,
    fields_of,
    poll,
    post,
    redeem,
    refusal,
    tenant_url,
)
from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.latency import Latency
from tgwizard.lab.storage.lab_folder import HostedLab, find_running, open_lab
from tgwizard.lab.wire import Response

ASKS = "Sign-in code of this lab"


def query(**changes: str) -> dict[str, str]:
    asked = {
        "client_id": AZ,
        "response_type": "code",
        "redirect_uri": BACK,
        "scope": SCOPE,
        "state": "s-1",
        "nonce": "n-1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return {key: value for key, value in {**asked, **changes}.items() if value}


def vouched(bench: Bench, **changes: str) -> str:
    return bench.lab.sign_in_url(f"{tenant_url(bench, 'authorize')}?{urlencode(query(**changes))}")


def opened(bench: Bench, url: str) -> str:
    bench.token = None
    answer = bench.send("GET", url)
    assert answer.status == 200
    return answer.body.decode()


def changed(url: str, **changes: str) -> str:
    parts = urlsplit(url)
    items = {**dict(parse_qsl(parts.query)), **changes}
    return urlunsplit(parts._replace(query=urlencode({key: value for key, value in items.items() if value})))


def answer_to(bench: Bench, page: str, **more: str) -> Response:
    (place,) = re.findall(r'action="([^"]*)"', page)
    return post(bench, f"{LOGIN}{html.unescape(place)}", {**fields_of(page), "answer": "sign-in", **more})


@pytest.mark.parametrize("typed", [None, "", "AAAA-BBBB-CCCC-DDDD", "-", "\u00e9\u00e9\u00e9\u00e9", "K" * 5000])
def test_that_who_does_not_know_the_code_is_asked_again_and_gets_nothing(bench: Bench, typed: str | None) -> None:
    page = ask(bench).body.decode()
    assert ASKS in page
    answer = answer_to(bench, page, **({} if typed is None else {"lab_code": typed}))
    assert answer.status == 200
    assert "That is not the sign-in code of this lab." in answer.body.decode()
    assert answer.header("Location") is None
    assert "code" not in fields_of(answer.body.decode())
    flow = begin_device(bench)
    page = post(bench, f"{LOGIN}/devicelogin", {"otc": flow["user_code"]}).body.decode()
    again = answer_to(bench, page, **({} if typed is None else {"lab_code": typed}))
    assert "That is not the sign-in code of this lab." in again.body.decode()
    assert refusal(poll(bench, flow["device_code"]))[1] == "authorization_pending"


def test_that_the_code_is_taken_as_it_is_typed(bench: Bench) -> None:
    code = bench.lab.sign_in_code
    assert re.fullmatch(r"(?:[A-HJ-NP-Z2-9]{4}-){3}[A-HJ-NP-Z2-9]{4}", code)
    for typed in (code, code.lower(), code.replace("-", ""), f" {code.replace('-', ' ')} "):
        page = ask(bench).body.decode()
        result = back(answer_to(bench, page, lab_code=typed))
        assert redeem(bench, result["code"]).status == 200


def test_that_a_wrong_code_can_be_mended_on_the_page_that_says_so(bench: Bench) -> None:
    again = answer_to(bench, ask(bench).body.decode(), lab_code="wrong").body.decode()
    assert redeem(bench, back(answer_to(bench, again, lab_code=bench.lab.sign_in_code))["code"]).status == 200


def test_that_a_page_that_our_program_opened_asks_for_no_code(bench: Bench) -> None:
    page = opened(bench, vouched(bench))
    assert ASKS not in page
    assert redeem(bench, back(answer_to(bench, page))["code"]).status == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "http://localhost:6666"},
        {"code_challenge": "x" * 43},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": "", "code_challenge": ""},
        {"state": "s-2"},
        {"nonce": "n-2"},
        {"login_hint": "operator@lab.example"},
        {"response_mode": "form_post"},
        {"scope": "https://graph.microsoft.com/.default"},
        {"lab_proof": "A" * 22},
        {"lab_proof": ""},
        {"otc": "ABC"},
    ],
)
def test_that_the_proof_of_one_sign_in_is_good_for_no_other(bench: Bench, changes: dict[str, str]) -> None:
    assert ASKS in opened(bench, changed(vouched(bench), **changes))


def test_that_a_proof_needs_a_verifier_that_only_its_program_has(bench: Bench) -> None:
    for changes in ({"code_challenge": "", "code_challenge_method": ""}, {"code_challenge_method": "plain"}):
        assert ASKS in opened(bench, vouched(bench, **changes)), "or whoever sees the address could redeem the code"
    page = opened(bench, vouched(bench))
    stolen = back(answer_to(bench, page))["code"]
    assert redeem(bench, stolen, code_verifier="a" * 43).status == 400


def test_that_the_page_for_a_device_code_is_filled_in_for_our_program(bench: Bench) -> None:
    flow = begin_device(bench)
    url = bench.lab.sign_in_url(flow["verification_uri"], flow["user_code"])
    page = opened(bench, url)
    assert f'value="{flow["user_code"]}"' in page
    confirm = post(bench, f"{LOGIN}/devicelogin", {**fields_of(page), "otc": flow["user_code"]}).body.decode()
    assert ASKS not in confirm
    assert "Signed in" in answer_to(bench, confirm).body.decode()
    assert poll(bench, flow["device_code"]).status == 200


def test_that_the_proof_of_one_device_code_is_good_for_no_other(bench: Bench) -> None:
    ours, theirs = begin_device(bench), begin_device(bench)
    page = opened(bench, bench.lab.sign_in_url(ours["verification_uri"], ours["user_code"]))
    confirm = post(bench, f"{LOGIN}/devicelogin", {**fields_of(page), "otc": theirs["user_code"]})
    assert ASKS in confirm.body.decode()
    other = changed(bench.lab.sign_in_url(ours["verification_uri"], ours["user_code"]), otc=theirs["user_code"])
    assert theirs["user_code"] not in opened(bench, other)


def test_that_a_ticket_that_asked_for_the_code_is_no_way_round_it(bench: Bench) -> None:
    vouched_page = fields_of(opened(bench, vouched(bench)))
    asking = ask(bench)
    mixed = {**answered(bench, asking, "sign-in"), "lab_code": "", "lab_proof": "A" * 22}
    assert post(bench, tenant_url(bench, "authorize"), mixed).status == 200
    assert set(vouched_page) == {"ticket"}


def test_that_every_sign_in_page_and_log_keeps_the_code_to_itself(bench: Bench) -> None:
    code = bench.lab.sign_in_code
    shown = [ask(bench).body.decode(), opened(bench, vouched(bench)), opened(bench, f"{LOGIN}/devicelogin")]
    answer_to(bench, ask(bench).body.decode(), lab_code=code)
    logged = repr(bench.lab.requests)
    assert not any(code in text or code.replace("-", "") in text for text in [*shown, logged, bench.lab.dump()])
    assert bench.lab.control_token not in bench.lab.dump() + logged


@pytest.fixture
def hosted(tmp_path: Path) -> Iterator[HostedLab]:
    lab = open_lab(tmp_path / "lab", latency=Latency.INSTANT, clock=VirtualClock())
    assert isinstance(lab, HostedLab)
    with lab:
        yield lab


class Stranger:
    """A process of another user: it has the port, and reads nothing of the lab's folder."""

    def __init__(self, port: int) -> None:
        # It does not know the lab's CA either; an attacker does not mind.
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._connection = HTTPSConnection("localhost", port, context=context, timeout=60)
        self.met: list[tuple[int, str]] = []

    def ask(self, method: str, path: str, form: dict[str, str] | None = None, **headers: str) -> str:
        body = None if form is None else urlencode(form)
        sent = {**({"Content-Type": "application/x-www-form-urlencoded"} if form is not None else {}), **headers}
        self._connection.request(method, path, body, sent)
        answer = self._connection.getresponse()
        text = answer.read().decode() + repr(answer.getheaders())
        self.met.append((answer.status, text))
        return text

    def close(self) -> None:
        self._connection.close()


def test_that_a_process_of_another_user_gets_no_token_and_no_control(hosted: HostedLab) -> None:
    stranger, lab = Stranger(hosted.port), hosted.lab
    tenant = lab.subscription.tenant
    for place in ("organizations", "common", tenant, "lab.example"):
        for mode in ("query", "form_post"):
            for user in ("", "operator@lab.example"):
                wanted = query(response_mode=mode, login_hint=user, code_challenge="", code_challenge_method="")
                page = stranger.ask("GET", f"/{place}/oauth2/v2.0/authorize?{urlencode(wanted)}")
                path = html.unescape(re.findall(r'action="([^"]*)"', page)[0])
                stranger.ask("POST", path, {**fields_of(page), "answer": "sign-in"})
        given = stranger.ask("POST", f"/{place}/oauth2/v2.0/devicecode", {"client_id": AZ, "scope": SCOPE})
        flow = json.loads(given.partition("[(")[0])
        page = stranger.ask("POST", "/devicelogin", {"otc": flow["user_code"]})
        stranger.ask(
            "POST", "/devicelogin", {**fields_of(page), "answer": "sign-in", "lab_code": "GUES-SEDX-CODE-2222"}
        )
        grants: list[dict[str, str]] = [
            {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": flow["device_code"]},
            {"grant_type": "password", "username": "operator@lab.example", "password": ""},
            {"grant_type": "client_credentials", "client_secret": ""},
            {"grant_type": "refresh_token", "refresh_token": f"1.{lab.directory.accounts[0].oid}.0."},
            {"grant_type": "authorization_code", "code": "1.x", "redirect_uri": BACK},
        ]
        for grant in grants:
            for client in (AZ, lab.directory.automation.app_id):
                stranger.ask("POST", f"/{place}/oauth2/v2.0/token", {"client_id": client, "scope": SCOPE, **grant})
    stranger.ask("GET", "/identity/rg-tg-prod/tg-node-a/msi/token?resource=https://management.azure.com")
    open_to_all = "/metadata/endpoints?api-version=2022-09-01"
    for path in ("/lab", "/lab/clients", "/lab/vms", "/lab/requests", "/lab.json", open_to_all):
        stranger.ask("GET", path)
        stranger.ask("GET", path, Authorization="Bearer x.y.z")
    stranger.close()
    everything = "".join(text for _, text in stranger.met)
    secrets = (
        lab.sign_in_code,
        lab.control_token,
        lab.directory.client_secret(lab.directory.automation),
        "access_token",
        "refresh_token=",
        f"{BACK}?code=",
        'name="code"',
        "client_info=",
    )
    assert [secret for secret in secrets if secret in everything] == []
    assert len(stranger.met) > 70


def test_that_who_can_read_lab_json_has_all_it_takes(hosted: HostedLab) -> None:
    content = json.loads((hosted.directory / "lab.json").read_text(encoding="utf-8"))
    assert (hosted.directory / "lab.json").stat().st_mode & 0o777 == 0o600
    assert content["sign_in_code"] == hosted.lab.sign_in_code
    assert content["control_token"] == hosted.lab.control_token != content["token"]
    attached = find_running(hosted.directory)
    url = attached.sign_in_url(f"{hosted.arm_url}/common/oauth2/v2.0/authorize?{urlencode(query())}")
    assert url == hosted.sign_in_url(f"{hosted.arm_url}/common/oauth2/v2.0/authorize?{urlencode(query())}")
    assert parse_qs(urlsplit(url).query)["lab_proof"] != [""]


def test_that_nobody_else_can_read_what_the_folder_holds(hosted: HostedLab) -> None:
    assert hosted.directory.stat().st_mode & 0o077 == 0
    secret = [path for path in hosted.directory.rglob("*") if path.is_file() and path.suffix in {".json", ".changes"}]
    secret += [path for path in (hosted.directory / "tls").iterdir() if b"PRIVATE" in path.read_bytes()]
    assert len(secret) >= 3
    assert [path for path in secret if path.stat().st_mode & 0o077] == []


def test_that_the_publication_of_an_earlier_version_is_still_read(hosted: HostedLab) -> None:
    file = hosted.directory / "lab.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    attached = find_running(hosted.directory)
    file.write_text(json.dumps({key: content[key] for key in content if key not in {"control_token", "sign_in_code"}}))
    assert attached.control_token() == content["token"], "which opened the controls then"
    assert attached.sign_in_url("https://localhost:1/devicelogin", "ABC") == "https://localhost:1/devicelogin"
