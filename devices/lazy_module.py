"""A module that is loaded when it is first used, and not with the library that imports it."""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class _LazyModule(ModuleType):
    def __getattr__(self, name: str) -> Any:
        """Become the real module at the first look at one of its names."""
        if name.startswith("__") and name != "__path__":
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        real = import_module(self.__name__)
        vars(self).update(vars(real))
        return getattr(real, name)


def load_when_used(name: str) -> None:
    """Have `import NAME` cost nothing in this process until the module is used.

    Call it before the library is imported that imports the module and may never use it. A module
    that is loaded already stays as it is.

    Args:
        name: The module's name, without dots.
    """
    sys.modules.setdefault(name, _LazyModule(name))
