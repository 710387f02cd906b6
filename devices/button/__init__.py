"""The button: its line, what counts as a press, and the light in it."""

from typing import TYPE_CHECKING

from devices.lazy_names import lazy_names

if TYPE_CHECKING:
    from devices.button.button import Button as Button
    from devices.button.button import ButtonError as ButtonError
    from devices.button.button import SimulatedButton as SimulatedButton
    from devices.button.diagnosis import Diagnosis as Diagnosis
    from devices.button.diagnosis import advise as advise
    from devices.button.diagnosis import diagnose as diagnose
    from devices.button.diagnosis import draw_line as draw_line
    from devices.button.edges import Edge as Edge
    from devices.button.edges import HeldPress as HeldPress
    from devices.button.edges import PressDetector as PressDetector
    from devices.button.edges import record_edges as record_edges
    from devices.button.edges import synthetic_edges as synthetic_edges
    from devices.button.edges import watch_edges as watch_edges
    from devices.button.gpio_button import GpioButton as GpioButton
    from devices.button.led import GpioLed as GpioLed
    from devices.button.led import Led as Led
    from devices.button.led import LedState as LedState
    from devices.button.led import SimulatedLed as SimulatedLed
    from devices.button.press_filter import Debouncer as Debouncer
    from devices.button.press_kind import PressClassifier as PressClassifier
    from devices.button.press_kind import PressKind as PressKind
    from devices.button.visit_settings import VisitSettings as VisitSettings
    from devices.button.visits import Visit as Visit
    from devices.button.visits import VisitAnswer as VisitAnswer
    from devices.button.visits import VisitBook as VisitBook
    from devices.button.visits import open_book as open_book
else:
    __getattr__ = lazy_names(
        __name__,
        {
            "button": ["Button", "ButtonError", "SimulatedButton"],
            "diagnosis": ["Diagnosis", "advise", "diagnose", "draw_line"],
            "edges": [
                "Edge",
                "HeldPress",
                "PressDetector",
                "record_edges",
                "synthetic_edges",
                "watch_edges",
            ],
            "gpio_button": ["GpioButton"],
            "led": ["GpioLed", "Led", "LedState", "SimulatedLed"],
            "press_filter": ["Debouncer"],
            "press_kind": ["PressClassifier", "PressKind"],
            "visit_settings": ["VisitSettings"],
            "visits": ["Visit", "VisitAnswer", "VisitBook", "open_book"],
        },
    )
