"""A subscription on the wire is for the processes of this house, and for its own phone."""

import pytest

from hub.wire.tokens.push_seal import push_secret, seal, unseal

KEY = "the key of a house, long enough for one"
SUBSCRIPTION = {"endpoint": "https://push.example/secret", "auth": "x"}


def test_what_is_sealed_is_read_with_the_key_of_the_house():
    """On the wire nothing of it can be read, and no two are the same."""
    sealed = seal(KEY, "annas-phone", SUBSCRIPTION)
    assert unseal(KEY, "annas-phone", sealed) == SUBSCRIPTION
    assert "push" not in sealed
    assert seal(KEY, "annas-phone", SUBSCRIPTION) != sealed


@pytest.mark.parametrize(
    ("key", "phone", "change"),
    [
        ("another key", "annas-phone", str),
        (KEY, "bens-phone", str),
        (KEY, "annas-phone", lambda sealed: sealed[:-8] + "AAAAAAA="),
        (KEY, "annas-phone", lambda sealed: sealed[:10]),
        (KEY, "annas-phone", lambda _: "no base64 ü"),
        (KEY, "annas-phone", lambda _: ""),
    ],
)
def test_nobody_else_can_seal(key, phone, change):
    """Another house, another phone's name, a damaged text: all are refused alike."""
    with pytest.raises(ValueError, match="was not sealed by the page of this house"):
        unseal(key, phone, change(seal(KEY, "annas-phone", SUBSCRIPTION)))


def test_the_key_for_push_services_stays_the_same():
    """A browser's subscription is for one key: with another one it would be void."""
    assert push_secret(KEY) == push_secret(KEY)
    assert len(push_secret(KEY)) == 32
    assert push_secret(KEY) != push_secret("another key")
