"""A phone's web push subscription on the wire: only processes with the key of the house read it.

It travels in an event, which every handler and listener of the broker hears, and which a journal
keeps. So the page seals it (AES-256-GCM), and `notify` opens it. The key comes from that of the
house, which both have already: no key has to be handed from one to the other, and none can differ.
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from typing import Any

SEALED_LENGTH = 8192
NONCE_BYTES = 12


def push_secret(key: str) -> bytes:
    """32 bytes, from which the key of this house towards push services (VAPID) is made.

    Args:
        key: The key of the house.
    """
    return _derive(key, "push services")


def seal(key: str, phone: str, subscription: Mapping[str, Any]) -> str:
    """Seal the subscription of a phone.

    Args:
        key: The key of the house.
        phone: The phone's name. For another one the seal is invalid.
        subscription: A JSON object.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - 3 MB

    nonce = os.urandom(NONCE_BYTES)
    text = json.dumps(subscription).encode()
    sealed = AESGCM(_derive(key, "push seal")).encrypt(nonce, text, phone.encode())
    return base64.urlsafe_b64encode(nonce + sealed).decode()


def unseal(key: str, phone: str, sealed: str) -> Any:
    """Open what `seal` made.

    Raises:
        ValueError: It was not sealed by this house for this phone.
    """
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - 3 MB
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    try:
        data = base64.urlsafe_b64decode(sealed)
        text = AESGCM(_derive(key, "push seal")).decrypt(
            data[:NONCE_BYTES], data[NONCE_BYTES:], phone.encode()
        )
    except (binascii.Error, InvalidTag, ValueError):
        raise ValueError("the subscription was not sealed by the page of this house") from None
    return json.loads(text)


def _derive(key: str, purpose: str) -> bytes:
    return hmac.digest(key.encode(), f"doorbell {purpose}".encode(), hashlib.sha256)
