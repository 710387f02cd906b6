"""The settings of a handler that uses a camera."""

from datetime import time

import pytest
from pydantic import ValidationError

from devices.camera import CameraSettings


class _Link:
    """Keeps who follows which topic."""

    def __init__(self):
        self.followers = {}

    def follow(self, topic, hear):
        self.followers[topic] = hear


def test_the_switch_on_the_broker_makes_the_camera_private(tmp_path):
    """Its last word is kept in the marker file."""
    link, marker = _Link(), tmp_path / "private"
    camera = CameraSettings(private_topic="home/private").open_camera(link, marker)
    try:
        assert camera.private() is None
        link.followers["home/private"]("on")
        assert camera.private() == "private, by its switch"
        assert marker.exists()
    finally:
        camera.close()


def test_without_a_topic_nothing_is_followed(tmp_path):
    """An old marker file does not count."""
    link, marker = _Link(), tmp_path / "private"
    marker.touch()
    camera = CameraSettings().open_camera(link, marker)
    camera.close()
    assert (camera.private(), link.followers) == (None, {})


def test_hours_need_two_ends():
    """One of them alone is a mistake."""
    with pytest.raises(ValidationError, match="private_from and private_to go together"):
        CameraSettings(private_from=time(8))


def test_a_topic_with_wildcards_is_a_fault():
    """It could not be one switch."""
    (fault,) = CameraSettings(private_topic="home/+").faults_in_privacy()
    assert fault.startswith("private_topic: 'home/+'")
    assert CameraSettings(private_topic="home/private").faults_in_privacy() == []
