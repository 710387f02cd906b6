"""Power, heat and memory, on made-up trees of /proc and /sys."""

import subprocess
from pathlib import Path

import pytest

from devices.machine import pi
from devices.machine.finding import duration, fault, size

SAID = "throttled={}"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A Raspberry Pi on which all is well."""
    put(tmp_path, "proc/device-tree/model", "Raspberry Pi Zero 2 W Rev 1.0\0")
    put(tmp_path, "sys/class/hwmon/hwmon0/name", "cpu_thermal\n")
    put(tmp_path, "sys/class/hwmon/hwmon1/name", "rpi_volt\n")
    put(tmp_path, "sys/class/hwmon/hwmon1/in0_lcrit_alarm", "0\n")
    put(tmp_path, "sys/class/thermal/thermal_zone0/temp", "48312\n")
    put(
        tmp_path,
        "proc/meminfo",
        "MemTotal:         426852 kB\nMemFree:  20000 kB\nMemAvailable:     211000 kB\n",
    )
    put(tmp_path, "proc/vmstat", "nr_free_pages 5000\noom_kill 0\n")
    return tmp_path


def put(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, encoding="utf-8")


def power(root: Path, throttled: str = "0x0") -> list[tuple[str, str]]:
    return [(one.state, one.found) for one in pi.power(root, lambda _: SAID.format(throttled))]


def test_a_pi_with_a_good_supply(root: Path):
    """The kernel and vcgencmd agree."""
    assert power(root) == [
        ("ok", "no under-voltage now"),
        ("ok", "no under-voltage and no slowing down since the boot (throttled=0x0)"),
    ]
    assert pi.model(root) == "Raspberry Pi Zero 2 W Rev 1.0"


def test_under_voltage_now_is_a_problem(root: Path):
    """By the kernel's alarm, that of rpi_volt alone."""
    put(root, "sys/class/hwmon/hwmon0/in0_lcrit_alarm", "1\n")
    assert power(root)[0][0] == "ok"
    put(root, "sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n")
    first = next(iter(pi.power(root, lambda _: SAID.format("0x0"))))
    assert (first.state, first.mend.startswith("use the Raspberry Pi's own power supply")) == (
        "problem",
        True,
    )


@pytest.mark.parametrize(
    ("bits", "wanted"),
    [
        ("0x50005", ["problem under-voltage now", "warning the processor is slowed down now"]),
        ("0x50000", ["warning there was under-voltage", "warning the processor was slowed down"]),
        ("0x80008", ["warning the processor is slowed down now"]),
        ("0x20000", ["warning the processor was slowed down"]),
        ("0x10000", ["warning there was under-voltage"]),
    ],
)
def test_each_bit_is_told(root: Path, bits: str, wanted: list[str]):
    """As the Raspberry Pi documentation has them: 0 to 3 now, 16 to 19 since the boot."""
    told = [" ".join(one) for one in power(root, bits)[1:]]
    assert len(told) == len(wanted)
    assert all(one.startswith(begin) for one, begin in zip(told, wanted, strict=True)), told


def test_what_cannot_be_known_is_skipped(root: Path):
    """Without vcgencmd, the alarm or a Pi the check is skipped, and never ok."""

    def absent(_: list[str]) -> str:
        raise FileNotFoundError(2, "No such file or directory", "vcgencmd")

    def fails(command: list[str]) -> str:
        raise subprocess.CalledProcessError(255, command)

    for program in (absent, fails, lambda _: "VCHI initialization failed"):
        assert [one.state for one in pi.power(root, program)] == ["ok", "skipped"]
    (root / "sys/class/hwmon/hwmon1/in0_lcrit_alarm").unlink()
    assert power(root)[0][0] == "skipped"
    put(root, "proc/device-tree/model", "Radxa ROCK 5B\0")
    assert power(root) == [
        ("skipped", "only a Raspberry Pi reports its voltage, and this is Radxa ROCK 5B")
    ]


@pytest.mark.parametrize(
    ("millidegrees", "state"), [("48312", "ok"), ("71000", "warning"), ("82400", "problem")]
)
def test_heat(root: Path, millidegrees: str, state: str):
    """The hottest counts."""
    put(root, "sys/class/thermal/thermal_zone1/temp", millidegrees)
    assert pi.temperature(root).state == state


def test_no_thermometer_is_skipped(tmp_path: Path):
    """It is not 0 °C."""
    assert pi.temperature(tmp_path).state == "skipped"


@pytest.mark.parametrize(("kb", "state"), [(211000, "ok"), (50000, "warning"), (20000, "problem")])
def test_memory(root: Path, kb: int, state: str):
    """What is available counts, not what is unused."""
    put(root, "proc/meminfo", f"MemTotal:   426852 kB\nMemFree:  1000 kB\nMemAvailable:  {kb} kB\n")
    assert [one.state for one in pi.memory(root)] == [state]


def test_whom_the_kernel_ended_is_told(root: Path):
    """Although there is memory again."""
    put(root, "proc/vmstat", "oom_kill 3\n")
    assert [one.state for one in pi.memory(root)] == ["ok", "warning"]


def test_this_machine_itself_tells_its_memory():
    """Whatever it runs on, the kernel's files are read as they are."""
    assert "memory are free" in next(iter(pi.memory())).found


def test_a_fault_is_taken_apart():
    """What is wrong, and what to do; without the second, what the caller knows."""
    assert fault("notify.py: [handlers.notify] x: unknown key. Did you mean 'y'?", "?")[1:] == (
        "notify.py: [handlers.notify] x: unknown key",
        "Did you mean 'y'?",
    )
    assert fault("it is broken.", "mend it") == ("problem", "it is broken", "mend it")
    assert fault("a\nb.py. Change 1.5 to 2. Then run it.", "?")[1:] == (
        "a b.py",
        "Change 1.5 to 2. Then run it",
    )


def test_sizes_and_times_are_for_people():
    """Two digits, and no zero that says nothing."""
    assert [size(n) for n in (12, 40_960, 1_234_567, 58e9, 2e12)] == [
        "12 B",
        "41 kB",
        "1.2 MB",
        "58 GB",
        "2000 GB",
    ]
    assert [duration(s) for s in (61, 150, 7000, 7200, 260_000)] == [
        "61 s",
        "2 min",
        "117 min",
        "2 h",
        "3 d",
    ]


@pytest.mark.parametrize(
    ("controllers", "wanted"),
    [("cpuset cpu io memory pids\n", []), ("cpuset cpu io pids\n", ["warning"]), ("", [])],
)
def test_a_kernel_that_counts_no_memory_is_told(root: Path, controllers: str, wanted: list[str]):
    """Raspberry Pi OS boots many boards so; without cgroups v2 there is no finding."""
    put(root, "sys/fs/cgroup/cgroup.controllers", controllers)
    found = list(pi.limits(root))
    assert [one.state for one in found] == wanted
    assert all("cgroup_enable=memory" in one.mend for one in found)
