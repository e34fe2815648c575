"""Every document of real stores is read, and says what the tools that wrote the stores say of it."""

from __future__ import annotations

import json
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from imgindex.oci.digest import digest_of, verify
from imgindex.records.rows import Image, ImageHistory, ImageLayer, IndexEntry, Manifest, ManifestLayer
from tests import truth
from tests.records.documents import Made, MadeManifest, normalize_config, normalize_manifest


def blobs(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("blobs/sha256/**/*")):
        if path.is_file():
            data = path.read_bytes()
            if data.lstrip().startswith(b"{") and b'"' in data:
                yield digest_of(data), data


def read_all(folder: Path) -> tuple[dict[str, MadeManifest], dict[str, Made]]:
    """Manifests by digest, and the configs of those that are images."""
    documents = dict(blobs(folder))
    manifests = {
        digest: normalize_manifest(data) for digest, data in documents.items() if "schemaVersion" in json.loads(data)
    }
    configs = {
        wanted.digest: normalize_config(documents[wanted.digest])
        for made in manifests.values()
        for wanted in made.references
        if wanted.role == "config" and wanted.digest in documents
    }
    return manifests, configs


def test_a_registrys_documents_are_of_all_kinds(registry_store: Path) -> None:
    manifests, configs = read_all(registry_store)
    kinds = Counter(made.one(Manifest).kind for made in manifests.values())
    assert {"image", "index", "artifact", "schema1"} == kinds.keys()
    problems = [made.problems for made in (*manifests.values(), *configs.values()) if made.problems]
    assert problems == [{"history_mismatch": "0 history entries with a layer, 2 layers"}]  # made by hand, for Windows


def test_a_registrys_layers_add_up(registry_store: Path) -> None:
    manifests, configs = read_all(registry_store)
    unequal = []
    for digest, made in manifests.items():
        row = made.one(Manifest)
        layers = made.all(ManifestLayer)
        assert row.layer_count == len(layers)
        for wanted in made.references:
            if wanted.role == "config":
                assert row.config_bytes == wanted.size
                assert row.total_bytes == (wanted.size or 0) + sum(layer.declared_bytes or 0 for layer in layers)
                if configs[wanted.digest].one(Image).layer_count != len(layers):
                    unequal.append(digest)
    assert len(configs) > 10
    # The subject of a test of referrers: its config was made by hand, and names no layers.
    assert unequal == ["sha256:f4d9ca48692e717470429c04e6b34502feb81722bb05d5bf482e28b8b93af3ce"]


def test_a_layouts_documents_are_read(skopeo_layout: Path, umoci_layout: Path) -> None:
    for layout in (skopeo_layout, umoci_layout):
        manifests, configs = read_all(layout)
        assert manifests
        assert configs
        assert all(not made.problems for made in (*manifests.values(), *configs.values()))


def test_an_image_without_layers_is_one(umoci_layout: Path) -> None:
    manifests, _ = read_all(umoci_layout)
    empty = [made.one(Manifest) for made in manifests.values() if not made.all(ManifestLayer)]
    assert "image" in {row.kind for row in empty}


def test_every_entry_of_an_index_has_a_role(registry_store: Path) -> None:
    manifests, _ = read_all(registry_store)
    roles = Counter(entry.role for made in manifests.values() for entry in made.all(IndexEntry))
    assert {"image", "index", "attestation"} <= roles.keys()


def docker_configs(docker_host: Path) -> dict[str, Made]:
    (imagedb,) = docker_host.rglob("image/overlay2/imagedb/content/sha256")
    made = {}
    for path in imagedb.iterdir():
        data = path.read_bytes()
        verify(data, f"sha256:{path.name}")
        made[f"sha256:{path.name}"] = normalize_config(data)
    return made


def test_docker_prints_the_same_history(docker_host: Path) -> None:
    configs = docker_configs(docker_host)
    histories = truth.docker_history()
    assert histories
    for image_id, printed in histories.items():
        rows = configs[image_id].all(ImageHistory)
        assert [(entry["CreatedBy"], entry["Comment"]) for entry in reversed(printed)] == [
            (row.created_by or "", row.comment or "") for row in rows
        ], image_id
        assert [entry["Created"] for entry in reversed(printed)] == [
            (row.created_at or 0) // 1_000_000 for row in rows
        ], image_id


def test_docker_knows_the_chains(docker_host: Path) -> None:
    (layerdb,) = docker_host.rglob("image/overlay2/layerdb/sha256")
    known = {f"sha256:{path.name}" for path in layerdb.iterdir()}
    chains = set()
    for made in docker_configs(docker_host).values():
        assert len(made.all(ImageLayer)) == made.one(Image).layer_count
        chains |= {chain_id for _, chain_id, _ in made.keys.chains.pending()}
    assert chains == known


def test_all_further_stores_are_read(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    archives = sorted((shared / "stores").glob("*.tar*"))
    if not archives:
        pytest.skip("no further stores in IMGINDEX_SHARED")
    read = Counter[str]()
    for archive in archives:
        with tarfile.open(archive) as tar:
            for member in tar:
                if not member.isfile() or member.size > 4 * 1024 * 1024:
                    continue
                data = (tar.extractfile(member) or pytest.fail(member.name)).read()
                try:
                    document = json.loads(data)
                except ValueError:
                    continue
                if not isinstance(document, dict):
                    continue
                if "rootfs" in document:
                    read[normalize_config(data).one(Image).os or ""] += 1
                elif "schemaVersion" in document:
                    read[normalize_manifest(data).one(Manifest).kind] += 1
    assert {"linux", "image", "index", "artifact", "schema1"} <= read.keys()
    assert read["image"] > 100
