"""A private CA and the broker's certificate, made by the openssl program."""

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
    for host in hosts:
        asked = "-checkip" if _is_address(host) else "-checkhost"
        if "NOT match" in _openssl("x509", "-noout", asked, host, "-in", str(certificate)):
            return False
    return True


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _openssl(*arguments: str) -> str:
    """Run it with a umask that gives keys to their owner only."""
    before = os.umask(0o077)
    try:
        done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=True)
    except FileNotFoundError:
        hint = "sudo apt install openssl, or leave out --host"
        raise CertificateError(f"openssl is missing. {hint}") from None
    except subprocess.CalledProcessError as error:
        last = error.stderr.strip().rpartition("\n")[2]
        raise CertificateError(f"openssl {arguments[0]}: {last}") from None
    finally:
        os.umask(before)
    return done.stdout
