"""Several targets in one address of Apprise's: each is a phone, and may fail alone."""

import pytest

from devices.phone import Notification, PhoneAwayError, PhoneRefusalError, open_phones
from devices.phone.apprise.address import service_of
from devices.phone.apprise.targets import each_target
from tests.devices.phone.service import Answer, serving

NOTE = Notification(title="Doorbell", text="Ding", key="press")
ANNA, BEN = "+15550100101", "+15550100102"
SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"


def test_a_target_that_fails_is_told_alone():
    """One is away and one is refused: each is answered for itself, and has it once at most."""
    with serving() as service:
        phones = open_phones(f"signal://127.0.0.1:{service.port}/+15550100100/{ANNA}/{BEN}")
        statuses = {ANNA: 503, BEN: 400}
        service.answer = lambda request: Answer(statuses[request.json["recipients"][0]])
        anna, ben = phones
        with pytest.raises(PhoneAwayError, match="target 1 of 2"):
            anna.send(NOTE)
        with pytest.raises(PhoneRefusalError, match="target 2 of 2"):
            ben.send(NOTE)
        statuses[ANNA] = 201
        anna.send(NOTE)
        assert [request.json["recipients"] for request in service.got] == [[ANNA], [BEN], [ANNA]]


PARTS = {
    "mailto://a:b@example.org?to=anna@example.org,ben@example.org": [
        {"targets": [(False, "anna@example.org")]},
        {"targets": [(False, "ben@example.org")]},
    ],
    f"{SLACK}/#a/#b": [{"channels": ["#a"]}, {"channels": ["#b"]}],
    "rocket://u:p@host/#a/@b": [
        {"channels": ["a"], "users": []},
        {"channels": [], "users": ["b"]},
    ],
    f"signal://host/+15550100100/{ANNA}/{BEN}?retry=2": [{"targets": [ANNA]}, {"targets": [BEN]}],
}


@pytest.mark.parametrize("url", PARTS, ids=[url.partition(":")[0] for url in PARTS])
def test_each_target_has_a_service_of_its_own(url):
    """People, channels and rooms; in different lists, too."""
    parts = [vars(one) for one in each_target(lambda: service_of(url))]
    wanted = PARTS[url]
    assert [{key: one[key] for key in wanted[0]} for one in parts] == wanted


@pytest.mark.parametrize(
    "url",
    [
        "json://host/",
        f"signal://host/+15550100100/{ANNA}/{BEN}?batch=yes",
        "pover://user@token/phone/tablet",
        "mastodon://token@host/@anna/@ben",
        "mqtt://host/a,b",
    ],
    ids=lambda url: url.partition(":")[0],
)
def test_what_is_one_message_stays_one(url):
    """A batch, a post that names people, or a connection that must be the only one."""
    assert len(each_target(lambda: service_of(url))) == 1
