"""Tars as trees: what is listed and read, and what a hostile or damaged one can do."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
import tarfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from imgindex.errors import (
    LayoutError,
    LimitExceededError,
    MalformedError,
    MissingError,
    PathEscapeError,
    SourceUnavailableError,
)
from imgindex.limits import Limits
from imgindex.sources.files import Entry, WrongTypeError
from imgindex.sources.tar.root import TarRoot

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LIMITS = Limits()
FILES = {"a/one.json": b'{"n": 1}', "a/two": b"\x1f\x8b layer " * 300, "three.json": b" [3]"}
PACKERS: dict[str, Callable[[bytes], bytes]] = {"plain": bytes, "gzip": gzip.compress, "zstd": zstd.compress}


def tar_of(files: dict[str, bytes], *more: tarfile.TarInfo, format: int = tarfile.GNU_FORMAT) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=format) as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            member.mtime = 1_700_000_000
            tar.addfile(member, io.BytesIO(data))
        for member in more:
            tar.addfile(member)
    return made.getvalue()


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


@pytest.fixture(params=PACKERS)
def pack(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[bytes], Path]:
    def write(data: bytes) -> Path:
        path = tmp_path / "archive"
        path.write_bytes(PACKERS[request.param](data))
        return path

    return write


def test_members_are_listed_and_documents_read(pack: Callable[[bytes], Path]) -> None:
    with TarRoot(pack(tar_of(FILES)), LIMITS) as tar:
        assert tar.broken is None
        assert [Entry("a", "folder"), Entry("three.json", "file", 4)] == tar.listing(sizes=True)
        assert [Entry("one.json", "file", 8), Entry("two", "file", 2700)] == tar.listing("a", sizes=True)
        assert FILES["a/one.json"] == tar.read("a/one.json", 100)
        assert (FILES["three.json"], 1_700_000_000_000_000) == tar.read_dated("three.json", 100)
        assert (2700, b"\x1f\x8b l") == (tar.size("a/two"), tar.start("a/two"))
        assert ("file", "folder", None) == (tar.kind("a/two"), tar.kind("a"), tar.kind("b"))


def test_what_is_not_there_or_no_file(pack: Callable[[bytes], Path]) -> None:
    fifo = tarfile.TarInfo("fifo")
    fifo.type = tarfile.FIFOTYPE
    with TarRoot(pack(tar_of(FILES, fifo)), LIMITS) as tar:
        for path, error in (("b", MissingError), ("a", WrongTypeError), ("fifo", WrongTypeError)):
            with pytest.raises(error):
                tar.read(path, 100)
        with pytest.raises(LimitExceededError):
            tar.read("a/one.json", 7)
        with pytest.raises(WrongTypeError):
            tar.listing("three.json")


def test_a_layer_is_no_document_of_a_compressed_tar(tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(gzip.compress(tar_of(FILES)))
    with TarRoot(tmp_path / "archive", LIMITS) as tar, pytest.raises(MalformedError, match="like no JSON document"):
        tar.read("a/two", 10_000)


def test_links_lead_to_members_and_never_out(pack: Callable[[bytes], Path]) -> None:
    links = [
        link("a/near", "one.json"),
        link("b/far", "../a/near"),
        link("out", "../../etc/passwd"),
        link("absolute", "/etc/passwd"),
        link("loop", "loop"),
        link("hard", "three.json", tarfile.LNKTYPE),
    ]
    with TarRoot(pack(tar_of(FILES, *links)), LIMITS) as tar:
        assert "a/one.json" == tar.resolve("b/far")
        assert b" [3]" == tar.read("hard", 100)
        for name in ("out", "absolute"):
            with pytest.raises(PathEscapeError):
                tar.resolve(name)
        with pytest.raises(MissingError, match="without an end"):
            tar.resolve("loop")
        with pytest.raises(PathEscapeError):
            tar.read("a/near", 100)


def test_names_that_lead_out_are_no_members(pack: Callable[[bytes], Path]) -> None:
    odd = {"./index.json": b"{}", "../up": b"{}", "a/../../up": b"{}", "/rooted": b"{}", "b/./c": b"{}"}
    with TarRoot(pack(tar_of(odd)), LIMITS) as tar:
        assert ["b", "index.json", "rooted"] == [entry.name for entry in tar.listing()]


def test_the_last_of_two_members_of_one_name_counts(pack: Callable[[bytes], Path]) -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for text in (b"{1}", b"{22}"):
            member = tarfile.TarInfo("x")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text))
    with TarRoot(pack(made.getvalue()), LIMITS) as tar:
        assert b"{22}" == tar.read("x", 10)


@pytest.mark.parametrize("format", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names(pack: Callable[[bytes], Path], format: int) -> None:
    name = "/".join(["folder" * 20] * 4)
    with TarRoot(pack(tar_of({name: b"{}"}, format=format)), LIMITS) as tar:
        assert b"{}" == tar.read(name, 10)


def test_a_tar_cut_anywhere_loses_what_is_behind_the_cut_alone(tmp_path: Path) -> None:
    whole = tar_of(FILES).rstrip(b"\0")
    whole += b"\0" * (-len(whole) % 512 + 1024)
    with tarfile.open(fileobj=io.BytesIO(whole)) as tar:
        ends = {member.name: member.offset_data + member.size for member in tar}
    path = tmp_path / "cut"
    unreadable = []
    for length in range(0, len(whole) - 512, 97):
        path.write_bytes(whole[:length])
        complete = {name for name, end in ends.items() if end <= length}
        try:
            with TarRoot(path, LIMITS) as root:
                assert root.broken is not None
                listed = {name for name in FILES if root.kind(name) == "file"}
                # Of a file, its padding may be what is cut.
                assert listed <= complete
                assert len(complete - listed) <= 1
                assert all(FILES[name] == root.read(name, 10_000) for name in listed)
        except LayoutError:
            unreadable.append(len(complete))
    assert max(unreadable) <= 1


@pytest.mark.parametrize("packer", ["gzip", "zstd"])
def test_a_compressed_tar_cut_anywhere_is_an_error_or_says_so(tmp_path: Path, packer: str) -> None:
    chance = Random(7)
    whole = PACKERS[packer](tar_of({f"{n}.json": b"[" + chance.randbytes(2000) for n in range(200)}))
    broken = []
    for length in range(5, len(whole), max(1, len(whole) // 60)):
        (tmp_path / "cut").write_bytes(whole[:length])
        with suppress(LayoutError), TarRoot(tmp_path / "cut", LIMITS) as root:
            broken.append(root.broken is not None)
            assert broken[-1] == (len(root.listing()) < 200)
    assert any(broken)


def test_a_damaged_header_is_no_end(pack: Callable[[bytes], Path]) -> None:
    data = bytearray(tar_of(FILES))
    with tarfile.open(fileobj=io.BytesIO(bytes(data))) as tar:
        second = tar.getmember("a/two").offset
    data[second + 150] ^= 0x7F  # its checksum
    with TarRoot(pack(bytes(data)), LIMITS) as root:
        assert root.broken is not None
        assert ["a"] == [entry.name for entry in root.listing()]


def test_a_header_that_claims_gigabytes_is_refused(pack: Callable[[bytes], Path]) -> None:
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 7 << 30
    data = tar_of({"a": b"{}"})[:1024] + header.tobuf() + b"x" * 4096
    with TarRoot(pack(data), LIMITS) as root:
        assert root.broken is not None
        assert "claims" in root.broken


def test_what_expands_beyond_reason_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(zstd.compress(tar_of({"a.json": b"{}", "zeros": bytes(40 << 20)})))
    assert path.stat().st_size < 100_000
    with TarRoot(path, replace(LIMITS, archive_ratio=8)) as root:
        assert root.broken is not None
        assert "expands to more than" in root.broken
        assert root.kind("zeros") is None


def test_more_members_than_allowed_end_the_listing(pack: Callable[[bytes], Path]) -> None:
    path = pack(tar_of({f"{n}": b"{}" for n in range(10)}))
    with TarRoot(path, replace(LIMITS, archive_members=5)) as root:
        assert root.broken is not None
        assert 5 == len(root.listing())


def test_what_is_no_tar(tmp_path: Path) -> None:
    for content in (b"", b"hello", b"\x1f\x8b", b"\x28\xb5\x2f\xfdxx", b"x" * 5000):
        (tmp_path / "file").write_bytes(content)
        with pytest.raises(LayoutError, match="is no tar"):
            TarRoot(tmp_path / "file", LIMITS)
    with pytest.raises(SourceUnavailableError, match="no regular file"):
        TarRoot(tmp_path, LIMITS)
    with pytest.raises(SourceUnavailableError, match="cannot read"):
        TarRoot(tmp_path / "nothing", LIMITS)


def test_a_fifo_does_not_make_it_wait(tmp_path: Path) -> None:
    subprocess.run(["mkfifo", tmp_path / "fifo"], check=True)
    with pytest.raises(SourceUnavailableError, match="no regular file"):
        TarRoot(tmp_path / "fifo", LIMITS)
