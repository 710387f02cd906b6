"""Modules that libraries import, and that most processes never use: they are loaded at first use.

paho, pydantic and their like import TLS, HTTP, e-mail and the metadata of packages. That takes 3 MB
in each process, and a tenth of the time that a start takes.
"""

import importlib.util
import sys
import threading
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

# paho looks for the last one, which is installed beside MongoDB's client, for example.
NAMES = ("ssl", "urllib.request", "importlib.metadata", "dns.resolver")
PLUGINS = "pydantic.plugin._loader"
_loading = threading.RLock()


class _Late(ModuleType):
    """A module that is empty until somebody wants something of it.

    `importlib.util.LazyLoader` does not do: its modules are loaded by an `import` (Python 3.11).
    """

    def __getattr__(self, name: str) -> Any:
        with _loading:
            spec = self.__spec__
            if type(self) is _Late and spec and spec.loader:
                self.__class__ = _Loading
                spec.loader.exec_module(self)
                self.__class__ = ModuleType  # type: ignore[assignment]
            if name in self.__dict__:
                return self.__dict__[name]
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")


class _Loading(_Late):
    """One that is just being loaded; other threads wait."""


def _find(name: str) -> ModuleSpec | None:
    """The module's spec; None where it, or the package it belongs to, is not installed."""
    try:
        return importlib.util.find_spec(name)
    except ModuleNotFoundError:
        return None


def _postpone() -> None:
    """Have these modules loaded late, as far as they are not loaded yet."""
    for name in NAMES:
        spec = None if name in sys.modules else _find(name)
        if spec is None:
            continue
        module = importlib.util.module_from_spec(spec)
        module.__class__ = _Late
        sys.modules[name] = module
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, module)
    if PLUGINS not in sys.modules:  # it would look through all packages for plugins of pydantic
        loader = ModuleType(PLUGINS)
        loader.get_plugins = tuple  # type: ignore[attr-defined]
        sys.modules[PLUGINS] = loader


_postpone()
