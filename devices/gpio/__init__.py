"""GPIO lines: one that is switched, one that is read, and what the kernel knows of a line."""

from typing import TYPE_CHECKING

from devices.lazy_names import lazy_names

if TYPE_CHECKING:
    from devices.gpio.line import GpioError as GpioError
    from devices.gpio.line import open_input as open_input
    from devices.gpio.line import open_output as open_output
    from devices.gpio.line_info import LineInfo as LineInfo
    from devices.gpio.line_info import gpio_chips as gpio_chips
    from devices.gpio.line_info import read_line_info as read_line_info
else:
    __getattr__ = lazy_names(
        __name__,
        {
            "line": ["GpioError", "open_input", "open_output"],
            "line_info": ["LineInfo", "gpio_chips", "read_line_info"],
        },
    )
