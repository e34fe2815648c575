"""Asking an object store, through obstore: keys page by page, and objects of bounded size.

What obstore raises becomes one of our errors here. Its texts hold whole answers, with access key and signature at
times, so no more of them is told than a status and an S3 error code.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError
from obstore.store import S3Store

from imgindex.errors import ImgindexError, LimitExceededError, MissingError, SourceUnavailableError, quote
from imgindex.sources.files import Entry, UnreadableError
from imgindex.sources.registry_root.window import Stored

_PAGE = 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_CODE = re.compile(r"<Code>([A-Za-z]{1,64})</Code>")
_STATUS = re.compile(r"status code: (\d{3})")

_DENIED = "access is denied: it takes s3:ListBucket on the bucket, and s3:GetObject on all below the prefix"
_REGION = "the bucket lies in another region: set AWS_REGION"
_REASONS = {
    "NoSuchBucket": "there is no such bucket",
    "AccessDenied": _DENIED,
    "PermanentRedirect": _REGION,
    "AuthorizationHeaderMalformed": _REGION,
    "InvalidAccessKeyId": "the store does not know the access key",
    "SignatureDoesNotMatch": "the secret access key is wrong",
    "ExpiredToken": "the credentials have expired",
    "InvalidToken": "the session token is wrong",
    "RequestTimeTooSkewed": "this machine's clock is wrong",
}


class Objects:
    """The objects of a bucket below a prefix; paths are relative to it. Safe to be used by several threads."""

    def __init__(self, store: S3Store, address: str) -> None:
        """`address`: what to call it in errors."""
        self._store = store
        self._address = address

    def below(self, path: str) -> Iterator[Stored]:
        """All objects below a folder, in the order of their keys; one request a thousand. Raises SourceError."""
        try:
            for page in obstore.list(self._store, path or None, chunk_size=_PAGE):
                for meta in page:
                    yield _stored(meta)
        except (BaseError, OSError, ValueError) as error:
            raise self._failed(error) from error

    def folder(self, path: str) -> list[Entry]:
        """What lies in a folder, sorted by name. Raises MissingError where nothing does, SourceError."""
        try:
            found = obstore.list_with_delimiter(self._store, path or None)
        except (BaseError, OSError, ValueError) as error:
            raise self._failed(error) from error
        entries = {
            _last(meta["path"]): Entry(_last(meta["path"]), "file", meta["size"])
            for meta in found["objects"]
            if meta["path"] not in ("", path)  # a marker for this folder itself
        }
        entries |= {_last(prefix): Entry(_last(prefix), "folder") for prefix in found["common_prefixes"]}
        if not entries:
            raise MissingError("does not exist")
        return [entries[name] for name in sorted(entries)]

    def get(self, path: str, limit: int) -> tuple[bytes, int]:
        """An object of at most `limit` bytes, and when it was written in microseconds since 1970-01-01 UTC.

        Raises MissingError, UnreadableError, LimitExceededError, SourceError.
        """
        try:
            answer = obstore.get(self._store, path)
            meta = _stored(answer.meta)
            if meta.size > limit:
                raise LimitExceededError(f"{meta.size} bytes, more than the {limit} allowed")
            return bytes(answer.bytes()), meta.written
        except (BaseError, OSError, ValueError) as error:
            raise self._unread(error) from error

    def size(self, path: str) -> int:
        """An object's size in bytes. Raises as `get`."""
        try:
            return _stored(obstore.head(self._store, path)).size
        except (BaseError, OSError, ValueError) as error:
            raise self._unread(error) from error

    def _unread(self, error: Exception) -> ImgindexError:
        if isinstance(error, FileNotFoundError):
            return MissingError("does not exist")
        if isinstance(error, PermissionDeniedError):
            return UnreadableError(f"may not be read: {_code(error) or 'permission denied'}")
        return self._failed(error)

    def _failed(self, error: Exception) -> SourceUnavailableError:
        return SourceUnavailableError(f"cannot read {self._address}: {_reason(str(error))}")


def _reason(text: str) -> str:
    told = text.partition("\n\nDebug source:")[0]
    code, status = _code(told), _STATUS.search(told)
    if code in _REASONS:
        return _REASONS[code]
    if "latest/api/token" in told or "security-credentials" in told:
        return "no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
    if "incorrectly configured region" in told:
        return _REGION
    if "invalid path" in told:
        return "a key below the prefix is no path: it has an empty part, or one that is . or .."
    if status is not None:
        denied = f": {_DENIED}" if status[1] == "403" else ""
        return f"it answers {status[1]}{' ' + code if code else ''}{denied}"
    if "HTTP error" in told:
        return "the store cannot be reached, or does not answer in time"
    if "list response" in told:
        return "what answers is no S3 store"
    return quote(told)


def _code(error: object) -> str | None:
    found = _CODE.search(str(error))
    return None if found is None else found[1]


def _stored(meta: Any) -> Stored:
    etag = (meta["e_tag"] or "").strip('"')
    return Stored(meta["path"], meta["size"], (meta["last_modified"] - _EPOCH) // _MICROSECOND, etag)


def _last(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]
