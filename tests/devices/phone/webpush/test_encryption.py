"""Messages are encrypted and signed as the RFCs say, and only the browser can read them."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key

from devices.phone.webpush.encryption import encrypt
from devices.phone.webpush.message import MESSAGE_BYTES, TEXT_BYTES
from devices.phone.webpush.subscription import Subscription, from_base64url, to_base64url
from tests.servers.push_service import Browser

# RFC 8291, 5 and appendix A.
BROWSER = {
    "endpoint": "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV",
    "keys": {
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcx"
        "aOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    },
    "page": "https://door.example",
}
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
TEXT = b"When I grow up, I want to be a watermelon"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6Tlz"
    "AC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def test_the_example_of_the_rfc_gives_its_bytes():
    """With the RFC's own keys and salt, the message is the RFC's to the last bit."""
    sender = derive_private_key(int.from_bytes(from_base64url(SENDER), "big"), SECP256R1())
    salt = from_base64url(SALT)
    body = encrypt(TEXT, Subscription.of(BROWSER), sender=sender, salt=salt)
    assert to_base64url(body) == BODY


def test_each_message_has_keys_of_its_own():
    """The same text is never the same message, and the browser reads both."""
    browser = Browser()
    subscription = Subscription.of(browser.subscription(BROWSER["endpoint"]))
    first, second = (encrypt(TEXT, subscription) for _ in range(2))
    assert first[:16] != second[:16]
    assert first[21:86] != second[21:86]
    assert [browser.decrypt(one) for one in (first, second)] == [TEXT, TEXT]


def test_a_message_is_as_long_as_push_services_take():
    """4,096 bytes encrypted, and not one more."""
    browser = Browser()
    subscription = Subscription.of(browser.subscription(BROWSER["endpoint"]))
    assert len(encrypt(b"x" * TEXT_BYTES, subscription)) == MESSAGE_BYTES
    with pytest.raises(ValueError, match="at most 3993 fit"):
        encrypt(b"x" * (TEXT_BYTES + 1), subscription)


def test_a_key_that_is_no_point_is_refused():
    """A browser cannot have us exchange keys with something else."""
    keys = BROWSER["keys"] | {"p256dh": to_base64url(b"\x04" + b"\x01" * 64)}
    with pytest.raises(ValueError, match="EC key"):
        encrypt(TEXT, Subscription.of(BROWSER | {"keys": keys}))
