"""Image layouts of skopeo and umoci in the index, against what these tools told of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.held import hold_layout
from tests.indexes import NewIndex
from tests.recount import numbers
from tests.stores import Database, numbers_of
from tests.truth import layout_inspect, layout_manifest, umoci_stat, umoci_tags

RAW = {"chart": "chart", "latest": "latest", "multi": "multi", "sbom": "sbom", "web_1.2": "web:1.2", "zstd": "zstd"}
"""Refs that skopeo was asked for the raw manifest of; it inspects none that is no image."""
INSPECTED = {"latest": "latest", "multi": "multi", "web_1.2": "web:1.2", "zstd": "zstd"}
STATTED = ("cfg", "repacked", "static")


@pytest.fixture(scope="module")
def skopeo(lasting_index: NewIndex, skopeo_layout: Path, tmp_path_factory: pytest.TempPathFactory) -> Database:
    made = lasting_index(tmp_path_factory.mktemp("skopeo"))
    made.look(skopeo_layout)
    return made


@pytest.fixture(scope="module")
def umoci(lasting_index: NewIndex, umoci_layout: Path, tmp_path_factory: pytest.TempPathFactory) -> Database:
    made = lasting_index(tmp_path_factory.mktemp("umoci"))
    made.look(umoci_layout)
    return made


def descriptors(layout: Path) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads((layout / "index.json").read_bytes())["manifests"]
    return listed


def document(layout: Path, digest: str) -> Any:
    return json.loads((layout / "blobs" / digest.replace(":", "/")).read_bytes())


def split(ref: str) -> tuple[str | None, str]:
    """A bare word is a tag of the nameless repository; `name:tag` is taken as given."""
    repository, _, tag = ref.rpartition(":")
    return repository or None, tag


def moment(text: str) -> datetime:
    whole, _, fraction = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(whole).replace(tzinfo=UTC, microsecond=int(f"{fraction[:6]:0<6}"))


def test_the_tags_are_the_refs_of_the_layout(skopeo: Database, skopeo_layout: Path) -> None:
    told = set()
    for descriptor in descriptors(skopeo_layout):
        if ref := descriptor.get("annotations", {}).get("org.opencontainers.image.ref.name"):
            told.add((*split(ref), descriptor["digest"], "manifest"))
    assert 14 == len(told)
    assert told == set(skopeo.rows("SELECT repository, tag, target_digest, target_kind FROM current_tags"))
    assert {(None,)} == set(skopeo.rows("SELECT set_at FROM current_tags"))


@pytest.mark.parametrize("name", RAW)
def test_a_ref_leads_to_the_bytes_that_skopeo_printed(skopeo: Database, name: str) -> None:
    repository, tag = split(RAW[name])
    digest = "sha256:" + sha256(layout_manifest(name)).hexdigest()
    assert [(digest, len(layout_manifest(name)))] == skopeo.rows(
        "SELECT t.target_digest, b.size_bytes FROM current_tags AS t JOIN blobs AS b ON b.digest = t.target_digest "
        "WHERE t.tag = :tag AND t.repository IS NOT DISTINCT FROM CAST(:repository AS TEXT)",
        tag=tag,
        repository=repository,
    )


@pytest.mark.parametrize("name", INSPECTED)
def test_what_skopeo_inspected_is_in_the_index(skopeo: Database, name: str) -> None:
    told = layout_inspect(name)
    repository, tag = split(INSPECTED[name])
    with skopeo.reading() as rows:
        place = {"tag": tag, "repository": repository}
        here = "tag = :tag AND repository IS NOT DISTINCT FROM CAST(:repository AS TEXT)"
        assert [(told["Digest"],)] == rows(f"SELECT target_digest FROM current_tags WHERE {here}", **place)
        manifest, image = rows(
            f"SELECT manifest_digest, image_id FROM tag_images WHERE {here} AND platform = 'linux/amd64'", **place
        )[0]
        assert [(told["Os"], told["Architecture"], moment(told["Created"]))] == rows(
            "SELECT os, architecture, created_at FROM image_summary WHERE image_id = :image", image=image
        )
        assert told["Layers"] == [
            blob
            for (blob,) in rows(
                "SELECT b.digest FROM manifest_layers AS l JOIN blobs AS b ON b.blob_key = l.blob_key "
                "JOIN blobs AS m ON m.blob_key = l.manifest_key WHERE m.digest = :digest ORDER BY l.position",
                digest=manifest,
            )
        ]
        assert (told["Labels"] or {}) == dict(
            rows(
                "SELECT l.name, l.value FROM image_labels AS l JOIN images AS i ON i.image_key = l.image_key "
                "WHERE i.image_id = :image",
                image=image,
            )
        )
        assert (told["Env"] or []) == [
            variable
            for (variable,) in rows(
                "SELECT e.name || '=' || e.value FROM image_env AS e JOIN images AS i ON i.image_key = e.image_key "
                "WHERE i.image_id = :image ORDER BY e.position",
                image=image,
            )
        ]


def test_a_multi_platform_ref_stands_for_the_images_that_skopeo_printed(skopeo: Database) -> None:
    entries = json.loads(layout_manifest("multi"))["manifests"]
    told = [
        (position, entry["digest"], entry["platform"]["os"], entry["platform"]["architecture"])
        for position, entry in enumerate(entries)
    ]
    assert told == skopeo.rows(
        "SELECT t.position, t.manifest_digest, i.os, i.architecture FROM tag_images AS t "
        "JOIN image_summary AS i ON i.image_id = t.image_id WHERE t.tag = 'multi' ORDER BY t.position"
    )
    assert ["linux/amd64", "linux/arm64", "linux/arm/v7", "linux/s390x"] == skopeo.column(
        "SELECT platform FROM tag_images WHERE tag = 'multi' ORDER BY position"
    )


def test_artifacts_are_what_their_raw_manifests_say(skopeo: Database) -> None:
    sbom, chart = json.loads(layout_manifest("sbom")), json.loads(layout_manifest("chart"))
    told = {
        (sbom["artifactType"], sbom["subject"]["digest"], 1, sbom["config"]["size"] + sbom["layers"][0]["size"]),
        (chart["config"]["mediaType"], None, 1, chart["config"]["size"] + chart["layers"][0]["size"]),
    }
    assert told == set(
        skopeo.rows(
            "SELECT artifact_type, subject_digest, layer_count, size_bytes FROM manifest_detail WHERE kind = 'artifact'"
        )
    )
    digest = "sha256:" + sha256(layout_manifest("sbom")).hexdigest()
    # The SBOM's repository is the nameless one; so is that of its subject, which is listed without a name as well.
    assert [(None, sbom["subject"]["digest"], digest, "subject")] == skopeo.rows(
        "SELECT repository, subject_digest, manifest_digest, how FROM referrers"
    )


def test_listed_images_are_what_index_json_reaches(skopeo: Database, skopeo_layout: Path) -> None:
    told, ahead = set(), [descriptor["digest"] for descriptor in descriptors(skopeo_layout)]
    while ahead:
        body = document(skopeo_layout, ahead.pop())
        ahead += [entry["digest"] for entry in body.get("manifests", [])]
        if "container.image" in str(body.get("config")) or "image.config" in str(body.get("config")):
            told.add((body["config"]["digest"], True))
    assert 14 == len(told)
    assert told == set(skopeo.rows("SELECT image_id, listed FROM image_summary"))


@pytest.mark.parametrize("which", ["skopeo", "umoci"])
def test_every_blob_of_a_layout_is_held_with_its_size(
    which: str, skopeo: Database, umoci: Database, skopeo_layout: Path, umoci_layout: Path
) -> None:
    db, layout = {"skopeo": (skopeo, skopeo_layout), "umoci": (umoci, umoci_layout)}[which]
    told = {(f"sha256:{path.name}", path.stat().st_size, "held") for path in (layout / "blobs/sha256").iterdir()}
    assert told == set(
        db.rows(
            "SELECT b.digest, s.bytes, s.bytes_evidence FROM source_blobs AS s "
            "JOIN blobs AS b ON b.blob_key = s.blob_key"
        )
    )
    assert [(sum(size for _, size, _ in told),) * 2] == db.rows(
        "SELECT stored_bytes, distinct_bytes + document_bytes + artifact_bytes + untagged_bytes + orphan_bytes "
        "FROM source_sizes WHERE basis = 'compressed'"
    )
    assert [] == db.problems()


def test_the_tags_of_the_umoci_layout_are_those_that_umoci_listed(umoci: Database) -> None:
    told = umoci_tags()
    assert 4 == len(told)
    assert [(None, tag) for tag in sorted(told)] == umoci.rows("SELECT repository, tag FROM current_tags ORDER BY tag")


@pytest.mark.parametrize("tag", STATTED)
def test_the_history_and_layers_are_those_that_umoci_told(umoci: Database, tag: str) -> None:
    told = umoci_stat(tag)["history"]
    with umoci.reading() as rows:
        image, manifest = rows("SELECT image_id, manifest_digest FROM tag_images WHERE tag = :tag", tag=tag)[0]
        found = rows(
            "SELECT created_at, created_by, empty_layer, diff_id FROM image_history_detail WHERE image_id = :image "
            "ORDER BY position",
            image=image,
        )
        blobs = rows(
            "SELECT b.digest, l.declared_bytes, l.media_type FROM manifest_layers AS l "
            "JOIN blobs AS b ON b.blob_key = l.blob_key JOIN blobs AS m ON m.blob_key = l.manifest_key "
            "WHERE m.digest = :digest ORDER BY l.position",
            digest=manifest,
        )
    assert [
        (
            moment(entry["created"]),
            entry.get("created_by"),
            entry.get("empty_layer", False),
            entry.get("diff_id") or None,
        )
        for entry in told
    ] == found
    layers = [entry["layer"] for entry in told if entry.get("layer")]
    assert [(layer["digest"], layer["size"], layer["mediaType"]) for layer in layers] == blobs


def test_an_image_without_layers_is_an_image_of_no_bytes(umoci: Database) -> None:
    assert [(0, 0, 0, 0, 0)] == umoci.rows(
        "SELECT z.size_bytes, z.shared_bytes, z.unique_bytes, z.split_bytes, z.unknown_layers "
        "FROM image_sizes AS z JOIN tag_images AS t ON t.image_id = z.image_id WHERE t.tag = 'new'"
    )
    assert [(0, None)] == umoci.rows(
        "SELECT i.layer_count, m.chain_key FROM image_summary AS i JOIN tag_images AS t ON t.image_id = i.image_id "
        "JOIN images AS m ON m.image_id = i.image_id WHERE t.tag = 'new'"
    )


@pytest.mark.parametrize("which", ["skopeo", "umoci"])
def test_all_numbers_are_recounted_from_the_documents(
    which: str, skopeo: Database, umoci: Database, skopeo_layout: Path, umoci_layout: Path
) -> None:
    db, layout = {"skopeo": (skopeo, skopeo_layout), "umoci": (umoci, umoci_layout)}[which]
    assert numbers(hold_layout(layout)) == numbers_of(db, f"oci:{layout}")
