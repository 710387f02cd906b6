"""Notify this phone, in a real Chromium: from the button on the page to the answer of the visitor.

Chromium of Debian has no key of Google's push service, so `tests.servers.push_service` gives the
subscription, decrypts what `notify` sends, and the browser is handed that.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.conftest import ADDRESS, PHONE, address_in, log_in
from tests.browser.house import BrowserHouse
from tests.house import AGAIN_S, until
from tests.servers.push_service import PushService, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

# In place of what the browser asks its push service for.
SUBSCRIBE = """
const made = %s;
let current = null;
PushManager.prototype.subscribe = async function (options) {
  window.asked = Array.from(options.applicationServerKey);
  current = {
    endpoint: made.endpoint, options, toJSON: () => made,
    unsubscribe: async () => { current = null; return true; },
  };
  return current;
};
PushManager.prototype.getSubscription = async () => current;
"""
SHOWN = """async () => {
  const registration = await navigator.serviceWorker.ready;
  const shown = await registration.getNotifications();
  return shown.map((one) => ({
    title: one.title, body: one.body, tag: one.tag, image: one.image, silent: one.silent,
    actions: one.actions.map((action) => action.title), isRing: one.data.isRing,
  }));
}"""
ANSWER = """async (number) => {
  const [shown] = await self.registration.getNotifications();
  await answer(shown, shown.data.buttons[number]);
}"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PushService]:
    """A push service that the processes of the house trust."""
    with (
        serving(tmp_path_factory.mktemp("push")) as started,
        pytest.MonkeyPatch.context() as variables,
    ):
        variables.setenv("SSL_CERT_FILE", str(started.certificate))
        variables.setenv("PUSH_SERVICE_AT_HOME", "yes")
        yield started


@pytest.fixture(scope="module")
def push_house(
    service: PushService, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserHouse]:
    """A fresh `doorbell run`, whose `notify` is ready."""
    with BrowserHouse(tmp_path_factory.mktemp("house")) as house:
        house.wait_for(ADDRESS)
        house.wait_for("notify is ready")
        house.wait_for("record is ready")
        yield house


@pytest.fixture(scope="module")
def context(chromium: "Browser", push_house: BrowserHouse) -> Iterator["BrowserContext"]:
    """Anna's browser, which allows notifications."""
    opened = chromium.new_context(**PHONE, locale="en-GB")
    origin = f"http://127.0.0.1:{push_house.port}"
    opened.grant_permissions(["notifications"], origin=origin)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def phone(context: "BrowserContext", push_house: BrowserHouse, service: PushService) -> "Page":
    """Anna's phone, on the House view."""
    context.add_init_script(SUBSCRIBE % json.dumps(service.subscription))
    page = context.new_page()
    log_in(page, address_in(push_house.command("link")), "Anna's phone")
    page.get_by_role("link", name="House").click()
    return page


class Worker:
    """The service worker of the page, as the browser's push service reaches it."""

    def __init__(self, page: "Page") -> None:
        self.page = page
        self._session = page.context.new_cdp_session(page)
        self._registrations: list[dict[str, Any]] = []
        self._session.on("ServiceWorker.workerRegistrationUpdated", self._note)
        self._session.send("ServiceWorker.enable")

    def take(self, message: Any) -> list[dict[str, Any]]:
        """A push message arrives; what is shown then.

        It arrives again when it is not seen: a page that is looked at just then takes it away.
        """
        until(lambda: self._registrations or self.page.wait_for_timeout(50), "a worker")
        found = {"registrationId": self._registrations[0]["registrationId"]}
        origin = self.page.evaluate("location.origin")
        found |= {"origin": origin, "data": json.dumps(message)}

        def shown() -> list[dict[str, Any]]:
            self._session.send("ServiceWorker.deliverPushMessage", found)
            with suppress(AssertionError):
                return until(lambda: self.shows(message["tag"]), "it is shown", AGAIN_S)
            return []

        return until(shown, "a notification")

    def shows(self, tag: str) -> list[dict[str, Any]]:
        """What is shown with this tag."""
        return [one for one in self.page.evaluate(SHOWN) if one["tag"] == tag]

    def _note(self, event: dict[str, Any]) -> None:
        self._registrations += event["registrations"]


def test_a_phone_is_notified_and_answers(
    phone: "Page", push_house: BrowserHouse, service: PushService
):
    """The button, the first message, a ring, its picture, and the answer from the notification."""
    card = phone.locator("#this-phone")
    card.get_by_role("button", name="Notify this phone").click()
    card.get_by_text("This phone is told when somebody rings.").wait_for()
    welcome = until(lambda: service.got, "the first message")[0].json
    assert welcome["text"] == "This phone is told when somebody rings."
    assert len(phone.evaluate("window.asked")) == 65

    push_house.ring()
    rings = until(lambda: [one.json for one in service.got if one.json["buttons"]], "the ring")
    worker = Worker(phone)
    (shown,) = worker.take(rings[0])
    assert shown["body"] == "Somebody is at the front door"
    assert shown["actions"][:2] == ["Coming", "Leave it at the door"]
    pictures = until(
        lambda: [one.json for one in service.got if one.json.get("picture")], "the picture"
    )
    worker.take(pictures[0])
    with_picture = until(
        lambda: [one for one in worker.shows(rings[0]["tag"]) if one["image"]], "it is shown"
    )
    assert len(with_picture) == 1  # it has taken the place of the text
    loaded = phone.evaluate(
        "async (address) => (await createImageBitmap(await (await fetch(address)).blob())).width",
        with_picture[0]["image"],
    )
    assert loaded > 100

    (service_worker,) = phone.context.service_workers
    service_worker.evaluate(ANSWER, 0)
    (answered,) = worker.shows(rings[0]["tag"])
    assert answered["body"] == "Front door: Sent: Coming"
    assert (answered["silent"], answered["actions"]) == (True, [])
    events = map(json.loads, push_house.command("events", "--json").splitlines())
    (answer,) = [one for one in events if one["type"] == "visitor.answered"]
    assert (answer["data"]["answer"], answer["data"]["by"]) == ("coming", "annas-phone")


def test_a_message_that_comes_late_says_so(phone: "Page"):
    """A phone that was off gets the ring of an hour ago: its visitor has left."""
    worker = Worker(phone)
    told = {
        "title": "Doorbell",
        "text": "Somebody is here",
        "late": "You missed somebody",
        "tag": "x",
    }
    told |= {
        "at": 1_000_000_000_000,
        "silent": False,
        "again": True,
        "buttons": [["Coming", "a/x"]],
    }
    (shown,) = worker.take(told)
    assert shown["body"] == "You missed somebody"
    (unreadable,) = worker.take({"tag": "unreadable"})
    assert unreadable["body"] == "Somebody rang. Open the page"


def test_an_answer_that_does_not_arrive_can_be_given_again(phone: "Page"):
    """The notification says it, and keeps its buttons."""
    worker = Worker(phone)
    told = {"title": "Doorbell", "text": "Somebody is here", "tag": "y", "unsent": "Not sent"}
    told |= {"silent": False, "again": True, "buttons": [["Coming", "a/forged"]]}
    worker.take(told)
    (service_worker,) = phone.context.service_workers
    service_worker.evaluate(
        "async () => { const [one] = await self.registration.getNotifications({ tag: 'y' });"
        " await answer(one, one.data.buttons[0]); }"
    )
    (shown,) = worker.shows("y")
    assert "invalid" in shown["body"]
    assert shown["actions"] == ["Coming"]


def test_a_phone_that_wants_no_more_gets_none(
    phone: "Page", push_house: BrowserHouse, service: PushService
):
    """From the next ring on."""
    phone.locator("#this-phone").get_by_role("button", name="Stop notifying this phone").click()
    phone.get_by_role("button", name="Notify this phone").wait_for()
    push_house.wait_for("annas-phone is told of nothing more")
    before = len(service.got)
    push_house.command("press", "garden")
    push_house.wait_for("no phone is set up")
    assert len(service.got) == before


def test_who_looks_at_the_page_has_seen_the_notifications(phone: "Page"):
    """They are gone, and with them the number on the app's icon."""
    Worker(phone).take({"tag": "z", "text": "Somebody is here"})
    phone.reload()
    until(lambda: phone.evaluate(SHOWN) == [] or phone.wait_for_timeout(50), "they are closed")
