"""Where the house refuses something the page says why; a phone that was logged out is led away."""

import re
from collections import Counter

import pytest

from tests.browser.conftest import PHONE, address_in, log_in
from tests.house import until

NOBODY = "00000000-0000-7000-8000-000000000000"
QUIET = "#quiet-1h"
REFUSED = re.compile(r"/changes\?")


@pytest.fixture
def open_phone(chromium, house):
    """Opens the page as a new phone. What is refused stands in its console, as it should."""
    opened = []

    def open_one(name):
        opened.append(chromium.new_context(**PHONE, locale="en-GB"))
        page = opened[-1].new_page()
        log_in(page, address_in(house.command("link")), name)
        return page

    yield open_one
    for context in opened:
        context.close()


@pytest.fixture
def phone(open_phone):
    """A phone, on House."""
    page = open_phone("Wall tablet")
    page.get_by_role("link", name="House").click()
    page.locator(QUIET).wait_for()
    return page


def test_the_reason_of_a_refusal_stands_on_the_page(phone):
    """The page stays as it is. What works afterwards takes the reason away."""
    phone.locator(QUIET).evaluate("one => one.value = 'x'")
    phone.locator(QUIET).click()
    phone.locator(".notice.bad").get_by_text("This form cannot be read").wait_for()
    assert phone.url.endswith("/house")
    phone.locator("#quiet-off").click()
    phone.get_by_text("The bell is on").first.wait_for()
    phone.locator(".notice.bad").wait_for(state="detached")
    phone.locator("#quiet-auto").click()
    phone.locator("#quiet-auto").wait_for(state="detached")


def test_a_request_that_seems_to_come_from_elsewhere_says_so(phone):
    """As behind a proxy that rewrites Host: the person learns what to do."""

    def rewrite(route):
        headers = {**route.request.headers, "sec-fetch-site": "cross-site"}
        route.fulfill(response=route.fetch(headers=headers))

    phone.route("**/quiet", rewrite)
    phone.locator(QUIET).click()
    phone.locator(".notice.bad").get_by_text("This request came from another page").wait_for()
    assert phone.url.endswith("/house")


def test_a_view_that_is_gone_is_shown_all_the_same(phone):
    """A form leads there, with the status 404."""
    path = f"./visits/{NOBODY}/keep"
    phone.locator("#quiet form").evaluate("(one, path) => one.setAttribute('action', path)", path)
    phone.locator(QUIET).click()
    phone.get_by_text("There is no such visit").wait_for()
    assert f"/visits/{NOBODY}" in phone.url


def test_a_form_of_a_phone_that_was_logged_out_leads_to_the_login(phone):
    """Nothing was done."""
    phone.context.clear_cookies()
    phone.locator(QUIET).click()
    phone.wait_for_url("**/login")


def test_a_phone_that_is_logged_out_elsewhere_is_led_to_the_login(phone, open_phone):
    """Nobody touches it: it is a tablet on the wall."""
    other = open_phone("Own phone")
    other.get_by_role("link", name="House").click()
    other.locator("#phones").click()
    other.get_by_role("button", name="Log out all others").click()
    phone.wait_for_url("**/login")


@pytest.mark.parametrize("loads", [0, 1])
def test_a_page_that_gets_no_events_is_not_loaded_again_and_again(phone, loads):
    """A proxy may let views through, and refuse all that scripts ask for."""
    asked = Counter()
    phone.on("framenavigated", lambda _: asked.update(["loads"]))

    def refuse(route):
        if route.request.is_navigation_request():
            route.continue_()
            return
        asked.update(["refused"] if REFUSED.search(route.request.url) else ["views"])
        route.fulfill(status=401, json={"ok": False})

    phone.route(re.compile(r"/(house|changes\?.*)$"), refuse)
    if loads:  # its events came until now
        with phone.expect_navigation():
            phone.evaluate("listen()")
    else:
        phone.reload()
        asked.clear()

    def is_refused_often():
        phone.evaluate("check()")
        return asked["refused"] > 3

    until(is_refused_often, lambda: f"{asked}")
    assert (asked["loads"], asked["views"]) == (loads, loads)
