"""`doorbell-hub`: the process that owns the buttons. A press is journaled, then published; that is all."""

import argparse
import itertools
import json
import logging
import os
import sys
import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from config import Settings
from config.model import ButtonSettings
from devices.button.button import Button, ButtonError, GpioButton, SimulatedButton
from devices.button.press_kind import Kind, PressClassifier
from hub.features.answers import Answered
from hub.features.button_led import ButtonLeds
from hub.features.calendar import Calendar
from hub.features.chime import Chime
from hub.features.nightly_drill import Nightly
from hub.features.quiet import QuietKeeper
from hub.features.triggers import Triggers
from hub.mqtt import credentials
from hub.mqtt.bus import Bus, Message
from hub.mqtt.status import Status, will
from hub.process.lifecycle import on_stop, serve
from hub.producer.producer import Producer
from hub.producer.reporter import Report, Reporter
from hub.store.database import State
from hub.system import sd_notify
from hub.wire import topics

log = logging.getLogger(__name__)
SETTLE_S = 1.0
RETRY_S = 15  # how often a button that could not be had is tried again
KINDS: dict[Kind, str] = {
    "double_pressed": topics.DOUBLE_PRESSED,
    "long_pressed": "doorbell.long_pressed",
    "stuck": "doorbell.stuck",
}
WISHES = {"press": topics.PRESSED, "drill": topics.DRILLED}


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="doorbell-hub", description=__doc__)
    parser.add_argument("--config", type=Path, help="the settings file")
    parser.add_argument(
        "--stdin", action="store_true", help="each line read names a door whose button is pressed"
    )
    arguments = parser.parse_args()
    serve("hub", partial(run, by_hand=arguments.stdin), arguments.config)


def run(settings: Settings, *, by_hand: bool = False) -> None:
    """Watch the buttons until told to stop; `by_hand` also those that are pressed on the standard input."""
    stopping = threading.Event()
    on_stop(stopping.set)
    source = topics.source("hub", settings.hub)
    state = State(settings.state_dir / f"hub-{settings.hub}.db")
    bus = Bus(
        settings.broker,
        f"doorbell-hub-{settings.hub}",
        will(source),
        credentials.user("hub", settings.hub),
    )
    status = Status(bus, source)
    producer = Producer(state, bus, source, settings.journal)
    keeper = QuietKeeper(settings, state, bus)
    hub = Hub(settings, producer, bus, keeper)
    bus.start()
    night = Nightly(settings, state, producer, bus)
    almanac = Calendar(settings, state, producer, bus)
    keeper.tick()
    if by_hand:
        threading.Thread(target=hub.read_presses, name="by hand", daemon=True).start()
    watchdog = sd_notify.Watchdog()
    told: list[str] | None = None
    broken: list[str] = []
    for second in itertools.count():
        if second % RETRY_S == 0:
            broken = hub.open_buttons()
        if (
            faults := [*broken, *hub.stuck, *filter(None, [state.disk_fault]), *night.faults]
        ) != told:
            hub.tell(status, faults)
            told = faults
        if second == 0:
            sd_notify.ready()  # also without a button: it keeps the journal, and rings for `doorbell press`
        watchdog.feed()
        if stopping.wait(SETTLE_S):
            break
        hub.settle()
        keeper.tick()
        almanac.tick()
        night.tick()
    sd_notify.stopping()
    hub.close()
    status.set("offline", "stopped")
    bus.stop()
    state.close()


class Hub:
    """The doors of this house and what is said of them."""

    def __init__(
        self, settings: Settings, producer: Producer, bus: Bus, keeper: QuietKeeper
    ) -> None:
        self._settings, self._producer = settings, producer
        self._reporter = Reporter(producer)
        self._buttons: dict[str, Button] = {}
        self._stuck: set[str] = set()
        Triggers(settings, self._reporter, bus)
        Answered(settings, self._reporter, producer, bus)
        self._signs = ButtonLeds(settings, self._reporter, bus)
        self._chime = Chime(settings, self._reporter, bus, quiet=keeper.reason)
        bus.subscribe(topics.press("doorbell/+/+", settings.hub, "+"), self._wish)
        bus.subscribe(topics.drill("doorbell/+/+", settings.hub, "+"), self._wish)

    def open_buttons(self) -> list[str]:
        """Listen to every button that can be had and is not listened to yet; returns what is wrong with the others."""
        faults = [*self._signs.faults, *self._chime.faults]
        for door, wanted in self._settings.doors.items():
            if door in self._buttons:
                continue
            try:
                button = _button(wanted.button)
            except ButtonError as error:
                faults.append(f"[doors.{door}] {error}")
            else:
                self._buttons[door] = button
                button.listen(
                    partial(self._say, topics.PRESSED, door, "button"),
                    partial(self._say_more, door),
                )
        return faults

    @property
    def stuck(self) -> list[str]:
        """A line for each button that is stuck now."""
        doors = sorted(self._stuck)
        return [
            f"[doors.{door}.button] is stuck, or its wires touch: it has been held all the time"
            for door in doors
        ]

    def tell(self, status: Status, faults: list[str]) -> None:
        """Say how the doors are. Without a single button it still keeps the journal and rings for `doorbell press`."""
        for fault in faults:
            log.error("%s", fault)
        status.set("ready" if self._buttons else "failed", "; ".join(faults))
        log.info("listening at: %s", ", ".join(self._buttons) or "no door")

    def read_presses(self) -> None:
        """In a thread of its own: press what is named on the standard input."""
        rest = b""
        while chunk := os.read(
            sys.stdin.fileno(), 4096
        ):  # not sys.stdin: a thread that waits in it spoils our end
            *lines, rest = (rest + chunk).split(b"\n")
            for door in [line.decode(errors="replace").strip() for line in lines]:
                if door not in self._settings.doors:
                    continue
                simulated = isinstance(self._buttons.get(door), SimulatedButton)
                self._say(
                    topics.PRESSED, door, "button" if simulated else "command", datetime.now(UTC)
                )

    def settle(self) -> None:
        """Write down what can wait, and what could not be written before."""
        self._signs.tick()
        self._chime.tick()
        self._reporter.settle()
        self._producer.settle()

    def close(self) -> None:
        """Let go of the buttons."""
        for button in self._buttons.values():
            button.close()
        self.settle()
        self._signs.close()
        self._chime.close()

    def _say(self, kind: str, door: str, via: str, at: datetime, wish: str | None = None) -> None:
        """The press, or the drill: on the disk first, then on its way."""
        self._reporter.report(
            Report(kind, door, {"name": self._settings.door_name(door), "via": via}, at, wish)
        )

    def _say_more(self, door: str, kind: Kind, at: datetime, held_s: float) -> None:
        """The second press of a pair; or what became of the last press because it is held."""
        if kind == "released":
            self._stuck.discard(door)
            return
        if kind == "stuck":
            self._stuck.add(door)
        data: dict[str, Any] = {"name": self._settings.door_name(door), "via": "button"}
        if kind != "double_pressed":
            data["held_s"] = round(held_s, 1)
            at += timedelta(seconds=held_s)  # it is said of the moment in which it became true
        self._reporter.report(Report(KINDS[kind], door, data, at))

    def _wish(self, message: Message) -> None:
        """Somebody presses or drills from afar. Its id becomes the event's: a wish delivered twice rings once."""
        *_, wished, _, door = message.topic.split("/")
        try:
            wish = json.loads(message.payload)["id"]
        except (ValueError, TypeError, KeyError, RecursionError):
            wish = None
        if isinstance(wish, str) and self._reporter.waits_with(wish):
            return  # pressed already, and waiting for the disk
        if fault := self._fault_in(message, door, wish):
            log.warning("%s: not a %s that I can make: %s", message.topic, wished, fault)
        elif not self._reporter.knows(wish):
            self._say(WISHES[wished], door, "command", datetime.now(UTC), wish)
        message.ack()

    def _fault_in(self, message: Message, door: str, wish: object) -> str | None:
        if message.retained:
            return "it is retained, and a press is never retained"
        if door not in self._settings.doors:
            return f"there is no such door. There are: {', '.join(self._settings.doors)}"
        return (
            None
            if _is_id(wish)
            else 'it is no JSON with an "id" of 36 hexadecimal digits and dashes'
        )


def _button(wanted: ButtonSettings) -> Button:
    hold = PressClassifier(wanted.double_s, wanted.long_s, wanted.stuck_s)
    if wanted.driver == "gpio" and wanted.pin is not None:
        filtered = {"min_press_s": wanted.min_press_s, "debounce_s": wanted.debounce_s}
        return GpioButton(wanted.pin, pull=wanted.pull, hold=hold, **filtered)
    return SimulatedButton(hold)


def _is_id(text: object) -> bool:
    return isinstance(text, str) and len(text) == 36 and all(c in "0123456789abcdef-" for c in text)  # noqa: PLR2004


if __name__ == "__main__":
    main()
