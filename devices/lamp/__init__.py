"""Lamps of several makes: on a GPIO line, on the MQTT broker, or simulated."""

from typing import TYPE_CHECKING

from devices.lazy_names import lazy_names

if TYPE_CHECKING:
    from devices.lamp.borrowed import BorrowedLamp as BorrowedLamp
    from devices.lamp.borrowed import forget_lamp as forget_lamp
    from devices.lamp.borrowed import in_words as in_words
    from devices.lamp.darkness import Darkness as Darkness
    from devices.lamp.darkness import DarknessSettings as DarknessSettings
    from devices.lamp.lamp import OFF as OFF
    from devices.lamp.lamp import LampState as LampState
    from devices.lamp.lamp import Light as Light
    from devices.lamp.lamp import LightAwayError as LightAwayError
    from devices.lamp.lamp import LightError as LightError
    from devices.lamp.lamp import MqttLink as MqttLink
    from devices.lamp.lamp import is_unchanged as is_unchanged
    from devices.lamp.makes.local import GpioLight as GpioLight
    from devices.lamp.makes.local import SimulatedLight as SimulatedLight
    from devices.lamp.makes.shelly import ShellyLamp as ShellyLamp
    from devices.lamp.makes.tasmota import TasmotaLamp as TasmotaLamp
    from devices.lamp.makes.topics import TopicLamp as TopicLamp
    from devices.lamp.makes.wled import WledLamp as WledLamp
    from devices.lamp.makes.zigbee2mqtt import Zigbee2MqttLamp as Zigbee2MqttLamp
    from devices.lamp.names import LAMP_NAMES as LAMP_NAMES
    from devices.lamp.names import fault_in_lamp as fault_in_lamp
    from devices.lamp.names import gpio_pin as gpio_pin
    from devices.lamp.payload import fault_in_topic as fault_in_topic
    from devices.lamp.payload import json_object as json_object
    from devices.lamp.payload import json_value as json_value
    from devices.lamp.porch import BorrowedLamps as BorrowedLamps
    from devices.lamp.porch import Porch as Porch
    from devices.lamp.porch import open_porch as open_porch
    from devices.lamp.registry import open_light as open_light
    from devices.lamp.registry import open_lights as open_lights
    from devices.lamp.settings import LampScene as LampScene
    from devices.lamp.settings import LampSettings as LampSettings
else:
    __getattr__ = lazy_names(
        __name__,
        {
            "borrowed": ["BorrowedLamp", "forget_lamp", "in_words"],
            "darkness": ["Darkness", "DarknessSettings"],
            "lamp": [
                "OFF",
                "LampState",
                "Light",
                "LightAwayError",
                "LightError",
                "MqttLink",
                "is_unchanged",
            ],
            "makes.local": ["GpioLight", "SimulatedLight"],
            "names": ["LAMP_NAMES", "fault_in_lamp", "gpio_pin"],
            "payload": ["fault_in_topic", "json_object", "json_value"],
            "porch": ["BorrowedLamps", "Porch", "open_porch"],
            "registry": ["open_light", "open_lights"],
            "settings": ["LampScene", "LampSettings"],
            "makes.shelly": ["ShellyLamp"],
            "makes.tasmota": ["TasmotaLamp"],
            "makes.topics": ["TopicLamp"],
            "makes.wled": ["WledLamp"],
            "makes.zigbee2mqtt": ["Zigbee2MqttLamp"],
        },
    )
