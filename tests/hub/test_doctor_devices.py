"""The doctor's look at what is plugged in: lines, camera, speaker."""

import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config import Settings, sources
from config.model import Button, Chime, Door, Led
from devices.finding import Finding
from devices.gpio_line import Line
from hub.doctor import devices as doctor_devices
from hub.doctor.checks import PATIENCE_S
from hub.doctor.patient import Patient
from hub.doctor.probe import Seen
from tests.devices.conftest import pins  # noqa: F401 - a fixture
from tests.devices.film import make_film
from tests.devices.rtsp import address, need_rtsp_server, serving
from tests.house import free_port

STRANGER = 65_533
DOORS = {"front": Door(button=Button(driver="gpio", pin=17), led=Led(pin=27))}


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    """A machine with one GPIO chip."""
    (tmp_path / "root/dev/snd").mkdir(parents=True)
    (tmp_path / "root/dev/gpiochip0").touch()
    settings = Settings(state_dir=tmp_path / "state", handlers_dir=tmp_path / "none", doors=DOORS)
    return Patient(sources.DEMO, settings, root=tmp_path / "root")


def ready(patient: Patient, source: str, reason: str = "") -> None:
    """That process has said so, and lives."""
    folder = patient.root / "proc" / "4711"
    folder.mkdir(parents=True, exist_ok=True)
    _, role, name = source.split("/")
    (folder / "cmdline").write_text(f"python\0/opt/doorbell/bin/doorbell-{role}\0{name}\0")
    patient.seen = Seen("5.0", statuses={source: {"state": "ready", "reason": reason, "pid": 4711}})


def kernel(user: str) -> Callable[..., Line | None]:
    """Says the same of every line, but that there is none beyond 27."""

    def line(pin: int, root: Path) -> Line | None:
        return Line(root / "dev/gpiochip0", "pinctrl-bcm2835", f"GPIO{pin}", user, False) if pin <= 27 else None

    return line


def look(patient: Patient, user: str = "") -> list[tuple[str, str]]:
    return [(one.state, one.found) for one in doctor_devices.gpio(patient, kernel(user))]


def with_table(patient: Patient, **tables: dict[str, Any]) -> Patient:
    patient.given = patient.settings.model_copy(update={"handlers": tables})
    return patient


def only(found: Any) -> Finding:
    (one,) = found
    return one


@pytest.mark.usefixtures("pins")
def test_lines_that_are_free(patient: Patient):
    """A button is at rest; of an LED there is no more to say."""
    assert look(patient) == [
        ("ok", "GPIO 17 of [doors.front.button]: free, and at rest (high)"),
        ("ok", "GPIO 27 of [doors.front.led]: free"),
    ]


def test_a_button_that_reads_as_pressed(patient: Patient):
    """Somebody presses, or it is wired the other way."""
    found = next(iter(doctor_devices.gpio(patient, kernel(""), lambda *_, **__: Held())))
    assert (found.state, 'pull = "down"' in found.mend) == ("warning", True)


class Held:
    """A line at the other level."""

    is_active = True

    def close(self) -> None:
        """Nothing to let go of."""


def test_lines_that_the_hub_has(patient: Patient):
    """As the kernel names lgpio's, and only while the hub lives."""
    assert {state for state, _ in look(patient, "lg")} == {"problem"}
    ready(patient, "doorbell/hub/home")
    assert look(patient, "lg")[0] == (
        "ok",
        "GPIO 17 of [doors.front.button]: on gpiochip0 (pinctrl-bcm2835), used by our hub",
    )
    assert look(patient, "spi0 CS0")[0] == (
        "problem",
        "GPIO 17 of [doors.front.button]: taken by another program, 'spi0 CS0'",
    )
    assert "free, although the hub is ready" in look(patient, "")[0][1]


def test_a_line_that_there_is_not(patient: Patient):
    """The settings know up to 53; a Pi's header has fewer."""
    doors = {"front": Door(button=Button(driver="gpio", pin=40))}
    patient.given = patient.settings.model_copy(update={"doors": doors})
    assert look(patient) == [("problem", "GPIO 40 of [doors.front.button]: there is no such line")]


def test_lines_that_may_not_be_asked_for(patient: Patient):
    """Whom to ask to be let in."""

    def closed(pin: int, root: Path) -> Line:
        raise PermissionError(13, "Permission denied", str(root / "dev/gpiochip0"))

    found = only(doctor_devices.gpio(patient, closed))
    assert (found.state, " gpio, and log in again" in found.mend) == ("problem", True)


def test_devices_of_somebody_elses_house(patient: Patient, monkeypatch: pytest.MonkeyPatch):
    """The units have the groups; whoever asks need not, and then nobody knows."""
    patient.settings.state_dir.mkdir()
    (patient.root / "dev/snd/pcmC0D0p").symlink_to("nowhere")
    assert only(doctor_devices.sound(patient)).state == "problem"
    monkeypatch.setattr("os.geteuid", lambda: STRANGER)
    found = only(doctor_devices.sound(patient))
    assert (found.state, found.mend) == ("skipped", "sudo doorbell doctor")


def test_no_gpio_here(patient: Patient):
    """A problem for who has a button there; nothing for who has none."""
    (patient.root / "dev/gpiochip0").unlink()
    assert [state for state, _ in look(patient)] == ["problem"]
    patient.given = patient.settings.model_copy(update={"doors": {"front": Door()}})
    assert [state for state, _ in look(patient)] == ["skipped"]


def test_a_camera_that_nobody_uses_gives_a_picture(patient: Patient, tmp_path: Path):
    """Here a film."""
    make_film(tmp_path / "film.mp4", "libx264", 2)
    found = only(doctor_devices.camera(with_table(patient, record={"camera": str(tmp_path / "film.mp4")})))
    assert (found.state, "a picture of" in found.found) == ("ok", True), found


def test_a_camera_on_the_network_that_is_gone(patient: Patient):
    """Told without its password."""
    url = f"rtsp://me:hunter2@127.0.0.1:{free_port()}/door"
    found = only(doctor_devices.camera(with_table(patient, record={"camera": url}), patience_s=2))
    assert (found.state, "hunter2" in str(found), found.mend != "") == ("problem", False, True), found
    assert "gives no picture" in found.found


def test_a_camera_on_the_network_that_answers(patient: Patient):
    """It has some seconds to do so."""
    need_rtsp_server()
    with serving(port := free_port()):
        found = only(doctor_devices.camera(with_table(patient, record={"camera": address(port)})))
    assert (found.state, "a picture of" in found.found) == ("ok", True), found


def test_a_camera_that_takes_the_connection_and_says_nothing(patient: Patient):
    """It is told before the look is given up."""
    began = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"rtsp://127.0.0.1:{silent.getsockname()[1]}/door"
        found = only(doctor_devices.camera(with_table(patient, record={"camera": url})))
    assert (found.state, "gives no picture" in found.found) == ("problem", True), found
    assert time.monotonic() - began < PATIENCE_S


def test_a_camera_that_is_not_plugged_in(patient: Patient):
    """As `check` says it."""
    found = only(doctor_devices.camera(with_table(patient, record={"camera": "/dev/video77"})))
    assert (found.state, found.mend) == ("problem", "`ls /dev/video*` shows what there is")


def test_a_camera_that_record_has(patient: Patient):
    """Its own word is the truth."""
    with_table(patient, record={"camera": "/dev/video77"})
    ready(patient, "doorbell/handler/record")
    assert (
        only(doctor_devices.camera(patient)).found == "/dev/video77: in use by record, which has nothing to complain of"
    )
    ready(patient, "doorbell/handler/record", "the camera gives no picture. Is it plugged in?")
    found = only(doctor_devices.camera(patient))
    assert (found.state, found.mend) == ("problem", "Is it plugged in?")
    (patient.root / "proc/4711/cmdline").write_text("another\0")
    assert "there is no such device" in only(doctor_devices.camera(patient)).found


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"enabled": False}, "record is switched off"),
        ({"camera": "test"}, "the test pattern"),
        ({"camera": "x.mp4", "private_from": "00:00", "private_to": "23:59:59"}, "private until 23:59: nobody looked"),
    ],
)
def test_a_camera_at_which_nobody_looks(patient: Patient, table: dict[str, Any], words: str):
    """Nobody knows how it is."""
    found = only(doctor_devices.camera(with_table(patient, record=table)))
    assert (found.state, words in found.found) == ("skipped", True), found


def test_no_sound_card(patient: Patient):
    """With `auto` it is heard by nobody; with a name it is a problem; each speaker is told once."""
    patient.given = patient.settings.model_copy(update={"chime": Chime(speaker="no such card")})
    found = list(doctor_devices.sound(patient))
    assert [one.state for one in found] == ["warning", "problem"]
    assert "auto (of bark): no sound card" in found[0].found
    assert "no such card (of [chime])" in found[1].found
    assert all(one.mend for one in found)
    patient.given = patient.settings.model_copy(update={"chime": Chime(speaker="auto")})
    assert "auto (of bark, [chime])" in only(doctor_devices.sound(patient)).found


def test_a_sound_card_that_we_may_not_use(patient: Patient):
    """The group that it belongs to."""
    (patient.root / "dev/snd/pcmC0D0p").symlink_to("nowhere")  # what not even root can open
    assert " audio, and log in again" in next(iter(doctor_devices.sound(patient))).mend


def test_speakers_that_are_none(patient: Patient):
    """Simulated, or switched off."""
    with_table(patient, bark={"speaker": "simulated"})
    assert only(doctor_devices.sound(patient)).state == "skipped"
    del patient.reactions, patient.files
    with_table(patient, bark={"enabled": False})
    assert only(doctor_devices.sound(patient)).found == "nothing is set to make a sound"
