"""What an object store listed, read as folders, and links known by their ETags."""

from __future__ import annotations

from hashlib import md5

import pytest

from imgindex.errors import ContentError, MissingError
from imgindex.sources.files import Entry, WrongTypeError
from imgindex.sources.registry_root.window import Stored, Window, spelt_digest
from tests.builders import digest_of

ONE, TWO = digest_of(b"one"), digest_of(b"two")
REVISIONS = "repositories/web/_manifests/revisions"
TAGS = "repositories/web/_manifests/tags"


def window(*stored: Stored) -> Window:
    made = Window("repositories/web/_")
    for item in stored:
        made.add(item)
    return made


def link(path: str, content: str) -> Stored:
    return Stored(path, len(content), 0, md5(content.encode()).hexdigest())


def plain(path: str, size: int = 1) -> Stored:
    return Stored(path, size, 0, "")


def names(entries: list[Entry]) -> list[tuple[str, str]]:
    return [(entry.name, entry.kind) for entry in entries]


def test_folders_are_where_keys_lie_below() -> None:
    made = window(plain("a/b-c/d"), plain("a/b/c"), plain("a/b/d/e"), plain("a/f"), plain("ab"))
    assert [("b", "folder"), ("b-c", "folder"), ("f", "file")] == names(made.listing("a"))
    assert [("c", "file"), ("d", "folder")] == names(made.listing("a/b"))


def test_a_key_with_keys_below_it_is_a_folder() -> None:
    # The marker a/b/ has lost its slash, and so stands after a/b-c/d.
    made = window(plain("a/b-c/d"), plain("a/b", 0), plain("a/b/c"))
    assert [("b", "folder"), ("b-c", "folder")] == names(made.listing("a"))
    assert [("c", "file")] == names(made.listing("a/b"))


@pytest.mark.parametrize(("path", "error"), [("a/x", MissingError), ("a/f", WrongTypeError), ("a/empty", MissingError)])
def test_what_is_no_folder_cannot_be_listed(path: str, error: type[ContentError]) -> None:
    with pytest.raises(error):
        window(plain("a/empty", 0), plain("a/f")).listing(path)


def test_what_is_no_file_has_no_size() -> None:
    made = window(plain("a/b/c", 5))
    assert 5 == made.stored("a/b/c").size
    with pytest.raises(WrongTypeError):
        made.stored("a/b")
    with pytest.raises(MissingError):
        made.stored("a/b/d")


def test_a_digest_is_spelt_by_the_folders_of_a_link() -> None:
    assert ONE.encode() == spelt_digest(f"{REVISIONS}/{ONE.replace(':', '/')}/link")
    assert ONE.encode() == spelt_digest(f"{TAGS}/1.0/index/{ONE.replace(':', '/')}/link")
    assert None is spelt_digest(f"{TAGS}/1.0/current/link")
    assert None is spelt_digest(f"{REVISIONS}/{ONE.replace(':', '/')}")


def test_a_link_is_known_where_its_etag_is_that_of_what_its_folder_spells() -> None:
    place = f"{REVISIONS}/{ONE.replace(':', '/')}/link"
    right, wrong = link(place, ONE), link(place, TWO)
    assert ONE.encode() == window(right).content(right)
    assert None is window(wrong).content(wrong)
    # An ETag of a right link, on an object of another size, is a lie.
    assert None is window().content(right._replace(size=72))


def test_a_tags_link_is_known_where_a_digest_beside_it_has_its_etag() -> None:
    revision = link(f"{REVISIONS}/{ONE.replace(':', '/')}/link", ONE)
    past = link(f"{TAGS}/1.0/index/{TWO.replace(':', '/')}/link", TWO)
    for digest, beside, told in ((ONE, revision, ONE), (TWO, past, TWO), (TWO, revision, None)):
        current = link(f"{TAGS}/1.0/current/link", digest)
        assert (None if told is None else told.encode()) == window(current, beside).content(current)
