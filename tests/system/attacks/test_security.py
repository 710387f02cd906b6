"""Access rights on a real mosquitto with the shipped files: refused, and granted."""

import json
import re
import signal

import pytest

from config import Broker
from hub.mqtt.bus import Bus
from hub.mqtt.connection.clients.client import ClientFactory
from hub.wire.event import uuid7
from tests import forked
from tests.forked import PATIENCE_S
from tests.house import until
from tests.processes import open_files
from tests.servers.secured import Person, SecuredHouse, secured_mosquitto

FORGED = '{"state": "ready"}'


@pytest.fixture
def secured(mosquitto_program, tmp_path):
    with secured_mosquitto(mosquitto_program, tmp_path, ["handler-one", "handler-two"]) as broker:
        yield broker


@pytest.fixture
def person(secured):
    """Makes people, who leave at the end."""
    people = []

    def come(user, password=None, **more):
        people.append(Person(secured, user, password, **more))
        return people[-1]

    yield come
    for one in people:
        one.close()


@pytest.fixture
def secured_house(secured, tmp_path):
    with SecuredHouse(tmp_path / "house", secured) as house:
        yield house


@pytest.fixture
def bus(secured):
    """Makes buses of one user; all are stopped at the end."""
    buses = []

    def make(user="handler-one", **settings):
        known = {
            "host": "localhost",
            "port": secured.tls_port,
            "ca_file": secured.folder / "ca.crt",
        }
        broker = Broker(**({"password_dir": secured.folder / "passwords"} | known | settings))
        buses.append(Bus(broker, f"test-{len(buses)}", user=user))
        buses[-1].start()
        return buses[-1]

    yield make
    for one in buses:
        one.stop()


def test_a_press_goes_through_and_is_caught_up(secured_house):
    """Each process as its own user, over TLS: a press arrives, and a missed one is caught up."""
    house = secured_house
    house.write_handler("one", "done(event)")
    house.write_handler("two", "done(event)")
    house.start("hub", "one", "two")
    first = house.press()
    house.wait_outcome(first, "one")
    house.kill("one")
    missed = house.press()
    house.wait_outcome(missed, "two")
    house.start("one")
    house.wait_outcome(missed, "one")
    assert house.effects("one") == [first, missed]
    for name in ("hub", "one", "two"):
        assert "refuses" not in house.log(name)


@pytest.mark.parametrize("name", ["hub", "one"])
def test_each_process_hears_its_own_status_and_repeats_it(secured_house, secured, person, name):
    """The ACL lets it: whoever may still write there does not have the last word."""
    house = secured_house
    house.write_handler("one", "done(event)")
    house.start(name)
    topic = "doorbell/hub/home/status" if name == "hub" else "doorbell/handler/one/status"
    user = "hub-home" if name == "hub" else "handler-one"
    before = len(house.statuses(name, "ready"))
    house.ears.own.add((topic, b""))
    assert not person(user).publish(topic, b"", retain=True).is_failure
    until(lambda: len(house.statuses(name, "ready")) > before, "it is published again")


def test_who_reacts_to_everything_hears_it_and_can_be_woken(secured_house, person):
    """Live and missed events; it alone hears the command to look into its inbox."""
    house = secured_house
    house.write_handler("one", "done(event)", '"*"')
    house.start("hub", "one")
    first = house.press()
    house.wait_outcome(first, "one")
    house.kill("one")
    missed = house.press()
    house.start("one")
    house.wait_outcome(missed, "one")
    assert "refuses" not in house.log("one")
    one, two = (
        person(f"handler-{name}", topics=["doorbell/cli/+/command/wake/+", "doorbell/#"])
        for name in ("one", "two")
    )
    person("cli").publish("doorbell/cli/1/command/wake/one", "{}")
    person("cli").publish("doorbell/cli/1/command/wake/two", "{}")
    until(lambda: ("doorbell/cli/1/command/wake/two", b"{}") in two.heard, "two is woken")
    until(lambda: ("doorbell/cli/1/command/wake/one", b"{}") in one.heard, "one is woken")
    for heard, other in ((one.heard, "two"), (two.heard, "one")):
        assert not [topic for topic, _ in heard if topic.endswith(f"wake/{other}")]


@pytest.mark.parametrize(
    ("topic", "allowed", "refused"),
    [
        ("doorbell/hub/home/event/doorbell/pressed/front", "hub-home", "handler-one"),
        ("doorbell/hub/home/event/doorbell/pressed/front", "hub-home", "cli"),
        ("doorbell/hub/home/reply/two", "hub-home", "handler-one"),
        ("doorbell/hub/home/status", "hub-home", "handler-one"),
        ("doorbell/handler/one/event/handler/done/front", "handler-one", "handler-two"),
        ("doorbell/handler/one/event/parcel/seen/front", "handler-one", "hub-home"),
        ("doorbell/handler/one/status", "handler-one", "handler-two"),
        ("doorbell/handler/one/query/doorbell/pressed", "handler-one", "handler-two"),
        ("doorbell/cli/1/command/press/home/front", "cli", "handler-one"),
        ("doorbell/cli/1/command/press/home/front", "cli", "hub-home"),
        ("doorbell/cli/1/command/drill/home/front", "cli", "listener"),
        ("doorbell/cli/1/command/wake/one", "cli", "handler-two"),
        ("doorbell/hub/home/quiet", "hub-home", "handler-one"),
        ("doorbell/cli/1/command/quiet/home", "cli", "handler-one"),
        ("doorbell/cli/homeassistant/command/press/home/front", "homeassistant", "listener"),
        ("doorbell/cli/1/command/wake/one", "cli", "homeassistant"),
        ("homeassistant/device/doorbell_home/config", "hub-home", "handler-one"),
    ],
)
def test_everybody_speaks_only_as_themselves(person, topic, allowed, refused):
    """A wrong user's message is refused; the same message of the right user arrives."""
    ears = person("cli", topics=[topic])
    assert person(refused).publish(topic, "forged").value == 0x87
    assert not person(allowed).publish(topic, "true").is_failure
    until(lambda: ears.heard, "the right user is heard")
    assert ears.heard == [(topic, b"true")]


def test_a_command_for_quiet_reaches_the_handlers(secured_house):
    """The hub takes it from the command line's user; a handler that starts then knows."""
    house = secured_house
    house.write_handler("one", "return 'silent' if quiet.reason() else done(event)")
    house.start("hub")
    house.ears.publish("doorbell/cli/1/command/quiet/home", "on")
    until(
        lambda: any(said["quiet"] for said in house.ears.messages("doorbell/hub/home/quiet")),
        lambda: house.log("hub"),
    )
    house.start("one")
    house.wait_outcome(house.press(), "one")
    assert (house.effects("one"), "refuses" in house.log("hub") + house.log("one")) == ([], False)


def test_a_handler_may_give_no_command(person):
    """Not even under its own name: the broker refuses a handler's command to press."""
    ears = person("cli", topics=["doorbell/+/+/command/press/#"])
    one = person("handler-one")
    assert (
        one.publish(
            "doorbell/handler/one/command/press/home/front", json.dumps({"id": uuid7()})
        ).value
        == 0x87
    )
    assert (
        one.publish("doorbell/cli/1/command/press/home/front", json.dumps({"id": uuid7()})).value
        == 0x87
    )
    person("cli").publish("doorbell/cli/1/command/press/home/last", "")
    until(lambda: ears.heard, "the command line is heard")
    assert [topic for topic, _ in ears.heard] == ["doorbell/cli/1/command/press/home/last"]


def test_nobody_reads_answers_to_others(person):
    """A reply or a wake command reaches its handler, and no other that subscribes to it."""
    one, two = person("handler-one"), person("handler-two")
    hub = person("hub-home")
    for consumer in ("two", "one", "two"):
        hub.publish(f"doorbell/hub/home/reply/{consumer}", consumer)
    person("cli").publish("doorbell/cli/1/command/wake/one", "awake")
    hub.publish("doorbell/hub/home/event/doorbell/pressed/front", "last")
    until(lambda: one.heard[-1:] and one.heard[-1][1] == b"last", "one hears the event")
    until(lambda: two.heard[-1:] and two.heard[-1][1] == b"last", "two hears the event")
    assert [load for _, load in one.heard] == [b"one", b"awake", b"last"]
    assert [load for _, load in two.heard] == [b"two", b"two", b"last"]


def test_a_listener_hears_and_says_nothing(person):
    """A user of one's own making reads `doorbell/#`; that is all."""
    listener = person("listener")
    for topic in ("doorbell/listener/event/a/b/c", "doorbell/cli/1/query/a/b", "else/where"):
        assert listener.publish(topic, "forged").value == 0x87
    person("hub-home").publish("doorbell/hub/home/event/doorbell/pressed/front", "heard")
    until(lambda: listener.heard, "the listener hears")
    assert [load for _, load in listener.heard] == [b"heard"]


@pytest.mark.parametrize(
    ("user", "password"), [(None, None), ("handler-one", "wrong"), ("stranger", "any")]
)
def test_nobody_unknown_gets_in(person, user, password):
    """Neither anonymous nor with a wrong password; with the right one, yes."""
    assert person(user, password).answer.value == 0x87
    assert not person("handler-one").answer.is_failure


def test_an_event_forged_by_a_handler_rings_nowhere(secured_house, person):
    """A handler that writes the hub's topics is refused; the hub's press rings."""
    house = secured_house
    house.write_handler("one", "done(event)")
    house.start("hub", "one")
    real = house.press()
    house.wait_outcome(real, "one")
    (said,) = house.ears.messages("doorbell/hub/home/event/doorbell/pressed/front")
    forged = json.dumps(said | {"id": uuid7(), "sequence": "0000000000000099"})
    assert (
        person("handler-two")
        .publish("doorbell/hub/home/event/doorbell/pressed/front", forged)
        .value
        == 0x87
    )
    last = house.press()
    house.wait_outcome(last, "one")
    assert house.effects("one") == [real, last]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"password_dir": None}, "demands a password"),
        (
            {"password_dir": None, "username": "handler-one", "password": "x"},
            "does not know the user 'handler-one'",
        ),
        ({"password_dir": "/nowhere"}, "`doorbell secure` writes it"),
        ({"ca_file": "/nowhere"}, "ca_file: /nowhere cannot be used"),
        ({"ca_file": None, "tls": True}, "is not from a public CA. Set ca_file"),
        ({"host": "127.0.0.1"}, "its certificate is not for '127.0.0.1'"),
        ({"ca_file": None}, "set tls = true"),
        ({"port": "plain"}, "Set port in [broker] to its TLS port"),
    ],
)
def test_a_refusal_says_once_what_to_do(bus, secured, caplog, settings, words):
    """One line without a traceback for each reason; with the right login it connects."""
    caplog.set_level("DEBUG", "hub.mqtt.connection.connection_log")
    if settings.get("port"):
        settings = {"port": secured.broker.port}
    bus(**settings)
    until(lambda: len(caplog.records) > 1, lambda: f"it is tried again: {caplog.text}")
    assert [record.levelname for record in caplog.records[:2]] == ["ERROR", "DEBUG"]
    assert words in caplog.records[0].message
    assert not any(record.exc_info for record in caplog.records)
    assert bus().connected.wait(PATIENCE_S)


def test_a_broker_with_another_ca_is_not_spoken_to(
    bus, mosquitto_program, secured, tmp_path_factory, caplog
):
    """A false broker of the same name gets no password: the CA does not match."""
    with secured_mosquitto(
        mosquitto_program, tmp_path_factory.mktemp("impostor"), ["handler-one"]
    ) as impostor:
        stranger = bus(port=impostor.tls_port)
        until(lambda: "is not from the CA in" in caplog.text, lambda: caplog.text)
        assert not stranger.connected.is_set()
        assert bus(
            port=impostor.tls_port,
            ca_file=impostor.folder / "ca.crt",
            password_dir=impostor.folder / "passwords",
        ).connected.wait(PATIENCE_S)


def test_what_a_person_grants_is_granted(person, secured):
    """The lamp's example in acl.own, uncommented: `light` reaches that lamp and no other."""
    topics = ("zigbee2mqtt/porch/set", "zigbee2mqtt/porch/get")
    light = person("handler-light")
    assert [light.publish(topic, "ON").value for topic in topics] == [0x87, 0x87]
    own = secured.folder / "acl.own"
    own.write_text(re.sub(r"^# (user|topic) ", r"\1 ", own.read_text(), flags=re.MULTILINE))
    secured.write()
    secured.broker.process.send_signal(signal.SIGHUP)
    until(
        lambda: not light.publish(topics[0], "ON").is_failure, "the broker has read its files again"
    )
    assert not light.publish(topics[1], "ON").is_failure
    assert light.publish("zigbee2mqtt/cellar/set", "ON").value == 0x87
    assert person("handler-one").publish(topics[0], "ON").value == 0x87


def test_a_user_added_later_gets_in_after_a_reload(person, secured):
    """A new handler file: `doorbell secure` again, a reload, and no other is disturbed."""
    one = person("handler-one")
    secured.write("handler-new")
    assert person("handler-new").answer.value == 0x87
    secured.broker.process.send_signal(signal.SIGHUP)
    until(lambda: not person("handler-new").answer.is_failure, "the new handler gets in")
    assert not one.publish("doorbell/handler/one/status", "{}").is_failure


def test_a_hub_hears_how_handlers_fare_and_no_other_commands(person):
    """Its nightly drill needs outcomes and statuses; it gets no commands for another hub."""
    hub = person("hub-home")
    cli, one = person("cli"), person("handler-one")
    cli.publish("doorbell/cli/1/command/press/garden/front", "other hub")
    cli.publish("doorbell/cli/1/command/drill/home/front", "drill")
    one.publish("doorbell/handler/one/reply/two", "other's answer")
    one.publish("doorbell/handler/one/event/handler/done/front", "outcome")
    one.publish("doorbell/handler/one/status", "status")
    until(lambda: len(hub.heard) >= 3, "the hub hears")
    assert [load for _, load in hub.heard] == [b"drill", b"outcome", b"status"]


def test_a_drill_goes_through(secured_house):
    """`doorbell drill` under the ACL: command, event of the hub, reaction of a handler."""
    house = secured_house
    house.settings = '[handlers.light]\nwhen = "always"\n'
    house.start("hub", "light")
    done = forked.run("hub.cli.main", "drill", "--config", house.config)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_command_line_presses_and_the_uninvited_is_told(secured_house):
    """`doorbell press` is the user cli; without its password it says what is wrong."""
    house = secured_house
    house.start("hub")
    command = ("hub.cli.main", "press", "--config", house.config)
    done = forked.run(*command)
    assert "Front door rang" in done.stdout, done.stderr
    (house.secured.folder / "passwords" / "cli").write_text("wrong")
    done = forked.run(*command)
    assert done.returncode == 1
    assert done.stderr.count("does not know the user 'cli'") == 1


def test_a_refused_certificate_leaves_no_socket_open(secured):
    """Neither in the process that tries again and again nor in the doctor's look."""
    clients = ClientFactory(Broker(host="localhost", port=secured.tls_port, tls=True))
    before = open_files()
    with pytest.raises(OSError, match="its certificate is not from") as refused:
        clients.find_protocol()
    assert open_files() <= before
    assert refused.value  # its traceback still holds the socket
