"""The settings of one door: its button, and the light in it."""

from typing import Literal, Self

from pydantic import Field, model_validator

from config.section import Section


class ButtonSettings(Section):
    """`[doors.NAME.button]`: the button that visitors press."""

    driver: Literal["simulated", "gpio"] = "simulated"
    pin: int | None = Field(None, ge=0, le=53, description="BCM number of the GPIO line")
    pull: Literal["up", "down"] = "up"
    min_press_s: float = Field(0.02, ge=0, le=5, description="shorter pulses are interference")
    debounce_s: float = Field(
        0.05,
        ge=0,
        le=5,
        description="how long the line must rest before the button counts as released",
    )
    double_s: float = Field(
        0,
        ge=0,
        le=5,
        description="a second press within this time is doorbell.double_pressed; 0: never",
    )
    long_s: float = Field(
        0,
        ge=0,
        le=60,
        description="a button held for so long is doorbell.long_pressed, too; 0: never",
    )
    stuck_s: float = Field(
        60,
        ge=0,
        le=3600,
        description="a button held for so long is stuck, which is reported once; 0: never",
    )

    @model_validator(mode="after")
    def _gpio_has_a_pin(self) -> Self:
        if self.driver == "gpio" and self.pin is None:
            raise ValueError(
                'driver = "gpio" needs a pin. Set pin to the BCM number of its GPIO line, like 17'
            )
        return self


class LedSettings(Section):
    """`[doors.NAME.led]`: the light in the button, which shows the visitor what happens."""

    pin: int | None = Field(
        None, ge=0, le=53, description="BCM number of the GPIO line; simulated if not set"
    )
    active: Literal["high", "low"] = Field("high", description="the level at which it is on")
    notified_by: tuple[str, ...] = Field(
        (), description="the handlers whose reaction counts as a notification, too"
    )


class Door(Section):
    """`[doors.NAME]`: one door with its button."""

    name: str | None = None
    button: ButtonSettings = ButtonSettings()
    led: LedSettings | None = None
