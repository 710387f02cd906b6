"""Talking with the visitor from a real browser, whose microphone plays a file."""

import os
import signal
from array import array
from pathlib import Path

import pytest

from devices.talk.audio.pcm import BYTES_A_SECOND, RATE_HZ
from tests.browser.conftest import address_in, log_in
from tests.browser.speech import WORDS, likeness, read_samples, word
from tests.browser.talking import (
    ELSEWHERE,
    HEARD,
    LISTENING,
    axe,
    phones,
    talkative,
    talking_house,
)
from tests.browser.test_views import RULES
from tests.house import Ears, until

RECOGNISABLE = 0.8  # a word that was not said has 0.42 at most
READY = "Hold the button while you speak"
NO_MICROPHONE = """() => {
  navigator.mediaDevices.getUserMedia = () => Promise.reject(new Error("no"));
}"""
ROUND = 3 * BYTES_A_SECOND  # all words, and the pauses between them


@pytest.fixture(scope="module")
def browser(chromium, tmp_path_factory):
    """One whose microphone says some words."""
    with talkative(chromium, tmp_path_factory.mktemp("phone")) as browser:
        yield browser


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A fresh `doorbell run`."""
    with talking_house(tmp_path_factory.mktemp("talk")) as house:
        yield house


@pytest.fixture
def ears(house):
    """A connection to the house's broker."""
    ears = Ears(house.broker)
    yield ears
    ears.close()


@pytest.fixture
def phone(browser, house):
    """Opens the page as a person of the house."""
    with phones(browser, house) as open_as:
        yield open_as


def _found(sound):
    return (likeness(word(number, RATE_HZ), sound, RATE_HZ) for number in range(WORDS))


def test_what_the_phone_hears_comes_out_of_the_door(house, phone, record_property):
    """Each word, recognisably; the first thing that a visitor hears is the chime."""
    anna = phone("Anna")
    before = house.spoken()
    anna.hold()
    anna.says(HEARD)
    assert anna.talk.get_attribute("aria-pressed") == "true"
    best = [0.0] * WORDS
    looked = 0

    def are_found():
        nonlocal looked, best
        sound = house.being_spoken()
        if len(sound) > looked + ROUND // 2:
            part = array("h", sound[max(0, looked - ROUND) : len(sound) // 2 * 2])
            best = list(map(max, best, _found(part)))
            looked = len(sound)
        return min(best) > RECOGNISABLE

    until(are_found, lambda: f"of each word {best}")
    record_property("correlation of each word", [round(one, 3) for one in best])
    anna.let_go()
    until(lambda: house.spoken() != before, "it was played")
    sound, rate_hz = read_samples(house.spoken()[-1])
    assert rate_hz == RATE_HZ
    assert max(sound[: RATE_HZ // 10]) > 5_000, "the chime"
    anna.says(LISTENING)


def test_the_page_plays_what_the_door_hears_but_not_while_one_speaks(house, phone):
    """Half duplex: nobody hears the speaker by the microphone beside it."""
    anna = phone("Anna")
    anna.listen.click()
    anna.says(LISTENING)
    heard = array("h")
    looked = 0

    def is_recognised():
        nonlocal looked
        heard.extend(anna.played())
        if len(heard) < looked + RATE_HZ:
            return False
        last = heard[-3 * RATE_HZ :]
        looked = len(heard)
        return any(found > RECOGNISABLE for found in _found(last))

    until(is_recognised, lambda: f"{len(heard)} samples")
    anna.hold()
    anna.says(HEARD)
    heard = array("h")

    def is_silent():
        heard.extend(anna.played())
        return len(heard) > RATE_HZ and not any(heard[-RATE_HZ // 2 :])

    until(is_silent, "silence")
    anna.let_go()
    until(lambda: any(anna.played()), "the door again")
    anna.listen.click()
    assert anna.listen.get_attribute("aria-pressed") == "false"


def test_one_speaks_at_a_time_and_a_phone_that_vanishes_does_not_go_on_speaking(house, phone):
    """The second one is told who does; a phone whose page is gone is forgotten in seconds."""
    anna, ben = phone("Anna"), phone("Ben")
    anna.hold()
    anna.says(HEARD)
    ben.hold()
    ben.says("is speaking")
    ben.let_go()
    anna.close()  # in the middle of a word
    said = ben.page.locator("#talk-front [role=status]")

    def is_heard():
        ben.hold()
        until(lambda: said.inner_text().endswith(("is speaking", HEARD)), said.inner_text)
        if said.inner_text() == HEARD:
            return True
        ben.let_go()
        return False

    until(is_heard, said.inner_text)
    ben.let_go()
    ben.says(LISTENING)


def test_the_button_can_be_held_by_a_key_and_by_one_who_can_only_click(house, phone):
    """As a screen reader or a switch does: the next click lets go."""
    anna = phone("Anna")
    anna.talk.focus()
    anna.page.keyboard.down("Space")
    anna.says(HEARD)
    anna.page.keyboard.up("Space")
    anna.says(LISTENING)
    anna.talk.evaluate("it => it.click()")
    anna.says(HEARD)
    anna.talk.evaluate("it => it.click()")
    anna.says(LISTENING)


def test_a_finger_may_have_to_hold_it_once_more(house, phone):
    """A phone lets a page take sound only after a touch; the page says what to do."""
    anna = phone("Anna")
    fingers = anna.page.context.new_cdp_session(anna.page)
    line = anna.page.locator("#talk-front [role=status]")

    def touch():
        anna.talk.scroll_into_view_if_needed()
        box = anna.talk.bounding_box()
        place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        fingers.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [place]})
        until(lambda: line.inner_text() in (HEARD, READY), line.inner_text)

    def lift():
        fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    touch()
    if line.inner_text() == READY:
        lift()
        touch()
    anna.says(HEARD)
    lift()
    anna.says(LISTENING)


def test_it_says_that_the_process_is_gone_and_the_door_is_free_afterwards(house, ears, phone):
    """It is killed while somebody speaks."""
    anna = phone("Anna")
    anna.hold()
    anna.says(HEARD)
    pid = until(lambda: house.pid_of_talk(ears), "it runs")
    os.kill(pid, signal.SIGKILL)
    anna.says("The process that has the speaker and the microphone does not run")
    assert anna.talk.get_attribute("aria-pressed") == "false"
    anna.let_go()
    until(lambda: house.pid_of_talk(ears) not in (None, pid), "it is started again")
    anna.hold()
    anna.says(HEARD)
    anna.let_go()


def test_nobody_listens_while_it_is_private(house, ears, phone):
    """The camera's switch holds for the microphone; one may still be heard at the door."""
    anna = phone("Anna")
    anna.listen.click()
    anna.says(LISTENING)
    try:
        ears.publish("home/private", "on", retain=True)
        anna.says("private, by its switch: nothing is heard")
        anna.hold()
        anna.says(HEARD)
        anna.let_go()
    finally:
        ears.publish("home/private", "off", retain=True)
    anna.says(LISTENING)


def test_over_plain_http_one_can_listen_and_is_told_what_is_missing(house, phone):
    """Browsers give a microphone to HTTPS and to this machine only."""
    anna = phone("Anna", ELSEWHERE)
    assert not anna.page.evaluate("isSecureContext")
    anna.says("To talk, open this page with HTTPS. You can listen without.")
    assert not anna.talk.is_visible()
    anna.listen.click()
    anna.says(LISTENING)
    until(lambda: any(anna.played()), "it is heard")


def test_a_phone_that_gives_no_microphone_is_told(house, phone):
    """A person may have refused it."""
    anna = phone("Anna")
    anna.page.evaluate(NO_MICROPHONE)
    anna.hold()
    anna.says("The browser gives no microphone. Allow it for this page")
    anna.let_go()


def test_it_speaks_german_and_has_no_barrier(house, phone):
    """axe-core finds nothing, also while one speaks."""
    anna = phone("Anna", locale="de-DE", reduced_motion="reduce")
    assert anna.talk.inner_text() == "Zum Sprechen halten"
    anna.hold()
    anna.says("Man hört Sie an der Tür")
    anna.page.evaluate(axe())
    found = anna.page.evaluate(
        "rules => axe.run({runOnly: rules}).then(all => all.violations)", RULES
    )
    anna.let_go()
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []


@pytest.mark.skipif("PAGE_PICTURES" not in os.environ, reason="PAGE_PICTURES=docs/page make page")
def test_picture_for_the_document(house, phone):
    """A door on a phone, while somebody speaks."""
    paul = phone("Paul", color_scheme="light", reduced_motion="reduce", device_scale_factor=2)
    live = paul.page.locator("live-picture button").first
    live.click()
    paul.page.locator("live-picture[data-state=live]").wait_for()
    paul.hold()
    paul.says(HEARD)
    path = Path(os.environ["PAGE_PICTURES"]) / "talk.jpg"
    paul.page.locator("#look-front").screenshot(path=path, type="jpeg", quality=82)
    paul.let_go()


def test_without_script_nothing_of_it_is_shown(house, browser):
    """What cannot work is not there."""
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    log_in(page, address_in(house.command("link")), "Anna")
    assert page.locator("door-talk").first.inner_text().strip() == ""
    context.close()


def test_one_who_listens_goes_on_when_somebody_rings(house, phone):
    """The view is built anew for the ring."""
    anna = phone("Anna")
    anna.listen.click()
    anna.says(LISTENING)
    house.ring()
    anna.page.locator(".ring #talk-front").wait_for()
    anna.says(LISTENING)
    anna.played()
    until(lambda: any(anna.played()), "it is heard")
