"""Talking with the visitor from a real browser, whose microphone plays a file."""

import os
import signal
import tomllib
from array import array

import pytest

from devices.talk.pcm import RATE_HZ
from tests.browser.conftest import ADDRESS, OPTIONS, PHONE, address_in, log_in
from tests.browser.house import BrowserHouse
from tests.browser.speech import WORDS, likeness, read_samples, word, write_speech
from tests.house import Ears, until

RECOGNISABLE = 0.8
FAKES = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
# What the page plays, as the samples that it gives to the browser.
TAP = """
window.played = [];
const copy = AudioBuffer.prototype.copyToChannel;
AudioBuffer.prototype.copyToChannel = function (samples, channel) {
  window.played.push(...Array.from(samples, (one) => Math.round(one * 32_768)));
  return copy.call(this, samples, channel);
};
"""
TABLE = """
[handlers.talk]
enabled = true
speaker = "simulated"
microphone = "{microphone}"
"""


@pytest.fixture(scope="module")
def talkative(chromium, tmp_path_factory):
    """A Chromium with a microphone that says some words again and again."""
    speech = write_speech(tmp_path_factory.mktemp("phone") / "speech.wav", 48_000)
    given = (*OPTIONS, *FAKES, f"--use-file-for-fake-audio-capture={speech}")
    browser = chromium.browser_type.launch(executable_path=_program(), args=list(given))
    yield browser
    browser.close()


def _program():
    from tests.needs import find_program  # noqa: PLC0415

    return find_program("chromium")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A fresh `doorbell run`, with a door whose microphone hears these words, and a switch."""
    folder = tmp_path_factory.mktemp("talk")
    house = BrowserHouse(folder)
    path = folder / "doorbell.toml"
    visitor = write_speech(folder / "visitor.wav", RATE_HZ)
    text = path.read_text(encoding="utf-8")
    text = text.replace(
        "[handlers.record]\n", '[handlers.record]\nprivate_topic = "home/private"\n'
    )
    path.write_text(text + TABLE.format(microphone=visitor), encoding="utf-8")
    with house:
        house.wait_for(ADDRESS)
        house.wait_for("talk is ready")
        yield house


@pytest.fixture
def ears(house):
    """A connection to the house's broker."""
    settings = tomllib.loads((house.folder / "doorbell.toml").read_text(encoding="utf-8"))
    ears = Ears(settings["broker"]["port"])
    yield ears
    ears.close()


@pytest.fixture
def phone(talkative, house):
    """Opens the page as a person of the house; no script failed at the end."""
    contexts, errors = [], []

    def open_as(name, **options):
        context = talkative.new_context(**{**PHONE, "locale": "en-GB", **options})
        contexts.append(context)
        context.add_init_script(TAP)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        log_in(page, address_in(house.command("link")), name)
        return page

    yield open_as
    for context in contexts:
        context.close()
    assert errors == []


def _talk(page):
    return page.get_by_role("button", name="Hold to talk: Front door")


def _hold(page):
    box = _talk(page).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()


def _says(page, words):
    line = page.locator("#talk-front [role=status]")
    until(lambda: words in line.inner_text(), line.inner_text, patience_s=30)


def _spoken(house):
    return sorted((house.folder / "state" / "talk").glob("talk-*.wav"))


def _speak(page, house, enough=lambda: True):
    """Hold the button until that is enough; returns what the door's speaker has played."""
    before = len(_spoken(house))
    _hold(page)
    _says(page, "You are heard at the door")
    page.wait_for_timeout(3_000 * 1)
    page.mouse.up()
    until(lambda: len(_spoken(house)) > before, "it was played")
    return read_samples(_spoken(house)[-1])[0]


def test_what_the_phone_hears_comes_out_of_the_door(house, phone, record_property):
    """Each word, recognisably."""
    page = phone("Anna")
    heard = _speak(page, house)
    found = [likeness(word(number, RATE_HZ), heard, RATE_HZ) for number in range(WORDS)]
    record_property("correlation", found)
    print(found, len(heard))
    assert min(found) > RECOGNISABLE
