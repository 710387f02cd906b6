"""A private CA and the broker's certificate, made by the openssl program.

Every Debian has it as a package, and `install.sh` installs it. The library `cryptography` would be
one more compiled dependency for everyone, for something that is done once.
"""

import ipaddress
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

DAYS = "3650"  # ten years; without server.crt, `doorbell secure` makes a new certificate
CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc")


class CertificateError(RuntimeError):
    """No certificate was made; the text says why and what to do."""


def make_ca(key: Path, certificate: Path) -> None:
    """Make a CA, whose key signs the broker's certificate only.

    Raises:
        CertificateError: openssl is missing, or refuses.
    """
    _openssl(
        *("req", "-x509", *CURVE, "-days", DAYS, "-subj", "/CN=doorbell private CA"),
        *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
        *("-keyout", str(key), "-out", str(certificate)),
    )


def make_server(ca: tuple[Path, Path], key: Path, certificate: Path, hosts: Sequence[str]) -> None:
    """Make a certificate for a broker with these names and addresses.

    Raises:
        CertificateError: openssl is missing, or refuses.
    """
    ca_key, ca_certificate = ca
    names = ",".join(f"{'IP' if _is_address(host) else 'DNS'}:{host}" for host in hosts)
    _openssl(
        *("req", "-x509", *CURVE, "-days", DAYS, "-subj", "/CN=doorbell broker"),
        *("-CA", str(ca_certificate), "-CAkey", str(ca_key)),
        *("-addext", f"subjectAltName={names}", "-addext", "basicConstraints=critical,CA:FALSE"),
        *("-addext", "keyUsage=critical,digitalSignature"),
        *("-addext", "extendedKeyUsage=serverAuth"),
        *("-keyout", str(key), "-out", str(certificate)),
    )


def serves(certificate: Path, hosts: Sequence[str]) -> bool:
    """Whether the certificate exists and is valid for each of these names."""
    if not certificate.is_file():
        return False
    return all(_serves(certificate, host) for host in hosts)


def _serves(certificate: Path, host: str) -> bool:
    """Whether it is valid for this name; if not, openssl 3.5 fails, and older ones print it."""
    asked = "-checkip" if _is_address(host) else "-checkhost"
    done = _run("x509", "-noout", asked, host, "-in", str(certificate))
    if done.returncode and "NOT match" not in done.stdout:
        raise CertificateError(f"{certificate}: openssl x509: {done.stderr.strip()}")
    return "NOT match" not in done.stdout


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _openssl(*arguments: str) -> None:
    """Run it with a umask that gives keys to their owner only."""
    before = os.umask(0o077)
    try:
        done = _run(*arguments)
    finally:
        os.umask(before)
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
        raise CertificateError(f"openssl {arguments[0]}: {said[-1]}")


def _run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        words = "openssl is missing. sudo apt install openssl, or leave out --host"
        raise CertificateError(words) from None
