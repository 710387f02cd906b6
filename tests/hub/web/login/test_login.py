"""Who gets in, who does not, and how somebody is thrown out again."""

import re
import stat

import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from hub.web.login import password, register, routes
from hub.web.login.register import CODE_S, FILE, Register
from tests.hub.web.client import Client, build_app, log_in

PASSWORD = "correct horse battery"  # noqa: S105


@pytest.fixture
def app(tmp_path):
    return build_app(tmp_path)


@pytest.fixture
def stranger(app):
    return Client(app)


@pytest.fixture
def phone(app, tmp_path):
    return log_in(app, tmp_path)


def _with_password(folder):
    Register(folder).set_password(password.hash_of(PASSWORD))


@pytest.mark.parametrize("path", ["/", "/phones", "/nothing", "//login", "/loginx"])
def test_a_stranger_sees_nothing(stranger, path):
    """A browser is led to the login, a program gets 401; which paths exist is not told."""
    assert stranger.get(path) == 303
    assert stranger.headers["location"] == "/login"
    assert stranger.get(path, accept="*/*") == 401
    assert stranger.post(path) == 401


@pytest.mark.parametrize("path", ["/login/../phones", "/static/../phones", "/a/../phones"])
def test_a_path_is_taken_as_it_is(stranger, path):
    """What is below an open path leads nowhere else."""
    assert stranger.get(path) in (403, 404, 410)
    assert "Log out" not in stranger.text


def test_every_response_has_its_security_headers(stranger, phone):
    """Refused, redirected, shown or missing."""
    for client in (stranger, phone):
        for path in ("/", "/login", "/phones", "/nothing", "/a/x"):
            client.get(path)
            assert "default-src 'none'" in client.headers["content-security-policy"], path
            assert client.headers["x-content-type-options"] == "nosniff"
            assert client.headers["cache-control"] == "no-store"
            assert client.headers["x-frame-options"] in ("DENY", "SAMEORIGIN")


def test_a_one_time_address_logs_one_phone_in(app, tmp_path):
    """A preview uses nothing up; a second phone is refused; the code itself is never kept."""
    code = Register(tmp_path).make_code()
    assert code not in (tmp_path / FILE).read_text()
    first, second = Client(app), Client(app)
    assert first.get(f"/login/{code}", user_agent="Mozilla/5.0 (iPhone; …)") == 200
    assert 'value="iPhone"' in first.text
    assert second.get(f"/login/{code}") == 200
    assert first.post(f"/login/{code}", {"name": "Anna"}) == 303
    assert first.headers["location"] == "/"
    assert second.get(f"/login/{code}") == 410
    assert second.post(f"/login/{code}", {"name": "Eve"}) == 410
    assert (first.get("/phones"), second.get("/phones")) == (200, 303)
    assert [one.name for one in Register(tmp_path).phones()] == ["Anna"]


def test_a_one_time_address_is_good_for_ten_minutes(tmp_path):
    """A clock that is set back does not make it younger."""
    now_s = 1_000_000.0
    kept = Register(tmp_path, lambda: now_s)
    code = kept.make_code()
    now_s += CODE_S
    assert kept.knows(code)
    now_s += 1
    assert not kept.knows(code)
    assert not kept.use(code)
    now_s -= CODE_S + 1 + register.SET_BACK_S + 1
    assert not kept.use(code)


def test_the_password_is_set_at_the_first_login_and_logs_others_in(app, tmp_path):
    """It is kept as a hash, for its owner alone; a short one uses up no address."""
    code = Register(tmp_path).make_code()
    first, other = Client(app), Client(app)
    assert other.get("/login") == 200
    assert "No password is set yet" in other.text
    assert other.post("/login", {"password": ""}) == 403
    assert first.post(f"/login/{code}", {"name": "A", "new": "short"}) == 400
    assert "at least 8 characters" in first.text
    assert first.post(f"/login/{code}", {"name": "A", "new": PASSWORD}) == 303
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert PASSWORD not in (tmp_path / FILE).read_text()
    assert other.post("/login", {"password": f"{PASSWORD}!"}) == 403
    assert other.get("/phones") == 303
    assert other.post("/login", {"password": PASSWORD, "name": "A"}) == 303
    assert other.get("/phones") == 200
    assert [one.name for one in Register(tmp_path).phones()] == ["A", "A 2"]


def test_the_cookie_is_what_owasp_asks_for(app, tmp_path):
    """HttpOnly, SameSite, long; over HTTPS also Secure, and bound to this host alone."""
    plain, secure = log_in(app, tmp_path), log_in(app, tmp_path, origin="https://door")
    given = plain.headers["set-cookie"]
    assert re.match(r"doorbell-[0-9a-f]{8}=[^;]+; HttpOnly; Max-Age=34560000; Path=/;", given)
    assert "SameSite=lax" in given
    assert "Secure" not in given
    given = secure.headers["set-cookie"]
    assert given.startswith("__Host-doorbell-")
    assert "Secure" in given
    assert "Domain" not in given
    taken_over = Client(app, origin="https://door")
    taken_over.cookies = plain.cookies
    assert taken_over.get("/phones") == 303


def test_a_forged_cookie_and_one_of_another_house_are_none(app, phone, tmp_path):
    """The signature is checked before anything else."""
    ((name, text),) = phone.cookies.items()
    id_, _, signature = text.rpartition(".")
    for forged in (id_, f"{id_}.", f"{id_}.{signature[:-2]}xx", f"x{text}", "", "."):
        phone.cookies = {name: forged}
        assert phone.get("/phones") == 303, forged


def test_a_phone_that_is_revoked_is_out_at_once(app, tmp_path):
    """By another phone, by another process, and by its own logout."""
    one, two, three = (log_in(app, tmp_path) for _ in range(3))
    ids = {phone.name: phone.id for phone in Register(tmp_path).phones()}
    assert list(ids) == ["My phone", "My phone 2", "My phone 3"]
    assert one.post(f"/phones/{ids['My phone 2']}/revoke") == 303
    assert (two.get("/phones"), three.get("/phones")) == (303, 200)
    Register(tmp_path).revoke(ids["My phone 3"])
    assert (one.get("/phones"), three.get("/phones")) == (200, 303)
    four = log_in(app, tmp_path)
    assert four.post("/phones/others") == 303
    assert (one.get("/phones"), four.get("/phones")) == (303, 200)
    cookies = four.cookies
    assert four.post("/logout") == 303
    assert four.cookies == {}
    four.cookies = cookies
    assert four.get("/phones") == 303


def test_the_house_leads_to_the_phones(phone):
    """A person who lost a phone finds them."""
    assert phone.get("/house") == 200
    assert re.search(r'href="[^"]*phones"', phone.text)


def test_a_phone_has_a_name_that_people_change(phone, tmp_path):
    """Any text, escaped; two phones never have the same."""
    (kept,) = Register(tmp_path).phones()
    assert phone.post(f"/phones/{kept.id}/name", {"name": "  <b>Anna's\n phone"}) == 303
    assert phone.get("/phones") == 200
    assert "&lt;b&gt;Anna&#x27;s phone" in phone.text
    assert "<b>" not in phone.text
    assert phone.post("/phones/nobody/name", {"name": "x"}) == 400


def test_changing_the_password_takes_the_present_one(phone, tmp_path):
    """A phone that was left lying about cannot lock the house out."""
    assert phone.post("/phones/password", {"new": PASSWORD}) == 303
    kept = Register(tmp_path).password
    assert phone.post("/phones/password", {"new": "another password"}) == 400
    assert phone.post("/phones/password", {"new": "x", "password": PASSWORD}) == 400
    assert Register(tmp_path).password == kept
    assert phone.post("/phones/password", {"new": "another one", "password": PASSWORD}) == 303
    assert password.is_right("another one", Register(tmp_path).password)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil"},
        {"origin": "null"},
        {"origin": None},
        {"origin": "http://door.evil"},
        {"origin": "http://["},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"origin": "http://evil", "sec_fetch_site": ""},
    ],
)
def test_a_form_of_another_page_does_nothing(phone, tmp_path, headers):
    """403, with a valid cookie too; also for logging in and out."""
    (kept,) = Register(tmp_path).phones()
    for path in (f"/phones/{kept.id}/revoke", "/logout", "/login", "/phones/others"):
        assert phone.post(path, **headers) == 403
    assert phone.get("/phones") == 200


@pytest.mark.parametrize("headers", [{}, {"origin": None, "sec_fetch_site": "same-origin"}])
def test_a_form_of_our_own_page_is_taken(phone, headers):
    """By its origin over plain HTTP, by Sec-Fetch-Site where browsers send it."""
    assert phone.post("/logout", **headers) == 303


@pytest.mark.usefixtures("standing_limits")
def test_wrong_passwords_make_a_stranger_wait_and_nobody_else(app, phone, tmp_path):
    """429 for his address; other addresses, one-time addresses and logged-in phones go on."""
    _with_password(tmp_path)
    stranger = Client(app, address="192.168.1.66")
    tried = [stranger.post("/login", {"password": f"guess {n}"}) for n in range(8)]
    assert tried == [403] * 5 + [429] * 3
    assert stranger.post("/login", {"password": PASSWORD}) == 429
    assert phone.get("/phones") == 200
    assert Client(app, address="192.168.1.7").post("/login", {"password": PASSWORD}) == 303
    code = Register(tmp_path).make_code()
    assert stranger.post(f"/login/{code}", {"name": "x"}) == 303


def test_a_damaged_file_lets_nobody_in(app, phone, tmp_path, caplog):
    """It is a fault that says what to do, and no reason to trust anybody."""
    (tmp_path / FILE).write_text("{")
    with pytest.raises(OSError, match=r"is damaged\. Remove it, and log in anew: doorbell link"):
        phone.get("/phones")
    (tmp_path / FILE).unlink()
    assert phone.get("/phones") == 303


def test_a_full_disk_logs_nobody_in_and_nobody_out(app, phone, tmp_path, monkeypatch):
    """503; who is logged in stays so."""
    code = Register(tmp_path).make_code()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(register.atomic_file, "write", full)
    assert Client(app).post(f"/login/{code}", {"name": "x"}) == 503
    assert phone.get("/phones") == 200


def test_the_cookie_is_given_anew_each_day(app, phone, tmp_path, monkeypatch):
    """Browsers forget one after 400 days; when a phone was seen is written once a day."""
    phone.headers = {}
    assert phone.get("/phones") == 200
    assert "set-cookie" not in phone.headers
    before = (tmp_path / FILE).read_text()
    monkeypatch.setattr(register, "SEEN_S", 0.0)
    assert phone.get("/phones") == 200
    assert "set-cookie" in phone.headers
    assert (tmp_path / FILE).read_text() != before


def test_without_the_page_there_are_only_links(tmp_path):
    """`page = false`: no login either."""
    client = Client(build_app(tmp_path, web={"page": False}))
    assert client.get("/login") == 404
    assert client.get("/a/x") == 403


def test_at_most_a_few_passwords_are_checked_at_a_time(monkeypatch):
    """Each takes 16 MB; what comes on top is refused, and does not wait."""
    assert routes.WAITING * 128 * 8 * (1 << 14) < 128 * 2**20


def test_only_who_is_logged_in_may_take_his_time(app, phone, tmp_path):
    """A stranger's request has a deadline; a phone's response ends when it is logged out."""

    async def tell(request):
        is_known = getattr(request.state, "is_known", lambda: None)
        Register(tmp_path).revoke(*(one.id for one in Register(tmp_path).phones()))
        return PlainTextResponse(f"{is_known()}")

    app.router.routes += [Route(path, tell) for path in ("/login/x/time", "/time")]
    assert phone.get("/time") == 200
    assert phone.text == "False"
    stranger = Client(app)
    assert stranger.get("/login/x/time") == 200
    assert stranger.text == "None"
