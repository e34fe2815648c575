"""Credentials for a registry. None of them is part of a representation or a message."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from imgindex.errors import AuthenticationError


class CredentialsError(AuthenticationError):
    """A file or program that should hold credentials cannot be used. The message holds none of what is in it."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What proves to one registry who we are."""

    place: str
    """Where they were found."""
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    """A refresh token, for the token server alone."""
    registry_token: str = field(default="", repr=False)
    """A bearer token, for the registry alone."""

    @property
    def basic(self) -> str:
        """The Authorization header of user name and password."""
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()


def secrets_in(header: str | None) -> list[str]:
    """What must not be shown of an Authorization header: a token; a password, as it is and as Basic has it."""
    scheme, _, secret = (header or "").partition(" ")
    if not secret:
        return []
    if scheme != "Basic":
        return [secret]
    password = base64.b64decode(secret).decode().partition(":")[2]
    return [secret, password] if password else [secret]
