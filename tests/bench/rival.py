"""The measure beside the floor: Home Assistant, whose automation answers a message with another.

And what a press takes to it: until an automation on the bell's entity has published its message.
"""

import tempfile
import time
from pathlib import Path

from tests.bench import rounds
from tests.bench.cases import Plan
from tests.bench.house import costs, memory
from tests.bench.outside import floor
from tests.bench.outside.observers import RANG_TOPIC
from tests.bench.outside.programs import program
from tests.bench.outside.sightings import HEARD, RANG
from tests.bench.report.result import IDLE, Result
from tests.bench.rounds import Rounds
from tests.bench.stage import NODELAY, OUTSIDE, mosquitto, stage
from tests.house import until
from tests.servers.brokers import mosquitto_broker
from tests.servers.home_assistant import home_assistant

CASE = "Home Assistant's automation"
ANSWER = "its message heard"
THERE, BACK = "rival/there", "rival/back"
RINGS = "a press in Home Assistant"
BELL = "event.front_door_bell"
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


def ring(plan: Plan, installed: Path) -> Result:
    """Press, and see when an automation on the bell's entity has published its message."""
    with stage(plan.checkout) as on, tempfile.TemporaryDirectory(prefix="doorbell-bench-") as name:
        on.start_outside()
        broker = on.ports[0]
        seen = str(on.house.sightings)
        on.house.start("hub")
        with (
            home_assistant(installed, Path(name) / "config", broker) as home,
            program(OUTSIDE, "rang", str(broker), seen),
        ):
            until(lambda: home.state(BELL) == "unknown", "Home Assistant has found the bell")
            trigger = {"trigger": "state", "entity_id": BELL, "not_from": "unavailable"}
            data = {"topic": RANG_TOPIC, "payload": "rang", "qos": 1}
            action = {"action": "mqtt.publish", "data": data}
            home.add_automation("bench", [trigger], action)
            time.sleep(SETTLE_S)
            rounds.warm_up(on.house, on.sightings, (HEARD, RANG))
            measured, _ = rounds.measure(on, (HEARD, RANG), plan.presses)
    return Result.of(RINGS, measured)
