"""What a service answers decides whether, and when, a notification is sent again."""

import socket
import struct
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

import pytest

from devices.phone import (
    Notification,
    PhoneAwayError,
    PhoneError,
    PhoneRefusalError,
    ReplyButton,
    open_phones,
)
from tests.devices.phone.service import TOKEN, Answer, serving
from tests.house import free_port

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
NOTE = Notification(title="Doorbell", text="Ding", key="press")
KINDS = ("ntfy", "json", "tgram")


@pytest.fixture
def service(monkeypatch):
    with serving() as served:
        monkeypatch.setenv("TELEGRAM_API", f"http://127.0.0.1:{served.port}")
        yield served


def _send(service, kind):
    (phone,) = open_phones(service.url(kind))
    return phone.send(NOTE)


def _error(service, kind, answer):
    service.answer = answer
    with pytest.raises(PhoneError) as told:
        _send(service, kind)
    return told.value


DATE = "Sat, 28 Nov 2026 12:00:00 GMT"  # the server's clock counts, whatever ours says
WAITS = [
    (Answer(429, {}, {"Retry-After": "20"}), 20),
    (Answer(503, b"<p>later", {"Retry-After": "3600"}), 3600),
    (Answer(429, {}, {"Retry-After": "Sat, 28 Nov 2026 12:00:20 GMT", "Date": DATE}), 20),
    (Answer(503, {}, {"Retry-After": "Saturday, 28-Nov-26 12:01:00 GMT", "Date": DATE}), 60),
    (Answer(503, {}, {"Retry-After": "Sat, 28 Nov 2026 11:00:00 GMT", "Date": DATE}), 0),
    (Answer(413, {}, {"Retry-After": "5"}), 5),
    (Answer(429, {"ok": False, "parameters": {"retry_after": 7}}), 7),
    (Answer(429, {"retry_after": 0.65}), 0.65),
    (Answer(429, {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 2500}), 2.5),
    (Answer(429, {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": "soon"}), None),
    (Answer(429, {}, {"Retry-After": "99999999"}), 86_400),
    (Answer(429, {}, {"Retry-After": "soon"}), None),
    (Answer(429, {}, {"Retry-After": "-3"}), None),
    (Answer(429, {}, {"Retry-After": f"Mon, 01 Jan {10**20} 00:00:00 GMT"}), None),
    (Answer(429, {"retry_after": 10**400}), None),
    (Answer(429, b"[" * 100_000), None),
    (Answer(429, {"parameters": [], "retry_after": "no"}), None),
    (Answer(429, {"parameters": {"retry_after": float("inf")}}), None),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("answer", "wait_s"), WAITS)
def test_a_wait_that_a_service_asks_for_is_understood(service, kind, answer, wait_s):
    """Seconds or a date in Retry-After, or what Telegram, Discord and Matrix have in their JSON."""
    error = _error(service, kind, answer)
    assert isinstance(error, PhoneAwayError)
    assert error.retry_after_s == wait_s
    assert len(service.got) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 507, 520])
def test_an_outage_is_one(service, kind, status):
    """The service may take the notification later, and does not say when."""
    error = _error(service, kind, Answer(status, {"error": "not now"}))
    assert isinstance(error, PhoneAwayError)
    assert error.retry_after_s is None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("status", "is_doubtful"),
    [(429, False), (500, False), (502, False), (503, False), (504, True), (520, True), (524, True)],
)
def test_a_gateway_that_got_no_answer_may_have_passed_it_on(service, kind, status, is_doubtful):
    """The phone may show it: it must not ring all day."""
    error = _error(service, kind, Answer(status, b"<p>the service takes too long"))
    assert isinstance(error, PhoneAwayError)
    assert error.is_doubtful == is_doubtful


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 413, 415, 422, 451, 501])
def test_a_refusal_for_good_is_one(service, kind, status):
    """Another attempt would be answered alike; the service is quoted."""
    error = _error(service, kind, Answer(status, {"error": "never", "description": "never"}))
    assert isinstance(error, PhoneRefusalError)
    assert str(status) in str(error)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("status", "is_final"), [(301, True), (302, False), (303, False)])
def test_a_redirected_message_is_not_told_as_sent(service, kind, status, is_final):
    """It would become a GET without the message, whose success says nothing."""
    error = _error(service, kind, Answer(status, b"", {"Location": "/elsewhere"}))
    assert isinstance(error, PhoneRefusalError) == is_final
    assert [request.method for request in service.got] == ["POST"]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "GET"])
@pytest.mark.parametrize("status", [301, 302, 303])
def test_no_redirect_drops_the_body_of_a_message(service, method, status):
    """Some methods stay what they are, and arrive with nothing in them."""
    service.answer = lambda request: (
        Answer() if "new" in request.path else Answer(status, b"", {"Location": "/new"})
    )
    (phone,) = open_phones(f"{service.url('json')}?method={method}")
    with pytest.raises(PhoneError):
        phone.send(NOTE)
    assert [request.method for request in service.got] == [method]


def test_no_redirect_drops_a_picture(service, tmp_path):
    """Ntfy's is the body of a PUT."""
    service.answer = lambda request: (
        Answer() if "new" in request.path else Answer(301, b"", {"Location": "/new"})
    )
    picture = tmp_path / "door.jpg"
    picture.write_bytes(b"\xff\xd8\xff")
    (phone,) = open_phones(service.url("ntfy"))
    with pytest.raises(PhoneRefusalError, match="Write the new address"):
        phone.send(replace(NOTE, picture=picture))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_that_keeps_the_message_is_followed(service, kind, status):
    """The message arrives at the new address, as it is."""
    service.answer = lambda request: (
        Answer() if "new" in request.path else Answer(status, b"", {"Location": "/new"})
    )
    _send(service, kind)
    old, new = service.got
    assert (old.method, new.method, new.path) == ("POST", "POST", "/new")
    assert new.body == old.body
    assert b"Ding" in new.body


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", [307, 308])
@pytest.mark.parametrize("place", ["http://[", "http://a..b/", "mailto:anna@example.org"])
def test_a_service_that_redirects_to_no_address_is_away(service, kind, status, place):
    """Nobody has taken the message; whoever keeps the service sees it soon."""
    error = _error(service, kind, Answer(status, b"", {"Location": place}))
    assert isinstance(error, PhoneAwayError)
    assert not error.is_doubtful
    assert "leads to an address that is none" in str(error)


def _hang_up(server):
    connection, _ = server.accept()
    connection.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_service_that_is_not_there_is_away(kind, monkeypatch):
    """Its port is closed, or it hangs up without a word."""
    monkeypatch.setenv("TELEGRAM_API", f"http://127.0.0.1:{(port := free_port())}")
    urls = {"tgram": f"tgram://{TOKEN}/4711"}
    (phone,) = open_phones(urls.get(kind, f"{kind}://127.0.0.1:{port}/door"))
    with pytest.raises(PhoneAwayError):
        phone.send(NOTE)
    with closing(socket.create_server(("127.0.0.1", port))) as server:
        for _ in range(2):
            thread = threading.Thread(target=_hang_up, args=(server,))
            thread.start()
            with pytest.raises(PhoneAwayError):
                phone.send(NOTE)
            thread.join()


@pytest.mark.parametrize("url", ["ntfy://nowhere.invalid/door", "json://nowhere.invalid/door"])
def test_a_name_that_is_not_found_is_an_outage(url):
    """So it is without a network, or when the router's name server is down."""
    (phone,) = open_phones(url)
    with pytest.raises(PhoneAwayError):
        phone.send(NOTE)


def test_a_server_without_tls_is_away(service):
    """Its certificate is not to blame: there is none."""
    for kind in ("ntfys", "jsons"):
        (phone,) = open_phones(f"{kind}://127.0.0.1:{service.port}/door?verify=no")
        with pytest.raises(PhoneAwayError, match="does not speak TLS here: "):
            phone.send(NOTE)


@pytest.mark.parametrize("kind", ["ntfy", "json", "synology"])
def test_a_service_that_does_not_answer_may_have_taken_it(service, kind):
    """It is not the same as one that cannot be reached: the phone may show it already.

    Whatever letters it has: Synology Chat's form has JSON within.
    """
    ended = threading.Event()
    service.answer = lambda _: Answer() if ended.wait(10) else None
    (phone,) = open_phones(f"{service.url(kind)}?rto=0.2")
    with pytest.raises(PhoneAwayError) as told:
        phone.send(replace(NOTE, text="Jemand ist an der Tür: läutet's?"))
    ended.set()
    assert told.value.is_doubtful


TAKEN_AND_GONE = {
    "no answer": b"",
    "half a head": b"HTTP/1.1 20",
    "half a body": b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"id":"x"',
    "half a piece": b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\n{"id"',
}


def _hang_up_after(server, said):
    """Take a message, and reset the connection after a part of the answer."""
    connection, _ = server.accept()
    with connection:
        while b"Ding" not in connection.recv(65536):
            pass
        connection.sendall(said)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("said", TAKEN_AND_GONE)
def test_a_service_that_hangs_up_may_have_taken_it(kind, said, monkeypatch):
    """Its phone may show it. For a service whose status says all, that is the answer."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        monkeypatch.setenv("TELEGRAM_API", f"http://127.0.0.1:{port}")
        urls = {"tgram": f"tgram://{TOKEN}/4711"}
        (phone,) = open_phones(urls.get(kind, f"{kind}://127.0.0.1:{port}/door"))
        thread = threading.Thread(target=_hang_up_after, args=(server, TAKEN_AND_GONE[said]))
        thread.start()
        if kind == "json" and b"200" in TAKEN_AND_GONE[said]:
            phone.send(NOTE)
        else:
            with pytest.raises(PhoneAwayError) as told:
                phone.send(NOTE)
            assert told.value.is_doubtful
        thread.join()


@pytest.mark.parametrize("kind", KINDS)
def test_a_service_that_was_not_reached_has_not_taken_it(kind, service, monkeypatch):
    """No name, no port, no TLS: it is tried as long as the outage lasts."""
    port = free_port()
    places = [f"{kind}://127.0.0.1:{port}/door", f"{kind}://nowhere.invalid/door"]
    places.append(f"{kind}s://127.0.0.1:{service.port}/door")
    for place in places:
        monkeypatch.setenv("TELEGRAM_API", place.replace(kind, "http", 1))
        url = f"tgram://{TOKEN}/4711" if kind == "tgram" else place
        (phone,) = open_phones(url)
        with pytest.raises(PhoneAwayError) as told:
            phone.send(NOTE)
        assert not told.value.is_doubtful


@pytest.mark.parametrize("kind", ["ntfy", "tgram"])
@pytest.mark.parametrize("body", [b"<html>Log in to this network", b"\n <!DOCTYPE html>"])
def test_the_login_page_of_a_network_is_no_success(service, kind, body):
    """It answers everything with 200; the message is sent when the service itself answers."""
    error = _error(service, kind, Answer(200, body))
    assert isinstance(error, PhoneAwayError)
    assert not error.is_doubtful
    assert "answers with a web page" in str(error)


@pytest.mark.parametrize("kind", ["ntfy", "tgram"])
@pytest.mark.parametrize("status", [200, 202])
@pytest.mark.parametrize(
    "body", [[], {}, "ok", {"ok": None}, {"result": {"message_id": 1}}, b"", b"OK"]
)
def test_a_success_that_is_not_the_services_own_may_be_one(service, kind, status, body):
    """A proxy may have passed the message on: the phone must not ring all day."""
    error = _error(service, kind, Answer(status, body))
    assert isinstance(error, PhoneAwayError)
    assert error.is_doubtful


@pytest.mark.parametrize(
    ("said", "kind", "wait_s"),
    [
        ({"error_code": 429, "parameters": {"retry_after": 3}}, PhoneAwayError, 3),
        ({"error_code": 500, "description": "Internal"}, PhoneAwayError, None),
        ({"error_code": 403, "description": "Forbidden: bot was blocked"}, PhoneRefusalError, None),
    ],
)
def test_telegrams_own_word_counts_whatever_the_status_is(service, said, kind, wait_s):
    """A Bot API server of one's own, or a proxy, may answer 200 to everything."""
    error = _error(service, "tgram", Answer(200, {"ok": False, **said}))
    assert isinstance(error, kind)
    assert getattr(error, "retry_after_s", None) == wait_s


def test_a_chat_that_has_moved_is_followed(service, caplog):
    """A group that becomes a supergroup gets a new id: this and later messages go there."""
    moved = Answer(
        400,
        {
            "ok": False,
            "error_code": 400,
            "description": "Bad Request: group chat was upgraded to a supergroup chat",
            "parameters": {"migrate_to_chat_id": -100123},
        },
    )
    service.answer = lambda request: Answer() if b"-100123" in request.body else moved
    (phone,) = open_phones(service.url("tgram"))
    receipt = phone.send(NOTE)
    assert [request.json["chat_id"] for request in service.got] == ["4711", "-100123"]
    assert "Write its new id into the settings: -100123" in caplog.text
    phone.send(NOTE, receipt)
    assert [request.json["chat_id"] for request in service.got[2:]] == ["-100123"]


def test_two_messages_follow_a_chat_that_has_moved(service, caplog):
    """Both were under way to the old one when the first was told."""
    asked = threading.Barrier(2)

    def reply(request):
        if b"-100123" in request.body:
            return Answer()
        asked.wait(60)
        parameters = {"migrate_to_chat_id": -100123}
        return Answer(400, {"ok": False, "error_code": 400, "parameters": parameters})

    service.answer = reply
    (phone,) = open_phones(service.url("tgram"))
    with ThreadPoolExecutor(2) as threads:
        receipts = [*threads.map(phone.send, [NOTE, replace(NOTE, key="another")])]
    assert len(receipts) == 2
    assert len(service.got) == 4
    assert caplog.text.count("Write its new id into the settings") == 1


BUTTONS_REFUSED = [
    "Bad Request: inline keyboard button URL 'http://doorbell:8080/a/S3CRET' is invalid: Wrong HTTP"
    " URL",
    "Bad Request: BUTTON_URL_INVALID",
]


@pytest.mark.parametrize("words", BUTTONS_REFUSED)
@pytest.mark.parametrize("has_picture", [False, True])
def test_a_text_comes_without_the_buttons_that_telegram_refuses(
    service, caplog, tmp_path, words, has_picture
):
    """As with `[web] url = "http://doorbell:8080"`; with a picture, and when it is changed, too."""
    refused = Answer(400, {"ok": False, "error_code": 400, "description": words})
    service.answer = lambda request: refused if b"inline_keyboard" in request.body else Answer()
    buttons = [ReplyButton("Coming", "http://doorbell:8080/a/S3CRET")]
    picture = tmp_path / "door.jpg"
    picture.write_bytes(b"\xff\xd8\xff")
    note = replace(NOTE, buttons=buttons, picture=picture if has_picture else None)
    (phone,) = open_phones(service.url("tgram"))
    receipt = phone.send(note)
    assert [b"inline_keyboard" in request.body for request in service.got] == [True, False]
    assert all(b"Ding" in request.body for request in service.got)
    phone.send(note, receipt)
    assert len(service.got) == 3
    assert len(caplog.messages) == 1
    assert "Write a host with a dot into [web] url" in caplog.text
    assert "S3CRET" not in caplog.text


def test_a_refusal_of_telegram_that_is_not_of_buttons_stays_one(service):
    """It would be the same without them."""
    service.answer = Answer(400, {"ok": False, "error_code": 400, "description": "chat not found"})
    (phone,) = open_phones(service.url("tgram"))
    with pytest.raises(PhoneRefusalError):
        phone.send(replace(NOTE, buttons=[ReplyButton("Coming", "http://door.example/a")]))
    assert len(service.got) == 1


def test_a_chat_that_moves_in_a_circle_ends(service):
    """Two moves in one message are one too many."""
    answer = {"ok": False, "error_code": 400, "parameters": {"migrate_to_chat_id": -100123}}
    assert isinstance(_error(service, "tgram", Answer(400, answer)), PhoneRefusalError)
    assert len(service.got) == 2
