"""Reads the settings: `doorbell.toml`, and the environment (`DOORBELL_BROKER__HOST=…`) over it."""

import json
import os
from collections.abc import Mapping
from datetime import date, time
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from config import places, toml_file
from config.broker import Broker
from config.faults import SettingsError, describe, suggest
from config.model import Chime, Settings

PREFIX = "DOORBELL_"
OTHER_VARIABLES = ("BOOT", "CONFIG", "LIVE", "OWN_FOLDER", "SUPERVISED", "TALK")
READER_DIED = b'{"faults": ["the settings could not be read: their reader died"]}'
DEMO = Path(__file__).parent / "demo.toml"
PATHS = ("password_dir", "ca_file", "cert_file", "key_file")  # in [broker]
STAND_IN = {"latitude": 51.5, "longitude": 0.0}  # Greenwich


def find(given: Path | None = None) -> Path:
    """Find the settings file: the given one, `$DOORBELL_CONFIG`, the first that exists, the demo's.

    Args:
        given: The file that the command line names.

    Raises:
        SettingsError: The file that was asked for does not exist.
    """
    asked = given
    if asked is None and os.environ.get("DOORBELL_CONFIG"):
        asked = Path(os.environ["DOORBELL_CONFIG"])
    if asked is None:
        return next((path for path in places.searched() if path.is_file()), DEMO).absolute()
    if not asked.is_file():
        raise SettingsError(
            [f"{asked}: no such settings file. Give another with --config, or write this one."]
        )
    return asked.absolute()


def load(path: Path, draft: Path | None = None) -> Settings:
    """Read and check the settings. Relative paths in them start at the file's folder.

    Args:
        path: The file.
        draft: Where its text is now, if it is not in place yet.

    Raises:
        SettingsError: The settings have faults; it contains all of them.
    """
    from pydantic_settings import (  # noqa: PLC0415
        BaseSettings,
        InitSettingsSource,
        PydanticBaseSettingsSource,
        SettingsConfigDict,
    )
    from pydantic_settings import SettingsError as UnreadableVariable  # noqa: PLC0415

    class Sources(BaseSettings, Settings):
        model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__")

        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,  # noqa: ARG003
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return env_settings, InitSettingsSource(settings_cls, init_kwargs=table)

    if strangers := _strange_variables():
        raise SettingsError(strangers)
    table = toml_file.read(path, draft)
    try:
        read = Sources()
    except ValidationError as error:
        faulty = {
            str(fault["loc"][0]) for fault in error.errors(include_input=False) if fault["loc"]
        }
        usable = _without(faulty, table, path)
        raise SettingsError(describe(error, Settings, path.name), usable) from None
    except UnreadableVariable as error:
        advice = "Write the table as JSON, or set its keys one by one"
        raise SettingsError([f"{_variable_in(error)}: not JSON. {advice}."]) from None
    return _with_full_paths(
        Settings.model_validate(_plain(read.model_dump(exclude_unset=True))), path
    )


def _without(faulty: set[str], table: Mapping[str, Any], path: Path) -> Settings | None:
    """The settings of the file without the tables that have faults.

    Another place stands in for a faulty one, so that what needs a place has no fault of its own.
    """
    try:
        sound = {key: table[key] for key in table.keys() - faulty}
        if "house" in faulty:
            sound["house"] = STAND_IN
        return _with_full_paths(Settings.model_validate(sound), path)
    except ValueError:
        return None


def _with_full_paths(settings: Settings, path: Path) -> Settings:
    """Start relative paths at the file's folder; those of the demo's file at the current one."""
    base = Path.cwd() if path == DEMO else path.parent
    given = settings.model_fields_set
    folders = {"handlers_dir": base / settings.handlers_dir.expanduser()}
    own = places.own_folder()
    if "state_dir" in given:
        folders["state_dir"] = base / settings.state_dir.expanduser() / own
    else:
        folders["state_dir"] = places.own_state() / own
    parts = {
        "broker": _broker_with_full_paths(settings.broker, base),
        "chime": _chime_with_full_paths(settings.chime, base),
    }
    full = settings.model_copy(update=folders | parts)
    # What was not set still counts as not set.
    full.__pydantic_fields_set__.intersection_update(given)
    return full


def _broker_with_full_paths(broker: Broker, base: Path) -> Broker:
    paths = {key: getattr(broker, key) for key in PATHS}
    full = {key: base / path.expanduser() for key, path in paths.items() if path}
    return broker.model_copy(update=full)


def _chime_with_full_paths(chime: Chime, base: Path) -> Chime:
    if chime.sound is None:
        return chime
    return chime.model_copy(update={"sound": base / chime.sound.expanduser()})


def load_lean(path: Path) -> Settings:
    """Read and check the settings in a child process, for a process that runs for a long time.

    pydantic-settings imports asyncio and argparse among others: 7 MB that each handler would keep.

    Args:
        path: The file.

    Raises:
        SettingsError: The settings have faults; it contains all of them.
    """
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        _answer(path, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        answer = json.loads(pipe.read() or READER_DIED)
    os.waitpid(child, 0)
    if "faults" in answer:
        raise SettingsError(answer["faults"])
    return Settings.model_validate(answer["settings"])


def _answer(path: Path, writer: int) -> None:
    """In the child: write the settings, with their secrets, into the pipe, and exit."""
    try:
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(json.dumps(_read(path)).encode())
    finally:  # none of the parent's code may run here, even if the parent has ended
        os._exit(0)


def _read(path: Path) -> dict[str, Any]:
    try:
        return {"settings": _plain(load(path).model_dump())}
    except SettingsError as error:
        return {"faults": error.faults}
    except Exception as error:  # noqa: BLE001 - the child must always answer
        return {"faults": [f"{path.name}: cannot be read: {type(error).__name__}"]}


def _plain(value: Any) -> Any:
    """A value as JSON has it: secrets in clear, times and paths as text."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return str(value) if isinstance(value, Path) else value


def _strange_variables() -> list[str]:
    """A fault for each unknown variable that begins like ours: it is a typing error."""
    known = {PREFIX + name.upper() for name in (*Settings.model_fields, *OTHER_VARIABLES)}
    strange = [
        name
        for name in os.environ
        if name.startswith(PREFIX) and name.partition("__")[0].upper() not in known
    ]
    return [
        f"{name}: unknown variable." + suggest(name.partition("__")[0], known)
        for name in sorted(strange)
    ]


def _variable_in(error: Exception) -> str:
    """The variable in pydantic-settings' text `error parsing value for field "broker" …`."""
    return PREFIX + str(error).split('"')[1].upper()
