"""Reads the settings: `doorbell.toml`, over it the environment (`DOORBELL_BROKER__HOST=…`)."""

import json
import os
import tomllib
from collections.abc import Mapping
from datetime import date, time
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from config import places
from config.faults import SettingsError, describe, suggest
from config.model import Broker, Chime, Settings

PREFIX = "DOORBELL_"
OTHER_VARIABLES = ("BOOT", "CONFIG", "SUPERVISED")
DEMO = Path(__file__).parent / "demo.toml"


def find(given: Path | None = None) -> Path:
    """The settings file: the one given, `$DOORBELL_CONFIG`, the first that exists, else the demo's.

    Raises:
        SettingsError: the file that was asked for does not exist.
    """
    asked = given or (
        Path(os.environ["DOORBELL_CONFIG"]) if os.environ.get("DOORBELL_CONFIG") else None
    )
    if asked is None:
        return next((path for path in places.searched() if path.is_file()), DEMO).absolute()
    if not asked.is_file():
        raise SettingsError(
            [f"{asked}: no such settings file. Give another with --config, or write this one."]
        )
    return asked.absolute()


def load(path: Path, draft: Path | None = None) -> Settings:
    """Read and check the settings; relative folders in them are taken from the file's own.

    Args:
        path: The file.
        draft: Where its text lies now, if it is not in place yet.

    Raises:
        SettingsError: with every fault found.
    """
    from pydantic_settings import (  # noqa: PLC0415
        BaseSettings,
        PydanticBaseSettingsSource,
        SettingsConfigDict,
        TomlConfigSettingsSource,
    )
    from pydantic_settings import SettingsError as UnreadableVariable  # noqa: PLC0415 - see load_lean

    class Sources(BaseSettings, Settings):
        model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__")

        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings names its arguments
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return env_settings, TomlConfigSettingsSource(settings_cls, toml_file=draft or path)

    if strangers := _strange_variables():
        raise SettingsError(strangers)
    try:
        read = Sources()
    except ValidationError as error:
        faulty = {
            str(fault["loc"][0]) for fault in error.errors(include_input=False) if fault["loc"]
        }
        usable = _without(faulty, path, draft or path)
        raise SettingsError(describe(error, Settings, path.name), usable) from None
    except UnreadableVariable as error:
        raise SettingsError(
            [
                f"{_variable_in(error)}: not JSON. Write the table as JSON, or set its keys one by one."
            ]
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError([f"{path.name}: cannot be read: {error}."]) from None
    return _at_home(Settings.model_validate(_plain(read.model_dump(exclude_unset=True))), path)


def _without(faulty: set[str], path: Path, text: Path) -> Settings | None:
    """The file's settings but for the tables with faults in them."""
    try:
        read = tomllib.loads(text.read_text(encoding="utf-8"))
        return _at_home(
            Settings.model_validate({key: read[key] for key in read.keys() - faulty}), path
        )
    except (OSError, ValueError):
        return None


def _at_home(settings: Settings, path: Path) -> Settings:
    """Relative folders are taken from the settings file's own; the demo's file is ours, so from where one stands."""
    base = Path.cwd() if path == DEMO else path.parent
    given = settings.model_fields_set
    folders = {"handlers_dir": base / settings.handlers_dir.expanduser()}
    if "state_dir" in given:
        folders["state_dir"] = base / settings.state_dir.expanduser()
    else:
        folders["state_dir"] = places.own_state()
    parts = {
        "broker": _broker_at_home(settings.broker, base),
        "chime": _chime_at_home(settings.chime, base),
    }
    moved = settings.model_copy(update=folders | parts)
    moved.__pydantic_fields_set__.intersection_update(
        given
    )  # what was not set still counts as not set
    return moved


def _broker_at_home(broker: Broker, base: Path) -> Broker:
    paths = {key: getattr(broker, key) for key in ("password_dir", "ca_file")}
    return broker.model_copy(
        update={key: base / path.expanduser() for key, path in paths.items() if path}
    )


def _chime_at_home(chime: Chime, base: Path) -> Chime:
    return (
        chime.model_copy(update={"sound": base / chime.sound.expanduser()})
        if chime.sound
        else chime
    )


def load_lean(path: Path) -> Settings:
    """The same, for a process that lives long: a short-lived child does the reading.

    pydantic-settings imports asyncio and argparse among others: 7 MB that each handler would hold for ever.

    Raises:
        SettingsError: with every fault found.
    """
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        _answer(path, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        answer = json.loads(
            pipe.read() or b'{"faults": ["the settings could not be read: their reader died"]}'
        )
    os.waitpid(child, 0)
    if "faults" in answer:
        raise SettingsError(answer["faults"])
    return Settings.model_validate(answer["settings"])


def _answer(path: Path, writer: int) -> None:
    """In the child: write the settings, secrets in clear, into the pipe, and vanish."""
    try:
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(json.dumps(_read(path)).encode())
    finally:  # also when the parent has ended meanwhile: nothing of the parent's code may run here
        os._exit(0)


def _read(path: Path) -> dict[str, Any]:
    try:
        return {"settings": _plain(load(path).model_dump())}
    except SettingsError as error:
        return {"faults": error.faults}
    except Exception as error:  # noqa: BLE001 - the child must answer, whatever went wrong
        return {"faults": [f"{path.name}: cannot be read: {type(error).__name__}"]}


def _plain(value: Any) -> Any:
    """What JSON can say: secrets in clear, times and folders as text."""
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
    """Variables that look like ours and are not: a typing error must not go unnoticed."""
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
    """pydantic-settings says `error parsing value for field "broker" from source …`."""
    return PREFIX + str(error).split('"')[1].upper()
