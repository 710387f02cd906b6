"""A private CA and the broker's certificate, made by the openssl program."""

import ipaddress
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

DAYS = "3650"  # nobody renews a doorbell's certificates; remove server.crt, and `doorbell secure` makes another
CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc")


class CertificateError(RuntimeError):
    """No certificate could be made; the text says why and what to do."""


def make_ca(key: Path, certificate: Path) -> None:
    """A CA whose key signs nothing but the broker's certificate.

    Raises:
        CertificateError: openssl is missing, or refuses.
    """
    _openssl(
        *("req", "-x509", *CURVE, "-days", DAYS, "-subj", "/CN=doorbell private CA"),
        *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
        *("-keyout", str(key), "-out", str(certificate)),
    )


def make_server(ca: tuple[Path, Path], key: Path, certificate: Path, hosts: Sequence[str]) -> None:
    """A certificate for a broker that is reached by these names and addresses.

    Raises:
        CertificateError: openssl is missing, or refuses.
    """
    ca_key, ca_certificate = ca
    names = ",".join(f"{'IP' if _is_address(host) else 'DNS'}:{host}" for host in hosts)
    _openssl(
        *("req", "-x509", *CURVE, "-days", DAYS, "-subj", "/CN=doorbell broker"),
        *("-CA", str(ca_certificate), "-CAkey", str(ca_key)),
        *("-addext", f"subjectAltName={names}", "-addext", "basicConstraints=critical,CA:FALSE"),
        *(
            "-addext",
            "keyUsage=critical,digitalSignature",
            "-addext",
            "extendedKeyUsage=serverAuth",
        ),
        *("-keyout", str(key), "-out", str(certificate)),
    )


def serves(certificate: Path, hosts: Sequence[str]) -> bool:
    """Whether the certificate is there and holds for each of these names."""
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
    """Run it with a umask under which a key is its owner's alone."""
    before = os.umask(0o077)
    try:
        done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=True)
    except FileNotFoundError:
        raise CertificateError(
            "openssl is missing. sudo apt install openssl, or leave out --host"
        ) from None
    except subprocess.CalledProcessError as error:
        raise CertificateError(
            f"openssl {arguments[0]}: {error.stderr.strip().splitlines()[-1:]}"
        ) from None
    finally:
        os.umask(before)
    return done.stdout
