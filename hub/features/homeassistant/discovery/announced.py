"""Remembers what this house has announced to Home Assistant, so that it can take it back."""

import json
import logging
from collections.abc import Mapping
from itertools import chain, count
from pathlib import Path
from typing import Any

from hub.store.file.lock_file import is_in_use
from hub.system.files import atomic_file

log = logging.getLogger(__name__)
FILE = "homeassistant.json"
Components = Mapping[str, str]


class Announced:
    """The record of one hub in the state folder.

    Home Assistant knows entities by their ids for ever. So a hub keeps the id that it had first,
    also when it gets another name.

    Attributes:
        id: Of the hub's device; the ids of the doors and of all entities begin with it.
        topics: What is retained on the broker: a topic, and of a device the components on it by
            their platform, those included that are no more.
    """

    def __init__(self, state_dir: Path, hub: str, root: str) -> None:
        """Read the record.

        Args:
            state_dir: The folder of this house.
            hub: The name of this hub.
            root: The first levels of its topics.
        """
        self._path = state_dir / FILE
        self._hub = hub
        self._former_name = ""
        self._records = _read(self._path)
        record = self._records.get(hub) or self._of_former_name(state_dir) or {}
        self.id: str = record.get("id") or self._free_id(root)
        self.topics: dict[str, Components] = record.get("topics", {})

    def keep(self, topics: Mapping[str, Components]) -> None:
        """Write down what is announced from now on, if that has changed."""
        if topics == self.topics and self._hub in self._records:
            return
        self.topics = dict(topics)
        self._records = _read(self._path)  # another hub of this folder may have written it since
        self._records.pop(self._former_name, None)
        self._former_name = ""
        self._records[self._hub] = {"id": self.id, "topics": self.topics}
        text = json.dumps(self._records, indent=1)
        try:
            atomic_file.write(self._path, text.encode(), 0o640)
        except OSError as error:
            log.warning("what Home Assistant was told cannot be noted: %s", error)

    def _free_id(self, root: str) -> str:
        """An id for this hub. Another one has the usual id if it was taken for this one renamed."""
        usual = _id(root, self._hub)
        taken = {record["id"] for record in self._records.values()}
        others = (f"{usual}N{number}" for number in count(2))  # no name has a capital letter
        return next(one for one in chain([usual], others) if one not in taken)

    def _of_former_name(self, state_dir: Path) -> dict[str, Any] | None:
        """The record of a hub that is not running: this one, before it got another name."""
        others = [name for name in self._records if not is_in_use(state_dir / f"hub-{name}.db")]
        if len(others) != 1:
            return None
        self._former_name = others[0]
        return self._records[self._former_name]


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        records = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        log.warning("%s cannot be read, and is written anew: %s", path, error)
        return {}
    if not isinstance(records, dict) or not all(map(_is_record, records.values())):
        log.warning("%s is damaged, and is written anew", path)
        return {}
    return records


def _is_record(value: Any) -> bool:
    """Whether it is the record of a hub; else the hub would end over it at each start."""
    if not isinstance(value, dict) or not isinstance(value.get("id"), str):
        return False
    topics = value.get("topics")
    return isinstance(topics, dict) and all(isinstance(one, dict) for one in topics.values())


def _id(root: str, hub: str) -> str:
    """An id of letters, digits and _ that no other root and hub has."""
    return "_".join(map(escaped, (root, hub)))


def escaped(name: str) -> str:
    """A name for an id, in which a single _ separates two names."""
    return name.replace("_", "__").replace("/", "S")
