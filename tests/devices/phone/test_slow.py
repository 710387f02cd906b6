"""Services that take their time, with real servers: each delays its own phone, and nobody else."""

import math
import threading

import pytest

from devices.phone import UndeliveredError, open_phones
from devices.phone.delivery import flights
from devices.phone.delivery.dispatcher import Patience
from tests.devices.phone.service import Answer, serving
from tests.devices.phone.slow_service import SLOW_S, House, slow_service
from tests.house import until

# Apprise asks for a module that Python 3.13 no longer has, and has its own in place of it.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
KINDS = ["ntfy", "tgram", "json", "mail"]


@pytest.fixture
def slow(monkeypatch):
    monkeypatch.setattr("devices.phone.delivery.flights.SLOW_S", SLOW_S)
    with slow_service() as service:
        monkeypatch.setenv("TELEGRAM_API", f"http://127.0.0.1:{service.served.port}")
        yield service


@pytest.fixture
def quick():
    with serving() as service:
        yield service


@pytest.fixture
def house(slow, quick):
    def open_house(kind="json", saved=None):
        return House(open_phones(slow.urls[kind]), quick, saved)

    return open_house


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "1.jpg"
    path.write_bytes(b"\xff\xd8\xff picture of nobody")
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_a_slow_service_delays_only_its_own_phone(house, slow, quick, kind):
    """Others have the ring, and the next one; the slow phone has each once."""
    home = house(kind)
    for event in ("e1", "e2", "e1"):
        words = "waits for 1 of 2 services: anna: .* has not answered yet"
        with pytest.raises(UndeliveredError, match=words):
            home.tells(event)
    assert len(quick.got) == 2
    until(lambda: slow.number == 2, "it has both")
    slow.may_answer.set()
    for event in ("e1", "e2"):
        assert home.goes_on(event) == "sent to 2: Ding"
    assert (slow.number, len(quick.got)) == (2, 2)


def test_a_service_that_was_never_slow_delays_nobody_for_long(house, slow, quick):
    """The second time it is known: then nobody waits for it."""
    home = house()
    home.messenger._flights._took_s.clear()
    home.messenger.patience = Patience(60.0, 0.5, 0.0)  # pytest's own time limit is shorter
    home.waits("e1")
    home.messenger.patience = Patience(60.0, 60.0, 0.0)
    home.waits("e2")
    until(lambda: (slow.number, len(quick.got)) == (2, 2), "both have both")


def test_where_there_is_no_other_phone_its_answer_is_waited_for(house, slow):
    """It delays nobody: one attempt is enough, also when it is known to be slow."""
    home = house()
    home.messenger.recipients = home.messenger.recipients[:1]
    threading.Timer(0.7, slow.may_answer.set).start()
    assert home.tells("e1").note == "sent to 1: Ding"


@pytest.mark.parametrize(
    ("answer", "retry_after_s", "words"),
    [
        (Answer(401, {"error": "unauthorized"}), math.inf, "answers 401: unauthorized"),
        (Answer(503, {}, {"Retry-After": "600"}), 600, "answers 503"),
    ],
)
def test_what_a_slow_service_says_at_last_counts(house, slow, answer, retry_after_s, words):
    """A refusal ends it; a wait is obeyed, by other messages, too."""
    home = house()
    home.waits("e1")
    slow.answer = answer
    slow.may_answer.set()

    def verdict():
        told = home.waits("e1")
        return told if words in str(told) else None

    told = until(verdict, "the answer is read")
    # It is counted from the answer, and the machine may be busy.
    assert told.retry_after_s == pytest.approx(retry_after_s, abs=60)
    assert slow.number == 1
    if retry_after_s != math.inf:
        assert words in str(home.waits("e2"))
        assert slow.number == 1


def test_a_late_answer_is_saved_with_the_next_message(house, slow, quick):
    """If the process is killed then, the next one does not send it again."""
    home = house()
    home.waits("e1")
    slow.may_answer.set()

    def is_saved():
        home.goes_on("e2")
        return "anna/0" in home.saved.get("told e1", ())

    until(is_saved, "the answer to the first message is saved")
    number = slow.number
    assert house(saved=home.saved).goes_on("e1") == "sent to 2: Ding"
    assert slow.number == number


def test_what_is_answered_when_the_process_stops_is_saved(house, slow):
    """An update restarts it; before, the next process sent the message again."""
    home = house()
    home.waits("e1")
    threading.Timer(0.1, slow.may_answer.set).start()
    home.messenger.close()
    assert house(saved=home.saved).goes_on("e1") == "sent to 2: Ding"
    assert slow.number == 1


def test_a_process_that_stops_waits_for_no_service_for_long(house, slow):
    """The next process sends it again."""
    home = house()
    home.waits("e1")
    home.messenger.patience = Patience(at_end=0.1)
    home.messenger.close()
    assert "told e1" in home.saved
    assert "anna/0" not in home.saved["told e1"]


def test_a_late_refusal_is_saved_with_the_next_message(house, slow):
    """As a success is; the next message is not for a phone that it follows upon."""
    home = house()
    home.waits("e1")
    slow.answer = Answer(401, {"error": "unauthorized"})
    slow.may_answer.set()

    def is_saved():
        home.goes_on("e2")
        return "refused e1" in home.saved

    until(is_saved, "the refusal of the first message is saved")
    number = slow.number
    again = house(saved=home.saved)
    assert "answers 401" in str(again.waits("e1"))
    assert again.tells("e3", "e1").note == "sent to 1: Ding"
    assert slow.number == number


@pytest.mark.parametrize("kind", ["ntfy", "tgram", "json"])
def test_a_picture_waits_for_a_text_that_is_under_way(house, slow, quick, picture, kind):
    """It was left out: the text was thought to be sent again, with it."""
    home = house(kind)
    home.waits("e1")
    home.waits("e2", "e1", picture=picture, is_picture=True)
    until(lambda: slow.number == 1, "it has the text")
    slow.may_answer.set()
    assert home.goes_on("e2", "e1", picture=picture, is_picture=True) == "sent to 2: Ding"
    assert home.goes_on("e1") == "sent to 2: Ding"
    assert (slow.number, len(quick.got)) == (2, 2)
    if kind == "tgram":
        assert slow.served.got[1].path.endswith("/editMessageMedia")


def test_a_picture_comes_with_a_text_that_was_not_taken(house, slow, picture):
    """Once it is known that the service did not take the text, both come in one message."""
    home = house("ntfy")
    home.waits("e1")
    slow.answer = Answer(503, {})
    slow.may_answer.set()
    until(lambda: home.messenger._flights.answered(besides=""), "it has answered")
    home.waits("e2", "e1", picture=picture, is_picture=True)
    assert "answers 503" in str(home.waits("e1"))
    assert home.goes_on("e2", "e1", picture=picture, is_picture=True) == "sent to 1: Ding"
    slow.answer = Answer()
    assert home.goes_on("e1", picture=picture) == "sent to 2: Ding"
    assert [request.method for request in slow.served.got] == ["POST", "PUT"]


def test_a_service_that_is_slow_with_pictures_delays_no_text(house, slow, quick, picture):
    """Neither to other phones nor to its own."""
    home = house("ntfy")
    slow.served.answer = lambda request: (
        slow.reply(request) if request.method == "PUT" else Answer()
    )
    home.goes_on("e1")
    home.waits("e2", "e1", picture=picture, is_picture=True)
    assert home.goes_on("e3") == "sent to 2: Ding"
    slow.may_answer.set()
    assert home.goes_on("e2", "e1", picture=picture, is_picture=True) == "sent to 2: Ding"
    assert sorted(request.method for request in slow.served.got) == ["POST", "POST", "PUT"]


def test_of_many_rings_a_slow_service_has_some_at_once(house, slow, quick):
    """And the others when it has answered, each once."""
    home = house()
    events = [f"e{number}" for number in range(6)]
    for event in events:
        home.waits(event)
    until(lambda: slow.number == 3, "it has some")
    assert len(quick.got) == 6
    slow.may_answer.set()
    for event in events:
        assert home.goes_on(event) == "sent to 2: Ding"
    assert (slow.number, len(quick.got)) == (6, 6)


def test_an_answer_is_looked_for_ever_more_rarely(house, slow, monkeypatch):
    """At first soon, as a kill before has it sent again; each look is a line in log and journal."""
    now = [1000.0]
    monkeypatch.setattr("devices.phone.delivery.flights.monotonic", lambda: now[0])
    home, looks = house(), []
    home.messenger._flights._took_s.clear()
    home.messenger.patience = Patience(0.1, 0.1, 0.1)
    while now[0] < 1000 + flights.STUCK_S:
        looks.append(home.waits("e1").retry_after_s)
        now[0] += looks[-1]
    assert looks[0] < 2
    assert len(looks) < 9
    until(lambda: slow.number, "it is under way")
    assert slow.number == 1


def test_an_answer_is_looked_for_when_it_usually_comes(house, slow, monkeypatch):
    """So that it is read soon: a crash between the two would have it sent again."""
    now = [1000.0]
    monkeypatch.setattr("devices.phone.delivery.flights.monotonic", lambda: now[0])
    home = house()
    home.messenger.patience = Patience(0.1, 0.1, 0.1)
    home.waits("e1")
    until(lambda: slow.number == 1, "it is under way")
    now[0] += 8.0
    slow.may_answer.set()
    home.goes_on("e1")
    slow.may_answer.clear()
    until(lambda: 8 < home.waits("e2").retry_after_s < 11, "it is looked for when the other has it")


def test_a_slow_service_is_no_trouble(house, slow):
    """The status names what does not work."""
    home, troubles = house(), []
    home.messenger.on_trouble(troubles.append)
    home.waits("e1")
    slow.may_answer.set()
    home.goes_on("e1")
    assert troubles == []


def test_what_was_under_way_when_the_process_was_killed_counts_as_a_try(house, slow, quick):
    """The phone may have it: it is not told more often for that."""
    saved = {"tries e1": {"anna/0": 18}}
    for tries in (19, 20):
        home = house(saved=saved)
        home.waits("e1")
        saved = home.saved
        assert saved["tries e1"] == {"anna/0": tries}
    slow.served.answer = Answer(200, b"cut", {"Content-Length": "9"})
    last = house("ntfy", saved)
    assert "breaks off" in last.goes_on("e1")
    assert len(quick.got) == 1
    assert not any(key.startswith(("tries", "refused")) for key in last.saved)


def test_an_answer_that_comes_byte_by_byte_delays_nobody(house, slow, quick):
    """It may have no end; with its end it counts."""

    def pieces():
        while not slow.may_answer.wait(0.01):
            yield b" "
        yield b"{}"

    slow.served.answer = lambda _: Answer(200, pieces())
    home = house()
    for event in ("e1", "e2"):
        home.waits(event)
    assert len(quick.got) == 2
    slow.may_answer.set()
    for event in ("e1", "e2"):
        assert home.goes_on(event) == "sent to 2: Ding"
    assert (slow.number, len(quick.got)) == (2, 2)
