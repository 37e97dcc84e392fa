"""TLS under Kusto's real host names, on loopback: a CA of our own, and names that lead here."""

import datetime as dt
import ipaddress
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NAMES = (
    "*.kusto.windows.net",
    "*.westeurope.kusto.windows.net",
    "*.corp.example",
    "login.microsoftonline.com",
)


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS context, and the file of the certificate to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kusto on loopback")])
    now = dt.datetime.now(dt.UTC)
    names: list[x509.GeneralName] = [x509.DNSName(n) for n in NAMES]
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName(
                [*names, x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            ),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path, key_path = folder / "certificate.pem", folder / "key.pem"
    path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, key_path)
    return context, path


def lead_here(monkeypatch: pytest.MonkeyPatch, port: int) -> list[str]:
    """Have every name resolve to our port on loopback; returns the names that were looked up."""
    looked_up: list[str] = []

    def resolved(host: str, wanted: Any, *args: Any, **kwargs: Any) -> list[Any]:
        del args, kwargs
        looked_up.append(host)
        there = port if wanted == 443 else wanted
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", there))]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    return looked_up
