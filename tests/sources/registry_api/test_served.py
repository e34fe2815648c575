"""The crawl of what docker-registry serves: the same rows as its storage read from the disk, and skopeo's answers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from imgindex.sources.registry_api.http.options import FetchOptions
from imgindex.store.views import VIEWS
from tests.registries import Registry, running_registry, skopeo_inspect
from tests.stores import Database, Row, new_index
from tests.truth import registry_tags

pytestmark = pytest.mark.xdist_group(name="registries")

SOURCE = "registry"
UNTAGGED = "sha256:f4d9ca48692e717470429c04e6b34502feb81722bb05d5bf482e28b8b93af3ce"
UNTAGGED_IMAGE = "sha256:c5b1d63604f273462ef36fadac3182d43ae6a6138731cf594b314835cf1c034f"
UNTAGGED_LAYER = "sha256:a0e70458d19e37e14d6388030a017c587283e2fb6ef10c0744cad0294c47e8f8"
"""The one manifest of the sample that no tag reaches, with its image and layer: HTTP shows none of them."""
HIDDEN = {UNTAGGED, UNTAGGED_IMAGE, UNTAGGED_LAYER}
HIDDEN_ONLY = {("repository_sizes", "local/tmp/del")}
STORAGE_ONLY = {"source_sizes", "source_status"}
"""Views that say what a source has beside what tags reach, and where it is."""


def signing_in(registry: Registry, folder: Path) -> FetchOptions:
    """How to ask this registry."""
    if registry.username is None:
        return FetchOptions()
    path = folder / "auth.json"
    path.write_text(json.dumps({"auths": {registry.host: {"auth": registry.basic.removeprefix("Basic ")}}}))
    realms = frozenset() if registry.tokens is None else frozenset({registry.tokens.realm.split("/")[2]})
    return FetchOptions(auth_file=path, ca_file=registry.ca, auth_realms=realms)


def crawled(registry: Registry, folder: Path) -> Database:
    db = new_index(folder)
    db.look(f"docker://{registry.host}", name=SOURCE, registry=("local",), fetch=signing_in(registry, folder))
    return db


def shown(db: Database) -> dict[str, set[Row]]:
    """By view, its rows without times of looks, but for what HTTP cannot show."""
    found: dict[str, set[Row]] = {}
    with db.reading() as rows:
        for view in VIEWS:
            if view.internal or view.name in STORAGE_ONLY:
                continue
            columns = [name for name, kind, _ in view.columns if kind != "TIMESTAMPTZ" or name == "created_at"]
            if "dated_by" in columns:  # HTTP does not say when a tag was set
                columns.remove("dated_by")
            kept = {row for row in rows(f"SELECT {', '.join(columns)} FROM {view.name}") if not HIDDEN & set(row)}
            kept = {row for row in kept if "recovered" not in row}  # nor what it pointed at before
            found[view.name] = {row for row in kept if (view.name, row[1]) not in HIDDEN_ONLY}
    return found


@pytest.fixture(scope="module")
def from_storage(registry_store: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[Row]]:
    db = new_index(tmp_path_factory.mktemp("storage"))
    db.look(f"registry-root:{registry_store}", name=SOURCE)
    return shown(db)


@pytest.fixture(params=["plain_registry", "htpasswd_registry", "token_registry", "s3_registry"])
def registry(request: pytest.FixtureRequest) -> Registry:
    found: Registry = request.getfixturevalue(request.param)
    return found


def test_the_views_show_what_the_storage_holds_row_by_row(
    registry: Registry, from_storage: dict[str, set[Row]], tmp_path: Path
) -> None:
    found = shown(crawled(registry, tmp_path))
    assert from_storage == found
    assert 37 == len(found["current_tags"])


def test_every_tag_points_where_the_registry_says(plain_registry: Registry, tmp_path: Path) -> None:
    db = crawled(plain_registry, tmp_path)
    told = {
        (f"local/{repository}", tag): answer["digest"]
        for repository, tags in registry_tags().items()
        for tag, answer in tags.items()
    }
    assert told == {
        (repository, tag): digest
        for repository, tag, digest in db.rows("SELECT repository, tag, target_digest FROM current_tags")
    }


def test_skopeo_tells_the_same_of_every_image_tag(plain_registry: Registry, tmp_path: Path) -> None:
    db = crawled(plain_registry, tmp_path)
    rows = db.rows(
        "SELECT c.repository, c.tag, c.target_digest, m.image_id FROM current_tags AS c JOIN manifest_detail AS m "
        "ON m.source = c.source AND m.repository = c.repository AND m.manifest_digest = c.target_digest "
        "WHERE m.kind = 'image' ORDER BY c.repository, c.tag"
    )
    assert len(rows) > 15
    for repository, tag, digest, image_id in rows:
        told = skopeo_inspect(plain_registry, repository.removeprefix("local/"), tag)
        layers = db.column(
            "SELECT blob_digest FROM (SELECT b.digest AS blob_digest, l.position FROM manifest_layers AS l "
            "JOIN blobs AS b ON b.blob_key = l.blob_key JOIN blobs AS m ON m.blob_key = l.manifest_key "
            "WHERE m.digest = :digest) AS x ORDER BY position",
            digest=digest,
        )
        assert (told["Digest"], told["Layers"]) == (digest, layers)
        summary = db.rows("SELECT os, architecture FROM image_summary WHERE image_id = :image_id", image_id=image_id)
        assert [(told["Os"], told["Architecture"])] == summary


def test_an_unchanged_crawl_asks_once_a_list_and_once_a_tag_and_changes_no_row(
    plain_registry: Registry, tmp_path: Path
) -> None:
    db = crawled(plain_registry, tmp_path)
    before = len(plain_registry.requests())
    report = db.look(f"docker://{plain_registry.host}", name=SOURCE, registry=("local",))
    asked = plain_registry.requests()[before:]
    lists = [one for one in asked if one.path.startswith("/v2/_catalog") or "/tags/list" in one.path]
    assert (0, 0) == (report.changed_rows, report.counts["new documents"])
    assert (13, 50) == (len(lists), len(asked))
    assert {"HEAD"} == {one.method for one in asked if one not in lists}


def test_a_dry_run_counts_the_requests_of_a_crawl_that_finds_nothing_new(plain_registry: Registry) -> None:
    from imgindex.ingest import IngestOptions, plan

    ((source, counts),) = plan([f"docker://{plain_registry.host}"], IngestOptions())
    assert (f"docker://{plain_registry.host}", {"repositories": 12, "tags": 37, "requests": 50}) == (source, counts)


def test_a_scan_that_is_closed_half_way_leaves_nothing_open(
    plain_registry: Registry, recwarn: pytest.WarningsRecorder
) -> None:
    from imgindex.sources.base import ScanContext
    from imgindex.sources.open import open_source

    groups: Any = open_source(f"docker://{plain_registry.host}").scan(ScanContext())
    next(groups)
    groups.close()
    assert [] == [str(one.message) for one in recwarn]


def test_what_is_deleted_is_gone_and_what_moves_has_moved(registry_store: Path, tmp_path: Path) -> None:
    storage = tmp_path / "storage"
    shutil.copytree(registry_store, storage)
    repositories = storage / "docker/registry/v2/repositories"
    with running_registry(storage) as registry:
        db = new_index(tmp_path)
        db.look(f"docker://{registry.host}", name=SOURCE, registry=("local",))
        tags = repositories / "team/web/_manifests/tags"
        shutil.rmtree(tags / "1.2")
        (tags / "latest/current/link").write_text((tags / "1.1/current/link").read_text())
        shutil.rmtree(repositories / "base/static")
        db.look(f"docker://{registry.host}", name=SOURCE, registry=("local",))
    ended = db.rows(
        "SELECT r.name, t.tag, t.end_reason FROM tags AS t JOIN repositories AS r USING (repository_key) "
        "WHERE t.ended_at IS NOT NULL ORDER BY r.name, t.tag"
    )
    assert [
        ("local/base/static", "12", "gone"),
        ("local/team/web", "1.2", "gone"),
        ("local/team/web", "latest", "changed"),
    ] == ended
