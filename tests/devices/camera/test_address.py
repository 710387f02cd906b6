"""An address in a log, a status or a document must not give a password away."""

import pytest

from devices.camera import CameraError, open_camera, without_password
from devices.camera.address import fault_in_address, literal_address, plain_address


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rtsp://bob:secret@cam:554/live", "rtsp://cam:554/live"),
        ("rtsp://bob:se/cret@cam/live", "rtsp://cam/live"),
        ("rtsp://bob:se@cret@cam/live", "rtsp://cam/live"),
        ("rtsp://cam/user=admin&password=secret&channel=1.sdp", "rtsp://cam/…"),
        ("http://cam:81?loginpas=secret", "http://cam:81?…"),
        ("http://bob:x@cam:81/video.cgi?pwd=secret", "http://cam:81/…"),
        (
            "no rtsp://bob:secret@cam/a nor http://b/c?d=secret now",
            "no rtsp://cam/a nor http://b/… now",
        ),
        ("http://cam/snap?user=a&pwd=p@ss", "http://cam/…"),
        ("http://cam/snap?user=a&pwd=p#s s", "http://cam/…"),
        ("rtsp://bob:se cret@cam/live", "rtsp://cam/live"),
        ("rtsp://bob:p@ss/w@cam/live", "rtsp://cam/live"),
        ("rtsp://bob:p@ss/w@c!m/live", "rtsp://…"),
        ("rtsp://bob:pass@ho st/live", "rtsp://…"),
        ("rtsp://bob:p@s.s#w@cam", "rtsp://…"),
        ("rtsp://bob:p@s.s/w@cam", "rtsp://…"),
        ("rtsp://bob:p@ss?a=b@cam/live", "rtsp://…"),
        ("rtsp://bob:pass@1.2.3.4:554/cam@1", "rtsp://1.2.3.4:554/…"),
        ("http://cam:81/s?mail=me@example.org", "http://cam:81/…"),
        ("it is 'rtsp://bob:p@ss/w@cam/x'.", "it is 'rtsp://cam/x'."),
        ("it is 'rtsp://bob:p@ss/w@cam'.", "it is 'rtsp://…'."),
        ("/dev/video0", "/dev/video0"),
        ("/home/me/what?=@.mp4", "/home/me/what?=@.mp4"),
    ],
)
def test_what_may_be_shown_of_an_address(address: str, shown: str):
    assert without_password(address) == shown


def test_a_mask_shows_that_there_is_a_login():
    assert without_password("rtsp://bob:secret@cam/live", "***") == "rtsp://***@cam/live"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("rtsp://h/d", "rtsp://h/d"),
        (" RTSP://1.2.3.4:554/x@2", "rtsp://1.2.3.4:554/x@2"),
        (
            "rtsp://admin:p@ss%w#or/d@1.2.3.4:554/d",
            "rtsp://admin:p%40ss%25w%23or%2Fd@1.2.3.4:554/d",
        ),
        ("rtsp://admin:p%41/d@1.2.3.4/d", "rtsp://admin:p%2541%2Fd@1.2.3.4/d"),
        ("rtsp://admin:p%40ss%23@1.2.3.4/d", "rtsp://admin:p%40ss%23@1.2.3.4/d"),
        ("rtsp://admin:12/34@10.0.0.1/d", "rtsp://admin:12%2F34@10.0.0.1/d"),
        ("rtsp://admin:a b?c@cam/d?x=1", "rtsp://admin:a%20b%3Fc@cam/d?x=1"),
        ("rtsp://me@x.de:pw@[fe80::1]/d", "rtsp://me%40x.de:pw@[fe80::1]/d"),
        ("rtsp://u:p@nvr/cam@1", "rtsp://u:p@nvr/cam@1"),
        ("rtsp://nvr:554/path/a:b@c", "rtsp://nvr:554/path/a:b@c"),
        ("http://h/snap?user=a:b@1.2.3.4", "http://h/snap?user=a:b@1.2.3.4"),
        ("rtsp://a:b@cam/s?tok=x@y.z/q", "rtsp://a:b@cam/s?tok=x@y.z/q"),
        ("http://cam:81/s?mail=me@example.org", "http://cam:81/s?mail=me@example.org"),
        ("rtsp://admin:p#1@1.2.3.4/s?x=@y", "rtsp://admin:p%231@1.2.3.4/s?x=@y"),
        ("rtsp://admin:12/34@cam/s", "rtsp://admin:12%2F34@cam/s"),
        ("rtsp://admin:554#4@cam/s", "rtsp://admin:554%234@cam/s"),
        ("http://cam/x?pwd=a#b", "http://cam/x?pwd=a%23b"),
        ("http://cam/a#b", "http://cam/a%23b"),
        ("test", "test"),
    ],
)
def test_an_address_may_be_written_as_people_write_it(written: str, meant: str):
    """Passwords are copied as they are; what is encoded already stays."""
    assert plain_address(written) == meant
    assert "://" not in written or fault_in_address(written) is None


def test_a_percent_sign_may_be_one():
    """Where the camera refuses the login, `%41` is tried as three characters."""
    assert literal_address("rtsp://admin:a%41b@h/d") == "rtsp://admin:a%2541b@h/d"
    assert literal_address("rtsp://h/a%41") == "rtsp://h/a%41"
    assert literal_address("test") == "test"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("rstp://h/d", "rstp:// is not a camera's address. Write rtsp://"),
        ("rtsp://", "there is no host in the address. Write rtsp://USER:PASSWORD@HOST/PATH"),
        ("rtsp://admin:secret@", "%2F for /"),
        ("rtsp://a:b@secret/s@y.z/q", "not clear where in the address the password ends"),
        ("rtsp://admin:p@secret/s?w@1.2.3.4/q", "not clear where"),
        ("rtsp://admin:1234/secret@cam/s", "not clear where"),
        ("rtsp://admin:p@secret.x#w@cam/s", "not clear where"),
        ("http://cam:8080/secret@1.2.3.4/x", "in the path %40 for @"),
    ],
)
def test_an_address_that_cannot_be_one_is_refused(address: str, words: str):
    """`check` says what to write, and does not show the password."""
    fault = fault_in_address(address)
    assert fault is not None
    assert words in fault
    assert "secret" not in fault


def test_no_camera_is_opened_at_an_address_that_cannot_be_one():
    """In a handler of your own, too: the login must not go to another host."""
    with pytest.raises(CameraError, match=r"the camera rtsp://.* not clear where") as refused:
        open_camera("rtsp://admin:p@secret/s@192.168.1.20/q")
    assert isinstance(refused.value, ValueError), "no restart helps: the process ends for good"
    assert "secret" not in str(refused.value)
