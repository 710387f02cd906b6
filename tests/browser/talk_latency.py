"""Measures a talk from the phone's microphone to the door's speaker, and what it costs.

    AXE=.axe python -m tests.browser.talk_latency

The moment at which a word leaves the phone's microphone is that at which Chromium hands it to the
page, less its place in what is handed over. The moment at which it is heard is that at which the
door's simulated speaker takes it, which it does at the pace of a real one. A real sound card plays
it up to 60 ms later: it holds three times 20 ms.
"""

import re
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import sync_playwright

from devices.talk.audio.pcm import RATE_HZ
from tests.browser.speech import read_samples
from tests.browser.talking import phones, talkative, talking_house
from tests.house import Ears, until
from tests.needs import find_program

SECONDS = 40
LOUD = 1_500
APART_S = 0.15  # so much silence is before a word
LONGEST_S = 0.69  # words come every 0.7 s
# When each word begins, in milliseconds since 1970, as the browser hands it to the page.
EARS = """() => {
window.begun = [];
const get = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wanted) => {
  const stream = await get(wanted);
  const [track] = stream.clone().getTracks();
  const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
  let silent = 0;
  (async () => {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const now = performance.timeOrigin + performance.now();
      const samples = new Float32Array(value.numberOfFrames);
      value.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
      samples.forEach((sample, at) => {
        if (Math.abs(sample) < LOUD / 32768) return (silent += 1);
        if (silent > APART * value.sampleRate)
          window.begun.push(now - ((samples.length - at) / value.sampleRate) * 1000);
        silent = 0;
      });
      value.close();
    }
  })();
  return stream;
};
}""".replace("LOUD", str(LOUD)).replace("APART", str(APART_S))


def main() -> None:
    """Print latency and memory."""
    folder = Path(tempfile.mkdtemp())
    with sync_playwright() as playwright:
        program = find_program("chromium")
        chromium = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        with talking_house(folder / "house") as house, talkative(chromium, folder) as browser:
            ears = Ears(house.broker)
            pids = {name: _pid(ears, name) for name in ("handler/talk", "web/home")}
            with phones(browser, house) as open_as:
                anna = open_as("Anna")
                anna.page.evaluate(EARS)
                _tell("before", pids)
                anna.hold()
                anna.says("You are heard at the door")
                time.sleep(SECONDS)
                _tell("while one speaks", pids)
                begun = [one / 1000 for one in anna.page.evaluate("window.begun")]
                anna.let_go()
                until(house.spoken, "it was played")
                anna.says("You hear the door")
                time.sleep(5)
                _tell("while one listens", pids)
                anna.listen.click()
                time.sleep(2)
                _tell("afterwards", pids)
            ears.close()
            _say_latency(begun, house.spoken()[-1])
        chromium.close()


def _pid(ears: Ears, name: str) -> int:
    topic = f"doorbell/{name}/status"
    said = until(lambda: ears.messages(topic), topic)
    pid: int = said[-1]["pid"]
    return pid


def _tell(when: str, pids: dict[str, int]) -> None:
    """The private memory and the processor time of each process."""
    for name, pid in pids.items():
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8")
        private = sum(map(int, re.findall(r"^Private_\w+: +(\d+) kB", rollup, re.MULTILINE)))
        spent = sum(
            map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13])
        )
        print(f"{when}: {name}: {private / 1000:.1f} MB, {spent / 100:.2f} s of a processor so far")


def _say_latency(begun: list[float], spoken: Path) -> None:
    samples, _ = read_samples(spoken)
    name = spoken.stem.removeprefix("talk-")
    start_s = datetime.strptime(name, "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC).timestamp()
    silent = 0
    took = []
    for at, sample in enumerate(samples):
        if abs(sample) < LOUD:
            silent += 1
            continue
        if silent > APART_S * RATE_HZ / 2:  # pauses may have been made shorter
            heard_s = start_s + at / RATE_HZ
            before = [heard_s - one for one in begun if 0 < heard_s - one < LONGEST_S]
            took += before[-1:]
        silent = 0
    took = sorted(took)
    print(f"{len(took)} words: median {statistics.median(took):.3f} s,", end=" ")
    print(f"95 of 100 within {took[int(0.95 * len(took))]:.3f} s, longest {took[-1]:.3f} s")
    print("in order:", [round(one, 3) for one in took])


if __name__ == "__main__":
    main()
