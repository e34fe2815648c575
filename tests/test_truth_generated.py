"""Large stores that are made by programs with known answers.

They lie outside the project; without them, all is skipped. The programs beside them make the stores anew.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from imgindex.store.engine import open_engine
from tests.conftest import unpack
from tests.held import Held, hold_layout, hold_registry
from tests.queries.conftest import Index
from tests.recount import numbers
from tests.stores import Database, new_index, numbers_of

IMAGES = 300
SEED = 7
SOURCE = "made"


class Made(NamedTuple):
    store: Path
    db: Database
    held: Held
    report: dict[str, int]
    """Problems by kind."""


MakeHub = Callable[[str, bool], Made]


def run(program: Path, *arguments: str | Path) -> None:
    if not program.is_file():
        pytest.skip(f"{program.name} is not in the folder of further stores")
    subprocess.run([sys.executable, program, *arguments], check=True, capture_output=True, timeout=120)


def read(store: Path, folder: Path, hold: Callable[[Path], Held]) -> Made:
    db = new_index(folder)
    report = db.look(store, name=SOURCE)
    assert "complete" == report.outcome
    return Made(store, db, hold(store), report.problems)


@pytest.fixture(scope="module")
def library(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Made]:
    """Docker's official images of 2018: `exact` with their real documents, `consistent` with whole ones."""
    made: dict[str, Made] = {}

    def make(mode: str) -> Made:
        if mode not in made:
            folder = tmp_path_factory.mktemp(mode)
            run(shared / "data/rehydrate.py", folder / "store", "--mode", mode)
            made[mode] = read(folder / "store", folder, hold_registry)
        return made[mode]

    return make


@pytest.fixture(scope="module")
def hub(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> MakeHub:
    """A synthetic hub with deliberate oddities, as a layout or a registry, with or without its layers."""
    made: dict[tuple[str, bool], Made] = {}

    def make(layout: str, sparse: bool = False) -> Made:
        if (layout, sparse) not in made:
            folder = tmp_path_factory.mktemp(layout)
            arguments = ["--images", str(IMAGES), "--seed", str(SEED), "--layout", layout, "--quirks", "0.08"]
            run(shared / "bench/make_hub.py", folder / "store", *arguments, *(["--sparse-layers"] if sparse else []))
            made[layout, sparse] = read(folder / "store", folder, hold_layout if layout == "oci" else hold_registry)
        return made[layout, sparse]

    return make


HUBS = pytest.mark.parametrize(
    ("layout", "sparse"), [("oci", False), ("registry", False), ("registry", True)], ids=["oci", "registry", "sparse"]
)


# -- the official images of 2018 --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def answers(shared: Path) -> dict[str, Any]:
    place = shared / "data/docker-library-2018/truth.json"
    if not place.is_file():
        pytest.skip("truth.json is not in the folder of further stores")
    found: dict[str, Any] = json.loads(place.read_bytes())["exact_store"]
    return found


def test_the_official_images_are_counted_as_their_truth_says(
    library: Callable[[str], Made], answers: dict[str, Any]
) -> None:
    with library("exact").db.reading() as rows:
        assert [(answers["tags"], answers["tag_targets"], answers["repositories"])] == rows(
            "SELECT COUNT(*), COUNT(DISTINCT target_digest), COUNT(DISTINCT repository) FROM current_tags"
        )
        kinds = dict(rows("SELECT kind, COUNT(DISTINCT manifest_digest) FROM manifest_detail GROUP BY kind"))
        assert {"image": answers["image_manifests"], "index": answers["indexes"]} == kinds
        assert [(answers["index_children"],)] == rows("SELECT COUNT(*) FROM index_detail")
        assert [(answers["bare_image_targets"],)] == rows(
            "SELECT COUNT(DISTINCT t.target_digest) FROM current_tags AS t JOIN manifest_detail AS m "
            "ON m.manifest_digest = t.target_digest AND m.repository = t.repository WHERE m.kind = 'image'"
        )
        assert [(answers["configs_referenced"],)] == rows(
            "SELECT COUNT(DISTINCT image_id) FROM manifest_detail WHERE kind = 'image'"
        )


def test_the_layers_of_the_official_images_are_as_their_truth_says(
    library: Callable[[str], Made], answers: dict[str, Any]
) -> None:
    with library("exact").db.reading() as rows:
        assert [
            (
                answers["distinct_layers"],
                answers["distinct_layer_bytes"],
                answers["layers_of_exactly_one_image"],
                answers["bytes_of_layers_of_exactly_one_image"],
                answers["layers_in_several_repositories"],
            )
        ] == rows(
            "SELECT COUNT(*), CAST(SUM(size_bytes) AS BIGINT), COUNT(*) FILTER (WHERE image_count = 1), "
            "CAST(SUM(size_bytes) FILTER (WHERE image_count = 1) AS BIGINT), "
            "COUNT(*) FILTER (WHERE repository_count > 1) FROM layer_usage"
        )
        assert [(answers["layer_references"],)] == rows(
            "SELECT CAST(SUM(layer_count) AS BIGINT) FROM "
            "(SELECT DISTINCT manifest_digest, layer_count FROM manifest_detail WHERE kind = 'image') AS m"
        )
        assert answers["top_shared_layers"] == [
            list(row)
            for row in rows("SELECT unit, image_count, repository_count FROM layer_usage ORDER BY 2 DESC, 1 LIMIT 20")
        ]


def test_the_repositories_of_the_official_images_cost_what_their_truth_says(
    library: Callable[[str], Made], answers: dict[str, Any]
) -> None:
    found = {
        repository.removeprefix("local/"): {
            "tags": tags,
            "images": images,
            "distinct_bytes": distinct,
            "exclusive_bytes": exclusive,
        }
        for repository, tags, images, distinct, exclusive in library("exact").db.rows(
            "SELECT repository, tag_count, image_count, layer_bytes, exclusive_layer_bytes FROM repository_sizes"
        )
    }
    told = {
        name: {key: numbers[key] for key in ("tags", "images", "distinct_bytes", "exclusive_bytes")}
        for name, numbers in answers["per_repository"].items()
    }
    assert told == found


def test_saved_queries_say_of_the_official_images_what_their_truth_says(
    library: Callable[[str], Made], answers: dict[str, Any]
) -> None:
    index = Index(open_engine(str(library("exact").db.path), read_only=True))
    distinct = answers["distinct_layer_bytes"]
    once = index.ask("sharing/layers-by-use").only("used_by_least", "layer_count", "layer_bytes")
    assert (1, answers["layers_of_exactly_one_image"], answers["bytes_of_layers_of_exactly_one_image"]) in once
    shared = index.ask("sharing/most-shared-layers", limit="100").only("blob_digest", "image_count", "repository_count")
    assert set(map(tuple, answers["top_shared_layers"])) <= set(shared)
    in_all = index.ask("sharing/saved-in-all").only("layer_count", "distinct_bytes", "once_bytes")
    assert [(answers["distinct_layers"], distinct, distinct)] == in_all
    repeating = {image for (image,) in index.ask("sharing/repeats-within-images", limit="9999").only("image_id")}
    assert answers["images_repeating_a_layer"] == len(repeating)
    by_blob = dict(index.ask("sharing/units-compared").only("counted_by", "layer_bytes"))
    assert distinct == by_blob["blob"]
    assert [(distinct,)] == index.ask("size/freed-by-deleting").only("freed_bytes")
    for query, column in (
        ("size/first-owner", "owned_bytes"),
        ("size/by-instruction", "layer_bytes"),
        ("size/by-platform", "split_bytes"),
        ("size/by-repository", "split_bytes"),
        ("size/growth-by-month", "added_bytes"),
        ("size/freed-one-by-one", "turn_bytes"),
    ):
        limit = {"limit": "9999"} if query in ("size/first-owner", "size/freed-one-by-one") else {}
        assert (query, distinct) == (query, sum(value for (value,) in index.ask(query, **limit).only(column)))
    costs = index.ask("size/by-repository").only("repository", "image_count", "layer_bytes", "unique_bytes")
    assert {
        (f"local/{name}", told["images"], told["distinct_bytes"], told["exclusive_bytes"])
        for name, told in answers["per_repository"].items()
    } == set(costs)


def test_what_the_exact_store_lacks_is_a_problem_each(library: Callable[[str], Made], answers: dict[str, Any]) -> None:
    made = library("exact")
    foreign = made.db.column(
        "SELECT DISTINCT b.digest FROM manifest_layers AS l JOIN blobs AS b ON b.blob_key = l.blob_key "
        "WHERE l.is_foreign"
    )
    assert [] == foreign  # only Windows images have such layers, and their manifests are absent
    assert {
        "missing_blob": answers["distinct_layers"],
        "missing_config": answers["configs_referenced"],
        "missing_manifest": answers["image_manifests_absent"],
    } == {kind: count for kind, count in made.report.items() if kind.startswith("missing")}
    absent = "SELECT COUNT(*) FROM index_detail WHERE manifest_digest IN "
    absent += "(SELECT digest FROM problem_detail WHERE kind = 'missing_manifest')"
    assert answers["index_children_absent"] == made.db.value(absent)


@pytest.mark.parametrize("mode", ["exact", "consistent"])
def test_the_numbers_of_the_official_images_are_those_recounted_from_the_documents(
    library: Callable[[str], Made], mode: str
) -> None:
    made = library(mode)
    assert numbers(made.held) == numbers_of(made.db, SOURCE)


def test_every_document_of_the_consistent_store_is_read(library: Callable[[str], Made]) -> None:
    made = library("consistent")
    assert {} == {kind: count for kind, count in made.report.items() if kind not in ("missing_blob", "text_repaired")}
    told = {}
    for _, digest in made.held.manifests:
        if image := made.held.image_of(digest):
            config = made.held.documents[image]
            told[image] = (len(config["rootfs"]["diff_ids"]), len(config.get("history") or []))
    assert told == {
        image: (layers, history)
        for image, layers, history in made.db.rows("SELECT image_id, layer_count, history_count FROM image_summary")
    }


# -- a synthetic hub --------------------------------------------------------------------------------------------------


@HUBS
def test_the_numbers_of_a_hub_are_those_recounted_from_its_documents(hub: MakeHub, layout: str, sparse: bool) -> None:
    made = hub(layout, sparse)
    assert numbers(made.held) == numbers_of(made.db, SOURCE)


@HUBS
def test_a_hub_has_the_tags_that_its_log_of_moves_ends_with(hub: MakeHub, layout: str, sparse: bool) -> None:
    made = hub(layout, sparse)
    prefix = "" if layout == "oci" else "local/"
    told: dict[tuple[str, str], str] = {}
    for line in gzip.decompress((made.store / "truth/events.jsonl.gz").read_bytes()).splitlines():
        _, repository, tag, digest = json.loads(line)
        told[prefix + repository, tag] = digest
    summary = json.loads((made.store / "truth/summary.json").read_bytes())
    assert summary["tag_creates"] == len(told)
    assert told == {
        (repository, tag): digest
        for repository, tag, digest in made.db.rows("SELECT repository, tag, target_digest FROM current_tags")
    }


@pytest.mark.parametrize("sparse", [False, True], ids=["registry", "sparse"])
def test_a_hub_is_counted_as_its_summary_says(hub: MakeHub, sparse: bool) -> None:
    made = hub("registry", sparse)
    told = json.loads((made.store / "truth/summary.json").read_bytes())
    gone = [quirk["manifest"] for quirk in quirks(made) if quirk["quirk"] == "deleted-revision"]
    with made.db.reading() as rows:
        kinds = dict(rows("SELECT kind, COUNT(DISTINCT manifest_digest) FROM manifest_detail GROUP BY kind"))
        assert {
            "image": told["images"] - len(gone),
            "index": told["indexes"],
            "artifact": told["attestations"] + told["artifacts"],
        } == kinds
        assert [(told["repositories"],)] == rows("SELECT COUNT(*) FROM repository_sizes")
        assert [(told["attestations"],)] == rows(
            "SELECT COUNT(DISTINCT manifest_digest) FROM referrers WHERE how = 'index'"
        )


def quirks(made: Made) -> list[dict[str, str]]:
    return [json.loads(line) for line in (made.store / "truth/quirks.jsonl").read_bytes().splitlines()]


@HUBS
def test_the_oddities_of_a_hub_are_what_was_put_there(hub: MakeHub, layout: str, sparse: bool) -> None:
    made = hub(layout, sparse)
    by_kind: dict[str, set[str]] = {}
    for quirk in quirks(made):
        by_kind.setdefault(quirk["quirk"], set()).add(quirk["manifest"])
    assert {"no-history", "short-history", "repeated-empty-layer", "missing-config", "deleted-revision"} == set(by_kind)
    here = {digest for _, digest in made.held.manifests}
    configs = {
        digest: made.held.documents[digest]["config"]["digest"]
        for digest in here
        if "config" in made.held.documents[digest]
    }
    with made.db.reading() as rows:
        problems: dict[str, set[str]] = {}
        for kind, digest in rows("SELECT kind, digest FROM problem_detail"):
            problems.setdefault(kind, set()).add(digest)
        missing = {configs[digest] for digest in by_kind["missing-config"] & here}
        assert missing == problems.get("missing_config", set())
        odd = {
            configs[digest]
            for digest in (by_kind["no-history"] | by_kind["short-history"]) & here
            if len(_filled(made.held, configs[digest])) != len(made.held.diff_ids(configs[digest]))
        }
        assert odd == problems.get("history_mismatch", set())
        assert [] == rows(
            "SELECT position FROM image_layers WHERE history_position IS NOT NULL AND image_key IN "
            "(SELECT document_key FROM problems WHERE kind = 'history_mismatch')"
        )
        if layout == "registry":
            deleted = by_kind["deleted-revision"]
            named = {entry["digest"] for body in made.held.documents.values() for entry in body.get("manifests") or []}
            assert deleted & named == problems.get("missing_manifest", set())
        repeated = by_kind["repeated-empty-layer"] & here
        for digest in repeated:
            stack = made.held.diff_ids(configs[digest])
            assert [(len(stack),)] == rows(
                "SELECT layer_count FROM image_summary WHERE image_id = :image", image=configs[digest]
            )
    # The generator makes a chart's layer smaller than its manifest says.
    sizes = made.held.blobs
    declared = {layer for digest in here for layer in made.held.layers_of(digest) if layer[0] in sizes}
    assert {blob for blob, size in declared if sizes[blob] != size} == problems.get("size_mismatch", set())
    known = {"missing_config", "history_mismatch", "missing_manifest", "missing_blob", "size_mismatch"}
    assert known >= set(problems)


def _filled(held: Held, image: str) -> list[Any]:
    return [entry for entry in held.documents[image].get("history") or [] if not entry.get("empty_layer")]


@HUBS
def test_layers_that_a_hub_lacks_are_a_problem_each(hub: MakeHub, layout: str, sparse: bool) -> None:
    made = hub(layout, sparse)
    lacking = {
        blob
        for _, digest in made.held.manifests
        for blob, _ in made.held.layers_of(digest)
        if blob not in made.held.blobs
    }
    assert bool(lacking) is not sparse
    assert lacking == set(made.db.column("SELECT digest FROM problem_detail WHERE kind = 'missing_blob'"))


def test_a_layout_and_a_registry_of_one_hub_agree_on_the_images_that_tags_reach(hub: MakeHub) -> None:
    select = (
        "SELECT DISTINCT t.repository, t.tag, t.platform, t.image_id, z.size_bytes FROM tag_images AS t "
        "LEFT JOIN image_sizes AS z ON z.image_id = t.image_id"
    )
    layout = {(f"local/{repository}", *rest) for repository, *rest in hub("oci", False).db.rows(select)}
    registry = set(hub("registry", False).db.rows(select))
    # A revision that was deleted from a registry is one that a layout, which has no revisions, still holds.
    gone = {
        (f"local/{quirk['repository']}", quirk["config"])
        for quirk in quirks(hub("registry", False))
        if quirk["quirk"] == "deleted-revision"
    }
    assert {row for row in registry - layout if (row[0], row[3]) not in gone and row[3] is not None} == set()
    assert {row for row in layout - registry if (row[0], row[3]) not in gone} == set()


# -- layouts that other projects test with ----------------------------------------------------------------------------

LAYOUTS = {
    "containers-image/oci/layout/fixtures/delete_image_multiple_images": {("size_mismatch", "913cf3a39d37")},
    "go-containerregistry/pkg/v1/layout/testdata/test_gc_index": {("media_type_mismatch", "eebff607b162")},
    "go-containerregistry/pkg/v1/layout/testdata/test_index": {
        ("media_type_mismatch", "eebff607b162"),
        ("media_type_mismatch", "325899857025"),
    },
    "regclient/testdata/testrepo": set(),
}
"""Valid layouts, with what is odd in them, seen by looking: (kind, first digits of the digest)."""


@pytest.fixture(scope="module")
def conformance(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    archive = shared / "data/conformance.tar.xz"
    if not archive.is_file():
        pytest.skip("conformance.tar.xz is not in the folder of further stores")
    return unpack(archive, tmp_path_factory) / "conformance"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_of_another_project_is_read_and_its_numbers_are_those_recounted(
    layout: str, conformance: Path, tmp_path: Path
) -> None:
    db, path = new_index(tmp_path), conformance / layout
    assert db.look(f"oci:{path}", name=SOURCE).outcome == "complete"
    assert LAYOUTS[layout] == {(kind, digest[7:19]) for kind, digest in db.problems()}
    held = hold_layout(path)
    assert numbers(held) == numbers_of(db, SOURCE)
    assert set(db.column("SELECT DISTINCT manifest_digest FROM manifest_detail")) == {d for _, d in held.manifests}


def test_an_index_json_without_blobs_is_refused_and_nothing_breaks(conformance: Path, tmp_path: Path) -> None:
    db = new_index(tmp_path)
    (report,) = db.ingest(f"oci:{conformance / 'containers-image/oci/layout/fixtures/manifest'}")
    assert (report.outcome, type(report.error).__name__) == ("failed", "LayoutError")
