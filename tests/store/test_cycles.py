"""Indexes that name each other: no digest can make such a cycle, but a registry's word or a collision could."""

from __future__ import annotations

from datetime import UTC, datetime

from imgindex.limits import Limits
from imgindex.records.keys import Keyring
from imgindex.records.rows import IndexEntry, Manifest, Record, ScanScope, SourceBlob, SourceManifest, Tag
from imgindex.records.wanted import Wanted
from imgindex.sources.base import scope_key
from imgindex.store.check import check
from imgindex.store.engine import open_engine
from imgindex.store.known import KnownDocuments
from imgindex.store.loader import Loader, SourceRow
from imgindex.store.schema import VIEWS
from imgindex.store.session import Session
from tests.builders import OCI_INDEX, digest_of
from tests.stores import Database

ONE, TWO, SELF = (digest_of(name) for name in (b"one", b"two", b"self"))
SCOPE = scope_key("layout", "index.json")


def index(keys: Keyring, digest: str, *children: str) -> list[Record]:
    key = keys.blob(digest)
    keys.blobs.describe(digest, 1)
    made = Manifest(key, OCI_INDEX, "index", None, None, None, None, 0, None, None, None, None)
    entries = [
        IndexEntry(
            key, position, keys.blob(child), OCI_INDEX, None, "index", 1, None, None, None, None, None, None, None, None
        )
        for position, child in enumerate(children)
    ]
    return [made, *entries]


def load(session: Session) -> None:
    """A layout that lists three indexes: two that hold each other, and one that holds itself."""
    keys = Keyring()
    source = SourceRow("hand-made", "oci", "oci:/layout", "here")
    loader = Loader(session, source, as_of=datetime.now(UTC), limits=Limits(), keys=keys)
    for digest, children in ((ONE, (TWO, TWO)), (TWO, (ONE, SELF)), (SELF, (SELF, SELF))):
        loader.add(index(keys, digest, *children))
    nameless = keys.repository("")
    loader.add([SourceBlob(SCOPE, nameless, keys.blob(digest), 1, "held") for digest in (ONE, TWO, SELF)])
    loader.add(
        [SourceManifest(SCOPE, nameless, keys.blob(ONE)), Tag(SCOPE, nameless, "1", keys.blob(ONE), "manifest", None)]
    )
    loader.add([ScanScope(SCOPE, "layout", "index.json", "complete", closure=True)])
    assert loader.finish(document_count=3, bytes_read=3).outcome == "complete"


def test_a_cycle_ends_in_loading_in_views_and_in_the_walk(db: Database) -> None:
    session = Session(open_engine(str(db.path), read_only=False))
    try:
        load(session)
        with session.transaction():
            key = session.value("SELECT source_key FROM sources")
        known = KnownDocuments(session, Limits(), key)
        assert known.unread([Wanted(ONE, "manifest")]) == []
    finally:
        session.close()
    with db.reading() as rows:
        for view in VIEWS:
            assert rows(f"SELECT COUNT(*) FROM {view.name}")[0][0] < 50, view.name
        assert rows("SELECT manifest_digest, by_tag, by_index FROM manifest_reachability ORDER BY 1") == sorted(
            [(ONE, True, True), (TWO, False, True), (SELF, False, True)]
        )
        assert rows("SELECT tag, image_id FROM tag_images") == [("1", None)]
        assert rows("SELECT stored_bytes, document_bytes FROM source_sizes WHERE basis = 'total'") == [(3, 3)]
    assert check(open_engine(str(db.path), read_only=True)) == []
