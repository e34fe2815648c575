"""Which thing is meant by a name, a digest, or the start of one.

A name is looked for before a digest's start, as docker does. Names: `nginx:1.25` as docker would complete it, then as
it stands, then as the end of a longer name (`team/web:1` of `registry.example/team/web:1`). Digests are found by their
keys: a start of the hex is a range of keys, however many digests the index has.

    find(connection, "team/web:1.2") -> Thing(kind="tag", key=…, name="127.0.0.1:5055/team/web:1.2", tag="1.2")
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from imgindex.errors import AmbiguousThingError, InvalidReferenceError, UnknownThingError, UsageError, quote
from imgindex.oci.digest import ALGORITHMS
from imgindex.oci.reference import parse_reference
from imgindex.query.show.page import ask
from imgindex.records.keys import KEY_BITS, name_key

if TYPE_CHECKING:
    from sqlalchemy import Connection

LEAST_HEX = 4
"""How much of a digest's hex must be given."""
SHOWN = 20
"""How many candidates an error names."""

KINDS = ("manifest", "image", "layer", "chain", "blob")
"""What a digest may be of; where it is of several, the first: a base layer's diff ID is its chain ID, too."""

_DIGEST = re.compile(r"(?:(?P<algorithm>[a-z0-9]+):)?(?P<hex>[0-9a-f]{1,128})")

TAGS = """
SELECT DISTINCT r.repository_key, r.name, t.tag
FROM repositories AS r
JOIN (
    SELECT index_key, source_key, repository_key, tag FROM tags
    UNION ALL
    SELECT index_key, source_key, repository_key, tag FROM tag_traces
) AS t ON t.repository_key = r.repository_key
JOIN source_streams AS s ON s.index_key = t.index_key AND s.source_key = t.source_key
WHERE {which}
ORDER BY r.name ASC NULLS FIRST, t.tag
LIMIT 1000
"""
EXACT = TAGS.format(which="r.repository_key = :repository_key AND (t.tag = :tag OR :tag = '')")
ENDING = TAGS.format(which="RIGHT(r.name, LENGTH(:ending)) = :ending AND (t.tag = :tag OR :tag = '')")

IN_RANGE = """
SELECT f.digest, f.kind, f.content_key
FROM (
    SELECT b.digest, b.blob_key AS content_key,
        CASE WHEN b.blob_key IN (SELECT manifest_key FROM manifests WHERE manifest_key BETWEEN :low AND :high)
                OR b.blob_key IN (SELECT manifest_key FROM source_manifests WHERE manifest_key BETWEEN :low AND :high)
            THEN 'manifest'
            WHEN b.blob_key IN (SELECT image_key FROM images WHERE image_key BETWEEN :low AND :high)
                OR b.blob_key IN (SELECT image_key FROM source_images WHERE image_key BETWEEN :low AND :high)
            THEN 'image'
            ELSE 'blob' END AS kind
    FROM blobs AS b
    WHERE b.blob_key BETWEEN :low AND :high
    UNION ALL
    SELECT l.diff_id AS digest, l.layer_key AS content_key, 'layer' AS kind
    FROM layers AS l
    WHERE l.layer_key BETWEEN :low AND :high
    UNION ALL
    SELECT c.chain_id AS digest, c.chain_key AS content_key, 'chain' AS kind
    FROM chains AS c
    WHERE c.chain_key BETWEEN :low AND :high
) AS f
ORDER BY f.digest, f.kind
LIMIT 1000
"""

LISTS_MANIFEST = """
SELECT 1 AS found
FROM source_manifests AS sm
JOIN repositories AS r ON r.repository_key = sm.repository_key
WHERE sm.manifest_key = :key AND (r.name = :repository OR RIGHT(r.name, LENGTH(:ending)) = :ending)
UNION
SELECT 1 AS found
FROM repo_digests AS d
JOIN repositories AS r ON r.repository_key = d.repository_key
WHERE d.manifest_key = :key AND (r.name = :repository OR RIGHT(r.name, LENGTH(:ending)) = :ending)
ORDER BY found
"""


class Thing(NamedTuple):
    """What a page is about."""

    kind: str
    """tag, or one of KINDS."""
    key: int
    """The key of its digest; of a tag, that of its repository."""
    name: str
    """The digest, or `repository:tag`."""
    tag: str = ""


def find(connection: Connection, text: str) -> Thing:
    """The thing that is meant.

    Raises UnknownThingError, which says what was looked for, and AmbiguousThingError, which names the candidates.
    """
    text = text.strip()
    name, at, digest = text.rpartition("@")
    if at:
        return _in_repository(connection, name, digest)
    written = _DIGEST.fullmatch(text)
    algorithm = written["algorithm"] if written else None
    if algorithm not in ALGORITHMS:
        for looked_for in _spellings(text):
            if found := list(dict.fromkeys(looked_for(connection))):
                return _only(text, found)
    if written and (algorithm is None or algorithm in ALGORITHMS):
        return _by_digest(connection, text, algorithm, written["hex"])
    raise UnknownThingError(
        f'The index has no tag "{quote(text)}", nor one that ends so. A digest or an image ID is written in lower-case '
        f"hex, at least {LEAST_HEX} digits; `imgindex query run drift/current-tags` lists all tags."
    )


def _only(text: str, found: Sequence[Thing]) -> Thing:
    if len(found) == 1:
        return found[0]
    shown = "".join(f"\n  {thing.kind:8} {quote(thing.name, 200)}" for thing in found[:SHOWN])
    more = f"\n  and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    raise AmbiguousThingError(f'"{quote(text)}" may be one of several. Name one of them:{shown}{more}')


def _spellings(text: str) -> Iterator[Any]:
    """Ways to look for a name, the nearest first. Each is a function from an connection to the tags it finds."""
    repository, tag = _split(text)
    exact = [("", text), *([(repository, tag)] if tag else [])]
    bare = repository
    try:
        reference = parse_reference(text)
        exact.append((reference.repository, reference.tag or "latest"))
        bare = reference.repository if tag else bare
        whole = [(reference.repository, "")]
    except InvalidReferenceError:
        whole = []
    yield lambda connection: [thing for place in exact for thing in _exact(connection, *place)]
    ends = dict.fromkeys([f"/{repository}", f"/{bare}"])
    yield lambda connection: [thing for end in ends for thing in _ending(connection, end, tag or "latest")]
    if not tag:
        yield lambda connection: [thing for place in [(text, ""), *whole] for thing in _exact(connection, *place)]
        yield lambda connection: _ending(connection, f"/{repository}", "")


def _split(text: str) -> tuple[str, str]:
    """Repository and tag as they stand; no tag is "". A colon before a slash is a port's."""
    head, colon, tag = text.rpartition(":")
    return (head, tag) if colon and "/" not in tag else (text, "")


def _exact(connection: Connection, repository: str, tag: str) -> list[Thing]:
    return _tags(ask(connection, EXACT, repository_key=name_key(repository), tag=tag)) if repository or tag else []


def _ending(connection: Connection, ending: str, tag: str) -> list[Thing]:
    return _tags(ask(connection, ENDING, ending=ending, tag=tag))


def _tags(rows: list[dict[str, Any]]) -> list[Thing]:
    return [
        Thing("tag", row["repository_key"], f"{row['name']}:{row['tag']}" if row["name"] else row["tag"], row["tag"])
        for row in rows
    ]


def _by_digest(connection: Connection, text: str, algorithm: str | None, start: str) -> Thing:
    if len(start) < LEAST_HEX:
        raise UsageError(f'"{quote(text)}" is too short for a digest: at least {LEAST_HEX} hex digits are needed.')
    low, high = key_range(start)
    kinds: dict[str, tuple[str, int]] = {}
    for row in ask(connection, IN_RANGE, low=low, high=high):
        named, _, digits = row["digest"].partition(":")
        if not digits.startswith(start) or algorithm not in (None, named):
            continue
        known = kinds.get(row["digest"])
        if known is None or KINDS.index(row["kind"]) < KINDS.index(known[0]):
            kinds[row["digest"]] = (row["kind"], row["content_key"])
    if not kinds:
        raise UnknownThingError(
            f'The index has nothing called "{quote(text)}": no tag, and no manifest, image, layer, chain or blob whose '
            "digest starts so."
        )
    return _only(text, [Thing(kind, key, digest) for digest, (kind, key) in kinds.items()])


def _in_repository(connection: Connection, name: str, digest: str) -> Thing:
    """The manifest `repository@digest`; the tag in `repository:tag@digest` says nothing more."""
    written = _DIGEST.fullmatch(digest)
    if written is None or written["algorithm"] not in ALGORITHMS:
        raise UsageError(f'"{quote(digest)}" is no digest, such as sha256:e3b0c44298fc…')
    thing = _by_digest(connection, digest, written["algorithm"], written["hex"])
    repository, _ = _split(name)
    try:
        full = parse_reference(repository).repository
    except InvalidReferenceError:
        full = repository
    if not ask(connection, LISTS_MANIFEST, key=thing.key, repository=full, ending=f"/{repository}"):
        raise UnknownThingError(
            f'The index knows {thing.name}, but of no manifest of that digest in a repository "{quote(repository)}". '
            f"`imgindex show {thing.name}` shows where it is."
        )
    return thing


def key_range(start: str) -> tuple[int, int]:
    """The least and the greatest key of digests whose hex starts so."""
    digits = start[:16]
    shift = 64 - KEY_BITS
    return int(digits.ljust(16, "0"), 16) >> shift, int(digits.ljust(16, "f"), 16) >> shift
