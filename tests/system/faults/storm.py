"""Presses, deaths, cut wires and dead brokers in an order drawn from a seed, then calm."""

import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from hub.store.file.memory_fallback import IN_MEMORY, ON_DISK
from tests.house import House, until
from tests.servers.brokers import BrokerProcess
from tests.system.faults import crash
from tests.system.faults.ledger import PATIENCE_S, Ledger, settle_accounts
from tests.wire import TO_BROKER, TO_CLIENT, Wire

HANDLERS = {
    "one": ("done(event)\nemit('one.done')", '"doorbell.pressed"'),
    "careful": ("done(event)", '"doorbell.pressed", on_redelivery="skip"'),
    "slow": ("time.sleep(0.02)\ndone(event)", '"doorbell.pressed"'),
    "flaky": (
        "if event.attempt < 3 and event.sequence % 3 == 0:\n    raise ValueError('not yet')\n"
        "done(event)",
        '"doorbell.pressed", backoff_s=0.02, backoff_max_s=0.1, attempts=50',
    ),
    "hanging": (
        "if event.attempt == 1 and event.sequence % 25 == 0:\n    time.sleep(60)\ndone(event)",
        '"doorbell.pressed", timeout_s=0.3, backoff_s=0.02, attempts=50',
    ),
    "second": (
        "memory['n'] = memory.get('n', 0) + 1\ndone(event)\nemit('second.done')",
        '"one.done"',
    ),
    "third": ("done(event)", '"second.done", on_redelivery="skip"'),
    "observer": (
        "if event.type == 'doorbell.pressed':\n"
        "    if event.attempt < 3 and event.sequence % 5 == 0:\n"
        "        raise ValueError('not yet')\n"
        "    done(event)",
        '"*", backoff_s=0.02, backoff_max_s=0.1, attempts=50',
    ),
}
PAUSE_S = 0.05  # on average
LEAST = 6  # presses, for a storm
DOOMS = {
    "hub": (*crash.HUB_STEPS.values(), *crash.ANSWER_STEPS.values()),
    "observer": (*crash.WORKER_STEPS.values(), *crash.OBSERVER_STEPS.values()),
    "": (*crash.WORKER_STEPS.values(), *crash.CATCH_UP_STEPS.values(), *crash.RETRY_STEPS.values()),
}


class Storm:
    """A house whose every part fails now and then.

    The processes talk to the broker through one wire; the ears of the test listen beside it.
    """

    def __init__(
        self,
        house: House,
        broker: BrokerProcess,
        wire: Wire,
        seed: int,
        diary: Path,
        *,
        deadly: bool = True,
    ) -> None:
        """Prepare.

        Args:
            house: Empty.
            broker: To be killed.
            wire: Between the two.
            seed: Of the same storm.
            diary: A file for what happens.
            deadly: Processes are killed. If not, the disk fills instead: a crash on a full disk may
                lose what was only in memory, and the status says so.
        """
        self.deadly = deadly
        self._patience_s = PATIENCE_S
        self._ballast = house.state_dir / "ballast"
        self._house, self._broker, self._wire = house, broker, wire
        self._chance = random.Random(seed)
        self._diary = diary
        self._began = time.monotonic()
        self._names = ("hub", *HANDLERS)
        for name, (body, decoration) in HANDLERS.items():
            house.write_handler(name, body, decoration)

    def blow(self, seconds: float) -> None:
        """Let chance have its way for so long: longer, where a slow machine has said little yet."""
        self._patience_s = PATIENCE_S + seconds  # a longer storm leaves more to be done
        happenings = self._happenings()
        weights = [weight for weight, _ in happenings]
        # Inherited by the processes: a ring that comes before the hub listens does no harm.
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        self._house.start(*self._names, doom="-")
        self._began = time.monotonic()
        while (blown_s := time.monotonic() - self._began) < seconds or (
            blown_s < self._patience_s and self._presses() < LEAST
        ):
            self._revive()
            ((_, happen),) = self._chance.choices(happenings, weights)
            self._note(happen())
            time.sleep(self._chance.expovariate(1 / PAUSE_S))

    def _presses(self) -> int:
        return len(self._house.ears.events("doorbell.pressed"))

    def _happenings(self) -> list[tuple[int, Callable[[], str]]]:
        """What may happen, and how often compared with the others."""
        return [
            (40, self._ring),
            (10, self._command),
            (8, self._burst),
            (6, self._break_the_broker),
            (5, self._cut),
            (5, self._sever),
            (3, self._replay),
            (3, self._freeze),
            *([(14, self._kill), (4, self._stop_politely)] if self.deadly else [(20, self._fill)]),
        ]

    def calm(self) -> Ledger:
        """End all faults; then the audit must agree, also after every message came again."""
        self._wire.cut = set()
        self._ballast.unlink(missing_ok=True)
        if self._broker.process is None:
            self._broker.start()
        until(lambda: not self._troubles(), lambda: f"the disk is used again: {self._troubles()}")
        for name in self._names:
            if self._house.is_running(name):
                self._house.processes[name].send_signal(signal.SIGCONT)
                self._house.kill(name)
            self._house.start(name, wait=False)
        for name in self._names:
            self._house.wait_ready(name)
        self._note("calm")
        for _ in range(2):
            self._house.press()
            settle_accounts(self._house, self._patience_s)
            self._note(f"settled, and {self._replay(100)}")
        self._house.press()
        ledger = settle_accounts(self._house, self._patience_s)
        self._note("settled")
        return ledger

    def _ring(self) -> str:
        if not self._house.is_running("hub"):
            return "nobody hears the button"
        self._house.ring()
        return "ring"

    def _burst(self) -> str:
        for _ in range(self._chance.randint(5, 40)):
            self._ring()
            time.sleep(0.001)  # two signals at once are one
        return "burst"

    def _command(self) -> str:
        with suppress(RuntimeError, ValueError):  # without a broker
            self._house.ears.try_publish(*self._house.press_command())
        return "command"

    def _revive(self) -> None:
        """What has died starts again, sometimes only to die at a chosen step."""
        for name in self._names:
            if not self._house.is_running(name) and self._chance.random() < 0.2:
                self._start(name)
        if self._broker.process is None and self._chance.random() < 0.3:
            self._broker.start()
            self._note("the broker is back")

    def _start(self, name: str) -> None:
        doom = "-"
        if self.deadly and self._chance.random() < 0.5:
            doom = self._chance.choice(DOOMS.get(name, DOOMS[""]))
        self._house.start(name, wait=False, doom=doom)
        self._note(f"start {name} {doom}")

    def _kill(self) -> str:
        return self._end(signal.SIGKILL)

    def _stop_politely(self) -> str:
        return self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> str:
        name = self._chance.choice(self._names)
        if self._house.is_running(name):
            self._house.processes[name].send_signal(how)
            if how == signal.SIGKILL:
                self._house.processes[name].wait()
        return f"{how.name} {name}"

    def _break_the_broker(self) -> str:
        if self._broker.process is None:
            return "the broker is dead already"
        self._broker.stop(signal.SIGKILL)
        return "the broker dies"

    def _cut(self) -> str:
        """Both directions, or one: a half-open connection."""
        self._wire.cut = set() if self._wire.cut else set(self._chance.choice(_CUTS))
        return f"cut {sorted(self._wire.cut)}"

    def _sever(self) -> str:
        self._wire.sever()
        return "all connections end"

    def _replay(self, most: int = 10) -> str:
        """What was said is said again, in another order."""
        said = [
            (topic, payload) for topic, payload, _ in self._house.ears.heard if "/event/" in topic
        ]
        for topic, payload in self._chance.sample(said, min(most, len(said))):
            with suppress(RuntimeError, ValueError):
                self._house.ears.try_publish(topic, payload)
        return "replay"

    def _freeze(self) -> str:
        """A process that gets no time for a while."""
        name = self._chance.choice(self._names)
        if self._house.is_running(name):
            self._house.processes[name].send_signal(signal.SIGSTOP)
            time.sleep(self._chance.uniform(0.05, 0.5))
            self._house.processes[name].send_signal(signal.SIGCONT)
        return f"freeze {name}"

    def _fill(self) -> str:
        """The disk is full, or has room again."""
        if self._ballast.exists():
            self._ballast.unlink()
            return "there is room on the disk"
        with self._ballast.open("wb", buffering=0) as file:
            for size in (65_536, 512):
                with suppress(OSError):
                    while file.write(b"x" * size) == size:
                        pass
        return "the disk is full"

    def _troubles(self) -> list[str]:
        """The processes whose state is in memory, by the last line about their disk in the log."""
        logs = {name: self._house.log(name) for name in self._names}
        return [
            name
            for name, log in logs.items()
            if not self.deadly and log.rfind(IN_MEMORY) > log.rfind(ON_DISK)
        ]

    def _note(self, what: str) -> None:
        with self._diary.open("a", encoding="utf-8") as diary:
            diary.write(f"{time.monotonic() - self._began:8.3f} {what}\n")


_CUTS = ((TO_BROKER,), (TO_CLIENT,), (TO_BROKER, TO_CLIENT))
