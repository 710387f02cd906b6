"""Questions and answers: each has a default, and what cannot be is asked again with the reason."""

import re
import shutil
import textwrap
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import time
from typing import TypeVar

from hub.admin.setup.draft import Draft

Answer = TypeVar("Answer")
WIDEST = 100  # columns
SKIP = ("s", "skip")
NONE = "none"  # what people write to have something no more
MARKS = ("→ ", "✗ ")
YES, NO = ("y", "yes"), ("n", "no")


class Skipped(Exception):  # noqa: N818 - an answer, not an error
    """This step shall stay as it is."""


class Dialog:
    """Asks somebody.

    Args:
        say: Shows a line.
        read: Shows a prompt, and gives the line that is typed after it.
        pressed: Waits up to so many seconds, and gives whether Enter was pressed meanwhile.
    """

    def __init__(
        self,
        say: Callable[[str], None],
        read: Callable[[str], str],
        pressed: Callable[[float], bool],
    ) -> None:
        self._say, self._read, self.pressed = say, read, pressed

    def say(self, text: str = "") -> None:
        """Show it below the question."""
        self._say(f"  {text}" if text else "")

    def explain(self, text: str) -> None:
        """Show prose, as wide as fits."""
        width, rest = (
            min(WIDEST, shutil.get_terminal_size().columns - 1),
            "    " if text[:2] in MARKS else "  ",
        )
        self._say(
            textwrap.fill(
                text, width, initial_indent="  ", subsequent_indent=rest, break_on_hyphens=False
            )
        )

    def head(self, text: str) -> None:
        """A step begins."""
        self._say("")
        self._say(text)

    def ask(self, question: str, default: str, understand: Callable[[str], Answer]) -> Answer:
        """Ask until the answer can be understood; Enter is the default.

        Args:
            question: In a few words.
            default: As it would be typed.
            understand: Gives what an answer means; raises ValueError with the reason why it means nothing.

        Raises:
            Skipped: they want to skip this step.
        """
        while True:
            typed = self._read(f"  {question} [{default}]: ").strip()
            if typed.lower() in SKIP:
                raise Skipped
            try:
                return understand(typed or default)
            except ValueError as error:
                self.explain(f"✗ {error}")

    def choose(self, question: str, default: str, choices: Sequence[str]) -> str:
        """One of these words."""

        def understand(typed: str) -> str:
            if typed.lower() not in choices:
                raise ValueError(f"{typed!r}: write {', '.join(choices[:-1])} or {choices[-1]}")
            return typed.lower()

        return self.ask(question, default, understand)

    def agree(self, question: str, *, default: bool = True) -> bool:
        """Yes or no."""

        def understand(typed: str) -> bool:
            if typed.lower() not in (*YES, *NO):
                raise ValueError("write y for yes or n for no")
            return typed.lower() in YES

        return self.ask(question, "y" if default else "n", understand)

    def pick(
        self,
        question: str,
        default: str,
        found: Sequence[tuple[str, str]],
        fault_in: Callable[[str], str | None],
    ) -> str:
        """One of a numbered list, or anything else that is typed.

        Args:
            question: In a few words.
            default: The answer that Enter means.
            found: What is offered: each answer, and what it is in words.
            fault_in: Why an answer is none; None when it is one.
        """
        for number, (_, words) in enumerate(found, 1):
            self.say(f"{number:>3}  {words}")
        answers = [answer for answer, _ in found]
        shown = str(answers.index(default) + 1) if default in answers else default

        def understand(typed: str) -> str:
            answer = NONE if typed.lower() == NONE else typed
            if re.fullmatch(r"\d{1,3}", typed):
                if not 1 <= int(typed) <= len(answers):
                    raise ValueError(f"there is no number {typed} in the list")
                answer = answers[int(typed) - 1]
            if answer != NONE and (fault := fault_in(answer)):
                raise ValueError(fault)
            return answer

        return self.ask(question, shown, understand)


def moment_in(draft: Draft, *keys: str) -> time | None:
    """A time of day that is set; it may be written as text, too."""
    known = draft.get(*keys, kind=(time, str))
    with suppress(ValueError):
        return understand_moment(known) if isinstance(known, str) else known
    return None


def understand_moment(typed: str) -> time:
    """A time of day: `22:00`, `22` or `22:00:00`.

    Raises:
        ValueError: it is none.
    """
    found = re.fullmatch(r"(\d{1,2})(?:[:.](\d{2}))?(?::(\d{2}))?", typed)
    try:
        hour, minute, second = (int(part or 0) for part in found.groups()) if found else (99, 0, 0)
        return time(hour, minute, second)
    except ValueError:
        raise ValueError(f"{typed!r}: not a time of day. Write it like 22:00") from None
