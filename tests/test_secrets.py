"""A secret is planted wherever a store can hold one, and the closed database file is searched for it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from imgindex.errors import UsageError
from imgindex.store.schema import metadata
from imgindex.store.schema.parts import type_name
from tests.builders import Blob, Docker, Layout, Registry, as_json
from tests.stores import Database, image_from, image_of, index_of, layer_of, new_index, platform

CONTAINER = "ef" * 32


class Canaries:
    """Secrets that are told apart, by the place where each was planted."""

    def __init__(self) -> None:
        self.places: dict[str, str] = {}

    def __call__(self, place: str) -> str:
        secret = f"c4n4ry{len(self.places):02}Zq7xW2"
        self.places[secret] = place
        return secret


def plant(canary: Canaries) -> tuple[Any, Any]:
    """An image and an index that hold a secret wherever a document can."""
    history = [
        {"created_by": f"/bin/sh -c #(nop)  ENV DB_PASSWORD={canary('ENV in history')}"},
        {"created_by": f"ENV API_TOKEN {canary('old ENV in history')}", "empty_layer": True},
        {"created_by": f"/bin/sh -c #(nop)  ARG NPM_TOKEN={canary('ARG in history')}", "empty_layer": True},
        {
            "created_by": f"|2 GITHUB_TOKEN={canary('build argument')} V=1 /bin/sh -c make",
            "empty_layer": True,
        },
        {"created_by": f"RUN |1 AWS_SECRET_ACCESS_KEY={canary('BuildKit argument')} /bin/sh -c x", "empty_layer": True},
        {"created_by": f"RUN curl -u ci:{canary('user of curl')} https://x.example", "empty_layer": True},
        {"created_by": f"RUN git clone https://me:{canary('address in RUN')}@git.example/x", "empty_layer": True},
        {"created_by": f"RUN login --password {canary('option in RUN')}", "empty_layer": True},
        {"created_by": f"RUN curl -H 'Authorization: Bearer {canary('header in RUN')}' x", "empty_layer": True},
        {"created_by": "RUN x", "comment": f"PASSWORD={canary('comment')}", "empty_layer": True},
        {"created_by": f'LABEL db.password="{canary("LABEL in history")}"', "empty_layer": True},
    ]
    inner = {
        "Env": [f"DB_PASSWORD={canary('Env')}", f"URL=postgres://u:{canary('address in Env')}@h/d", "PATH=/bin"],
        "Labels": {
            "com.example.password": canary("label"),
            "com.example.note": f"token={canary('text of a label')}",
        },
        "Cmd": ["serve", "--token", canary("Cmd")],
        "Entrypoint": ["/bin/run", f"--password={canary('Entrypoint')}"],
        "Healthcheck": {"Test": ["CMD", "check", "--secret", canary("Healthcheck")]},
        "OnBuild": [f"ENV ADMIN_PASSWORD={canary('OnBuild')}"],
        "Shell": ["/bin/sh", "-c", f"export SECRET_KEY={canary('Shell')}"],
    }
    extra = {
        "container_config": {
            "Env": [f"DB_PASSWORD={canary('container_config Env')}"],
            "Cmd": ["/bin/sh", "-c", f"#(nop) ENV API_KEY={canary('container_config Cmd')}"],
            "Labels": {"auth.token": canary("container_config label")},
        },
        "moby.buildkit.buildinfo.v1": base64.b64encode(
            json.dumps({"attrs": {"build-arg:NPM_TOKEN": canary("build information")}}).encode()
        ).decode(),
        "private": {"list": [{"name": "API_TOKEN", "value": canary("entry of an unknown list")}]},
        "credentials": {"password": canary("unknown member")},
        "created": f"password={canary('time that is none')}",
    }
    layer = layer_of(b"layer")
    descriptor = layer.blob.descriptor(
        urls=[f"https://u:{canary('address of a layer')}@blobs.example/x"],
        annotations={"registry.password": canary("annotation of a layer")},
    )
    manifest = {
        "layers": [descriptor],
        "annotations": {
            "build.secret": canary("annotation of a manifest"),
            "note": f"GITHUB_TOKEN={canary('text of an annotation')}",
        },
        "extension": {"apiToken": canary("unknown member of a manifest")},
    }
    image = image_of(layer, config=inner, history=history, manifest=manifest, **extra)
    index = index_of(
        (
            image,
            {
                **platform("linux/amd64"),
                "annotations": {"deploy.password": canary("annotation of an entry")},
                "extension": {"password": canary("unknown member of an entry")},
            },
        ),
        annotations={"index.password": canary("annotation of an index")},
        extension={"secret_token": canary("unknown member of an index")},
    )
    return image, index


def schema1(canary: Canaries) -> bytes:
    entry = {
        "architecture": "amd64",
        "os": "linux",
        "container_config": {"Cmd": [f"/bin/sh -c #(nop) ENV DB_PASSWORD={canary('command of schema 1')}"]},
        "comment": f"PASSWORD={canary('comment of schema 1')}",
        "config": {"Env": [f"DB_PASSWORD={canary('Env of schema 1')}"]},
    }
    return as_json(
        {
            "schemaVersion": 1,
            "name": "team/old",
            "tag": "1",
            "architecture": "amd64",
            "fsLayers": [{"blobSum": layer_of(b"layer").blob.digest}],
            "history": [{"v1Compatibility": json.dumps(entry)}],
        }
    )


def build(folder: Path, canary: Canaries) -> list[Path]:
    image, index = plant(canary)
    layout, registry, docker = Layout(folder / "layout"), Registry(folder / "registry"), Docker(folder / "docker")
    layout.add(index, "1")
    layout.descriptors[0]["annotations"]["index.json.password"] = canary("annotation in index.json")
    layout.write()
    registry.push("team/web", "1", index)
    old = Blob(schema1(canary), "application/vnd.docker.distribution.manifest.v1+json")
    registry.put(old)
    registry.link(registry.revision("team/old", old.digest), old.digest)
    registry.point("team/old", "1", old.digest)
    docker.load(image, "web:1")
    docker.run(CONTAINER, image, "web:1")
    path = docker.container(CONTAINER)
    container = json.loads(path.read_bytes())
    container["Config"]["Env"] = [f"PASSWORD={canary('Env of a container')}"]
    container["Args"] = ["--password", canary("arguments of a container")]
    container["Config"]["Labels"] = {"auth.token": canary("label of a container")}
    path.write_bytes(as_json(container))
    return [layout.path, registry.path, docker.path]


NEVER_READ = {
    "annotation in index.json",
    "Env of a container",
    "arguments of a container",
    "label of a container",
}
"""Places of which no column tells anything."""


def leaks(db: Database, canary: Canaries) -> set[str]:
    """Places whose secret stands in a column of text."""
    found = set()
    with db.reading() as rows:
        for table in metadata.sorted_tables:
            for column in table.columns:
                if type_name(column) != "TEXT":
                    continue
                for (text,) in rows(f"SELECT {column.name} FROM {table.name} WHERE {column.name} IS NOT NULL"):
                    decoded = _decoded(text)
                    found |= {place for secret, place in canary.places.items() if secret in text or secret in decoded}
    return found


def _decoded(text: str) -> str:
    """What BuildKit keeps in base64, if there is any."""
    try:
        info = json.loads(text)["moby.buildkit.buildinfo.v1"]
        return base64.b64decode(info).decode()
    except (ValueError, KeyError, TypeError):
        return ""


def files_of(db: Database) -> Iterator[Path]:
    return db.path.parent.glob(f"{db.path.name}*")


def test_no_secret_is_in_the_closed_file(tmp_path: Path) -> None:
    canary = Canaries()
    stores = build(tmp_path / "stores", canary)
    db = new_index(tmp_path)
    for store in stores:
        report = db.look(store)
        told = repr(report)
        assert [place for secret, place in canary.places.items() if secret in told] == []
    with db.writing() as run:
        run("CHECKPOINT")
    assert leaks(db, canary) == set()
    data = b"".join(path.read_bytes() for path in files_of(db))
    assert [place for secret, place in canary.places.items() if secret.encode() in data] == []
    assert b"DB_PASSWORD" in data  # names stay, and what is searched is the file
    assert len(canary.places) > 35


def test_with_keep_env_everything_that_has_a_column_is_kept(tmp_path: Path) -> None:
    canary = Canaries()
    stores = build(tmp_path / "stores", canary)
    db = Database(tmp_path / "kept.duckdb")
    for store in stores:
        db.look(store, keep_env=True)
    assert set(canary.places.values()) - leaks(db, canary) == NEVER_READ | {"Env of schema 1"}


def test_an_index_that_redacts_cannot_be_made_to_keep(tmp_path: Path) -> None:
    canary = Canaries()
    stores = build(tmp_path / "stores", canary)
    db = new_index(tmp_path)
    db.look(stores[0])
    before = db.dump(["image_env", "scans"])
    with pytest.raises(UsageError, match="keep-env"):
        db.ingest(stores[0], keep_env=True)
    assert before == db.dump(["image_env", "scans"])


def test_an_index_that_keeps_goes_on_keeping(tmp_path: Path) -> None:
    canary = Canaries()
    stores = build(tmp_path / "stores", canary)
    db = Database(tmp_path / "kept.duckdb")
    db.look(stores[0], keep_env=True)
    db.look(stores[2])
    assert db.column("SELECT keep_env FROM index_info") == [True]
    assert "Env" in leaks(db, canary)


def test_no_error_tells_a_secret(tmp_path: Path) -> None:
    # Documents that cannot be read, whose errors quote where, and not what.
    canary = Canaries()
    sound = {"os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}
    layout = Layout(tmp_path / "layout")
    for number, broken in enumerate(
        (
            {"config": {"Env": {"PASSWORD": canary("object in place of a list")}}},
            {"config": {"Labels": [f"password={canary('list in place of an object')}"]}},
            {"history": f"PASSWORD={canary('text in place of a list')}"},
            {"created": 7, "x": f"PASSWORD={canary('beside a number')}"},
        )
    ):
        layout.add(image_from({**sound, **broken}), f"t{number}")
    db = new_index(tmp_path)
    db.look(layout.path)
    assert db.value("SELECT COUNT(*) FROM problem_detail") == 4
    assert leaks(db, canary) == set()


def test_text_in_place_of_a_digest_is_not_told(tmp_path: Path) -> None:
    canary = Canaries()
    layout = Layout(tmp_path / "layout")
    secret = f"PASSWORD={canary('diff ID')}"
    layout.add(image_from({"os": "linux", "rootfs": {"type": "layers", "diff_ids": [secret]}}), "1")
    db = new_index(tmp_path)
    db.look(layout.path)
    assert db.value("SELECT COUNT(*) FROM problem_detail") == 1
    assert leaks(db, canary) == set()


# -- the store stays as it was ----------------------------------------------------------------------------------------


def snapshot(folder: Path) -> dict[str, tuple[int, int, int, bytes | None]]:
    found = {}
    for path in sorted([folder, *folder.rglob("*")]):
        status = path.lstat()
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else None
        found[str(path)] = (status.st_mtime_ns, status.st_ctime_ns, status.st_mode, content)
    return found


def test_a_store_is_byte_identical_after_an_ingest(
    tmp_path: Path, docker_host: Path, registry_store: Path, skopeo_layout: Path, umoci_layout: Path
) -> None:
    db = new_index(tmp_path)
    made = build(tmp_path / "stores", Canaries())
    for store in (docker_host, registry_store, skopeo_layout, umoci_layout, *made):
        before = snapshot(store)
        db.look(store)
        db.look(store, full=True)
        assert before == snapshot(store)
