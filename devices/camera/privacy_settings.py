"""Settings that say when nobody may see a door, nor listen to it."""

from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, Field, ValidationError, model_validator

from devices.camera.privacy import Privacy
from devices.lamp.lamp import MqttLink
from devices.lamp.payload import fault_in_topic


class PrivacySettings(BaseModel):
    """When it is private: in its hours, and while its switch is on."""

    private_from: time | None = Field(None, description="nothing is recorded from then on")
    private_to: time | None = Field(None, description="until then, like 16:30:00")
    private_topic: str | None = Field(None, description="an MQTT topic: on (private) or off")

    @model_validator(mode="after")
    def _private_has_two_ends(self) -> Self:
        if (self.private_from is None) != (self.private_to is None):
            raise ValueError("private_from and private_to go together. Set both, or neither")
        return self

    def faults_in_privacy(self) -> list[str]:
        """A line if the topic is not that of one switch, for `check`."""
        fault = fault_in_topic(self.private_topic) if self.private_topic is not None else None
        return [f"private_topic: {fault}"] if fault else []

    @classmethod
    def of_table(cls, table: Mapping[str, Any]) -> Self:
        """Those of another handler, like `record`, which this one obeys, too.

        Args:
            table: What is set for it.

        Raises:
            ValueError: They are faulty.
        """
        own = {key: value for key, value in table.items() if key in PrivacySettings.model_fields}
        try:
            return cls.model_validate(own)
        except ValidationError:
            names = ", ".join(own)
            raise ValueError(f"{names}: faulty. `doorbell check` says what is wrong") from None

    def privacy(self, link: MqttLink, marker: Path) -> Privacy:
        """Whether it is private, now and whenever it is called.

        Args:
            link: The connection to the broker, like `hub.link`.
            marker: A file that keeps the switch's state over a restart.
        """
        switch = marker if self.private_topic else None
        private = Privacy(self.private_from, self.private_to, switch)
        if self.private_topic:
            link.follow(self.private_topic, private.switch)
        return private
