"""Certificates for servers on loopback. Only for tests; each is made anew and trusted by nobody."""

from __future__ import annotations

import ssl
import subprocess
from hashlib import sha256
from pathlib import Path


def self_signed(folder: Path) -> Path:
    """One file with a fresh key and a certificate for localhost and 127.0.0.1 that signs itself."""
    both = folder / "server.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=localhost"
    command += " -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout - -out -"
    made = subprocess.run(command.split(), capture_output=True, check=True)
    both.write_bytes(made.stdout)
    return both


def fingerprint(certificate: Path) -> str:
    """The SHA-256 of the certificate in a file."""
    text = certificate.read_text()
    start, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    pem = start + text.partition(start)[2].partition(end)[0] + end
    return sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
