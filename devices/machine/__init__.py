"""The machine itself: its disk, power, files and folders, the time of day and the sun."""

from typing import TYPE_CHECKING

from devices.lazy_names import lazy_names

if TYPE_CHECKING:
    from devices.machine.atomic_file import atomic_write as atomic_write
    from devices.machine.atomic_file import write_file as write_file
    from devices.machine.daily_window import DailyWindow as DailyWindow
    from devices.machine.finding import Condition as Condition
    from devices.machine.finding import Finding as Finding
    from devices.machine.finding import duration as duration
    from devices.machine.finding import fault as fault
    from devices.machine.finding import ok as ok
    from devices.machine.finding import size as size
    from devices.machine.finding import skipped as skipped
    from devices.machine.folder import Forbidden as Forbidden
    from devices.machine.folder import expanded as expanded
    from devices.machine.folder import fault_in_folder as fault_in_folder
    from devices.machine.folder import fault_in_state_folder as fault_in_state_folder
    from devices.machine.folder import is_file as is_file
    from devices.machine.folder import is_there as is_there
    from devices.machine.folder import nearest as nearest
    from devices.machine.folder import placed as placed
    from devices.machine.moment import Moment as Moment
    from devices.machine.sun import is_dark as is_dark
    from devices.machine.sun import solar_day as solar_day
    from devices.machine.sun import sun_elevation as sun_elevation
    from devices.machine.sun import sun_moves as sun_moves
else:
    __getattr__ = lazy_names(
        __name__,
        {
            "atomic_file": ["atomic_write", "write_file"],
            "daily_window": ["DailyWindow"],
            "finding": ["Condition", "Finding", "duration", "fault", "ok", "size", "skipped"],
            "folder": [
                "Forbidden",
                "expanded",
                "fault_in_folder",
                "fault_in_state_folder",
                "is_file",
                "is_there",
                "nearest",
                "placed",
            ],
            "moment": ["Moment"],
            "sun": [
                "is_dark",
                "solar_day",
                "sun_elevation",
                "sun_moves",
            ],
        },
    )
