"""The doctor's look at what is plugged in: lines, camera, speaker."""

import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config import ButtonSettings, Chime, Door, LedSettings, Settings
from config.reading import sources
from devices.gpio import LineInfo
from devices.machine import Finding
from hub.admin.doctor.broker import Seen
from hub.admin.doctor.checks import PATIENCE_S
from hub.admin.doctor.context import Context
from hub.admin.doctor.hardware import devices as doctor_devices
from hub.admin.doctor.hardware.gpio import gpio
from hub.wire.retained.status import Status
from tests.devices.conftest import pins  # noqa: F401 - a fixture
from tests.devices.film import make_film
from tests.devices.rtsp import address, need_rtsp_server, serving
from tests.house import free_port
from tests.needs import sound_library

STRANGER = 65_533
DOORS = {"front": Door(button=ButtonSettings(driver="gpio", pin=17), led=LedSettings(pin=27))}


@pytest.fixture
def context(tmp_path: Path) -> Context:
    """A machine with one GPIO chip."""
    (tmp_path / "root/dev/snd").mkdir(parents=True)
    (tmp_path / "root/dev/gpiochip0").touch()
    settings = Settings(state_dir=tmp_path / "state", handlers_dir=tmp_path / "none", doors=DOORS)
    return Context(sources.DEMO, settings, root=tmp_path / "root")


def ready(context: Context, source: str, detail: str = "") -> None:
    """That process has said so, and lives."""
    folder = context.root / "proc" / "4711"
    folder.mkdir(parents=True, exist_ok=True)
    _, role, name = source.split("/")
    (folder / "cmdline").write_text(f"python\0/opt/doorbell/bin/doorbell-{role}\0{name}\0")
    context.seen = Seen("5.0", statuses={source: Status("ready", detail=detail, pid=4711)})


def kernel(user: str) -> Callable[..., LineInfo | None]:
    """Says the same of every line, but that there is none beyond 27."""

    def line(pin: int, root: Path) -> LineInfo | None:
        return (
            LineInfo(root / "dev/gpiochip0", "pinctrl-bcm2835", f"GPIO{pin}", user)
            if pin <= 27
            else None
        )

    return line


def look(context: Context, user: str = "") -> list[tuple[str, str]]:
    return [(one.state, one.found) for one in gpio(context, kernel(user))]


def with_table(context: Context, **tables: dict[str, Any]) -> Context:
    context.given = context.settings.model_copy(update={"handlers": tables})
    return context


def only(found: Any) -> Finding:
    (one,) = found
    return one


@pytest.mark.usefixtures("pins")
def test_lines_that_are_free(context: Context):
    """A button's line is at rest; an LED's is free."""
    assert look(context) == [
        ("ok", "GPIO 17 of [doors.front.button]: free, and at rest (high)"),
        ("ok", "GPIO 27 of [doors.front.led]: free"),
    ]


def test_a_button_that_reads_as_pressed(context: Context):
    """It is being pressed, or wired the other way."""
    found = next(iter(gpio(context, kernel(""), lambda *_, **__: Held())))
    assert (found.state, 'pull = "down"' in found.mend) == ("warning", True)


class Held:
    """A line at the other level."""

    is_active = True

    def close(self) -> None:
        """Nothing to let go of."""


def test_lines_that_the_hub_has(context: Context):
    """The kernel knows lgpio by name; it counts only while the hub is running."""
    assert {state for state, _ in look(context, "lg")} == {"problem"}
    ready(context, "doorbell/hub/home")
    assert look(context, "lg")[0] == (
        "ok",
        "GPIO 17 of [doors.front.button]: on gpiochip0 (pinctrl-bcm2835), used by our hub",
    )
    assert look(context, "spi0 CS0")[0] == (
        "problem",
        "GPIO 17 of [doors.front.button]: taken by another program, 'spi0 CS0'",
    )
    assert "free, although the hub is ready" in look(context, "")[0][1]


def test_a_line_that_there_is_not(context: Context):
    """The settings know up to 53; a Pi's header has fewer."""
    doors = {"front": Door(button=ButtonSettings(driver="gpio", pin=40))}
    context.given = context.settings.model_copy(update={"doors": doors})
    assert look(context) == [("problem", "GPIO 40 of [doors.front.button]: there is no such line")]


def test_lines_that_may_not_be_asked_for(context: Context):
    """The finding names the group."""

    def closed(pin: int, root: Path) -> LineInfo:
        raise PermissionError(13, "Permission denied", str(root / "dev/gpiochip0"))

    found = only(gpio(context, closed))
    assert (found.state, " gpio, and log in again" in found.mend) == ("problem", True)


def test_devices_of_somebody_elses_house(context: Context, monkeypatch: pytest.MonkeyPatch):
    """The units have the groups; a guest need not, and then the check is skipped."""
    context.settings.state_dir.mkdir()
    (context.root / "dev/snd/pcmC0D0p").symlink_to("nowhere")
    assert only(doctor_devices.sound(context)).state == "problem"
    monkeypatch.setattr("os.geteuid", lambda: STRANGER)
    found = only(doctor_devices.sound(context))
    assert (found.state, found.mend) == ("skipped", "sudo doorbell doctor")


def test_no_gpio_here(context: Context):
    """A problem where a button needs it; skipped where none does."""
    (context.root / "dev/gpiochip0").unlink()
    assert [state for state, _ in look(context)] == ["problem"]
    context.given = context.settings.model_copy(update={"doors": {"front": Door()}})
    assert [state for state, _ in look(context)] == ["skipped"]


def test_a_camera_that_nobody_uses_gives_a_picture(context: Context, tmp_path: Path):
    """The camera here is a film."""
    make_film(tmp_path / "film.mp4", "libx264", 2)
    found = only(
        doctor_devices.camera(with_table(context, record={"camera": str(tmp_path / "film.mp4")}))
    )
    assert (found.state, "a picture of" in found.found) == ("ok", True), found


def test_a_camera_on_the_network_that_is_gone(context: Context):
    """The finding does not show its password."""
    url = f"rtsp://me:hunter2@127.0.0.1:{free_port()}/door"
    found = only(doctor_devices.camera(with_table(context, record={"camera": url}), patience_s=2))
    assert (found.state, "hunter2" in str(found), found.mend != "") == ("problem", False, True), (
        found
    )
    assert "gives no picture" in found.found


def test_a_camera_on_the_network_that_answers(context: Context):
    """It has some seconds to answer."""
    need_rtsp_server()
    with serving(port := free_port()):
        found = only(doctor_devices.camera(with_table(context, record={"camera": address(port)})))
    assert (found.state, "a picture of" in found.found) == ("ok", True), found


def test_a_camera_that_takes_the_connection_and_says_nothing(context: Context):
    """The fault is found before the check gives up."""
    began = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"rtsp://127.0.0.1:{silent.getsockname()[1]}/door"
        found = only(doctor_devices.camera(with_table(context, record={"camera": url})))
    assert (found.state, "gives no picture" in found.found) == ("problem", True), found
    assert time.monotonic() - began < PATIENCE_S


def test_a_camera_that_is_not_plugged_in(context: Context):
    """In the same words as `doorbell check`."""
    found = only(doctor_devices.camera(with_table(context, record={"camera": "/dev/video77"})))
    assert (found.state, found.mend) == ("problem", "`ls /dev/video*` shows what there is")


def test_a_camera_that_record_has(context: Context):
    """The status of `record` counts."""
    with_table(context, record={"camera": "/dev/video77"})
    ready(context, "doorbell/handler/record")
    assert (
        only(doctor_devices.camera(context)).found
        == "/dev/video77: in use by record, which reports no fault"
    )
    ready(context, "doorbell/handler/record", "the camera gives no picture. Is it plugged in?")
    found = only(doctor_devices.camera(context))
    assert (found.state, found.mend) == ("problem", "Is it plugged in?")
    (context.root / "proc/4711/cmdline").write_text("another\0")
    assert "there is no such device" in only(doctor_devices.camera(context)).found


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"enabled": False}, "record is switched off"),
        ({"camera": "test"}, "a test pattern"),
        (
            {"camera": "x.mp4", "private_from": "00:00", "private_to": "23:59:59.999999"},
            "private until 23:59: not checked",
        ),
    ],
)
def test_a_camera_at_which_nobody_looks(context: Context, table: dict[str, Any], words: str):
    """The check is skipped."""
    found = only(doctor_devices.camera(with_table(context, record=table)))
    assert (found.state, words in found.found) == ("skipped", True), found


def test_no_sound_card(context: Context):
    """A warning with `auto`, a problem with a name; each speaker is listed once."""
    sound_library()
    context.given = context.settings.model_copy(update={"chime": Chime(speaker="no such card")})
    found = list(doctor_devices.sound(context))
    assert [one.state for one in found] == ["warning", "problem"]
    assert "auto (of bark): no sound card" in found[0].found
    assert "no such card (of [chime])" in found[1].found
    assert all(one.mend for one in found)
    context.given = context.settings.model_copy(update={"chime": Chime(speaker="auto")})
    assert "auto (of bark, [chime])" in only(doctor_devices.sound(context)).found


def test_a_sound_card_that_we_may_not_use(context: Context):
    """The finding names its group."""
    (context.root / "dev/snd/pcmC0D0p").symlink_to("nowhere")  # what not even root can open
    assert " audio, and log in again" in next(iter(doctor_devices.sound(context))).mend


def test_the_microphone_of_talk(context: Context, tmp_path: Path):
    """Tried like the speakers, where talk is switched on; a tone stands in for one by default."""
    sound_library()
    with_table(context, bark={"enabled": False}, talk={"enabled": True})
    states = [(one.state, one.found) for one in doctor_devices.sound(context)]
    assert [state for state, _ in states] == ["warning", "warning"]
    assert "auto (of talk): no sound card" in states[0][1]
    assert "auto (microphone of talk): no microphone" in states[1][1]
    talk = {"enabled": True, "speaker": "simulated", "microphone": "simulated"}
    talk |= {"microphones": {"front": str(tmp_path / "absent.wav")}}
    del context.reactions, context.files
    with_table(context, bark={"enabled": False}, talk=talk)
    found = list(doctor_devices.sound(context))
    assert [one.state for one in found] == ["skipped", "skipped", "problem"]


def test_speakers_that_are_none(context: Context):
    """Simulated, or switched off."""
    with_table(context, bark={"speaker": "simulated"})
    assert only(doctor_devices.sound(context)).state == "skipped"
    del context.reactions, context.files
    with_table(context, bark={"enabled": False})
    assert only(doctor_devices.sound(context)).found == "nothing is set to make a sound"
