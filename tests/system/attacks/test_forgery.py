"""Somebody with a broker account lies: no press is swallowed, with an ACL and without one."""

import subprocess
import sys
import textwrap
from functools import partial

import pytest

from tests.house import ROOT, House, until
from tests.servers.secured import SecuredHouse, secured_mosquitto

pytestmark = pytest.mark.fault_matrix
# The attacker is a process of its own, a plain client: it hears what everybody may hear, and says
# what it likes in the name of the hub.
ATTACKER = textwrap.dedent("""
    import json, socket, ssl, sys, uuid
    from paho.mqtt.client import Client
    from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
    what, port, user, password, ca = sys.argv[1:]
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    if user:
        client.username_pw_set(user, password)
        client.tls_set_context(ssl.create_default_context(cafile=ca))
    HUB = "doorbell/hub/home"
    TOPIC = HUB + "/event/doorbell/pressed/front"
    STREAM = HUB + " doorbell.pressed front"
    last = {}
    own = set()

    def say(topic, wire):
        client.publish(topic, json.dumps(wire).encode(), qos=1)

    def hear(_, __, message):
        wire = json.loads(message.payload)
        if message.topic == TOPIC and wire["id"] not in own:
            last.update(wire)
            if what == "event":
                forged = wire | {"id": str(uuid.uuid4())}
                forged["sequence"] = f"{int(wire['sequence']) + 1:016d}"
                own.add(forged["id"])
                say(TOPIC, forged)
            if what in ("reply", "withheld"):  # so that the victim asks
                say(HUB + "/status", {"state": "ready"})
            if what == "query":
                cursors = [[STREAM, wire["epoch"], 10**9]]
                say("doorbell/handler/one/query/doorbell/pressed",
                    {"request": "r", "cursors": cursors, "known": [HUB], "since": 0})
        elif "/query/" in message.topic and last and what == "withheld":
            taken = int(last["sequence"])
            head = {"stream": STREAM, "epoch": last["epoch"], "after": taken, "last": taken + 30}
            withheld = [[STREAM, last["epoch"], taken + number] for number in range(2, 22)]
            say(HUB + "/reply/one", {"request": wire["request"], "source": HUB, "heads": [head],
                "events": [], "more": False, "gone": [], "withheld": withheld})
        elif "/query/" in message.topic and last and what == "reply":
            head = {"stream": STREAM, "epoch": last["epoch"], "after": 10**15, "last": 10**15}
            say(HUB + "/reply/one", {"request": wire["request"], "source": HUB, "heads": [head],
                "events": [], "more": False, "gone": []})

    client.on_message = hear
    client.on_subscribe = lambda *_: print("listens", flush=True)
    client.on_connect = lambda c, *_: c.subscribe([("doorbell/#", 1)])
    client.on_socket_open = lambda _, __, s: s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.connect("localhost", int(port))
    client.loop_forever()
""")


@pytest.fixture(params=["open", "secured"])
def victim(request, mosquitto_program, tmp_path):
    """A house on a broker without an ACL, and on one with it; and how an attacker logs in."""
    if request.param == "open":
        broker = request.getfixturevalue("mosquitto")
        with House(tmp_path / "house", broker) as house:
            yield house, (str(broker.port), "", "", "")
            # What the attacker said need not be as our own messages are.
            house.ears.own |= {(topic, load) for topic, load, _ in house.ears.heard}
        return
    users = ["handler-one", "evil"]
    with (
        secured_mosquitto(mosquitto_program, tmp_path, users) as secured,
        SecuredHouse(tmp_path / "house", secured) as house,
    ):
        ca = str(secured.folder / "ca.crt")
        yield house, (str(secured.tls_port), "evil", secured.password("evil"), ca)


@pytest.fixture
def attack(victim):
    """Starts the attacker; it ends with the test."""
    _, login = victim
    processes = []

    def start(what):
        process = subprocess.Popen(
            [sys.executable, "-c", ATTACKER, what, *login],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "listens\n"

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def _has_asked(house, times):
    return len(house.ears.messages("doorbell/handler/one/query/doorbell/pressed")) > times


@pytest.mark.parametrize("what", ["event", "reply", "withheld", "query"])
def test_no_lie_swallows_a_press(victim, attack, what):
    """Each press of the hub is acted on once, whatever is said in its name meanwhile."""
    house, _ = victim
    house.write_handler("one", "done(event)")
    house.start("hub", "one")
    attack(what)
    presses = []
    for _ in range(5):
        presses.append(house.press())
        if what in ("reply", "withheld") and not isinstance(house, SecuredHouse):
            until(partial(_has_asked, house, len(presses)), f"it asks: {house.log('one')}")
    until(
        lambda: set(presses) <= set(house.effects("one")),
        lambda: f"all are acted on: {presses} {house.effects('one')} {house.log('one')}",
    )
    effects = house.effects("one")
    assert len(effects) == len(set(effects))
