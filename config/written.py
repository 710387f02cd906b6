"""Where the settings stand, for faults that are found later: in the tables of handlers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from config.toml.entries import lines_of

Path = tuple[str, ...]


@dataclass(frozen=True)
class Written:
    """The settings file as it was read. Two are equal: a changed comment changes no settings.

    Attributes:
        name: Of the file.
        text: All that it says.
    """

    name: str = field(default="", compare=False)
    text: str = field(default="", compare=False, repr=False)

    @property
    def lines(self) -> Mapping[Path, int]:
        """The line in which each table and key is set, the first level in small letters."""
        lines: dict[Path, int] = {}
        for path, number in lines_of(self.text).items():
            lines.setdefault((path[0].lower(), *path[1:]), number)
        return lines
