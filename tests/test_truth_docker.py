"""A Docker host in the index, against what its engine answered: sizes to the byte, names, layers, history."""

from __future__ import annotations

import json
import re
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.held import chain_ids, hold_docker
from tests.indexes import NewIndex
from tests.recount import docker_numbers
from tests.stores import Database, numbers_of
from tests.truth import (
    docker_containers,
    docker_df_v,
    docker_history,
    docker_images,
    docker_inspect,
    docker_system_df,
)


@pytest.fixture(scope="module")
def db(lasting_index: NewIndex, docker_host: Path, tmp_path_factory: pytest.TempPathFactory) -> Database:
    made = lasting_index(tmp_path_factory.mktemp("docker"))
    made.look(docker_host)
    return made


def full_name(repository: str) -> str:
    """As docker completes it."""
    head, slash, _ = repository.partition("/")
    if not slash:
        return f"docker.io/library/{repository}"
    return repository if "." in head or ":" in head or head == "localhost" else f"docker.io/{repository}"


def layerdb(root: Path) -> dict[str, dict[str, str]]:
    """By chain ID, what the engine's layer database says, file by file."""
    found = {}
    for folder in (root / "image/overlay2/layerdb/sha256").iterdir():
        found[f"sha256:{folder.name}"] = {file.name: file.read_text() for file in folder.iterdir()}
    return found


def config_of(root: Path, image_id: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(
        (root / "image/overlay2/imagedb/content/sha256" / image_id.removeprefix("sha256:")).read_bytes()
    )
    return content


def seconds(text: str) -> datetime:
    """A time of the engine, which counts nanoseconds; columns hold microseconds."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{fraction[:6]:0<6}+00:00")


def test_size_shared_and_unique_are_those_of_system_df_to_the_byte(db: Database) -> None:
    told = {
        image["Id"]: (image["Size"], image["SharedSize"], image["Size"] - image["SharedSize"])
        for image in docker_system_df()["Images"]
    }
    assert 27 == len(told)
    assert sorted((image, "on_disk", *sizes, 0) for image, sizes in told.items()) == db.rows(
        "SELECT image_id, basis, size_bytes, shared_bytes, unique_bytes, unknown_layers FROM image_sizes ORDER BY 1"
    )


def test_sizes_are_those_that_df_v_printed(db: Database) -> None:
    # Rounded to four digits, as docker prints them.
    found = {
        image[7:19]: tuple(map(human, sizes))
        for image, *sizes in db.rows("SELECT image_id, size_bytes, shared_bytes, unique_bytes FROM image_sizes")
    }
    printed = {}
    for line in docker_df_v().partition("Containers space usage")[0].splitlines():
        words = re.split(r"\s{2,}", line.strip())
        if len(words) == 8 and words[0] != "REPOSITORY":
            printed[words[2]] = tuple(words[4:7])
    assert 27 == len(printed)
    assert printed == found


def human(size: int) -> str:
    units = ["B", "kB", "MB", "GB"]
    value = float(size)
    while value >= 1000:
        value /= 1000
        del units[0]
    return f"{value:.4g}{units[0]}"


def test_what_is_stored_is_layers_size(db: Database, docker_host: Path) -> None:
    stored = docker_system_df()["LayersSize"]
    rows = db.rows(
        "SELECT basis, stored_bytes, distinct_bytes + untagged_bytes + orphan_bytes, document_bytes, artifact_bytes "
        "FROM source_sizes ORDER BY 1"
    )
    assert [("on_disk", stored, stored, 0, 0), ("total", stored, stored, 0, 0)] == rows
    assert stored == sum(int(files["size"]) for files in layerdb(docker_host).values())


def test_all_numbers_are_recounted_from_the_files(db: Database, docker_host: Path) -> None:
    assert docker_numbers(hold_docker(docker_host)) == numbers_of(db, f"docker-root:{docker_host}", "on_disk")


def test_split_bytes_sum_to_the_distinct_bytes(db: Database) -> None:
    assert db.rows("SELECT CAST(SUM(split_bytes) AS BIGINT) FROM image_sizes") == db.rows(
        "SELECT distinct_bytes FROM source_sizes WHERE basis = 'on_disk'"
    )


def test_all_images_are_there_and_those_that_docker_lists_are_listed(db: Database) -> None:
    heads = {image["Id"] for image in docker_images()}
    told = {image["Id"]: image["Id"] in heads for image in docker_images(intermediate=True)}
    assert 46 == len(told)
    assert told == dict(db.rows("SELECT image_id, listed FROM image_summary"))


def test_tags_are_those_of_the_engine(db: Database) -> None:
    told = set()
    for image in docker_images(intermediate=True):
        for name in image["RepoTags"] or []:
            repository, _, tag = name.rpartition(":")
            if repository != "<none>":
                told.add((full_name(repository), tag, image["Id"], "image", "observed"))
    assert told == set(db.rows("SELECT repository, tag, target_digest, target_kind, evidence FROM current_tags"))
    assert told == set(
        db.rows("SELECT repository, tag, image_id, 'image', 'observed' FROM tag_images WHERE position = 0")
    )
    assert len(told) == db.value("SELECT COUNT(*) FROM tag_images")


def test_names_of_images_are_those_of_the_engine(db: Database) -> None:
    told = {}
    for image in docker_images(intermediate=True):
        names = [name.rpartition(":") for name in image["RepoTags"] or [] if name != "<none>:<none>"]
        full = sorted(f"{full_name(repository)}:{tag}" for repository, _, tag in names)
        told[image["Id"]] = (len(full), ", ".join(full) or None)
    assert told == {
        image: (count, names) for image, count, names in db.rows("SELECT image_id, tag_count, names FROM image_summary")
    }


def test_repo_digests_are_those_of_the_engine(db: Database) -> None:
    told = set()
    for image_id, image in docker_inspect().items():
        for name in image["RepoDigests"] or []:
            repository, _, digest = name.partition("@")
            told.add((full_name(repository), digest, image_id))
    assert told
    assert told == set(
        db.rows(
            "SELECT r.name, m.digest, i.digest FROM repo_digests AS d "
            "JOIN repositories AS r ON r.repository_key = d.repository_key "
            "JOIN blobs AS m ON m.blob_key = d.manifest_key JOIN blobs AS i ON i.blob_key = d.image_key "
            "WHERE d.ended_at IS NULL"
        )
    )


def test_parents_and_times_are_those_of_the_engine(db: Database) -> None:
    told = {}
    for image_id, image in docker_inspect().items():
        time = image["Metadata"]["LastTagTime"]
        told[image_id] = (image["Parent"] or None, None if time.startswith("0001-") else seconds(time))
    assert {parent for parent, _ in told.values()} != {None}
    assert told == {
        image: (parent, set_at)
        for image, parent, set_at in db.rows(
            "SELECT i.digest, p.digest, s.set_at FROM source_images AS s "
            "JOIN blobs AS i ON i.blob_key = s.image_key LEFT JOIN blobs AS p ON p.blob_key = s.parent_key"
        )
    }


def test_platform_and_time_of_creation_are_those_of_the_engine(db: Database) -> None:
    told = {
        image_id: (image["Os"], image["Architecture"], image.get("Variant") or None, seconds(image["Created"]))
        for image_id, image in docker_inspect().items()
    }
    found = {
        image: (os, architecture, variant, created_at)
        for image, os, architecture, variant, created_at in db.rows(
            "SELECT image_id, os, architecture, variant, created_at FROM image_summary"
        )
    }
    assert told == found


def test_layers_and_their_sizes_are_those_of_the_layer_database(db: Database, docker_host: Path) -> None:
    store = layerdb(docker_host)
    assert 42 == len(store)
    told = {("overlay2", chain, files["diff"], files["cache-id"], int(files["size"])) for chain, files in store.items()}
    assert told == set(
        db.rows(
            "SELECT s.store, c.chain_id, l.diff_id, s.cache_id, s.bytes FROM source_layers AS s "
            "JOIN chains AS c ON c.chain_key = s.chain_key JOIN layers AS l ON l.layer_key = c.layer_key"
        )
    )
    assert {(chain, int(files["size"])) for chain, files in store.items()} == set(
        db.rows("SELECT unit, size_bytes FROM layer_usage WHERE store = 'overlay2' AND basis = 'on_disk'")
    )


def test_every_chain_id_is_a_folder_of_the_layer_database_with_its_parent(db: Database, docker_host: Path) -> None:
    store = layerdb(docker_host)
    for chain, files in store.items():
        made = sha256(f"{files['parent']} {files['diff']}".encode()).hexdigest() if "parent" in files else ""
        assert chain == ("sha256:" + made if made else files["diff"])
    told = {(chain, files.get("parent")) for chain, files in store.items()}
    assert told == set(
        db.rows("SELECT c.chain_id, p.chain_id FROM chains AS c LEFT JOIN chains AS p ON p.chain_key = c.parent_key")
    )


def test_the_stack_of_every_image_is_recomputed_from_its_config(db: Database, docker_host: Path) -> None:
    told = set()
    for image in docker_images(intermediate=True):
        diff_ids = config_of(docker_host, image["Id"])["rootfs"].get("diff_ids") or []
        for position, pair in enumerate(zip(diff_ids, chain_ids(diff_ids), strict=True)):
            told.add((image["Id"], position, *pair))
    assert told == set(db.rows("SELECT image_id, position, diff_id, chain_id FROM image_layer_detail"))


def test_layer_sizes_by_image_are_those_of_the_layer_database(db: Database, docker_host: Path) -> None:
    sizes = {chain: int(files["size"]) for chain, files in layerdb(docker_host).items()}
    told = set()
    for image in docker_images(intermediate=True):
        chains = chain_ids(config_of(docker_host, image["Id"])["rootfs"].get("diff_ids") or [])
        told |= {(image["Id"], "on_disk", position, sizes[chain]) for position, chain in enumerate(chains)}
    assert told == set(db.rows("SELECT image_id, basis, position, size_bytes FROM image_layer_sizes"))


def test_history_of_all_images_is_the_engines(db: Database, docker_host: Path) -> None:
    # The engine tells the newest entry first, in whole seconds; an entry without a layer has the size 0.
    found: dict[str, list[Any]] = {image["Id"]: [] for image in docker_images(intermediate=True)}
    with db.reading() as rows:
        sizes = {
            (image, chain): size
            for image, chain, size in rows(
                "SELECT d.image_id, d.chain_id, z.size_bytes FROM image_layer_detail AS d "
                "JOIN image_layer_sizes AS z ON z.image_id = d.image_id AND z.position = d.position"
            )
        }
        for image, created_at, created_by, comment, empty, chain in rows(
            "SELECT image_id, created_at, created_by, comment, empty_layer, chain_id FROM image_history_detail "
            "ORDER BY image_id, position"
        ):
            size = sizes[image, chain] if chain else 0
            found[image].append((int(created_at.timestamp()), created_by or "", comment or "", size, empty))
    told = {}
    for image_id, entries in docker_history().items():
        empty = [bool(entry.get("empty_layer")) for entry in config_of(docker_host, image_id)["history"]]
        told[image_id] = [
            (entry["Created"], entry["CreatedBy"], entry["Comment"], entry["Size"], is_empty)
            for entry, is_empty in zip(reversed(entries), empty, strict=True)
        ]
    assert 46 == len(told)
    assert told == found


def test_the_number_of_history_entries_and_layers_is_the_engines(db: Database, docker_host: Path) -> None:
    told = {
        image: (len(entries), len(config_of(docker_host, image)["rootfs"].get("diff_ids") or []))
        for image, entries in docker_history().items()
    }
    assert told == {
        image: (history, layers)
        for image, history, layers in db.rows("SELECT image_id, history_count, layer_count FROM image_summary")
    }


def test_containers_are_those_of_the_engine(db: Database, docker_host: Path) -> None:
    told = set()
    for container in docker_containers():
        parent = (docker_host / "image/overlay2/layerdb/mounts" / container["Id"] / "parent").read_text()
        name = container["Names"][0].removeprefix("/")
        told.add((container["Id"], name, container["ImageID"], container["Image"], parent, container["State"]))
    assert 2 == len(told)
    assert told == set(db.rows("SELECT container_id, name, image_id, image_ref, chain_id, state FROM container_usage"))
    assert {(container["Id"], container["Created"]) for container in docker_containers()} == {
        (container, int(created.timestamp()))
        for container, created in db.rows("SELECT container_id, created_at FROM container_usage")
    }


def test_pairs_of_layer_and_blob_are_those_that_the_engine_noted(db: Database, docker_host: Path) -> None:
    told = set()
    for folder in (docker_host / "image/overlay2/distribution/v2metadata-by-diffid").iterdir():
        for file in folder.iterdir():
            told |= {(f"{folder.name}:{file.name}", noted["Digest"]) for noted in json.loads(file.read_bytes())}
    for folder in (docker_host / "image/overlay2/distribution/diffid-by-digest").iterdir():
        told |= {(file.read_text(), f"{folder.name}:{file.name}") for file in folder.iterdir()}
    assert told
    assert {(*pair, "store") for pair in told} == set(
        db.rows("SELECT diff_id, blob_digest, evidence FROM layer_blob_detail")
    )


def test_a_sound_host_has_no_problem_of_the_store(db: Database) -> None:
    # What is odd in a document of a real tool may be a row; nothing of the store is broken.
    assert [] == db.rows("SELECT kind, locator FROM problems WHERE document_key IS NULL")
    assert [("docker-root", "complete", 27)] == db.rows("SELECT kind, last_outcome, image_count FROM source_status")
