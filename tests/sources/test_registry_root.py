"""The storage of a distribution registry: links, tags, and a real one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from imgindex.limits import Limits
from imgindex.records.keys import content_key, name_key
from imgindex.records.rows import Image, Manifest, Problem, Record, ScanScope, SourceBlob, SourceManifest, Tag
from imgindex.sources.base import ScanContext, scope_key
from imgindex.sources.registry_root import source as registry_source
from imgindex.sources.registry_root.links import read_link
from imgindex.sources.registry_root.source import RegistryRoot
from tests.builders import Registry, digest_of, make_image, make_index, write
from tests.sources.scans import of, outcomes, problems, scan
from tests.truth import registry_tags

WEB = "local/team/web"


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    built = Registry(tmp_path / "registry")
    built.push("team/web", "1.0", make_image(1))
    return built


def read(registry: Registry, limits: Limits | None = None) -> list[Record]:
    return scan(RegistryRoot(str(registry.top)), ScanContext(limits=limits or Limits()))


def tags(records: list[Record]) -> dict[tuple[int, str], int | None]:
    return {(row.repository_key, row.tag): row.target_key for row in of(Tag, records)}


def repositories(records: list[Record]) -> list[str]:
    return [row.name for row in of(ScanScope, records) if row.kind == "repository"]


def test_a_registry_of_one_image(registry: Registry) -> None:
    image = make_image(1)
    records = read(registry)
    scope, repository = scope_key("repository", WEB), name_key(WEB)
    manifest_key = content_key(image.manifest.digest)
    assert of(Tag, records) == [Tag(scope, repository, "1.0", manifest_key, "manifest", 1_700_000_060_000_000)]
    assert of(SourceManifest, records) == [SourceManifest(scope, repository, manifest_key)]
    assert {(row.repository_key, row.blob_key, row.bytes) for row in of(SourceBlob, records)} == {
        *((name_key(""), content_key(blob.digest), len(blob.data)) for blob in image.blobs),
        *((repository, content_key(blob.digest), len(blob.data)) for blob in image.blobs[1:]),
    }
    assert outcomes(records) == {
        ("blobs", "blobs"): "complete",
        ("repository", WEB): "complete",
        ("catalog", "catalog"): "complete",
    }
    assert records[-1] == ScanScope(scope_key("catalog", "catalog"), "catalog", "catalog", "complete")


def test_the_registrys_name_is_part_of_its_repositories(registry: Registry) -> None:
    source = RegistryRoot(str(registry.top), "reg.example:5000")
    assert source.identity.registry == "reg.example:5000"
    assert repositories(scan(source)) == ["reg.example:5000/team/web"]


def test_repositories_lie_at_any_depth_and_within_each_other(registry: Registry) -> None:
    for name in ("alone", "team", "team/web/inner", "deep/er/path/api"):
        registry.push(name, "1", make_image(1))
    names = ["alone", "deep/er/path/api", "team", "team/web", "team/web/inner"]
    assert [f"local/{name}" for name in names] == repositories(read(registry))


def test_a_repository_of_failed_uploads_is_one_without_tags(registry: Registry) -> None:
    (registry.repository("tried") / "_uploads/some-id").mkdir(parents=True)
    records = read(registry)
    assert repositories(records) == ["local/team/web", "local/tried"]
    assert problems(records) == []


def test_folders_that_hold_no_repository_are_none(registry: Registry) -> None:
    (registry.repository("empty/er")).mkdir(parents=True)
    (registry.repository("_trash/_manifests")).mkdir(parents=True)
    write(registry.repository("README"), b"hello")
    records = read(registry)
    assert repositories(records) == [WEB]
    assert problems(records) == []


def test_a_moved_tag_has_the_time_it_was_moved(registry: Registry) -> None:
    registry.push("team/web", "1.0", make_image(2))
    (tag,) = of(Tag, read(registry))
    assert (content_key(make_image(2).manifest.digest), 1_700_000_120_000_000) == (tag.target_key, tag.set_at)


@pytest.mark.parametrize("written", [-62_135_596_800_000_001, 253_402_300_800_000_000])
def test_a_time_that_no_column_holds_is_left_out(written: int) -> None:
    class Odd:
        def read_dated(self, path: str, limit: int) -> tuple[bytes, int]:
            return digest_of(b"x").encode(), written

    assert (digest_of(b"x"), None) == read_link(Odd(), "link", Limits())  # type: ignore[arg-type]


def test_a_tag_of_a_manifest_that_is_no_revision_is_still_a_tag(registry: Registry) -> None:
    digest = digest_of(b"elsewhere")
    registry.point("team/web", "odd", digest)
    records = read(registry)
    assert tags(records)[name_key(WEB), "odd"] == content_key(digest)
    assert len(of(SourceManifest, records)) == 1
    assert problems(records) == []


def test_children_are_read_only_where_a_repository_links_to_them(registry: Registry) -> None:
    linked, unlinked = make_image(2), make_image(3)
    registry.push("team/web", "multi", make_index(linked, unlinked))
    registry.revision("team/web", unlinked.manifest.digest).unlink()
    records = read(registry)
    assert {row.image_id for row in of(Image, records)} == {make_image(1).config.digest, linked.config.digest}
    assert problems(records) == []


def test_a_revision_folder_without_its_link_was_deleted(registry: Registry) -> None:
    image = make_image(1)
    registry.revision("team/web", image.manifest.digest).unlink()
    registry.layer("team/web", image.config.digest).unlink()
    records = read(registry)
    assert problems(records) == []
    assert of(SourceManifest, records) == of(Manifest, records) == []
    of_web = [row for row in of(SourceBlob, records) if row.repository_key == name_key(WEB)]
    assert len(of_web) == len(image.layers)


def test_an_empty_blob_folder_holds_nothing_and_is_no_problem(registry: Registry) -> None:
    image = make_image(1)
    registry.blob(image.layers[0].blob.digest).unlink()
    records = read(registry)
    key = content_key(image.layers[0].blob.digest)
    assert [(row.bytes, row.bytes_evidence) for row in of(SourceBlob, records) if row.blob_key == key] == [
        (None, "declared")
    ]
    assert problems(records) == []


def test_a_registry_of_empty_blob_folders_yields_no_empty_group(registry: Registry) -> None:
    for blob in make_image(1).blobs:
        registry.blob(blob.digest).unlink()
    assert all(RegistryRoot(str(registry.top)).scan(ScanContext()))


def test_an_absent_revision_is_one_problem_however_many_repositories_link_to_it(registry: Registry) -> None:
    image = make_image(1)
    registry.push("other", "1", image)
    registry.blob(image.manifest.digest).unlink()
    (problem,) = of(Problem, read(registry))
    assert (problem.kind, problem.digest) == ("missing", image.manifest.digest)
    assert problem.locator == str(registry.blob(image.manifest.digest).relative_to(registry.top))
    assert problem.scope_key == scope_key("catalog", "catalog")


def test_a_manifest_of_several_repositories_is_read_once(registry: Registry) -> None:
    registry.push("other", "1", make_image(1))
    records = read(registry)
    assert len(of(Manifest, records)) == len(of(Image, records)) == 1
    assert len(of(SourceManifest, records)) == 2


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (b"", "is no digest"),
        (b"sha256:abc", "is no digest"),
        (b"\xff\xfe", "is no digest"),
        (b"x" * 70_000, "70000 bytes"),
        (digest_of(b"x").encode() + b"\n", "is no digest"),
    ],
    ids=["empty", "short", "no text", "too long", "with a newline"],
)
def test_a_tag_whose_link_is_broken_counts_as_seen(registry: Registry, content: bytes, detail: str) -> None:
    registry.push("team/web", "2.0", make_image(2))
    (registry.tag("team/web", "2.0") / "current/link").write_bytes(content)
    records = read(registry)
    (problem,) = of(Problem, records)
    assert (problem.kind, problem.scope_key) == ("bad_link", scope_key("repository", WEB))
    assert detail in problem.detail
    assert tags(records)[name_key(WEB), "2.0"] is None
    assert outcomes(records)["repository", WEB] == "complete"


def test_a_tag_without_current_counts_as_seen(registry: Registry) -> None:
    link = registry.tag("team/web", "1.0") / "current/link"
    link.unlink()
    link.parent.rmdir()
    records = read(registry)
    assert tags(records) == {(name_key(WEB), "1.0"): None}
    locator = "repositories/team/web/_manifests/tags/1.0/current/link"
    assert problems(records) == [("bad_link", locator, None)]


@pytest.mark.parametrize("part", ["revision", "layer"])
def test_a_link_that_leads_elsewhere_than_its_folder_says_is_a_problem(registry: Registry, part: str) -> None:
    image = make_image(1)
    blob = image.manifest if part == "revision" else image.layers[0].blob
    path = getattr(registry, part)("team/web", blob.digest)
    registry.link(path, digest_of(b"another"))
    records = read(registry)
    assert problems(records) == [("bad_link", str(path.relative_to(registry.top)), None)]
    assert len(of(SourceManifest, records)) == (0 if part == "revision" else 1)


def test_a_name_that_is_no_utf8_is_a_problem(registry: Registry) -> None:
    registry.point("team/web", os.fsdecode(b"bad\xff"), digest_of(b"x"))
    (registry.repository(os.fsdecode(b"no\xff")) / "_manifests").mkdir(parents=True)
    records = read(registry)
    assert sorted(locator for _, locator, _ in problems(records)) == [
        "repositories/no\\udcff",
        "repositories/team/web/_manifests/tags/bad\\udcff/current/link",
    ]
    assert repositories(records) == [WEB]
    assert outcomes(records)["catalog", "catalog"] == "partial"


def test_a_link_among_the_repositories_makes_the_catalog_partial(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "outside/_manifests").mkdir(parents=True)
    (registry.top / "repositories/elsewhere").symlink_to(tmp_path / "outside")
    records = read(registry)
    assert problems(records) == [("path_escape", "repositories/elsewhere", None)]
    assert outcomes(records)["catalog", "catalog"] == "partial"
    assert outcomes(records)["repository", WEB] == "complete"


def test_a_folder_of_links_that_cannot_be_listed_makes_its_repository_partial(registry: Registry) -> None:
    tags_folder = registry.repository("team/web") / "_manifests/tags"
    tags_folder.rename(registry.path / "moved")
    tags_folder.symlink_to(registry.path / "moved")
    registry.push("other", "1", make_image(2))
    records = read(registry)
    assert [kind for kind, _, _ in problems(records)] == ["path_escape"]
    assert outcomes(records)["repository", WEB] == "partial"
    assert outcomes(records)["repository", "local/other"] == "complete"


def test_a_shard_that_cannot_be_listed_makes_no_blob_missing(registry: Registry) -> None:
    shard = registry.blob(make_image(1).manifest.digest).parent.parent
    shard.rename(registry.path / "moved")
    shard.symlink_to(registry.path / "moved")
    records = read(registry)
    assert [kind for kind, _, _ in problems(records)] == ["path_escape"]
    assert outcomes(records)["blobs", "blobs"] == "partial"


def test_a_blob_in_the_wrong_shard_is_a_problem(registry: Registry) -> None:
    digest = digest_of(b"stray")
    other = "00" if digest[7:9] != "00" else "01"
    write(registry.top / f"blobs/sha256/{other}/{digest[7:]}/data", b"stray")
    records = read(registry)
    assert problems(records) == [("malformed", f"blobs/sha256/{other}/{digest[7:]}", digest)]
    assert content_key(digest) not in {row.blob_key for row in of(SourceBlob, records)}


def test_documents_come_before_the_end_of_their_repositories(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_source, "_PENDING", 2)
    for seed in range(12):
        registry.push(f"many/{seed % 5}", str(seed), make_image(seed))
    records = read(registry)
    read_by: dict[int, int] = {}
    for place, record in enumerate(records):
        if isinstance(record, Manifest):
            read_by[record.manifest_key] = place
    ends = {row.scope_key: place for place, row in enumerate(records) if isinstance(row, ScanScope)}
    linked = of(SourceManifest, records)
    assert len(read_by) == 12
    assert all(read_by[row.manifest_key] < ends[row.scope_key] for row in linked)
    assert len(repositories(records)) == 6


def test_what_is_pushed_while_the_registry_is_read_is_read_too(registry: Registry) -> None:
    late = make_image(7)
    source = RegistryRoot(str(registry.top)).scan(ScanContext())
    records = list(next(source))
    registry.push("team/web", "late", late)
    records += [record for group in source for record in group]
    assert problems(records) == []
    assert late.config.digest in {row.image_id for row in of(Image, records)}


def test_an_empty_registry_is_complete(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    (registry.top / "repositories").mkdir(parents=True)
    assert outcomes(read(registry)) == {("blobs", "blobs"): "complete", ("catalog", "catalog"): "complete"}


def test_plan_counts_what_a_scan_would_read(registry: Registry) -> None:
    registry.push("other", "a", make_index(make_image(1), make_image(2)))
    registry.push("other", "b", make_image(2))
    counts = RegistryRoot(str(registry.top)).plan(ScanContext())
    assert counts == {"repositories": 2, "tags": 3, "manifests": 4, "blobs": 9}


def test_a_real_registrys_tags_are_what_it_served(registry_store: Path) -> None:
    records = scan(RegistryRoot(str(registry_store / "docker/registry/v2")))
    truth = registry_tags()
    expected = {
        (name_key(f"local/{name}"), tag): content_key(served["digest"])
        for name, served_tags in truth.items()
        for tag, served in served_tags.items()
    }
    assert expected == tags(records)
    assert sorted(f"local/{name}" for name in truth) == sorted(repositories(records))
    assert {tag.set_at for tag in of(Tag, records)} != {None}
    (odd,) = of(Problem, records)
    image = content_key(odd.digest or "")
    holders = {row.scope_key for row in of(SourceBlob, records) if row.blob_key == image} - {
        scope_key("blobs", "blobs")
    }
    assert (odd.kind, odd.document_key, odd.scope_key in holders) == ("history_mismatch", image, True)


def test_a_real_registrys_schema_1_manifest_is_verified_as_it_is_stored(registry_store: Path) -> None:
    records = scan(RegistryRoot(str(registry_store / "docker/registry/v2")))
    key = content_key(registry_tags()["legacy/worker"]["s1"]["digest"])
    assert [row.kind for row in of(Manifest, records) if row.manifest_key == key] == ["schema1"]
