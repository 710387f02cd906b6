"""Talks on a local socket: who speaks, who listens, and when that ends."""

import socket
import threading
from array import array
from contextlib import ExitStack

import pytest

from devices.talk import line as lines
from devices.talk import server
from devices.talk.audio.pcm import BLOCK_BYTES, bytes_for
from devices.talk.chime import chime
from devices.talk.line import STUCK, TOO_LONG
from devices.talk.listener import MOST_BLOCKS
from devices.talk.place import TALK
from devices.talk.server import MOST_LISTENERS, TalkServer
from tests.devices.talk.door import serving_door
from tests.forked import PATIENCE_S
from tests.house import until

WORD = array("h", [8_000, -8_000]).tobytes() * 800


@pytest.fixture
def door(tmp_path):
    with serving_door(tmp_path) as door:
        yield door


def _halved(sound):
    return array("h", (int(one / 2) for one in array("h", sound))).tobytes()


def test_what_is_sent_is_heard_at_its_volume_after_the_chime(door):
    """And nothing is open before and afterwards."""
    assert not door.speaker.is_open
    anna = door.say(by="Anna", volume="100")
    assert anna.status == 200
    anna.send(WORD)
    anna.end()
    assert anna.read() == b""
    until(lambda: not door.speaker.is_open, "it is closed")
    heard = door.speaker.played.strip(b"\0")
    assert _halved(chime()).strip(b"\0") in door.speaker.played
    assert heard.endswith(_halved(WORD).strip(b"\0"))


def test_the_chime_comes_once_in_a_conversation(door, monkeypatch):
    """And again after a while."""
    for _ in range(2):
        anna = door.say(by="Anna")
        anna.end()
        anna.read()
    assert door.speaker.played.count(_halved(chime()).strip(b"\0")) == 1
    monkeypatch.setattr(lines, "AFRESH_S", 0.0)
    anna = door.say(by="Anna")
    anna.end()
    anna.read()
    assert door.speaker.played.count(_halved(chime()).strip(b"\0")) == 2


def test_the_second_one_is_told_who_speaks(door):
    """Until the first one lets go."""
    anna = door.say(by="J%C3%B6rg%0D%0A")
    ben = door.say(by="Ben")
    assert (ben.status, ben.read().decode()) == (409, "Jörg\r\n")
    anna.close()
    until(lambda: door.say(by="Ben").status == 200, "it is free")


def test_one_who_sends_nothing_any_more_has_vanished(door, monkeypatch):
    """The door is free for others, although the connection is still there."""
    monkeypatch.setattr(server.TalkServer, "stalled_s", 0.05)
    anna = door.say(by="Anna")
    assert anna.read() == b""
    until(lambda: door.say(by="Ben").status == 200, "it is free")


def test_nobody_holds_the_button_for_ever(door):
    """The reason is told."""
    door.line._longest_s = 0.0
    anna = door.say(by="Anna")
    anna.send(WORD)
    assert anna.read().decode() == TOO_LONG


def test_a_speaker_that_stops_ends_the_talk(door, monkeypatch):
    """It was unplugged."""
    anna = door.say(by="Anna")
    door.speaker.is_stuck = True
    monkeypatch.setattr(lines, "STUCK_S", 0.0)
    anna.send(WORD)
    assert anna.read().decode() == STUCK


def test_too_much_and_halves_of_samples_do_no_harm(door, monkeypatch):
    """What does not fit is left out; what is odd is put together."""
    monkeypatch.setattr(lines, "STUCK_S", 600.0)
    door.speaker.is_stuck = True
    anna = door.say(by="Anna")
    for _ in range(200):
        anna.send(WORD)
    anna.send(WORD[:1])
    anna.send(WORD[1:])
    door.speaker.is_stuck = False
    anna.end()
    assert anna.read() == b""
    heard = [sample for sample in array("h", door.speaker.played) if sample]
    assert 0 < len(heard) < 100 * len(WORD)


@pytest.mark.parametrize("volume", ["nan", "x", "-5", "1e9", ""])
def test_a_strange_volume_is_one(door, volume):
    """Nothing is louder than it is set."""
    anna = door.say(by="Anna", volume=volume)
    anna.send(WORD)
    anna.end()
    anna.read()
    assert max(array("h", door.speaker.played)) <= 6_000


def test_those_who_listen_hear_the_door_and_silence_while_one_speaks(door, monkeypatch):
    """The microphone is open while anybody listens, and only then."""
    monkeypatch.setattr(lines, "ECHO_S", 0.0)
    first, second = door.listen(), door.listen()
    until(lambda: len(door.line._listeners) == 2, "both listen")
    door.microphone.hear(WORD)
    assert first.read(len(WORD)) == second.read(len(WORD)) == WORD
    anna = door.say(by="Anna")
    door.microphone.hear(WORD)
    assert first.read(len(WORD)) == bytes(len(WORD))
    anna.close()
    until(lambda: door.line._speaker is None, "she is gone")
    door.microphone.hear(WORD)
    assert first.read(len(WORD)) == WORD
    for one in (first, second):
        one.close()

    def is_closed():
        if hear := door.microphone.hear:
            hear(WORD)  # a client that is gone is noticed at the next sound
        return door.microphone.hear is None

    until(is_closed, "it is closed")


def test_one_who_does_not_read_loses_the_oldest(door):
    """And holds up nobody."""
    with door.line.listening() as listener:
        for number in range(100):
            door.microphone.hear(bytes([number]) * BLOCK_BYTES)
        heard = listener.wait(0)
    assert len(heard) == bytes_for(0.5)
    assert heard[-1] == 99


def test_a_crowd_that_listens_leaves_a_place_to_speak(door):
    """And one more of it is told."""
    crowd = [door.listen() for _ in range(MOST_LISTENERS)]
    assert {one.status for one in crowd} == {200}
    assert door.listen().status == 429
    assert door.say(by="Anna").status == 200


def test_one_who_reads_slowly_hears_what_is_new(door):
    """Little waits on the way: nobody hears what was said at the door seconds ago."""
    client = door.listen()
    (listener,) = until(lambda: door.line._listeners, "it listens")

    def is_full():
        door.microphone.hear(bytes(BLOCK_BYTES))
        return len(listener._blocks) == MOST_BLOCKS

    until(is_full, "nothing more is sent")
    door.private = "private"
    assert len(client.read()) < bytes_for(0.5)


def test_privacy_forbids_listening_and_not_speaking(door):
    """It also ends what is heard at that moment."""
    listener = door.listen()
    door.microphone.hear(WORD)
    assert listener.read(len(WORD)) == WORD
    door.private = "private until 16:30"
    door.microphone.hear(WORD)
    assert listener.read() == b""
    refused = door.listen()
    assert (refused.status, refused.read()) == (503, b"private until 16:30: nothing is heard")
    assert door.say(by="Anna").status == 200


@pytest.mark.parametrize("path", ["GET /front/say", "POST /front/listen", "GET /", "PUT /front/x"])
def test_what_is_not_there_is_refused(door, path):
    """With a reason for people."""
    client = door.ask(path)
    assert client.status in (404, 503)
    assert client.read()


def test_a_device_that_is_missing_is_told(door):
    """And tried again at the next attempt."""
    door.speaker.fault = door.microphone.fault = "no sound card"
    for client in (door.say(by="Anna"), door.listen()):
        assert (client.status, client.read()) == (503, b"no sound card")
    door.speaker.fault = door.microphone.fault = ""
    assert door.say(by="Anna").status == door.listen().status == 200


def test_one_who_lets_go_and_presses_again_waits_for_the_last_words(door):
    """And is not told that somebody speaks: it was herself."""
    door.speaker.is_stuck = True
    anna = door.say(by="Anna")
    anna.send(WORD)
    anna.end()
    until(lambda: door.line._is_ending, "she has let go")

    def go_on():
        door.speaker.is_stuck = False

    timer = threading.Timer(0.1, go_on)
    timer.start()
    assert door.say(by="Anna").status == 200
    timer.join()


def test_one_who_presses_again_before_her_last_words_were_read_waits_too(door, monkeypatch):
    """Each connection has a thread, and the new one's may be the first to run."""
    anna = door.say(by="Anna")
    goes_on, at_volume = threading.Event(), lines.at_volume
    monkeypatch.setattr(
        lines, "at_volume", lambda *sound: goes_on.wait(PATIENCE_S) and at_volume(*sound)
    )
    anna.send(WORD)
    anna.end()
    timer = threading.Timer(0.1, goes_on.set)
    timer.start()
    assert door.say(by="Anna").status == 200
    timer.join()


def test_after_a_speaker_that_did_not_open_the_chime_comes_first(door):
    """The visitor has heard none yet."""
    door.speaker.fault = "no sound card"
    assert door.say(by="Anna").status == 503
    door.speaker.fault = ""
    anna = door.say(by="Anna")
    anna.end()
    anna.read()
    assert door.speaker.played.count(_halved(chime()).strip(b"\0")) == 1


def test_what_a_talk_has_open_is_not_opened_once_more(door):
    """Many a card would refuse it, and a drill would fail because somebody talks."""
    anna, ben = door.say(by="Anna"), door.listen()
    until(lambda: door.line._listeners, "he listens")
    door.speaker.fault = door.microphone.fault = "it is in use"
    assert door.line.check() == "the speaker and the microphone open"
    for one in (anna, ben):
        one.close()


def test_a_crowd_that_asks_for_nothing_takes_few_threads_and_the_next_one_is_served(door):
    """A phone may open as many windows as it likes."""
    before = most = threading.active_count()
    with ExitStack() as stack, TALK.short_name(door.folder) as name:
        for _ in range(100):
            idle = stack.enter_context(socket.socket(socket.AF_UNIX))
            idle.connect(name)
            most = max(most, threading.active_count())
        assert idle.recv(1) == b""
    assert most - before <= 2 * TalkServer.most
    until(lambda: threading.active_count() <= before, "they are gone")
    assert door.say(by="Anna").status == 200


def test_a_system_without_threads_refuses_one_client_and_serves_the_next(door, monkeypatch):
    """As a unit at its limit of tasks does."""

    def fail(_):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch, TALK.short_name(door.folder) as name:
        patch.setattr(threading.Thread, "start", fail)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(name)
            client.settimeout(PATIENCE_S)
            assert client.recv(1) == b""
    assert door.say(by="Anna").status == 200


def test_both_are_tried_in_silence(door):
    """For a drill."""
    assert door.line.check() == "the speaker and the microphone open"
    assert not any(door.speaker.played)
    door.private = "private"
    assert door.line.check() == "the speaker opens; private: the microphone was not tried"
