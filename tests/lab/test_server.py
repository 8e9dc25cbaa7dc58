"""The TLS front: loopback only, its own CA, keep-alive, and no thread left behind."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException, HTTPSConnection, IncompleteRead
from pathlib import Path

import pytest
from azure.mgmt.network import NetworkManagementClient
from cryptography import x509

from tests.lab.bench import FLOATING, Bench, OperatorCredential
from tgwizard.lab import certificates
from tgwizard.lab.faults import Fault, Moment, Reset, SlowBody, Timeout, TruncatedBody
from tgwizard.lab.latency import Latency
from tgwizard.lab.server import LARGEST_BODY, LabServer
from tgwizard.model.problem import UserError

A = "tg-node-a-inside"


@dataclass
class Served:
    bench: Bench
    server: LabServer
    ca: Path
    certificate: Path

    def connect(self, timeout: float = 20) -> HTTPSConnection:
        context = ssl.create_default_context(cafile=str(self.ca))
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return HTTPSConnection("localhost", self.server.port, context=context, timeout=timeout)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.bench.token}"}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    bench = Bench(latency=Latency.INSTANT)
    files = certificates.prepare(tmp_path / "tls", bench.lab.lab_id)
    server = LabServer(bench.lab, files.server)
    server.start()
    yield Served(bench, server, files.ca, files.server)
    server.stop()


@pytest.mark.parametrize("host", ["0.0.0.0", "", "localhost", "::1", "192.168.0.1", "127.0.0.2"])  # noqa: S104
def test_that_any_other_bind_address_is_refused(served: Served, host: str) -> None:
    with pytest.raises(ValueError, match=r"binds 127\.0\.0\.1 only"):
        LabServer(served.bench.lab, served.certificate, host=host)


def test_that_a_taken_port_is_named(served: Served) -> None:
    with pytest.raises(UserError) as caught:
        LabServer(served.bench.lab, served.certificate, port=served.server.port)
    assert caught.value.problem.code == "lab-port-taken"
    assert str(served.server.port) in caught.value.problem.what


@pytest.mark.parametrize("port", [70000, -1])
def test_that_an_impossible_port_is_named(served: Served, port: int) -> None:
    with pytest.raises(UserError) as caught:
        LabServer(served.bench.lab, served.certificate, port=port)
    assert caught.value.problem.code == "lab-port-taken"


def test_that_the_real_sdk_moves_the_address_over_tls(served: Served) -> None:
    with NetworkManagementClient(
        OperatorCredential(served.bench.lab),
        served.bench.lab.subscription.id,
        base_url=served.server.url,
        connection_verify=str(served.ca),
    ) as network:
        nic = network.network_interfaces.get("rg-tg-prod", A)
        nic.ip_configurations = [item for item in nic.ip_configurations or [] if item.private_ip_address != FLOATING]
        done = network.network_interfaces.begin_create_or_update("rg-tg-prod", A, nic).result()
    assert done.provisioning_state == "Succeeded"
    assert served.bench.lab.holder(FLOATING) is None


def test_that_one_connection_serves_many_requests(served: Served) -> None:
    connection = served.connect()
    statuses = []
    for path in (served.bench.nic_id(A), served.bench.nic_id("absent"), "/subscriptions"):
        connection.request("GET", f"{path}?api-version=2025-05-01", headers=served.headers)
        answer = connection.getresponse()
        assert answer.version == 11
        assert answer.read()
        statuses.append(answer.status)
    here = connection.sock.getsockname()
    connection.close()
    assert statuses == [200, 404, 200]
    assert here[0] == "127.0.0.1"


def test_that_poll_urls_are_on_the_address_that_was_asked(served: Served) -> None:
    connection = served.connect()
    body = json.dumps(served.bench.without_floating(A))
    connection.request("PUT", f"{served.bench.nic_id(A)}?api-version=2025-05-01", body, served.headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert (answer.getheader("Azure-AsyncOperation") or "").startswith(f"{served.server.url}/subscriptions/")


def test_that_a_client_without_the_ca_does_not_trust_the_lab(served: Served) -> None:
    connection = HTTPSConnection("localhost", served.server.port, context=ssl.create_default_context(), timeout=20)
    with pytest.raises(ssl.SSLCertVerificationError):
        connection.request("GET", "/")
    connection.close()


def test_that_the_ca_is_good_for_loopback_only(served: Served) -> None:
    ca = x509.load_pem_x509_certificate(served.ca.read_bytes())
    constraints = ca.extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    assert [str(item.value) for item in constraints.value.permitted_subtrees or []] == ["localhost", "127.0.0.0/8"]
    assert served.certificate.stat().st_mode & 0o077 == 0
    assert served.ca.with_name("ca-key.pem").stat().st_mode & 0o077 == 0


def test_that_the_ca_is_kept_and_a_damaged_one_is_not_replaced(tmp_path: Path) -> None:
    first = certificates.prepare(tmp_path, "x").ca.read_bytes()
    assert certificates.prepare(tmp_path, "x").ca.read_bytes() == first
    key = tmp_path / "ca-key.pem"
    key.write_text("damaged")
    with pytest.raises(ValueError, match="cannot be read"):
        certificates.prepare(tmp_path, "x")
    assert key.read_text() == "damaged"


@pytest.mark.parametrize("moment", [Moment.BEFORE_COMMIT, Moment.AFTER_COMMIT])
def test_that_a_reset_breaks_the_connection(served: Served, moment: Moment) -> None:
    served.bench.lab.faults.add(Fault("GET", A, Reset(moment)))
    connection = served.connect()
    connection.request("GET", f"{served.bench.nic_id(A)}?api-version=2025-05-01", headers=served.headers)
    with pytest.raises((OSError, HTTPException)):
        connection.getresponse()
    connection.close()


def test_that_a_timeout_is_silence(served: Served) -> None:
    served.bench.lab.faults.add(Fault("GET", A, Timeout(Moment.AFTER_COMMIT)))
    connection = served.connect(timeout=0.2)
    connection.request("GET", f"{served.bench.nic_id(A)}?api-version=2025-05-01", headers=served.headers)
    with pytest.raises(TimeoutError):
        connection.getresponse()
    connection.close()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Length": "ten"}, 400),
        ({"Content-Length": "-5"}, 400),
        ({"Content-Length": str(LARGEST_BODY + 1)}, 413),
        ({"Transfer-Encoding": "chunked"}, 411),
    ],
)
def test_that_an_unreadable_request_is_refused(served: Served, headers: dict[str, str], status: int) -> None:
    connection = served.connect()
    connection.putrequest("PUT", "/subscriptions")
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == status


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "[", "localhost:x", "127.0.0.2"])
def test_that_a_foreign_host_name_is_refused(served: Served, host: str) -> None:
    connection = served.connect()
    connection.putrequest("GET", "/subscriptions?api-version=2022-12-01", skip_host=True)
    for name, value in {"Host": host, **served.headers}.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == 400


def test_that_stop_ends_open_and_half_open_connections_and_all_threads(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    bench = Bench()
    files = certificates.prepare(tmp_path, bench.lab.lab_id)
    server = LabServer(bench.lab, files.server)
    server.start()
    served = Served(bench, server, files.ca, files.server)
    idle = served.connect()
    idle.request("GET", "/subscriptions?api-version=2022-12-01", headers=served.headers)
    idle.getresponse().read()
    with socket.create_connection(("127.0.0.1", server.port)) as mute:
        server.stop()
        assert set(threading.enumerate()) <= before
        with contextlib.suppress(ConnectionResetError):  # when it was not even accepted yet
            assert mute.recv(1) == b""
    idle.close()
    server.stop()


def test_that_a_truncated_body_ends_the_connection_before_its_announced_length(served: Served) -> None:
    served.bench.lab.faults.add(Fault("GET", A, TruncatedBody(50)))
    with contextlib.closing(served.connect()) as connection:
        connection.request("GET", f"{served.bench.nic_id(A)}?api-version=2025-05-01", headers=served.headers)
        answer = connection.getresponse()
        with pytest.raises(IncompleteRead) as caught:
            answer.read()
        assert len(caught.value.partial) == 50


def test_that_a_slow_body_arrives_whole(served: Served) -> None:
    served.bench.lab.faults.add(Fault("GET", A, SlowBody(0.05)))
    with contextlib.closing(served.connect()) as connection:
        connection.request("GET", f"{served.bench.nic_id(A)}?api-version=2025-05-01", headers=served.headers)
        assert json.loads(connection.getresponse().read())["name"] == A


def test_that_a_stopping_lab_does_not_wait_for_a_slow_body(served: Served) -> None:
    served.bench.lab.faults.add(Fault("GET", A, SlowBody(3600)))
    with contextlib.closing(served.connect()) as connection:
        connection.request("GET", f"{served.bench.nic_id(A)}?api-version=2025-05-01", headers=served.headers)
        answer = connection.getresponse()
        served.server.stop()
        with pytest.raises((HTTPException, OSError)):
            answer.read()
    assert not [item for item in threading.enumerate() if item.name == "lab-connection"]
