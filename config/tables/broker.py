"""`[broker]`: where the MQTT broker is, and how to log in."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from config.section import Section
from config.tables.address import PLAIN_PORT, Address, names_port, parse

ROOT = re.compile(r"[a-z0-9_-]+(/[a-z0-9_-]+)*")


class Broker(Section):
    """`[broker]`: the MQTT broker. Without a host, `doorbell run` starts one."""

    host: str | list[str] | None = Field(
        None,
        description="its address, or those of the nodes of a cluster, which are tried in turn",
    )
    port: int | None = Field(
        None, ge=1, le=65535, description="the port of each address that does not name its own"
    )
    root: str = Field(
        "doorbell",
        max_length=128,
        description="the first levels of all topics; each house on a broker needs its own",
    )
    username: str | None = None
    password: SecretStr | None = None
    password_dir: Path | None = Field(
        None, description="a folder with one password file for each process, named like its user"
    )
    tls: bool = Field(
        default=False, description="TLS 1.2 or later, with the certificate and its name checked"
    )
    ca_file: Path | None = Field(
        None, description="the private CA, which switches TLS on; else the system's"
    )
    cert_file: Path | None = Field(
        None, description="our own certificate, for a broker that wants one; switches TLS on"
    )
    key_file: Path | None = Field(
        None, description="its private key; not set: it is in cert_file, too"
    )
    keepalive_s: int = Field(30, ge=5, le=3600)

    @field_validator("host", mode="before")
    @classmethod
    def _host_can_be_read(cls, host: Any) -> Any:
        if host is None:
            return None
        given = [host] if isinstance(host, str) else host
        is_text = isinstance(given, list | tuple) and all(isinstance(one, str) for one in given)
        if not is_text or not given:
            raise ValueError('not an address. Write "localhost", or a list of them: ["one", "two"]')
        if not all(one.strip() for one in given):
            raise ValueError("empty. Write an address, or leave it out")
        for one in given:
            parse(one)
        tidy = [one.strip() for one in given]
        return tidy[0] if isinstance(host, str) else tidy

    @field_validator("root")
    @classmethod
    def _root_is_levels(cls, root: str) -> str:
        if not ROOT.fullmatch(root):
            raise ValueError(
                "not the beginning of a topic. Write a-z, 0-9, - and _, with / between levels"
            )
        return root

    @property
    def addresses(self) -> Sequence[Address]:
        """Where it may be, in the order in which they are tried; never empty."""
        return [parse(one, self.port, tls=self._wants_tls) for one in self._given or ["127.0.0.1"]]

    @property
    def address(self) -> str:
        """All its addresses, for people."""
        return ", ".join(map(str, self.addresses))

    @property
    def own_port(self) -> int:
        """Where a broker on this machine listens, if no host is set."""
        return self.port or PLAIN_PORT

    @property
    def encrypted(self) -> bool:
        """Whether TLS is used at each address. Naming a CA or a certificate switches it on."""
        return all(one.tls for one in self.addresses)

    @property
    def _given(self) -> list[str]:
        if isinstance(self.host, str):
            return [self.host]
        return self.host or []

    @property
    def _wants_tls(self) -> bool:
        return self.tls or bool(self.ca_file or self.cert_file)

    @model_validator(mode="after")
    def _own_broker_has_no_tls(self) -> Self:
        if self._wants_tls and self.host is None:
            raise ValueError(
                "the broker of `doorbell run` has no TLS. Set host to your own broker, or leave out"
                " tls, ca_file and cert_file"
            )
        return self

    @model_validator(mode="after")
    def _port_is_used(self) -> Self:
        if self.port and self._given and all(map(names_port, self._given)):
            ports = {one.port for one in self.addresses}
            if ports != {self.port}:
                raise ValueError("host and port name different ports. Leave out one of them")
        return self

    @model_validator(mode="after")
    def _key_has_a_certificate(self) -> Self:
        if self.key_file and not self.cert_file:
            raise ValueError("key_file belongs to a certificate. Set cert_file, too")
        return self
