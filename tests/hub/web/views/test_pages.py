"""What stands in the views, as a browser without script sees it."""

import re

import pytest

from hub.wire import topics
from hub.wire.retained.status import Status
from tests.hub.fakes import HOUSE
from tests.hub.web.client import build_app, log_in


@pytest.mark.parametrize("path", ["/", "/visits", "/house"])
def test_an_empty_house_has_every_view(browser, path):
    """Each view says what will stand there before anything has happened."""
    assert browser.get(path) == 200
    assert "<h1" in browser.text
    assert browser.headers["cache-control"] == "no-store"
    assert browser.headers["vary"] == "Accept-Language"


def test_who_rings_stands_on_now_with_the_possible_answers(browser, book, now_story):
    """The door, and a form for each answer, which names the visit."""
    press = now_story.press()
    book.take(press)
    browser.get("/")
    assert "Front door" in browser.text
    for answer in ("coming", "leave_it", "snooze"):
        assert f'name="answer" value="{answer}"' in browser.text
    assert f'name="visit" value="{press.id}"' in browser.text
    assert "The picture comes in a moment" in browser.text


def test_a_sentence_is_offered_only_where_a_handler_may_speak_it(browser, book, now_story, wire):
    """Else the visitor would hear nothing of it. The other answers end the ring all the same."""
    book.take(now_story.press())
    for speaks, doors, is_offered in (
        (None, None, False),
        (True, ("garden",), False),
        (True, ("front",), True),
    ):
        types = (topics.ANSWERED,)
        status = Status("ready", reacts_to=types, doors=doors, speaks=speaks).encode()
        wire.hear(HOUSE.status("doorbell/handler/butler"), status)
        browser.get("/")
        assert ("Say something…" in browser.text) == is_offered
        assert 'name="answer" value="coming"' in browser.text


def test_another_view_says_that_somebody_rings(browser, book, now_story):
    """A person who looks at old visits sees it, too."""
    book.take(now_story.press())
    browser.get("/visits")
    assert "Front door: somebody rings" in browser.text


def test_an_answered_visitor_rings_no_more(browser, book, now_story):
    """Whoever has answered, and where: every page shows it."""
    press = now_story.press()
    book.take(press)
    book.take(now_story.answer(press, by="Anna", after_s=0.1))
    browser.get("/")
    assert "Nobody rings" in browser.text
    assert "Coming (Anna)" in browser.text


def test_what_visitors_and_people_wrote_is_escaped(browser, book, now_story):
    """A sentence with HTML in it is a sentence."""
    press = now_story.press()
    book.take(press)
    book.take(now_story.answer(press, "<b>Hello</b>", by="<i>Eve</i>", after_s=0.1))
    for path in ("/", "/visits", f"/visits/{press.id}"):
        browser.get(path)
        assert "&lt;b&gt;Hello&lt;/b&gt;" in browser.text
        assert "<i>Eve" not in browser.text


def test_visits_are_chosen_by_door_and_by_day(browser, book, story):
    """The two fields above the guest book."""
    front = story.press()
    garden = story.press(3600, door="garden")
    for event in story.told:
        book.take(event)
    day = front.time.astimezone().date()
    assert shown(browser, f"/visits?door=front&day={day}") == [front.id]
    assert shown(browser, "/visits?door=garden") == [garden.id]
    assert shown(browser, "/visits?day=2020-02-30") == [garden.id, front.id]
    assert shown(browser, "/visits?day=2020-02-28") == []
    assert "No visit matches" in browser.text


def test_fifty_visits_stand_on_a_page_and_a_link_leads_to_the_others(browser, book, story):
    """The whole guest book can be leafed through without script."""
    for hour in range(55):
        book.take(story.press(hour * 3600))
    assert len(shown(browser, "/visits")) == 50
    older = re.search(r'href="([^"]*before=[^"]*)"', browser.text)
    assert older
    assert len(shown(browser, "/" + older[1].removeprefix("./").replace("&amp;", "&"))) == 5
    assert "before=" not in browser.text


def test_a_visit_shows_what_each_handler_did(browser, book, story):
    """The reactions with their outcome, time and note."""
    press = story.press()
    book.take(press)
    book.take(story.outcome(press, "bark", took_ms=840.0, started_after_ms=2.1, note="barked"))
    book.take(story.outcome(press, "notify", "dead", reason="no network"))
    browser.get(f"/visits/{press.id}")
    for words in ("bark", "done", "after 2 ms, took 840 ms", "barked", "gave up", "no network"):
        assert words in browser.text


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "2026-13-01", "x", "20261123"])
def test_any_text_may_be_asked_for_as_a_day(browser, day):
    """An address that a person has changed is no fault of ours."""
    assert browser.get(f"/visits?day={day}") == 200


def test_a_drill_is_no_visit(browser, book, story):
    """It appears in no view of visitors."""
    book.take(story.event(topics.DRILLED, {"name": "Front door", "via": "command"}))
    assert shown(browser, "/visits") == []


def test_a_visit_that_is_not_there_says_so(browser):
    """An old link leads to a page, with a way back."""
    assert browser.get("/visits/00000000-0000-7000-8000-000000000000") == 404
    assert "There is no such visit" in browser.text
    assert 'href="../visits"' in browser.text


def test_every_address_is_relative(browser, book, now_story):
    """A proxy may have put a path in front: below Home Assistant, or beside another site."""
    press = now_story.press()
    book.take(press)
    for path, base in (("/", "./"), ("/visits", "./"), (f"/visits/{press.id}", "../")):
        browser.get(path)
        addresses = re.findall(r'(?:href|src|action|poster|data-stream)="([^"]*)"', browser.text)
        assert addresses
        assert all(one.startswith((base, "#")) for one in addresses), addresses


def test_what_became_of_an_action_is_said_in_fixed_words(browser):
    """A link from elsewhere cannot put words on the page."""
    browser.get("/?notice=coming")
    assert "Sent: Coming" in browser.text
    browser.get("/?notice=Your%20house%20is%20open")
    assert "Your house is open" not in browser.text


def shown(browser, path) -> list[str]:
    """The visits of the guest book at this address."""
    assert browser.get(path) == 200
    return re.findall(r'<li id="visit-([^"]+)"', browser.text)


def test_every_page_is_in_the_language_that_the_browser_asks_for(browser):
    """Also one that says what is wrong; a program that asks for none gets English."""
    browser.get("/nothing", accept_language="de")
    assert "Hier ist nichts" in browser.text
    assert '<html lang="de">' in browser.text
    browser.get("/nothing", accept="*/*")
    assert "There is nothing here" in browser.text


def test_below_the_path_of_a_proxy_the_views_are_the_same(tmp_path):
    """Home Assistant and other proxies put a path in front, take it away again, and say so."""
    browser = log_in(build_app(tmp_path), tmp_path, address="127.0.0.1")
    proxied = {"x_forwarded_prefix": "/bell"}
    assert browser.get("/visits", **proxied) == 200
    assert 'action="./visits"' in browser.text
    assert browser.post("/answer", {"answer": " "}, **proxied) == 303
    assert browser.headers["location"] == "./?notice=empty"


def test_a_visit_that_is_being_deleted_shows_its_picture_no_more(browser, book, story, tmp_path):
    """Its recorder may be off; the list says what is going on, and no other view has it."""
    press = story.press()
    path = tmp_path / "media" / "20261123-150211-front-a1b2c3.jpg"
    path.parent.mkdir()
    path.write_bytes(b"a picture")
    for event in (press, story.handler("snapshot.taken", {"path": str(path)}, press)):
        book.take(event)
    browser.get("/visits")
    assert "/picture" in browser.text
    book.take(story.recordings_wanted(press, "delete"))
    for view in ("/", "/visits"):
        browser.get(view)
        assert "/picture" not in browser.text
    assert "Is being deleted" in browser.text
    assert browser.get(f"/visits/{press.id}") == 404


def test_the_page_lists_the_files_that_stay_when_a_visit_is_deleted(browser, book, story):
    """Before the person deletes it. Most visits have none."""
    press = story.press()
    book.take(press)
    book.take(story.handler("snapshot.taken", {"path": "/m/20261123-150211-front-a.jpg"}, press))
    assert browser.get(f"/visits/{press.id}") == 200
    assert "These files stay" not in browser.text
    book.take(story.handler("snapshot.taken", {"path": "/m/own cam.jpg"}, press))
    assert browser.get(f"/visits/{press.id}") == 200
    assert "These files stay: own cam.jpg" in browser.text
