"""What some lamps need beside their name: a description, or the way to Home Assistant."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from devices.lamp.payload import fault_in_address, fault_in_topic, json_object


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
        on, off = self.state_on, self.state_off
        if on is None:
            on = self.on
        if off is None:
            off = self.off
        return {off: False, on: True}


class HomeAssistantSettings(BaseModel):
    """Where Home Assistant is: `[handlers.light.homeassistant]`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: str = Field("http://homeassistant.local:8123", description="its address")
    token: SecretStr = Field(description="a long-lived access token: your profile, Security")

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        if fault := fault_in_address(url):
            raise ValueError(fault)
        return url


class DescribedLamps(BaseModel):
    """Tables of the settings that names of lamps refer to."""

    mqtt_lamps: dict[str, TopicLampSettings] = Field(
        {}, description="topics and payloads of the lamps mqtt:NAME"
    )
    homeassistant: HomeAssistantSettings | None = Field(
        None, description="address and token, for the lamps homeassistant:ENTITY"
    )

    def says_its_state(self, name: str) -> bool:
        """Whether a lamp says how it is; one that is described may be told only."""
        make, _, rest = name.partition(":")
        return make != "mqtt" or self.mqtt_lamps[rest].state_topic is not None

    def fault_in_reference(self, name: str) -> str | None:
        """Check that the table that a lamp's name refers to is there.

        Returns:
            What is wrong, and what to write; None if nothing is.
        """
        make, _, rest = name.partition(":")
        if make == "mqtt" and rest not in self.mqtt_lamps:
            return (
                f"{name!r}: its description is missing. Add a table mqtt_lamps.{rest} with "
                "command_topic, and with state_topic if the lamp says how it is"
            )
        if make == "homeassistant" and self.homeassistant is None:
            return f"{name!r}: add a table homeassistant with url and token"
        return None


NOTHING_DESCRIBED = DescribedLamps(mqtt_lamps={}, homeassistant=None)
