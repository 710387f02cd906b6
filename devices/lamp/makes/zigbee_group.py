"""The lamps of a Zigbee2MQTT group: `bridge/groups` has their addresses, `bridge/devices` names.

https://www.zigbee2mqtt.io/guide/usage/mqtt_topics_and_messages.html
"""

import threading
from time import monotonic
from typing import Any

from devices.lamp.lamp import ANSWER_S, LightAwayError, MqttLink
from devices.lamp.payload import json_value


class ZigbeeGroup:
    """Knows whether a name is a group's, and which lamps are in it.

    The list of devices is large (several kB for each), so it is only taken where there is a group.

    Args:
        link: The connection to the broker.
        base: Zigbee2MQTT's base topic.
        name: The friendly name.
    """

    def __init__(self, link: MqttLink, base: str, name: str) -> None:
        self._link = link
        self._base = base
        self._name = name
        self._members: list[tuple[str, str]] = []  # address and endpoint of each
        self._names: dict[tuple[str, str], str] = {}
        self._follows_devices = False
        self._is_heard = False
        self._news = threading.Condition()
        self._opened = monotonic()
        link.follow(f"{base}/bridge/groups", self._hear_groups)

    def members(self) -> list[str]:
        """The friendly names of its lamps, with the output where a device has several.

        In the first second it waits for Zigbee2MQTT's lists.

        Returns:
            The names; none if it is no group, or if Zigbee2MQTT does not speak of groups.

        Raises:
            LightAwayError: Zigbee2MQTT does not say how its lamps are called.
        """
        left_s = self._opened + ANSWER_S - monotonic()
        if not self._members and (self._is_heard or left_s <= 0):
            return []
        with self._news:
            self._news.wait_for(lambda: self._is_heard, left_s)
            self._news.wait_for(lambda: not self._nameless(), ANSWER_S)
            if nameless := self._nameless():
                raise LightAwayError(
                    f"{self._base}/bridge/devices does not say how {nameless[0]} of the group "
                    f"{self._name} is called. Write the group's lamps one by one"
                )
            return [self._names.get(one) or self._names[one[0], ""] for one in self._members]

    def _nameless(self) -> list[str]:
        return [address for address, _ in self._members if (address, "") not in self._names]

    def _hear_groups(self, text: str) -> None:
        found = [
            one for one in _objects(json_value(text)) if one.get("friendly_name") == self._name
        ]
        members = [member for group in found for member in _objects(group.get("members"))]
        with self._news:
            self._members = [
                (str(one.get("ieee_address")), str(one.get("endpoint"))) for one in members
            ]
            self._is_heard = True
            self._news.notify_all()
        if self._members and not self._follows_devices:
            self._follows_devices = True
            self._link.follow(f"{self._base}/bridge/devices", self._hear_devices)

    def _hear_devices(self, text: str) -> None:
        names: dict[tuple[str, str], str] = {}
        for device in _objects(json_value(text)):
            names |= _names_in(device)
        with self._news:
            self._names = names
            self._news.notify_all()


def _names_in(device: dict[str, Any]) -> dict[tuple[str, str], str]:
    """The names of a device and of its endpoints, where those have some."""
    address = str(device.get("ieee_address"))
    name = device.get("friendly_name")
    names = {(address, ""): str(name)}
    endpoints = device.get("endpoints")
    if not isinstance(endpoints, dict):
        return names
    for number, endpoint in endpoints.items():
        if isinstance(endpoint, dict) and endpoint.get("name"):
            names[address, str(number)] = f"{name}:{endpoint['name']}"
    return names


def _objects(value: Any) -> list[dict[str, Any]]:
    """The JSON objects in a list; none if it is no list."""
    if not isinstance(value, list):
        return []
    return [one for one in value if isinstance(one, dict)]
