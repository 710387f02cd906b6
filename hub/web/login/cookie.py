"""The cookie by which a phone stays logged in: its id, signed with the key of the house."""

import hashlib

from itsdangerous import BadSignature, Signer
from starlette.requests import Request
from starlette.responses import Response

from hub.web.login.register import FORGOTTEN_S

SALT = "doorbell phone"


class PhoneCookie:
    """Reads and sets it.

    Over HTTPS its name begins with `__Host-`, which no other site of the domain can set, and it is
    Secure. SameSite is Lax, so that a notification leads to the page; requests that change
    something are checked for their origin. The name is the house's own, because browsers share
    cookies between the ports of a machine.
    """

    def __init__(self, key: str) -> None:
        """Take the key of the house. Another key logs all phones out."""
        self._signer = Signer(key, SALT, key_derivation="hmac", digest_method=hashlib.sha256)
        self._name = f"doorbell-{hashlib.sha256(f'{SALT} {key}'.encode()).hexdigest()[:8]}"

    def id_in(self, request: Request) -> str | None:
        """The id of the phone; None without a cookie that this house has signed."""
        text = request.cookies.get(self._name_for(request), "")
        try:
            return self._signer.unsign(text).decode()
        except (BadSignature, UnicodeDecodeError):
            return None

    def set(self, request: Request, response: Response, id_: str) -> None:
        """Give it to the browser, for as long as browsers keep one."""
        response.set_cookie(
            self._name_for(request),
            self._signer.sign(id_).decode(),
            max_age=int(FORGOTTEN_S),
            path="/",
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="lax",
        )

    def clear(self, request: Request, response: Response) -> None:
        """Have the browser forget it."""
        is_secure = request.url.scheme == "https"
        name = self._name_for(request)
        response.delete_cookie(name, path="/", secure=is_secure, httponly=True, samesite="lax")

    def _name_for(self, request: Request) -> str:
        return f"__Host-{self._name}" if request.url.scheme == "https" else self._name
