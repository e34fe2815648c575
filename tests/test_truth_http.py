"""Registries over HTTP in the index, against the same storage read from its folder, and against skopeo."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from imgindex.sources.registry_api.http.options import FetchOptions
from tests.registries import Registry, skopeo_inspect
from tests.stores import Database, new_index
from tests.truth import registry_tags

HOST = "registry.example"
REACHED = """(source, repository, manifest_digest) IN (
    SELECT source, repository, manifest_digest FROM manifest_reachability WHERE by_tag OR by_index OR by_subject)"""
VIEWS = {
    "current_tags": ("repository, tag, target_digest, target_kind", "TRUE"),
    "tag_images": ("repository, tag, position, platform, os_version, manifest_digest, image_id, missing", "TRUE"),
    "manifest_detail": (
        "repository, manifest_digest, media_type, kind, artifact_type, image_id, subject_digest, size_bytes",
        REACHED,
    ),
    "referrers": ("repository, subject_digest, manifest_digest, artifact_type, how", "TRUE"),
    "image_summary": (
        "image_id, platform, os, architecture, variant, created_at, layer_count, history_count, tag_count, names",
        "listed",
    ),
    "image_sizes": ("basis, image_id, size_bytes, shared_bytes, unique_bytes, split_bytes, unknown_layers", "TRUE"),
    "layer_usage": (
        "basis, unit, diff_id, blob_digest, chain_id, size_bytes, image_count, repository_count",
        "image_count > 0",
    ),
    "repository_sizes": ("repository, tag_count, image_count, layer_bytes", "tag_count > 0"),
}
"""Of each view, the columns and rows that a registry shows over HTTP."""


@pytest.fixture(scope="module", params=["plain", "htpasswd", "token", "s3"])
def registry(request: pytest.FixtureRequest) -> Registry:
    found: Registry = request.getfixturevalue(f"{request.param}_registry")
    return found


@pytest.fixture(scope="module")
def from_folder(registry_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Database:
    """An index of its own: what one source has read, another one does not fetch."""
    made = new_index(tmp_path_factory.mktemp("folder"))
    made.look(f"registry-root:{registry_store}", name="folder", registry=(HOST,))
    return made


@pytest.fixture(scope="module")
def db(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Database:
    folder = tmp_path_factory.mktemp("http")
    made = new_index(folder)
    if registry.objects is not None:
        registry.objects.asked.clear()
    made.look(f"docker://{registry.host}", name="http", registry=(HOST,), fetch=options(registry, folder))
    return made


def options(registry: Registry, folder: Path) -> FetchOptions:
    auths = {}
    if registry.username is not None:
        pair = base64.b64encode(f"{registry.username}:{registry.password}".encode()).decode()
        auths[registry.host] = {"auth": pair}
    file = folder / "auth.json"
    file.write_text(json.dumps({"auths": auths}))
    file.chmod(0o600)
    return FetchOptions(auth_file=file, ca_file=registry.ca)


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_shows_what_the_folder_shows(db: Database, from_folder: Database, view: str) -> None:
    columns, where = VIEWS[view]
    select = f"SELECT {columns} FROM {view} WHERE source = :source AND {where} ORDER BY ALL"
    folder = from_folder.rows(select, source="folder")
    assert folder
    assert folder == db.rows(select, source="http")


def test_the_tags_are_those_that_a_registry_served(db: Database) -> None:
    told = {
        (f"{HOST}/{repository}", tag): answer["digest"]
        for repository, tags in registry_tags().items()
        for tag, answer in tags.items()
    }
    rows = db.rows("SELECT repository, tag, target_digest FROM current_tags WHERE source = 'http'")
    assert told == {(repository, tag): digest for repository, tag, digest in rows}


def test_skopeo_agrees_on_images(db: Database, registry: Registry) -> None:
    if registry.username is not None or registry.objects is not None:
        pytest.skip("skopeo is asked of the open registry: the others give the same rows")
    images = db.rows(
        "SELECT repository, tag, target_digest, manifest_digest, image_id, architecture, created_at FROM tag_images "
        "JOIN current_tags USING (source, repository, tag) JOIN image_summary USING (source, image_id) "
        "WHERE source = 'http' AND tag_images.platform = 'linux/amd64' AND os_version IS NULL ORDER BY ALL"
    )
    assert len(images) > 15
    for repository, tag, digest, manifest, image, architecture, created in images:
        told = skopeo_inspect(registry, repository.removeprefix(f"{HOST}/"), tag)
        layers = db.column(
            "SELECT digest FROM manifest_layers JOIN blobs USING (blob_key) WHERE manifest_key = "
            "(SELECT blob_key FROM blobs WHERE digest = :manifest) ORDER BY position",
            manifest=manifest,
        )
        labels = db.rows(
            "SELECT name, value FROM image_labels JOIN images USING (image_key) WHERE image_id = :image", image=image
        )
        shown = (told["Digest"], told["Layers"], told["Architecture"], told["Labels"] or {})
        assert shown == (digest, layers, architecture, dict(labels)), tag
        assert (told["Created"][:19] if created else None) == (f"{created:%Y-%m-%dT%H:%M:%S}" if created else None), tag


def test_no_authorization_of_ours_reaches_the_object_store(db: Database, registry: Registry) -> None:
    if registry.objects is None:
        pytest.skip("this registry has no object store behind it")
    redirected = [asked for asked in registry.objects.asked if "X-Amz-Signature" in asked.query]
    assert redirected
    assert {None} == {asked.headers.get("Authorization") for asked in redirected}
