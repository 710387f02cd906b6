"""A phone asks to be notified, or no more: the page seals its subscription and tells the hub."""

import json
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from devices.phone.webpush.subscription import Subscription
from hub.remote.confirmed import UnconfirmedError
from hub.system.language import gettext as _
from hub.system.language import marked
from hub.web.login.user import User, user_of
from hub.web.push.enrolled import Enrolled
from hub.web.push.phone_names import name_of
from hub.web.rate_limiter import RateLimiter
from hub.wire.tokens.push_seal import push_secret, seal

log = logging.getLogger(__name__)
CHANGES_A_MINUTE = 20  # each is an event that the hub keeps
NO_HUB = marked("The doorbell does not respond now. Try again")
TOO_OFTEN = marked("Too often. Try again in a minute")
NAME_TAKEN = marked(
    "Another phone has this name. Give this one another name on the page of the phones"
)
DISK = marked("The disk of the doorbell takes nothing, so this could not be kept")
NO_OBJECT = marked("This is no JSON object")


class Enrolment:
    """The requests of "Notify this phone".

    Args:
        key: The key of the house.
        enrolled: Who gets web push.
        tell: Tells the hub a phone's name and its sealed subscription, and waits.
    """

    def __init__(self, key: str, enrolled: Enrolled, tell: Callable[[str, str], object]) -> None:
        self._key = key
        self._enrolled = enrolled
        self._tell = tell
        self._limit = RateLimiter(CHANGES_A_MINUTE)

    def routes(self) -> list[Route]:
        """Its routes."""
        return [
            Route("/push/key", self.give_key),
            Route("/push/subscription", self.change, methods=["POST"]),
        ]

    async def give_key(self, request: Request) -> Response:
        """The key for which a browser subscribes, and whether this phone has done so."""
        user, name = _name(request, request.query_params.get("device", ""))
        key = await run_in_threadpool(_public_key, self._key)
        known = self._enrolled.has(name, user.phone)
        return JSONResponse({"key": key, "phone": name, "known": known})

    async def change(self, request: Request) -> Response:
        """Take a subscription, or none: `{"subscription": …, "device": "…"}`.

        With `"again": true` the page says what it said before: the phone is not greeted once more.
        """
        asked = await _json(request)
        user, name = _name(request, str(asked.get("device", "")))
        subscription = asked.get("subscription")
        if not self._limit.take():
            raise HTTPException(HTTPStatus.TOO_MANY_REQUESTS, TOO_OFTEN, {"Retry-After": "60"})
        if subscription is not None and self._enrolled.is_of_another(name, user.phone):
            raise HTTPException(HTTPStatus.CONFLICT, NAME_TAKEN)
        try:
            page = request.headers.get("origin") or str(request.base_url).rstrip("/")
            is_again = asked.get("again") is True
            sealed = self._sealed(name, subscription, page, is_again=is_again)
        except ValueError as error:
            reason = {"reason": _(str(error))}
            words = _("This browser cannot be notified: %(reason)s") % reason
            raise HTTPException(HTTPStatus.BAD_REQUEST, words) from None
        await run_in_threadpool(self._take, name, user.phone, sealed)
        return JSONResponse({"ok": True, "phone": name})

    def _sealed(self, name: str, subscription: Any, page: str, *, is_again: bool) -> str:
        """The subscription for `notify`; empty for none.

        Raises:
            ValueError: It is no subscription of a public push service.
        """
        if subscription is None:
            return ""
        fields = subscription if isinstance(subscription, dict) else {}
        read = Subscription.of({**fields, "page": page})
        return seal(self._key, name, {**read.as_json(), "again": is_again})

    def _take(self, name: str, phone_id: str, sealed: str) -> None:
        """Note it, so that it ends with the login, and tell the hub.

        Raises:
            HTTPException: The disk takes nothing, or there is no hub.
        """
        try:
            if sealed:
                self._enrolled.put(name, phone_id)
            self._tell(name, sealed)
            if sealed:
                self._enrolled.confirm(name)
            else:
                self._enrolled.remove(name)
        except UnconfirmedError as error:
            log.warning("the hub was not told of web push to %s: %s", name, error)
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, NO_HUB) from None
        except OSError as error:
            log.warning("web push to %s could not be kept: %s", name, error)
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, DISK) from None


def _public_key(key: str) -> str:
    from devices.phone.webpush.vapid import Vapid  # noqa: PLC0415 - 3 MB, where it is used

    return Vapid(push_secret(key)).public_key


def _name(request: Request, device: str) -> tuple[User, str]:
    """Who is logged in, as the guard lets nobody else in, and the name of this phone."""
    user = user_of(request)
    if user is None:
        raise HTTPException(HTTPStatus.UNAUTHORIZED)
    try:
        return user, name_of(user, device)
    except ValueError as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST, str(error)) from None


async def _json(request: Request) -> dict[str, Any]:
    try:
        found = json.loads(await request.body())
    except (ValueError, RecursionError):  # the latter by too much nesting
        found = None
    if not isinstance(found, dict):
        raise HTTPException(HTTPStatus.BAD_REQUEST, NO_OBJECT)
    return found
