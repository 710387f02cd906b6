"""`doorbell check`: every fault in the settings and handler files, at once."""

import os
import sys

from config import SettingsError
from config.reading import sources
from hub.admin.check.apart import inspected
from hub.admin.check.house import check as check_house
from hub.terminal.options import ConfigOption
from hub.terminal.output import complain, say
from hub.terminal.words import count


def check(config: ConfigOption = None) -> None:
    """Check all settings and handler files, and list every fault at once."""
    path = sources.find(config)
    faults: list[str] = []
    try:
        settings = sources.load(path)
    except SettingsError as error:
        if error.usable is None:
            raise
        faults += error.faults
        settings = error.usable
    report = inspected(settings, lambda files: check_house(settings, path, files))
    for line in report.good:
        say(f"✓ {line}")
    for hint in report.hints:
        say(f"! {hint}")
    faults += report.faults
    for fault in faults:
        complain(f"✗ {fault}")
    if faults:
        sys.exit(os.EX_CONFIG)
    say(f"✓ {path}: {count(len(settings.doors), 'door')}")
