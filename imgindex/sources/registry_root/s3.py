"""`registry-root:s3://BUCKET[/PREFIX]`: a registry's storage in S3, or in what speaks as S3 does.

Everything but bucket and prefix comes from where AWS's own tools take it: the environment, the files of `~/.aws`, or
the role of the machine or pod. An address with credentials in it is refused, and not repeated.

    AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_PROFILE
    AWS_REGION AWS_ENDPOINT_URL AWS_CA_BUNDLE

https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from imgindex.errors import LayoutError, MissingError, UnknownSourceError, UsageError, quote
from imgindex.sources.registry_root.profile import read_profile
from imgindex.sources.registry_root.tree import TOP

if TYPE_CHECKING:
    from imgindex.sources.registry_root.object_tree import ObjectTree
    from imgindex.sources.registry_root.objects import Objects

SCHEME = "s3://"
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]")
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
_RETRIES = {"max_retries": 5, "retry_timeout": timedelta(minutes=2)}
_TIMEOUTS = {"connect_timeout": timedelta(seconds=10), "timeout": timedelta(seconds=60)}


class S3Storage:
    """Implements `Storage`."""

    def __init__(self, address: str, environ: Mapping[str, str] = os.environ) -> None:
        """Finds the tree below the prefix.

        Raises:
            UnknownSourceError: The address is none.
            UsageError: obstore is not installed, or the environment does not fit.
            SourceUnavailableError: The bucket cannot be read.
            LayoutError: There is no registry's storage.
        """
        bucket, prefix = split_address(address)
        settings = {**read_profile(environ), **environ}
        self._endpoint = next((settings[name] for name in _ENDPOINTS if settings.get(name)), None)
        self._config = _config(settings, self._endpoint)
        self._client = _client_options(settings, self._endpoint)
        self.address = SCHEME + quote(f"{bucket}/{prefix}".rstrip("/"), 4096)
        self._bucket = bucket
        self._prefix = self._find(prefix)
        self.fingerprint = f"s3:{_host(self._endpoint)}:{quote(f'{bucket}/{self._prefix}', 4096)}"

    def open(self) -> ObjectTree:
        from imgindex.sources.registry_root.object_tree import ObjectTree

        return ObjectTree(self._objects(self._prefix))

    def _objects(self, prefix: str) -> Objects:
        try:
            from obstore.store import S3Store

            from imgindex.sources.registry_root.objects import Objects
        except ImportError as error:
            raise UsageError(f"reading {SCHEME} takes a further package: pip install 'imgindex[s3]'") from error
        options: dict[str, Any] = {"config": self._config, "client_options": self._client, "retry_config": _RETRIES}
        store = S3Store(self._bucket, prefix=prefix or None, **options)
        return Objects(store, self.address)

    def _find(self, prefix: str) -> str:
        """The prefix of `docker/registry/v2`, which is what the address names, or lies within it."""
        for top in (TOP, TOP.removeprefix("docker/"), ""):
            tried = "/".join(part for part in (prefix, top) if part)
            with suppress(MissingError):
                names = {entry.name for entry in self._objects(tried).folder("")}
                if names & {"blobs", "repositories"}:
                    return tried
        raise LayoutError(f"{self.address} holds neither docker/registry/v2 nor blobs and repositories")


def split_address(address: str) -> tuple[str, str]:
    """Bucket and prefix of `s3://bucket/prefix`. Raises UnknownSourceError."""
    bucket, _, prefix = address.removeprefix(SCHEME).partition("/")
    if "@" in bucket or "?" in address:
        raise UnknownSourceError(
            "an s3:// address holds bucket and prefix alone; credentials and endpoint come from the environment"
        )
    if not _BUCKET.fullmatch(bucket):
        raise UnknownSourceError(f"{quote(address)} names no bucket; write s3://bucket or s3://bucket/prefix")
    prefix = prefix.rstrip("/")
    if prefix and not {"", ".", ".."}.isdisjoint(prefix.split("/")):
        raise UnknownSourceError(f"{quote(address)}: a prefix has no empty part, and none that is . or ..")
    return bucket, prefix


def _config(settings: Mapping[str, str], endpoint: str | None) -> dict[str, str]:
    """What obstore cannot find out itself: it reads no files, and prefers AWS_ENDPOINT_URL to the more special name."""
    config = {} if endpoint is None else {"endpoint": endpoint}
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    if settings.get(names[0]):
        config |= {name.lower(): settings[name] for name in names if settings.get(name)}
    region = settings.get("AWS_REGION") or settings.get("AWS_DEFAULT_REGION")
    return {**config, "aws_region": region} if region else config


def _client_options(settings: Mapping[str, str], endpoint: str | None) -> dict[str, Any]:
    options: dict[str, Any] = dict(_TIMEOUTS)
    if endpoint is not None and not endpoint.startswith("https://"):
        allowed = settings.get("AWS_ALLOW_HTTP", "").lower() in ("1", "true")
        if not endpoint.startswith("http://"):
            raise UsageError("AWS_ENDPOINT_URL is no http:// or https:// address")
        if not allowed and not _is_loopback(endpoint):
            raise UsageError("AWS_ENDPOINT_URL is plain HTTP to another machine; AWS_ALLOW_HTTP=true allows it")
        options["allow_http"] = True
    if bundle := settings.get("AWS_CA_BUNDLE"):
        try:
            options["root_certificate"] = Path(bundle).read_bytes()
        except OSError as error:
            raise UsageError(f"AWS_CA_BUNDLE: cannot read {quote(bundle)}: {error.strerror}") from error
    return options


def _is_loopback(endpoint: str) -> bool:
    host = urlsplit(endpoint).hostname or ""
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def _host(endpoint: str | None) -> str:
    """Host and port, without what else an address may hold."""
    return "aws" if endpoint is None else quote(urlsplit(endpoint).netloc.rpartition("@")[2].lower())
