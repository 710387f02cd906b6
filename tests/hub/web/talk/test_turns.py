"""What a phone sends in pieces goes to the door as one connection."""

import asyncio
from array import array

import pytest

from devices.talk.audio.pcm import bytes_for
from devices.talk.line import TOO_LONG
from devices.talk.place import TALK
from hub.web.device_socket import DeviceSocket
from hub.web.talk import turns as module
from hub.web.talk.turns import Piece, Turns
from tests.devices.talk.door import serving_door
from tests.forked import PATIENCE_S

WORD = array("h", [8_000, -8_000]).tobytes() * 800


@pytest.fixture
def door(tmp_path):
    """A door that can be talked to."""
    with serving_door(tmp_path) as door:
        yield door


def piece(sound=WORD, person="Anna", turn="1", *, is_last=False):
    """Some words of a person."""
    return Piece((person, turn), "front", person, 100, sound, is_last)


def talk(folder, story):
    """Let this happen in one loop, as in the page's process."""

    async def run():
        turns = Turns(DeviceSocket(TALK, folder, away="it is away", slow="it is slow"))
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await story(turns)
        finally:
            turns.close()

    return asyncio.run(run())


async def _until(condition):
    while not condition():  # noqa: ASYNC110 - another thread makes it true
        await asyncio.sleep(0.01)


async def _refused(turns, piece):
    while not (refused := await turns.say(piece)):  # noqa: ASYNC110 - see there
        await asyncio.sleep(0.01)
    return refused


def test_the_pieces_of_a_turn_are_heard_in_their_order(door):
    """And the last one ends it."""

    async def story(turns):
        for sound in (WORD[:1600], WORD[1600:]):
            assert await turns.say(piece(sound)) is None
        assert await turns.say(piece(b"", is_last=True)) is None
        await _until(lambda: door.line._speaker is None)

    talk(door.folder, story)
    assert door.speaker.played.rstrip(b"\0").endswith(array("h", [4000, -4000]).tobytes() * 750)


def test_two_phones_cannot_speak_at_once(door):
    """The second one is told who does, in the words of its reader."""

    async def story(turns):
        assert await turns.say(piece()) is None
        refused = await turns.say(piece(person="Ben"))
        assert refused == (409, "Anna is speaking")
        assert await turns.say(piece(is_last=True)) is None
        await _until(lambda: door.line._speaker is None)
        assert await turns.say(piece(person="Ben")) is None

    talk(door.folder, story)


def test_a_phone_that_vanishes_leaves_the_door_free(door, monkeypatch):
    """It says nothing any more, in the middle of a word."""
    monkeypatch.setattr(module, "SILENT_S", 0.05)

    async def story(turns):
        assert await turns.say(piece()) is None
        await _until(lambda: door.line._speaker is None)
        assert turns._turns == {}

    talk(door.folder, story)


def test_the_reason_of_an_end_is_told(door):
    """Here that it was long."""
    door.line._longest_s = 0.0

    async def story(turns):
        refused = await _refused(turns, piece())
        assert refused == (410, TOO_LONG)
        assert turns._turns == {}

    talk(door.folder, story)


def test_a_process_that_dies_is_told(tmp_path):
    """While one speaks; before it runs again, and afterwards the door is free."""

    async def story(turns):
        with serving_door(tmp_path):
            assert await turns.say(piece()) is None
        assert await _refused(turns, piece()) == (410, "it is away")
        assert await turns.say(piece()) == (503, "it is away")
        with serving_door(tmp_path):
            assert await turns.say(piece()) is None

    talk(tmp_path, story)


def test_a_device_that_is_missing_is_told(door):
    """In the words of the process that looked for it."""
    door.speaker.fault = "no sound card"

    async def story(turns):
        return await turns.say(piece())

    assert talk(door.folder, story) == (503, "no sound card")


def test_there_are_not_more_turns_than_may_be(door, monkeypatch):
    """Each holds a connection."""
    monkeypatch.setattr(module, "MOST", 1)

    async def story(turns):
        assert await turns.say(piece()) is None
        return await turns.say(piece(person="Ben"))

    assert talk(door.folder, story).status == 429


def test_what_a_process_that_hangs_does_not_take_is_left_out(tmp_path):
    """It does not pile up here."""
    with TALK.listening(tmp_path, 1) as listener:

        async def story(turns):
            say = asyncio.create_task(turns.say(piece()))
            connection, _ = await asyncio.to_thread(listener.accept)
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
                assert await say is None
                (turn,) = turns._turns.values()
                for _ in range(500):
                    assert await turns.say(piece(bytes(bytes_for(0.5)))) is None
                return turn._writer.transport.get_write_buffer_size()

        assert talk(tmp_path, story) <= module.WAITING_BYTES + bytes_for(0.5)
