"""Where a settings file is looked for, and where a user's own files belong.

Source: XDG Base Directory Specification. A variable that holds no absolute path counts as not set.
"""

import os
import stat
from pathlib import Path

from config.faults import SettingsError
from config.paths import fault_in_path

HERE = Path("doorbell.toml")
ELSE = "Mend or remove it, or name another file with --config."
INSTALLED = Path("/etc/doorbell/doorbell.toml")


def searched() -> tuple[Path, ...]:
    """Where a settings file may be; the first one that exists is read."""
    return HERE, own_settings(), INSTALLED


def found(path: Path) -> bool:
    """Whether there is a settings file.

    Raises:
        SettingsError: It cannot be seen, or is no file: another one must not be read in its place.
    """
    try:
        path.lstat()
        is_file = stat.S_ISREG(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        if not path.is_symlink():
            return False
        raise SettingsError(
            [f"{path}: it is a link to a file that is not there. Mend it."]
        ) from None
    except PermissionError:
        hint = "Use sudo, or name another file with --config."
        raise SettingsError([f"{path}: you may not look into its folder. {hint}"]) from None
    except (OSError, ValueError) as error:
        raise SettingsError([f"{path}: cannot be read: {_reason(error)}. {ELSE}"]) from None
    if not is_file:
        raise SettingsError([f"{path}: it is not a file. {ELSE}"])
    return True


def here() -> Path:
    """The folder in which doorbell was started.

    Raises:
        SettingsError: It has been deleted.
    """
    try:
        return Path.cwd()
    except OSError as error:
        hint = "Change to another one: cd"
        place = "the folder in which you are"
        raise SettingsError([f"{place} cannot be read: {error.strerror}. {hint}"]) from None


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

    Raises:
        SettingsError: It leads out of the state folder.
    """
    folder = Path(os.environ.get("DOORBELL_OWN_FOLDER", ""))
    if folder.is_absolute() or ".." in folder.parts or fault_in_path(folder):
        hint = "It is a folder within state_dir, which only a unit of systemd sets. Unset it"
        raise SettingsError([f"DOORBELL_OWN_FOLDER: not such a folder. {hint}."])
    return folder


def _reason(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or "not a path"


def _base(variable: str, default: str) -> Path:
    named = Path(os.environ.get(variable, ""))
    if named.is_absolute():
        return named
    # Path.expanduser would raise without a home folder.
    return Path(os.path.expanduser(default))  # noqa: PTH111
