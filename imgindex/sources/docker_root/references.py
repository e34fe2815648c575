"""A graph driver's repositories.json: which names its images have.

Names are completed as the engine completes them: `lab/dk` is `docker.io/lab/dk`. The digest of a manifest stays listed
after the tag has moved, until the image's last tag goes. The file as a whole must be readable; an entry that is not is
one problem, and the others stand.

https://github.com/moby/moby/blob/master/reference/store.go

    {"Repositories": {"lab/dk": {"lab/dk:2": "sha256:<image ID>",
                                 "lab/dk@sha256:<manifest>": "sha256:<image ID>"}}}
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from imgindex.errors import ContentError, InvalidReferenceError, MalformedError, quote
from imgindex.limits import Limits
from imgindex.oci.digest import parse_digest
from imgindex.oci.reference import parse_reference
from imgindex.oci.repair import repair
from imgindex.sources.base import check_name
from imgindex.sources.files import Root


class _Listing(msgspec.Struct):
    repositories: dict[str, Any] | None = msgspec.field(name="Repositories")


class References:
    """The names in one graph driver."""

    def __init__(self, root: Root, driver: str, limits: Limits, rename: Callable[[str], str]) -> None:
        """`rename`: the name that a repository is filed under. Raises ContentError where there is no such list."""
        self.tags: dict[tuple[str, str], str | None] = {}
        """By (repository, tag), the image ID; None where it cannot be read."""
        self.digests: dict[tuple[str, str], str] = {}
        """By (repository, manifest digest), the image ID."""
        self.problems: list[tuple[str, ContentError]] = []
        """(locator, what is wrong)"""
        self._limits = limits
        self._rename = rename
        path = f"image/{driver}/repositories.json"
        for repository, names in _read(root, path, limits).items():
            if not isinstance(names, dict):
                self.problems.append((f"{path}: {repository}", MalformedError("holds no names")))
                continue
            for name, image_id in names.items():
                try:
                    self._add(name, image_id)
                except ContentError as error:
                    self.problems.append((f"{path}: {name}", error))

    def image_ids(self) -> set[str]:
        """The images that have a name."""
        return {image_id for image_id in (*self.tags.values(), *self.digests.values()) if image_id is not None}

    def _add(self, name: str, image_id: object) -> None:
        try:
            reference = parse_reference(name)
        except InvalidReferenceError as error:
            raise MalformedError(str(error)) from error
        repository = check_name(self._rename(reference.repository), self._limits)
        if reference.digest is not None:
            self.digests[repository, reference.digest] = _image_id(image_id)
        elif reference.tag is not None:
            # The tag is there, whatever it points at.
            self.tags.setdefault((repository, reference.tag), None)
            self.tags[repository, reference.tag] = _image_id(image_id)
        else:
            raise MalformedError("has neither tag nor digest")


def _read(root: Root, path: str, limits: Limits) -> dict[str, Any]:
    data = root.read(path, limits.listing_bytes)
    try:
        return msgspec.json.decode(repair(data), type=_Listing).repositories or {}
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise MalformedError(f"is no list of names: {quote(error)}") from error


def _image_id(value: object) -> str:
    if not isinstance(value, str):
        raise MalformedError("leads to no image ID")
    return parse_digest(value)
