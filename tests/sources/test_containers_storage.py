"""containers-storage: what each part of the store becomes, and what damage does."""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from imgindex.errors import LayoutError, SourceUnavailableError, UnknownSourceError
from imgindex.limits import Limits
from imgindex.records.keys import content_key, name_key
from imgindex.records.rows import (
    Container,
    Image,
    LayerBlob,
    PastTag,
    Problem,
    RepoDigest,
    SourceImage,
    SourceLayer,
    SourceManifest,
    Tag,
)
from imgindex.sources.base import ScanContext
from imgindex.sources.containers_storage.big_data import file_name
from imgindex.sources.containers_storage.lists import Lists, Place
from imgindex.sources.containers_storage.source import ContainersStorage as Source
from imgindex.sources.files import Root
from imgindex.sources.open import open_source
from tests.builders import Image as Built
from tests.builders import as_json, make_image, make_index, write
from tests.containers_storage import ContainersStorage
from tests.sources.scans import of, outcomes, problems, scan
from tests.stores import image_of, layer_of, new_index

ONE = make_image(1)
TWO = make_image(2, base=ONE)
ARM = make_image(3, architecture="arm64")


@pytest.fixture
def store(tmp_path: Path) -> ContainersStorage:
    return ContainersStorage(tmp_path / "store")


def look(store: ContainersStorage, *additional: Path) -> list[Any]:
    return scan(Source(str(store.path), [str(path) for path in additional]))


def image_id(image: Built) -> str:
    return image.config.digest.partition(":")[2]


def own_bytes(store: ContainersStorage, position: int = 0) -> int:
    return sum(store.images[position]["big-data-sizes"].values())


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("manifest", "manifest"),
        ("instances.json", "instances.json"),
        ("sha256:ab", "=" + b64encode(b"sha256:ab").decode()),
        ("manifest-sha256:ab", "=" + b64encode(b"manifest-sha256:ab").decode()),
        ("Upper", "=" + b64encode(b"Upper").decode()),
        ("ends-more", "=" + b64encode(b"ends-more").decode()),
        ("last:", "last:"),  # containers/storage does not look at the last character
        ("é", "é"),
    ],
)
def test_files_of_big_data_are_called_as_containers_storage_calls_them(key: str, name: str) -> None:
    assert name == file_name(key)


def test_layer_ids_are_no_chain_ids_and_lead_to_them(store: ContainersStorage) -> None:
    store.add(TWO, "docker.io/lab/web:2")
    rows = of(SourceLayer, look(store))
    assert [content_key(chain) for chain in TWO.chain_ids] == [row.chain_key for row in rows]
    assert [layer["id"] for layer in store.layers] == [row.cache_id for row in rows]
    assert {("overlay", "uncompressed")} == {(row.store, row.basis) for row in rows}
    assert [10 * len(layer.blob.data) for layer in TWO.layers] == [row.bytes for row in rows]
    assert all(f"sha256:{layer['id']}" not in TWO.chain_ids for layer in store.layers[1:])


def test_the_stores_own_pairs_of_layer_and_blob_are_told(store: ContainersStorage) -> None:
    store.add(ONE)
    told = {(content_key(layer.diff_id), content_key(layer.blob.digest), "store") for layer in ONE.layers}
    assert told == {(row.layer_key, row.blob_key, row.evidence) for row in of(LayerBlob, look(store))}


def test_volatile_layers_and_containers_are_read(store: ContainersStorage) -> None:
    store.run("c" * 64, store.add(TWO), "box", "web")
    write(store.list("layers").with_name("volatile-layers.json"), as_json(store.layers[2:]))
    write(store.list("layers"), as_json(store.layers[:2]))
    store.list("containers").rename(store.list("containers").with_name("volatile-containers.json"))
    records = look(store)
    assert [] == of(Problem, records)
    assert len(TWO.layers) == len(of(SourceLayer, records))
    assert [content_key(TWO.chain_ids[-1])] == [row.chain_key for row in of(Container, records)]


def test_layers_that_are_being_made_or_taken_away_are_left_out(store: ContainersStorage) -> None:
    store.add(ONE)
    store.layers.append({"id": "f" * 64, "diff-digest": "sha256:" + "f" * 64, "flags": {"incomplete": True}})
    store.write()
    assert len(ONE.layers) == len(of(SourceLayer, look(store)))


def test_a_layer_pulled_in_part_has_its_diff_id_from_the_config_and_no_size(store: ContainersStorage) -> None:
    store.add(TWO)
    for layer in store.layers[1:]:
        del layer["diff-digest"], layer["diff-size"]
    store.write()
    rows = of(SourceLayer, look(store))
    assert {content_key(chain) for chain in TWO.chain_ids} == {row.chain_key for row in rows}
    assert [10 * len(TWO.layers[0].blob.data), None, None, None] == [row.bytes for row in rows]


def test_a_list_of_images_is_known_by_its_manifest_and_lists_what_is_here(store: ContainersStorage) -> None:
    store.add(TWO, "docker.io/lab/web:2")
    index = make_index(TWO, ARM)
    listed = store.add_list(index, "docker.io/lab/multi:1")
    records = look(store)
    assert [] == of(Problem, records)
    row = next(row for row in of(SourceImage, records) if row.local_id == listed)
    assert (content_key(index.manifest.digest), True, own_bytes(store, 1)) == (row.image_key, row.listed, row.own_bytes)
    assert row.set_at is not None
    (tag,) = [row for row in of(Tag, records) if row.repository_key == name_key("docker.io/lab/multi")]
    assert (content_key(index.manifest.digest), "manifest") == (tag.target_key, tag.target_kind)
    held = {(row.repository_key, row.manifest_key) for row in of(SourceManifest, records)}
    there = {index.manifest.digest, TWO.manifest.digest}  # ARM was never pulled
    assert {(name_key("docker.io/lab/multi"), content_key(digest)) for digest in there} == held
    stale = {
        row.manifest_key for row in of(RepoDigest, records) if row.repository_key == name_key("docker.io/lab/multi")
    }
    assert {content_key(index.manifest.digest), content_key(store.images[1]["digest"])} == stale


def test_a_list_does_not_bring_an_image_whose_config_is_broken(store: ContainersStorage, tmp_path: Path) -> None:
    store.add(TWO, "docker.io/lab/web:2")
    index = make_index(TWO)
    store.add_list(index, "docker.io/lab/multi:1")
    store.data(image_id(TWO), TWO.config.digest).unlink()
    assert [content_key(index.manifest.digest)] == [row.manifest_key for row in of(SourceManifest, look(store))]
    db = new_index(tmp_path)
    db.look(store.path)
    assert [(index.manifest.digest, own_bytes(store, 1))] == db.rows("SELECT image_id, size_bytes FROM image_sizes")


def test_an_image_has_all_its_manifests(store: ContainersStorage) -> None:
    store.add(ONE, "docker.io/lab/web:1")
    other = as_json({**json.loads(ONE.manifest.data), "annotations": {"compressed": "otherwise"}})
    digest = "sha256:" + sha256(other).hexdigest()
    name = f"manifest-{digest}"
    entry = store.images[0]
    entry["big-data-names"].append(name)
    entry["big-data-sizes"][name] = len(other)
    entry["big-data-digests"][name] = digest
    write(store.data(entry["id"], name), other)
    store.write()
    records = look(store)
    assert [] == of(Problem, records)
    assert {content_key(ONE.manifest.digest), content_key(digest)} == {
        row.manifest_key for row in of(RepoDigest, records)
    }
    assert [own_bytes(store)] == [row.own_bytes for row in of(SourceImage, records)]


def test_copies_of_the_top_layer_for_other_users_count_as_the_images_own(store: ContainersStorage) -> None:
    store.add(TWO)
    top = store.layers[-1]
    store.layers.append({**top, "id": "e" * 64})
    store.images[0]["mapped-layers"] = ["e" * 64, top["id"]]
    store.write()
    assert [own_bytes(store) + top["diff-size"]] == [row.own_bytes for row in of(SourceImage, look(store))]


def test_a_name_of_two_images_is_the_later_ones_and_a_problem(store: ContainersStorage) -> None:
    store.add(ONE, "docker.io/lab/web:1")
    store.add(ARM, "docker.io/lab/web:1")
    records = look(store)
    assert ["duplicate_ref"] == [row.kind for row in of(Problem, records)]
    assert [content_key(ARM.config.digest)] == [row.target_key for row in of(Tag, records)]


def test_past_names_are_told_with_the_present_ones(store: ContainersStorage) -> None:
    store.add(
        ONE, "docker.io/lab/web:1", history=("docker.io/lab/web:latest", f"docker.io/lab/web@{ONE.manifest.digest}")
    )
    rows = of(PastTag, look(store))
    assert {"1", "latest"} == {row.tag for row in rows}
    assert {(content_key(ONE.config.digest), "image", None)} == {
        (row.target_key, row.target_kind, row.set_at) for row in rows
    }


def test_a_name_by_digest_is_no_tag(store: ContainersStorage) -> None:
    store.add(ONE, f"docker.io/lab/web@{ONE.manifest.digest}")
    records = look(store)
    assert [] == of(Tag, records)
    assert [name_key("docker.io/lab/web")] == [row.repository_key for row in of(RepoDigest, records)]


def test_a_name_that_is_none_is_a_problem_and_the_others_stand(store: ContainersStorage) -> None:
    store.add(ONE, "docker.io/lab/web:1", "no name at all")
    records = look(store)
    assert ["malformed", "malformed"] == [row.kind for row in of(Problem, records)]  # now, and once
    assert ["1"] == [row.tag for row in of(Tag, records)]


def with_step(base: Built, step: str, layers: int = 1) -> Built:
    """An image built on another: its history and one entry more."""
    history = json.loads(base.config.data)["history"]
    more = [layer_of(step.encode() + bytes([n])) for n in range(layers)]
    return image_of(*base.layers, *more, history=[*history, {"created_by": step, "empty_layer": not layers}])


def test_an_image_that_another_was_built_on_is_listed_by_its_name_alone(store: ContainersStorage) -> None:
    base = image_of(layer_of(b"base"))
    middle = with_step(base, "COPY a")
    top = with_step(middle, "CMD b", layers=0)
    other = image_of(*base.layers, layer_of(b"other"), history=[{"created_by": "RUN step 0"}] * 2)
    for image, names in ((base, ("docker.io/lab/base:1",)), (middle, ()), (top, ()), (other, ())):
        store.add(image, *names)
    found = {row.local_id: row for row in of(SourceImage, look(store))}
    expected = {base: (True, None), middle: (False, base), top: (True, middle), other: (True, base)}
    assert {
        image_id(image): (listed, parent and content_key(parent.config.digest))
        for image, (listed, parent) in expected.items()
    } == {local_id: (row.listed, row.parent_key) for local_id, row in found.items()}


def test_each_driver_is_a_scope(store: ContainersStorage) -> None:
    store.add(ONE, "docker.io/lab/web:1")
    ContainersStorage(store.path, "vfs").add(ARM, "docker.io/lab/web:1")
    records = look(store)
    complete = {("driver", "overlay"), ("driver", "vfs"), ("catalog", "drivers")}
    assert dict.fromkeys(complete, "complete") == outcomes(records)
    assert {"overlay", "vfs"} == {row.store for row in of(SourceLayer, records)}


def test_a_store_of_which_nothing_was_pulled_is_empty_and_complete(tmp_path: Path) -> None:
    (tmp_path / "store/vfs-images").mkdir(parents=True)
    records = scan(open_source(str(tmp_path / "store")))
    assert {("driver", "vfs"): "complete", ("catalog", "drivers"): "complete"} == outcomes(records)
    assert 2 == len(records)


def test_an_additional_stores_images_are_the_hosts_and_carry_its_layers(
    store: ContainersStorage, tmp_path: Path
) -> None:
    shared = ContainersStorage(tmp_path / "shared")
    shared.add(ONE, "docker.io/lab/web:1", "docker.io/lab/web:latest")
    store.add(TWO, "docker.io/lab/web:2", "docker.io/lab/web:latest")
    below = {layer["id"] for layer in shared.layers}
    store.layers = [layer for layer in store.layers if layer["id"] not in below]
    store.write()
    alone = look(store)
    assert {"missing"} == {row.kind for row in of(Problem, alone)}
    records = look(store, shared.path)
    assert [] == of(Problem, records)
    assert {image_id(ONE), image_id(TWO)} == {row.local_id for row in of(SourceImage, records)}
    assert {content_key(chain) for chain in TWO.chain_ids} == {row.chain_key for row in of(SourceLayer, records)}
    assert {
        ("1", content_key(ONE.config.digest)),
        ("2", content_key(TWO.config.digest)),
        ("latest", content_key(TWO.config.digest)),
    } == {(row.tag, row.target_key) for row in of(Tag, records)}


def test_an_additional_store_that_is_not_there_closes_nothing(store: ContainersStorage, tmp_path: Path) -> None:
    store.add(ONE)
    records = look(store, tmp_path / "gone")
    assert [("unreadable", str(tmp_path / "gone"), None)] == problems(records)
    assert {("driver", "overlay"): "partial", ("catalog", "drivers"): "complete"} == outcomes(records)


# -- damage -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["images", "layers", "containers"])
@pytest.mark.parametrize("damage", [b'[{"id": "ab', b"", b"{}", b'"text"', b"[" * 100_000, b"\xff\xfe"])
def test_a_list_that_is_half_written_is_one_problem_and_closes_nothing(
    store: ContainersStorage, part: str, damage: bytes
) -> None:
    store.run("c" * 64, store.add(TWO, "docker.io/lab/web:2"), "box", "web")
    store.list(part).write_bytes(damage)
    records = look(store)
    assert [("malformed", f"overlay-{part}/{part}.json", None)] == problems(records)
    assert {("driver", "overlay"): "partial", ("catalog", "drivers"): "complete"} == outcomes(records)
    assert (part != "images") == bool(of(Image, records))


@pytest.mark.parametrize(
    ("part", "entry"),
    [
        ("images", {"id": 7}),
        ("images", {"id": "../../etc"}),
        ("images", {"id": "x" * 600}),
        ("images", {"id": "a" * 64}),
        ("images", {"id": "a" * 64, "big-data-names": ["manifest"], "big-data-digests": {"manifest": "md5:00"}}),
        ("images", {"id": "a" * 64, "big-data-names": ["manifest"], "big-data-sizes": {"manifest": -1}}),
        ("images", {"id": "a" * 64, "big-data-names": [f"n{n}" for n in range(5000)]}),
        ("layers", {"id": "a" * 64, "diff-digest": "no digest"}),
        ("layers", {"id": "a" * 64, "diff-digest": "sha256:" + "a" * 64, "diff-size": 2**63}),
        ("layers", {"id": "a" * 64, "diff-digest": "sha256:" + "a" * 64, "parent": "b" * 64}),
        ("layers", {"id": "a" * 64, "diff-digest": "sha256:" + "a" * 64, "parent": "a" * 64}),
        ("containers", {"id": "a" * 64, "names": ["x" * 600]}),
        ("containers", {"id": "a" * 64, "layer": "b" * 64}),
        ("containers", 7),
    ],
)
def test_an_entry_that_makes_no_sense_is_one_problem_and_the_others_stand(
    store: ContainersStorage, part: str, entry: Any
) -> None:
    store.run("c" * 64, store.add(TWO, "docker.io/lab/web:2"), "box", "web")
    sound = [row for row in look(store) if not isinstance(row, Container)]
    entries = getattr(store, part)
    write(store.list(part), as_json([*entries, entry]))
    records = look(store)
    assert 1 == len(of(Problem, records))
    assert set(sound) <= set(records)
    assert {"complete"} == set(outcomes(records).values())


def test_an_id_that_is_listed_twice_is_a_problem(store: ContainersStorage) -> None:
    store.add(ONE)
    store.images.append(store.images[0])
    store.write()
    assert ["malformed"] == [row.kind for row in of(Problem, look(store))]


def test_layers_that_stand_on_each_other_are_left_out(store: ContainersStorage) -> None:
    store.add(ONE)
    digest = "sha256:" + "a" * 64
    for one, other in (("a", "b"), ("b", "a"), ("d", "a")):
        store.layers.append({"id": one * 64, "parent": other * 64, "diff-digest": digest, "diff-size": 5})
    store.write()
    records = look(store)
    assert ["malformed"] == [row.kind for row in of(Problem, records)]
    assert "3 layers left out" in of(Problem, records)[0].detail
    assert len(ONE.layers) == len(of(SourceLayer, records))


def test_an_image_whose_layers_are_gone_has_no_size_and_a_problem(store: ContainersStorage, tmp_path: Path) -> None:
    store.add(TWO, "docker.io/lab/web:2")
    store.layers.pop()
    store.write()
    assert [("missing", content_key(TWO.config.digest))] == [
        (row.kind, content_key(row.digest or "")) for row in of(Problem, look(store))
    ]
    db = new_index(tmp_path)
    db.look(store.path)
    assert [(None, None, 1)] == db.rows("SELECT size_bytes, unique_bytes, unknown_layers FROM image_sizes")


def test_an_image_that_stands_on_other_layers_than_its_config_tells_is_a_problem(store: ContainersStorage) -> None:
    store.add(TWO)
    store.images[0]["layer"] = store.layers[0]["id"]
    store.write()
    assert ["layers_disagree"] == [row.kind for row in of(Problem, look(store))]


def test_an_image_without_its_folder_is_a_problem(store: ContainersStorage) -> None:
    store.add(ONE, "docker.io/lab/web:1")
    for file in store.data(image_id(ONE), "manifest").parent.iterdir():
        file.unlink()
    store.data(image_id(ONE), "manifest").parent.rmdir()
    records = look(store)
    assert [("missing", f"overlay-images/{image_id(ONE)}", None)] == problems(records)
    assert [content_key(ONE.config.digest)] == [row.target_key for row in of(Tag, records)]
    assert [] == of(SourceImage, records)


def test_an_image_that_is_removed_meanwhile_is_no_problem(
    store: ContainersStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add(ONE)
    folder = store.data(image_id(ONE), "manifest").parent
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    listed = Lists.__init__

    def then_removed(self: Lists, *arguments: Any, **options: Any) -> None:
        listed(self, *arguments, **options)
        store.list("images").with_suffix(".lock").write_bytes(b"another writer")

    monkeypatch.setattr(Lists, "__init__", then_removed)
    records = look(store)
    assert [] == of(Problem, records)
    assert [] == of(SourceImage, records)


def test_lists_that_change_while_they_are_read_are_read_again(
    store: ContainersStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add(ONE)
    read = Root.read
    writes = iter([TWO])

    def read_while_written(self: Root, path: str, limit: int) -> bytes:
        data = read(self, path, limit)
        if path.endswith("images.json"):
            for image in writes:
                store.add(image)
        return data

    monkeypatch.setattr(Root, "read", read_while_written)
    with Root(store.path) as root:
        lists = Lists(Place(root, "overlay"), Limits())
        assert lists.is_current()
    assert [image_id(ONE), image_id(TWO)] == [entry.id for entry in lists.images]
    assert {layer["id"] for layer in store.layers} == {entry.id for entry in lists.layers}


def test_a_writer_that_never_rests_does_not_keep_a_scan_for_ever(
    store: ContainersStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add(ONE)
    read, count = Root.read, iter(range(1000))

    def read_while_written(self: Root, path: str, limit: int) -> bytes:
        return str(next(count)).encode() if path.endswith(".lock") else read(self, path, limit)

    monkeypatch.setattr(Root, "read", read_while_written)
    assert [image_id(ONE)] == [row.local_id for row in of(SourceImage, look(store))]


def test_a_folder_without_drivers_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match="no driver's images"):
        scan(open_source(f"containers-storage:{tmp_path}"))


def test_a_link_in_a_drivers_place_is_a_problem_and_closes_nothing(store: ContainersStorage, tmp_path: Path) -> None:
    store.add(ONE)
    (tmp_path / "elsewhere").mkdir()
    (store.path / "vfs-images").symlink_to(tmp_path / "elsewhere")
    records = look(store)
    assert [("path_escape", "vfs-images", None)] == problems(records)
    assert "partial" == outcomes(records)["catalog", "drivers"]


# -- which store is meant ---------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of a user without privileges and without storage.conf; the system has none either."""
    monkeypatch.setattr("imgindex.sources.containers_storage.storage_conf.SYSTEM", (str(tmp_path / "system.conf"),))
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    for name in ("CONTAINERS_STORAGE_CONF", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USER", "jo")
    monkeypatch.setenv("SECRET", "hunter2")
    return tmp_path / "home"


def opened(address: str = "") -> str:
    return open_source(f"containers-storage:{address}").identity.address.removeprefix("containers-storage:")


def test_without_storage_conf_a_user_has_a_store_at_home(home: Path) -> None:
    (home / ".local/share/containers/storage").mkdir(parents=True)
    assert str(home / ".local/share/containers/storage") == opened()


def test_a_users_own_storage_conf_names_the_store(home: Path, tmp_path: Path) -> None:
    (tmp_path / "images-1000-jo").mkdir()
    write(
        home / ".config/containers/storage.conf",
        f'[storage]\ngraphroot = "{tmp_path}/images-$UID-${{USER}}"\n'.encode(),
    )
    assert str(tmp_path / "images-1000-jo") == opened()


def test_the_systems_storage_conf_names_where_users_stores_lie(home: Path, tmp_path: Path) -> None:
    (home / "images").mkdir(parents=True)
    conf = '[storage]\ngraphroot = "/var/lib/containers/storage"\nrootless_storage_path = "$HOME/images"\n'
    write(tmp_path / "system.conf", conf.encode())
    assert str(home / "images") == opened()


def test_the_systems_storage_conf_names_roots_store(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    (tmp_path / "roots").mkdir()
    write(tmp_path / "system.conf", f'[storage]\ngraphroot = "{tmp_path}/roots"\n'.encode())
    assert str(tmp_path / "roots") == opened()


def test_the_variable_names_the_storage_conf(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "named").mkdir()
    write(tmp_path / "named.conf", f'[storage]\ngraphroot = "{tmp_path}/named"\n'.encode())
    monkeypatch.setenv("CONTAINERS_STORAGE_CONF", str(tmp_path / "named.conf"))
    assert str(tmp_path / "named") == opened()


@pytest.mark.parametrize("named", [True, False])
def test_additional_stores_of_storage_conf_belong_to_the_store_that_it_names(
    named: bool, home: Path, store: ContainersStorage, tmp_path: Path
) -> None:
    shared = ContainersStorage(tmp_path / "shared")
    shared.add(ONE, "docker.io/lab/web:1")
    store.add(ARM)
    root = store.path if named else tmp_path / "other"
    conf = f'[storage]\ngraphroot = "{root}"\n[storage.options]\nadditionalimagestores = ["{shared.path}"]\n'
    write(home / ".config/containers/storage.conf", conf.encode())
    records = scan(open_source(str(store.path)))
    assert named == (image_id(ONE) in {row.local_id for row in of(SourceImage, records)})
    if named:
        assert records == scan(open_source("containers-storage:"))


def test_a_store_is_named_as_the_transport_names_it(store: ContainersStorage, tmp_path: Path) -> None:
    shared = ContainersStorage(tmp_path / "shared")
    shared.add(ONE)
    store.add(ARM)
    address = f"containers-storage:[overlay@{store.path}+{tmp_path}/run:overlay.imagestore={shared.path}]"
    source = open_source(address)
    assert f"containers-storage:{store.path}" == source.identity.address
    assert 2 == len(of(SourceImage, scan(source)))
    assert 2 == source.plan(ScanContext())["images"]
    with pytest.raises(UnknownSourceError, match="without an image"):
        open_source(f"containers-storage:[overlay@{store.path}]docker.io/lab/web:1")


@pytest.mark.parametrize(
    ("conf", "why"),
    [
        (b"[storage", "no storage.conf"),
        (b"\xff", "no storage.conf"),
        (b"storage = 7", "no table"),
        (b'[storage]\ngraphroot = "images"', "no whole path"),
        (b"[storage]\ngraphroot = 7", "no path"),
        (b'[storage]\ngraphroot = "/srv/$SECRET"', "SECRET"),
        (b'[storage]\n[storage.options]\nadditionalimagestores = "/srv"', "no list"),
        (b"#" * 2_000_000, "larger"),
    ],
)
def test_a_storage_conf_that_cannot_be_used_is_an_error(conf: bytes, why: str, home: Path) -> None:
    write(home / ".config/containers/storage.conf", conf)
    with pytest.raises(LayoutError, match=why) as raised:
        opened()
    assert "hunter2" not in str(raised.value)


def test_a_default_store_that_is_not_there_is_said_so(home: Path) -> None:
    with pytest.raises(SourceUnavailableError, match="cannot read the folder"):
        opened()
