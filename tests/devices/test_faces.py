"""Each room offers its public names, and costs nothing until one of them is used."""

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from devices.device_error import DeviceError
from tests.house import ROOT

HEAVY = (
    "apprise",
    "astral",
    "av",
    "gpiozero",
    "libcamera",
    "lgpio",
    "miniaudio",
    "opentelemetry",
    "picamera2",
    "requests",
)
ROOMS = sorted(path.parent for path in (ROOT / "devices").glob("*/__init__.py"))
FACES = pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)


def _offered(room: Path) -> list[ast.ImportFrom]:
    """The imports by which a type checker knows what the room offers."""
    tree = ast.parse((room / "__init__.py").read_text(encoding="utf-8"))
    blocks = [node for node in tree.body if isinstance(node, ast.If)]
    return [node for block in blocks for node in block.body if isinstance(node, ast.ImportFrom)]


@FACES
def test_what_a_face_offers_is_there(room: Path):
    """Every name that a type checker sees is found at run time, in the module that is named."""
    face = import_module(f"devices.{room.name}")
    offered = _offered(room)
    assert offered
    for node in offered:
        assert node.module.startswith(f"devices.{room.name}.")
        for alias in node.names:
            assert getattr(face, alias.name) is getattr(import_module(node.module), alias.name)


@FACES
def test_a_face_offers_no_name_of_a_module(room: Path):
    """Once the module is imported, the package's attribute of that name would be the module."""
    names = {alias.name for node in _offered(room) for alias in node.names}
    assert not names & {path.stem for path in room.glob("*.py")}


@FACES
def test_each_error_of_a_room_says_it_in_words(room: Path):
    """A handler's process logs it in one line, because it is a DeviceError."""
    face = import_module(f"devices.{room.name}")
    names = [alias.name for node in _offered(room) for alias in node.names]
    errors = [getattr(face, name) for name in names if name.endswith("Error")]
    assert [error for error in errors if not issubclass(error, DeviceError)] == []


@FACES
def test_a_face_does_not_offer_what_is_not_there(room: Path):
    """A typing error is an error at once."""
    with pytest.raises(ImportError, match="cannot import name 'absent'"):
        exec(f"from devices.{room.name} import absent")  # noqa: S102


def test_importing_all_faces_loads_no_library_and_no_driver():
    """A process pays only for the names that it uses."""
    code = "; ".join(f"import devices.{room.name}" for room in ROOMS)
    code += "; import sys; print([m for m in sys.modules if m.startswith('devices.')])"
    code += f"; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    modules, heavy = done.stdout.splitlines()
    assert set(ast.literal_eval(modules)) == {f"devices.{room.name}" for room in ROOMS} | {
        "devices.lazy_names"
    }
    assert heavy == "[]"


@pytest.mark.parametrize("handler", sorted((ROOT / "handlers").glob("*.py")), ids=lambda p: p.stem)
def test_handlers_import_from_the_faces(handler: Path):
    """They use what a room offers, and none of its files."""
    tree = ast.parse(handler.read_text(encoding="utf-8"))
    modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    ours = [module for module in modules if module.startswith("devices")]
    assert [module for module in ours if module.count(".") != 1] == []
