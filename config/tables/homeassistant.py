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

    def fault_below(self, root: str) -> str | None:
        """What is wrong if the prefix lies in our own topics; None if it does not."""
        if not f"{self.prefix}/".startswith(f"{root}/"):
            return None
        hint = "Write the prefix that Home Assistant is set to, mostly homeassistant."
        return f"{self.prefix}/ lies in our own topics below {root}/. {hint}"
