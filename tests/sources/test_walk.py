"""From listed documents to all that they refer to, over a store that is a dict."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from imgindex.errors import MissingError
from imgindex.limits import Limits
from imgindex.records.keys import content_key
from imgindex.records.rows import Image, Manifest, Problem, Record
from imgindex.records.wanted import Wanted
from imgindex.sources import walk
from imgindex.sources.base import NothingKnown, ScanContext
from imgindex.sources.walk import Walk
from tests.builders import OCI_INDEX, Blob, as_json, make_image, make_index

SCOPE = 7


class Store:
    """Documents by digest, and how often each was fetched."""

    def __init__(self, *blobs: Blob) -> None:
        self.blobs = {blob.digest: blob.data for blob in blobs}
        self.fetched: list[str] = []

    def fetch(self, wanted: Wanted) -> bytes:
        self.fetched.append(wanted.digest)
        if wanted.digest not in self.blobs:
            raise MissingError("does not exist")
        return self.blobs[wanted.digest]


class Knows:
    """An index that holds some documents, and what they refer to."""

    def __init__(self, known: dict[str, list[Wanted]]) -> None:
        self.known = known
        self.asked: list[int] = []

    def unread(self, wanted: Iterable[Wanted]) -> list[Wanted]:
        ahead, found = list(wanted), {}
        self.asked.append(len(ahead))
        for item in ahead:
            if item.digest in self.known:
                ahead.extend(self.known[item.digest])
            else:
                found[item.digest] = item
        return list(found.values())


def read(store: Store, *listed: str, context: ScanContext | None = None, **options: object) -> list[Record]:
    walker = Walk(context or ScanContext(), SCOPE, store.fetch, "blobs/{}".format, **options)  # type: ignore[arg-type]
    return [record for group in walker.read(Wanted(digest, "manifest") for digest in listed) for record in group]


def manifests(records: list[Record]) -> set[int]:
    return {record.manifest_key for record in records if isinstance(record, Manifest)}


def images(records: list[Record]) -> set[str]:
    return {record.image_id for record in records if isinstance(record, Image)}


def problems(records: list[Record]) -> list[tuple[str, str | None]]:
    return [(record.kind, record.digest) for record in records if isinstance(record, Problem)]


def test_an_index_is_followed_down_to_the_configs() -> None:
    one, two = make_image(1), make_image(2, architecture="arm64")
    index = make_index(one, make_index(two))
    records = read(Store(*index.blobs), index.manifest.digest)
    assert images(records) == {one.config.digest, two.config.digest}
    assert len(manifests(records)) == 4
    assert problems(records) == []


def test_a_document_is_read_once_however_often_it_is_referred_to() -> None:
    image = make_image(1)
    twice = make_index(image, image)
    store = Store(*twice.blobs)
    read(store, twice.manifest.digest, image.manifest.digest, twice.manifest.digest)
    assert sorted(store.fetched) == sorted({twice.manifest.digest, image.manifest.digest, image.config.digest})


def test_layers_are_never_fetched() -> None:
    image = make_image(1)
    store = Store(*image.blobs)
    read(store, image.manifest.digest)
    assert store.fetched == [image.manifest.digest, image.config.digest]


def test_what_the_index_knows_is_not_read_but_what_lies_behind_it_is() -> None:
    image = make_image(1)
    index = make_index(image)
    known = Knows(
        {
            index.manifest.digest: [Wanted(image.manifest.digest, "manifest")],
            image.manifest.digest: [Wanted(image.config.digest, "config")],
        }
    )
    store = Store(*index.blobs)
    records = read(store, index.manifest.digest, context=ScanContext(known=known))
    assert store.fetched == [image.config.digest]
    assert images(records) == {image.config.digest}


def test_the_index_is_asked_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "CHUNK", 3)
    made = [make_image(seed) for seed in range(8)]
    known = Knows({})
    store = Store(*(blob for image in made for blob in image.blobs))
    records = read(store, *(image.manifest.digest for image in made), context=ScanContext(known=known))
    assert images(records) == {image.config.digest for image in made}
    assert max(known.asked) == 3


def test_a_broken_document_is_one_problem_and_the_others_are_read() -> None:
    good, bad = make_image(1), make_image(2)
    store = Store(*good.blobs, *bad.blobs)
    store.blobs[bad.manifest.digest] = b"{}"
    records = read(store, bad.manifest.digest, good.manifest.digest)
    assert problems(records) == [("digest_mismatch", bad.manifest.digest)]
    assert images(records) == {good.config.digest}


def test_a_document_that_is_no_json_is_malformed() -> None:
    blob = Blob(b'{"schemaVersion": 2, "manifests": [', OCI_INDEX)
    assert problems(read(Store(blob), blob.digest)) == [("malformed", blob.digest)]


def test_a_listed_document_that_is_absent_is_one_problem() -> None:
    absent = make_image(1).manifest.digest
    (problem,) = read(Store(), absent, absent)
    assert isinstance(problem, Problem)
    assert (problem.kind, problem.locator, problem.digest) == ("missing", f"blobs/{absent}", absent)


def test_an_absent_child_or_config_is_no_problem_here() -> None:
    image = make_image(1)
    index = make_index(image, make_image(2))
    records = read(Store(index.manifest, image.manifest), index.manifest.digest)
    assert problems(records) == []
    assert len(manifests(records)) == 2


def test_a_wrong_size_in_a_descriptor_is_a_problem_and_the_document_is_used() -> None:
    image = make_image(1)
    entry = {**image.manifest.descriptor(), "size": 5}
    index = Blob(as_json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]}), OCI_INDEX)
    records = read(Store(index, *image.blobs), index.digest)
    assert problems(records) == [("size_mismatch", image.manifest.digest)]
    assert images(records) == {image.config.digest}
    (problem,) = (record for record in records if isinstance(record, Problem))
    assert (problem.locator, problem.document_key) == (index.digest, content_key(index.digest))


def test_a_document_that_refers_to_itself_by_a_broken_digest_ends() -> None:
    # No document can hold its own digest; one that pretends to is a cycle all the same.
    digest = make_image(1).manifest.digest
    entry = {"mediaType": OCI_INDEX, "digest": digest, "size": 10}
    cycle = as_json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]})
    store = Store()
    store.blobs[digest] = cycle
    records = read(store, digest, check=lambda data, digest: None)
    assert store.fetched == [digest]
    assert len(manifests(records)) == 1


def test_indexes_nested_beyond_the_limit_are_one_problem_and_are_not_followed() -> None:
    image = make_image(1)
    nested = [make_index(image)]
    for _ in range(3):
        nested.append(make_index(nested[-1]))
    top = nested[-1]
    limits = replace(Limits(), index_depth=2)
    records = read(Store(*top.blobs), top.manifest.digest, context=ScanContext(limits=limits))
    assert problems(records) == [("limit_exceeded", nested[1].manifest.digest)]
    assert manifests(records) == {content_key(index.manifest.digest) for index in nested[1:]}


def test_indexes_nested_as_deep_as_the_limit_are_followed_to_the_config() -> None:
    image = make_image(1)
    top = make_index(make_index(image))
    limits = replace(Limits(), index_depth=2)
    records = read(Store(*top.blobs), top.manifest.digest, context=ScanContext(limits=limits))
    assert (problems(records), images(records)) == ([], {image.config.digest})


def test_follow_decides_what_is_read_beyond_the_list() -> None:
    image, listed = make_image(1), make_image(2)
    index = make_index(image, listed)
    store = Store(*index.blobs)
    records = read(store, index.manifest.digest, listed.manifest.digest, follow=lambda wanted: wanted.role == "config")
    assert images(records) == {listed.config.digest}
    assert image.manifest.digest not in store.fetched


def test_follow_holds_for_what_lies_behind_known_documents_too() -> None:
    image = make_image(1)
    index = make_index(image)
    known = Knows({index.manifest.digest: [Wanted(image.manifest.digest, "manifest")]})
    store = Store(*index.blobs)
    read(store, index.manifest.digest, context=ScanContext(known=known), follow=lambda wanted: wanted.role == "config")
    assert store.fetched == []


def test_failed_names_what_was_not_used() -> None:
    good, bad, absent = make_image(1), make_image(2), make_image(3)
    store = Store(*good.blobs, *bad.blobs)
    store.blobs[bad.config.digest] = b"[]"
    walker = Walk(ScanContext(), SCOPE, store.fetch, str)
    for _ in walker.read(Wanted(image.manifest.digest, "manifest") for image in (good, bad, absent)):
        pass
    assert walker.failed == {bad.config.digest, absent.manifest.digest}


def test_an_error_that_is_not_about_content_ends_the_walk() -> None:
    def fetch(wanted: Wanted) -> bytes:
        raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        list(Walk(ScanContext(), SCOPE, fetch, str).read([Wanted(make_image(1).manifest.digest, "manifest")]))


def test_progress_is_told_of_every_document() -> None:
    class Counts:
        expected = looked_at = bytes_read = 0

        def expect(self, documents: int) -> None:
            self.expected += documents

        def advance(self, documents: int = 1, bytes_read: int = 0) -> None:
            self.looked_at += documents
            self.bytes_read += bytes_read

    image, broken = make_image(1), make_image(2)
    store = Store(*image.blobs, broken.manifest)
    counts = Counts()
    read(store, image.manifest.digest, broken.manifest.digest, context=ScanContext(progress=counts))
    assert counts.expected == counts.looked_at == 4
    assert counts.bytes_read == sum(len(blob.data) for blob in (image.manifest, image.config, broken.manifest))


def test_nothing_known_keeps_the_order_and_drops_repeats() -> None:
    first, second = Wanted("sha256:" + "a" * 64, "manifest"), Wanted("sha256:" + "b" * 64, "config")
    assert [second, first] == NothingKnown().unread([second, first, second])
