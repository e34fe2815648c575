"""Reading confined to a folder: what is no plain file of it is refused, and nothing hangs."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from imgindex.errors import (
    ContentError,
    LimitExceededError,
    MissingError,
    PathEscapeError,
    SourceUnavailableError,
)
from imgindex.sources.files import Entry, Root, WrongTypeError, check_file, check_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A root with a file, a folder in a folder, and a secret beside it."""
    (tmp_path / "secret").write_bytes(b"outside")
    root = tmp_path / "root"
    (root / "a/b").mkdir(parents=True)
    (root / "a/b/file").write_bytes(b"inside")
    (root / "top").write_bytes(b"at the top")
    return root


@pytest.fixture
def root(folder: Path) -> Iterator[Root]:
    with Root(folder) as opened:
        yield opened


def test_a_file_is_read_whole(root: Root) -> None:
    assert (root.read("a/b/file", 100), root.read("top", 100)) == (b"inside", b"at the top")


def test_an_empty_file_is_read(root: Root, folder: Path) -> None:
    (folder / "empty").touch()
    assert root.read("empty", 100) == b""


def test_a_file_as_large_as_the_limit_is_read_and_a_larger_one_is_not(root: Root) -> None:
    assert root.read("a/b/file", 6) == b"inside"
    with pytest.raises(LimitExceededError, match="6 bytes, more than the 5 allowed"):
        root.read("a/b/file", 5)


def test_the_time_of_a_file_is_in_microseconds(root: Root, folder: Path) -> None:
    os.utime(folder / "top", ns=(0, 1_700_000_000_123_456_789))
    assert root.read_dated("top", 100) == (b"at the top", 1_700_000_000_123_456)


@pytest.mark.parametrize(
    "path", ["nothing", "a/nothing", "nothing/file", "/etc/hostname", "a/\0", "a/" + "n" * 300, "a/\ud800"]
)
def test_what_is_not_there_is_missing(root: Root, path: str) -> None:
    with pytest.raises(MissingError):
        root.read(path, 100)


@pytest.mark.parametrize("path", ["../secret", "a/../../secret", "a/./b/file", "a//b/file", "", "a/"])
def test_a_path_that_is_no_plain_way_down_is_refused(root: Root, path: str) -> None:
    with pytest.raises(PathEscapeError):
        root.read(path, 1000)


def test_a_link_to_a_file_is_refused_wherever_it_leads(root: Root, folder: Path) -> None:
    (folder / "out").symlink_to("../secret")
    (folder / "in").symlink_to("top")
    for name in ("out", "in"):
        with pytest.raises(PathEscapeError, match="symbolic link"):
            root.read(name, 100)


def test_a_link_to_a_folder_on_the_way_is_refused(root: Root, folder: Path) -> None:
    (folder / "way").symlink_to("..")
    for read in (lambda: root.read("way/secret", 100), lambda: root.listing("way"), lambda: root.size("way/secret")):
        with pytest.raises(PathEscapeError, match="symbolic link"):
            read()


def test_a_folder_swapped_for_a_link_after_it_was_listed_is_refused(root: Root, folder: Path) -> None:
    root.listing("a")
    (folder / "a/b").rename(folder / "moved")
    (folder / "a/b").symlink_to("../..")
    with pytest.raises(PathEscapeError):
        root.read("a/b/secret", 100)


def test_a_folder_is_no_file_and_a_file_is_no_folder(root: Root) -> None:
    with pytest.raises(WrongTypeError, match="is a folder, not a file"):
        root.read("a/b", 100)
    with pytest.raises(WrongTypeError, match="is a file, not a folder"):
        root.read("top/file", 100)
    with pytest.raises(WrongTypeError, match="is a file, not a folder"):
        root.listing("top")
    with pytest.raises(WrongTypeError, match="is a folder, not a file"):
        root.size("a")


def test_a_fifo_is_refused_and_does_not_block(root: Root, folder: Path) -> None:
    os.mkfifo(folder / "fifo")
    with pytest.raises(WrongTypeError, match="is a FIFO"):
        root.read("fifo", 100)
    with pytest.raises(WrongTypeError, match="is a FIFO"):
        root.listing("fifo")


def test_a_socket_is_refused(root: Root, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)  # the path of a socket may not be long
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("sock")
        with pytest.raises(WrongTypeError, match="is a socket"):
            root.read("sock", 100)


def test_a_device_is_refused() -> None:
    with Root("/dev") as root, pytest.raises(WrongTypeError, match="is a device"):
        root.read("null", 100)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_unreadable(root: Root, folder: Path) -> None:
    (folder / "top").chmod(0)
    with pytest.raises(ContentError) as caught:
        root.read("top", 100)
    assert caught.value.kind == "unreadable"


def test_a_listing_is_sorted_and_says_what_each_thing_is(root: Root, folder: Path) -> None:
    (folder / "link").symlink_to("top")
    os.mkfifo(folder / "fifo")
    expected = [Entry("a", "folder"), Entry("fifo", "other"), Entry("link", "link"), Entry("top", "file")]
    assert expected == root.listing()
    assert Entry("top", "file", 10) == root.listing(sizes=True)[-1]


def test_names_that_are_no_utf8_are_listed_and_read(root: Root, folder: Path) -> None:
    name = os.fsdecode(b"a/\xff")
    (folder / name).write_bytes(b"odd")
    assert [os.fsencode(entry.name) for entry in root.listing("a")] == [b"b", b"\xff"]
    assert root.read(name, 100) == b"odd"


def test_kind_says_what_lies_there_and_never_raises(root: Root, folder: Path) -> None:
    (folder / "link").symlink_to("top")
    paths = ["", "a", "top", "link", "nothing", "top/below", "link/below", "\0"]
    expected = ["folder", "folder", "file", "link", None, None, None, None]
    assert expected == [root.kind(path) for path in paths]


def test_size_does_not_open_the_file(root: Root, folder: Path) -> None:
    (folder / "large").touch()
    os.truncate(folder / "large", 1 << 40)
    assert root.size("large") == 1 << 40


def test_many_folders_are_read_with_few_descriptors(root: Root, folder: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for number in range(500):
        (folder / f"a/{number}").mkdir()
        (folder / f"a/{number}/file").write_bytes(str(number).encode())
    assert [str(number).encode() for number in range(500)] == [root.read(f"a/{n}/file", 10) for n in range(500)]
    assert len(os.listdir("/proc/self/fd")) < before + 200


def test_closing_gives_all_descriptors_back(folder: Path) -> None:
    before = os.listdir("/proc/self/fd")
    with Root(folder) as root:
        root.read("a/b/file", 100)
    assert before == os.listdir("/proc/self/fd")


def test_a_root_may_itself_be_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(folder)
    with Root(tmp_path / "alias") as root:
        assert root.read("top", 100) == b"at the top"
        assert root.path == os.path.realpath(folder)


@pytest.mark.parametrize("name", ["nothing", "root/top"])
def test_a_root_that_is_no_folder_is_unavailable(folder: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(SourceUnavailableError, match="cannot read the folder"):
        Root(tmp_path / name)


def test_check_file_and_check_folder_name_what_is_wrong() -> None:
    assert check_file(Entry("x", "file", 3)) == 3
    check_folder(Entry("x", "folder"))
    for kind, error in (("folder", WrongTypeError), ("link", PathEscapeError), ("other", WrongTypeError)):
        with pytest.raises(error):
            check_file(Entry("x", kind))
    for kind, error in (("file", WrongTypeError), ("link", PathEscapeError), ("other", WrongTypeError)):
        with pytest.raises(error):
            check_folder(Entry("x", kind))
