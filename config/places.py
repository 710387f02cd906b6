"""Where a settings file is looked for, and where a user's own files belong.

Source: XDG Base Directory Specification. A variable that holds no absolute path counts as not set.
"""

import os
from pathlib import Path

from config.faults import SettingsError

HERE = Path("doorbell.toml")
INSTALLED = Path("/etc/doorbell/doorbell.toml")


def searched() -> tuple[Path, ...]:
    """Where a settings file may be; the first one that exists is read."""
    return HERE, own_settings(), INSTALLED


def own_settings() -> Path:
    """This user's settings file: in `$XDG_CONFIG_HOME/doorbell`, else `~/.config/doorbell`."""
    return _base("XDG_CONFIG_HOME", "~/.config") / "doorbell" / "doorbell.toml"


def own_state() -> Path:
    """The state folder of this user: `$XDG_STATE_HOME/doorbell`, else `~/.local/state/doorbell`.

    Raises:
        SettingsError: This user has no home folder.
    """
    folder = _base("XDG_STATE_HOME", "~/.local/state") / "doorbell"
    if not folder.is_absolute():
        raise SettingsError(["state_dir: this user has no home folder. Set state_dir, or HOME"])
    return folder


def own_folder() -> Path:
    """The part of the state folder that is this process's own: `$DOORBELL_OWN_FOLDER`.

    Its unit sets it. Without one (`doorbell run`) all processes share the whole folder.
    """
    return Path(os.environ.get("DOORBELL_OWN_FOLDER", ""))


def _base(variable: str, default: str) -> Path:
    named = Path(os.environ.get(variable, ""))
    if named.is_absolute():
        return named
    # Path.expanduser would raise without a home folder.
    return Path(os.path.expanduser(default))  # noqa: PTH111
