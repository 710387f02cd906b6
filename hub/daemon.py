"""`doorbell-hub`: the process that owns the buttons. It journals each press, then publishes it."""

import argparse
import logging
import threading
from functools import partial
from pathlib import Path

from config import Settings
from hub.features.button_led import ButtonLeds
from hub.features.buttons import Buttons
from hub.features.calendar import Calendar
from hub.features.chime import Chime
from hub.features.commands.answer_service import AnswerService
from hub.features.commands.push_service import PushService
from hub.features.commands.recordings_service import RecordingsService
from hub.features.commands.remote_press import RemotePress
from hub.features.feature import Feature
from hub.features.homeassistant.switch import home_assistant
from hub.features.nightly_drill import NightlyDrill
from hub.features.quiet import QuietKeeper
from hub.features.triggers.feature import Triggers, kept_bus
from hub.mqtt.bus import Bus
from hub.mqtt.connection import client_ids, credentials
from hub.mqtt.guard import guarded
from hub.mqtt.status import StatusPublisher, will
from hub.process.lifecycle import end_for_good, on_stop, serve, settle_in
from hub.producer.producer import Producer
from hub.producer.reporter import Reporter
from hub.store.state import State
from hub.system import sd_notify
from hub.wire import topics

log = logging.getLogger(__name__)
TICK_S = 1.0


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="doorbell-hub", description=__doc__)
    parser.add_argument("--config", type=Path, help="the settings file")
    parser.add_argument(
        "--stdin",
        action="store_true",
        help="press the buttons of the doors that standard input names, one a line",
    )
    arguments = parser.parse_args()
    serve("hub", partial(run, by_hand=arguments.stdin), arguments.config)


def run(settings: Settings, *, by_hand: bool = False) -> None:
    """Run the hub until a signal ends it.

    Args:
        settings: Of this house.
        by_hand: Also press the buttons of the doors that standard input names.
    """
    stopping = threading.Event()
    on_stop(stopping.set)
    source = topics.source("hub", settings.hub)
    state = State(settings.state_dir / f"hub-{settings.hub}.db")
    user = credentials.user("hub", settings.hub)
    root = settings.broker.root
    client_id = client_ids.own(settings.state_dir, source, root)
    bus = Bus(settings.broker, client_id, will(source, root), user)
    status = StatusPublisher(bus, source, end_for_good)
    kept = kept_bus(settings, source, user)
    hub = Hub(settings, state, bus, Producer(state, bus, source, settings.journal), kept)
    bus.start()
    if kept:
        kept.start()
    hub.open_buttons()
    hub.report_faults(status)
    if by_hand:
        threading.Thread(target=hub.buttons.read_presses, name="by hand", daemon=True).start()
    sd_notify.ready()  # also without an open button: commands still ring
    watchdog = sd_notify.Watchdog()
    watchdog.feed()
    settle_in()
    while not stopping.wait(TICK_S):
        hub.tick()
        hub.report_faults(status)
        watchdog.feed()
    sd_notify.stopping()
    hub.close()
    status.set("offline", "stopped")
    bus.stop()
    state.close()


class Hub:
    """The buttons of a house and everything else that the hub does.

    Attributes:
        buttons: Of all doors.
        features: Everything that the hub holds, the buttons first.
    """

    def __init__(
        self,
        settings: Settings,
        state: State,
        bus: Bus,
        producer: Producer,
        kept: Bus | None = None,
    ) -> None:
        self._state = state
        self._producer = producer
        self._reporter = Reporter(producer)
        self._reported: list[str] | None = None
        self._failed: dict[Feature, str] = {}  # whose last tick failed, and why
        self.buttons = Buttons(settings, self._reporter)
        triggers = Triggers(settings, self._reporter, producer, bus, kept)
        others = _features(settings, state, bus, producer, self._reporter)
        self.features: list[Feature] = [self.buttons, triggers, *others]

    def open_buttons(self) -> None:
        """Open the buttons at once; everything else begins with the first tick."""
        self.buttons.tick()

    def tick(self) -> None:
        """Do what is due; called about once a second.

        A feature that fails must not end the hub: while that starts again it hears no button.
        """
        for feature in self.features:
            self._tick(feature)
        self._settle()

    def close(self) -> None:
        """Close everything; the buttons first, so that no press comes while the rest closes."""
        self.buttons.close()
        self._settle()
        for feature in self.features[1:]:
            guarded(feature.close)

    def report_faults(self, status: StatusPublisher) -> None:
        """Log and publish the faults when they have changed.

        Without an open button the hub has failed.
        """
        faults = [fault for feature in self.features for fault in feature.faults]
        faults += self._failed.values()
        faults += filter(None, (self._state.disk_fault, self._reporter.fault))
        if faults == self._reported:
            return
        self._reported = faults
        for fault in faults:
            log.error("%s", fault)
        doors = self.buttons.open_doors
        status.set("ready" if doors else "failed", detail="; ".join(faults))
        log.info("listening at: %s", ", ".join(doors) or "no door")

    def _tick(self, feature: Feature) -> None:
        try:
            feature.tick()
        except Exception as error:
            fault = f"{type(feature).__name__} does not work: {error or type(error).__name__}"
            if self._failed.get(feature) != fault:
                log.exception("a part of the hub fails; the others go on")
            self._failed[feature] = fault
        else:
            self._failed.pop(feature, None)

    def _settle(self) -> None:
        """Write down what can wait, and what could not be written before."""
        self._reporter.settle()
        self._producer.settle()


def _features(
    settings: Settings, state: State, bus: Bus, producer: Producer, reporter: Reporter
) -> list[Feature]:
    """What the hub does beside its buttons. A new feature is a file and a line here."""
    quiet = QuietKeeper(settings, state, bus)
    return [
        quiet,
        RemotePress(settings, reporter, producer, bus),
        AnswerService(settings, reporter, producer, bus),
        PushService(settings, reporter, producer, bus),
        RecordingsService(settings, reporter, producer, bus),
        ButtonLeds(settings, reporter, bus),
        Chime(settings, reporter, bus, quiet=quiet.reason),
        Calendar(settings, state, producer, bus),
        NightlyDrill(settings, state, producer, bus),
        *home_assistant(settings, state, bus, producer),
    ]


if __name__ == "__main__":
    main()
