"""What is announced, when again, and how it is taken back."""

import fcntl
import importlib.metadata
import json
from contextlib import closing

import pytest

from config import Settings
from config.tables.door import ButtonSettings, Door
from hub.features.homeassistant.discovery.announced import FILE, Announced
from hub.features.homeassistant.discovery.announcer import HOLD_S, LOSSES, PAUSE_S, TAKEN_S
from hub.features.homeassistant.handlers import MOST
from hub.mqtt.connection.limits import Limits
from hub.store.state import State
from tests.hub.features.homeassistant.conftest import DOOR, HOME

FRONT = {"front": Door(name="Front door")}
BACK = "homeassistant/device/doorbell_home_back/config"


def test_the_hub_and_each_door_are_announced(hub):
    """Retained, each with ids of its own; the door hangs below the hub."""
    (home,), (door,) = hub.said(HOME), hub.said(DOOR)
    assert home["device"]["identifiers"] == [door["device"]["via_device"]]
    assert door["device"]["name"] == "Front door"
    assert {HOME, DOOR} <= set(hub.bus.retained)
    assert door["origin"]["sw_version"] == importlib.metadata.version("doorbell-hub")
    both = [*home["components"].values(), *door["components"].values()]
    assert len({one["unique_id"] for one in both}) == len(both)
    assert all(one["platform"] for one in both)


def test_nothing_is_published_while_nothing_changes(hub):
    """A tick a second must cost nothing on the wire."""
    count = len(hub.net.heard)
    for _ in range(100):
        hub.tick(1)
    assert len(hub.net.heard) == count


def test_everything_is_announced_again_where_it_may_be_lost(hub):
    """After a reconnect, and shortly after Home Assistant's start: the broker may keep nothing."""
    hub.bus.connect()
    hub.tick(2)
    assert len(hub.said(DOOR)) == 2
    hub.says("online")
    hub.tick(0)
    assert len(hub.said(DOOR)) == 2
    hub.tick(max(PAUSE_S))
    assert len(hub.said(DOOR)) == 3
    hub.says("online", retained=True)
    hub.tick(max(PAUSE_S))
    assert len(hub.said(DOOR)) == 3


def test_what_the_broker_does_not_take_is_not_sent(hub):
    """It names its limit, or hangs up over a large message: the presses must not suffer by it."""
    hub.bus.limits = Limits(packet_limit=3000)
    hub.bus.connect()
    hub.tick(2)
    assert len(hub.said(DOOR)) == 1
    hub.bus.limits = Limits(packet_limit=100_000)
    for _ in range(5):
        hub.bus.connect()
        hub.tick(2)
    assert len(hub.said(DOOR)) == 1 + LOSSES - 1
    hub.tick(HOLD_S)
    assert len(hub.said(DOOR)) == 1 + LOSSES


def test_a_handler_has_an_entity_as_long_as_it_is_switched_on(hub):
    """Announced when it comes; one that is switched off, or is no more, is removed."""
    hub.handler("notify", "ready")
    hub.handler("speak", "starting")
    hub.tick()
    assert "handler_notify" in hub.said(HOME)[-1]["components"]
    assert hub.said(DOOR)[-1]["components"]["say"]["platform"] == "notify"
    hub.handler("notify")
    hub.handler("speak", "offline", "disabled")
    hub.tick()
    assert hub.said(HOME)[-1]["components"]["handler_notify"] == {"platform": "binary_sensor"}
    assert hub.said(DOOR)[-1]["components"]["say"] == {"platform": "notify"}


def test_a_door_has_a_picture_where_a_camera_is(hub):
    """On the topic where the handler publishes it, and a command for a new one; both may be off."""
    hub.handler("record", "ready")
    hub.tick()
    found = hub.said(DOOR)[-1]["components"]
    assert found["picture"]["image_topic"] == "doorbell/handler/record/picture/home/front"
    assert found["snapshot"]["command_topic"].endswith("/command/snapshot/record/home/front")
    hub.start(handlers={"record": {"publish_picture": "off"}})
    assert hub.said(DOOR)[-1]["components"]["picture"] == {"platform": "image"}


def test_forged_statuses_do_not_fill_home_assistant(hub):
    """A hundred handlers have an entity, and no more; many births are one announcement."""
    for number in range(MOST + 50):
        hub.handler(f"forged_{number}", "ready")
    hub.tick()
    found = [key for key in hub.said(HOME)[-1]["components"] if key.startswith("handler_")]
    assert len(found) == MOST
    count = len(hub.said(DOOR))
    for _ in range(10):
        hub.says("online")
        hub.tick(max(PAUSE_S) / 5)
    assert len(hub.said(DOOR)) > count


def test_a_status_whose_topic_has_no_name_is_no_handler(hub):
    """It would make the announcement as large as whoever forges it likes."""
    hub.handler("x" * 300_000, "ready")
    hub.handler("UPPER", "ready")
    hub.tick()
    assert "handler_" not in "".join(hub.said(HOME)[-1]["components"])


def test_a_handler_is_known_after_a_restart(hub):
    """The broker may have forgotten its status: its entity must not go and come."""
    hub.handler("notify", "ready")
    hub.tick()
    hub.net.heard.clear()
    hub.start()
    assert "unique_id" in hub.said(HOME)[0]["components"]["handler_notify"]


def test_a_door_that_goes_is_taken_back(hub):
    """At the next start without it."""
    hub.start(doors={**FRONT, "back": Door()})
    assert hub.said(BACK)[-1]["device"]["name"] == "Back door"
    hub.start(doors=FRONT)
    assert hub.said(BACK)[-1] is None
    assert hub.said("doorbell/hub/home/door/back")[-1] is None


def test_what_is_taken_back_is_forgotten(hub):
    """Once the broker has it: Home Assistant logs a warning for each removal of what is no more."""
    hub.start(doors={**FRONT, "back": Door()})
    hub.start(doors=FRONT)
    hub.tick(TAKEN_S)
    count = len(hub.said(BACK))
    hub.start(doors=FRONT)
    assert len(hub.said(BACK)) == count


def test_switched_off_it_takes_everything_back(hub):
    """And publishes nothing more; a house that never announced anything has no such feature."""
    hub.start(homeassistant={"enabled": False})
    topics = [HOME, DOOR, "doorbell/hub/home/health", "doorbell/hub/home/door/front"]
    assert [hub.said(topic)[-1] for topic in topics] == [None] * 4
    (hub.folder / FILE).unlink()
    hub.start(homeassistant={"enabled": False})
    assert hub.features == []


def test_another_prefix_takes_the_old_announcements_back(hub):
    """Home Assistant listens to one prefix."""
    hub.start(homeassistant={"prefix": "ha/discovery"})
    assert hub.said(DOOR)[-1] is None
    assert hub.said(DOOR.replace("homeassistant", "ha/discovery"))[-1]["origin"]


def test_a_hub_keeps_its_ids_when_it_gets_another_name(tmp_path):
    """Home Assistant knows an entity by its id: its history and its automations stay."""
    Announced(tmp_path, "home", "doorbell").keep({"topic": {}})
    renamed = Announced(tmp_path, "cottage", "doorbell")
    assert (renamed.id, renamed.topics) == ("doorbell_home", {"topic": {}})
    renamed.keep({"topic": {}})
    assert set(json.loads((tmp_path / FILE).read_text())) == {"cottage"}


def test_a_second_hub_that_runs_has_its_own_ids(hub):
    """The first one, which holds its state file, is not its former name."""
    assert Announced(hub.folder, "second", "doorbell").id == "doorbell_second"


def test_two_hubs_never_share_an_id(tmp_path):
    """A second hub came while the first was off, and was taken for it; now both run."""
    Announced(tmp_path, "home", "doorbell").keep({"topic": {}})
    second = Announced(tmp_path, "second", "doorbell")
    second.keep({"topic": {}})
    with (tmp_path / "hub-second.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        first = Announced(tmp_path, "home", "doorbell")
    first.keep({"other": {}})
    assert first.id != second.id == "doorbell_home"
    assert Announced(tmp_path, "home", "doorbell").id == first.id


def test_a_damaged_record_is_written_anew(hub):
    """The ids follow from the names again."""
    (hub.folder / FILE).write_text("{")
    assert Announced(hub.folder, "home", "doorbell").id == "doorbell_home"


def test_no_two_names_have_one_id(tmp_path):
    """Whatever stands in root and hub."""
    names = [("a", "b_c"), ("a_b", "c"), ("a/b", "c"), ("a", "b"), ("a_", "b"), ("a", "b__c")]
    assert len({Announced(tmp_path, hub, root).id for root, hub in names}) == len(names)


def test_the_bell_has_what_its_button_can_do(hub):
    """`ring` always; a double and a long press where the button reports them."""
    button = ButtonSettings(double_s=0.5, long_s=2)
    hub.start(doors={"front": Door(button=button)})
    kinds = hub.said(DOOR)[-1]["components"]["bell"]["event_types"]
    assert kinds == ["ring", "double_press", "long_press"]


@pytest.mark.parametrize("prefix", ["", "/a", "a//b", "a/#", "doorbell", "doorbell/x", "a b"])
def test_a_prefix_that_cannot_be_one_is_refused(prefix):
    """A filter, a broken topic, and our own topics."""
    with pytest.raises(ValueError, match=r"prefix|beginning of a topic"):
        Settings.model_validate({"homeassistant": {"prefix": prefix}})


def test_hubs_of_one_folder_leave_each_other_their_records(tmp_path):
    """Both run, and either may write last."""
    with closing(State(tmp_path / "hub-home.db")), closing(State(tmp_path / "hub-garden.db")):
        home = Announced(tmp_path, "home", "doorbell")
        garden = Announced(tmp_path, "garden", "doorbell")
        home.keep({"a": {}})
        garden.keep({"b": {}})
        home.keep({"c": {}})
        assert Announced(tmp_path, "home", "doorbell").topics == {"c": {}}
        assert Announced(tmp_path, "garden", "doorbell").topics == {"b": {}}
