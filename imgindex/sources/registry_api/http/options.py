"""What a user says of how registries are asked. Nothing here is a secret: those come from files and the environment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """How registries are asked."""

    jobs: int = 16
    """Requests under way at once, a host."""
    max_requests: int | None = None
    """Most requests of this crawl, with those for tokens, redirects and retries; None = as many as it takes."""
    plain_http: frozenset[str] = frozenset()
    """Hosts, with port where it is not 80, that are asked without TLS because the user said so."""
    auth_realms: frozenset[str] = frozenset()
    """Further hosts whose token servers may be sent a registry's credentials."""
    auth_file: Path | None = None
    """The only file to take credentials from, in place of those of podman and docker."""
    several_registries: bool = False
    """Whether this run asks more than one registry: then credentials of the environment must say for which."""
    ca_file: Path | None = None
    """Further certificate authorities, in PEM."""
    client_certificate: Path | None = None
    """A certificate to show to the registry, in PEM; its key lies in the same file or in `client_key`."""
    client_key: Path | None = None
    certs_folder: Path | None = None
    """The only folder to look for certificates of single hosts in, in place of the usual `certs.d`."""
    attempts: int = 5
    """How often a request that fails for a passing reason is sent at most."""
    wait_seconds: float = 0.5
    """First wait before another attempt; it doubles, with jitter, up to `longest_wait_seconds`."""
    longest_wait_seconds: float = 20.0
    throttle_seconds: float = 600.0
    """Longest wait that a registry may ask for, by 429 or by its allowance, before the crawl ends as partial."""
    connect_seconds: float = 15.0
    silence_seconds: float = 30.0
    """Longest time without a byte of an answer."""
    answer_seconds: float = 300.0
    """Longest time for one whole answer, however slowly its bytes come."""

    def allows_plain(self, host: str, port: int | None) -> bool:
        """Whether the user asked for plain HTTP to this host."""
        return f"{host}:{port}" in self.plain_http or (port in (None, 80) and host in self.plain_http)
