"""The hub's quiet state: commands, how long they hold, and what is published."""

import json
import threading
from datetime import timedelta

import pytest

from config import Quiet as Hours
from config import Settings
from hub.features.quiet import QuietKeeper
from hub.store.memory import DiskMemory
from hub.store.state import StateError
from hub.wire.retained.quiet import QuietState
from tests.hub.fakes import HOUSE, FakeBroker

STATE = HOUSE.quiet("doorbell/hub/home")
COMMAND = HOUSE.command("doorbell/cli/1", "quiet", "home")


class Keeper:
    """A hub's quiet state on a broker in memory, with a clock that the test sets."""

    def __init__(self, states, hours):
        self.net = FakeBroker()
        self.state = states("hub-quiet")
        self.settings = Settings(quiet=hours)
        self.start()

    def start(self):
        self.bus = self.net.bus()
        self.keeper = QuietKeeper(self.settings, self.state, self.bus)
        self.keeper.tick()

    def command(self, payload, *, retained=False):
        text = payload if isinstance(payload, str) else json.dumps(payload)
        self.bus.hear(COMMAND, text.encode(), retained=retained)

    def pass_s(self, seconds):
        self.state.clock.passed_s += seconds
        self.keeper.tick()

    @property
    def published(self):
        return [QuietState.decode(payload) for topic, payload in self.net.heard if topic == STATE]

    @property
    def now(self):
        return self.published[-1].quiet, self.published[-1].why


@pytest.fixture
def keeper(states):
    return Keeper(states, Hours())


def test_a_command_holds_until_its_time_is_over(keeper):
    """Then the schedule decides again; each change is published once, retained."""
    assert keeper.now == (False, "off")
    keeper.command({"id": "w1", "quiet": True, "for_s": 3600})
    assert keeper.now == (True, "command")
    assert keeper.published[-1].command == "w1"
    before = len(keeper.published)
    for _ in range(5):
        keeper.pass_s(600)
    assert len(keeper.published) == before
    keeper.pass_s(601)
    assert keeper.now == (False, "off")
    assert keeper.bus.retained == [STATE] * len(keeper.published)


def test_a_repeated_command_ends_at_its_time(keeper):
    """The command line repeats a command; its time does not begin anew, nor after a restart."""
    keeper.command({"id": "w1", "quiet": True, "for_s": 3600})
    keeper.pass_s(1800)
    keeper.command({"id": "w1", "quiet": True, "for_s": 3600})
    keeper.start()
    keeper.command({"id": "w1", "quiet": True, "for_s": 3600})
    assert (keeper.now, keeper.published[-1].command) == ((True, "command"), "w1")
    keeper.pass_s(1801)
    assert keeper.now == (False, "off")
    keeper.command({"id": "w1", "quiet": True, "for_s": 3600})
    assert keeper.now == (True, "command")


def test_a_command_that_is_over_does_not_come_back(keeper):
    """Neither by a clock that is set back, nor by a reboot."""
    keeper.command({"quiet": True, "for_s": 60})
    keeper.pass_s(61)
    keeper.state.clock.reboot()
    keeper.state.clock.ahead_s = -86_400
    keeper.start()
    assert keeper.now == (False, "off")


class Watched(DiskMemory):
    """A memory that does something before each change of its file."""

    def __setitem__(self, key, value):
        self._before_change()
        super().__setitem__(key, value)

    def __delitem__(self, key):
        self._before_change()
        super().__delitem__(key)


class Interrupted(Watched):
    """A memory that is slow to write: meanwhile another thread runs, as far as it is let."""

    def __init__(self, state, meanwhile):
        super().__init__(state)
        self.meanwhile, self.threads = meanwhile, []

    def _before_change(self):
        if not self.threads:
            self.threads.append(threading.Thread(target=self.meanwhile))
            self.threads[0].start()
            self.threads[0].join(0.1)

    def end(self):
        self.threads[0].join()


def test_a_commands_id_is_published_with_its_own_state(keeper):
    """A tick while the command is written never pairs its id with the state before."""
    memory = keeper.keeper._memory = Interrupted(keeper.state, keeper.keeper.tick)
    keeper.command({"id": "w1", "quiet": True, "for_s": 60})
    memory.end()
    assert {state.quiet for state in keeper.published if state.command == "w1"} == {True}


def test_a_command_that_ends_does_not_end_the_next_one(keeper):
    """A command comes in the moment in which the last one is over."""
    keeper.command({"id": "w1", "quiet": True, "for_s": 60})
    next_command = {"id": "w2", "quiet": True, "for_s": 60}
    memory = keeper.keeper._memory = Interrupted(keeper.state, lambda: keeper.command(next_command))
    keeper.pass_s(61)
    memory.end()
    keeper.keeper.tick()
    assert keeper.now == (True, "command")


class Held(Watched):
    """A memory whose file another program holds for a while."""

    is_held = True

    def _before_change(self):
        if self.is_held:
            raise StateError("another program holds the file")


@pytest.mark.parametrize(("word", "now"), [("off", (False, "command")), ("auto", (False, "off"))])
def test_a_command_that_cannot_be_written_holds_and_is_written_later(keeper, word, now):
    """A sender without an id does not repeat it; and a restart finds the last command."""
    keeper.command("on")
    memory = keeper.keeper._memory = Held(keeper.state)
    keeper.command(word)
    keeper.pass_s(1)
    assert keeper.now == now
    memory.is_held = False
    keeper.pass_s(1)
    keeper.start()
    assert keeper.now == now


def test_plain_words_are_commands_too(keeper):
    """For a switch without JSON; `auto` means the schedule."""
    keeper.command("ON")
    assert keeper.now == (True, "command")
    keeper.command("off")
    assert keeper.now == (False, "command")
    keeper.command("auto")
    assert keeper.now == (False, "off")


@pytest.mark.parametrize(
    "command",
    [
        "",
        "louder",
        "[]",
        "{}",
        {"quiet": "yes"},
        {"quiet": True, "for_s": -1},
        {"quiet": True, "for_s": "2h"},
        {"quiet": True, "for_s": True},
        {"quiet": True, "for_s": 1e99},
        {"quiet": True, "id": 7},
        "[" * 9999,
    ],
)
def test_an_invalid_command_changes_nothing(keeper, command):
    """Nor does it end the hub's connection."""
    keeper.command(command)
    assert keeper.now == (False, "off")


def test_a_retained_command_is_refused(keeper):
    """It would come again at each reconnection."""
    keeper.command("on", retained=True)
    assert keeper.now == (False, "off")


def test_a_command_outlives_the_hub(keeper):
    """Its process and a reboot; a wrong clock never makes it longer."""
    keeper.command({"quiet": True, "for_s": 3600})
    keeper.start()
    assert keeper.now == (True, "command")
    keeper.state.clock.reboot()
    keeper.state.clock.ahead_s = -86_400 * 365
    keeper.start()
    assert keeper.now == (True, "command")
    assert keeper.keeper.state().until - keeper.state.clock.utc() <= timedelta(seconds=3600)
    keeper.state.clock.ahead_s = 0
    keeper.pass_s(3601)
    assert keeper.now == (False, "off")


def test_a_reconnection_publishes_the_state_again(keeper):
    """Brokers lose what they retain."""
    before = len(keeper.published)
    keeper.bus.connect()
    assert len(keeper.published) == before + 1
