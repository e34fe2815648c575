"""Where credentials are looked for: first the environment, then the files of podman and docker (`auth_files`).

Never the command line, and never an address.

    IMGINDEX_USERNAME, IMGINDEX_PASSWORD                              for the registry of this run
    IMGINDEX_USERNAME_REGISTRY_EXAMPLE___5000, IMGINDEX_PASSWORD_…    for registry.example:5000
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from imgindex.sources.registry_api.http.auth_files import AuthFile, auth_files
from imgindex.sources.registry_api.http.credentials import Credentials, CredentialsError
from imgindex.sources.registry_api.http.options import FetchOptions


class CredentialFinder:
    """Finds the credentials for the repositories of one registry, and remembers where it looked."""

    def __init__(self, registry: str, options: FetchOptions, environ: Mapping[str, str], *, named: bool) -> None:
        """`registry`: its normalised name; `named`: whether the user named it, as a mirror is not."""
        self.looked: dict[str, None] = {}
        """The places, in order, each with what was wrong there."""
        self._registry = registry
        self._options = options
        self._environ = environ
        self._named = named
        self._found: dict[str, Credentials | None] = {}
        self._lock = asyncio.Lock()

    async def find(self, repository: str) -> Credentials | None:
        """The credentials for a repository (`""` = none in particular); None = there are none."""
        async with self._lock:
            if repository not in self._found:
                found = self._in_environment()
                self._found[repository] = found or await asyncio.to_thread(self._in_files, repository)
            return self._found[repository]

    def found(self) -> list[Credentials]:
        """All that were found up to now."""
        return [found for found in self._found.values() if found is not None]

    def _in_environment(self) -> Credentials | None:
        suffixes = [f"_{variable_suffix(self._registry)}"]
        if self._named and not self._options.several_registries:
            suffixes.append("")
        for suffix in suffixes:
            name = f"IMGINDEX_USERNAME{suffix}"
            username = self._environ.get(name)
            password = self._environ.get(f"IMGINDEX_PASSWORD{suffix}")
            if username and password:
                return Credentials(name, username, password)
            wrong = "without its other half" if username or password else "not set"
            self.looked[f"{name} ({wrong})"] = None
        return None

    def _in_files(self, repository: str) -> Credentials | None:
        for path in auth_files(self._options, self._environ):
            try:
                if found := AuthFile(path).find(self._registry, repository):
                    return found
            except FileNotFoundError:
                self.looked[f"{path} (no such file)"] = None
            except CredentialsError as error:
                self.looked[str(error)] = None
            else:
                self.looked[f"{path} (nothing for {self._registry})"] = None
        return None


def variable_suffix(registry: str) -> str:
    """A registry's name as part of a variable's: `.` is `_`, `-` is `__`, `:` is `___`. No two registries share one."""
    written = registry.strip("[").replace("]", "").upper()
    return written.replace("-", "__").replace(":", "___").replace(".", "_")
