"""Docker's small files: one digest, number or name each."""

from __future__ import annotations

from imgindex.errors import ContentError
from imgindex.limits import Limits
from imgindex.oci.digest import parse_digest
from imgindex.sources.files import Root


def read_text(root: Root, path: str, limits: Limits) -> str:
    """What the file holds, without space around it. Raises ContentError, whose message names the file."""
    try:
        return root.read(path, limits.small_file_bytes).decode("utf-8", "backslashreplace").strip()
    except ContentError as error:
        raise type(error)(f"{path.rpartition('/')[2]} {error}") from error


def read_digest(root: Root, path: str, limits: Limits) -> str:
    """The digest that the file holds. Raises as `read_text`, and MalformedError for other text."""
    return parse_digest(read_text(root, path, limits))
