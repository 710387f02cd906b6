"""One file for each make of lamp. A house loads those that it has."""

from typing import TYPE_CHECKING

from devices.lazy_names import lazy_names

if TYPE_CHECKING:
    from devices.lamp.makes.homeassistant import HomeAssistantLamp as HomeAssistantLamp
    from devices.lamp.makes.local import GpioLight as GpioLight
    from devices.lamp.makes.local import SimulatedLight as SimulatedLight
    from devices.lamp.makes.shelly import ShellyLamp as ShellyLamp
    from devices.lamp.makes.tasmota import TasmotaLamp as TasmotaLamp
    from devices.lamp.makes.topics import TopicLamp as TopicLamp
    from devices.lamp.makes.wled import WledLamp as WledLamp
    from devices.lamp.makes.wled_strip import WledStrip as WledStrip
    from devices.lamp.makes.zigbee2mqtt import Zigbee2MqttLamp as Zigbee2MqttLamp
else:
    __getattr__ = lazy_names(
        __name__,
        {
            "homeassistant": ["HomeAssistantLamp"],
            "local": ["GpioLight", "SimulatedLight"],
            "shelly": ["ShellyLamp"],
            "tasmota": ["TasmotaLamp"],
            "topics": ["TopicLamp"],
            "wled": ["WledLamp"],
            "wled_strip": ["WledStrip"],
            "zigbee2mqtt": ["Zigbee2MqttLamp"],
        },
    )
