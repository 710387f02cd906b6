"""Encrypts a web push message for one browser: the push service in between cannot read it.

RFC 8291 (the keys) and RFC 8188 (the form, `aes128gcm`).
"""

import os

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from devices.phone.webpush.message import MESSAGE_BYTES, TEXT_BYTES
from devices.phone.webpush.subscription import Subscription, from_base64url

SALT_BYTES = 16
LAST_RECORD = b"\x02"


def encrypt(
    text: bytes,
    subscription: Subscription,
    *,
    sender: EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """Encrypt a message.

    Args:
        text: The message, of at most TEXT_BYTES.
        subscription: The browser.
        sender: A key for this message only; a new one if None, as it must be outside of tests.
        salt: 16 random bytes, likewise.

    Raises:
        ValueError: The browser's public key is no point on the curve, or the text is too long.
    """
    if len(text) > TEXT_BYTES:
        raise ValueError(f"the message is {len(text)} bytes long, and at most {TEXT_BYTES} fit")
    sender = sender or generate_private_key(SECP256R1())
    salt = salt or os.urandom(SALT_BYTES)
    browser = from_base64url(subscription.p256dh)
    shared = sender.exchange(
        ECDH(), EllipticCurvePublicKey.from_encoded_point(SECP256R1(), browser)
    )
    own = public_bytes(sender)
    secret = from_base64url(subscription.auth)
    key_material = _derive(shared, secret, b"WebPush: info\0" + browser + own, 32)
    key = _derive(key_material, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derive(key_material, salt, b"Content-Encoding: nonce\0", 12)
    header = salt + MESSAGE_BYTES.to_bytes(4, "big") + bytes([len(own)]) + own
    return header + AESGCM(key).encrypt(nonce, text + LAST_RECORD, None)


def public_bytes(key: EllipticCurvePrivateKey) -> bytes:
    """The public key as an uncompressed point."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _derive(material: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(material)
