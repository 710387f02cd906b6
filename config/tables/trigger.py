"""Messages of other programs on the broker, and what they mean at our door."""

import re
from types import NoneType
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from config.section import Name, Section

Scalar = str | int | float | bool | None
Wanted = Scalar | list[Scalar]  # a value, or several of which one is enough
SCALARS = (str, int, float, bool, NoneType)
TOPIC_BYTES = 65_535  # MQTT 5.0, 1.5.4
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")  # the same section; separators of lines


class Trigger(Section):
    """`[triggers.NAME]`: a message of another program that becomes an event of this hub."""

    topic: str = Field(description="the topic of the messages; the wildcards + and # are allowed")
    door: Name = Field(description="the door of the event")
    say: Literal["doorbell.pressed", "visitor.seen", "visitor.answered"] = Field(
        description="the type of the event"
    )
    when: Wanted | dict[str, Wanted] = Field(
        None,
        description="the text, or fields of the JSON (a.b is b in a, a.0 the first of a list) with "
        "their values; a list means any of its values; every message if not set",
    )
    what: Name | None = Field(
        None, description="visitor.seen only: who was seen, like person or motion"
    )
    answer: Name | None = Field(
        None, description="visitor.answered only: what the answer was, like opened"
    )
    on_change: bool = Field(
        False, description="only when `when` begins to hold, for a device that repeats its state"
    )
    once_per: str | None = Field(
        None, description="a field of the JSON: only one event, ever, for each of its values"
    )
    every_s: float = Field(1, ge=0, le=86_400, description="at most one event in so many seconds")

    @field_validator("when", mode="before")
    @classmethod
    def _can_be_compared(cls, when: Any) -> Any:
        wanted = list(when.values()) if isinstance(when, dict) else [when]
        if not all(map(_is_wanted, wanted)) or when == {}:
            raise ValueError(
                'no condition. Write "ON", ["ON", "PRESS"], or the fields of the JSON and their '
                'values: { action = "single", "a.b" = [1, 2] }, the dots in quotation marks'
            )
        return when

    @field_validator("topic")
    @classmethod
    def _can_be_subscribed(cls, topic: str) -> str:
        if fault := _fault_in(topic):
            raise ValueError(fault)
        return topic

    @model_validator(mode="after")
    def _fits_what_it_says(self) -> Self:
        for key, kind in (("what", "visitor.seen"), ("answer", "visitor.answered")):
            if (getattr(self, key) is None) == (self.say == kind):
                if self.say == kind:
                    raise ValueError(f'say = "{self.say}" needs {key}. Set it')
                raise ValueError(f'say = "{self.say}" has no {key}. Leave it out')
        if self.on_change and self.when is None:
            raise ValueError("on_change needs a condition. Set when, or leave on_change out")
        return self


def _is_wanted(value: Any) -> bool:
    """Whether it is a value, or a list of some."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(one, SCALARS) for one in value)
    return isinstance(value, SCALARS)


def _fault_in(topic: str) -> str | None:
    """Why this is no filter for messages of other programs (MQTT 5.0, 4.7); None if it is."""
    levels = topic.split("/")
    if not topic or "\0" in topic or len(topic.encode()) > TOPIC_BYTES:
        return "no topic. Write one like zigbee2mqtt/front_contact"
    if CONTROL.search(topic):
        return "a control character or a line break in the topic. Leave it out"
    wild = [level for level in levels if "+" in level or "#" in level]
    if any(level not in ("+", "#") for level in wild) or "#" in levels[:-1]:
        return "+ and # stand for whole levels, # for the last. Write one like zigbee2mqtt/+/action"
    return None


def takes_in(topic: str, root: str) -> bool:
    """Whether a filter matches topics below this root."""
    levels = topic.split("/")
    for number, level in enumerate(root.split("/")):
        if number == len(levels):
            return False
        if levels[number] == "#":
            return True
        if levels[number] not in (level, "+"):
            return False
    return True
