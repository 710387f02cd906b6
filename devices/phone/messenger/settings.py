"""Settings of a handler that tells phones what happens at the doors."""

from pydantic import Field

from devices.phone.settings import PhoneSettings


class DoorMessengerSettings(PhoneSettings):
    """For a handler's settings: `class Config(HandlerConfig, DoorMessengerSettings)`."""

    title: str = Field("Doorbell", description="the notification's title")
    group_s: float = Field(
        10, ge=0, le=300, description="a ring so soon after the last one is counted with it"
    )
    drill_text: bool = Field(False, description="whether a drill sends a text, marked as one")
    picture: bool = Field(True, description="whether the picture follows")
