"""`[web]`: the page, the links of answers, and who may see what."""

import re
from ipaddress import ip_address, ip_network

from pydantic import Field, field_validator, model_validator

from config.section import Section

# What every client may send, whoever it is, and what a proxy writes for other reasons.
NOT_A_USER = re.compile(
    r"(?i)accept.*|authorization|cache-control|connection|content-.*|cookie|date|dnt|forwarded"
    r"|from|host|if-.*|origin|range|referer|sec-.*|te|upgrade.*|user-agent|via|x-forwarded-(for"
    r"|host|port|proto|server)|x-real-ip|x-requested-with|x-ingress-path"
)
LOOPBACK = ["127.0.0.1", "::1"]


class Web(Section):
    """`[web]`: the page, and the links of answers. Links need a url, the page does not."""

    page: bool | None = Field(
        None,
        description="true: doorbell-web serves the page; false: links only. Not set: it serves the"
        " page wherever it runs, which is in `doorbell run`, and with a url",
    )
    url: str | None = Field(
        None, description="the public address of page and links, as a phone reaches it"
    )
    listen: str = Field(
        "127.0.0.1", min_length=1, description="the address that doorbell-web listens on"
    )
    port: int = Field(8780, ge=1, le=65535, description="the port that it listens on")
    expire_s: float = Field(
        86_400, ge=60, le=2_592_000, description="how long a link is valid, in seconds"
    )
    proxies: list[str] = Field(
        LOOPBACK, description="addresses of reverse proxies, which say where a request comes from"
    )
    user_header: str | None = Field(
        None, description="the header in which a proxy names the user that has logged in there"
    )
    metrics: bool = Field(
        False, description="whether programs on this machine may read /metrics without a login"
    )

    keep_days: float = Field(90, gt=0, description="how long the page keeps a visit")

    @property
    def is_wanted(self) -> bool:
        """Whether doorbell-web runs on an installed machine."""
        return self.url is not None or bool(self.page)

    @field_validator("listen")
    @classmethod
    def _is_of_this_machine(cls, listen: str) -> str:
        try:
            return listen if listen == "localhost" else str(ip_address(listen))
        except ValueError:
            raise ValueError(
                "not an address of this machine. Write 127.0.0.1, or 0.0.0.0 for all of them"
            ) from None

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str | None) -> str | None:
        if url is not None and not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", url):
            raise ValueError(
                "not an address of a web page. Write https://door.example.org, without ? and #"
            )
        return url and url.rstrip("/")

    @field_validator("proxies")
    @classmethod
    def _are_addresses(cls, proxies: list[str]) -> list[str]:
        try:
            for one in proxies:
                ip_network(one)
        except ValueError:
            raise ValueError(
                "not an address or network. Write 192.168.1.5, or 172.18.0.0/16"
            ) from None
        return proxies

    @field_validator("user_header")
    @classmethod
    def _is_a_header(cls, header: str | None) -> str | None:
        if header is None:
            return None
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,63}", header):
            raise ValueError("not the name of a header. Write one like Remote-User")
        if NOT_A_USER.fullmatch(header):
            raise ValueError(
                "every client may send it, so it would let strangers in. Write the header in which"
                " your proxy names the user, like Remote-User or Tailscale-User-Login"
            )
        return header

    @model_validator(mode="after")
    def _lets_no_stranger_in(self) -> "Web":
        if self.user_header is None:
            return self
        if "proxies" not in self.model_fields_set or not self.proxies:
            raise ValueError(
                "user_header needs proxies: whoever else sends it would be let in. Write the"
                ' address from which your proxy comes: proxies = ["127.0.0.1"]'
            )
        wide = [one for one in self.proxies if ip_network(one).num_addresses > 1]
        if wide:
            raise ValueError(
                f"{', '.join(wide)} in proxies is a whole network, each of whose machines could"
                " name itself a user in user_header. Write the address of the proxy alone"
            )
        return self
