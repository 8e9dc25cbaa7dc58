"""Clients that send what no client sends, or nothing at all: each ends by itself, and the others are served."""

from __future__ import annotations

import contextlib
import random
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.programs import wait_for
from tests.lab.bench import HOST, Bench
from tests.lab.fronts.test_tls_server import Served
from tgwizard.lab.fronts import certificates
from tgwizard.lab.fronts.tls_server import LabServer, ServerLimits
from tgwizard.lab.latency import Latency

A = "tg-node-a-inside"
DIGITS = "9" * 5000
AZ = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
TAGS, RIGHTS = "providers/Microsoft.Resources/tags/default", "providers/Microsoft.Authorization"
GUID = "5e3af657-a8ff-443c-a75c-2fe8c4bcb635"
SHORT = ServerLimits(connections=8, handshake_s=1.5, request_s=1.5, idle_s=1.8)
PATIENCE_S = 60
TRIES = 5
"""On a busy machine the short limits may strike those who do nothing wrong."""


def serving(folder: Path, limits: ServerLimits) -> Iterator[Served]:
    bench = Bench(latency=Latency.INSTANT)
    files = certificates.prepare(folder / "tls", bench.lab.lab_id)
    server = LabServer(bench.lab, files.server, limits=limits)
    server.start()
    yield Served(bench, server, files.ca, files.server)
    server.stop()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A lab with the limits it has for users."""
    yield from serving(tmp_path, ServerLimits())


@pytest.fixture
def short(tmp_path: Path) -> Iterator[Served]:
    """A lab that waits for nobody for long."""
    yield from serving(tmp_path, SHORT)


def connected(served: Served) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=str(served.ca))
    plain = socket.create_connection(("127.0.0.1", served.server.port), timeout=PATIENCE_S)
    return context.wrap_socket(plain, server_hostname="localhost")


def said(served: Served, request: bytes) -> bytes:
    """Send these bytes and return all that comes back until the lab closes."""
    found = b""
    with connected(served) as connection, contextlib.suppress(OSError):
        connection.sendall(request)
        while piece := connection.recv(65536):
            found += piece
            if found.endswith(b"}") or b"\r\n\r\n" not in found:
                continue
    return found


def still_serves(served: Served) -> bool:
    """Whether a client that asks as it should is answered; one that a short limit has struck asks again."""
    for _ in range(TRIES):
        with contextlib.suppress(OSError, HTTPException), contextlib.closing(served.connect()) as connection:
            connection.request("GET", f"{served.bench.nic_id(A)}?api-version=2025-05-01", headers=served.headers)
            return connection.getresponse().status == 200
    return False


def head(served: Served, line: str, *lines: str) -> bytes:
    end = ("Host: localhost", f"Authorization: Bearer {served.bench.token}", *lines, "Connection: close", "", "")
    return "\r\n".join((line, *end)).encode("utf-8", "surrogateescape")


HEADS: dict[str, tuple[str, tuple[str, ...], tuple[int, ...]]] = {
    "length of 5,000 digits": ("PUT /a HTTP/1.1", (f"Content-Length: {DIGITS}",), (413,)),
    "length of 5,000 zeros": ("PUT /a HTTP/1.1", (f"Content-Length: {'0' * 5000}",), (413,)),
    "negative length": ("PUT /a HTTP/1.1", ("Content-Length: -1",), (400,)),
    "length with a sign": ("PUT /a HTTP/1.1", ("Content-Length: +1",), (400,)),
    "length in other digits": ("PUT /a HTTP/1.1", ("Content-Length: \u0661",), (400,)),
    "two lengths": ("PUT /a HTTP/1.1", ("Content-Length: 1", "Content-Length: 2"), (400,)),
    "too long": ("PUT /a HTTP/1.1", (f"Content-Length: {5 * 1024 * 1024}",), (413,)),
    "chunked": ("PUT /a HTTP/1.1", ("Transfer-Encoding: chunked",), (411,)),
    "limit of 5,000 digits": (f"GET /lab/requests?limit={DIGITS} HTTP/1.1", (), (400, 403)),
    "$top of 5,000 digits": (f"GET /tenants?api-version=2022-12-01&$top={DIGITS} HTTP/1.1", (), (400,)),
    "$skiptoken of 5,000 digits": (f"GET /tenants?api-version=2022-12-01&$skiptoken={DIGITS} HTTP/1.1", (), (400,)),
    "$top in other digits": ("GET /tenants?api-version=2022-12-01&$top=%D9%A1 HTTP/1.1", (), (400,)),
    "api-version of 5,000 digits": (f"GET /tenants?api-version={DIGITS} HTTP/1.1", (), (400,)),
    "port of 5,000 digits": ("GET / HTTP/1.1", (f"Host: localhost:{DIGITS}",), (400,)),
    "redirect to a port of 5,000 digits": (
        f"GET /common/oauth2/v2.0/authorize?client_id={AZ}&redirect_uri=http%3A%2F%2Flocalhost%3A{DIGITS} HTTP/1.1",
        (),
        (400,),
    ),
    "200 headers": ("GET / HTTP/1.1", tuple(f"X-{number}: 1" for number in range(200)), (431,)),
    "a header of 70,000 letters": ("GET / HTTP/1.1", (f"X: {'x' * 70_000}",), (431,)),
    "a line of 70,000 letters": (f"GET /{'x' * 70_000} HTTP/1.1", (), (414,)),
    "escapes of NUL and line breaks": ("GET /%00%0d%0aX:%20y?api-version=2022-12-01 HTTP/1.1", (), (404,)),
    "escapes that are none": ("GET /%zz%u0041%?api-version=2022-12-01&%=%zz HTTP/1.1", (), (404,)),
    "escapes of no text": ("GET /%ff%fe?api-version=2022-12-01 HTTP/1.1", (), (404,)),
    "5,000 folders": (f"GET {'/a' * 5000}?api-version=2022-12-01 HTTP/1.1", (), (404,)),
    "a path with brackets": ("GET //[::1/[ HTTP/1.1", (), (400, 404)),
    "another protocol": ("GET / HTTP/9.9", (), (505,)),
    "no protocol": ("GET /", (), (200, 400, 404)),
    "another method": ("BREW / HTTP/1.1", (), (501,)),
    "no request": ("\u0000\u0001", (), (400, 414, 501)),
    "a method in 70,000 letters": (f"{'G' * 70_000} / HTTP/1.1", (), (414,)),
    "token of 5,000 dots": ("GET /tenants?api-version=2022-12-01 HTTP/1.1", (f"X: {'.' * 5000}",), (200,)),
}


@pytest.mark.parametrize("case", HEADS)
def test_that_a_hostile_head_is_answered_and_its_connection_closed(served: Served, case: str) -> None:
    line, lines, statuses = HEADS[case]
    request = head(served, line, *lines)
    if any(item.startswith("Host") for item in lines):
        request = request.replace(b"Host: localhost\r\n", b"")
    answer = said(served, request)
    first = answer.split(b"\r\n")[0].decode()
    if case != "no protocol":
        assert first.startswith("HTTP/1.1 ")
        assert int(first.split()[1]) in statuses, first
    assert b"Traceback" not in answer
    assert still_serves(served)


BODIES: dict[str, bytes] = {
    "100,000 brackets": b"[" * 100_000,
    "100,000 braces": b'{"a":' * 100_000,
    "65 levels": b'{"tags":' + b'{"a":' * 64 + b"1" + b"}" * 65,
    "800 levels": b'{"properties":' + b'{"a":' * 800 + b"1" + b"}" * 801,
    "5,000 digits": b'{"location":' + DIGITS.encode() + b"}",
    "no number": b'{"location":NaN}',
    "too great a number": b'{"location":1e999}',
    "half a character": b'{"location":"\\ud800"}',
    "half a character as a name": b'{"identity":{"type":"UserAssigned","userAssignedIdentities":{"\\udfff":{}}}}',
    "NUL": b'{"location":"\x00"}',
    "no text": b"\xff\xfe\x00",
    "nothing": b"",
    "a list": b"[]",
    "a number": b"1",
    "null": b"null",
}
PLACES = [
    ("PUT", "{a}"),
    ("PATCH", "{a}"),
    ("PATCH", "{vm}"),
    ("PUT", "{group}"),
    ("PATCH", "{group}"),
    ("PUT", "{vnet}/subnets/new"),
    ("PUT", f"{{a}}/{TAGS}"),
    ("PATCH", f"{{sub}}/{TAGS}"),
    ("PUT", f"{{sub}}/{RIGHTS}/roleDefinitions/{GUID}"),
    ("PUT", f"{{a}}/{RIGHTS}/roleAssignments/{GUID}"),
    ("PUT", f"{{group}}/{RIGHTS}/locks/x"),
    ("PUT", "{group}/providers/Microsoft.Network/networkSecurityGroups/nsg-tg-inside/securityRules/x"),
    ("POST", "{vnet}/moveIpConfigurations"),
    ("PATCH", "/lab"),
    ("POST", "/lab/scenario"),
    ("POST", "/lab/faults"),
    ("POST", "/lab/vms/stop"),
    ("POST", "/lab/dataplane/port"),
    ("POST", "/lab/clients/certificate"),
    ("POST", "/common/oauth2/v2.0/token"),
    ("POST", "/common/oauth2/v2.0/devicecode"),
    ("POST", "/common/oauth2/v2.0/authorize"),
    ("POST", "/devicelogin"),
    ("POST", "/v1.0/directoryObjects/getByIds"),
]


def filled(bench: Bench, path: str) -> str:
    return path.format(
        a=bench.nic_id(A),
        vm=bench.vm_id("tg-node-a"),
        group=bench.group,
        vnet=bench.vnet_id,
        sub=bench.subscription,
    )


@pytest.mark.parametrize("case", BODIES)
def test_that_no_body_breaks_the_lab_or_what_it_saves(bench: Bench, case: str) -> None:
    for method, path in PLACES:
        answer = bench.call(method, filled(bench, path), BODIES[case])
        assert answer.status < 500, (method, path, answer.body)
        assert answer.status >= 400 or case == "nothing" or path == "/devicelogin", (method, path, answer.status)
        assert type(bench.lab).load(bench.lab.dump(), bench.clock).dump() == bench.lab.dump(), (method, path)


def nested(random_: random.Random, depth: int = 0) -> Any:
    """A value that no field expects."""
    choices: list[Callable[[], Any]] = [
        lambda: None,
        lambda: random_.choice([True, False]),
        lambda: random_.choice([0, -1, 10**18, 10**400, 0.5, -1e300]),
        lambda: random_.choice(["", "x" * 5000, "\x00", "\u202e", "'", "/", "../..", "10.20.2.50", "Static", "\ufffd"]),
    ]
    if depth < 4:
        choices += [
            lambda: [nested(random_, depth + 1) for _ in range(random_.randrange(4))],
            lambda: {random_.choice(["id", "name", "", "properties", "x"]): nested(random_, depth + 1)},
        ]
    return random_.choice(choices)()


def spoiled(random_: random.Random, value: Any) -> Any:
    """The same document with one thing in it replaced, doubled or taken away."""
    if random_.random() < 0.25 or not isinstance(value, dict | list) or not value:
        return nested(random_)
    if isinstance(value, list):
        place = random_.randrange(len(value))
        return [spoiled(random_, item) if index == place else item for index, item in enumerate(value)]
    wanted = random_.choice(list(value))
    if random_.random() < 0.1:
        return {key: item for key, item in value.items() if key != wanted}
    return {key: spoiled(random_, item) if key == wanted else item for key, item in value.items()}


def documents(bench: Bench) -> list[tuple[str, str, Any]]:
    """What real clients send, one for each call that writes."""
    nic, subnet = bench.nic(A), bench.get(f"{bench.vnet_id}/subnets")["value"][0]
    role = {
        "properties": {
            "roleName": "Made",
            "type": "CustomRole",
            "description": "",
            "assignableScopes": [bench.group],
            "permissions": [{"actions": ["*/read"], "notActions": []}],
        }
    }
    assignment = {
        "properties": {
            "roleDefinitionId": f"{bench.subscription}/providers/Microsoft.Authorization/roleDefinitions/"
            "acdd72a7-3385-48ef-bd42-f606fba81ae7",
            "principalId": bench.lab.principals[0].oid,
            "principalType": "ServicePrincipal",
        }
    }
    rule = bench.get(f"{bench.group}/providers/Microsoft.Network/networkSecurityGroups/nsg-tg-inside")
    rules = rule["properties"]["securityRules"]
    move = {"ipConfigurations": [{"id": nic["properties"]["ipConfigurations"][-1]["id"]}]}
    sent: list[tuple[str, str, Any]] = [
        ("PUT", "{a}", nic),
        ("PATCH", "{a}", {"tags": {"a": "b"}}),
        ("PATCH", "{vm}", {"identity": {"type": "SystemAssigned"}, "tags": {"a": "b"}}),
        ("PUT", "{group}", {"location": "southcentralus", "tags": {"a": "b"}}),
        ("PUT", "{vnet}/subnets/" + subnet["name"], subnet),
        (
            "PATCH",
            "{a}/providers/Microsoft.Resources/tags/default",
            {"operation": "Merge", "properties": {"tags": {"a": "b"}}},
        ),
        ("PUT", "{sub}/providers/Microsoft.Authorization/roleDefinitions/5e3af657-a8ff-443c-a75c-2fe8c4bcb635", role),
        (
            "PUT",
            "{a}/providers/Microsoft.Authorization/roleAssignments/5e3af657-a8ff-443c-a75c-2fe8c4bcb635",
            assignment,
        ),
        (
            "PUT",
            "{group}/providers/Microsoft.Authorization/locks/x",
            {"properties": {"level": "CanNotDelete", "notes": ""}},
        ),
        ("POST", "{vnet}/moveIpConfigurations", move),
        ("PATCH", "/lab", {"latency": "fast", "page_size": 3, "propagation": "fast", "flicker": False, "move": {}}),
        ("POST", "/lab/scenario", {"name": "fleet", "clusters": 2}),
        (
            "POST",
            "/lab/faults",
            {"match": {"method": "PUT", "nth": 2}, "effect": {"kind": "answer", "answer": "gateway-timeout"}},
        ),
        ("POST", "/lab/vms/stop", {"vm": "tg-node-a"}),
    ]
    if rules:
        sent.append(("PUT", rules[0]["id"], rules[0]))
    return sent


@pytest.mark.parametrize("seed", range(40))
def test_that_a_spoiled_document_is_answered_and_leaves_a_world_that_can_be_saved(seed: int) -> None:
    random_ = random.Random(seed)  # noqa: S311 - reproducible by its number
    bench = Bench(latency=Latency.INSTANT)
    for method, path, document in documents(bench):
        for _ in range(3):
            answer = bench.call(method, filled(bench, path), spoiled(random_, document))
            assert answer.status < 500 or answer.status == 501, (method, path, answer.body)
        bench.clock.advance(700)
        bench.lab.faults.clear()
        for read in (f"{HOST}{bench.subscription}/resources?api-version=2022-12-01", f"{HOST}/lab"):
            assert bench.send("GET", read).status in {200, 404}
        assert type(bench.lab).load(bench.lab.dump(), bench.clock).dump() == bench.lab.dump(), (method, path)


# --- those that say nothing ---


def closed(connection: socket.socket) -> bool:
    """Wait until the lab ends a connection."""
    connection.settimeout(PATIENCE_S)
    try:
        while connection.recv(4096):
            pass
    except (ConnectionError, ssl.SSLError):
        return True
    return True


def test_that_who_connects_and_says_nothing_is_hung_up_on(short: Served) -> None:
    with socket.create_connection(("127.0.0.1", short.server.port), timeout=PATIENCE_S) as plain:
        assert closed(plain)


def test_that_a_handshake_that_drips_ends(short: Served) -> None:
    with socket.create_connection(("127.0.0.1", short.server.port), timeout=PATIENCE_S) as plain:
        hello = b"\x16\x03\x01\x02\x00" + b"\x01" * 500
        with contextlib.suppress(ConnectionError):
            for byte in hello:
                plain.sendall(bytes([byte]))
                if threading.Event().wait(0.05):
                    break
        assert closed(plain)


def test_that_an_idle_connection_ends(short: Served) -> None:
    with connected(short) as connection:
        connection.sendall(
            head(short, "GET /tenants?api-version=2022-12-01 HTTP/1.1").replace(b"Connection: close\r\n", b"")
        )
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        assert closed(connection)


@pytest.mark.parametrize("part", ["line", "head", "body"])
def test_that_a_request_that_never_ends_is_not_waited_for(short: Served, part: str) -> None:
    texts = {
        "line": b"GET /ten",
        "head": b"GET /tenants HTTP/1.1\r\nHost: localhost\r\nX: ",
        "body": b"PUT /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n",
    }
    with connected(short) as connection:
        connection.sendall(texts[part])
        with contextlib.suppress(OSError):
            for _ in range(200):
                connection.sendall(b"x")
                threading.Event().wait(0.05)
        assert closed(connection)
    assert still_serves(short)


def test_that_the_number_of_connections_is_bounded_and_new_clients_are_served(short: Served) -> None:
    with contextlib.ExitStack() as stack:
        silent = [
            stack.enter_context(socket.create_connection(("127.0.0.1", short.server.port), timeout=PATIENCE_S))
            for _ in range(SHORT.connections * 5)
        ]
        assert still_serves(short), "the one that has waited longest makes room"

        def held() -> int:
            return sum(thread.name == "lab-connection" for thread in threading.enumerate())

        # Who had to make room is told so first, and its thread ends after that.
        wait_for(lambda: held() <= SHORT.connections, f"no more than {SHORT.connections} connections are held")
        assert all(closed(connection) for connection in silent[: SHORT.connections])


def test_that_a_form_of_endless_fields_is_refused(served: Served) -> None:
    for body in (b"&".join(b"a%d=1" % number for number in range(2000)), b"scope=" + b"x" * 100_000):
        length = f"Content-Length: {len(body)}"
        for path in ("token", "devicecode"):
            answer = said(served, head(served, f"POST /common/oauth2/v2.0/{path} HTTP/1.1", length) + body)
            assert answer.startswith(b"HTTP/1.1 413")


def test_that_the_log_of_requests_keeps_little_of_a_long_one(bench: Bench) -> None:
    bench.call("GET", "/" + "x" * 60_000, headers={"x-ms-client-request-id": "y" * 60_000})
    (record,) = bench.lab.requests
    assert len(record.path) <= 2_000
    assert len(record.client_request_id) <= 200
