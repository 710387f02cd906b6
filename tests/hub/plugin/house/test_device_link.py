"""The link to things on the broker that are not ours."""

import pytest

from hub.plugin.house.device_link import Link


@pytest.fixture
def link(net):
    link = Link()
    link.attach(net.bus())
    return link


def _lamp(net, answer=b"ON"):
    """A thing that answers on another topic."""
    bus = net.bus()
    bus.subscribe("lamp/get", lambda message: bus.publish("lamp/state", answer + message.payload))
    return bus


def test_what_is_said_is_published(net, link):
    """As text, to any topic."""
    link.publish("lamp/set", "ON é")
    assert net.heard == [("lamp/set", "ON é".encode())]


def test_an_answer_is_waited_for(net, link):
    """One question, one answer; text that is no UTF-8 does no harm."""
    _lamp(net, b"ON \xff ")
    assert link.ask("lamp/get", "?", "lamp/state") == "ON � ?"


def test_no_answer_in_time_is_none(net, link):
    """A lamp without power delays no handler; a late answer is not taken for the next one."""
    assert link.ask("lamp/get", "1", "lamp/state", timeout_s=0.01) is None
    _lamp(net)
    assert link.ask("lamp/get", "2", "lamp/state") == "ON2"


def test_only_what_is_wanted_is_an_answer(net, link):
    """Others come on the same topic, to other questions; they are passed over."""
    bus = net.bus()
    bus.subscribe(
        "lamp/get", lambda _: [bus.publish("lamp/state", said) for said in (b"2 OFF", b"1 ON")]
    )
    assert (
        link.ask("lamp/get", "1", "lamp/state", wanted=lambda text: text.startswith("1")) == "1 ON"
    )


def test_after_the_answer_nobody_listens(net):
    """The subscription ends with the question, answered or not, or not even asked."""
    link, bus = Link(), net.bus()
    link.attach(bus)
    link.ask("lamp/get", "", "lamp/state", timeout_s=0.01)
    bus.connected.clear()
    with pytest.raises(ConnectionError):
        link.ask("lamp/get", "", "lamp/state")
    assert bus.filters() == []


@pytest.mark.parametrize("attached", [True, False])
@pytest.mark.parametrize(
    "use", [lambda link: link.publish("t", ""), lambda link: link.ask("t", "", "a")]
)
def test_without_a_broker_it_is_an_error_that_is_tried_again(net, attached, use):
    """Nothing here is kept: the handler's own retry is what helps."""
    link = Link()
    if attached:
        link.attach(net.bus(connected=False))
    with pytest.raises(ConnectionError, match="no connection to the broker"):
        use(link)


def test_a_topic_is_followed_as_long_as_the_process_lives(net, link):
    """Each message comes as text and is acknowledged; outside a process there are none."""
    heard = []
    link.follow("home/private", heard.append)
    for payload in (b"on", b"\xff", b"off"):
        net.bus().publish("home/private", payload)
    assert heard == ["on", "\ufffd", "off"]
    Link().follow("home/private", heard.append)


def test_a_question_does_not_end_what_is_followed(net, link):
    """A lamp with a light sensor in it speaks on one topic, and is asked on it."""
    heard = []
    link.follow("lamp/state", heard.append)
    _lamp(net)
    assert link.ask("lamp/get", "1", "lamp/state") == "ON1"
    net.bus().publish("lamp/state", b"5 lux")
    assert heard == ["ON1", "5 lux"]


def test_a_retained_message_may_be_left_out(net, link):
    """Two listeners of one topic: only the one that wants it gets what the broker kept."""
    everything, live = [], []
    link.follow("lamp/state", everything.append)
    link.follow("lamp/state", live.append, retained=False)
    net.take("lamp/state", b"old", retained=True)
    net.take("lamp/state", b"new")
    assert (everything, live) == (["old", "new"], ["new"])


def test_a_device_is_asked_after_each_connection(net):
    """At once if there is one, and nothing waits for the broker there."""
    link, bus = Link(), net.bus()
    link.attach(bus)
    link.on_connect(lambda: link.publish("lamp/get", "?", wait=False))
    bus.connected.clear()
    link.publish("lamp/get", "lost", wait=False)
    bus.connect()
    assert net.heard == [("lamp/get", b"?")] * 2
    Link().on_connect(lambda: pytest.fail("there is no process"))
