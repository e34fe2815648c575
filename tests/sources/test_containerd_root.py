"""The root of a containerd made from nothing: what rows it becomes, and what becomes of damage."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgindex.errors import ContentError, LayoutError, MalformedError
from imgindex.records.keys import content_key, name_key
from imgindex.records.rows import (
    Container,
    Image,
    LayerBlob,
    Manifest,
    Record,
    ScanScope,
    SourceBlob,
    SourceLayer,
    SourceManifest,
    Tag,
)
from imgindex.sources.base import ScanContext, scope_key
from imgindex.sources.containerd_root.names import Origins, split_name
from imgindex.sources.containerd_root.source import ContainerdRoot
from imgindex.sources.containerd_root.values import moment, number, unsigned
from imgindex.sources.docker_root.source import DockerRoot
from imgindex.sources.open import open_source
from tests.bolt import go_time, uvarint, varint, write_bolt
from tests.builders import Blob, Docker, make_image, make_index
from tests.conftest import TESTS, unpack
from tests.containerd_root import PULLED, Containerd
from tests.sources.scans import of, outcomes, problems, scan
from tests.stores import new_index

ONE = make_image(1)
TWO = make_image(2, base=ONE)
ARM = make_image(3, architecture="arm64")
MULTI = make_index(TWO, ARM)
SHA = "sha256:" + "a" * 64
BOX = "ab" * 32


@pytest.fixture
def store(tmp_path: Path) -> Containerd:
    made = Containerd(tmp_path / "store")
    made.add("default", ONE, "docker.io/library/web:1")
    return made


def read(store: Containerd) -> list[Record]:
    return scan(ContainerdRoot(str(store.path)))


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("docker.io/library/nginx:1.25", ("docker.io/library/nginx", "1.25")),
        ("docker.io/nginx:1", ("docker.io/library/nginx", "1")),
        ("Reg.Example:443/x/y:1", ("reg.example/x/y", "1")),
        ("reg.example:5000/x", ("", "reg.example:5000/x")),
        ("localhost/x:1", ("localhost/x", "1")),
        (f"quay.io/x/y@{SHA}", ("quay.io/x/y", None)),
        (f"quay.io/x/y:1@{SHA}", ("quay.io/x/y", None)),
        (f"import-2026-11-24@{SHA}", ("import-2026-11-24", None)),
        (f"moby-dangling@{SHA}", ("", None)),
        (SHA, ("", None)),
        ("web:1", ("web", "1")),
        ("web", ("", "web")),
        (":1", ("", ":1")),
        ("a/b:", ("", "a/b:")),
        ("UPPER.example/Path:1", ("UPPER.example/Path", "1")),
        ("", ("", "")),
    ],
)
def test_a_name_is_taken_as_given(name: str, parts: tuple[str, str | None]) -> None:
    assert parts == split_name(name)


def test_an_origin_gets_the_port_that_a_name_has() -> None:
    origins = Origins(["reg.example:5000/team/web", "docker.io/library/web", "", "web"])
    assert ["reg.example:5000/team/web"] == origins.repositories("reg.example", "team/web")
    assert ["reg.example/team/api"] == origins.repositories("reg.example", "team/api")
    assert ["docker.io/library/a", "docker.io/lab/b"] == sorted(origins.repositories("docker.io", "a,lab/b,"))[::-1]


@given(value=st.integers(-(2**63), 2**63 - 1))
def test_integers_are_gos(value: int) -> None:
    assert value == number(varint(value))
    assert abs(value) == unsigned(uvarint(abs(value)))


@pytest.mark.parametrize("data", [b"", b"\x80", b"\xff" * 10, b"\x80" * 11 + b"\x01", b"\xff" * 9 + b"\x02"])
def test_what_is_no_integer_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedError):
        number(data)


@given(seconds=st.integers(-62135596799, 253402300799), nanoseconds=st.integers(0, 999_999_999))
def test_times_are_gos(seconds: int, nanoseconds: int) -> None:
    micros = seconds * 1_000_000 + nanoseconds // 1000
    assert micros == moment(go_time(seconds, nanoseconds))
    assert micros == moment(go_time(seconds, nanoseconds, zone=-345))
    second_version = b"\x02" + go_time(seconds, nanoseconds)[1:] + b"\x1e"
    assert micros == moment(second_version)


def test_no_time_is_none_and_what_is_none_of_ours_is_malformed() -> None:
    assert [None, None, None] == [moment(None), moment(b""), moment(go_time(-62135596800))]
    for data in (b"\x01", go_time(0)[:-1], b"\x03" + go_time(0)[1:], go_time(2**40), go_time(0, -1)):
        with pytest.raises(MalformedError):
            moment(data)


def test_every_namespace_is_a_scope_with_its_own_rows(store: Containerd) -> None:
    store.add("k8s.io", MULTI, "docker.io/library/web:2", SHA)
    records = read(store)
    assert outcomes(records) == {
        ("namespace", "default"): "complete",
        ("namespace", "k8s.io"): "complete",
        ("catalog", "namespaces"): "complete",
    }
    web = name_key("docker.io/library/web")
    tags = {(row.scope_key, row.repository_key, row.tag, row.target_key, row.set_at) for row in of(Tag, records)}
    first, second = scope_key("namespace", "default"), scope_key("namespace", "k8s.io")
    assert tags == {
        (first, web, "1", content_key(ONE.manifest.digest), (PULLED + 60) * 1_000_000),
        (second, web, "2", content_key(MULTI.manifest.digest), (PULLED + 120) * 1_000_000),
    }
    # A name that is an ID adds no nameless manifest to one that has a name.
    assert {web} == {row.repository_key for row in of(SourceManifest, records)}
    stores = {row.store for row in of(SourceLayer, records)}
    assert {"default/overlayfs", "k8s.io/overlayfs"} == stores


def test_a_name_that_is_only_an_id_leads_to_a_nameless_manifest(tmp_path: Path) -> None:
    store = Containerd(tmp_path / "store")
    store.add("moby", ONE, f"moby-dangling@{ONE.manifest.digest}")
    records = read(store)
    assert [(name_key(""), content_key(ONE.manifest.digest))] == [
        (row.repository_key, row.manifest_key) for row in of(SourceManifest, records)
    ]
    assert [] == of(Tag, records)


def test_names_that_mean_the_same_tag_are_a_problem_and_the_newer_counts(store: Containerd) -> None:
    store.add("default", TWO, "index.docker.io/web:1")
    records = read(store)
    (tag,) = of(Tag, records)
    assert content_key(TWO.manifest.digest) == tag.target_key
    assert ["duplicate_ref"] == [kind for kind, _, _ in problems(records)]


def test_a_pull_for_one_platform_has_no_problem(store: Containerd, tmp_path: Path) -> None:
    store.add("default", TWO)
    store.put("default", MULTI.manifest, {"containerd.io/gc.ref.content.m.0": TWO.manifest.digest})
    store.name("default", "docker.io/library/multi:1", MULTI.manifest)
    store.save()
    db = new_index(tmp_path)
    db.look(store.path)
    assert [] == db.problems()
    assert {ONE.config.digest, TWO.config.digest} == set(db.column("SELECT image_id FROM image_summary WHERE listed"))


def test_layers_that_were_discarded_when_unpacked_are_no_problem_and_others_are(
    store: Containerd, tmp_path: Path
) -> None:
    store.add("default", ARM, "docker.io/library/arm:1", unpack=False)
    blobs = store.bucket("default", "content", "blob")
    for image in (ONE, ARM):
        digest = image.layers[0].blob.digest
        del blobs[digest.encode()]
        store.blob(digest).unlink()
    store.save()
    db = new_index(tmp_path)
    db.look(store.path)
    assert [("missing_blob", ARM.layers[0].blob.digest)] == db.problems()


def test_a_file_that_no_namespace_lists_and_one_that_is_not_finished_are_nobodys(store: Containerd) -> None:
    other = make_image(9).manifest
    path = store.blob(other.digest)
    path.write_bytes(other.data)
    ingest = store.path / "io.containerd.content.v1.content/ingest/1/data"
    ingest.parent.mkdir(parents=True)
    ingest.write_bytes(b"half")
    records = read(store)
    assert [] == problems(records)
    assert content_key(other.digest) not in {row.blob_key for row in of(SourceBlob, records)}


def test_a_document_of_another_namespace_is_not_present_here(store: Containerd, tmp_path: Path) -> None:
    store.add("k8s.io", ARM, "docker.io/library/arm:1")
    store.put("default", MULTI.manifest)
    store.name("default", "docker.io/library/multi:1", MULTI.manifest)
    store.save()
    db = new_index(tmp_path)
    db.look(store.path)
    present = db.column(
        "SELECT b.digest FROM source_manifests AS m JOIN blobs AS b ON b.blob_key = m.manifest_key "
        "WHERE m.scope_key = :scope",
        scope=scope_key("namespace", "default"),
    )
    assert {ONE.manifest.digest, MULTI.manifest.digest} == set(present)


def test_a_container_is_told_with_its_image_and_layers_and_without_its_spec(store: Containerd) -> None:
    labels = {f"io.kubernetes.{part}": part for part in ("pod.namespace", "pod.name", "container.name")}
    store.run("default", BOX, ONE, "docker.io/library/web:1", **labels)
    (row,) = of(Container, read(store))
    assert (BOX, "pod.namespace/pod.name/container.name", "docker.io/library/web:1") == (
        row.container_id,
        row.name,
        row.image_ref,
    )
    assert (content_key(ONE.config.digest), content_key(ONE.chain_ids[-1])) == (row.image_key, row.chain_key)
    assert ((PULLED + 5) * 1_000_000 + 123_456, None) == (row.created_at, row.state)


def test_of_an_index_a_container_is_of_the_image_whose_layers_it_stands_on(store: Containerd) -> None:
    store.add("default", MULTI, "docker.io/library/multi:1")
    store.run("default", BOX, ARM, "docker.io/library/multi:1")
    (row,) = of(Container, read(store))
    assert content_key(ARM.config.digest) == row.image_key


def test_an_alias_of_a_registry_is_filed_under_the_host(tmp_path: Path) -> None:
    store = Containerd(tmp_path / "store")
    store.add("default", ONE, "mirror.example:5000/web:1", origin=("mirror.example", "web"))
    source = open_source(str(store.path), registry_aliases=[("reg.example", "mirror.example:5000")])
    records = scan(source)
    web = name_key("reg.example/web")
    assert [(web, "1")] == [(row.repository_key, row.tag) for row in of(Tag, records)]
    assert {web, name_key("")} == {row.repository_key for row in of(SourceBlob, records)}


def test_what_containers_write_to_is_no_layer(store: Containerd) -> None:
    before = len(of(SourceLayer, read(store)))
    store.run("default", BOX, ONE, "docker.io/library/web:1")
    store.unpack("default", "builders-own", ONE.chain_ids[-1], 99)
    store.save()
    records = read(store)
    assert before == len(of(SourceLayer, records))
    assert [] == problems(records)


def test_layers_are_told_by_labels_where_the_config_is_gone(store: Containerd) -> None:
    whole = of(SourceLayer, read(store))
    del store.bucket("default", "content", "blob")[ONE.config.digest.encode()]
    store.bucket("default", "images").clear()
    store.save()
    assert whole == of(SourceLayer, read(store))


def test_layers_that_nothing_tells_are_one_problem(store: Containerd) -> None:
    store.unpack("default", SHA, ONE.chain_ids[-1], 7)
    store.unpack("default", "sha256:" + "b" * 64, SHA, 7)
    store.save()
    records = read(store)
    assert [
        ("unknown_layers", "io.containerd.metadata.v1.bolt/meta.db: default/snapshots/overlayfs", None)
    ] == problems(records)
    assert 2 == len(of(SourceLayer, records))


def test_pairs_of_layer_and_blob_are_those_of_the_labels(store: Containerd) -> None:
    assert {(content_key(layer.diff_id), content_key(layer.blob.digest), "store") for layer in ONE.layers} == {
        (row.layer_key, row.blob_key, row.evidence) for row in of(LayerBlob, read(store))
    }


@pytest.mark.parametrize(
    ("place", "broken"),
    [
        (("images", "docker.io/library/web:1"), {}),
        (("images", "docker.io/library/web:1"), {b"target": {b"digest": b"md5:00"}}),
        (("content", "blob", "not-a-digest"), {b"size": b""}),
        (("content", "blob", ONE.layers[0].blob.digest), {b"labels": {b"a": b"\xff"}}),
        (("snapshots", "overlayfs", ONE.chain_ids[-1]), {}),
        (("containers", "box"), {b"createdat": b"x"}),
        (("containers", "x" * 5000), {}),
    ],
    ids=["no target", "bad digest", "no digest", "bad label", "no name", "bad time", "long name"],
)
def test_a_broken_record_is_one_problem_and_the_others_stand(
    store: Containerd, place: tuple[str, ...], broken: dict[bytes, object]
) -> None:
    store.add("default", ARM, "docker.io/library/arm:1")
    store.bucket("default", *place[:-1])[place[-1].encode()] = broken
    store.save()
    records = read(store)
    assert len(problems(records)) == 1
    assert {"complete"} == set(outcomes(records).values())
    assert content_key(ARM.manifest.digest) in {row.manifest_key for row in of(Manifest, records)}


def test_a_target_that_the_namespace_does_not_hold_is_missing(store: Containerd) -> None:
    store.name("default", "docker.io/library/lost:1", Blob(b"{}", ONE.manifest.media_type))
    store.save()
    digest = Blob(b"{}", "").digest
    assert [("missing", digest)] == [(kind, at) for kind, _, at in problems(read(store))]


def test_what_was_dropped_since_the_records_were_read_is_no_problem(
    store: Containerd, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add("default", ARM, "docker.io/library/arm:1")
    source = ContainerdRoot(str(store.path))
    from imgindex.sources.containerd_root import store as module

    original = module.read_namespaces
    left = [True]

    def collect_garbage(*arguments: object) -> object:
        found = original(*arguments)
        if left:
            left.pop()
            for blob in ARM.blobs:
                del store.bucket("default", "content", "blob")[blob.digest.encode()]
                store.blob(blob.digest).unlink()
            del store.bucket("default", "images")[b"docker.io/library/arm:1"]
            gone = store.bucket("default", "snapshots", "overlayfs").pop(ARM.chain_ids[-1].encode())
            del store.snapshots[gone[b"name"]]
            store.save()
        return found

    monkeypatch.setattr(module, "read_namespaces", collect_garbage)
    assert [] == problems(scan(source))


def test_records_that_never_stand_still_make_a_partial_look(store: Containerd, monkeypatch: pytest.MonkeyPatch) -> None:
    from imgindex.sources.containerd_root import store as module

    original = module.read_database
    monkeypatch.setattr(module, "read_database", lambda *arguments: original(*arguments)._replace(is_settled=False))
    records = read(store)
    assert {"partial"} == set(outcomes(records).values())
    assert [("unsettled", "io.containerd.metadata.v1.bolt/meta.db", None)] == problems(records)
    assert of(Image, records)


def test_a_namespace_that_vanishes_is_closed(store: Containerd, tmp_path: Path) -> None:
    store.add("old", ARM, "docker.io/library/arm:1")
    db = new_index(tmp_path)
    db.look(store.path)
    del store.tree[b"old"]
    store.save()
    db.look(store.path)
    assert [("docker.io/library/web", "1")] == db.rows("SELECT repository, tag FROM current_tags")
    assert [ONE.config.digest] == db.column("SELECT image_id FROM image_summary")


def test_a_fresh_root_is_empty_and_another_folder_is_none(tmp_path: Path) -> None:
    fresh = Containerd(tmp_path / "fresh")
    fresh.save()
    assert {("catalog", "namespaces"): "complete"} == outcomes(read(fresh))
    assert "containerd-root" == open_source(str(fresh.path)).identity.kind
    fresh.meta.write_bytes(write_bolt({b"v9": {}}))
    with pytest.raises(LayoutError, match="schema v1"):
        read(fresh)
    fresh.meta.write_bytes(b"")
    with pytest.raises(LayoutError, match="is no BoltDB file"):
        read(fresh)
    fresh.meta.unlink()
    with pytest.raises(LayoutError, match=r"meta\.db does not exist"):
        read(fresh)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack(TESTS / "data/containerd-root.tar.xz", tmp_path_factory)


@given(
    flips=st.lists(st.tuples(st.integers(0, 2**31), st.integers(1, 255)), min_size=1, max_size=5), cut=st.integers(0, 5)
)
@settings(max_examples=60, deadline=None)
def test_damaged_records_end_in_problems_or_a_clear_error(
    sample: Path, flips: list[tuple[int, int]], cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.getbasetemp() / "damaged"
    if not root.exists():
        shutil.copytree(sample, root)
    whole = (sample / "io.containerd.metadata.v1.bolt/meta.db").read_bytes()
    data = bytearray(whole[: (168 - 20 * cut) * 4096])
    for place, bits in flips:
        data[8192 + place % (len(data) - 8192)] ^= bits
    (root / "io.containerd.metadata.v1.bolt/meta.db").write_bytes(data)
    with suppress(LayoutError):
        ends = of(ScanScope, scan(ContainerdRoot(str(root)), ScanContext()))
        assert ("catalog", "namespaces") == (ends[-1].kind, ends[-1].name)


def test_an_engine_with_containerds_store_alone_is_read(tmp_path: Path) -> None:
    docker = Docker(tmp_path / "docker", driver="overlayfs")
    docker.run(BOX, ONE, "lab/web:1", Running=True)
    shutil.rmtree(docker.path / "image")
    store = Containerd(docker.path / "containerd/daemon")
    store.add("moby", ONE, "docker.io/lab/web:1")
    # The engine puts a snapshot of its own between a container's and the image's.
    store.unpack("moby", f"{BOX}-init", ONE.chain_ids[-1], 10)
    store.unpack("moby", BOX, f"{BOX}-init", None)
    store.save()
    document = docker.container(BOX).read_bytes().replace(ONE.config.digest.encode(), ONE.manifest.digest.encode())
    docker.container(BOX).write_bytes(document)
    assert "docker-root" == open_source(str(docker.path)).identity.kind
    records = scan(DockerRoot(str(docker.path)))
    assert [] == problems(records)
    assert {("namespace", "moby"): "complete", ("catalog", "drivers"): "complete"} == outcomes(records)
    (row,) = of(Container, records)
    assert (content_key(ONE.config.digest), content_key(ONE.chain_ids[-1])) == (row.image_key, row.chain_key)
    assert ("running", "lab/web:1") == (row.state, row.image_ref)


def test_an_engines_broken_store_is_a_problem_beside_its_drivers_and_an_error_without(tmp_path: Path) -> None:
    docker = Docker(tmp_path / "docker")
    docker.load(ARM, "lab/arm:1")
    store = Containerd(docker.path / "containerd")
    store.add("moby", ONE, "docker.io/lab/web:1")
    store.meta.write_bytes(b"broken")
    records = scan(DockerRoot(str(docker.path)))
    assert [("malformed", "containerd", None)] == problems(records)
    assert {("driver", "overlay2"): "complete", ("catalog", "drivers"): "partial"} == outcomes(records)
    shutil.rmtree(docker.path / "image")
    with pytest.raises(LayoutError, match="containerd's store"):
        scan(DockerRoot(str(docker.path)))


def test_an_engine_whose_images_are_elsewhere_is_told_where(tmp_path: Path) -> None:
    (tmp_path / "containers").mkdir()
    with pytest.raises(LayoutError, match="/var/lib/containerd"):
        scan(DockerRoot(str(tmp_path)))


def test_errors_of_records_are_content_errors() -> None:
    with pytest.raises(ContentError):
        moment(b"x")
