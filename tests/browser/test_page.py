"""The page as people use it: a phone in the hand, a second one, a tablet, no script, a keyboard."""

import json
import re
import time

import pytest

from tests.browser.conftest import address_in, log_in
from tests.house import until

COMING = "button[value=coming]"
SAY = ".row button"
RING = "section.ring"
PATIENCE_MS = 60_000
AGAIN_S = 3.0


def ring(house, page):
    """Press the button until the page shows a new visit; gives its id.

    A press soon after an answer belongs to the visitor who was answered.
    """
    shown = page.locator(RING)
    before = set(ids(shown))
    pressed_at = 0.0

    def new() -> set[str]:
        nonlocal pressed_at
        if time.monotonic() - pressed_at > AGAIN_S:
            house.ring()
            pressed_at = time.monotonic()
        return set(ids(shown)) - before

    return until(new, "the ring is on the page").pop()


def ids(rings):
    """The visits that ring on a page."""
    texts = rings.evaluate_all("all => all.map(one => one.id)")
    return [text.removeprefix("ring-") for text in texts]


def answer(page, visit, button=COMING):
    """Tap a button of a ring until the visitor is answered: a busy hub may be asked twice."""
    shown = page.locator(f"#ring-{visit}")
    tapped_at = 0.0

    def is_answered() -> bool:
        nonlocal tapped_at
        if not shown.count():
            return True
        if time.monotonic() - tapped_at > 2 * AGAIN_S and shown.locator(button).is_visible():
            shown.locator(button).evaluate_all("all => all.forEach(one => one.click())")
            tapped_at = time.monotonic()
        return False

    until(is_answered, lambda: f"the visitor is answered: {page.locator('body').inner_text()}")


def test_the_printed_address_logs_the_first_phone_in(chromium, house, first_address):
    """From a fresh `doorbell run` to the page: its line, a tap, and nobody rings."""
    context = chromium.new_context()
    page = context.new_page()
    log_in(page, first_address, "My first phone")
    assert page.get_by_role("heading", name="Nobody rings").is_visible()
    context.close()


def test_a_stranger_sees_nothing(chromium, house):
    """Without a login every view leads to it."""
    context = chromium.new_context()
    page = context.new_page()
    for path in ("/", "/visits", "/house"):
        page.goto(f"http://127.0.0.1:{house.port}{path}")
        assert "/login" in page.url
    context.close()


def test_a_ring_is_there_at_once_and_its_picture_follows(house, phone):
    """The visitor stands on Now as soon as the button is pressed; then who it is."""
    began = time.monotonic()
    visit = ring(house, phone)
    print(f"shown {time.monotonic() - began:.3f} s after the press")
    assert phone.title().startswith("●")
    until(lambda: "somebody rings" in phone.locator("#say").inner_text(), "it is announced")
    picture = phone.locator(f"#picture-{visit} img")
    picture.wait_for(timeout=PATIENCE_MS)
    print(f"its picture {time.monotonic() - began:.3f} s after the press")
    until(lambda: picture.evaluate("one => one.naturalWidth"), "the picture is shown")
    answer(phone, visit)


def test_an_answer_on_one_phone_is_seen_on_the_other_and_told_to_the_house(
    house, phone, open_browser
):
    """`visitor.answered` names who has answered, and both phones show it."""
    other = open_browser("Ben")
    visit = ring(house, phone)
    other.locator(f"#ring-{visit}").wait_for()
    answer(other, visit)
    phone.locator(f"#ring-{visit}").wait_for(state="detached")
    phone.get_by_text("Coming (Ben)").first.wait_for()
    events = [json.loads(line) for line in house.command("events", "--json").splitlines()]
    told = [event for event in events if event.get("type") == "visitor.answered"]
    assert (told[-1]["data"]["answer"], told[-1]["data"]["by"]) == ("coming", "Ben")
    assert told[-1]["data"]["press"] == visit


def test_a_sentence_half_written_outlasts_what_changes(house, phone):
    """A picture that comes, or another ring, does not take a text away."""
    visit = ring(house, phone)
    text = phone.locator(f"#reply-{visit} input[name=answer]:not([type=hidden])")
    text.fill("I am in the gar")
    phone.locator(f"#picture-{visit} img").wait_for(timeout=PATIENCE_MS)
    house.ring()
    phone.get_by_text(re.compile(r"rang \d times")).first.wait_for()
    assert text.input_value() == "I am in the gar"
    text.press_sequentially("den")
    text.press("Enter")
    answer(phone, visit, SAY)
    phone.get_by_text("“I am in the garden”").first.wait_for()


def test_a_sentence_is_offered_as_long_as_a_handler_speaks(house, phone):
    """The page follows what its house can do; the other answers are always there."""
    visit = ring(house, phone)
    say = phone.locator(f"#reply-{visit}").locator(SAY)
    say.wait_for()
    house.take_voice()
    say.wait_for(state="detached", timeout=PATIENCE_MS)
    assert phone.locator(f"#reply-{visit}").locator(COMING).is_visible()
    house.give_voice()
    say.wait_for(timeout=PATIENCE_MS)
    answer(phone, visit)


def test_the_clip_of_a_visit_plays(house, phone):
    """In the browser, and from a point in it that was not loaded yet (Range requests)."""
    visit = ring(house, phone)
    answer(phone, visit)
    phone.goto(f"http://127.0.0.1:{house.port}/visits/{visit}")
    phone.locator("#clip video").wait_for(timeout=PATIENCE_MS)
    video = phone.locator("#clip video")
    until(lambda: video.evaluate("one => one.readyState >= 1"), "the clip is loaded")
    video.evaluate("one => { one.muted = true; one.play() }")
    until(lambda: video.evaluate("one => one.currentTime > 0.2"), "the clip plays")
    status = phone.evaluate(
        "async src => (await fetch(src, {headers: {Range: 'bytes=10-19'}})).status",
        video.evaluate("one => one.src"),
    )
    assert status == 206
    phone.locator("#lines").get_by_text("record", exact=True).first.wait_for()


def test_a_visit_is_kept_downloaded_and_deleted(house, phone):
    """Keep holds, the download has a name, and Delete asks first."""
    visit = ring(house, phone)
    answer(phone, visit)
    phone.get_by_role("link", name="Visits").click()
    phone.locator(f"#visit-{visit} a").click()
    phone.get_by_role("button", name="Keep").click()
    phone.get_by_role("button", name="Kept", pressed=True).wait_for()
    with phone.expect_download() as download:
        phone.get_by_role("link", name="Picture").click()
    assert re.fullmatch(r"front-[\d-]+\.jpg", download.value.suggested_filename)
    phone.locator("#delete summary").click()
    phone.get_by_role("button", name="Delete for good").click()
    phone.get_by_text("The visit was deleted").wait_for()
    phone.locator(f"#visit-{visit}").wait_for(state="detached")
    gone = phone.request.get(f"http://127.0.0.1:{house.port}/visits/{visit}")
    assert gone.status == 404
    assert "There is no such visit" in gone.text()
    assert phone.request.get(f"{gone.url}/picture").status == 404


def test_quiet_is_switched_and_shown_on_every_phone(house, phone, open_browser):
    """The hub confirms it, the other phone follows, and the terminal says the same."""
    other = open_browser("Ben")
    for page in (phone, other):
        page.get_by_role("link", name="House").click()
    phone.get_by_role("button", name="Quiet for 1 h").click()
    for page in (phone, other):
        page.get_by_text("Nothing makes a sound until").wait_for()
    assert "quiet by command" in house.command("quiet")
    phone.get_by_role("button", name="As the settings say").click()
    other.locator("#quiet").get_by_text("The bell is on").wait_for()


def test_a_drill_shows_what_each_handler_found(house, phone):
    """It makes no sound, and is no visit."""
    phone.get_by_role("link", name="House").click()
    phone.locator("#drill-front").click()
    phone.locator("#try").get_by_text("works").first.wait_for(timeout=PATIENCE_MS)
    assert not phone.locator(".alert").count()


def test_the_page_catches_up_when_the_house_is_back(house, phone):
    """A server that restarts, or a phone that slept, leaves no old page behind."""
    phone.context.set_offline(True)
    phone.evaluate("stream.close()")  # what a phone's sleep does to a connection
    house.ring()
    phone.context.set_offline(False)
    phone.locator(RING).first.wait_for(timeout=PATIENCE_MS)
    answer(phone, ids(phone.locator(RING))[0])


def test_without_script_a_visitor_is_answered_all_the_same(house, phone, open_browser):
    """Forms and links do it all; the page is loaded again to see what is new."""
    plain = open_browser("Old tablet", java_script_enabled=False)
    visit = ring(house, phone)
    plain.reload()
    assert plain.locator(f"#ring-{visit}").is_visible()
    plain.locator(f"#ring-{visit} {COMING}").click()
    assert plain.get_by_text("Sent: Coming").is_visible()
    until(lambda: plain.reload() and plain.get_by_text("Nobody rings").count(), "it was answered")
    plain.get_by_role("link", name="Visits").click()
    assert plain.locator(f"#visit-{visit}").get_by_text("Coming (Old tablet)").is_visible()
    assert re.search(r"\d\d:\d\d [A-Z]", plain.locator(f"#visit-{visit} time").inner_text())


def test_everything_is_reached_by_keyboard(house, open_browser):
    """Tab leads to the answer, and Enter gives it; the focus can be seen."""
    desk = open_browser("Desk", viewport={"width": 1280, "height": 800}, is_mobile=False)
    visit = ring(house, desk)
    desk.keyboard.press("Tab")
    assert desk.locator(".skip").evaluate("one => one === document.activeElement")
    for _ in range(12):
        desk.keyboard.press("Tab")
        if desk.locator(f"#ring-{visit} {COMING}").evaluate("one => one.matches(':focus-visible')"):
            break
    else:
        pytest.fail("Tab does not lead to the answer")
    desk.keyboard.press("Enter")
    desk.locator(f"#ring-{visit}").wait_for(state="detached")


def test_a_german_phone_reads_german(house, open_browser):
    """Words by its language, and times as its browser writes them."""
    page = open_browser("Handy", locale="de-DE", timezone_id="Europe/Berlin")
    assert page.locator("html").get_attribute("lang") == "de"
    assert page.get_by_role("heading", name="Niemand klingelt").is_visible()
    visit = ring(house, page)
    assert page.get_by_role("button", name="Ich komme").is_visible()
    answer(page, visit)
    page.get_by_role("link", name="Besuche").click()
    assert re.search(r"tag, \d+\. \w+ \d{4}", page.locator("h2").first.inner_text())


def test_a_test_ring_rings(house, phone):
    """From the page itself, as from the button."""
    phone.get_by_role("link", name="House").click()
    phone.locator("#press-garden").click()
    phone.locator(RING).get_by_role("heading", name="Garden gate").wait_for()
    answer(phone, ids(phone.locator(RING))[0])


def test_an_address_works_once(house, chromium):
    """Whoever finds it later is not let in."""
    address = address_in(house.command("link"))
    for works in (True, False):
        context = chromium.new_context()
        page = context.new_page()
        if works:
            log_in(page, address, "Once")
        else:
            page.goto(address)
            assert page.get_by_text("Nobody rings").count() == 0
        context.close()
