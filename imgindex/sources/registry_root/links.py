"""Links: small files that hold nothing but a digest, without a newline.

Distribution writes them last, after what they point at, and deletes by removing them: a folder without its link is
something that was deleted.

https://github.com/distribution/distribution/blob/main/registry/storage/paths.go

    repositories/team/web/_manifests/tags/1.0/current/link    sha256:cd49f97ea418…
"""

from __future__ import annotations

from imgindex.errors import ContentError, MissingError, PathEscapeError
from imgindex.limits import Limits
from imgindex.oci.digest import parse_digest
from imgindex.sources.files import UnreadableError
from imgindex.sources.registry_root.tree import Tree

LINK = "link"
_YEAR_1 = -62_135_596_800_000_000
_YEAR_10000 = 253_402_300_800_000_000


class BadLinkError(ContentError):
    """A link that does not lead to what it should."""

    kind = "bad_link"


def read_link(tree: Tree, path: str, limits: Limits) -> tuple[str, int | None]:
    """The digest that a link holds, and when it was set in microseconds since 1970-01-01 UTC.

    Raises:
        MissingError, PathEscapeError, UnreadableError: as they say.
        BadLinkError: it holds something else, or is no file.
    """
    try:
        data, set_at = tree.read_dated(path, limits.small_file_bytes)
        digest = parse_digest(data.decode("utf-8", "backslashreplace"))
    except (MissingError, PathEscapeError, UnreadableError):
        raise
    except ContentError as error:
        raise BadLinkError(str(error)) from error
    return digest, set_at if _YEAR_1 <= set_at < _YEAR_10000 else None
