"""A browser as a phone: what it is told, and what becomes of each answer of its push service."""

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from devices.phone.phone import (
    Notification,
    PhoneAwayError,
    PhoneError,
    PhoneRefusalError,
    ReplyButton,
)
from devices.phone.webpush import push_service
from devices.phone.webpush.message import TEXT_BYTES, message
from devices.phone.webpush.subscription import Subscription
from devices.phone.webpush.vapid import Vapid
from tests.servers.push_service import PAGE, Answer, Browser

BUTTONS = [ReplyButton("Coming", "https://door.example/a/one", "a/one")]
RING = Notification(title="Doorbell", text="Somebody is here", key="press-1", buttons=BUTTONS)


def test_a_browser_reads_what_happened_and_can_answer(service, phone):
    """The text, the answers below the page, when it was, and what to show if it comes late."""
    at = datetime.now(UTC)
    phone.send(replace(RING, at=at, late="You missed somebody"))
    (got,) = service.got
    assert got.path == "/wpush/v2/abc?x=1"
    assert got.json == {
        "title": "Doorbell",
        "text": "Somebody is here",
        "late": "You missed somebody",
        "at": int(at.timestamp() * 1000),
        "tag": "press-1",
        "silent": False,
        "again": True,
        "buttons": [["Coming", "a/one"]],
        "unsent": "Not sent. Tap to open the page",
    }


def test_the_picture_replaces_the_text_of_its_ring(service, phone, tmp_path):
    """The same tag on the phone and the same topic at the service, as an address of the page."""
    picture = tmp_path / "1.jpg"
    phone.send(RING)
    phone.send(
        replace(RING, text="Who it was", update="The same", picture=picture, is_picture=True)
    )
    phone.send(replace(RING, key="press-2"))
    text, shown, other = service.got
    assert "picture" not in text.json
    assert shown.json["picture"] == "push/picture/press-1"
    assert (shown.json["text"], shown.json["again"]) == ("The same", False)
    assert text.json["tag"] == shown.json["tag"] != other.json["tag"]
    topics = [one.headers["Topic"] for one in service.got]
    assert topics[0] == topics[1] != topics[2]
    assert all(len(topic) == 32 for topic in topics)


def test_a_ring_is_urgent_and_kept_for_a_day(service, phone):
    """Less what has passed of it; in quiet hours it wakes no phone that saves its battery."""
    now = datetime.now(UTC)
    phone.send(RING)
    phone.send(replace(RING, at=now - timedelta(hours=1), silent=True))
    phone.send(replace(RING, at=now - timedelta(days=2)))
    first, silent, old = (one.headers for one in service.got)
    assert (first["TTL"], first["Urgency"]) == ("86400", "high")
    assert 82_700 <= int(silent["TTL"]) <= 82_800
    assert silent["Urgency"] == "normal"
    assert service.got[1].json["silent"] is True
    assert old["TTL"] == "60"
    assert first["Content-Encoding"] == "aes128gcm"


def test_the_push_service_knows_the_sender(service, phone):
    """By a signature of the house's key, with the page as its contact; the token is used again."""
    phone.send(RING)
    phone.send(RING)
    first, second = (service.claims(one) for one in service.got)
    assert first == second
    assert first["sub"] == PAGE
    assert first["key"] == Vapid(b"a secret of no house".ljust(32)).public_key


def test_a_token_is_made_anew_before_it_ends():
    """Also when the clock was set back: a push service takes no token for more than a day."""
    now = [1_000_000.0]
    vapid = Vapid(b"x" * 32, now_s=lambda: now[0])
    first = vapid.authorization("https://push.example/1", PAGE)
    now[0] += 10 * 3600
    assert vapid.authorization("https://push.example/2", PAGE) == first
    now[0] += 1.5 * 3600
    second = vapid.authorization("https://push.example/1", PAGE)
    now[0] -= 86_400
    third = vapid.authorization("https://push.example/1", PAGE)
    assert len({first, second, third}) == 3
    assert vapid.authorization("https://other.example/1", PAGE) != third


@pytest.mark.parametrize("status", [404, 410])
def test_an_ended_subscription_is_not_used_again(service, phone, status):
    """The text says what to do; a new subscription is as good as the first."""
    service.answer = Answer(status, b"gone")
    words = f"web push to annas-phone answers {status}: gone: .* no longer .* Open the page on it"
    with pytest.raises(PhoneRefusalError, match=words):
        phone.send(RING)
    with pytest.raises(PhoneRefusalError, match=r"no longer takes notifications\. Open the page"):
        phone.send(RING)
    assert len(service.got) == 1
    assert phone.fault_in_reaching() == phone.absence
    service.answer = Answer()
    phone.subscription = Subscription.of(service.subscription)
    phone.send(RING)
    assert len(service.got) == 2


def test_a_new_subscription_survives_the_end_of_the_old_one(service, phone):
    """The browser may have renewed it while the message was under way."""

    def renew(_):
        phone.subscription = Subscription.of(service.subscription)
        return Answer(410)

    service.answer = renew
    with pytest.raises(PhoneRefusalError):
        phone.send(RING)
    assert phone.subscription
    assert not phone.has_ended


def test_a_phone_that_has_not_subscribed_says_what_to_do(service, phone):
    """Nothing is sent anywhere."""
    phone.subscription = None
    with pytest.raises(
        PhoneRefusalError, match=r"annas-phone does not take notifications yet\. Open"
    ):
        phone.send(RING)
    assert "Notify this phone" in phone.fault_in_reaching()
    assert service.got == []


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (Answer(413, b"too large"), PhoneRefusalError, "answers 413: too large"),
        (Answer(400, b'{"error": "bad"}'), PhoneRefusalError, "answers 400: bad"),
        (Answer(429, b"slow", (("Retry-After", "70"),)), PhoneAwayError, "answers 429: slow"),
        (Answer(429), PhoneAwayError, "answers 429: Too Many Requests"),
        (Answer(500, b"oops"), PhoneAwayError, "answers 500: oops"),
        (Answer(503, b"", (("retry-after", "5"),)), PhoneAwayError, "answers 503"),
        (Answer(301, b"", (("Location", "https://[::1]/"),)), PhoneRefusalError, "redirects"),
        (Answer(307, b"", (("Location", "https://[::1]/"),)), PhoneAwayError, "redirects"),
    ],
)
def test_each_answer_means_what_it_does_elsewhere(service, phone, answer, error, words):
    """For good, for now, or not before; no redirect is followed."""
    service.answer = answer
    with pytest.raises(error, match=words) as raised:
        phone.send(RING)
    waits = [float(value) for name, value in answer.headers if name.lower() == "retry-after"]
    assert getattr(raised.value, "retry_after_s", None) == (waits[0] if waits else None)
    assert phone.subscription
    assert len(service.got) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_signature_may_be_a_wrong_clock(service, phone, status):
    """It is tried again some times, and not given up at once."""
    service.answer = Answer(status, b'{"reason": "BadJwtToken"}')
    with pytest.raises(PhoneError) as raised:
        phone.send(RING)
    assert not isinstance(raised.value, PhoneRefusalError | PhoneAwayError)


def test_a_push_service_that_hangs_is_away(service, phone, monkeypatch):
    """It may have the message: that is said, too."""
    monkeypatch.setattr(push_service, "READ_S", 0.2)
    heard = threading.Event()

    def hang(_):
        heard.wait(20)
        return Answer()

    service.answer = hang
    with pytest.raises(PhoneAwayError, match="takes too long to answer") as raised:
        phone.send(RING)
    heard.set()
    assert raised.value.is_doubtful


@pytest.mark.parametrize("headers", [(), (("Connection", "close"),)])
def test_a_push_service_that_drips_its_answer_is_away(service, phone, monkeypatch, headers):
    """The time is for the whole answer. The service may have the message."""
    monkeypatch.setattr(push_service, "ANSWER_S", 0.3)
    service.answer = Answer(201, b"x" * 100, headers, drip_s=0.02)
    with pytest.raises(PhoneAwayError, match="takes too long to answer") as raised:
        phone.send(RING)
    assert raised.value.is_doubtful


def test_a_push_service_that_hangs_up_may_have_the_message(service, phone):
    """It takes the message, and closes the connection without an answer."""

    def hang_up(_):
        raise ConnectionResetError

    service.answer = hang_up
    with pytest.raises(PhoneAwayError, match="breaks off") as raised:
        phone.send(RING)
    assert raised.value.is_doubtful


def test_a_push_service_that_is_gone_is_away(service, phone, monkeypatch):
    """Nothing listens there; and with a certificate of somebody else it is not trusted."""
    monkeypatch.delenv("SSL_CERT_FILE")
    push_service.tls_context.cache_clear()
    with pytest.raises(PhoneAwayError, match="its certificate is not valid"):
        phone.send(RING)
    closed = service.subscription | {"endpoint": "https://localhost:9/x"}
    phone.subscription = Subscription.of(closed)
    with pytest.raises(PhoneAwayError, match="cannot be reached: Connection refused"):
        phone.send(RING)
    assert "localhost:9 cannot be reached" in phone.fault_in_reaching()


def test_the_dry_run_reaches_the_push_service_and_sends_nothing(service, phone):
    """As with every other service."""
    assert phone.fault_in_reaching() is None
    assert service.got == []


def test_whatever_is_told_fits():
    """The longest texts, in the longest letters, with three answers and a picture."""
    long = "\N{BELL}\N{EARTH GLOBE EUROPE-AFRICA}" * 4000
    buttons = [ReplyButton(long[:20], "", "a/" + "x" * 350)] * 3
    notification = Notification(
        title=long, text=long, key="k" * 36, late=long, at=datetime.now(UTC), buttons=buttons
    )
    encoded = message(notification, str)
    assert len(encoded) <= TEXT_BYTES
    told = json.loads(encoded)
    assert told["text"]
    assert [path for _, path in told["buttons"]] == [buttons[0].path] * 3


def test_a_browser_with_a_key_that_is_none_is_refused(service, phone):
    """It is not tried again: nothing would be different."""
    keys = Browser().subscription(service.endpoint)
    keys["keys"]["p256dh"] = "BA" + "A" * 85
    phone.subscription = Subscription.of(keys)
    with pytest.raises(PhoneRefusalError, match="its browser gave a key that is none"):
        phone.send(RING)
    assert service.got == []
