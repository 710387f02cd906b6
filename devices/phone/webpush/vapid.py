"""Tells a push service which sender a message comes from: VAPID (RFC 8292)."""

import json
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from devices.phone.webpush.encryption import public_bytes
from devices.phone.webpush.subscription import to_base64url

# The order of the group of P-256 (SEC 2, 2.4.2): private keys are below it.
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
VALID_S = 12 * 3600  # 24 hours at most (RFC 8292, 2)
RENEWED_S = 3600  # before its end
COORDINATE_BYTES = 32


class Vapid:
    """The key of a house towards push services, derived from a secret: the same one for ever.

    Args:
        secret: 32 bytes that only this house knows.
        now_s: Gives the Unix time.
    """

    def __init__(self, secret: bytes, *, now_s: Callable[[], float] = time.time) -> None:
        number = int.from_bytes(secret, "big") % (ORDER - 1) + 1
        self._key = derive_private_key(number, SECP256R1())
        self._now_s = now_s
        self._tokens: dict[tuple[str, str], tuple[str, float]] = {}  # each with its end
        self._lock = threading.Lock()
        self.public_key = to_base64url(public_bytes(self._key))

    def authorization(self, endpoint: str, contact: str) -> str:
        """The header `Authorization` for a message.

        Args:
            endpoint: Where the message goes.
            contact: An https: or mailto: address of the sender. Apple refuses a message without
                one, and one at a host that cannot be, like `localhost`.
        """
        parts = urlsplit(endpoint)
        service = f"{parts.scheme}://{parts.netloc}"
        with self._lock:
            token, ends_s = self._tokens.get((service, contact), ("", 0.0))
            now_s = self._now_s()
            if not RENEWED_S < ends_s - now_s <= VALID_S:  # the clock may have been set back
                ends_s = int(now_s) + VALID_S
                token = self._token({"aud": service, "exp": ends_s, "sub": contact})
                self._tokens[service, contact] = token, ends_s
        return f"vapid t={token}, k={self.public_key}"

    def _token(self, claims: dict[str, object]) -> str:
        """A JSON Web Token, signed by ES256 (RFC 7515; RFC 7518, 3.4)."""
        signed = f"{_json({'typ': 'JWT', 'alg': 'ES256'})}.{_json(claims)}"
        numbers = decode_dss_signature(self._key.sign(signed.encode(), ECDSA(SHA256())))
        signature = b"".join(number.to_bytes(COORDINATE_BYTES, "big") for number in numbers)
        return f"{signed}.{to_base64url(signature)}"


def _json(value: dict[str, object]) -> str:
    return to_base64url(json.dumps(value, separators=(",", ":")).encode())
