"""A lamp on the broker that is described in the settings by its topics and payloads."""

import json
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from devices.lamp.lamp import ANSWER_S, LampState, MqttLink
from devices.lamp.makes.followed import FollowedLamp
from devices.lamp.payload import fault_in_topic, json_object, number


class TopicLampSettings(BaseModel):
    """What a lamp is told, and what it says of itself: `[handlers.light.mqtt_lamps.NAME]`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    command_topic: str = Field(description="where it listens")
    on: str = Field("ON", description="the payload that switches it on")
    off: str = Field("OFF", description="the payload that switches it off")
    state_topic: str | None = Field(None, description="where it says how it is, if it does")
    state_key: str | None = Field(None, description="the field of its JSON, like ison")
    state_on: str | None = Field(None, description="what it says when it is on; like on if not set")
    state_off: str | None = Field(
        None, description="what it says when it is off; like off if not set"
    )
    brightness_key: str | None = Field(
        None, description="the field for the brightness, where payloads and state are JSON"
    )
    brightness_max: float = Field(255, ge=1, description="its value at full brightness")
    ask_topic: str | None = Field(None, description="where it is asked how it is")
    ask: str = Field("", description="the payload of that question")
    availability_topic: str | None = Field(
        None, description="where it says online or true, and offline or false"
    )

    @field_validator("command_topic", "state_topic", "ask_topic", "availability_topic")
    @classmethod
    def _is_a_topic(cls, topic: str | None) -> str | None:
        if topic is not None and (fault := fault_in_topic(topic)):
            raise ValueError(fault)
        return topic

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.state_topic is None and (self.ask_topic or self.state_key):
            raise ValueError("state_topic is missing: where does the lamp say how it is?")
        payloads = (json_object(self.on), json_object(self.off))
        if self.brightness_key and not all(payloads):
            raise ValueError('brightness_key: on and off must be JSON then, like \'{"turn":"on"}\'')
        if self.state_topic and not self.state_key and any(payloads) and not self.state_on:
            raise ValueError("on is JSON. Set state_key and state_on to what the lamp says then")
        return self

    @property
    def states(self) -> dict[str, bool]:
        """What it says, and whether it is on then."""
        off = self.off if self.state_off is None else self.state_off
        return {off: False, (self.on if self.state_on is None else self.state_on): True}


class TopicLamp(FollowedLamp):
    """A lamp with topics and payloads of its own.

    One that cannot be asked is believed what the broker retained of it. One without a state is only
    told: nobody knows how it was, so it is taken to have been off.

    Args:
        name: The lamp's name in the settings, for errors.
        link: The connection to the broker.
        settings: Its description.
    """

    def __init__(self, name: str, link: MqttLink, settings: TopicLampSettings) -> None:
        self._settings = settings
        super().__init__(
            name,
            link,
            reports=[settings.state_topic] if settings.state_topic else [],
            presences=[settings.availability_topic] if settings.availability_topic else [],
            can_be_asked=settings.ask_topic is not None,
        )

    @property
    def says_its_state(self) -> bool:
        """Whether it says how it is at all."""
        return self._settings.state_topic is not None

    def read(self, patience_s: float = ANSWER_S) -> LampState | None:
        """See Light. Nothing is waited for that never comes."""
        return super().read(patience_s if self.says_its_state else 0)

    def put(self, state: LampState) -> None:
        """See Light. Its colour stays as it is."""
        payload = self._settings.on if state.on else self._settings.off
        key = self._settings.brightness_key
        if key and state.brightness is not None:
            level = round(state.brightness / 100 * self._settings.brightness_max)
            payload = json.dumps(json_object(payload) | {key: level})
        self._command(self._settings.command_topic, payload, on=state.on)

    def _question(self) -> tuple[str, str]:
        return self._settings.ask_topic or "", self._settings.ask

    def _fields_in(self, text: str) -> dict[str, Any]:
        """Its state as text, and its brightness."""
        report = json_object(text)
        key = self._settings.state_key
        said = report.get(key) if key else text
        fields = {"brightness": report.get(self._settings.brightness_key or "")}
        if said is not None:
            fields["state"] = said if isinstance(said, str) else json.dumps(said)
        return {name: value for name, value in fields.items() if value is not None}

    def _state_in(self, fields: dict[str, Any]) -> LampState | None:
        is_on = self._settings.states.get(fields.get("state", ""))
        if is_on is None:
            return None
        level = number(fields.get("brightness"))
        percent = None if level is None else round(level / self._settings.brightness_max * 100, 1)
        return LampState(is_on, percent)
