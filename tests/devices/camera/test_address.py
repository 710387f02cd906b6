"""An address in a log, a status or a document must not give a password away."""

import pytest

from devices.camera import without_password


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
        ("/dev/video0", "/dev/video0"),
        ("/home/me/what?=@.mp4", "/home/me/what?=@.mp4"),
    ],
)
def test_what_may_be_shown_of_an_address(address: str, shown: str):
    assert without_password(address) == shown


def test_a_mask_shows_that_there_is_a_login():
    assert without_password("rtsp://bob:secret@cam/live", "***") == "rtsp://***@cam/live"
