"""A room offers all its public names, and loads a module only when one of its names is used."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any


def lazy_names(package: str, modules: Mapping[str, Sequence[str]]) -> Callable[[str], Any]:
    """Make the `__getattr__` of a package (PEP 562), so that importing the package costs nothing.

    A room holds small protocols beside drivers that load PyAV (20 MB) or Apprise (30 MB).

    Args:
        package: The package's `__name__`.
        modules: The public names of each module of the package.

    Returns:
        A function that finds a name, loading its module at the first use.
    """
    homes = {name: f"{package}.{module}" for module, names in modules.items() for name in names}

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(homes[name]), name)

    return find
