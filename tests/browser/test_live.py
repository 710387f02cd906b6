"""The live picture in a real browser: numbered pictures, read back from what is on the screen."""

import os
import signal
import tomllib
from itertools import pairwise

import pytest

from tests.browser.conftest import ADDRESS, PHONE, address_in, log_in
from tests.browser.house import BrowserHouse
from tests.devices.film import BITS, BLOCK, RATE, SIZE, make_film
from tests.house import Ears, until

PICTURE = "live-picture[data-state={}]"
FRAMES = 3 * RATE
FILM_S = 30
# The number in each frame that is shown, and when: from now on, in milliseconds.
WATCH = """([bits, block, [width, height], count]) => new Promise((done) => {
  const video = document.querySelector("live-picture video");
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const drawn = canvas.getContext("2d", { willReadFrequently: true });
  const began = performance.now();
  const seen = [];
  const see = () => {
    drawn.drawImage(video, 0, 0);
    const row = drawn.getImageData(0, height / 2, width, 1).data;
    const digits = Array.from({ length: bits }, (_, at) => +(row[(at + 0.5) * block * 4] > 127));
    seen.push([parseInt(digits.join(""), 2), performance.now() - began]);
    if (seen.length < count) video.requestVideoFrameCallback(see);
    else done(seen);
  };
  video.requestVideoFrameCallback(see);
  document.querySelector("live-picture[data-state=off] button")?.click();
})"""
NO_MEDIA_SOURCE = "delete window.MediaSource; delete window.ManagedMediaSource;"


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Numbered pictures, with a key frame each second, for a while."""
    return make_film(tmp_path_factory.mktemp("film") / "film.mp4", "libx264", FILM_S)


@pytest.fixture(scope="module")
def house(film, tmp_path_factory):
    """A fresh `doorbell run` with a camera that shows them, and a privacy switch."""
    house = BrowserHouse(tmp_path_factory.mktemp("live"), str(film))
    _set(house, 'private_topic = "home/private"')
    with house:
        house.wait_for(ADDRESS)
        house.wait_for("record is ready")
        yield house


@pytest.fixture
def ears(house):
    """A connection to the house's broker."""
    settings = tomllib.loads((house.folder / "doorbell.toml").read_text(encoding="utf-8"))
    ears = Ears(settings["broker"]["port"])
    yield ears
    ears.close()


@pytest.fixture
def look(chromium):
    """Opens a phone's browser on a house's page. A refused picture is no error here."""
    contexts = []

    def open_on(house, script=""):
        context = chromium.new_context(**PHONE, locale="en-GB")
        contexts.append(context)
        context.add_init_script(script)
        page = context.new_page()
        log_in(page, address_in(house.command("link")), "Anna")
        page.locator("live-picture button:visible").first.wait_for()
        return page

    yield open_on
    for context in contexts:
        context.close()


def _set(house: BrowserHouse, *lines: str) -> None:
    path = house.folder / "doorbell.toml"
    text = path.read_text(encoding="utf-8")
    table = "[handlers.record]\n"
    path.write_text(text.replace(table, table + "\n".join(lines) + "\n"), encoding="utf-8")


def _state(page, name: str) -> None:
    page.locator(PICTURE.format(name)).first.wait_for(state="attached", timeout=60_000)


def _press_live(page) -> None:
    page.locator("live-picture button").first.click()


def _pid_of_record(ears: Ears) -> int | None:
    """The process that has the camera, if it runs."""
    said = ears.messages("doorbell/handler/record/status")
    return said[-1].get("pid") if said and said[-1]["state"] == "ready" else None


def test_live_plays(house, look, record_property):
    """From the button on they come as the camera sends them, in their order."""
    page = look(house)
    seen = page.evaluate(WATCH, [BITS, BLOCK, list(SIZE), FRAMES])
    numbers = [number for number, _ in seen]
    record_property("first frame", f"{seen[0][1]:.0f} ms after the button")
    assert len(set(numbers)) == FRAMES
    forward = [(after - before) % (FILM_S * RATE) for before, after in pairwise(numbers)]
    assert max(forward) < 5 * RATE, "a slow machine may leave some out, and none comes again"
    assert page.locator("live-picture video").first.evaluate("it => it.videoWidth") == SIZE[0]
    _press_live(page)
    _state(page, "off")


def test_it_says_that_the_recorder_is_gone_and_comes_back_by_itself(house, ears, look):
    """It is killed while somebody looks."""
    page = look(house)
    _press_live(page)
    _state(page, "live")
    pid = until(lambda: _pid_of_record(ears), "it runs")
    os.kill(pid, signal.SIGKILL)
    _state(page, "away")
    words = page.locator("live-picture [role=status]").first.inner_text()
    assert "the process that has the camera does not run" in words
    assert not page.locator("live-picture video").first.is_visible()
    until(lambda: _pid_of_record(ears) not in (None, pid), "it is started again")
    _state(page, "live")


def test_privacy_ends_it_with_the_reason(house, ears, look):
    """And the end of privacy brings it back."""
    page = look(house)
    _press_live(page)
    _state(page, "live")
    try:
        ears.publish("home/private", "on", retain=True)
        _state(page, "away")
        words = page.locator("live-picture [role=status]").first
        until(lambda: "private, by its switch" in words.inner_text(), words.inner_text)
        assert not page.locator("live-picture video").first.is_visible()
    finally:
        ears.publish("home/private", "off", retain=True)
    _state(page, "live")


def test_a_browser_without_a_media_source_gets_pictures(house, look):
    """One after another, of now."""
    page = look(house, NO_MEDIA_SOURCE)
    _press_live(page)
    _state(page, "still")
    image = page.locator("live-picture img").first
    first = image.get_attribute("src")
    until(lambda: image.get_attribute("src") != first, "the next one comes")
    assert image.evaluate("it => it.naturalWidth") == SIZE[0]


def test_it_goes_on_when_somebody_rings(house, look):
    """The view is another one then, and the same door is looked at."""
    page = look(house)
    _press_live(page)
    _state(page, "live")
    house.ring()
    page.locator(f".ring {PICTURE.format('live')}").wait_for(timeout=60_000)
    assert page.locator(".ring video").is_visible()


def test_a_page_in_the_background_looks_at_nothing(house, look):
    """Nobody sees it, so nothing is sent."""
    page = look(house)
    _press_live(page)
    _state(page, "live")
    page.evaluate(
        "Object.defineProperty(document, 'hidden', { value: true, configurable: true });"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    _state(page, "off")
    page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    _state(page, "live")


def test_a_camera_without_h264_gives_pictures(look, tmp_path):
    """MJPEG is no format for a browser's media source."""
    film = make_film(tmp_path / "film.avi", "mjpeg", 10)
    with BrowserHouse(tmp_path / "house", str(film)) as house:
        house.wait_for(ADDRESS)
        house.wait_for("record is ready")
        page = look(house)
        _press_live(page)
        _state(page, "still")


def test_without_script_there_is_a_link_to_a_picture_of_now(chromium, house):
    """It is a JPEG."""
    context = chromium.new_context(**PHONE, java_script_enabled=False)
    page = context.new_page()
    log_in(page, address_in(house.command("link")), "Anna")
    link = page.get_by_role("link", name="Picture of now").first
    address = page.url.rstrip("/") + "/" + link.get_attribute("href").removeprefix("./")
    reply = context.request.get(address)
    assert (reply.status, reply.headers["content-type"]) == (200, "image/jpeg")
    context.close()
