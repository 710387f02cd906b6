"""`doorbell config`: the settings in force."""

from hub.admin.check.apart import inspected
from hub.admin.check.effective_settings import settings_in_force
from hub.terminal.options import ConfigOption, read_settings
from hub.terminal.output import say


def show_config(config: ConfigOption = None) -> None:
    """Print the settings in force, with secrets masked."""
    settings, path = read_settings(config)
    text = inspected(settings, lambda files: settings_in_force(settings, files))
    say(f"# {path}")
    say(*text.split("\n"))
