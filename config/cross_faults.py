"""What tables of the settings must agree on with each other."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from config.faults import Fault
from config.tables.trigger import takes_in

if TYPE_CHECKING:
    from config.model import Settings


def cross_faults(settings: "Settings") -> Iterator[Fault]:
    """All places where two tables do not fit each other."""
    yield from _in_gpio_lines(settings)
    yield from _in_clock(settings)
    yield from _in_triggers(settings)
    if fault := settings.homeassistant.fault_below(settings.broker.root):
        yield Fault(("homeassistant", "prefix"), fault, needs=(("broker", "root"),))


def _in_gpio_lines(settings: "Settings") -> Iterator[Fault]:
    used: dict[int, str] = {}
    for pin, table in settings.gpio_lines():
        if (other := used.setdefault(pin, table)) != table:
            key = "relay" if table == "[chime]" else "pin"
            path = (*table.strip("[]").split("."), key)
            yield Fault(path, f"this and {other} both use pin {pin}. Change one.")


def _in_clock(settings: "Settings") -> Iterator[Fault]:
    if settings.clock.sun and settings.house.latitude is None:
        hint = "it needs a place. Set latitude and longitude in [house]."
        yield Fault(("clock", "sun"), hint, needs=(("house", "latitude"), ("house", "longitude")))
    if settings.clock.quiet and settings.quiet.begin is None:
        hint = "it needs quiet hours. Set begin and end in [quiet]."
        yield Fault(("clock", "quiet"), hint, needs=(("quiet", "begin"), ("quiet", "end")))


def _in_triggers(settings: "Settings") -> Iterator[Fault]:
    root = settings.broker.root
    for name, trigger in settings.triggers.items():
        path = ("triggers", name)
        if trigger.door not in settings.doors:
            known = ", ".join(settings.doors)
            fault = f"there is no [doors.{trigger.door}]. There are: {known}."
            yield Fault((*path, "door"), fault, needs=(("doors",),))
        if takes_in(trigger.topic, root):
            fault = f"it takes in our own topics below {root}/. Name another program's."
            yield Fault((*path, "topic"), fault, needs=(("broker", "root"),))
