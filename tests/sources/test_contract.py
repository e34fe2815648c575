"""What every source of documents on a disk promises, whatever the store: one body of tests for all of them.

A new kind of store joins by a `Case` in `cases`, which builds one and knows the ways to break it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from imgindex.limits import Limits
from imgindex.records.rows import Image, Manifest, Problem, Record, ScanScope, SourceBlob
from imgindex.records.wanted import Wanted
from imgindex.sources.base import NothingKnown, ScanContext, Source
from imgindex.sources.open import open_source
from tests.sources.cases import CASES, Case, Defect
from tests.sources.scans import of, scan

EACH = pytest.mark.parametrize("case", CASES, ids=[case.kind for case in CASES])
EACH_DEFECT = pytest.mark.parametrize(
    ("case", "defect"),
    [pytest.param(case, defect, id=f"{case.kind}-{defect.name}") for case in CASES for defect in case.defects],
)


def opened(case: Case, path: Path) -> Source:
    return open_source(f"{case.kind}:{path}")


def built(case: Case, tmp_path: Path) -> Source:
    case.build(tmp_path / "store")
    return opened(case, tmp_path / "store")


def keys_of(record: Record) -> Iterable[tuple[str, int]]:
    for name in record.__struct_fields__:
        value = getattr(record, name)
        if name.endswith("_key") and value is not None:
            yield name, value


@EACH
def test_groups_are_records_and_never_empty(case: Case, tmp_path: Path) -> None:
    groups = list(built(case, tmp_path).scan(ScanContext()))
    assert all(group and all(isinstance(record, Record) for record in group) for group in groups)


@EACH
def test_no_key_is_negative_or_too_large(case: Case, tmp_path: Path) -> None:
    records = scan(built(case, tmp_path))
    assert [(record, name) for record in records for name, key in keys_of(record) if not 0 <= key < 1 << 63] == []


@EACH
def test_every_key_was_asked_for_since_the_group_before(case: Case, tmp_path: Path) -> None:
    context = ScanContext()
    for group in built(case, tmp_path).scan(context):
        minted = {key for dictionary in context.keys.dictionaries() for key, _, _ in dictionary.pending()}
        for dictionary in context.keys.dictionaries():
            dictionary.drain()
        assert {key for record in group for name, key in keys_of(record) if name != "scope_key"} <= minted


@EACH
def test_a_sound_store_has_no_problems_and_is_complete(case: Case, tmp_path: Path) -> None:
    records = scan(built(case, tmp_path))
    assert of(Problem, records) == []
    assert {"complete"} == {row.outcome for row in of(ScanScope, records)}


@EACH
def test_nothing_of_a_scope_comes_after_its_end(case: Case, tmp_path: Path) -> None:
    ended: set[int] = set()
    for record in scan(built(case, tmp_path)):
        scope = getattr(record, "scope_key", None)
        assert scope not in ended
        if isinstance(record, ScanScope):
            ended.add(record.scope_key)
    assert ended


@EACH
def test_every_observation_lies_in_a_scope_that_ends(case: Case, tmp_path: Path) -> None:
    records = scan(built(case, tmp_path))
    ends = [row.scope_key for row in of(ScanScope, records)]
    assert len(ends) == len(set(ends))
    assert set(ends) == {getattr(record, "scope_key", ends[0]) for record in records}


@EACH
def test_two_scans_say_the_same_in_the_same_order(case: Case, tmp_path: Path) -> None:
    source = built(case, tmp_path)
    assert scan(source) == scan(source) == scan(opened(case, tmp_path / "store"))


@EACH
def test_no_row_comes_twice(case: Case, tmp_path: Path) -> None:
    records = scan(built(case, tmp_path))
    assert len(records) == len(set(records))


@EACH
def test_known_documents_are_not_read_and_the_rest_is_told_all_the_same(case: Case, tmp_path: Path) -> None:
    class AllKnown(NothingKnown):
        def unread(self, wanted: Iterable[Wanted]) -> list[Wanted]:
            return []

    source = built(case, tmp_path)
    full, again = scan(source), scan(source, ScanContext(known=AllKnown()))
    assert of(Manifest, again) == of(Image, again) == []
    observed = {
        "Tag",
        "RepoDigest",
        "SourceManifest",
        "SourceImage",
        "SourceBlob",
        "SourceLayer",
        "Container",
        "ScanScope",
    }
    assert [row for row in full if type(row).__name__ in observed] == [
        row for row in again if type(row).__name__ in observed
    ]


@EACH
def test_every_document_is_looked_at_once(case: Case, tmp_path: Path) -> None:
    class Counts:
        expected = looked_at = 0

        def expect(self, documents: int) -> None:
            self.expected += documents

        def advance(self, documents: int = 1, bytes_read: int = 0) -> None:
            self.looked_at += documents

    counts = Counts()
    records = scan(built(case, tmp_path), ScanContext(progress=counts))
    assert counts.expected == counts.looked_at
    assert case.documents == len(of(Manifest, records)) + len(of(Image, records))


@EACH
def test_the_plan_reads_no_document_and_counts_in_plurals(case: Case, tmp_path: Path) -> None:
    source = built(case, tmp_path)
    plan = source.plan(ScanContext(limits=replace(Limits(), document_bytes=0)))
    assert all(count >= 0 and noun.endswith("s") for noun, count in plan.items())
    assert any(plan.values())


@EACH
def test_nothing_in_the_store_is_changed(case: Case, tmp_path: Path) -> None:
    source = built(case, tmp_path)
    before = snapshot(tmp_path)
    scan(source)
    source.plan(ScanContext())
    assert before == snapshot(tmp_path)


@EACH
def test_all_descriptors_are_given_back_when_a_scan_is_stopped(case: Case, tmp_path: Path) -> None:
    source = built(case, tmp_path)
    before = os.listdir("/proc/self/fd")
    groups = source.scan(ScanContext())
    next(iter(groups))
    groups.close()  # type: ignore[attr-defined]
    assert before == os.listdir("/proc/self/fd")


@EACH
def test_the_identity_is_that_of_the_folder(case: Case, tmp_path: Path) -> None:
    identity = built(case, tmp_path).identity
    case.build(tmp_path / "other")
    assert identity == opened(case, tmp_path / "store").identity
    assert identity.fingerprint != opened(case, tmp_path / "other").identity.fingerprint
    assert (identity.kind, identity.address) == (case.kind, f"{case.kind}:{tmp_path / 'store'}")


@EACH_DEFECT
def test_a_defect_is_one_problem_and_all_else_is_there(
    case: Case, defect: Defect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "outside").mkdir()
    monkeypatch.setenv("IMGINDEX_TEST_OUTSIDE", str(tmp_path / "outside"))
    store = case.build(tmp_path / "store")
    whole = scan(opened(case, tmp_path / "store"))
    defect.how(defect.path(store))
    broken = scan(opened(case, tmp_path / "store"))
    assert [defect.kind] == [row.kind for row in of(Problem, broken)]
    assert defect.loses == {type(record).__name__ for record in seen(whole) - seen(broken)}
    assert {"complete"} == {row.outcome for row in of(ScanScope, broken)}


def seen(records: list[Record]) -> set[Record]:
    """The records; of a scope's end, all but the fingerprint of its blobs."""
    return {
        msgspec.structs.replace(record, listing=None) if isinstance(record, ScanScope) else record for record in records
    }


@EACH
def test_blobs_as_they_were_at_the_last_look_are_not_told_again(case: Case, tmp_path: Path) -> None:
    class LastLook(NothingKnown):
        def __init__(self, records: list[Record]) -> None:
            self.listings = {row.scope_key: row.listing for row in of(ScanScope, records)}

        def listing(self, scope: int) -> str | None:
            return self.listings[scope]

    first = scan(built(case, tmp_path))
    again = scan(opened(case, tmp_path / "store"), ScanContext(known=LastLook(first)))
    told = {row.scope_key for row in of(ScanScope, again) if row.unchanged}
    assert told == {row.scope_key for row in of(ScanScope, first) if row.listing is not None}
    assert [row for row in of(SourceBlob, first) if row.scope_key not in told] == of(SourceBlob, again)
    assert seen(first) - seen(of(SourceBlob, first)) == {
        msgspec.structs.replace(row, unchanged=False) if isinstance(row, ScanScope) else row for row in seen(again)
    } - seen(of(SourceBlob, again))


@EACH
def test_blobs_of_which_one_has_changed_are_all_told_again(case: Case, tmp_path: Path) -> None:
    class OtherLook(NothingKnown):
        def listing(self, scope: int) -> str | None:
            return "another fingerprint"

    first = scan(built(case, tmp_path))
    assert first == scan(opened(case, tmp_path / "store"), ScanContext(known=OtherLook()))


def snapshot(folder: Path) -> dict[str, tuple[int, int, bytes | None]]:
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        found[str(path)] = (status.st_mtime_ns, status.st_mode, path.read_bytes() if path.is_file() else None)
    return found
