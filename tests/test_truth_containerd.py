"""The root of a containerd with two namespaces in the index, against what ctr answered about it: all of it, both."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import TESTS, unpack
from tests.indexes import NewIndex
from tests.stores import Database

TRUTH = TESTS / "data/truth/containerd"
NAMESPACES = ("default", "k8s.io")
EACH = pytest.mark.parametrize("namespace", NAMESPACES)


def told(namespace: str, question: str) -> list[list[str]]:
    """The words of each line that ctr printed, without the heading."""
    return [line.split() for line in (TRUTH / f"{namespace}.{question}.txt").read_text().splitlines()[1:]]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack(TESTS / "data/containerd-root.tar.xz", tmp_path_factory)


@pytest.fixture(scope="module")
def db(lasting_index: NewIndex, store: Path, tmp_path_factory: pytest.TempPathFactory) -> Database:
    made = lasting_index(tmp_path_factory.mktemp("containerd"))
    made.look(store)
    return made


IN = "JOIN (SELECT DISTINCT scope_key FROM scan_scopes WHERE name = :namespace) AS n ON n.scope_key = x.scope_key"


def human(size: int) -> str:
    """As ctr prints a number of bytes: four digits, by thousands."""
    value, unit = float(size), 0
    while value >= 1000:
        value, unit = value / 1000, unit + 1
    return f"{value:.4g}" + ("B", "kB", "MB")[unit]


def test_the_namespaces_are_those_that_ctr_lists(db: Database) -> None:
    listed = [line.split()[0] for line in (TRUTH / "namespaces.txt").read_text().splitlines()[1:]]
    assert listed == db.column("SELECT name FROM scan_scopes WHERE kind = 'namespace' ORDER BY 1")
    assert [("containerd-root", "complete", 0)] == db.rows(
        "SELECT kind, last_outcome, problem_count FROM source_status"
    )


@EACH
def test_images_and_their_targets_are_those_that_ctr_lists(db: Database, namespace: str) -> None:
    images = {line[0]: (line[2], line[1]) for line in told(namespace, "images")}
    assert {"default": 17, "k8s.io": 11}[namespace] == len(images)
    named = db.rows(
        "SELECT r.name || ':' || x.tag, b.digest FROM tags AS x "
        "JOIN repositories AS r ON r.repository_key = x.repository_key "
        f"JOIN blobs AS b ON b.blob_key = x.target_key {IN}",
        namespace=namespace,
    )
    by_digest = db.rows(
        "SELECT r.name || '@' || b.digest, b.digest FROM source_manifests AS x "
        "JOIN repositories AS r ON r.repository_key = x.repository_key "
        f"JOIN blobs AS b ON b.blob_key = x.manifest_key {IN} WHERE r.name LIKE 'import-%'",
        namespace=namespace,
    )
    assert {(name, digest) for name, (digest, _) in images.items()} == set(named + by_digest)
    types = "SELECT b.digest, m.media_type FROM manifests AS m JOIN blobs AS b ON b.blob_key = m.manifest_key"
    assert set(images.values()) <= set(db.rows(types))


@EACH
def test_content_is_what_ctr_lists_with_its_size(db: Database, namespace: str) -> None:
    content = {line[0]: line[1] for line in told(namespace, "content")}
    assert {"default": 58, "k8s.io": 35}[namespace] == len(content)
    held = db.rows(
        f"SELECT DISTINCT b.digest, x.bytes FROM source_blobs AS x JOIN blobs AS b ON b.blob_key = x.blob_key {IN} "
        "WHERE x.bytes_evidence = 'held'",
        namespace=namespace,
    )
    assert content == {digest: human(size) for digest, size in held}
    assert len(content) == len(held)


@EACH
def test_labels_of_content_are_pairs_of_layers_and_repositories(db: Database, namespace: str) -> None:
    pairs, places = set(), set()
    for digest, *_, labels in told(namespace, "content"):
        label, text = "", labels
        for part in text.split(","):
            # A comma parts labels, and the paths of one label as well.
            label, value = part.split("=", 1) if "=" in part else (label, part)
            if label == "containerd.io/uncompressed":
                pairs.add((value, digest, "store"))
            if label.startswith("containerd.io/distribution.source."):
                host = label.removeprefix("containerd.io/distribution.source.")
                places.add((digest, f"{host}:5055/{value}"))
    assert pairs
    assert pairs <= set(
        db.rows("SELECT diff_id, blob_digest, SPLIT_PART(evidence, ',', 2) FROM layer_blob_detail")
    ) | set(db.rows("SELECT diff_id, blob_digest, evidence FROM layer_blob_detail"))
    assert places == set(
        db.rows(
            "SELECT b.digest, r.name FROM source_blobs AS x JOIN blobs AS b ON b.blob_key = x.blob_key "
            f"JOIN repositories AS r ON r.repository_key = x.repository_key {IN} "
            "WHERE r.name <> '' AND x.bytes_evidence = 'held'",
            namespace=namespace,
        )
    )


@EACH
def test_snapshots_and_their_usage_are_those_that_ctr_lists(db: Database, namespace: str) -> None:
    parents = {line[0]: line[1] if len(line) == 3 else None for line in told(namespace, "snapshots")}
    usage = {line[0]: int(line[1]) for line in told(namespace, "usage")}
    assert {"default": 20, "k8s.io": 13}[namespace] == len(parents) == len(usage)
    stores = db.column(f"SELECT DISTINCT x.store FROM source_layers AS x {IN}", namespace=namespace)
    assert [f"{namespace}/overlayfs"] == stores
    assert {(key, parent, usage[key]) for key, parent in parents.items()} == set(
        db.rows(
            "SELECT c.chain_id, p.chain_id, x.bytes FROM source_layers AS x "
            "JOIN chains AS c ON c.chain_key = x.chain_key "
            f"LEFT JOIN chains AS p ON p.chain_key = c.parent_key {IN} WHERE x.basis = 'on_disk'",
            namespace=namespace,
        )
    )


def reached(namespace: str) -> set[str]:
    """The content that ctr's images lead to, by the labels that ctr shows."""
    labels = {line[0]: line[-1] for line in told(namespace, "content")}
    ahead, found = [line[2] for line in told(namespace, "images")], set[str]()
    while ahead:
        digest = ahead.pop()
        if digest in labels and digest not in found:
            found.add(digest)
            ahead += re.findall(r"containerd\.io/gc\.ref\.content[^=]*=(sha256:[0-9a-f]{64})", labels[digest])
    return found


def tops(namespace: str) -> dict[str, str]:
    """By config, the snapshot that its layers were unpacked to."""
    label = re.compile(r"containerd\.io/gc\.ref\.snapshot\.overlayfs=(sha256:[0-9a-f]{64})")
    found = {line[0]: label.search(line[-1]) for line in told(namespace, "content")}
    return {digest: match[1] for digest, match in found.items() if match and digest in reached(namespace)}


def test_listed_images_are_those_that_ctrs_images_lead_to(db: Database) -> None:
    # ctr lists no configs; each of these was unpacked in one namespace or the other, and has a label that says so.
    configs = {config for namespace in NAMESPACES for config in tops(namespace)}
    assert 19 == len(configs)
    assert configs == set(db.column("SELECT image_id FROM image_summary WHERE listed"))


def test_the_size_of_an_image_is_that_of_its_snapshots_where_it_is_unpacked(db: Database) -> None:
    sizes: Counter[str] = Counter()
    for namespace in NAMESPACES:
        parents = {line[0]: line[1] if len(line) == 3 else None for line in told(namespace, "snapshots")}
        usage = {line[0]: int(line[1]) for line in told(namespace, "usage")}
        for config, top in tops(namespace).items():
            key: str | None = top
            while key is not None:
                sizes[config] += usage[key]
                key = parents[key]
    assert dict(sizes) == dict(db.rows("SELECT image_id, size_bytes FROM image_sizes WHERE basis = 'on_disk'"))


def test_sizes_on_disk_are_sums_of_what_ctr_says_of_snapshots(db: Database) -> None:
    usage = Counter({(n, line[0]): int(line[1]) for n in NAMESPACES for line in told(n, "usage")})
    assert [(sum(usage.values()),)] == db.rows("SELECT stored_bytes FROM source_sizes WHERE basis = 'on_disk'")


def test_a_pull_for_one_platform_is_whole(db: Database) -> None:
    # `ctr images check` finds the other platforms' manifests missing, and the one that was pulled complete.
    assert [] == db.rows("SELECT * FROM problem_detail")


def test_reading_again_changes_no_row(store: Path, db: Database, tmp_path: Path) -> None:
    copy = db.copy(tmp_path / "again.duckdb")
    report = copy.look(store)
    assert (0, 0) == (report.changed_rows, report.counts["new documents"])
