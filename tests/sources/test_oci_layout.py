"""OCI image layouts: what index.json and the blobs say, and what two real tools wrote."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from imgindex.errors import LayoutError, SourceUnavailableError
from imgindex.limits import Limits
from imgindex.records.keys import content_key, name_key
from imgindex.records.rows import Image, Manifest, Problem, Record, ScanScope, SourceBlob, SourceManifest, Tag
from imgindex.records.wanted import Wanted
from imgindex.sources.base import NothingKnown, ScanContext, scope_key
from imgindex.sources.oci_layout.names import split_ref
from imgindex.sources.oci_layout.source import OciLayout
from tests.builders import Layout, as_json, make_image, make_index, write
from tests.sources.scans import of, outcomes, problems, scan
from tests.truth import layout_inspect, umoci_tags

SCOPE = ("layout", "index.json")


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    built = Layout(tmp_path / "layout")
    built.add(make_image(1), "latest")
    return built


def read(layout: Layout, ref: str | None = None, limits: Limits | None = None) -> list[Record]:
    return scan(OciLayout(str(layout.path), ref), ScanContext(limits=limits or Limits()))


def tags(records: list[Record]) -> set[tuple[int, str, int | None]]:
    return {(row.repository_key, row.tag, row.target_key) for row in of(Tag, records)}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("latest", ("", "latest")),
        ("1.2", ("", "1.2")),
        ("web:1.2", ("web", "1.2")),
        ("team/web:1.2", ("team/web", "1.2")),
        ("reg.example:5000/x:1", ("reg.example:5000/x", "1")),
        ("docker.io/library/nginx:latest", ("docker.io/library/nginx", "latest")),
        ("team/web", ("", "team/web")),
        ("reg.example:5000/x", ("", "reg.example:5000/x")),
        ("web@sha256:aa", ("", "web@sha256:aa")),
        (":1", ("", ":1")),
        ("web:", ("", "web:")),
    ],
)
def test_a_ref_name_is_taken_as_given(name: str, expected: tuple[str, str]) -> None:
    assert expected == split_ref(name)


def test_a_layout_of_one_image(layout: Layout) -> None:
    image = make_image(1)
    manifest_key = content_key(image.manifest.digest)
    records = read(layout)
    scope = scope_key(*SCOPE)
    nameless = name_key("")
    assert of(Tag, records) == [Tag(scope, nameless, "latest", manifest_key, "manifest", None)]
    assert of(SourceManifest, records) == [SourceManifest(scope, nameless, manifest_key)]
    assert {(row.blob_key, row.bytes, row.bytes_evidence) for row in of(SourceBlob, records)} == {
        (content_key(blob.digest), len(blob.data), "held") for blob in image.blobs
    }
    (end,) = of(ScanScope, records)
    assert records[-1] == end
    assert (end.scope_key, end.kind, end.name, end.outcome) == (scope, "layout", "index.json", "complete")
    assert (end.closure, end.unchanged) == (True, False)


def test_a_named_descriptor_belongs_to_its_repository_and_a_repeat_without_name_adds_nothing(layout: Layout) -> None:
    image = make_image(2)
    layout.add(image, "web:1", "web:2")
    layout.add(image)
    key = content_key(image.manifest.digest)
    records = read(layout)
    rows = [row.repository_key for row in of(SourceManifest, records) if row.manifest_key == key]
    assert rows == [name_key("web")]
    assert {(name_key("web"), "1", key), (name_key("web"), "2", key)} <= tags(records)


def test_containerds_name_comes_before_the_ref_name(layout: Layout) -> None:
    layout.descriptors[0]["annotations"]["io.containerd.image.name"] = "docker.io/library/web:3"
    layout.write()
    expected = {(name_key("docker.io/library/web"), "3", content_key(make_image(1).manifest.digest))}
    assert expected == tags(read(layout))


def test_one_name_for_two_manifests_is_a_problem_and_the_last_one_counts(layout: Layout) -> None:
    layout.add(make_image(2), "latest")
    records = read(layout)
    assert tags(records) == {(name_key(""), "latest", content_key(make_image(2).manifest.digest))}
    assert problems(records) == [("duplicate_ref", "index.json: manifests[1]", None)]
    assert len(of(SourceManifest, records)) == 2


def test_the_same_name_twice_for_one_manifest_is_no_problem(layout: Layout) -> None:
    layout.add(make_image(1), "latest")
    assert problems(read(layout)) == []


def test_a_ref_limits_the_scan_and_makes_it_partial(layout: Layout) -> None:
    layout.add(make_image(2), "web:1.2")
    records = read(layout, "web:1.2")
    assert [row.tag for row in of(Tag, records)] == ["1.2"]
    assert [row.image_id for row in of(Image, records)] == [make_image(2).config.digest]
    assert outcomes(records) == {SCOPE: "partial"}


def test_a_ref_that_is_not_there_is_an_error(layout: Layout) -> None:
    with pytest.raises(SourceUnavailableError, match="lists nothing by the name nothing"):
        read(layout, "nothing")


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b'{"manifests": {}}', b'{"manifests": [', b"\xff", b'{"manifests": ' + b"[" * 100_000],
    ids=["empty", "no object", "no list", "no array", "cut off", "no text", "nested"],
)
def test_an_index_that_cannot_be_read_ends_the_scan(layout: Layout, content: bytes) -> None:
    layout.index.write_bytes(content)
    with pytest.raises(LayoutError, match=r"index\.json"):
        read(layout)


def test_no_manifests_at_all_is_an_empty_layout(layout: Layout) -> None:
    layout.index.write_bytes(b'{"schemaVersion": 2, "manifests": null}')
    records = read(layout)
    assert outcomes(records) == {SCOPE: "complete"}
    assert of(Tag, records) == of(SourceManifest, records) == of(Manifest, records) == []


@pytest.mark.parametrize(
    ("descriptor", "kind"),
    [
        ({"size": 3}, "malformed"),
        ({"digest": 5}, "malformed"),
        ({"digest": "sha256:abc"}, "unsupported_digest"),
        ({"digest": "md5:d41d8cd98f00b204e9800998ecf8427e"}, "unsupported_digest"),
        ("text", "malformed"),
        (None, "malformed"),
    ],
)
def test_a_broken_descriptor_is_one_problem(layout: Layout, descriptor: object, kind: str) -> None:
    layout.descriptors.append(descriptor)  # type: ignore[arg-type]
    layout.write()
    records = read(layout)
    assert problems(records) == [(kind, "index.json: manifests[1]", None)]
    assert outcomes(records) == {SCOPE: "complete"}
    assert len(of(Image, records)) == 1


def test_a_descriptor_with_another_size_is_a_problem_every_time(layout: Layout) -> None:
    layout.descriptors[0]["size"] = 12
    layout.write()
    digest = make_image(1).manifest.digest
    locator = f"blobs/{digest.replace(':', '/')}"
    first = read(layout)
    assert problems(first) == [("size_mismatch", locator, digest)]
    assert len(of(Image, first)) == 1

    class AllKnown(NothingKnown):
        def unread(self, wanted: Iterable[Wanted]) -> list[Wanted]:
            return []

    again = scan(OciLayout(str(layout.path)), ScanContext(known=AllKnown()))
    assert problems(again) == problems(first)


def test_names_that_no_column_holds_are_mended_or_refused(layout: Layout) -> None:
    layout.add(make_image(2), "a\0b")
    layout.add(make_image(3), "c\ud800d")
    layout.add(make_image(4), "n" * 600)
    records = read(layout)
    assert {row.tag for row in of(Tag, records)} == {"latest", "a\ufffdb", "c\ufffdd"}
    assert [kind for kind, _, _ in problems(records)] == ["limit_exceeded"]
    assert len(of(SourceManifest, records)) == 4


@pytest.mark.parametrize("content", [None, b"", b"[]", b'{"imageLayoutVersion": 1}'])
def test_a_marker_that_is_broken_is_one_problem(layout: Layout, content: bytes | None) -> None:
    marker = layout.path / "oci-layout"
    marker.unlink() if content is None else marker.write_bytes(content)
    records = read(layout)
    assert [locator for _, locator, _ in problems(records)] == ["oci-layout"]
    assert len(of(Image, records)) == 1


def test_another_version_of_the_layout_is_not_read(layout: Layout) -> None:
    write(layout.path / "oci-layout", as_json({"imageLayoutVersion": "2.0.0"}))
    with pytest.raises(LayoutError, match=r"version 2\.0\.0"):
        read(layout)


def test_a_layout_without_a_blobs_folder_is_none(layout: Layout) -> None:
    (layout.path / "blobs").rename(layout.path / "other")
    with pytest.raises(LayoutError, match="cannot list the blobs"):
        read(layout)


def test_a_file_among_the_blobs_that_is_none_is_one_problem(layout: Layout) -> None:
    write(layout.path / "blobs/sha256/.partial-1", b"half a blob")
    write(layout.path / "blobs/README", b"hello")
    records = read(layout)
    assert sorted(problems(records)) == [
        ("unsupported_digest", "blobs/sha256/.partial-1", None),
        ("wrong_type", "blobs/README", None),
    ]
    assert outcomes(records) == {SCOPE: "complete"}


def test_a_blob_that_nothing_refers_to_is_listed_and_not_read(layout: Layout) -> None:
    orphan = make_image(9)
    layout.put(orphan.manifest)
    records = read(layout)
    assert content_key(orphan.manifest.digest) in {row.blob_key for row in of(SourceBlob, records)}
    assert len(of(Manifest, records)) == 1


def test_the_same_folder_has_the_same_identity_by_any_path(layout: Layout, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(layout.path)
    identity = OciLayout(str(layout.path)).identity
    assert identity == OciLayout(str(tmp_path / "alias")).identity == OciLayout(str(layout.path), "latest").identity
    assert (identity.kind, identity.address, identity.registry) == ("oci", f"oci:{layout.path}", None)


def test_plan_counts_what_a_scan_would_read(layout: Layout) -> None:
    layout.add(make_index(make_image(2), make_image(3)), "multi", "web:1")
    blobs = 4 + 1 + 8
    assert OciLayout(str(layout.path)).plan(ScanContext()) == {"manifests": 2, "tags": 3, "blobs": blobs}


def test_skopeos_layout(skopeo_layout: Path) -> None:
    records = scan(OciLayout(str(skopeo_layout)))
    assert problems(records) == []
    named = {(row.repository_key, row.tag): row.target_key for row in of(Tag, records)}
    web = {tag: named[name_key("web"), tag] for tag in ("1.0", "1.1", "1.2", "repro", "squashed")}
    assert len(set(web.values())) == 5
    assert web["1.2"] == content_key(layout_inspect("web_1.2")["Digest"])
    assert web["squashed"] == named[name_key(""), "latest"] == content_key(layout_inspect("latest")["Digest"])
    assert len(named) == 14


def test_umocis_layout(umoci_layout: Path) -> None:
    records = scan(OciLayout(str(umoci_layout)))
    assert problems(records) == []
    assert sorted(umoci_tags()) == sorted(row.tag for row in of(Tag, records))
    assert {0} < {row.layer_count for row in of(Image, records)}


def test_problems_of_the_documents_lie_in_the_layouts_scope(layout: Layout) -> None:
    image = make_image(5)
    layout.add(image, "five")
    layout.blob(image.config.digest).write_bytes(b"{}")
    (problem,) = of(Problem, read(layout))
    assert problem.scope_key == scope_key(*SCOPE)
