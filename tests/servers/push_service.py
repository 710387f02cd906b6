"""A push service with TLS, and a browser behind it that decrypts what it gets.

Nothing of the product is used to read a message: the test would otherwise believe itself.
"""

import base64
import json
import os
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from devices.phone.webpush import push_service
from devices.phone.webpush.subscription import LOCAL_VARIABLE

PAGE = "https://door.example"


def read64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def write64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _derive(material: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(material)


class Browser:
    """Has the keys of a subscription."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._auth = os.urandom(16)
        public = self._key.public_key()
        self.public = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def subscription(self, endpoint: str) -> dict[str, Any]:
        """As `PushSubscription.toJSON()` has it, with the page."""
        keys = {"p256dh": write64(self.public), "auth": write64(self._auth)}
        return {"endpoint": endpoint, "expirationTime": None, "keys": keys, "page": PAGE}

    def decrypt(self, body: bytes) -> bytes:
        """Read a message: RFC 8188, 2.1, and RFC 8291, 3.3 and 3.4."""
        salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        sender, sealed = body[21 : 21 + length], body[21 + length :]
        assert (size, length) == (4096, 65)
        assert len(body) <= size
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
        shared = self._key.exchange(ec.ECDH(), point)
        info = b"WebPush: info\0" + self.public + sender
        material = _derive(shared, self._auth, info, 32)
        key = _derive(material, salt, b"Content-Encoding: aes128gcm\0", 16)
        nonce = _derive(material, salt, b"Content-Encoding: nonce\0", 12)
        text, delimiter, padding = AESGCM(key).decrypt(nonce, sealed, None).rpartition(b"\x02")
        assert delimiter
        assert not padding.strip(b"\0")
        return text


class Answer(NamedTuple):
    """What the push service answers."""

    status: int = 201
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    drip_s: float = 0  # between two bytes of the body


class Message(NamedTuple):
    """What it got."""

    path: str
    headers: Any
    body: bytes
    json: Any


class PushService:
    """What it got, and how it answers: the same always, or by a function of the message."""

    def __init__(self, port: int, certificate: Path) -> None:
        self.browser = Browser()
        self.certificate = certificate
        self.endpoint = f"https://localhost:{port}/wpush/v2/abc?x=1"
        self.got: list[Message] = []
        self.answer: Any = Answer()

    @property
    def subscription(self) -> dict[str, Any]:
        return self.browser.subscription(self.endpoint)

    def claims(self, message: Message) -> dict[str, Any]:
        """What the sender says of itself, its signature verified: RFC 8292, 2 and 3."""
        scheme, _, fields = message.headers["Authorization"].partition(" ")
        assert scheme == "vapid"
        found = dict(field.strip().split("=", 1) for field in fields.split(","))
        header, claims, signature = found["t"].split(".")
        assert json.loads(read64(header)) == {"typ": "JWT", "alg": "ES256"}
        numbers = read64(signature)
        assert len(numbers) == 64
        r, s = (int.from_bytes(half, "big") for half in (numbers[:32], numbers[32:]))
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), read64(found["k"]))
        signed = f"{header}.{claims}".encode()
        key.verify(utils.encode_dss_signature(r, s), signed, ec.ECDSA(SHA256()))
        told: dict[str, Any] = json.loads(read64(claims))
        parts = urlsplit(self.endpoint)
        assert told["aud"] == f"{parts.scheme}://{parts.netloc}"
        assert time.time() < told["exp"] <= time.time() + 86_400
        return told | {"key": found["k"]}


@contextmanager
def serving(folder: Path) -> Iterator[PushService]:
    """A push service, as long as this lasts; its certificate is written into the folder."""
    certificate = _certificate(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            text = service.browser.decrypt(body)
            message = Message(self.path, self.headers, body, json.loads(text))
            service.got.append(message)
            answer = service.answer
            if callable(answer):
                answer = answer(message)
            self.send_response_only(answer.status)
            for name, value in (("Content-Length", str(len(answer.body))), *answer.headers):
                self.send_header(name, value)
            self.end_headers()
            if not answer.drip_s:
                self.wfile.write(answer.body)
                return
            for byte in answer.body:
                self.wfile.write(bytes([byte]))
                threading.Event().wait(answer.drip_s)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        server.handle_error = lambda *_: None  # type: ignore[method-assign] # a client hung up
        service = PushService(server.server_port, certificate)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield service
        server.shutdown()
        thread.join()


def _certificate(folder: Path) -> Path:
    """One for `localhost`, which is its own CA, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    path = folder / "push-service.pem"
    own = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(made.public_bytes(Encoding.PEM) + own)
    return path


@contextmanager
def trusted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator["PushService"]:
    """One that this process trusts, though it is at home."""
    with serving(folder) as started:
        monkeypatch.setenv("SSL_CERT_FILE", str(started.certificate))
        monkeypatch.setenv(LOCAL_VARIABLE, "yes")
        push_service.tls_context.cache_clear()
        yield started
    push_service.tls_context.cache_clear()
