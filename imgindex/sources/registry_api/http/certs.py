"""Which certificates are trusted and shown, host by host.

Trusted are the system's authorities (or those of SSL_CERT_FILE and SSL_CERT_DIR, as OpenSSL has it), those of
`--ca-file`, and those in the host's folder of `certs.d`. The first folder that exists for a host is the only one. Other
programs' variables, such as REQUESTS_CA_BUNDLE, mean nothing here.

    /etc/docker/certs.d/registry.example:5000/ca.crt         trusted for this host
    /etc/docker/certs.d/registry.example:5000/client.cert    shown to this host, with client.key

https://github.com/containers/image/blob/main/docs/containers-certs.d.5.md
https://docs.docker.com/engine/security/certificates/
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path

from imgindex.errors import SourceUnavailableError, quote
from imgindex.sources.registry_api.http.hosts import PORTS, is_address
from imgindex.sources.registry_api.http.options import FetchOptions

SYSTEM_FOLDERS = (Path("/etc/containers/certs.d"), Path("/etc/docker/certs.d"))
USER_FOLDERS = (".config/containers/certs.d", ".config/docker/certs.d")


class Certificates:
    """Makes one TLS context a host."""

    def __init__(self, options: FetchOptions, environ: Mapping[str, str]) -> None:
        self._options = options
        self._environ = environ
        self._contexts: dict[tuple[str, int, bool, bool], ssl.SSLContext] = {}

    def context(self, host: str, port: int, *, own: bool, verify: bool = True) -> ssl.SSLContext:
        """The context to talk to a host with. Raises `SourceUnavailableError` for files that hold no certificate.

        Args:
            own: whether it is the registry that the user named: it alone is shown `--client-certificate`.
            verify: False where registries.conf says `insecure`.
        """
        key = (host, port, own, verify)
        if key not in self._contexts:
            self._contexts[key] = self._make(host, port, own, verify)
        return self._contexts[key]

    def _make(self, host: str, port: int, own: bool, verify: bool) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if not verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if self._options.ca_file is not None:
            _trust(context, self._options.ca_file)
        if own and self._options.client_certificate is not None:
            _show(context, self._options.client_certificate, self._options.client_key)
        folder = self._folder(host, port)
        for file in () if folder is None else sorted(folder.iterdir()):
            if file.suffix == ".crt":
                _trust(context, file)
            elif file.suffix == ".cert":
                _show(context, file, file.with_suffix(".key"))
        return context

    def _folder(self, host: str, port: int) -> Path | None:
        """The host's own folder; of the names that a host may have, the one with its port goes first."""
        shown = f"[{host}]" if ":" in host and is_address(host) else host
        names = [f"{shown}:{port}", *([shown] if port in PORTS.values() else [])]
        folders = [place / name for place in self._places() for name in names]
        return next((folder for folder in folders if folder.is_dir()), None)

    def _places(self) -> Iterator[Path]:
        if self._options.certs_folder is not None:
            yield self._options.certs_folder
            return
        if home := self._environ.get("HOME"):
            yield from (Path(home, folder) for folder in USER_FOLDERS)
        yield from SYSTEM_FOLDERS


def _trust(context: ssl.SSLContext, file: Path) -> None:
    try:
        context.load_verify_locations(file)
    except OSError as error:  # ssl.SSLError is one
        raise SourceUnavailableError(f"{quote(file)} holds no certificate that can be read") from error


def _show(context: ssl.SSLContext, certificate: Path, key: Path | None) -> None:
    try:
        # No password is ever asked for: a program that nobody watches would wait for it.
        context.load_cert_chain(certificate, key, password=lambda: "")
    except OSError as error:
        raise SourceUnavailableError(f"{quote(certificate)} or its key cannot be read, or do not fit") from error
