"""`[homeassistant]`: how this house shows itself to Home Assistant."""

import re

from pydantic import Field, field_validator

from config.section import Section

PREFIX = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")


class HomeAssistant(Section):
    """`[homeassistant]`: Home Assistant finds the hub and its doors on the broker by itself."""

    enabled: bool = Field(True, description="whether the hub announces itself and its doors")
    prefix: str = Field(
        "homeassistant",
        max_length=128,
        description="the discovery prefix that Home Assistant's MQTT integration is set to",
    )

    @field_validator("prefix")
    @classmethod
    def _is_levels(cls, prefix: str) -> str:
        if not PREFIX.fullmatch(prefix):
            raise ValueError(
                "not the beginning of a topic. Write letters, digits, - and _, with / between "
                "levels, like homeassistant"
            )
        return prefix

    def must_be_apart_from(self, root: str) -> None:
        """Refuse a prefix that lies in our own topics.

        Raises:
            ValueError: it does.
        """
        if f"{self.prefix}/".startswith(f"{root}/"):
            raise ValueError(
                f"[homeassistant] prefix: {self.prefix}/ lies in our own topics below {root}/. "
                "Write the prefix that Home Assistant is set to, mostly homeassistant"
            )
