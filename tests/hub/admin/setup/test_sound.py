"""The sound's step of `doorbell setup`, with a card that only records what it would play."""

from pathlib import Path

import pytest

from devices.speaker import SpeakerError
from hub.admin.setup.dialog import Dialog
from hub.admin.setup.draft import Draft
from hub.admin.setup.questions import sound as setup_sound
from hub.admin.setup.questions.sound import ask_sound

CARDS = ["bcm2835 Headphones", "USB Audio"]


class _Card:
    """A card that is heard only when it is the USB one."""

    def __init__(self, name: str, played: list[tuple[str, str, float]]) -> None:
        self._name, self._played = name, played

    def play(self, sound: Path, volume: float, *, wait: bool = True) -> float:  # noqa: ARG002
        assert sound.is_file()
        self._played.append((self._name, sound.name, volume))
        return 1.0

    def close(self) -> None:
        """Nothing to let go of."""


class _Talk:
    """Answers one after the other; gives what was shown."""

    def __init__(self, *answers: str) -> None:
        self.shown: list[str] = []
        self._answers = list(answers)
        self.dialog = Dialog(self.shown.append, self._answer, lambda _: True)

    def _answer(self, prompt: str) -> str:
        self.shown.append(prompt)
        return self._answers.pop(0)


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, float]]:
    """What is played, and on which card; there are two."""
    told: list[tuple[str, str, float]] = []
    monkeypatch.setattr(setup_sound, "list_outputs", lambda: CARDS)
    monkeypatch.setattr(setup_sound, "open_speaker", lambda name, _: _Card(name, told))
    monkeypatch.setattr(setup_sound, "fault_in_speaker", lambda _: None)
    return told


def _draft(folder: Path, text: str = "") -> Draft:
    (folder / "doorbell.toml").write_text(text, encoding="utf-8")
    return Draft(folder / "doorbell.toml")


def test_who_hears_nothing_gets_hints_and_another_try(tmp_path: Path, played):
    """Each card by its number; the sound at the volume that is set."""
    talk = _Talk("3", "gong", "n", "y", "4", "", "y")
    changes = ask_sound(talk.dialog, _draft(tmp_path, "[handlers.bark]\nvolume = 50\n"))
    assert played == [("bcm2835 Headphones", "gong.wav", 0.5), ("USB Audio", "gong.wav", 0.5)]
    assert "    4  USB Audio" in talk.shown
    assert any("alsamixer" in line for line in talk.shown)
    assert changes == {
        ("handlers", "bark", "speaker"): "USB Audio",
        ("handlers", "bark", "sound"): "gong",
        ("handlers", "bark", "enabled"): None,
    }


def test_a_file_is_named_whole(tmp_path: Path, played, monkeypatch: pytest.MonkeyPatch):
    """The player's working folder is another one."""
    monkeypatch.chdir(tmp_path)
    draft = _draft(tmp_path)
    setup_sound.find_sound("ding", tmp_path)
    talk = _Talk("", "ding.wav", "")
    assert ask_sound(talk.dialog, draft)["handlers", "bark", "sound"] == str(tmp_path / "ding.wav")


def test_a_card_that_fails_is_told_and_is_not_the_end(
    tmp_path: Path, played, monkeypatch: pytest.MonkeyPatch
):
    """Another can be chosen, or none."""

    def fail(name: str, _: Path) -> None:
        raise SpeakerError("the sound card cannot be used now: it is busy")

    monkeypatch.setattr(setup_sound, "open_speaker", fail)
    talk = _Talk("2", "", "y", "none")
    assert ask_sound(talk.dialog, _draft(tmp_path)) == {("handlers", "bark", "enabled"): False}
    assert "  ✗ the sound card cannot be used now: it is busy" in talk.shown
