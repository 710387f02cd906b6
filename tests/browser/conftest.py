"""A real Chromium, and a house that `doorbell run` has just started, for `make page`.

Without $AXE, which that sets, nothing here is collected.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.house import BrowserHouse, write_video
from tests.needs import find_program, miss

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

collect_ignore_glob = [] if os.environ.get("AXE") else ["test_*.py"]

# The last ones: it looks up no hosts of its maker, which a closed network refuses one by one.
OPTIONS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
ADDRESS = "page http"


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    """The system's Chromium, without a window."""
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - an extra of its own
    except ImportError:
        miss("playwright", "make page")
    program = find_program("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(OPTIONS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def visitor(chromium: "Browser", tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video of a visitor, who stands still."""
    folder = tmp_path_factory.mktemp("visitor")
    page = chromium.new_page(viewport={"width": 640, "height": 480})
    page.goto((Path(__file__).parent / "visitor.svg").as_uri())
    page.screenshot(path=folder / "visitor.png")
    page.close()
    write_video(folder / "visitor.png", folder / "visitor.mp4")
    return folder / "visitor.mp4"


@pytest.fixture(scope="session")
def house(visitor: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserHouse]:
    """A fresh `doorbell run`, whose page listens."""
    with BrowserHouse(tmp_path_factory.mktemp("house"), str(visitor)) as house:
        house.wait_for(ADDRESS)
        yield house


@pytest.fixture(scope="session")
def first_address(house: BrowserHouse) -> str:
    """The address that `doorbell run` prints; it logs one browser in."""
    return address_in(house.wait_for(ADDRESS))


@pytest.fixture
def open_browser(chromium: "Browser", house: BrowserHouse) -> Iterator[Callable[..., "Page"]]:
    """Opens browsers that `doorbell link` has logged in; their pages had no error at the end."""
    with ExitStack() as stack:
        errors: list[str] = []

        def open_one(name: str = "Anna", **options: object) -> "Page":
            context = chromium.new_context(**{**PHONE, "locale": "en-GB", **options})
            stack.callback(context.close)
            page = context.new_page()
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.on("console", lambda said: _note(errors, said))
            log_in(page, address_in(house.command("link")), name)
            return page

        yield open_one
        assert errors == []


@pytest.fixture
def phone(open_browser: Callable[..., "Page"]) -> "Page":
    """Anna's phone, on Now."""
    return open_browser()


def _note(errors: list[str], said: "ConsoleMessage") -> None:
    """Note an error, but for a picture or clip whose visit is deleted while the page shows it."""
    address = str(said.location.get("url"))
    is_deleted = "404" in said.text and address.endswith(("/picture", "/clip"))
    if said.type == "error" and not is_deleted:
        errors.append(f"{address}: {said.text}")


def address_in(text: str) -> str:
    """The first address in what a command printed."""
    return next(word for word in text.split() if word.startswith("http"))


def log_in(page: "Page", address: str, name: str) -> None:
    """Open an address of `doorbell link`, give the phone a name, and see the page."""
    page.goto(address)
    page.locator("input[name=name]").fill(name)
    with page.expect_navigation():  # until it has loaded: its scripts run after what it shows
        page.get_by_role("button").first.click()
    page.locator("main h1").wait_for()
