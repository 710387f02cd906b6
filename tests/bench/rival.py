"""The measure beside the floor: Home Assistant, whose automation answers a message with another."""

import tempfile
import time
from pathlib import Path

from tests.bench import rounds
from tests.bench.cases import Plan
from tests.bench.house import costs, memory
from tests.bench.outside import floor
from tests.bench.report.result import IDLE, Result
from tests.bench.rounds import Rounds
from tests.bench.stage import NODELAY, mosquitto
from tests.brokers import mosquitto_broker
from tests.home_assistant import home_assistant

CASE = "Home Assistant's automation"
ANSWER = "its message heard"
THERE, BACK = "rival/there", "rival/back"
SETTLE_S = 5.0


def measure(plan: Plan, installed: Path) -> Result:
    """Do the rounds of the other cases with it: a bare echo, and an echo through its automation."""
    with (
        tempfile.TemporaryDirectory(prefix="doorbell-bench-") as name,
        mosquitto_broker(mosquitto(), Path(name), NODELAY) as broker,
        home_assistant(installed, Path(name) / "config", broker.port) as home,
        floor.echo(broker.port) as echo,
        floor.echo(broker.port, THERE, BACK) as through,
    ):
        home.automate("bench", trigger_topic=THERE, publish_topic=BACK)
        time.sleep(SETTLE_S)
        measured = Rounds(times={ANSWER: []})
        for number in range(rounds.WARM_UP + plan.presses):
            bare = echo()
            rounds.pause(rounds.AFTER_ECHO_S)
            answer = through()
            rounds.pause(rounds.AFTER_PRESS_S)
            if number >= rounds.WARM_UP:
                measured.echo.append(bare)
                measured.times[ANSWER].append(answer)
        before = costs.of(home.process.pid)
        time.sleep(plan.idle_s)
        spent = costs.of(home.process.pid).since(before)
        result = Result.of(CASE, measured)
        result.facts[IDLE] = 100 * spent.cpu_s / plan.idle_s
        result.memory = {"Home Assistant": memory.of(home.process.pid)}
    return result
