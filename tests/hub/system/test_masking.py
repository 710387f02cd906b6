"""A secret is masked, however a program quotes it."""

import json
from urllib.parse import quote, quote_plus

import pytest

from hub.system.log import masking
from hub.system.log.masking import MASK, masked, never_show, secrets_in_address


@pytest.fixture(autouse=True)
def _nothing_is_secret_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "_secrets", masking._Secrets())


def test_every_spelling_of_a_secret_is_masked():
    """As it is, in an address, as Python's repr and as JSON; in a longer word, too."""
    secret = 'pa ss/"wörd"\\&'  # noqa: S105 - no real one
    never_show([secret])
    for said in (
        secret,
        f"x{secret}x",
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        repr(secret),
        json.dumps(secret),
        json.dumps(secret, ensure_ascii=False),
        ascii(secret),
    ):
        assert "wörd" not in masked(said)
        assert "ss" not in masked(said)
        assert MASK in masked(said)


def test_each_line_of_a_secret_is_masked():
    """A private key is quoted line by line."""
    never_show(["-----BEGIN KEY-----\nMIIEvQIBADANBg\n"])
    assert masked("line 2: MIIEvQIBADANBg") == f"line 2: {MASK}"


def test_the_longest_secret_goes_first():
    """One that begins another leaves no rest of it."""
    never_show(["hunter", "hunter2000"])
    assert masked("hunter2000 hunter") == f"{MASK} {MASK}"


@pytest.mark.parametrize("short", ["", " ", "1", "abc", "   a   "])
def test_a_secret_of_less_than_four_characters_is_not_masked(short: str):
    """It would be found in every number and word, and nothing could be read any more."""
    never_show([short])
    assert masked(f"attempt 1 of {short}") == f"attempt 1 of {short}"


@pytest.mark.parametrize(
    ("address", "secret"),
    [
        ("https://ann:hunter2@example.org/x", {"hunter2"}),
        ("https://tokenuser@example.org", {"tokenuser"}),
        ("rtsp://admin:a%20b@cam/live", {"a%20b"}),
        ("tgram://123456789:AAFxyz012-abc/4711", {"123456789", "AAFxyz012-abc"}),
        ("https://hooks.slack.com/services/T01ABCDEF/B02ABCDEF", {"T01ABCDEF", "B02ABCDEF"}),
        ("discord://4711000011112222/AbCdEfGhIjKlMnOpQrStUvWx", None),
        ("https://x.org/p?token=q7Wd93kl&a=1", {"q7Wd93kl"}),
        ("http://localhost:4318", set()),
        ("https://example.org/doorbell/front", set()),
        ("ntfys://ntfy.sh/doorbell", set()),
        ("no address at all 123456789", set()),
    ],
)
def test_the_secret_parts_of_an_address_are_known(address: str, secret: set[str] | None):
    """Its password, and what looks like a token; never its host or a plain word."""
    found = secrets_in_address(address)
    wanted = {"4711000011112222", "AbCdEfGhIjKlMnOpQrStUvWx"} if secret is None else secret
    assert found == wanted


def test_a_secret_address_is_masked_in_its_parts():
    """A library names the address that it made of it."""
    never_show(["tgram://123456789:AAFxyz012-abc/4711"])
    said = masked("POST https://api.telegram.org/bot123456789:AAFxyz012-abc/sendMessage: 404")
    assert said == f"POST https://api.telegram.org/bot{MASK}:{MASK}/sendMessage: 404"
