"""What answers in Azure's place, and settings that keep requests on this computer: told as what they are."""

from __future__ import annotations

import io
import socket
from collections.abc import Callable, Iterator

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse

from tests.azure.people import EntraSays, application, ignore, public_lab, wish
from tests.azure.test_arm import fails
from tests.azure.test_secrets import debug_log  # noqa: F401 - a fixture
from tests.rig import Rig, rig
from tgwizard.azure.arm_ports import ArmPorts
from tgwizard.azure.clients import AzureSession
from tgwizard.azure.credentials import HeldCredential, LabToken
from tgwizard.azure.intercepted_answers import (
    InterceptedAnswer,
    explain_intercepted,
    proxy_in_use,
    refuse_intercepted,
    title_of,
)
from tgwizard.azure.redaction import PROXIES
from tgwizard.engine.azure_call_error import AzureCallError, Certainty
from tgwizard.engine.cancel import CancelToken
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer
from tgwizard.lab.lab import Lab
from tgwizard.model.sign_in import SignInMethod

HTML = (("Content-Type", "text/html; charset=utf-8"),)
JSON = (("Content-Type", "application/json"),)
PAGE = (
    "<!DOCTYPE html>\n<html><head><title>Web\u202e Gateway &amp; Co</title></head><body><h1>Blocked</h1></body></html>"
)


def write(it: Rig) -> AzureCallError:
    read = it.services.azure.network.read_nic(it.a.nic)
    return fails(lambda: it.services.azure.network.write_nic(it.a.nic, read, if_match=read.etag, request_id="r"))


def told_everywhere(effect: FaultAnswer) -> Iterator[AzureCallError]:
    """A write, and a read of one thing and of a list, as they are told when this answers them."""
    it = rig()
    it.lab.faults.add(Fault("PUT", "tg-node-a-inside", effect))
    yield write(it)
    calls: tuple[Callable[[], object], ...] = (
        lambda: it.services.azure.network.read_nic(it.a.nic),
        lambda: it.services.azure.compute.vm(it.a.vm),
        lambda: it.services.azure.network.nics_listing(it.address, it.setup.subnet),
        it.services.azure.directory.subscriptions,
    )
    for call in calls:
        it.lab.faults.clear()
        it.lab.faults.add(Fault("GET", "", effect, times=None))
        yield fails(call)


@pytest.mark.parametrize("status", [200, 201, 400, 401, 403, 404, 407, 429, 500, 503, 511])
@pytest.mark.parametrize("headers", [HTML, JSON, ()], ids=["html", "json", "none"])
def test_that_a_page_is_no_answer_of_azure(status: int, headers: tuple[tuple[str, str], ...]) -> None:
    first, *reads = told_everywhere(FaultAnswer(status, PAGE, headers))
    assert first.certainty is Certainty.UNKNOWN
    assert first.problem.what == "Whether Azure took the request to change tg-node-a-inside is not known."
    for failure in (first, *reads):
        assert failure.problem.code == "answer-not-from-azure"
        assert "did not come from Azure" in failure.problem.why
        assert '"Web Gateway & Co"' in failure.problem.why
        assert "rights" not in failure.problem.sentence()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_that_a_redirection_is_no_answer_of_azure_and_its_host_is_named(status: int) -> None:
    where = "https://portal.hotel.example/login?token=SECRETSECRET"
    for failure in told_everywhere(FaultAnswer(status, "", (*HTML, ("Location", where)))):
        assert failure.problem.code == "answer-not-from-azure"
        assert "portal.hotel.example" in failure.problem.why
        assert "SECRET" not in str(failure.problem)


def test_that_plain_words_in_azures_place_are_told_too() -> None:
    (failure, *_) = told_everywhere(FaultAnswer(503, "upstream connect error", (("Content-Type", "text/plain"),)))
    assert '"upstream connect error"' in failure.problem.why


def test_that_what_azure_itself_answers_stays_azures() -> None:
    for status, headers, body in (
        (200, {}, b""),
        (204, {}, b""),
        (404, {}, b""),
        (304, {}, b""),
        (200, {"content-type": "application/json"}, b"\xef\xbb\xbf{}"),
        (500, {}, b'{"error"'),
        (502, {"X-Azure-Ref": "x"}, b"<html><h2>Our services aren't available right now</h2></html>"),
        (200, {"Content-Type": "application/json"}, b"nonsense"),
    ):
        refuse_intercepted(status, headers, lambda body=body: body)  # type: ignore[misc]
    with pytest.raises(InterceptedAnswer):
        refuse_intercepted(200, {}, lambda: b"nonsense")


@pytest.mark.parametrize(
    ("page", "title"),
    [
        ("<TITLE\n>a\nb</TITLE >", "a b"),
        ("<title></title><h2 class=x>Access <b>denied</b></h2>", "Access denied"),
        ("<script>var x = '<title>no</title>'</script><p>Sign in</p>", "Sign in"),
        ("Forbidden\r\n\x1b[31m", "Forbidden [31m"),
        ("<title>http://u:hunter22@p/ eyJhbGciOiJub25lIn0.eyJ4IjoxfQ.c2ln</title>", "http://REDACTED@p/ REDACTED"),
        ("", ""),
        ("<title>" + "x" * 500, "x" * 120),
    ],
)
def test_that_the_title_of_a_page_is_plain_and_short(page: str, title: str) -> None:
    shown = title_of(page.encode())
    assert shown == title or (len(shown) == 120 and shown[:50] == title[:50])


class Portal(EntraSays):
    """Something between here and Entra that answers every request for a sign-in."""

    status = 200

    def __init__(self, lab: Lab) -> None:
        super().__init__(lab, "", "")

    def send(self, request: requests.PreparedRequest, *_arguments: object, **_options: object) -> requests.Response:
        headers = HTTPHeaderDict({"Content-Type": "text/html"})
        raw = HTTPResponse(body=io.BytesIO(PAGE.encode()), headers=headers, status=self.status, preload_content=False)
        return HTTPAdapter().build_response(request, raw)


@pytest.mark.parametrize("status", [200, 403, 407])
@pytest.mark.parametrize("method", [SignInMethod.DEVICE_CODE, SignInMethod.BROWSER, SignInMethod.ENVIRONMENT])
def test_that_a_page_in_the_place_of_entra_is_told_as_one(method: SignInMethod, status: int) -> None:
    environment = {"HOME": "/nowhere"}
    it, sign_in = public_lab(adapter=type("At", (Portal,), {"status": status}), environment=environment)
    environment.update(application(it))
    failure = fails(lambda: sign_in.sign_in(wish(method), ignore, CancelToken()))
    assert failure.problem.code == "answer-not-from-azure"
    assert '"Web Gateway & Co"' in failure.problem.why
    assert environment["AZURE_CLIENT_SECRET"] not in str(failure.problem)


# --- settings ---


def real(it: Rig) -> ArmPorts:
    """A connection that goes by the settings of this computer, to a host that does not exist."""
    held = HeldCredential(LabToken(it.lab.issue_token))
    return ArmPorts(AzureSession(held, base_url="https://arm.invalid"))


def nothing_sent(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> AzureCallError:
    for variable in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.lower(), raising=False)
    monkeypatch.setenv(name, value)
    it = rig()
    azure, read = real(it), it.services.azure.network.read_nic(it.a.nic)
    try:
        failure = fails(lambda: azure.network.write_nic(it.a.nic, read, if_match=read.etag, request_id="r"))
    finally:
        azure.close()
    assert failure.certainty is Certainty.NOT_SENT
    assert failure.problem.what == "The request to change tg-node-a-inside was not sent."
    assert name in failure.problem.sentence()
    return failure


@pytest.mark.parametrize("name", ["ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy"])
@pytest.mark.parametrize("scheme", ["socks", "socks4", "socks5", "socks5h"])
def test_that_a_socks_proxy_is_named_with_its_cure(monkeypatch: pytest.MonkeyPatch, name: str, scheme: str) -> None:
    failure = nothing_sent(monkeypatch, name, f"{scheme}://127.0.0.1:1080")
    assert failure.problem.code == "proxy-not-usable"
    assert "SOCKS" in failure.problem.why
    assert "HTTPS_PROXY" in failure.problem.fix


@pytest.mark.parametrize("sign", ["#", "/", "?", "[", "%", " ", "@", ":"])
def test_that_no_piece_of_a_proxys_password_is_told_or_logged(
    monkeypatch: pytest.MonkeyPatch,
    debug_log: io.StringIO,  # noqa: F811
    sign: str,
) -> None:
    password = f"Sup{sign}erSecret9"
    failure = nothing_sent(monkeypatch, "HTTPS_PROXY", f"http://alice.smith:{password}@127.0.0.1:9")
    told = f"{failure} {failure.problem} {debug_log.getvalue()}"
    for piece in ("Sup" + sign, "erSecret", "alice.smith"):
        assert piece not in told
    if sign in "#/?[":
        assert "%23" in failure.problem.fix


@pytest.mark.parametrize(
    "address", ["http://", "ftp://127.0.0.1:21", "http://127.0.0.1:99999", "http://[::1", "http://a b:c/d"]
)
def test_that_a_proxy_that_is_no_address_is_named(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    failure = nothing_sent(monkeypatch, "HTTPS_PROXY", address)
    assert "HTTPS_PROXY" in failure.problem.sentence()


def test_that_a_proxy_that_is_not_reached_is_named_without_its_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # and nobody else gets it, nor listens there
        port = free.getsockname()[1]
        failure = nothing_sent(monkeypatch, "HTTPS_PROXY", f"http://alice:hunter22@127.0.0.1:{port}")
    assert failure.problem.code == "proxy-not-reached"
    assert f"127.0.0.1:{port} (HTTPS_PROXY)" in failure.problem.why
    assert "hunter" not in f"{failure} {failure.problem} {proxy_in_use()!r}"


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_that_a_ca_file_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    failure = nothing_sent(monkeypatch, name, "/nowhere/company-ca.pem")
    assert failure.problem.code == "ca-file-missing"
    assert "/nowhere/company-ca.pem" in failure.problem.why


def test_that_a_lab_is_asked_whatever_the_settings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks://127.0.0.1:1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
    it = rig()
    assert it.services.azure.network.read_nic(it.a.nic).lists(it.address)
    assert public_lab() is not None


def test_that_a_proxy_is_named_only_where_one_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in PROXIES:
        monkeypatch.delenv(variable, raising=False)
    answer = InterceptedAnswer(403, "blocked")
    assert "stands in" not in explain_intercepted("read tg-node-a", answer, writes=False).fix
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    assert explain_intercepted("read tg-node-a", answer, writes=False).fix.endswith("the proxy stands in HTTPS_PROXY.")
