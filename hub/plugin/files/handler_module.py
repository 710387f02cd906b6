"""Runs a handler file as a Python module; what Python cannot read is told with its line."""

import importlib.util
import sys
import warnings
from pathlib import Path
from types import ModuleType

from config import SettingsError
from config.toml.advice import SAVE_AS
from hub.plugin.files import author_code, handler_source, requirements


def execute(path: Path) -> ModuleType:
    """The module of a handler file, after its code has run.

    Raises:
        SettingsError: Python cannot read the file, or does not find a module that it imports.
        BaseException: whatever else its code raises.
    """
    name = f"doorbell_handler_{path.stem.replace('-', '_')}"
    source = handler_source.Loader(name, str(path))
    spec = importlib.util.spec_from_file_location(name, path, loader=source)
    if spec is None:
        raise SettingsError([f"{path.name}: cannot be loaded as Python"])
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        with warnings.catch_warnings():
            # Refused by HandlerConfig, in words that say what to do.
            warnings.filterwarnings("ignore", 'Field name ".*" shadows an attribute in parent')
            source.exec_module(module)
    except SyntaxError as error:
        raise SettingsError([_syntax_fault(path, error)]) from None
    except ModuleNotFoundError as error:
        raise SettingsError([_import_fault(path, error)]) from None
    return module


def _syntax_fault(path: Path, error: SyntaxError) -> str:
    where = author_code.place_of(path, error)
    if not error.msg:  # a bare `raise SyntaxError`
        return f"{where}: {type(error).__name__}"
    if error.filename != str(path):
        return f"{where}: {author_code.described(error)}"
    if not error.lineno:
        return f"{path.name}: {error.msg}. {SAVE_AS}, and name no other coding in it"
    return f"{path.name}, line {error.lineno}: {error.msg}"


def _import_fault(path: Path, error: ModuleNotFoundError) -> str:
    where = author_code.place_of(path, error)
    package = (error.name or "").partition(".")[0]
    if not package or package in sys.modules:
        return f"{where}: {author_code.described(error)}"
    command = requirements.how_to_install(path.name, [package])
    hint = "and name it in a `# /// script` block (docs/systemd.md)"
    return f"{where}: {error}. Install it where doorbell is, {hint}: {command}"
