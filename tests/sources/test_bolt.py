"""The reader of BoltDB files: on files made here, on those that containerd wrote, and on damage of all kinds."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgindex.errors import ContentError, LimitExceededError, MalformedError, MissingError, PathEscapeError
from imgindex.limits import Limits
from imgindex.sources.bolt.bucket import Bucket
from imgindex.sources.bolt.database import Database, last_transaction, read_database
from imgindex.sources.files import OpenFile, Root, WrongTypeError
from tests.bolt import BRANCH, LEAF, Tree, meta_page, write_bolt
from tests.conftest import TESTS, unpack

KEYS = st.binary(min_size=1, max_size=40)
TREES = st.recursive(
    st.dictionaries(KEYS, st.binary(max_size=300), max_size=12),
    lambda inner: st.dictionaries(KEYS, st.one_of(st.binary(max_size=300), inner), max_size=12),
    max_leaves=20,
)


@contextmanager
def placed(folder: Path, data: bytes, limits: Limits | None = None) -> Iterator[Database]:
    (folder / "x.db").write_bytes(data)
    with Root(folder) as root:
        yield read_database(root, "x.db", limits or Limits())


def all_of(bucket: Bucket) -> Tree:
    return {key: all_of(value) if isinstance(value, Bucket) else value for key, value in bucket.items()}


def read(folder: Path, data: bytes) -> Tree:
    with placed(folder, data) as database:
        return all_of(database.root)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack(TESTS / "data/containerd-root.tar.xz", tmp_path_factory)


@pytest.fixture(scope="module")
def usage(store: Path) -> bytes:
    return (store / "io.containerd.snapshotter.v1.overlayfs/metadata.db").read_bytes()


@given(tree=TREES, page_size=st.sampled_from([512, 1024, 4096, 65536]), transaction=st.integers(1, 2**40))
@settings(max_examples=60, deadline=None)
def test_what_was_written_is_read(
    tree: Tree, page_size: int, transaction: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("bolt")
    with placed(folder, write_bolt(tree, page_size, transaction)) as database:
        assert (tree, transaction, True) == (all_of(database.root), database.transaction, database.is_settled)


def test_large_buckets_have_branches_and_large_values_overflow(tmp_path: Path) -> None:
    many = {b"key %06d" % number: b"v" * (number % 50) for number in range(5000)}
    tree: Tree = {b"many": many, b"large": b"x" * 100_000, b"small": {b"a": b"b"}, b"none": {}}
    data = write_bolt(tree, 512)
    flags = {struct.unpack_from("<QHHI", data, start)[1] for start in range(0, len(data), 512)}
    assert {LEAF, BRANCH} <= flags
    assert tree == read(tmp_path, data)


def test_buckets_are_found_by_their_path(tmp_path: Path) -> None:
    with placed(tmp_path, write_bolt({b"v1": {b"a": {b"b": b"c"}, b"text": b"x"}})) as database:
        found = database.root.bucket(b"v1", b"a")
        assert found is not None
        assert {b"b": b"c"} == found.values()
        assert database.root.bucket(b"v1", b"text") is None
        assert database.root.bucket(b"v2", b"a") is None


def test_containerds_own_files_are_read_whole(store: Path) -> None:
    with Root(store) as root:
        meta = read_database(root, "io.containerd.metadata.v1.bolt/meta.db", Limits())
        assert (792, True) == (meta.transaction, meta.is_settled)
        tree: Any = all_of(meta.root)
        assert [b"default", b"k8s.io", b"version"] == list(tree[b"v1"])
        assert (58, 35) == tuple(len(tree[b"v1"][name][b"content"][b"blob"]) for name in (b"default", b"k8s.io"))


def test_the_newer_of_two_whole_metas_counts_and_a_torn_one_does_not(tmp_path: Path) -> None:
    old, new = write_bolt({b"a": b"old"}, transaction=4), write_bolt({b"a": b"new"}, transaction=5)
    assert {b"a": b"new"} == read(tmp_path, new)
    torn = bytearray(write_bolt({b"a": b"only"}, transaction=4))
    for damaged in (0, 1):
        data = torn.copy()
        data[4096 * damaged + 40] ^= 1
        assert {b"a": b"only"} == read(tmp_path, bytes(data))
    torn[40] ^= 1
    torn[4096 + 40] ^= 1
    with pytest.raises(MalformedError, match="neither of its meta pages is whole"):
        read(tmp_path, bytes(torn))
    assert {b"a": b"old"} == read(tmp_path, old)


@pytest.mark.parametrize("page_size", [512, 8192, 65536])
def test_the_second_meta_is_found_whatever_the_size_of_pages(tmp_path: Path, page_size: int) -> None:
    data = bytearray(write_bolt({b"a": b"b"}, page_size, transaction=5))
    data[:80] = bytes(80)
    assert {b"a": b"b"} == read(tmp_path, bytes(data))


@pytest.mark.parametrize("data", [b"", b"x" * 80, bytes(100_000), b"SQLite format 3\0" * 1000])
def test_other_files_are_malformed(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(MalformedError):
        read(tmp_path, data)


def leaf(number: int, count: int, elements: bytes, flags: int = LEAF, overflow: int = 0) -> bytes:
    return (struct.pack("<QHHI", number, flags, count, overflow) + elements).ljust(4096, b"\0")


def file_of(*pages: bytes, root: int = 2) -> bytes:
    count = 2 + len(pages)
    return b"".join([meta_page(0, 4096, root, count, 2), meta_page(1, 4096, root, count, 1), *pages])


def element(flags: int, position: int, key: int, value: int) -> bytes:
    return struct.pack("<IIII", flags, position, key, value)


HUGE = 2**32 - 1
BAD: dict[str, Callable[[], bytes]] = {
    "a root behind the end": lambda: file_of(leaf(2, 0, b""), root=99),
    "a root beyond all numbers": lambda: file_of(leaf(2, 0, b""), root=2**64 - 1),
    "a page that says it is another": lambda: file_of(leaf(3, 0, b"")),
    "a page of no kind": lambda: file_of(leaf(2, 0, b"", flags=0)),
    "a freelist for a root": lambda: file_of(leaf(2, 0, b"", flags=16)),
    "overflow behind the end": lambda: file_of(leaf(2, 0, b"", overflow=HUGE)),
    "more elements than fit": lambda: file_of(leaf(2, 65535, b"")),
    "more children than fit": lambda: file_of(leaf(2, 65535, b"", flags=BRANCH)),
    "a key behind the end": lambda: file_of(leaf(2, 1, element(0, 16, HUGE, 0))),
    "a value behind the end": lambda: file_of(leaf(2, 1, element(0, 16, 1, HUGE))),
    "data over the elements": lambda: file_of(leaf(2, 2, element(0, 16, 1, 1) + element(0, 16, 1, 1))),
    "data over other data": lambda: file_of(leaf(2, 2, element(0, 32, 9, 9) + element(0, 16, 9, 9))),
    "keys out of order": lambda: file_of(leaf(2, 2, element(0, 32, 1, 0) + element(0, 17, 1, 0) + b"ba")),
    "a key twice": lambda: file_of(leaf(2, 2, element(0, 32, 1, 0) + element(0, 17, 1, 0) + b"aa")),
    "a bucket without a header": lambda: file_of(leaf(2, 1, element(1, 16, 1, 3) + b"abcd")),
    "an inline bucket without a page": lambda: file_of(leaf(2, 1, element(1, 16, 1, 16) + b"a" + bytes(16))),
    "an inline bucket that is a branch": lambda: file_of(
        leaf(2, 1, element(1, 16, 1, 32) + b"a" + bytes(16) + struct.pack("<QHHI", 0, BRANCH, 0, 0))
    ),
    "a branch that leads to itself": lambda: file_of(leaf(2, 1, struct.pack("<IIQ", 16, 0, 2), flags=BRANCH)),
    "branches that lead to each other": lambda: file_of(
        leaf(2, 1, struct.pack("<IIQ", 16, 0, 3), flags=BRANCH), leaf(3, 1, struct.pack("<IIQ", 16, 0, 2), flags=BRANCH)
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_broken_page_is_malformed(tmp_path: Path, name: str) -> None:
    with pytest.raises(MalformedError):
        read(tmp_path, BAD[name]())


def test_buckets_that_hold_each_other_end(tmp_path: Path) -> None:
    # Each key of the page is a bucket that begins at the same page.
    heads = b"".join(element(1, 16 * (100 - n) + 17 * n, 1, 16) for n in range(100))
    data = b"".join(bytes([n]) + struct.pack("<QQ", 2, 0) for n in range(100))
    with pytest.raises(LimitExceededError, match="again and again"):
        read(tmp_path, file_of(leaf(2, 100, heads + data)))


@given(
    flips=st.lists(st.tuples(st.integers(0, 2**31), st.integers(1, 255)), min_size=1, max_size=6), cut=st.integers(0, 9)
)
@settings(max_examples=300, deadline=None)
def test_damage_ends_in_a_content_error_or_in_other_values(
    usage: bytes, flips: list[tuple[int, int]], cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    used = 19 * 4096
    data = bytearray(usage[: used - cut * 3000])
    for place, bits in flips:
        data[place % len(data)] ^= bits
    with suppress(ContentError):
        read(tmp_path_factory.getbasetemp(), bytes(data))


def test_a_file_that_was_cut_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    tree: Tree = {b"%d" % number: {b"k": b"v" * 3000} for number in range(9)}
    data = write_bolt(tree)
    with placed(tmp_path, data[:-4096]) as database, pytest.raises(MalformedError, match="behind the end"):
        all_of(database.root)


def test_no_more_is_read_than_is_allowed_nor_than_there_is(tmp_path: Path) -> None:
    with (
        pytest.raises(LimitExceededError),
        placed(tmp_path, write_bolt({b"a": b"b"}), replace(Limits(), database_bytes=99)),
    ):
        pass
    data = bytearray(write_bolt({b"a": b"b"}))
    data[:8192] = meta_page(0, 4096, 3, 2**40, 2) + meta_page(1, 4096, 3, 2**40, 1)
    with pytest.raises(LimitExceededError), placed(tmp_path, bytes(data)):
        pass


def test_links_folders_and_absent_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "real.db").write_bytes(write_bolt({}))
    (tmp_path / "link.db").symlink_to(tmp_path / "real.db")
    (tmp_path / "folder.db").mkdir()
    with Root(tmp_path) as root:
        for name, error in (("link.db", PathEscapeError), ("folder.db", WrongTypeError), ("none.db", MissingError)):
            with pytest.raises(error):
                read_database(root, name, Limits())


class Writing:
    """Another process that commits whenever the whole file has been read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, path: Path, commits: int) -> None:
        self.left = commits
        original = OpenFile.read

        def read_and_commit(file: OpenFile, start: int, size: int) -> bytes:
            data = original(file, start, size)
            if size > 80 and self.left:
                self.left -= 1
                path.write_bytes(write_bolt({b"left": b"%d" % self.left}, transaction=100 - self.left))
            return data

        monkeypatch.setattr(OpenFile, "read", read_and_commit)
        monkeypatch.setattr("imgindex.sources.bolt.database.time.sleep", lambda seconds: None)


def test_a_file_that_is_written_to_is_read_until_it_stands_still(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(write_bolt({b"left": b"many"}, transaction=2))
    Writing(monkeypatch, path, commits=3)
    with Root(tmp_path) as root:
        database = read_database(root, "x.db", Limits())
        assert ({b"left": b"0"}, 100, True) == (all_of(database.root), database.transaction, database.is_settled)
        assert 100 == last_transaction(root, "x.db")


def test_a_file_that_never_stands_still_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(write_bolt({b"left": b"many"}, transaction=2))
    writing = Writing(monkeypatch, path, commits=90)
    with Root(tmp_path) as root:
        assert not read_database(root, "x.db", Limits()).is_settled
    assert 90 - 40 == writing.left
