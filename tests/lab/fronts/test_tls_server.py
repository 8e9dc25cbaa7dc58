"""The TLS front: loopback only, its own CA, keep-alive, and no thread left behind."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPException, HTTPSConnection, IncompleteRead
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from azure.mgmt.network import NetworkManagementClient
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.lab.bench import FLOATING, Bench, OperatorCredential
from tgwizard.lab.faults.fault_rules import Fault, Moment, Reset, SlowBody, Timeout, TruncatedBody
from tgwizard.lab.fronts import certificates
from tgwizard.lab.fronts.tls_server import LARGEST_BODY, LabServer
from tgwizard.lab.latency import Latency
from tgwizard.model.problem import UserError

A = "tg-node-a-inside"


@dataclass
class Served:
    bench: Bench
    server: LabServer
    ca: Path
    certificate: Path

    def connect(self, timeout: float = 60) -> HTTPSConnection:
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
    connection = HTTPSConnection("localhost", served.server.port, context=ssl.create_default_context(), timeout=60)
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


class Stranger:
    """A server with a certificate that the lab's CA has signed for another name, and a client that trusts the CA."""

    def __init__(self, served: Served, names: list[x509.GeneralName], folder: Path) -> None:
        folder_of_ca = served.ca.parent
        authority = x509.load_pem_x509_certificate(served.ca.read_bytes())
        key = serialization.load_pem_private_key((folder_of_ca / "ca-key.pem").read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        own = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "management.azure.com")]))
            .issuer_name(authority.subject)
            .public_key(own.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(key, hashes.SHA256())
        )
        file = folder / "stranger.pem"
        file.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + own.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        self._server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._server.load_cert_chain(file)
        self._client = ssl.create_default_context(cafile=str(served.ca))

    def shake_hands(self, name: str) -> None:
        """Let the client look at the certificate. Raises SSLCertVerificationError if it does not believe it."""
        to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = self._client.wrap_bio(to_client, to_server, server_hostname=name)
        server = self._server.wrap_bio(to_server, to_client, server_side=True)
        for _ in range(4):
            for side in (client, server):
                with contextlib.suppress(ssl.SSLWantReadError):
                    side.do_handshake()


@pytest.mark.parametrize("name", ["management.azure.com", "localhost.evil.example", "10.0.0.1", "evil.localhost.com"])
def test_that_nobody_believes_the_ca_about_any_other_name(served: Served, tmp_path: Path, name: str) -> None:
    address = name.replace(".", "").isdecimal()
    named: x509.GeneralName = x509.IPAddress(IPv4Address(name)) if address else x509.DNSName(name)
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        Stranger(served, [named], tmp_path).shake_hands(name)
    both = [x509.DNSName("localhost"), named]
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        Stranger(served, both, tmp_path).shake_hands("localhost")
    Stranger(served, [x509.DNSName("localhost")], tmp_path).shake_hands("localhost")


def other_addresses() -> list[str]:
    """The addresses of this computer by which others reach it, and loopback ones that the lab has not."""
    found = {"127.0.0.2"}
    with contextlib.suppress(OSError):
        found |= {str(item[4][0]) for item in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.connect(("192.0.2.1", 9))  # nothing is sent; the system only says which address it would use
        found.add(probe.getsockname()[0])
    return sorted(found - {"127.0.0.1"})


def test_that_it_cannot_be_reached_from_another_address(served: Served) -> None:
    addresses = other_addresses()
    assert addresses
    for address in addresses:
        with pytest.raises(OSError, match=r"refused|unreachable|timed out|not available"):
            socket.create_connection((address, served.server.port), timeout=5).close()
    with socket.create_connection(("127.0.0.1", served.server.port), timeout=5):
        pass  # the port is right


FILES = [
    "/world.json",
    "/lab.json",
    "/tls/ca-key.pem",
    "/tls/server.pem",
    "/../tls/ca-key.pem",
    "/..%2f..%2f..%2fetc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "//etc/passwd",
    "/etc/passwd",
    "/lab/../world.json",
    "/lab/%2e%2e%2fworld.json",
    "/devicelogin/../../etc/passwd",
    "/file:///etc/passwd",
    "/favicon.ico",
    "/index.html",
    "/",
]


@pytest.mark.parametrize("path", FILES)
def test_that_it_serves_no_file(served: Served, path: str) -> None:
    connection = served.connect()
    for headers in ({}, served.headers):
        connection.request("GET", f"{path}?api-version=2025-05-01", headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status in ({401, 403} if path.startswith("/lab/") else {401, 404})
        assert answer.getheader("Content-Type") == "application/json; charset=utf-8"
        assert b"PRIVATE KEY" not in body
        assert b"signing_key" not in body
        assert b"root:" not in body
    connection.close()


def test_that_a_browser_is_not_told_to_use_tls_for_every_port_of_localhost(served: Served) -> None:
    connection = served.connect()
    connection.request("GET", "/devicelogin")
    answer = connection.getresponse()
    page = answer.read().decode()
    connection.close()
    assert answer.status == 200
    assert "<form" in page
    assert answer.getheader("Strict-Transport-Security") is None
    assert answer.getheader("Content-Security-Policy")


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
    connection = served.connect()
    connection.request("GET", f"{served.bench.nic_id(A)}?api-version=2025-05-01", headers=served.headers)
    connection.sock.settimeout(0.2)
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
