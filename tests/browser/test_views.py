"""How every view looks: no barriers in it, and pictures of it for the documents."""

import base64
import os
from pathlib import Path

import pytest

from tests.browser.conftest import address_in, log_in
from tests.browser.test_page import PATIENCE_MS, SAY, answer, ring
from tests.house import until

AXE = "node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
TOUCH_PX = 48
DEVICES = {
    "phone-dark": {"color_scheme": "dark"},
    "phone-light": {"color_scheme": "light"},
    "tablet": {"viewport": {"width": 1024, "height": 768}, "color_scheme": "dark"},
    "desk": {
        "viewport": {"width": 1280, "height": 800},
        "is_mobile": False,
        "has_touch": False,
        "color_scheme": "light",
    },
}
PEOPLE = {"phone-dark": "Clara", "phone-light": "Paul", "tablet": "Kitchen", "desk": "Emma"}
# A sheet of pictures of one device, side by side.
SHEET = """<!doctype html><body style="margin:0;display:grid;
grid-template-columns:repeat({columns},{width}px);
gap:12px;padding:12px;width:max-content;background:{ground}">{pictures}</body>"""
PICTURE = '<img style="width:100%;border-radius:14px" src="data:image/png;base64,{data}">'


@pytest.fixture(scope="module")
def visits(house, chromium) -> list[str]:
    """Some visitors, who were answered, missed, or still wait; the newest first."""
    page = chromium.new_page()
    log_in(page, address_in(house.command("link")), "Maria")
    found = []
    for words in ("coming", "leave_it", "I am in the garden, please come around the house"):
        visit = ring(house, page)
        page.locator(f"#picture-{visit} img").wait_for(timeout=PATIENCE_MS)
        if words.isidentifier():
            answer(page, visit, f"button[value={words}]")
        else:
            page.locator(f"#reply-{visit} input[enterkeyhint]").fill(words)
            answer(page, visit, SAY)
        found.insert(0, visit)
    page.goto(f"http://127.0.0.1:{house.port}/visits/{found[0]}")
    page.locator("#clip").wait_for(timeout=PATIENCE_MS)
    page.context.close()
    return found


def views(visits):
    """The path of every view."""
    return {"now": "/", "visits": "/visits", "visit": f"/visits/{visits[0]}", "house": "/house"}


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_no_view_has_a_barrier(house, open_browser, visits, scheme):
    """axe-core finds nothing: names, roles, contrast, order, language, size of what is tapped."""
    page = open_browser(color_scheme=scheme, reduced_motion="reduce")
    source = (Path(os.environ["AXE"]) / AXE).read_text()

    def look(name):
        page.evaluate(source)
        found = page.evaluate(
            "rules => axe.run({runOnly: rules}).then(all => all.violations)", RULES
        )
        faults = [(one["id"], one["nodes"][0]["html"]) for one in found]
        assert faults == [], f"{name}, {scheme}"

    for name, path in views(visits).items():
        page.goto(f"http://127.0.0.1:{house.port}{path}")
        look(name)
    page.locator("nav a").first.click()
    visit = ring(house, page)
    look("a ring")
    page.locator("nav a").last.click()
    page.locator(".alert").wait_for()
    look("a ring, seen from elsewhere")
    page.locator("nav a").first.click()
    answer(page, visit)


def test_a_thumb_meets_every_button(house, open_browser, visits):
    """Buttons, fields and tabs are 48 pixels high; nothing is cut off or scrolls aside."""
    page = open_browser(reduced_motion="reduce")
    visit = ring(house, page)
    for name, path in views(visits).items():
        page.goto(f"http://127.0.0.1:{house.port}{path}")
        small = page.evaluate(
            """px => [...document.querySelectorAll("button, .button, input, select, summary, a")]
            .filter(one => !one.matches(".skip"))
            .filter(one => one.checkVisibility() && one.type !== "hidden")
            .filter(one => one.getBoundingClientRect().height < px
              || one.scrollWidth > one.clientWidth + 1 && one.matches("button, .button"))
            .map(one => one.outerHTML.slice(0, 100))""",
            TOUCH_PX,
        )
        assert small == [], name
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    page.goto(f"http://127.0.0.1:{house.port}/")
    answer(page, visit)


@pytest.mark.skipif("PAGE_PICTURES" not in os.environ, reason="PAGE_PICTURES=docs/page make page")
@pytest.mark.parametrize("device", DEVICES)
def test_pictures_for_the_documents(house, chromium, open_browser, visits, device):
    """Each view on each device, as the documents show them."""
    page = open_browser(PEOPLE[device], **DEVICES[device], reduced_motion="reduce")
    taken = []
    visit = ring(house, page)
    page.locator(f"#picture-{visit} img").wait_for(timeout=PATIENCE_MS)
    for path in views(visits).values():
        page.goto(f"http://127.0.0.1:{house.port}{path}")
        until(lambda: page.evaluate("[...document.images].every(one => one.complete)"), "pictures")
        taken.append(base64.b64encode(page.screenshot()).decode())
        if path == "/":
            answer(page, visit)
    pictures = "".join(PICTURE.format(data=one) for one in taken)
    ground = "#000" if DEVICES[device]["color_scheme"] == "dark" else "#d9d3c6"
    columns, width = 2, 560
    if device.startswith("phone"):
        columns, width = 4, 270
    sheet = chromium.new_page(viewport={"width": 1160, "height": 800})
    sheet.set_content(SHEET.format(columns=columns, width=width, ground=ground, pictures=pictures))
    folder = Path(os.environ["PAGE_PICTURES"])
    folder.mkdir(parents=True, exist_ok=True)
    sheet.locator("body").screenshot(path=folder / f"{device}.jpg", type="jpeg", quality=82)
    sheet.close()
