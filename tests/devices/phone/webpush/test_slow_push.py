"""A push service that takes its time delays its own phone, and nobody else."""

import threading

import pytest

from tests.devices.phone.service import serving
from tests.devices.phone.slow_service import SLOW_S, House
from tests.house import until
from tests.servers.push_service import Answer


@pytest.fixture
def may_answer(service):
    """The push service says nothing until this is set."""
    may_answer = threading.Event()

    def answer(_):
        may_answer.wait(60)
        return Answer()

    service.answer = answer
    yield may_answer
    may_answer.set()


@pytest.fixture
def quick():
    """The service of another phone."""
    with serving() as service:
        yield service


@pytest.fixture
def house(phone, quick, monkeypatch):
    """With a phone of each."""
    monkeypatch.setattr("devices.phone.delivery.flights.SLOW_S", SLOW_S)
    return House([phone], quick)


def test_others_have_each_ring_at_once_and_the_slow_phone_has_it_once(
    house, service, quick, may_answer
):
    """What is under way is neither sent again nor waited for."""
    for event in ("e1", "e2", "e1"):
        house.waits(event)
    assert len(quick.got) == 2
    until(lambda: len(service.got) == 2, "it has both")
    may_answer.set()
    for event in ("e1", "e2"):
        assert house.goes_on(event) == "sent to 2: Ding"
    assert (len(service.got), len(quick.got)) == (2, 2)


def test_the_picture_follows_the_text_that_is_under_way(
    house, service, quick, may_answer, tmp_path
):
    """And takes its place on the phone: it has the same tag, and comes behind it."""
    picture = tmp_path / "1.jpg"
    picture.write_bytes(b"\xff\xd8\xff picture of nobody")
    house.waits("e1")
    house.waits("e2", "e1", picture=picture, is_picture=True)
    until(lambda: service.got, "it has the text")
    may_answer.set()
    assert house.goes_on("e2", "e1", picture=picture, is_picture=True) == "sent to 2: Ding"
    assert house.goes_on("e1") == "sent to 2: Ding"
    text, shown = service.got
    assert "picture" not in text.json
    assert "picture" in shown.json
    assert text.json["tag"] == shown.json["tag"]
