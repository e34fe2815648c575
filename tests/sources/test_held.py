"""The compact table of blobs that a store holds."""

from __future__ import annotations

from hashlib import sha256, sha512

from imgindex.sources.held import Held


def test_what_was_added_is_found_with_its_size() -> None:
    sizes = {f"sha256:{sha256(bytes([number])).hexdigest()}": number << 33 for number in range(200)}
    held = Held()
    for digest in sorted(sizes):
        held.add(digest, sizes[digest])
    assert sizes == {digest: held.size(digest) for digest in sizes}
    assert len(held) == 200


def test_what_was_not_added_is_not_there() -> None:
    held = Held()
    held.add("sha256:" + "5" * 64, 7)
    others = ["sha256:" + "4" * 64, "sha256:" + "6" * 64, "sha512:" + "5" * 128]
    assert [held.size(digest) for digest in others] == [None, None, None]


def test_algorithms_are_kept_apart() -> None:
    held = Held()
    digests = [f"sha256:{sha256(b'x').hexdigest()}", f"sha512:{sha512(b'x').hexdigest()}"]
    for size, digest in enumerate(digests):
        held.add(digest, size)
    assert [held.size(digest) for digest in digests] == [0, 1]
