"""What a server has answered: success, an error for good, or one for now. It needs no library."""

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from devices.phone.phone import PhoneAwayError, PhoneError, PhoneRefusalError

CONNECT_S = 4.0
READ_S = 30.0  # nobody waits for it: a slow answer is better than a second notification
REASON_CHARACTERS = 200
LONGEST_WAIT_S = 86_400.0  # a service that asks for more is tried again after a day
# A service may take later what it refuses with these (RFC 9110, 15.5 and 15.6; RFC 6585, 4).
FOR_NOW = {302, 303, 307, 408, 421, 423, 425, 429}
FOR_GOOD = {501, 505}
# What a gateway says of a service that it has reached, and whose answer it did not get (RFC 9110,
# 15.6.5, and Cloudflare's own two). A 502 mostly says that it was not reached.
MAY_HAVE_ARRIVED = {504, 520, 524}
SUCCESS = range(200, 300)  # RFC 9110, 15.3
# Slack's words for it (docs.slack.dev/reference/methods/chat.postMessage); its others are for good.
WORD = re.compile(r"[a-z_]+")
WORDS_FOR_NOW = {"accesslimited", "external_channel_migrating", "fatal_error", "internal_error"}
WORDS_FOR_NOW |= {"rate_limited", "ratelimited", "request_timeout", "service_unavailable"}
WORDS_FOR_NOW |= {"team_added_to_org"}


class HttpError(ConnectionError):
    """The call failed. The text says why, and contains neither path nor headers.

    Attributes:
        status: The server's status code; 0 if the server did not answer.
        answer: The JSON value of the server's answer; None if there is none.
        is_final: Whether the server would answer the same call alike at any time.
        retry_after_s: Seconds after which the server wants to be asked again; None if it does not
            say.
        is_doubtful: Whether the server may have taken the message, and has only not answered.
    """

    def __init__(
        self,
        text: str,
        status: int = 0,
        answer: Any = None,
        *,
        retry_after_s: float | None = None,
        is_doubtful: bool = False,
    ) -> None:
        super().__init__(text)
        self.status = status
        self.answer = answer
        self.retry_after_s = retry_after_s
        self.is_doubtful = is_doubtful or status in MAY_HAVE_ARRIVED
        self.is_final = retry_after_s is None and is_final(status)


def phone_error(name: str, error: HttpError) -> PhoneError:
    """The error of a phone whose service was called.

    Args:
        name: The phone's name.
        error: Why the call failed.
    """
    text = f"{name} {error}"
    if error.is_final:
        return PhoneRefusalError(text)
    return PhoneAwayError(text, error.retry_after_s, is_doubtful=error.is_doubtful)


def error_with(
    status: int, headers: Mapping[str, str], body: str, *, redirects: bool = False, words: str = ""
) -> HttpError:
    """The error that a server has answered with.

    Args:
        status: The status code.
        headers: The headers, whose names are found in upper and lower case.
        body: The text of the answer.
        redirects: Whether it is a redirect, which is not followed.
        words: What the server calls this status.
    """
    answer = _json(body)
    if redirects:
        why = "it redirects, and the message would be lost or readable on the way"
        return HttpError(f"answers {status}: {why}. Write the new address", status, answer)
    wait_s = _asked_wait_s(headers, answer)
    reason = _reason(body, answer, words)
    return HttpError(f"answers {status}: {reason}", status, answer, retry_after_s=wait_s)


def error_in(answer: dict[str, Any]) -> HttpError:
    """The error that stands in an answer, whatever its status; see `refuses`.

    Telegram has a number and a description, Slack a word, DingTalk and WeCom a message.
    """
    status = answer.get("error_code")
    word = answer.get("error")
    text = answer.get("description") or word or answer.get("errmsg") or "an error without words"
    number = f"{status}: " if status else ""
    error = HttpError(
        f"answers {number}{text}"[:REASON_CHARACTERS],
        status if isinstance(status, int) else 0,
        answer,
        retry_after_s=_asked_wait_s({}, answer),
    )
    if status is None and isinstance(word, str) and WORD.fullmatch(word):
        error.is_final = error.retry_after_s is None and word not in WORDS_FOR_NOW
    return error


def refuses(answer: Any) -> bool:
    """Whether the JSON value of an answer says that the service did not do what it was asked for.

    Telegram and Slack have `ok`, Synology Chat and Join `success`, DingTalk and WeCom an `errcode`.
    """
    if not isinstance(answer, dict):
        return False
    return False in (answer.get("ok"), answer.get("success")) or bool(answer.get("errcode"))


def is_success(status: int) -> bool:
    """Whether a server has taken a message."""
    return status in SUCCESS


def is_final(status: int) -> bool:
    """Whether a server would answer the same call with this status at any time."""
    return status in FOR_GOOD or (status // 100 in (3, 4) and status not in FOR_NOW)


def _asked_wait_s(headers: Mapping[str, str], answer: Any) -> float | None:
    """Seconds: Retry-After (RFC 9110, 10.2.3), or the words of Telegram, Discord or Matrix."""
    seconds = _seconds_until(headers)
    if seconds is None and isinstance(answer, dict):
        parameters = answer.get("parameters")
        within = parameters if isinstance(parameters, dict) else answer
        seconds = _number(within.get("retry_after"))
        milliseconds = _number(within.get("retry_after_ms"))
        if seconds is None and milliseconds is not None:
            seconds = milliseconds / 1000
    return None if seconds is None else min(seconds, LONGEST_WAIT_S)


def _seconds_until(headers: Mapping[str, str]) -> float | None:
    """Retry-After, which is a number of seconds or a date. The date is by the server's clock."""
    text = headers.get("Retry-After", "")
    seconds = _number(text)
    if seconds is not None:
        return seconds
    at = _date(text)
    if at is None:
        return None
    now = _date(headers.get("Date", "")) or datetime.now(UTC)
    return max(0.0, (at - now).total_seconds())


def _date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _number(value: Any) -> float | None:
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return seconds if 0 <= seconds < math.inf else None


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _reason(body: str, answer: Any, words: str) -> str:
    """The server's own words: `error` or `description` of its JSON, or else the first line."""
    text = body
    if isinstance(answer, dict):
        text = answer.get("error") or answer.get("description") or ""
    lines = str(text).strip().splitlines() or [words or "nothing"]
    return lines[0][:REASON_CHARACTERS]
