"""A house whose doors one can talk to, and phones with a microphone that says some words."""

import os
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from devices.talk.audio.pcm import RATE_HZ
from tests.browser.conftest import ADDRESS, OPTIONS, PHONE, address_in, log_in
from tests.browser.house import BrowserHouse
from tests.browser.speech import write_speech
from tests.house import Ears, until
from tests.needs import find_program

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HEARD = "You are heard at the door"  # what the page says while one speaks
LISTENING = "You hear the door"
ELSEWHERE = "door.test"  # this machine by a name that browsers do not trust over plain HTTP
FAKES = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
TABLE = """
[handlers.talk]
enabled = true
speaker = "simulated"
microphone = "{microphone}"
"""
# What the page plays: the samples that it gives to the browser. The browser's own treatment of
# speech is left out, for it takes these words for noise.
TAP = """
window.played = [];
const copy = AudioBuffer.prototype.copyToChannel;
AudioBuffer.prototype.copyToChannel = function (samples, channel) {
  window.played.push(...Array.from(samples, (one) => Math.round(one * 32_768)));
  return copy.call(this, samples, channel);
};
const devices = navigator.mediaDevices;
const open = devices?.getUserMedia.bind(devices);
if (open) devices.getUserMedia = ({ audio }) =>
  open({ audio: { ...audio, noiseSuppression: false, autoGainControl: false } });
"""


class TalkingHouse(BrowserHouse):
    """A fresh `doorbell run`, with a door whose microphone hears these words, and a switch."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        path = folder / "doorbell.toml"
        visitor = write_speech(folder / "visitor.wav", RATE_HZ)
        text = path.read_text(encoding="utf-8")
        record = "[handlers.record]\n"
        text = text.replace(record, f'{record}private_topic = "home/private"\n')
        path.write_text(text + TABLE.format(microphone=visitor), encoding="utf-8")
        self.broker: int = tomllib.loads(text)["broker"]["port"]

    def spoken(self) -> list[Path]:
        """What the door's speaker has played: a file for each turn."""
        return sorted((self.folder / "state" / "talk").glob("talk-*.wav"))

    def being_spoken(self) -> bytes:
        """What it has played of the present turn."""
        parts = (self.folder / "state" / "talk").glob("talk-*.part")
        return b"".join(part.read_bytes()[44:] for part in parts)  # 44: the head of a WAV file

    def pid_of_talk(self, ears: Ears) -> int | None:
        """The process that has speaker and microphone, if it runs."""
        said = ears.messages("doorbell/handler/talk/status")
        return said[-1].get("pid") if said and said[-1]["state"] == "ready" else None


@contextmanager
def talking_house(folder: Path) -> Iterator[TalkingHouse]:
    """Such a house, when its page listens and one can talk."""
    with TalkingHouse(folder) as house:
        house.wait_for(ADDRESS)
        house.wait_for("talk is ready")
        yield house


@contextmanager
def talkative(chromium: "Browser", folder: Path) -> Iterator["Browser"]:
    """A Chromium with a microphone that says these words again and again."""
    speech = write_speech(folder / "speech.wav", 48_000)
    given = (
        *OPTIONS,
        *FAKES,
        f"--use-file-for-fake-audio-capture={speech}",
        f"--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1",
    )
    program = find_program("chromium")
    browser = chromium.browser_type.launch(executable_path=program, args=list(given))
    yield browser
    browser.close()


@contextmanager
def phones(browser: "Browser", house: TalkingHouse) -> Iterator[Callable[..., "TalkingPhone"]]:
    """Opens the page as a person of the house; no script failed at the end."""
    opened: list[TalkingPhone] = []
    errors: list[str] = []

    def open_as(name: str, host: str = "127.0.0.1", **options: object) -> TalkingPhone:
        context = browser.new_context(**{**PHONE, "locale": "en-GB", **options})
        context.add_init_script(TAP)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        log_in(page, address_in(house.command("link")).replace("127.0.0.1", host), name)
        opened.append(TalkingPhone(page))
        return opened[-1]

    yield open_as
    for phone in opened:
        phone.close()
    assert errors == []


class TalkingPhone:
    """A phone that shows the front door.

    Attributes:
        page: What it shows.
        talk: The button that one holds.
        listen: The button that one presses to hear the door.
    """

    def __init__(self, page: "Page") -> None:
        self.page = page
        box = page.locator("#talk-front")
        self.talk = box.locator("[data-talk]")
        self.listen = box.locator("[data-listen]")
        self._line = box.locator("[role=status]")

    def hold(self) -> None:
        """Begin to hold the button."""
        self.talk.scroll_into_view_if_needed()
        box = self.talk.bounding_box()
        assert box
        self.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        self.page.mouse.down()

    def let_go(self) -> None:
        """Hold it no more."""
        self.page.mouse.up()

    def says(self, words: str) -> None:
        """Wait until the page says this of the talk."""
        until(lambda: words in self._line.inner_text(), self._line.inner_text)

    def played(self) -> list[int]:
        """What was heard of the door since the last call."""
        played: list[int] = self.page.evaluate("window.played.splice(0)")
        return played

    def close(self) -> None:
        """Shut it off."""
        self.page.context.close()


def axe() -> str:
    """The script of axe-core."""
    return (Path(os.environ["AXE"]) / "node_modules/axe-core/axe.min.js").read_text()
