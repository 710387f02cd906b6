"""What the kernel knows of a GPIO line. Its answers are made up as in linux/gpio.h."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from devices.gpio import gpio_chips, line_info, read_line_info
from devices.gpio.line_info import CHIP, CHIP_INFO, LINE, LINE_INFO
from tests.needs import miss, packages


class Kernel:
    """Answers the two questions."""

    def __init__(self, **users: str) -> None:
        self.labels = [b"raspberrypi-exp-gpio", b"pinctrl-bcm2711"]
        self.users = {int(name.removeprefix("line")): user for name, user in users.items()}
        self.asked: list[int] = []

    def __call__(self, device: int, question: int, answer: bytearray) -> int:
        number = int(
            re.search(r"gpiochip(\d+)$", str(Path(f"/proc/self/fd/{device}").readlink()))[1]
        )
        if question == CHIP_INFO:
            answer[:] = CHIP.pack(b"gpiochip%d" % number, self.labels[number], (8, 58)[number])
            return 0
        assert question == LINE_INFO
        offset = LINE.unpack(answer)[2]
        self.asked.append(number)
        user = self.users.get(offset, "")
        answer[:] = LINE.pack(
            b"GPIO%d" % offset, user.encode(), offset, 0, (1 if offset in self.users else 0) | 4
        )
        return 0


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two chips, the header's being the second; and one more thing in /dev."""
    (tmp_path / "dev").mkdir()
    for name in ("gpiochip0", "gpiochip1", "gpiomem"):
        (tmp_path / "dev" / name).touch()
    return tmp_path


def test_a_line_that_we_use(root: Path):
    """It is found on the header's chip, whatever the chip's number is."""
    kernel = Kernel(line17="lg")
    found = read_line_info(17, root, kernel)
    assert found == (root / "dev/gpiochip1", "pinctrl-bcm2711", "GPIO17", "lg")
    assert kernel.asked == [1]


def test_a_free_line_has_no_user(root: Path):
    """A program without a name still counts as a user."""
    assert read_line_info(17, root, Kernel()).user == ""
    assert read_line_info(17, root, Kernel(line17="")).user == "another program"


def test_a_line_that_does_not_exist_is_none(root: Path):
    """Its number is beyond the chip's last line, or there is no chip."""
    assert read_line_info(58, root, Kernel()) is None
    for path in (root / "dev").iterdir():
        path.unlink()
    assert read_line_info(17, root, Kernel()) is None


def test_chips_stand_in_the_order_of_their_numbers(root: Path):
    """10 comes after 1."""
    (root / "dev" / "gpiochip10").touch()
    assert [path.name for path in gpio_chips(root)] == ["gpiochip0", "gpiochip1", "gpiochip10"]


def test_the_questions_are_those_of_the_kernel(tmp_path: Path):
    """Numbers and sizes as the kernel's own header gives them to a C compiler."""
    compiler = shutil.which("cc")
    if compiler is None or not Path("/usr/include/linux/gpio.h").is_file():
        miss("a C compiler with the kernel's headers", packages("gcc", "libc6-dev"))
    source = tmp_path / "ask.c"
    source.write_text(
        "#include <linux/gpio.h>\n#include <stdio.h>\n#include <stddef.h>\n"
        'int main(void) { printf("%lu %lu %zu %zu %zu %zu %d",'
        "(unsigned long)GPIO_GET_CHIPINFO_IOCTL,"
        "(unsigned long)GPIO_V2_GET_LINEINFO_IOCTL,"
        "sizeof(struct gpiochip_info), sizeof(struct gpio_v2_line_info),"
        "offsetof(struct gpio_v2_line_info, offset),"
        "offsetof(struct gpio_v2_line_info, flags),"
        "(int)GPIO_V2_LINE_FLAG_USED); }\n",
        encoding="utf-8",
    )
    subprocess.run([compiler, str(source), "-o", str(tmp_path / "ask")], check=True)
    said = subprocess.run([tmp_path / "ask"], capture_output=True, text=True, check=True).stdout
    ours = (CHIP_INFO, LINE_INFO, CHIP.size, LINE.size, 64, 72, line_info.USED)
    assert tuple(map(int, said.split())) == ours
