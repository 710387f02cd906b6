"""TLS to the broker: whom we trust, who we are, and what the broker has against us."""

import ssl
from collections.abc import Callable
from pathlib import Path

from config import Broker
from hub.mqtt.connection.connect_errors import RefusedError

Note = Callable[[ssl.SSLError], None]


def context(broker: Broker, note: Note = lambda _: None) -> ssl.SSLContext:
    """TLS 1.2 or later; the certificate must be from the CA and for the host's name.

    Args:
        broker: Names the files.
        note: Called with the alert by which the broker ends a connection. With TLS 1.3 it judges
            our certificate after the handshake, when paho would take the alert for a lost line.

    Raises:
        RefusedError: a file cannot be used.
    """

    class Socket(_TidySocket):
        def recv(self, *arguments: int) -> bytes:
            try:
                return super().recv(*arguments)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                raise
            except ssl.SSLError as error:
                note(error)
                raise

    try:
        made = ssl.create_default_context(cafile=broker.ca_file)
    except OSError as error:  # an SSLError when it is no certificate
        raise _unusable("ca_file", broker.ca_file, error) from None
    if broker.cert_file:
        _show(broker.cert_file, broker.key_file, made)
    made.sslsocket_class = Socket
    return made


def _show(certificate: Path, key: Path | None, made: ssl.SSLContext) -> None:
    """Have this certificate shown to a broker that wants one."""

    def no_person() -> str:
        raise RefusedError(
            f"key_file: {key or certificate} is encrypted, and no person is there to decrypt it."
            " Write it without a password: openssl pkey -in OLD -out NEW"
        )

    try:
        made.load_cert_chain(certificate, key, no_person)
    except RefusedError:
        raise
    except OSError as error:
        names = "cert_file"
        if key:
            names = "cert_file, key_file"
        raise _unusable(names, certificate, error) from None


def _unusable(setting: str, path: Path | None, error: OSError) -> RefusedError:
    why = getattr(error, "reason", None) or error.strerror or error
    return RefusedError(f"{setting}: {path} cannot be used: {why}")


class _TidySocket(ssl.SSLSocket):
    """Closes itself when the handshake fails: paho forgets it then, and the broker waits for us."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - see SSLSocket
        """See SSLSocket."""
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise
