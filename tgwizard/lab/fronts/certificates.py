"""The lab's certificates: its own authority, small and good for nothing but loopback, and that of its application.

Its name constraints limit it to `localhost` and 127.0.0.0/8, so that a leaked one is harmless. The extensions are
those that strict verification asks for (lab/README.md 3.4).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_CA_LIFETIME = timedelta(days=3650)
_LEAF_LIFETIME = timedelta(days=90)
"""The server's certificate is made anew whenever a lab starts to serve."""


@dataclass(frozen=True, slots=True)
class Certificates:
    """Where the files are: the CA that clients trust, and the server's certificate with its key (0600)."""

    ca: Path
    server: Path


def prepare(directory: Path, lab_id: str) -> Certificates:
    """Return the certificates of a folder, making what is missing. Raises ValueError if the kept CA is damaged."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    ca_path, key_path, server_path = directory / "ca.pem", directory / "ca-key.pem", directory / "server.pem"
    if ca_path.exists() or key_path.exists():
        ca, key = _read(ca_path, key_path)
    else:
        ca, key = _make_ca(lab_id)
        _write(key_path, _key_pem(key))
        _write(ca_path, ca.public_bytes(serialization.Encoding.PEM))
    leaf, leaf_key = _make_leaf(ca, key)
    _write(server_path, leaf.public_bytes(serialization.Encoding.PEM) + _key_pem(leaf_key))
    return Certificates(ca_path, server_path)


def client_certificate(path: Path) -> str:
    """Return the public part, in PEM, of the certificate by which an application signs in; its file is made if need be.

    The file holds the key as well and only its owner can read it, as azure-identity wants it. One that cannot be read
    or ends within a day is made anew. Raises OSError.
    """
    try:
        kept = path.read_bytes()
        certificate = x509.load_pem_x509_certificate(kept)
        serialization.load_pem_private_key(kept, password=None)
    except (FileNotFoundError, ValueError, TypeError):
        certificate = None
    if certificate is None or certificate.not_valid_after_utc < datetime.now(UTC) + timedelta(days=1):
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tgwizard-automation")])
        certificate = _start(name, name, key.public_key(), _LEAF_LIFETIME).sign(key, hashes.SHA256())
        _write(path, _key_pem(key) + certificate.public_bytes(serialization.Encoding.PEM))
    return certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")


def _read(ca_path: Path, key_path: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    try:
        ca = x509.load_pem_x509_certificate(ca_path.read_bytes())
        key = serialization.load_pem_private_key(key_path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise ValueError(f"the lab's certificate authority cannot be read: {error}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or ca.public_key() != key.public_key():
        raise ValueError("the lab's certificate authority and its key do not belong together")
    return ca, key


def _make_ca(lab_id: str) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"tgwizard lab {lab_id}")])
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = (
        _start(name, name, key.public_key(), _CA_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(identifier, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .add_extension(
            x509.NameConstraints(
                permitted_subtrees=[x509.DNSName("localhost"), x509.IPAddress(IPv4Network("127.0.0.0/8"))],
                excluded_subtrees=None,
            ),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )
    return certificate, key


def _make_leaf(
    ca: x509.Certificate, ca_key: ec.EllipticCurvePrivateKey
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    issuer = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    certificate = (
        _start(name, ca.subject, key.public_key(), _LEAF_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer), critical=False)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))]),
            critical=False,
        )
        .sign(ca_key, hashes.SHA256())
    )
    return certificate, key


def _start(
    subject: x509.Name,
    issuer: x509.Name,
    public: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
    lifetime: timedelta,
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + lifetime)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _key_pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
