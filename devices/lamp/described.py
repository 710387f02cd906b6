"""What some lamps need beside their name: a description, or the way to Home Assistant."""

from pydantic import BaseModel, Field

from devices.lamp.makes.homeassistant import HomeAssistantSettings
from devices.lamp.makes.topics import TopicLampSettings


class DescribedLamps(BaseModel):
    """Tables of the settings that names of lamps refer to."""

    mqtt_lamps: dict[str, TopicLampSettings] = Field(
        {}, description="topics and payloads of the lamps mqtt:NAME"
    )
    home_assistant: HomeAssistantSettings | None = Field(
        None, description="address and token, for the lamps homeassistant:ENTITY"
    )

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
        if make == "homeassistant" and self.home_assistant is None:
            return f"{name!r}: add a table home_assistant with url and token"
        return None


NOTHING_DESCRIBED = DescribedLamps(mqtt_lamps={}, home_assistant=None)
