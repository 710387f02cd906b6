"""Reads a manifest, which may come from elsewhere: all that is used of it has the right shape."""

import json
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from hub.admin.backup.manifest import FORMAT, BackupError
from hub.store.file.schema import SCHEMA_VERSION


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("not printable")
    return text


Words = Annotated[str, AfterValidator(_printable)]


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True)


class Entry(_Shape):
    """What the manifest says of a member."""

    name: str
    kind: Literal["file", "folder"]
    size: int
    sha256: str
    mode: int = Field(ge=0, le=0o7777)
    owner: Words
    group: Words


class Facts(_Shape):
    """What a manifest says; `schema` and `schemas` are versions of state files."""

    format: int
    doorbell: Words
    newest: int = Field(alias="schema")
    schemas: dict[str, int]
    time: Words
    host: Words
    settings: str | None
    members: list[Entry]


def read_facts(text: bytes) -> dict[str, Any]:
    """The facts of a manifest, as it has them.

    Raises:
        BackupError: a newer program has written it.
        ValueError: it has another shape.
    """
    found = json.loads(text)
    _refuse_newer(found)
    try:
        facts = Facts.model_validate(found)
    except ValidationError as error:  # whose own text shows what was read
        place = ".".join(map(str, error.errors(include_input=False)[0]["loc"]))
        raise ValueError(f"its manifest is faulty at {place!a}") from None
    _refuse_strange_names(facts)
    return facts.model_dump(by_alias=True)


def _refuse_newer(found: Any) -> None:
    """Before all else: a newer manifest may have another shape."""
    if not isinstance(found, dict):
        raise ValueError("its manifest is not a table")  # noqa: TRY004 - a fault of a file
    schemas = found.get("schemas")
    versions = [found.get("schema"), *(schemas.values() if isinstance(schemas, dict) else ())]
    newest = max((one for one in versions if isinstance(one, int)), default=0)
    form = found.get("format")
    if newest > SCHEMA_VERSION or (isinstance(form, int) and form > FORMAT):
        newer = f"written by a newer doorbell ({found.get('doorbell')})"
        raise BackupError(f"{newer}. Update this one, then restore")


def _refuse_strange_names(facts: Facts) -> None:
    """The settings file lies in `settings`, and state files in `state`."""
    files = {PurePosixPath(entry.name) for entry in facts.members if entry.kind == "file"}
    if facts.settings is not None:
        path = PurePosixPath(facts.settings)
        if path not in files or str(path.parent) != "settings":
            raise ValueError(f"it has no settings file {facts.settings!a}")
    for name in facts.schemas:
        if PurePosixPath(name) not in files or not name.startswith("state/"):
            raise ValueError(f"it has no state file {name!a}")
