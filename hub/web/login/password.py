"""The household password, hashed with scrypt (RFC 7914)."""

import base64
import ctypes
import hashlib
import hmac
import secrets
import unicodedata

from hub.system.language import gettext, marked

SHORTEST = 8
LONGEST = 256
TOO_SHORT = marked("The password is too short. Write at least {} characters; some words are best")
TOO_LONG = marked("The password is too long. Write at most {} characters")
# OWASP's Password Storage Cheat Sheet counts these as equal to N=2^17, r=8, p=1. They take 16 MB,
# so that a Pi with 512 MB can check a password, and about 0.2 s on a PC.
N_EXPONENT = 14
R = 8
P = 5
SALT_BYTES = 16
HASH_BYTES = 32
HEADROOM = 2  # OpenSSL wants a little more than 128 * N * r bytes
_libc = ctypes.CDLL(None)


def fault_in(password: str) -> str | None:
    """Why this cannot be the password, in the current language; None when it can."""
    if len(password) < SHORTEST:
        return gettext(TOO_SHORT).format(SHORTEST)
    if len(password) > LONGEST:
        return gettext(TOO_LONG).format(LONGEST)
    return None


def hash_of(password: str) -> str:
    """What is kept of it: the method, its parameters, a random salt, and the hash."""
    salt = secrets.token_bytes(SALT_BYTES)
    found = _scrypt(password, salt, N_EXPONENT, R, P)
    numbers = f"{N_EXPONENT},{R},{P}"
    return f"scrypt${numbers}${base64.b64encode(salt).decode()}${base64.b64encode(found).decode()}"


def is_right(password: str, kept: str) -> bool:
    """Whether it is the password of which `hash_of` kept this. It takes the same time if not.

    Raises:
        ValueError: `hash_of` did not make it.
    """
    method, numbers, salt, wanted = kept.split("$")
    if method != "scrypt":
        raise ValueError(f"{method} is not a method of ours")
    exponent, r, p = map(int, numbers.split(","))
    found = _scrypt(password, base64.b64decode(salt), exponent, r, p)
    return hmac.compare_digest(found, base64.b64decode(wanted))


def _scrypt(password: str, salt: bytes, exponent: int, r: int, p: int) -> bytes:
    text = unicodedata.normalize("NFKC", password)[:LONGEST]
    n = 1 << exponent
    most = 128 * n * r * HEADROOM
    try:
        return hashlib.scrypt(
            text.encode(), salt=salt, n=n, r=r, p=p, maxmem=most, dklen=HASH_BYTES
        )
    finally:
        # From its second use on, glibc keeps such a block for the next one: 16 MB, for months.
        if trim := getattr(_libc, "malloc_trim", None):
            trim(0)
