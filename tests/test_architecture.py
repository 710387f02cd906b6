"""The rooms are what the architecture says they are."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import hub
from hub import loader
from tests.house import ROOT

ROOMS = ("hub", "devices", "config", "handlers")
ONE_USER = {
    "paho": ["hub/awaited.py", "hub/bus.py", "hub/client.py"],
    "amqtt": ["hub/broker.py"],
    "gpiozero": ["devices/button.py", "devices/gpio.py"],
    "picamera2": ["devices/camera_pi.py"],
    "miniaudio": ["devices/sound.py"],
    "av": [
        "devices/camera_av.py",
        "devices/picture.py",
        "devices/video_clip.py",
        "devices/video_packet.py",
        "devices/video_source.py",
    ],
    "apscheduler": ["hub/schedule.py"],
    "itsdangerous": ["hub/ticket.py"],
    "starlette": ["hub/web.py"],
    "uvicorn": ["hub/web.py"],
    "astral": ["devices/clock.py"],
    "tomlkit": ["hub/setup/file.py"],
    "opentelemetry": ["handlers/telemetry.py"],
    "sqlite3": [
        "hub/afloat.py",
        "hub/again.py",
        "hub/backup.py",
        "hub/doctor/books.py",
        "hub/inbox.py",
        "hub/journal.py",
        "hub/outcome.py",
        "hub/past.py",
        "hub/records.py",
        "hub/restore.py",
        "hub/state.py",
    ],
    "rich": ["hub/cli.py", "hub/cli_trace.py", "hub/drill_command.py", "hub/story.py", "hub/timeline.py"],
}
HARDWARE = ("gpiozero", "lgpio", "picamera2", "libcamera", "av", "miniaudio")


def _files() -> list[Path]:
    return [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")) if "tests" not in path.parts[-2:]]


def _imports(path: Path) -> list[str]:
    """The modules that a file imports, wherever in it."""
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append(node.module)
    return found


def test_imports_go_one_way():
    """import-linter finds every contract of pyproject.toml kept."""
    linted = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert linted.returncode == 0, linted.stdout


@pytest.mark.parametrize("library", ONE_USER)
def test_a_library_has_its_one_place(library: str):
    """What a room hides is hidden: only these files import the library."""
    users = [
        path.relative_to(ROOT).as_posix() for path in _files() if library in {i.split(".")[0] for i in _imports(path)}
    ]
    assert users == ONE_USER[library]


@pytest.mark.parametrize("path", sorted((ROOT / "handlers").glob("*.py")), ids=lambda path: path.stem)
def test_the_handlers_that_come_with_it_have_no_privilege(path: Path):
    """They use the public names of hub, and the devices; nothing else of ours."""
    ours = [module for module in _imports(path) if module.split(".")[0] in ROOMS]
    assert all(module == "hub" or module.startswith("devices") for module in ours)
    names = [
        alias.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "hub"
        for alias in node.names
    ]
    assert set(names) <= set(hub.__all__)


@pytest.mark.parametrize(
    "module", ["hub.worker", "hub.daemon", "hub.cli", "hub.web", "devices.camera", "devices.button"]
)
def test_a_process_starts_without_the_hardware_libraries(module: str):
    """They are imported only inside their own driver, when it is opened."""
    code = f"import sys, {module}; print([m for m in {HARDWARE!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_handler_process_does_not_carry_the_settings_reader():
    """pydantic-settings and asyncio would be 7 MB in each handler for ever."""
    others = ("pydantic_settings", "asyncio", "rich", "itsdangerous", "starlette")
    code = f"import sys, hub.worker; print([m for m in {others!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_no_file_is_long():
    """A file beyond 300 lines is a design that is not done."""
    long = {
        path.relative_to(ROOT).as_posix(): n for path in _files() if (n := len(path.read_text().splitlines())) > 300
    }
    assert long == {}


def test_the_shipped_handlers_are_found_where_they_are():
    """Two of them are off until somebody wants them: speak and telemetry."""
    names = {path.stem for path in loader.SHIPPED.glob("*.py")}
    assert names == {"notify", "record", "light", "bark", "log", "speak", "telemetry", "visit"}
