"""The rooms are what the architecture says they are."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import hub
from hub import runtime
from hub.plugin import loader
from tests.house import ROOT

ROOMS = ("hub", "devices", "config", "handlers")
ONE_USER = {
    "paho": [
        "hub/mqtt/connection/clients/client.py",
        "hub/mqtt/connection/clients/direct_client.py",
        "hub/mqtt/connection/clients/lingering_client.py",
        "hub/mqtt/connection/clients/served_client.py",
        "hub/mqtt/connection/reconnector.py",
        "hub/mqtt/traffic/publications.py",
        "hub/mqtt/traffic/subscriptions.py",
        "hub/mqtt/traffic/traffic.py",
        "hub/mqtt/traffic/unacknowledged.py",
    ],
    "amqtt": ["hub/mqtt/own_broker/embedded_broker.py"],
    "gpiozero": ["devices/gpio/line.py"],
    "picamera2": ["devices/camera/picamera.py"],
    "miniaudio": ["devices/speaker/sounds/samples.py"],
    "av": [
        "devices/camera/ffmpeg.py",
        "devices/video/clip.py",
        "devices/video/movie.py",
        "devices/video/packets/decoder.py",
        "devices/video/packets/packet.py",
        "devices/video/reading/format_watch.py",
        "devices/video/reading/source.py",
        "devices/video/scaler.py",
        "devices/video/snapshot.py",
        "devices/video/upright.py",
    ],
    "apscheduler": ["hub/features/schedule.py"],
    "cryptography": [
        "hub/wire/tokens/push_seal.py",
        "devices/phone/webpush/encryption.py",
        "devices/phone/webpush/vapid.py",
    ],
    "itsdangerous": [
        "hub/web/login/cookie.py",
        "hub/wire/tokens/timed_signer.py",
    ],
    "starlette": ["hub/web/"],  # each of its rooms
    "uvicorn": ["hub/web/connection.py", "hub/web/server.py"],
    "astral": ["devices/machine/sun.py"],
    "tomlkit": ["hub/admin/setup/toml_edit.py"],
    "opentelemetry": ["devices/collector/otlp.py"],
    "sqlite3": [
        "hub/admin/backup/database_copy.py",
        "hub/admin/doctor/files/state_files.py",
        "hub/admin/install/moves/whole_file.py",
        "hub/consumer/attempt.py",
        "hub/consumer/outcomes.py",
        "hub/consumer/projection.py",
        "hub/consumer/succession.py",
        "hub/producer/producer.py",
        "hub/producer/relay.py",
        "hub/programs/event_follower.py",
        "hub/store/cursors.py",
        "hub/store/file/epochs.py",
        "hub/store/file/flusher.py",
        "hub/store/file/memory_copy.py",
        "hub/store/file/memory_fallback.py",
        "hub/store/file/schema.py",
        "hub/store/file/state_file.py",
        "hub/store/guest_book/entries.py",
        "hub/store/guest_book/look_up.py",
        "hub/store/guest_book/recording_entries.py",
        "hub/store/guest_book/rows.py",
        "hub/store/guest_book/tables.py",
        "hub/store/guest_book/upkeep.py",
        "hub/store/history.py",
        "hub/store/inbox/copies.py",
        "hub/store/inbox/inbox.py",
        "hub/store/inbox/inbox_file.py",
        "hub/store/inbox/kept_records.py",
        "hub/store/inbox/reservations.py",
        "hub/store/inbox/timers.py",
        "hub/store/inbox_rows.py",
        "hub/store/journal/backlog.py",
        "hub/store/journal/journal.py",
        "hub/store/journal/retention.py",
        "hub/store/memory.py",
        "hub/store/state.py",
    ],
    "rich": [
        "hub/cli/drill.py",
        "hub/cli/history/trace.py",
        "hub/terminal/output.py",
        "hub/terminal/picture.py",
        "hub/terminal/timeline/timeline.py",
        "hub/terminal/timeline/trace_tree.py",
        "hub/terminal/timeline/visit.py",
    ],
}
HARDWARE = ("gpiozero", "lgpio", "picamera2", "libcamera", "av", "miniaudio")


def _files() -> list[Path]:
    return [
        path
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
        if "tests" not in path.parts[-2:]
    ]


@cache
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
    """What a room hides is hidden: only these files import the library, or files of this folder."""
    users = [
        path.relative_to(ROOT).as_posix()
        for path in _files()
        if library in {i.split(".")[0] for i in _imports(path)}
    ]
    if ONE_USER[library][0].endswith("/"):
        (folder,) = ONE_USER[library]
        users = sorted({folder if user.startswith(folder) else user for user in users})
    assert users == ONE_USER[library]


@pytest.mark.parametrize(
    "path", sorted((ROOT / "handlers").glob("*.py")), ids=lambda path: path.stem
)
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


FLEET = sorted((ROOT / "fleet" / "doorbell_fleet").rglob("*.py"))


@pytest.mark.parametrize("path", FLEET, ids=lambda path: path.stem)
def test_the_fleet_has_no_privilege(path: Path):
    """It uses the public names of hub, and what hub.runtime offers; nothing else of ours."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            ours = [alias.name for alias in node.names if alias.name.split(".")[0] in ROOMS]
            assert set(ours) <= {"hub"}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ROOMS:
            offered = {"hub": hub, "hub.runtime": runtime}[node.module or ""]
            assert {alias.name for alias in node.names} <= set(offered.__all__)


def test_a_house_knows_no_fleet():
    """What the fleet needs is imported by no file of a house."""
    theirs = {"doorbell_fleet", "confluent_kafka", "psycopg", "pymongo", "redis"}
    users = {
        path.relative_to(ROOT).as_posix(): both
        for path in _files()
        if (both := theirs & {module.split(".")[0] for module in _imports(path)})
    }
    assert users == {}


@pytest.mark.parametrize(
    "module",
    [
        "hub.worker",
        "hub.daemon",
        "hub.cli.main",
        "hub.web.server",
        "devices.camera.camera",
        "devices.button.button",
    ],
)
def test_a_process_starts_without_the_hardware_libraries(module: str):
    """They are imported only inside their own driver, when it is opened."""
    code = f"import sys, {module}; print([m for m in {HARDWARE!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_handler_process_does_not_carry_what_it_does_not_use():
    """These would be megabytes in each handler for ever; programs pay alone."""
    others = ("pydantic_settings", "asyncio", "rich", "itsdangerous", "starlette")
    others += (
        "hub.runtime",
        "hub.programs.program",
        "hub.programs.event_follower",
        "hub.programs.program_producer",
    )
    code = f"import sys, hub.worker; print([m for m in {others!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_no_file_is_long():
    """A file beyond 300 lines is a design that is not done."""
    long = {
        path.relative_to(ROOT).as_posix(): n
        for path in _files()
        if (n := len(path.read_text().splitlines())) > 300
    }
    assert long == {}


def test_the_shipped_handlers_are_found_where_they_are():
    """Three of them are off until somebody wants them: speak, talk and telemetry."""
    names = sorted(path.stem for path in loader.SHIPPED.glob("*.py"))
    assert names == [
        "bark",
        "light",
        "log",
        "notify",
        "record",
        "speak",
        "talk",
        "telemetry",
        "visit",
    ]
    assert tuple(names) == loader.SHIPPED_NAMES
