"""A lamp on the broker that is described in the settings by its topics and payloads."""

import json
from typing import Any

from devices.lamp.described import TopicLampSettings
from devices.lamp.lamp import ANSWER_S, LampState, MqttLink
from devices.lamp.makes.followed import FollowedLamp
from devices.lamp.payload import json_object, percent


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

    def read(self, patience_s: float = ANSWER_S) -> LampState | None:
        """See Light. Nothing is waited for that never comes."""
        return super().read(patience_s if self._settings.state_topic else 0)

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
        brightness = percent(fields.get("brightness"), self._settings.brightness_max)
        return LampState(is_on, brightness)
