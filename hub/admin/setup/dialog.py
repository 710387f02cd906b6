"""Questions and answers: each has a default; after an invalid answer it is asked again."""

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
NONE = "none"  # the answer of users who do not want a thing
MARKS = ("→ ", "✗ ")
YES, NO = ("y", "yes"), ("n", "no")


class Skipped(Exception):  # noqa: N818 - an answer, not an error
    """The user wants to skip this step."""


class Dialog:
    """Asks the user.

    Args:
        show: Shows a line.
        read: Shows a prompt, and returns the line that is typed after it.
        pressed: Waits up to so many seconds, and returns whether Enter was pressed meanwhile.
    """

    def __init__(
        self,
        show: Callable[[str], None],
        read: Callable[[str], str],
        pressed: Callable[[float], bool],
    ) -> None:
        self._show = show
        self._read = read
        self.pressed = pressed

    def show(self, text: str = "") -> None:
        """Show a line below the question."""
        self._show(f"  {text}" if text else "")

    def explain(self, text: str) -> None:
        """Show prose, as wide as fits."""
        width = min(WIDEST, shutil.get_terminal_size().columns - 1)
        rest = "    " if text[:2] in MARKS else "  "
        lines = textwrap.fill(
            text, width, initial_indent="  ", subsequent_indent=rest, break_on_hyphens=False
        )
        for line in lines.split("\n"):
            self._show(line)

    def head(self, text: str) -> None:
        """Show the title of a step."""
        self._show("")
        self._show(text)

    def ask(self, question: str, default: str, understand: Callable[[str], Answer]) -> Answer:
        """Ask until the answer is valid; Enter is the default.

        Args:
            question: In a few words.
            default: As it would be typed.
            understand: Returns what an answer means; raises ValueError with the reason why it is
                invalid.

        Raises:
            Skipped: the user wants to skip this step.
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
        """Ask for one of these words."""

        def understand(typed: str) -> str:
            if typed.lower() not in choices:
                raise ValueError(f"{typed!r}: write {', '.join(choices[:-1])} or {choices[-1]}")
            return typed.lower()

        return self.ask(question, default, understand)

    def agree(self, question: str, *, default: bool = True) -> bool:
        """Ask for yes or no."""

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
        """Ask for one of a numbered list, or for anything else that is typed.

        Args:
            question: In a few words.
            default: The answer that Enter means.
            found: What is offered: each answer, and what it is in words.
            fault_in: Returns why an answer is invalid; None when it is valid.
        """
        for number, (_, words) in enumerate(found, 1):
            self.show(f"{number:>3}  {words}")
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
    """A time of day in the settings, where it may also be written as text."""
    known = draft.get(*keys, kind=(time, str))
    with suppress(ValueError):
        return understand_moment(known) if isinstance(known, str) else known
    return None


def understand_moment(typed: str) -> time:
    """A time of day: `22:00`, `22` or `22:00:00`.

    Raises:
        ValueError: it is not one.
    """
    found = re.fullmatch(r"(\d{1,2})(?:[:.](\d{2}))?(?::(\d{2}))?", typed)
    if found:
        with suppress(ValueError):
            hour, minute, second = (int(part or 0) for part in found.groups())
            return time(hour, minute, second)
    raise ValueError(f"{typed!r}: not a time of day. Write it like 22:00")
