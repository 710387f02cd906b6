"""Masks secrets in whatever this process says: its log, tracebacks, and the reasons in events."""

import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus, unquote

MASK = "********"
SHORTEST = 4  # characters: a shorter one would be found in every second word and number
TOKEN_LENGTH = 20  # characters: so long a part of an address is nobody's word
MIXED_LENGTH = 8  # or so long, with a digit in it
_PARTS = re.compile(r"[/?&=#:@,]+")


class _Secrets:
    """The secrets of this process, as one expression."""

    def __init__(self) -> None:
        self._forms: set[str] = set()
        self._expression: re.Pattern[str] | None = None

    def add(self, secrets: Iterable[str]) -> None:
        new = {form for secret in secrets for form in _forms(secret)} - self._forms
        if new:
            self._forms |= new
            longest_first = sorted(self._forms, key=len, reverse=True)
            self._expression = re.compile("|".join(map(re.escape, longest_first)))

    def mask(self, text: str) -> str:
        return self._expression.sub(MASK, text) if self._expression else text


_secrets = _Secrets()


def never_show(secrets: Iterable[str]) -> None:
    """From now on `masked` hides these secrets, however they are quoted.

    Of an address (URL) also each part that may be secret is hidden. What is shorter than 4
    characters cannot be hidden.
    """
    _secrets.add(secrets)


def masked(text: str) -> str:
    """The text with every known secret replaced by asterisks."""
    return _secrets.mask(text)


def secrets_in_address(address: str) -> set[str]:
    """The parts of an address (URL) that may be secret; none if it is no address.

    They are the password, a user name without one, and whatever looks like a token in the path, in
    the query and, of a scheme of Apprise's like `tgram://`, in the place of the host.
    """
    scheme, is_address, rest = address.partition("://")
    if not is_address:
        return set()
    userinfo, has_userinfo, place = rest.partition("@")
    if "/" in userinfo or not has_userinfo:
        userinfo, place = "", rest
    user, _, password = userinfo.partition(":")
    found = set(filter(None, [password or user]))
    host = re.split(r"[/?#:]", place, maxsplit=1)[0]
    parts = [part for part in _PARTS.split(place) if part and part != host]
    if scheme not in ("http", "https") and "." not in host:
        parts.append(host)
    found |= {part for part in (*parts, *map(unquote, parts)) if is_token(part)}
    return found


def is_token(text: str) -> bool:
    """Whether a text looks like a token, and not like a word: it is long, or has a digit."""
    has_digit = any(letter.isdigit() for letter in text)
    return len(text) >= TOKEN_LENGTH or (has_digit and len(text) >= MIXED_LENGTH)


def _forms(secret: str) -> set[str]:
    """A secret as programs write it: as it is, quoted for an address, in Python and in JSON."""
    forms = set()
    for one in (secret, unquote(secret), *secrets_in_address(secret)):
        escaped = one.encode("unicode_escape").decode()
        forms |= {one, quote(one), quote(one, safe=""), quote_plus(one), escaped}
        forms |= {repr(one)[1:-1], json.dumps(one)[1:-1], json.dumps(one, ensure_ascii=False)[1:-1]}
        forms |= set(one.splitlines())
    return {form for form in forms if len(form.strip()) >= SHORTEST}
