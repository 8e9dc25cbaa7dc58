"""Every exchange ends by its deadline and below its largest size, over real sockets; and a token stays in its place."""

from __future__ import annotations

import gzip
import io
import json
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from azure.core.rest import HttpRequest
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse

from tests.azure.test_arm import fails
from tests.front import Came, Exchange, Front, Treatment, answer, drips, says, stalls
from tests.rig import rig
from tgwizard.app.adapters import over_tls
from tgwizard.azure import rest
from tgwizard.azure.arm_ports import ArmPorts
from tgwizard.azure.bounded_http import LARGEST_ANSWER, BoundedAdapter, Timeouts, bounded_session
from tgwizard.azure.clients import AzureSession
from tgwizard.azure.credentials import HeldCredential, LabToken
from tgwizard.azure.error_translation import Operation
from tgwizard.engine.access.read_access import read_denials_of, read_locks_over, read_roles_of
from tgwizard.engine.azure_call_error import AzureCallError, Certainty
from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.fronts.certificates import prepare
from tgwizard.lab.fronts.in_process import lab_session
from tgwizard.lab.lab import Lab
from tgwizard.lab.latency import Latency
from tgwizard.model.cluster import ResourceId

BOUND_S, SLACK_S = 0.6, 30.0
"""The bound that is given, and how much later a busy machine may notice it; what is stopped would last far longer."""
PATIENCE_S = 60.0
"""For what must be there before the bound begins to count: a busy machine may take longer to shake hands."""
EVERY_S = 0.2
"""Far below the bound: a time-out of one operation of a socket never strikes."""


@dataclass
class Wired:
    """A front, what trusts it, and an adapter on it."""

    front: Front
    ca: Path
    azure: ArmPorts
    lab: Lab

    @property
    def http(self) -> requests.Session:
        session = bounded_session()
        session.trust_env, session.verify = False, str(self.ca)
        return session

    def ends(self, call: Callable[[], object]) -> BaseException:
        """What the call ends with; it must end by its bound."""
        begun = time.monotonic()
        with pytest.raises(Exception) as caught:  # noqa: PT011 - the caller judges it
            call()
        assert time.monotonic() - begun < BOUND_S + SLACK_S
        return caught.value

    def get(self) -> requests.Response:
        """An exchange by the bound, over a connection that stands already."""
        with self.http as http:
            treat, self.front.treat = self.front.treat, lambda _came: None
            http.get(self.front.url, timeout=PATIENCE_S)
            self.front.treat = treat
            return http.get(self.front.url, timeout=(BOUND_S, BOUND_S))


@pytest.fixture
def wired(tmp_path: Path) -> Iterator[Wired]:
    lab = Lab.from_scenario("ready", clock=VirtualClock(), latency=Latency.INSTANT)
    files = prepare(tmp_path / "tls", lab.lab_id)
    with Front(files.server, lab) as front:
        azure = over_tls(front.url, files.ca, lab.issue_token, lab.issue_graph_token)
        yield Wired(front, files.ca, azure, lab)
        azure.close()


def always(treatment: Treatment) -> Callable[[Came], Treatment]:
    return lambda _came: treatment


ENDLESS = b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 4000


@pytest.mark.parametrize(
    "treatment",
    [
        stalls(),
        lambda exchange: exchange.drip(ENDLESS, EVERY_S),
        lambda exchange: (exchange.send(answer(200, b"")[:-4] + b"\r\nX: y\r\n"), exchange.stall()),
        lambda exchange: (
            exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n"),
            exchange.drip(ENDLESS, EVERY_S),
        ),
        lambda exchange: (
            exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
            exchange.drip(b"1\r\nx\r\n" * 1000, EVERY_S),
        ),
        lambda exchange: exchange.drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 100, EVERY_S / 10),
    ],
    ids=["stall", "drip of the head", "half a head", "drip of the body", "drip of chunks", "endless 100"],
)
def test_that_an_answer_that_does_not_end_is_left_at_the_deadline(wired: Wired, treatment: Treatment) -> None:
    wired.front.treat = always(treatment)
    assert isinstance(wired.ends(wired.get), requests.ReadTimeout)


def test_that_a_handshake_that_never_ends_means_that_nothing_was_sent(wired: Wired) -> None:
    def greet(plain: socket.socket) -> bool:
        while plain.recv(65536) and not wired.front.stopping.wait(0.05):
            pass
        return False

    wired.front.greet = greet
    with wired.http as http:
        ended = wired.ends(lambda: http.get(wired.front.url, timeout=(BOUND_S, PATIENCE_S)))
    assert isinstance(ended, requests.ConnectTimeout)


def test_that_a_handshake_that_breaks_means_that_nothing_was_sent(wired: Wired) -> None:
    wired.front.greet = lambda plain: bool(plain.recv(1)) and False
    error = fails(lambda: wired.azure.network.read_nic(_nic(wired)))
    assert (error.problem.code, error.certainty) == ("azure-not-reached", Certainty.NOT_SENT)


def test_that_a_proxy_that_drips_its_answer_to_connect_is_left_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        done = threading.Event()

        def proxy() -> None:
            connection, _place = listener.accept()
            with connection:
                connection.recv(65536)
                for letter in b"HTTP/1.1 200 Connection established\r\nX-Long: " + b"x" * 4000:
                    try:
                        connection.sendall(bytes([letter]))
                    except OSError:
                        return
                    if done.wait(EVERY_S):
                        return

        thread = threading.Thread(target=proxy)
        thread.start()
        begun = time.monotonic()
        at = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with bounded_session() as http, pytest.raises(requests.ConnectionError):
            http.get("https://localhost:1/", timeout=(BOUND_S, 30), proxies={"https": at})
        assert time.monotonic() - begun < BOUND_S + SLACK_S
        done.set()
        thread.join()


def test_that_a_name_that_nobody_resolves_is_left_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments: ended.wait(60) and [])
    begun = time.monotonic()
    try:
        with bounded_session() as http, pytest.raises(requests.ConnectTimeout):
            http.get("https://arm.invalid/", timeout=(BOUND_S, 30))
        assert time.monotonic() - begun < BOUND_S + SLACK_S
    finally:
        ended.set()


def test_that_an_address_that_swallows_everything_leaves_time_for_the_next(
    wired: Wired, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = socket.create_server(("127.0.0.1", 0), backlog=0)
    waiting = [socket.socket() for _ in range(4)]
    for each in waiting:
        each.setblocking(False)
        each.connect_ex(full.getsockname())
    kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
    both = [(*kind, full.getsockname()), (*kind, ("127.0.0.1", wired.front.port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments: both)
    try:
        assert wired.http.get(wired.front.url, timeout=(6.0, PATIENCE_S)).status_code == 401
    finally:
        for each in (*waiting, full):
            each.close()


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
def test_that_an_answer_of_any_length_costs_no_more_memory_than_the_longest(wired: Wired, packed: bool) -> None:
    bomb = gzip.compress(b" " * (256 * 1024 * 1024), 9) if packed else b""

    def treat(exchange: Exchange) -> None:
        if packed:
            exchange.send(answer(200, bomb, Content_Encoding="gzip"))
            return
        exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 536870912\r\n\r\n")
        for _ in range(512):
            exchange.send(b" " * 1024 * 1024)

    wired.front.treat = always(treat)
    tracemalloc.start()
    try:
        failure = fails(lambda: wired.azure.network.read_nic(_nic(wired)))
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (failure.problem.code, failure.problem.why) == ("answer-not-understood", "It is longer than 32 MiB.")
    assert peak < 4 * LARGEST_ANSWER


def test_that_what_is_packed_is_read_whole_and_in_clear(wired: Wired) -> None:
    packed = gzip.compress(b'{"a": ') + gzip.compress(b"1}")
    wired.front.treat = always(says(answer(200, packed, Content_Encoding="gzip")))
    with wired.http as http:
        assert http.get(wired.front.url, timeout=PATIENCE_S).json() == {"a": 1}
    assert wired.front.came[-1].header("Accept-Encoding") == "gzip"


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(b"{}" * 999)[:-9]),
        ("gzip", gzip.compress(b"{}")[:5]),
        ("gzip", b"not packed at all"),
        ("br", b"\x8b\x03\x80{}\x03"),
        ("gzip, gzip", gzip.compress(gzip.compress(b"{}"))),
    ],
    ids=["cut", "cut early", "not packed", "not asked for", "packed twice"],
)
def test_that_a_badly_packed_answer_is_unreadable(wired: Wired, coding: str, body: bytes) -> None:
    wired.front.treat = always(says(answer(200, body, Content_Encoding=coding)))
    assert fails(lambda: wired.azure.network.read_nic(_nic(wired))).problem.code == "answer-not-understood"


def test_that_a_short_answer_is_a_lost_one(wired: Wired) -> None:
    cut = answer(200, "{}", Content_Length="900", Connection="close")

    def treat(exchange: Exchange) -> None:
        exchange.send(cut)
        raise ConnectionAbortedError

    wired.front.treat = always(treat)
    assert fails(lambda: wired.azure.network.read_nic(_nic(wired))).certainty is Certainty.UNKNOWN


def test_that_a_connection_is_used_again_after_an_answer_was_read(wired: Wired) -> None:
    greeted: list[socket.socket] = []

    def greet(plain: socket.socket) -> bool:
        greeted.append(plain)
        return True

    wired.front.greet = greet
    for _ in range(3):
        wired.azure.network.read_nic(_nic(wired))
    assert (len(wired.front.came), len(greeted)) == (3, 1)


def test_that_a_read_and_its_repetition_share_the_seconds_of_one(wired: Wired) -> None:
    def treat(exchange: Exchange) -> None:
        if len(wired.front.came) == 1:
            wired.front.stopping.wait(0.5)
            exchange.reset()
        exchange.stall()

    wired.front.treat = always(treat)
    short = Timeouts(read_s=5.0).read()
    begun = time.monotonic()
    failure = fails(lambda: rest.send(wired.azure.clients.arm(), Operation("read", "x"), _request("/x"), short))
    assert failure.problem.code == "answer-lost"
    assert len(wired.front.came) == 2
    assert time.monotonic() - begun < 5.0 + SLACK_S


@pytest.mark.full
@pytest.mark.parametrize("treatment", [stalls(), drips(1.0)], ids=["stall", "drip"])
def test_that_a_read_ends_after_ten_seconds_and_a_write_after_thirty(wired: Wired, treatment: Treatment) -> None:
    nic = wired.azure.network.read_nic(_nic(wired))
    wired.front.treat = always(treatment)

    def took(call: Callable[[], object]) -> tuple[AzureCallError, float]:
        begun = time.monotonic()
        return fails(call), time.monotonic() - begun

    failure, seconds = took(lambda: wired.azure.network.read_nic(_nic(wired)))
    assert failure.problem.code == "answer-lost"
    assert 9.5 < seconds < 10 + SLACK_S
    write = lambda: wired.azure.network.write_nic(_nic(wired), nic, if_match=nic.etag, request_id="r")  # noqa: E731
    failure, seconds = took(write)
    assert failure.certainty is Certainty.UNKNOWN
    assert 29.5 < seconds < 30 + SLACK_S


# -- where a token goes -----------------------------------------------------------------------------------------------


@pytest.fixture
def stranger(wired: Wired) -> Iterator[Front]:
    """Another place with a certificate that is trusted: the same name on another port."""
    with Front(wired.front.certificate) as found:
        yield found


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_that_a_redirect_is_no_answer_and_is_not_followed(wired: Wired, stranger: Front, status: int) -> None:
    wired.front.treat = always(says(answer(status, "", Location=f"{stranger.url}/more")))
    read = fails(lambda: wired.azure.network.read_nic(_nic(wired)))
    assert read.problem.code == "answer-not-from-azure"
    listed = fails(lambda: wired.azure.access.own_permissions(_nic(wired).text))
    assert listed.problem.code == "answer-not-from-azure"
    deleted = fails(lambda: rest.write(wired.azure.clients, DELETING, "DELETE", rest.ArmPath("/x", "1"), None, "r"))
    assert (deleted.problem.code, deleted.certainty) == ("answer-not-from-azure", Certainty.UNKNOWN)
    assert stranger.came == []


DELETING = Operation("delete", "x", writes=True)


def test_that_the_pages_of_every_list_are_read_in_the_place_itself(wired: Wired, stranger: Front) -> None:
    page = answer(200, {"value": [], "nextLink": f"{stranger.url}/more?$skiptoken=1"})
    wired.front.treat = always(says(page))
    nic, subscription = _nic(wired), wired.lab.subscription.id
    subnet = ResourceId(f"{nic.text.rsplit('/networkInterfaces/', 1)[0]}/virtualNetworks/v/subnets/s")
    lists: list[Callable[[], object]] = [
        lambda: wired.azure.network.nics_listing("10.20.2.50", subnet),
        lambda: wired.azure.access.own_permissions(nic.text),
        lambda: wired.azure.access.own_permissions(f"/subscriptions/{subscription}"),
        lambda: read_roles_of(wired.azure.access, "oid", subscription),
        lambda: read_denials_of(wired.azure.access, "oid", subscription),
        lambda: read_locks_over(wired.azure.access, (nic,)),
    ]
    for each in lists:
        failure = fails(each)
        assert (failure.problem.code, failure.certainty) == ("azure-elsewhere", Certainty.NOT_SENT)
    assert stranger.came == []


def test_that_a_list_that_leads_to_itself_is_broken_off(wired: Wired) -> None:
    def treat(exchange: Exchange) -> None:
        exchange.send(answer(200, {"value": [], "nextLink": f"{wired.front.url}/more"}))

    wired.front.treat = always(treat)
    assert fails(lambda: wired.azure.access.own_permissions(_nic(wired).text)).problem.code == "answer-not-understood"
    assert len(wired.front.came) == 2


def test_that_a_list_that_never_ends_is_broken_off() -> None:
    class Endless(BaseAdapter):
        asked = 0

        def send(self, request: requests.PreparedRequest, **_options: object) -> requests.Response:  # type: ignore[override]
            self.asked += 1
            page = {"value": [], "nextLink": f"https://management.azure.com/more?page={self.asked}"}
            found = HTTPResponse(io.BytesIO(json.dumps(page).encode()), status=200, preload_content=False)
            return HTTPAdapter().build_response(request, found)

        def close(self) -> None:
            """Nothing is open."""

    endless, http = Endless(), requests.Session()
    http.mount("https://", endless)
    made = rig(session=lambda _lab: http)
    assert (
        fails(lambda: made.services.azure.access.own_permissions(made.a.nic.text)).problem.why
        == "The list does not end."
    )
    assert endless.asked == rest.MOST_PAGES


def test_that_what_names_another_place_in_the_middle_of_the_pipeline_gets_no_token(
    wired: Wired, stranger: Front
) -> None:
    for url in (f"{stranger.url}/operations/1", f"https://localhost:{wired.front.port}@127.0.0.1:{stranger.port}/"):
        assert fails(lambda url=url: wired.azure.read_operation(url)).certainty is Certainty.NOT_SENT  # type: ignore[misc]
        where = fails(lambda url=url: rest.send(wired.azure.clients.arm(), DELETING, _request(url), Timeouts().read()))  # type: ignore[misc]
        assert where.problem.code == "azure-elsewhere"
    assert stranger.came == []


def test_that_what_signs_in_keeps_the_same_bounds(wired: Wired) -> None:
    for session in (
        wired.azure.clients.session,
        AzureSession(HeldCredential(LabToken(str)), http=lab_session(wired.lab)),
    ):
        http = session.connection().http
        assert isinstance(http.get_adapter("https://x"), BoundedAdapter)
        assert isinstance(http.get_adapter("http://x"), BoundedAdapter)


def _nic(wired: Wired) -> ResourceId:
    group = f"/subscriptions/{wired.lab.subscription.id}/resourceGroups/rg-tg-prod"
    return ResourceId(f"{group}/providers/Microsoft.Network/networkInterfaces/tg-node-a-inside")


def _request(url: str) -> HttpRequest:
    return HttpRequest("GET", url)
