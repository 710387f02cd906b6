"""What happens to a talk while the page, its view or the phone's microphone changes."""

import pytest

from tests.browser.talking import HEARD, LISTENING, phones, talkative, talking_house
from tests.house import until

DENIED = "The browser gives no microphone"
HIDE = """() => {
  Object.defineProperty(document, "hidden", { value: true, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
A_MOMENT = "new Promise((done) => setTimeout(done, 300))"
# The microphone opens when a test lets it, and the test can take it away.
SLOW = """() => {
  const devices = navigator.mediaDevices;
  const open = devices.getUserMedia.bind(devices);
  const allowed = new Promise((done) => (window.allow = done));
  devices.getUserMedia = async (wanted) => {
    await allowed;
    return (window.opened = await open(wanted));
  };
}"""
LATE_ANSWER = """() => {
  const ask = window.fetch;
  const may = new Promise((done) => (window.answer = done));
  window.fetch = (address, given) => {
    const signal = given?.signal;
    if (!`${address}`.includes("/say")) return ask(address, given);
    return new Promise((done, fail) => {
      signal.addEventListener("abort", () => fail(new Error("too late")));
      may.then(() => ask(address, given)).then(done, fail);
    });
  };
}"""
UNPLUG = """() => {
  for (const track of window.opened.getTracks()) {
    track.stop();
    track.dispatchEvent(new Event("ended"));
  }
}"""


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
def anna(browser, house):
    """The page of a person of the house, with the addresses that it has asked for."""
    with phones(browser, house) as open_as:
        anna = open_as("Anna")
        anna.asked = []
        anna.page.on("request", lambda request: anna.asked.append(request.url))
        yield anna


def _turns(anna):
    return {url.split("turn=")[1][:36] for url in anna.asked if "turn=" in url}


def _is_last(response):
    return "&last" in response.url


def test_a_page_that_is_hidden_while_one_speaks_does_not_begin_to_listen(anna):
    """Nobody would see that it does."""
    anna.hold()
    anna.says(HEARD)
    anna.page.evaluate(HIDE)
    until(lambda: anna.talk.get_attribute("aria-pressed") == "false", "it is over")
    assert anna.listen.get_attribute("aria-pressed") == "false"
    assert not any("/listen" in url for url in anna.asked)
    anna.let_go()


def test_a_view_that_is_built_anew_while_one_speaks_leaves_nothing_that_listens(house, anna):
    """What is not in the page has no button that would end it."""
    anna.hold()
    anna.says(HEARD)
    with anna.page.expect_response(_is_last):
        house.ring()
    anna.page.locator(".ring #talk-front").wait_for()
    anna.page.evaluate(A_MOMENT)
    assert not any("/listen" in url for url in anna.asked)
    anna.let_go()


def test_one_who_presses_again_while_the_microphone_opens_speaks_once(anna):
    """The browser may ask for a while."""
    anna.page.evaluate(SLOW)
    for _ in range(3):
        anna.hold()
        anna.let_go()
    anna.hold()
    anna.page.evaluate("window.allow()")
    anna.says(HEARD)
    anna.page.evaluate(A_MOMENT)
    anna.says(HEARD)
    assert len(_turns(anna)) == 1
    anna.let_go()
    anna.says(LISTENING)


def test_a_microphone_that_is_unplugged_is_told_and_opened_anew(anna):
    """Nobody is told to be heard who is not."""
    anna.page.evaluate(SLOW)
    anna.page.evaluate("window.allow()")
    anna.hold()
    anna.says(HEARD)
    anna.page.evaluate(UNPLUG)
    anna.says(DENIED)
    anna.let_go()
    anna.hold()
    anna.says(HEARD)
    anna.let_go()


def test_a_door_that_takes_its_time_to_open_the_speaker_is_waited_for(anna):
    """The page says that it is not heard yet."""
    anna.page.evaluate(LATE_ANSWER)
    anna.hold()
    anna.says("Connecting")
    anna.page.evaluate("new Promise((done) => setTimeout(done, 2_000))")
    anna.says("Connecting")
    anna.page.evaluate("window.answer()")
    anna.says(HEARD)
    anna.let_go()
    anna.says(LISTENING)
