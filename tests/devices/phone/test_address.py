"""All that an address says is sent, or `check` refuses it."""

import base64
import email
import email.policy
import json
from urllib.parse import parse_qs, urlsplit

import pytest

from devices.phone import Notification, ReplyButton, fault_in_url, open_phones
from tests.devices.phone.service import TOKEN, Answer, serving

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
NOTE = Notification(title="Doorbell", text="Ding", key="press")


@pytest.fixture
def service(monkeypatch):
    with serving() as served:
        monkeypatch.setenv("TELEGRAM_API", f"http://127.0.0.1:{served.port}")
        yield served


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "door.jpg"
    path.write_bytes(b"\xff\xd8\xff")
    return Notification(title="Doorbell", text="Ding", key="press", picture=path)


def _send(url, *notes):
    assert fault_in_url(url) is None
    phones = open_phones(url)
    for phone in phones:
        receipt = None
        for note in notes:
            receipt = phone.send(note, receipt)


EXTRAS = {
    "click": "http://door.example/?a=1&b=2",
    "icon": "http://door.example/i.png",
    "email": "anna@example.org",
    "delay": "30min",
    "call": "+49123",
}


def test_ntfy_gets_all_options_of_its_address(service, picture):
    """With the text in the JSON, and with the picture in the query, in any letters."""
    options = (
        "click=http%3A%2F%2Fdoor.example%2F%3Fa%3D1%26b%3D2&icon=http://door.example/i.png"
        "&email=anna@example.org&delay=30min&call=%2B49123&tags=bell,tür&priority=high"
    )
    _send(f"{service.url('ntfy')}?{options}", NOTE, picture)
    text, put = service.got
    wanted = {**EXTRAS, "tags": ["bell", "tür"], "priority": 4}
    assert {key: text.json[key] for key in wanted} == wanted
    query = {key: value for key, (value,) in parse_qs(urlsplit(put.path).query).items()}
    wanted = {**EXTRAS, "tags": "bell,tür", "priority": "4"}
    assert {key: query[key] for key in wanted} == wanted


def test_ntfy_gets_nothing_that_its_address_does_not_say(service, picture):
    """As before."""
    _send(service.url("ntfy"), NOTE, picture)
    assert set(service.got[0].json) == {
        "topic",
        "title",
        "message",
        "priority",
        "sequence_id",
        "actions",
    }
    assert "tags=" not in service.got[1].path


@pytest.mark.parametrize(
    ("word", "priority"),
    [
        ("urgent", 5),
        ("MAX", 5),
        ("high", 4),
        ("default", 3),
        ("low", 2),
        ("min", 1),
        ("5", 5),
        ("1", 1),
        ("normal", 3),
        ("emergency", 5),
        ("", 3),
    ],
)
def test_ntfys_own_words_for_a_priority_are_known(service, word, priority):
    """Numbers, too; and those of Apprise, which are older."""
    _send(f"{service.url('ntfy')}?priority={word}", NOTE)
    assert service.got[0].json["priority"] == priority


@pytest.mark.parametrize(
    ("place", "chats"),
    [
        ("-100123:42", [("-100123", 42)]),
        ("-100123?topic=42", [("-100123", 42)]),
        ("-100123?thread=42", [("-100123", 42)]),
        ("-100123:42/4711", [("-100123", 42), ("4711", None)]),
        ("-100123:42/4711?topic=7", [("-100123", 42), ("4711", 7)]),
        ("@my_group:5", [("@my_group", 5)]),
    ],
)
def test_telegram_writes_into_the_topic_of_its_address(service, picture, place, chats):
    """A text and a picture go there; what changes a message needs no topic."""
    _send(f"tgram://{TOKEN}/{place}", NOTE, NOTE)
    sent = [request for request in service.got if request.path.endswith("/sendMessage")]
    assert [(one.json["chat_id"], one.json.get("message_thread_id")) for one in sent] == chats
    service.got.clear()
    _send(f"tgram://{TOKEN}/{place}", picture)
    forms = [_form(request) for request in service.got]
    assert [(one["chat_id"], one.get("message_thread_id")) for one in forms] == [
        (chat, None if topic is None else str(topic)) for chat, topic in chats
    ]


def _form(request):
    kind = request.headers["Content-Type"]
    form = email.message_from_bytes(
        f"Content-Type: {kind}\n\n".encode() + request.body, policy=email.policy.HTTP
    )
    return {
        part.get_param("name", header="content-disposition"): part.get_payload()
        for part in form.iter_parts()
    }


def test_telegram_is_silent_where_its_address_says_so(service):
    """Text and picture come without a sound."""
    _send(f"tgram://{TOKEN}/4711?silent=yes", NOTE)
    _send(f"tgram://{TOKEN}/4711", NOTE)
    assert [one.json["disable_notification"] for one in service.got] == [True, False]


def test_buttons_and_topic_go_together(service):
    """The keyboard stays what it was."""
    button = ReplyButton("Coming", "https://door.example/a/1")
    note = Notification(title="", text="Ding", key="press", buttons=[button])
    _send(f"tgram://{TOKEN}/-100123:42", note)
    (sent,) = service.got
    assert sent.json["reply_markup"]["inline_keyboard"] == [[{"text": "Coming", "url": button.url}]]
    assert json.dumps(sent.json["message_thread_id"]) == "42"


REFUSED = {
    "ntfy://ntfy.sh/door?clik=x": "has ?clik=, which is not sent: the service has no such option. "
    "Write click, or leave it out",
    "ntfy://ntfy.sh/door?attach=http://x/y": "has ?attach=, which is not sent: the visitor's "
    "picture is the attachment",
    "ntfy://ntfy.sh/door?actions=view": "has ?actions=, which is not sent: the buttons are the "
    "answers",
    "ntfy://ntfy.sh/door?+X-Forwarded=S3CRET": "has ?+x-forwarded=, which is not sent",
    "ntfy://ntfy.sh/door?S3CRETxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx=1": "has an option, which is not",
    "ntfy://ntfy.sh/door#S3CRET": "has a #, and what stands behind it is not sent",
    "ntfy://ntfy.sh/t%C3%BCr": "names a topic, a chat or a person that its service cannot have",
    "ntfy://me:S3#CRET@ntfy.example/door": "names a topic, a chat or a person that its",
    "ntfy://me:S3/CRET@ntfy.example/door": "names a topic, a chat or a person that its",
    f"tgram://{TOKEN}": "names nobody. Write its topic or chat at the end",
    f"tgram://{TOKEN}/4711/x!y": "names a topic, a chat or a person that its service cannot have",
    f"tgram://{TOKEN}/4711?content=before": "has ?content=, which is not sent: a text stands below",
    f"tgram://{TOKEN}/4711?silnt=1": "Write silent, or leave it out",
    "json://nas/x?title=Ding": "has ?title=, which is not sent: the service has no such option",
    "gotify://nas/tokenxyz123456789?+X-Key=S3CRET": "has ?+x-key=, which is not sent",
    "json://nas/x?silent=1": "has ?silent=, which is not sent: the service has no such option",
    "mailto://a:S3CRET@gmail.com?subject=Ding": "has ?subject=, which is not sent",
    "ntfy://ntfy.sh/door?tags=a&tags=b": "has ?tags= twice, and only one is sent. Write it once",
    "ntfy://ntfy.sh/door?tags=a;TAGS=b": "has ?tags= twice, and only one is sent",
    "ntfy://ntfy.sh/door?tags=a&xtags=b": "has ?tags= and ?xtags=, and only one is sent",
    "json://nas/x?+X-Key=S3CRET&+X-Key=b": "has an option twice, and only one is sent",
    f"tgram://{TOKEN}/4711?topic=1&topic=2": "has ?topic= twice, and only one is sent",
    f"tgram://{TOKEN}/4711?topic=42&thread=43": "has ?topic= and ?thread=, and only one is sent",
    "ntfy://ntfy.sh/door?priority=7": "has ?priority= with an unknown value. Write one of min, low",
    "ntfy://ntfy.sh/door?priority=S3CRET": "has ?priority= with an unknown value. Write one of",
    f"tgram://{TOKEN}/4711?port=8081": "has ?port=, which is not sent: its server has one only",
    f"tgram://{TOKEN}/4711?user=me": "has ?user=, which is not sent: the token is the login",
    f"tgram://{TOKEN}/4711?silent=maybe": "has ?silent= with an unknown value. Write yes or no",
    "json://nas/x?verify=S3CRET": "has ?verify= with an unknown value. Write yes or no",
    "ntfy://ntfy.sh/door?rto=0": "has ?rto= with no time to wait. Write seconds, more than 0",
    f"tgram://{TOKEN}/4711?rto=": "has ?rto= with no time to wait. Write seconds, more than 0",
    "json://nas/x?cto=-1": "has ?cto= with no time to wait. Write seconds, more than 0, like ?cto=",
    "json://nas/x?cto=S3CRET": "has ?cto= with no time to wait. Write seconds, more than 0, like",
    "mailto://a:b@gmail.com?rto=nan": "has ?rto= with no time to wait. Write seconds, more than 0",
    "ntfys://door?topic=other": "has ?topic=, which is not sent",
    "ntfy://nas:8080": "names nobody. Write its topic or chat at the end",
    "ntfy://me:S3CRET@nas:8080/": "names nobody. Write its topic or chat at the end",
    "ntfy://nas?port=8080": "names nobody. Write its topic or chat at the end",
    "ntfy://nas:0/door": "has a port that cannot be one. Write a number from 1 to 65535",
    "json://nas:99999/x": "has a port that cannot be one",
    "ntfy://nas/door;priority=S3CRET": "has a ;, and what stands behind it is not sent",
    "mailto://a:b@gmail.com/c@example.org;S3CRET@example.org": "has a ;, and what stands behind it",
}


@pytest.mark.parametrize("url", REFUSED, ids=range(len(REFUSED)))
def test_what_nobody_would_send_is_refused(url, caplog):
    """It says what, and what to do; a secret appears nowhere."""
    fault = fault_in_url(url)
    assert REFUSED[url] in (fault or "")
    assert "S3CRET" not in fault + caplog.text


TAKEN = [
    "ntfys://tk_secret@ntfy.example.org/anna",
    "ntfy://me:pa%23ss%2Fword@ntfy.example.org:81/anna/ben?priority=max&format=markdown",
    "ntfy://me:pa;ss@ntfy.example.org:81/anna",
    "json://me:pa;ss@nas",
    "ntfy://ntfy.sh/door?xtags=a,b&avatar_url=http://x/i.png&verify=no&cto=3&rto=9&to=other",
    "ntfy://ntfy.sh/door?auth=token&token=tk_x&mode=private&overflow=split&redirect=no&retry=2",
    f"tgram://{TOKEN}/4711?format=markdown&mdv=v2&preview=no&album=yes&detect=no",
    "json://nas/x?+X-Key=a&:extra=b&-query=c&-Query=d&method=PUT&verify=no",
    "ntfy://ntfy.sh/door?priority=&tags&delay=30s&click=http://x/?a=1",
    "mailto://a:b@example.org?to=anna@example.org&cc=c@example.org&bcc=d@example.org",
    "mailtos://a:b@gmail.com?to=anna@example.org&cc=c@example.org&name=Door&mode=ssl&smtp=x.org",
    "pover://user@token?priority=high&sound=bike&url=http://x",
    "discord://123456789012345678/abcdefghijklmnopqrstuvwxyz?tts=yes&avatar=no&thread=5",
    "https://discord.com/api/webhooks/123456789012345678/abcdefghijklmnopqrstuvwxyz",
    "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general?image=no&footer=no",
    "gotify://nas/tokenxyz123456789?priority=high",
    "mqtts://user:pass@broker/doorbell/ring?qos=1&retain=no",
    "hassio://nas/accesstoken",
    "signal://nas/+15550100100/+15550100101?status=no",
    "matrix://user:pass@nas/#room?msgtype=text",
    "syslog://?facility=user",
]


@pytest.mark.parametrize("url", TAKEN, ids=[url.partition(":")[0] for url in TAKEN])
def test_what_services_document_is_taken(url):
    """No address that works is refused."""
    assert fault_in_url(url) is None


@pytest.mark.parametrize("kind", ["ntfy", "json"])
@pytest.mark.parametrize("name", ["anna", "łukasz"])
def test_a_name_and_a_password_have_any_letters(service, kind, name):
    """They are sent in UTF-8, as ntfy and other servers read them."""
    _send(f"{kind}://{name}:пар%C3%B6ль%3A@127.0.0.1:{service.port}/door", NOTE)
    (sent,) = service.got
    said = sent.headers["Authorization"].removeprefix("Basic ")
    assert base64.b64decode(said).decode() == f"{name}:парöль:"


def test_ntfys_token_may_be_a_password_without_a_name(service):
    """As in ntfy's own examples."""
    _send(f"ntfy://:tk_x@127.0.0.1:{service.port}/door", NOTE)
    said = service.got[0].headers["Authorization"].removeprefix("Basic ")
    assert base64.b64decode(said) == b":tk_x"


def test_times_and_redirects_of_an_address_count(service):
    """`rto` is the seconds to wait, and with `redirect=no` none is followed."""
    (phone,) = open_phones(f"{service.url('ntfy')}?cto=2&rto=1.5&redirect=no&verify=no")
    assert phone._access()["timeout"] == (2.0, 1.5)
    service.answer = Answer(307, b"", {"Location": "/elsewhere"})
    with pytest.raises(ConnectionError, match="answers 307: it redirects"):
        phone.send(NOTE)
    assert len(service.got) == 1
