"""A registry's storage in the index, against what the registry served, what skopeo told, and the tree itself."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.held import Held, hold_registry
from tests.indexes import NewIndex
from tests.recount import numbers
from tests.stores import Database, at, numbers_of
from tests.truth import registry_config, registry_inspect, registry_tags

SOURCE = "registry"
INSPECTED = {
    "deep_er_path_api_v3-zstd": ("deep/er/path/api", "v3-zstd"),
    "legacy_worker_s1": ("legacy/worker", "s1"),
    "multi_app_1": ("multi/app", "1"),
    "team_web_1.2": ("team/web", "1.2"),
    "team_web_latest": ("team/web", "latest"),
    "team_worker_mail": ("team/worker", "mail"),
    "win_app_1809": ("win/app", "1809"),
}
ARTIFACTS = {
    ("charts/app", "9590d376a104"): "application/vnd.cncf.helm.config.v1+json",
    ("charts/app", "a516054a58c4"): "application/x-nolayer",
    ("multi/app", "e86199e45ad2"): "application/vnd.oci.image.config.v1+json",  # an attestation
    ("team/web", "4ebeff2a811c"): "application/spdx+json",
    ("team/web", "5ed62580670a"): "application/vnd.oci.image.config.v1+json",  # a cosign signature
}
INDEXES = {
    ("multi/app", "08ff10cd6b95"),
    ("multi/app", "0de3ff5142db"),
    ("multi/app", "57478fefb202"),
    ("multi/app", "6e2b366a7ada"),
    ("multi/app", "91e724f66d38"),
    ("team/web", "0cda3d0e0102"),
}
SCHEMA1 = {("legacy/worker", "ce5c31ed5dfb")}
"""(repository, first digits of the digest), known from looking at the documents."""

FALLBACK_TAG = "sha256-744e02ae91726e8c02acf7688fed52ac9399930ed00d2e12ca3dacce6e6fa84b"


@pytest.fixture(scope="module")
def held(registry_store: Path) -> Held:
    return hold_registry(registry_store)


@pytest.fixture(scope="module")
def db(lasting_index: NewIndex, registry_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Database:
    made = lasting_index(tmp_path_factory.mktemp("registry"))
    made.look(registry_store, name=SOURCE)
    return made


def kind_of(repository: str, digest: str) -> str:
    place = (repository.removeprefix("local/"), digest[7:19])
    if place in ARTIFACTS:
        return "artifact"
    if place in INDEXES:
        return "index"
    return "schema1" if place in SCHEMA1 else "image"


def test_the_tags_and_their_digests_are_those_that_the_registry_served(db: Database) -> None:
    told = {
        (f"local/{repository}", tag): answer["digest"]
        for repository, tags in registry_tags().items()
        for tag, answer in tags.items()
    }
    assert 37 == len(told)
    found = {
        (repository, tag): digest
        for repository, tag, digest in db.rows("SELECT repository, tag, target_digest FROM current_tags")
    }
    assert told == found
    assert {("manifest", "observed")} == set(db.rows("SELECT target_kind, evidence FROM current_tags"))


def test_the_media_types_are_those_that_the_registry_served(db: Database) -> None:
    told = {answer["digest"]: answer["type"] for tags in registry_tags().values() for answer in tags.values()}
    found = dict(db.rows("SELECT manifest_digest, media_type FROM manifest_detail"))
    assert told == {digest: found[digest] for digest in told}


def test_a_tag_was_set_when_its_link_was_written(db: Database, registry_store: Path) -> None:
    top = registry_store / "docker/registry/v2/repositories"
    told = {}
    for link in top.glob("**/_manifests/tags/*/current/link"):
        repository = str(link.relative_to(top)).partition("/_manifests")[0]
        told[f"local/{repository}", link.parts[-3]] = at(int(link.stat().st_mtime))
    found = {
        (repository, tag): set_at.replace(microsecond=0)
        for repository, tag, set_at in db.rows("SELECT repository, tag, set_at FROM current_tags")
    }
    assert told == found
    # Never seen before, so the store's word counts.
    assert db.rows("SELECT tag FROM current_tags WHERE valid_from <> set_at") == []


def test_every_revision_is_a_row_of_its_kind(db: Database, held: Held) -> None:
    told = {(repository, digest, kind_of(repository, digest)) for repository, digest in held.manifests}
    assert 44 == len(told)
    assert told == set(db.rows("SELECT repository, manifest_digest, kind FROM manifest_detail"))


def test_artifacts_say_their_type_and_are_no_images(db: Database) -> None:
    told = {(f"local/{repository}", digest): artifact for (repository, digest), artifact in ARTIFACTS.items()}
    rows = db.rows("SELECT repository, manifest_digest, artifact_type, image_id FROM manifest_detail")
    assert told == {(repository, digest[7:19]): artifact for repository, digest, artifact, _ in rows if artifact}
    assert {None} == {image for repository, digest, _, image in rows if (repository, digest[7:19]) in told}


def test_what_a_pull_costs_is_what_the_manifest_declares(db: Database, held: Held) -> None:
    told = set()
    for _, digest in held.manifests:
        body = held.body(digest)
        layers = body.get("layers", body.get("fsLayers", []))
        size = None
        if "config" in body:
            size = body["config"]["size"] + sum(layer["size"] for layer in layers)
        subject = body.get("subject", {}).get("digest")
        told.add((digest, len(layers), size, subject))
    assert told == set(
        db.rows(
            "SELECT manifest_digest, layer_count, CASE WHEN kind IN ('image', 'artifact') THEN size_bytes END, "
            "subject_digest FROM manifest_detail"
        )
    )


def test_images_are_the_configs_of_images(db: Database, held: Held) -> None:
    images = [(repository, digest) for repository, digest in held.manifests if kind_of(repository, digest) == "image"]
    told = {(digest, held.body(digest)["config"]["digest"]) for _, digest in images}
    assert told == set(db.rows("SELECT manifest_digest, image_id FROM manifest_detail WHERE kind = 'image'"))
    assert {(image, image in held.listed) for _, image in told} == set(
        db.rows("SELECT image_id, listed FROM image_summary")
    )


def test_only_the_manifest_of_the_repository_without_tags_is_untagged(db: Database, held: Held) -> None:
    found = db.rows(
        "SELECT repository, SUBSTR(manifest_digest, 8, 12) FROM manifest_reachability "
        "WHERE NOT by_tag AND NOT by_index AND NOT by_subject"
    )
    assert [("local/tmp/del", "f4d9ca48692e")] == found


def test_reachability_is_recomputed_from_the_tree(db: Database, held: Held) -> None:
    told = set()
    for repository, digest in held.manifests:
        targets = {target for (name, _), target in held.tags.items() if name == repository}
        under = {child for target in targets for child in held.children(repository, target)}
        subject = held.body(digest).get("subject", {}).get("digest")
        told.add((repository, digest, digest in targets, digest in under, subject in targets | under))
    assert told == set(
        db.rows("SELECT repository, manifest_digest, by_tag, by_index, by_subject FROM manifest_reachability")
    )


def test_referrers_are_the_sbom_the_signature_and_the_attestation(db: Database) -> None:
    told = {
        ("local/team/web", "744e02ae9172", "4ebeff2a811c", "application/spdx+json", "subject"),
        ("local/team/web", "744e02ae9172", "5ed62580670a", "application/vnd.oci.image.config.v1+json", "tag"),
        ("local/multi/app", "5ffa4465e8fe", "e86199e45ad2", "application/vnd.oci.image.config.v1+json", "index"),
    }
    assert told == set(
        db.rows(
            "SELECT repository, SUBSTR(subject_digest, 8, 12), SUBSTR(manifest_digest, 8, 12), artifact_type, how "
            "FROM referrers"
        )
    )


def test_index_entries_are_those_of_the_documents_in_their_order(db: Database, held: Held) -> None:
    roles = {"08ff10cd6b95": ["index"], "57478fefb202": ["image", "image", "attestation"], "0cda3d0e0102": ["artifact"]}
    told = set()
    for _, digest in {pair[1]: pair for pair in held.manifests}.values():
        for position, entry in enumerate(held.body(digest).get("manifests") or []):
            role = roles.get(digest[7:19], ["image"] * 4)[position]
            told.add((digest, position, entry["digest"], role, platform_of(entry.get("platform"))))
    assert told == set(db.rows("SELECT index_digest, position, manifest_digest, role, platform FROM index_detail"))


def platform_of(platform: dict[str, str] | None) -> str | None:
    """As containerd writes it: arm64 is v8 already, and arm says its variant."""
    if platform is None or platform["os"] == "unknown":
        return None
    word = f"{platform['os']}/{platform['architecture']}"
    return f"{word}/{platform['variant']}" if platform["architecture"] == "arm" else word


def test_an_index_of_an_index_stands_for_the_images_under_both(db: Database) -> None:
    told = [
        (0, "linux/amd64", "5ffa4465e8fe", False),
        (1, "linux/arm64", "dbe0b6216259", False),
    ]
    for tag in ("2-attest", "nested"):
        assert told == db.rows(
            "SELECT position, platform, SUBSTR(manifest_digest, 8, 12), missing FROM tag_images "
            "WHERE repository = 'local/multi/app' AND tag = :tag ORDER BY position",
            tag=tag,
        )


def test_a_tag_of_no_image_has_one_row(db: Database) -> None:
    told = {
        ("local/charts/app", "0.1.0", 0, None),
        ("local/charts/app", "nolayers", 0, None),
        ("local/legacy/worker", "s1", 0, None),
        ("local/multi/app", "emptyidx", 0, None),
        ("local/team/web", FALLBACK_TAG, 0, None),
        ("local/team/web", f"{FALLBACK_TAG}.sig", 0, None),
    }
    assert told == set(db.rows("SELECT repository, tag, position, image_id FROM tag_images WHERE image_id IS NULL"))
    assert 37 == db.value("SELECT COUNT(*) FROM (SELECT DISTINCT repository, tag FROM tag_images) AS t")


@pytest.mark.parametrize("name", INSPECTED)
def test_what_skopeo_inspected_is_in_the_index(db: Database, name: str) -> None:
    repository, tag = INSPECTED[name]
    told = registry_inspect(name)
    with db.reading() as rows:
        place = {"repository": f"local/{repository}", "tag": tag}
        tags = rows("SELECT tag FROM current_tags WHERE repository = :repository", repository=place["repository"])
        assert sorted(told["RepoTags"]) == sorted(found for (found,) in tags)
        target = rows("SELECT target_digest FROM current_tags WHERE repository = :repository AND tag = :tag", **place)
        assert [(told["Digest"],)] == target
        manifest = rows(
            "SELECT manifest_digest, image_id FROM tag_images WHERE repository = :repository AND tag = :tag "
            "ORDER BY CASE WHEN platform = 'linux/amd64' THEN 0 ELSE 1 END, position LIMIT 1",
            **place,
        )
        digest, image = manifest[0]
        layers = rows(
            "SELECT b.digest FROM manifest_layers AS l JOIN blobs AS b ON b.blob_key = l.blob_key "
            "JOIN blobs AS m ON m.blob_key = l.manifest_key WHERE m.digest = :digest ORDER BY l.position",
            digest=digest,
        )
        assert told["Layers"] == [blob for (blob,) in layers]
        if image is None:
            assert [("schema1", told["Os"], told["Architecture"])] == rows(
                "SELECT m.kind, m.os, m.architecture FROM manifests AS m "
                "JOIN blobs AS b ON b.blob_key = m.manifest_key WHERE b.digest = :digest",
                digest=digest,
            )
            return
        assert [(told["Os"], told["Architecture"], moment(told["Created"]))] == rows(
            "SELECT os, architecture, created_at FROM image_summary WHERE image_id = :image", image=image
        )
        labels = rows(
            "SELECT l.name, l.value FROM image_labels AS l JOIN images AS i ON i.image_key = l.image_key "
            "WHERE i.image_id = :image",
            image=image,
        )
        assert (told["Labels"] or {}) == dict(labels)
        env = rows(
            "SELECT e.name || '=' || e.value FROM image_env AS e JOIN images AS i ON i.image_key = e.image_key "
            "WHERE i.image_id = :image ORDER BY e.position",
            image=image,
        )
        assert (told["Env"] or []) == [variable for (variable,) in env]


def moment(text: str) -> datetime:
    whole, _, fraction = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(whole).replace(tzinfo=UTC, microsecond=int(f"{fraction[:6]:0<6}"))


@pytest.mark.parametrize("name", [name for name in INSPECTED if name != "legacy_worker_s1"])
def test_the_config_that_skopeo_told_is_in_the_index(db: Database, name: str) -> None:
    repository, tag = INSPECTED[name]
    told = registry_config(name)
    with db.reading() as rows:
        image = rows(
            "SELECT image_id FROM tag_images WHERE repository = :repository AND tag = :tag "
            "ORDER BY CASE WHEN platform = 'linux/amd64' THEN 0 ELSE 1 END, position LIMIT 1",
            repository=f"local/{repository}",
            tag=tag,
        )[0][0]
        history = rows(
            "SELECT created_at, created_by, comment, empty_layer FROM image_history_detail WHERE image_id = :image "
            "ORDER BY position",
            image=image,
        )
        layers = rows("SELECT diff_id FROM image_layer_detail WHERE image_id = :image ORDER BY position", image=image)
        run = rows(
            "SELECT author, run_as, entrypoint, cmd, working_dir, stop_signal FROM images WHERE image_id = :image",
            image=image,
        )[0]
        ports = rows(
            "SELECT exposed, port, protocol FROM image_ports AS p JOIN images AS i ON i.image_key = p.image_key "
            "WHERE i.image_id = :image",
            image=image,
        )
        volumes = rows(
            "SELECT v.path FROM image_volumes AS v JOIN images AS i ON i.image_key = v.image_key "
            "WHERE i.image_id = :image",
            image=image,
        )
    assert told["rootfs"]["diff_ids"] == [diff_id for (diff_id,) in layers]
    assert [
        (
            moment(entry["created"]) if "created" in entry else None,
            entry.get("created_by"),
            entry.get("comment"),
            entry.get("empty_layer", False),
        )
        for entry in told.get("history") or []
    ] == history
    inner = told.get("config") or {}
    commands = [list(inner.get(name) or []) for name in ("Entrypoint", "Cmd")]
    # skopeo leaves empty text out.
    assert [told.get("author"), inner.get("User"), *commands, inner.get("WorkingDir"), inner.get("StopSignal")] == [
        *(text or None for text in run[:2]),
        *(json.loads(command or "[]") for command in run[2:4]),
        *(text or None for text in run[4:]),
    ]
    assert {
        (port, int(port.partition("/")[0]), port.partition("/")[2]) for port in inner.get("ExposedPorts") or {}
    } == (set(ports))
    assert set(inner.get("Volumes") or {}) == {path for (path,) in volumes}


def test_the_history_of_a_schema1_manifest_is_its_own(db: Database) -> None:
    told = registry_config("legacy_worker_s1")["history"]
    found = db.rows(
        "SELECT h.created_at, h.created_by, h.comment, h.empty_layer FROM manifest_history AS h "
        "JOIN blobs AS b ON b.blob_key = h.manifest_key WHERE b.digest LIKE 'sha256:ce5c31ed5dfb%' ORDER BY h.position"
    )
    assert [
        (moment(entry["created"]), entry["created_by"], entry.get("comment"), entry.get("empty_layer", False))
        for entry in told
    ] == found


def test_every_stored_blob_is_held_with_its_size(db: Database, held: Held) -> None:
    assert 116 == len(held.blobs)
    assert set(held.blobs.items()) == set(
        db.rows(
            "SELECT b.digest, s.bytes FROM source_blobs AS s JOIN blobs AS b ON b.blob_key = s.blob_key "
            "WHERE s.bytes_evidence = 'held'"
        )
    )


def test_verified_sizes_are_those_of_the_documents_that_were_read(db: Database, held: Held) -> None:
    # Of a schema 1 manifest no size can be verified, since each answer is signed anew; layers are never opened.
    documents = {digest for repository, digest in held.manifests if kind_of(repository, digest) != "schema1"}
    for repository, digest in held.manifests:
        if kind_of(repository, digest) == "image":
            documents.add(held.body(digest)["config"]["digest"])
    assert {(digest, held.blobs[digest]) for digest in documents} == set(
        db.rows("SELECT digest, size_bytes FROM blobs WHERE size_bytes IS NOT NULL")
    )


def test_all_numbers_are_recounted_from_the_documents(db: Database, held: Held) -> None:
    assert numbers(held) == numbers_of(db, SOURCE)


def test_the_foreign_layer_is_named_and_neither_held_nor_missing(db: Database) -> None:
    assert [("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", 123456, True)] == db.rows(
        "SELECT media_type, declared_bytes, is_foreign FROM manifest_layers WHERE is_foreign"
    )
    assert [(10, 0)] == db.rows(
        "SELECT z.size_bytes, z.unknown_layers FROM image_sizes AS z JOIN tag_images AS t ON t.image_id = z.image_id "
        "WHERE t.repository = 'local/win/app'"
    )
    assert [] == db.rows("SELECT digest FROM problem_detail WHERE kind LIKE 'missing%'")


def test_what_was_collected_as_garbage_is_no_problem(db: Database, held: Held, registry_store: Path) -> None:
    # The repository still links to two blobs that no manifest names and the registry no longer has.
    links = {
        path.read_text() for path in registry_store.glob("docker/registry/v2/repositories/**/_layers/sha256/*/link")
    }
    gone = links - set(held.blobs)
    assert 2 == len(gone)
    assert {(digest, None, "declared") for digest in gone} == set(
        db.rows(
            "SELECT b.digest, s.bytes, s.bytes_evidence FROM source_blobs AS s "
            "JOIN blobs AS b ON b.blob_key = s.blob_key WHERE s.bytes_evidence = 'declared'"
        )
    )
    assert [] == db.rows(
        "SELECT digest FROM problem_detail WHERE digest IN (:one, :two)", **dict(zip(("one", "two"), gone, strict=True))
    )
