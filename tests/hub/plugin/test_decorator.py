"""The decorator and the settings of a handler: what an author writes, and how faults are told."""

import json
import math
import re
from collections.abc import Sequence

import pytest
from pydantic import ValidationError

from config import Settings
from hub import Event, HandlerConfig, handler
from hub.plugin.decorator import MARK, Reaction
from tests.hub.fakes import does, reaction


class Config(HandlerConfig):
    words: Sequence[str] = ()
    greeting: str = "Hello"


def _alone(event):
    """Too few."""


def _two(event: Event, config: HandlerConfig) -> None:
    """Take what a handler without a resource takes."""


def _three(event, config, resource):
    """Too many, without `uses`."""


def _plain(event, config):
    return f"{event} {config}"


def test_a_handler_stays_a_plain_function():
    """It can be called with an event and a config, and carries its rules with it."""
    marked = handler("doorbell.pressed", timeout_s=3, attempts=2)(_plain)
    assert marked is _plain
    assert marked("a", "b") == "a b"
    rules = getattr(marked, MARK)
    assert isinstance(rules, Reaction)
    assert (rules.types, rules.timeout_s, rules.attempts, rules.name) == (
        ("doorbell.pressed",),
        3,
        2,
        "_plain",
    )


def test_out_of_the_box_a_handler_has_limits():
    """Ten seconds, five tries, growing pauses, repeat after a crash, no past, no resource."""
    rules = reaction(does())["doorbell.pressed"]
    assert (rules.timeout_s, rules.attempts, rules.backoff_s, rules.backoff_max_s) == (
        10,
        5,
        1,
        300,
    )
    assert (rules.on_redelivery, rules.max_age_s, rules.since_s, rules.uses) == (
        "repeat",
        None,
        0,
        None,
    )


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (
            lambda: handler(_plain),
            '@handler needs the event to react to: @handler("doorbell.pressed")',
        ),
        (handler, '@handler() names no event. Write @handler("doorbell.pressed")'),
        (
            lambda: handler("Pressed"),
            "'Pressed': type is not words of a-z, 0-9 and _ joined by dots",
        ),
        (lambda: handler("a.b", "c", "d"), "'c': type is not words"),
        (
            lambda: handler("a.b", timeout_s=0),
            "timeout_s=0: write seconds, more than 0",
        ),
        (
            lambda: handler("a.b", attempts=0),
            "attempts=0: write a whole number from 1 to 1000",
        ),
        (
            lambda: handler("a.b", timout_s=3),
            "timout_s: no such argument. Did you mean 'timeout_s'?",
        ),
        (lambda: handler("a.b", zzz=3), "zzz: no such argument. Known here: attempts, "),
        (lambda: handler("a.b")(_alone), "takes 1 arguments; a handler takes (event, config)"),
        (lambda: handler("a.b")(_three), "takes 3 arguments; a handler takes (event, config)"),
        (
            lambda: handler("a.b", uses=_plain)(_two),
            "takes 2 arguments; a handler takes (event, config, resource)",
        ),
    ],
)
def test_a_wrong_use_is_told_where_it_is_written(use, words):
    """At import, with how to mend it."""
    with pytest.raises(TypeError, match=re.escape(words)):
        use()


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("timeout_s", "5"),
        ("timeout_s", math.inf),
        ("max_age_s", "5"),
        ("max_age_s", 0),
        ("attempts", 2.5),
        ("attempts", True),
        ("backoff_s", -1),
        ("backoff_max_s", None),
        ("on_redelivery", "never"),
        ("since_s", math.nan),
        ("uses", 5),
        ("drill", "look"),
    ],
)
def test_a_rule_of_a_wrong_type_is_refused_with_what_to_write(rule, value):
    """At import, not at the first press."""
    with pytest.raises(TypeError, match=f"^{re.escape(f'{rule}={value!r}: write ')}"):
        handler("doorbell.pressed", **{rule: value})


def test_all_wrong_rules_are_told_at_once():
    """With the types that are none, among them a list in place of several texts."""
    with pytest.raises(TypeError) as told:
        handler(["a.b"], 5, attempts=0, backoff_s="1")
    faults = [fault.partition(":")[0] for fault in str(told.value).split("; ")]
    assert faults == ["['a.b']", "5", "attempts=0", "backoff_s='1'"]


def test_an_asynchronous_function_is_refused():
    """Nobody would await it: the press would be told as done, and nothing would have happened."""

    async def react(event: Event, config: HandlerConfig) -> None:
        """React."""

    with pytest.raises(TypeError):
        handler("doorbell.pressed")(react)


def test_two_decorators_are_two_reactions_or_refused():
    """No event that the author named is forgotten without a word."""

    def stacked():
        return handler("a.b")(handler("c.d")(does()))

    try:
        rules = getattr(stacked(), MARK)
    except TypeError:
        return
    assert {"a.b", "c.d"} <= set(rules.types)


def test_an_unknown_key_is_a_fault_that_shows_no_value():
    """A typing error does not go unnoticed, and what was typed may be a password."""
    with pytest.raises(ValidationError) as told:
        Config.model_validate({"pasword": "hunter2"})
    assert "hunter2" not in str(told.value)


@pytest.mark.parametrize("value", [["a", "b"], json.dumps(["a", "b"])])
def test_a_list_may_come_as_json_text(value):
    """The environment can only hold text."""
    assert Config.model_validate({"words": value}).words == ["a", "b"]


def test_text_that_only_looks_like_json_stays_text():
    """A greeting may begin with a bracket."""
    assert Config.model_validate({"greeting": "[sic] hello"}).greeting == "[sic] hello"


@pytest.mark.parametrize("key", ["timeout_s", "max_age_s"])
@pytest.mark.parametrize("value", [0, -1])
def test_a_limit_is_more_than_nothing(key, value):
    """No time at all is a slip."""
    with pytest.raises(ValidationError):
        Config.model_validate({key: value})


def test_a_config_knows_the_house_that_it_belongs_to(tmp_path):
    """Names of doors, the place and the folder come from the house; alone it has the defaults."""
    config = Config()
    assert config.door_name("back_door") == "Back door door"
    config.within(
        Settings(
            doors={"back_door": {"name": "Garden"}},
            house={"latitude": 1, "longitude": 2},
            state_dir=tmp_path,
        )
    )
    assert (config.door_name("back_door"), config.house.latitude, config.state_dir) == (
        "Garden",
        1,
        tmp_path,
    )


def test_a_config_cannot_be_changed_by_a_handler():
    """One event's handling does not alter the next one's."""
    with pytest.raises(ValidationError):
        Config().greeting = "Bye"
