"""What may be set under [triggers.NAME]."""

import pytest

from config import SettingsError
from config.reading.sources import load


def _fault(tmp_path, **table):
    written = {"topic": "a/b", "door": "front", "say": "visitor.seen", "what": "person"} | table
    lines = "\n".join(f"{key} = {value}" for key, value in _toml(written))
    path = tmp_path / "doorbell.toml"
    path.write_text(
        f'[doors.front]\nname = "Front door"\n[triggers.one]\n{lines}\n', encoding="utf-8"
    )
    with pytest.raises(SettingsError) as caught:
        load(path)
    return str(caught.value)


def _toml(table):
    for key, value in table.items():
        if value is not None:
            yield key, {True: "true", False: "false"}.get(value, f'"{value}"')


@pytest.mark.parametrize(
    "topic", ["", "#", "+/x", "doorbell/hub/home/event/#", "a/#/b", "a/b#", "a+/b"]
)
def test_a_topic_that_cannot_be_meant_is_refused(tmp_path, topic):
    """Our own tree would ring in a circle; a wildcard stands for whole levels."""
    assert "[triggers.one] topic: " in _fault(tmp_path, topic=topic)


def test_what_and_answer_go_with_what_is_said(tmp_path):
    """Each where it means something, and only there."""
    assert 'say = "visitor.seen" needs what. Set it' in _fault(tmp_path, what=None)
    assert 'say = "doorbell.pressed" has no what. Leave it out' in _fault(
        tmp_path, say="doorbell.pressed"
    )
    assert 'say = "visitor.answered" needs answer. Set it' in _fault(
        tmp_path, say="visitor.answered", what=None
    )
    assert "on_change needs a condition" in _fault(tmp_path, on_change=True)


@pytest.mark.parametrize(
    "when", ["{ after.label = 'x' }", "[]", "{}", "{ a = [] }", "[[1]]", "07:00:00", "[07:00:00]"]
)
def test_a_condition_that_nothing_can_meet_is_refused(tmp_path, when):
    """Dots without quotation marks make a table inside a table, and an empty list has no value."""
    path = tmp_path / "doorbell.toml"
    text = '[triggers.one]\ntopic = "a"\ndoor = "front"\nsay = "doorbell.pressed"\n'
    path.write_text(f"{text}when = {when}\n", encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load(path)
    assert str(caught.value).startswith(
        "doorbell.toml: line 5: [triggers.one] when: no condition. Write"
    )


def test_its_door_is_one_of_the_house(tmp_path):
    """The fault of a typing error lists the doors that there are."""
    assert "[triggers.one] door: there is no [doors.frnt]. There are: front" in _fault(
        tmp_path, door="frnt"
    )


@pytest.mark.parametrize(
    ("root", "topic", "is_refused"),
    [
        ("cottage", "doorbell/hub/home/event/doorbell/pressed/front", False),
        ("cottage", "cottage/hub/home/event/#", True),
        ("cottage", "cottages/door", False),
        ("homes/cottage", "homes/barn/door", False),
        ("homes/cottage", "homes/+/door", True),
        ("homes/cottage", "homes/#", True),
        ("homes/cottage", "homes", False),
        ("homes/cottage", "+/x/door", False),
    ],
)
def test_only_the_topics_of_this_house_are_refused(tmp_path, root, topic, is_refused):
    """A trigger may listen to another house on the same broker; its own would ring in a circle."""
    path = tmp_path / "doorbell.toml"
    text = f'[broker]\nroot = "{root}"\n[doors.front]\n[triggers.one]\ntopic = "{topic}"\n'
    path.write_text(f'{text}door = "front"\nsay = "doorbell.pressed"\n', encoding="utf-8")
    if is_refused:
        with pytest.raises(SettingsError, match=f"our own topics below {root}/"):
            load(path)
    else:
        assert load(path).triggers["one"].topic == topic


@pytest.mark.parametrize(
    "root", ["", "/", "a/", "/a", "a//b", "A", "a+", "#", "a b", "a.b", "ä", "a\\n"]
)
def test_a_root_is_levels_of_a_topic(tmp_path, root):
    """Words of a-z, 0-9, - and _ with slashes between: no broker changes any of them."""
    path = tmp_path / "doorbell.toml"
    path.write_text(f'[broker]\nroot = "{root}"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match=r"\[broker\] root: not the beginning of a topic"):
        load(path)
