"""The storage of a registry in an object store: the rows that its folder gives, for few requests."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from werkzeug.wrappers import Response

from imgindex.errors import LayoutError, SourceUnavailableError, UnknownSourceError, UsageError
from imgindex.limits import Limits
from imgindex.records.rows import PastTag, Record, Tag
from imgindex.sources.base import ScanContext, Source
from imgindex.sources.open import open_source
from imgindex.sources.registry_root import object_tree, s3
from imgindex.sources.registry_root import objects as objects_module
from imgindex.sources.registry_root.object_tree import DENIALS, ObjectTree
from imgindex.sources.registry_root.s3 import split_address
from imgindex.sources.registry_root.window import Stored
from tests.builders import Registry, digest_of, make_image, make_index
from tests.object_store import Asked, ObjectStore
from tests.programs import require
from tests.registries import Registry as Served
from tests.registries import running_registry
from tests.sources.cases import alter, remove, truncate
from tests.sources.scans import of, outcomes, problems, scan
from tests.stores import new_index

NewBucket = Callable[[Path], str]
MISSING = 2
"""Blobs that the sample's links name and its storage lacks: each is looked for once more."""


_BUCKETS = itertools.count()
"""Tests of one process share what holds the buckets."""


@pytest.fixture
def new_bucket(object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[NewBucket]:
    """Puts a folder into a bucket, and returns the address of a source."""
    for name, text in object_store.environment.items():
        monkeypatch.setenv(name, text)
    for name in ("AWS_CA_BUNDLE", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(s3, "_RETRIES", {"max_retries": 1, "backoff": {"init_backoff": timedelta(milliseconds=1)}})

    def put(folder: Path) -> str:
        bucket = f"bucket-{next(_BUCKETS)}"
        object_store.make_bucket(bucket)
        object_store.put_tree(bucket, "some/where/", folder)
        object_store.asked.clear()
        return f"registry-root:s3://{bucket}/some/where"

    yield put
    object_store.faults.clear()


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    built = Registry(tmp_path / "registry")
    built.push("team/web", "1.0", make_image(1))
    built.push("team/web", "multi", make_index(make_image(2), make_image(3)))
    built.push("team", "latest", make_image(1))
    built.push("team-a/1st", "v1", make_image(4))
    built.push("team/1st", "v1", make_image(4))
    built.push("team/web", "1.0-rc", make_image(1))
    return built


def rows(source: Source, context: ScanContext | None = None) -> Counter[str]:
    """All records but for their order, and for when a link was written: in S3, that is when the copy was made."""
    records = scan(source, context)
    return Counter(
        repr(msgspec.structs.replace(row, set_at=None) if isinstance(row, Tag | PastTag) else row) for row in records
    )


def requests(store: ObjectStore) -> Counter[str]:
    """How many of each kind the store has got."""
    kinds = Counter(kind_of(asked) for asked in store.asked)
    store.asked.clear()
    return kinds


def kind_of(asked: Asked) -> str:
    if "list-type=2" in asked.query:
        return "page"
    return f"{asked.method} {asked.path.rpartition('/')[2]}"


def tags(records: list[Record]) -> dict[str, int | None]:
    return {row.tag: row.target_key for row in of(Tag, records)}


def test_the_sample_gives_the_rows_of_its_folder_for_a_request_a_document(
    registry_store: Path, new_bucket: NewBucket, object_store: ObjectStore
) -> None:
    source = open_source(new_bucket(registry_store))
    found = rows(source)
    documents = sum("Manifest(" in row[:9] or "Image(" in row[:6] for row in found.elements())
    asked = requests(object_store)
    # A page to find the tree, one each for the folders above the shards, one for the blobs, one for the repositories.
    assert {"page": 5, "GET data": documents, "HEAD data": MISSING} == asked
    assert rows(open_source(str(registry_store))) == found


def test_a_blob_that_was_linked_long_ago_and_is_not_listed_is_not_asked_for(
    registry_store: Path, new_bucket: NewBucket, object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(object_tree, "SKEW", -(10**12))  # as if all had been written long ago
    found = rows(open_source(new_bucket(registry_store)))
    assert 0 == requests(object_store)["HEAD data"]
    assert rows(open_source(str(registry_store))) == found


def test_pages_of_any_size_give_the_same_rows(
    registry_store: Path, new_bucket: NewBucket, object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = new_bucket(registry_store)
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "7")
    found = rows(open_source(address))
    assert requests(object_store)["page"] > 40
    assert rows(open_source(str(registry_store))) == found


def test_a_tag_was_set_when_its_link_was_put(registry: Registry, new_bucket: NewBucket) -> None:
    times = {row.set_at for row in of(Tag, scan(open_source(new_bucket(registry.path))))}
    assert all(time is not None and time > 1_700_000_000_000_000 + 10**12 for time in times)


@pytest.mark.parametrize("how", [alter, truncate, remove])
@pytest.mark.parametrize("what", ["tag", "revision", "layer", "blob"])
def test_damage_is_seen_as_in_a_folder(
    registry: Registry, new_bucket: NewBucket, what: str, how: Callable[[Path], None]
) -> None:
    image = make_image(1)
    digest = image.layers[0].blob.digest if what == "layer" else image.manifest.digest
    path = {
        "tag": registry.tag("team/web", "1.0") / "current/link",
        "revision": registry.revision("team/web", digest),
        "layer": registry.layer("team/web", digest),
        "blob": registry.blob(digest),
    }[what]
    how(path)
    found = rows(open_source(new_bucket(registry.path)))
    assert rows(open_source(str(registry.path))) == found


def test_a_tag_whose_past_was_cleared_away_is_known_by_the_revisions(
    registry: Registry, new_bucket: NewBucket, object_store: ObjectStore
) -> None:
    for link in registry.top.glob("repositories/**/index/*/*/link"):
        link.unlink()
    found = scan(open_source(new_bucket(registry.path)))
    assert 0 == requests(object_store)["GET link"]
    assert tags(scan(open_source(str(registry.path)))) == tags(found)


def test_a_tag_that_moved_back_points_where_its_link_says(
    registry: Registry, new_bucket: NewBucket, object_store: ObjectStore
) -> None:
    registry.push("team/web", "1.0", make_image(5))
    registry.push("team/web", "1.0", make_image(1))
    found = scan(open_source(new_bucket(registry.path)))
    assert 0 == requests(object_store)["GET link"]
    assert tags(scan(open_source(str(registry.path)))) == tags(found)


def test_a_tag_of_what_the_repository_lacks_is_read(
    registry: Registry, new_bucket: NewBucket, object_store: ObjectStore
) -> None:
    digest = digest_of(b"elsewhere")
    registry.point("team/web", "odd", digest)
    (registry.tag("team/web", "odd") / "index" / digest.replace(":", "/") / "link").unlink()
    found = rows(open_source(new_bucket(registry.path)))
    assert 1 == requests(object_store)["GET link"]
    assert rows(open_source(str(registry.path))) == found


def test_where_etags_are_no_md5_only_tags_are_read(
    registry: Registry, new_bucket: NewBucket, object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = objects_module._stored
    monkeypatch.setattr(objects_module, "_stored", lambda meta: plain(meta)._replace(etag="0" * 32))
    found = rows(open_source(new_bucket(registry.path)))
    # One link to learn it from, and one a tag.
    assert 1 + 6 == requests(object_store)["GET link"]
    assert rows(open_source(str(registry.path))) == found


def test_markers_that_consoles_make_for_folders_mean_nothing(
    registry: Registry, new_bucket: NewBucket, object_store: ObjectStore
) -> None:
    expected = rows(open_source(str(registry.path)))
    address = new_bucket(registry.path)
    bucket = address.removeprefix("registry-root:s3://").partition("/")[0]
    top = "some/where/docker/registry/v2/"
    places = ("", "blobs/", "blobs/sha256/", "repositories/", "repositories/team/", "repositories/team/_manifests/")
    shards = {f"blobs/sha256/{shard}/" for shard in ("00", make_image(1).manifest.digest[7:9])}
    object_store.put(bucket, [(f"{top}{place}", b"") for place in (*places, *shards, "repositories/team/_layers/")])
    assert expected == rows(open_source(address))


def test_an_unchanged_storage_is_listed_and_not_read(
    registry: Registry, new_bucket: NewBucket, object_store: ObjectStore, tmp_path: Path
) -> None:
    address = new_bucket(registry.path)
    db = new_index(tmp_path)
    db.look(address)
    object_store.asked.clear()
    report = db.look(address)
    assert (0, 0) == (report.bytes_read, report.counts["new documents"])
    assert {"page": 5} == requests(object_store)


def test_plan_reads_no_document(registry: Registry, new_bucket: NewBucket, object_store: ObjectStore) -> None:
    address = new_bucket(registry.path)
    assert open_source(str(registry.path)).plan(ScanContext()) == open_source(address).plan(ScanContext())
    assert {"page": 5} == requests(object_store)


def test_an_answer_that_is_no_listing_fails_the_source(new_bucket: NewBucket, object_store: ObjectStore) -> None:
    object_store.faults.append(lambda asked: Response("Welcome to the guest network", 200))
    with pytest.raises(SourceUnavailableError, match="what answers is no S3 store"):
        open_source("registry-root:s3://bucket")


def test_what_a_registry_writes_into_s3_is_what_it_writes_into_a_folder(
    new_bucket: NewBucket, object_store: ObjectStore, plain_registry: Served, tmp_path: Path
) -> None:
    object_store.make_bucket("pushed")
    with running_registry(tmp_path / "folder") as one, running_registry(s3=(object_store, "pushed", "below")) as other:
        for tag in ("1.2", "latest", "1.2"):
            for to in (one, other):
                skopeo_copy(plain_registry, "team/web:1.2", to, f"team/web:{tag}")
        for to in (one, other):
            skopeo_copy(plain_registry, "multi/app:1", to, "multi/app:1")
    found = rows(open_source("registry-root:s3://pushed/below"))
    assert rows(open_source(str(tmp_path / "folder"))) == found
    assert 3 == sum(row.startswith("Tag(") for row in found)


def test_identity_is_the_bucket_and_the_prefix(registry: Registry, new_bucket: NewBucket) -> None:
    address = new_bucket(registry.path)
    place = address.removeprefix("registry-root:s3://")
    one = open_source(address, registry="reg.example").identity
    assert (address, "reg.example") == (one.address, one.registry)
    assert one.fingerprint.endswith(f":{place}/docker/registry/v2")
    # However much of the way the address spells out.
    for further in ("/", "/docker", "/docker/registry/v2/"):
        assert one.fingerprint == open_source(address + further).identity.fingerprint


def test_an_object_that_may_not_be_read_is_a_problem(
    registry: Registry, new_bucket: NewBucket, object_store: ObjectStore
) -> None:
    denied = make_image(3).manifest.digest
    object_store.faults.append(denying(lambda asked: denied[7:] in asked.path))
    records = scan(open_source(new_bucket(registry.path)))
    locator = str(registry.blob(denied).relative_to(registry.top))
    assert [("unreadable", locator, denied)] == problems(records)
    assert {"complete"} == set(outcomes(records).values())


def test_where_no_object_may_be_read_the_source_fails(
    registry: Registry, new_bucket: NewBucket, object_store: ObjectStore
) -> None:
    for seed in range(DENIALS):
        registry.push("many", str(seed), make_image(10 + seed))
    object_store.faults.append(denying(lambda asked: asked.path.endswith("/data")))
    source = open_source(new_bucket(registry.path))
    with pytest.raises(
        SourceUnavailableError, match=r"its objects may not be read: AccessDenied; it takes s3:GetObject"
    ):
        scan(source)


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (403, "AccessDenied", "it takes s3:ListBucket on the bucket"),
        (403, "InvalidAccessKeyId", "does not know the access key"),
        (403, "SignatureDoesNotMatch", "the secret access key is wrong"),
        (403, "Other", "it answers 403 Other: access is denied"),
        (400, "ExpiredToken", "the credentials have expired"),
        (400, "AuthorizationHeaderMalformed", "lies in another region: set AWS_REGION"),
        (301, "PermanentRedirect", "lies in another region: set AWS_REGION"),
        (503, "SlowDown", "it answers 503 SlowDown"),
    ],
)
def test_a_listing_that_fails_says_why_and_tells_no_secret(
    registry: Registry, new_bucket: NewBucket, object_store: ObjectStore, status: int, code: str, message: str
) -> None:
    address = new_bucket(registry.path)
    body = f"<Error><Code>{code}</Code><AWSAccessKeyId>tester</AWSAccessKeyId></Error>"
    object_store.faults.append(lambda asked: Response(body, status))
    with pytest.raises(SourceUnavailableError, match=message) as caught:
        open_source(address)
    assert "tester" not in str(caught.value)


def test_a_listing_that_breaks_off_fails_the_source(
    registry: Registry, new_bucket: NewBucket, object_store: ObjectStore
) -> None:
    source = open_source(new_bucket(registry.path))
    object_store.faults.append(
        lambda asked: (
            Response("<Error><Code>InternalError</Code></Error>", 500) if "repositories" in asked.query else None
        )
    )
    with pytest.raises(SourceUnavailableError, match="it answers 500 InternalError"):
        scan(source)


def test_a_bucket_that_is_not_there(new_bucket: NewBucket) -> None:
    with pytest.raises(SourceUnavailableError, match=r"s3://no-such-bucket: there is no such bucket"):
        open_source("registry-root:s3://no-such-bucket")


def test_a_store_that_is_not_there(new_bucket: NewBucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(SourceUnavailableError, match="cannot be reached"):
        open_source("registry-root:s3://bucket")


def test_a_prefix_without_a_registry(registry: Registry, new_bucket: NewBucket) -> None:
    address = new_bucket(registry.path)
    with pytest.raises(LayoutError, match="holds neither docker/registry/v2 nor blobs and repositories"):
        open_source(address.replace("some/where", "elsewhere"))


def test_a_key_that_is_no_path_fails_the_source(
    registry: Registry, new_bucket: NewBucket, object_store: ObjectStore
) -> None:
    address = new_bucket(registry.path)
    bucket = address.removeprefix("registry-root:s3://").partition("/")[0]
    object_store.put(bucket, [("some/where/docker/registry/v2/repositories/a//b", b"")])
    with pytest.raises(SourceUnavailableError, match="a key below the prefix is no path"):
        scan(open_source(address))


def test_a_store_that_lists_in_no_order_is_refused() -> None:
    keys = [f"repositories/{name}/_layers/sha256/{digest_of(b'x')[7:]}/link" for name in ("a", "b", "a")]

    class Unordered:
        def below(self, path: str) -> Iterator[Stored]:
            return (Stored(key, 71, 0, "") for key in keys)

        def get(self, path: str, limit: int) -> tuple[bytes, int]:
            raise AssertionError

    with ObjectTree(Unordered()) as tree, pytest.raises(SourceUnavailableError, match="in no order"):  # type: ignore[arg-type]
        list(tree.descend("repositories"))


def test_an_address_with_credentials_is_refused_and_not_repeated() -> None:
    for address in ("s3://key:secret@bucket", "s3://bucket?secret_access_key=secret"):
        with pytest.raises(UnknownSourceError, match="bucket and prefix alone") as caught:
            split_address(address)
        assert "secret" not in str(caught.value).replace("secret_access", "")


@pytest.mark.parametrize(
    "address", ["s3://", "s3:///prefix", "s3://a", "s3://buck$et", "s3://bucket/a//b", "s3://bucket/../b"]
)
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(UnknownSourceError):
        split_address(address)


def test_without_the_extra_package_it_says_what_to_install(
    new_bucket: NewBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "obstore.store", None)
    with pytest.raises(UsageError, match=r"pip install 'imgindex\[s3\]'"):
        open_source("registry-root:s3://bucket")


def test_plain_http_to_another_machine_has_to_be_allowed(
    new_bucket: NewBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://user:password@s3.example:9000")
    with pytest.raises(UsageError, match="AWS_ALLOW_HTTP=true allows it") as caught:
        open_source("registry-root:s3://bucket")
    assert "password" not in str(caught.value)


def test_keys_come_from_a_profile(
    registry: Registry,
    new_bucket: NewBucket,
    object_store: ObjectStore,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    address = new_bucket(registry.path)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL", "AWS_REGION"):
        monkeypatch.delenv(name)
    folder = tmp_path / "home/.aws"
    folder.mkdir(parents=True)
    (folder / "config").write_text(f"[profile team]\nregion = us-east-1\nendpoint_url = {object_store.endpoint}\n")
    (folder / "credentials").write_text("[team]\naws_access_key_id = of-the-team\naws_secret_access_key = 100%s\n")
    monkeypatch.setenv("AWS_PROFILE", "team")
    scan(open_source(address))
    assert {"of-the-team"} == {
        asked.headers["Authorization"].split("=")[1].split("/")[0] for asked in object_store.asked
    }


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("[profile other]\n", "no keys under this name"),
        ("[profile team]\nrole_arn = arn:aws:iam::1:role/x\n", "export-credentials --profile team"),
        ("no section: secret\n", "cannot read .*MissingSectionHeaderError$"),
    ],
)
def test_a_profile_that_gives_no_keys_is_refused(
    new_bucket: NewBucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, config: str, message: str
) -> None:
    (tmp_path / "config").write_text(config)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_PROFILE", "team")
    with pytest.raises(UsageError, match=message):
        open_source("registry-root:s3://bucket")


def test_a_document_beyond_the_limit_is_not_fetched(registry: Registry, new_bucket: NewBucket) -> None:
    context = ScanContext(limits=Limits(document_bytes=300))
    found = scan(open_source(new_bucket(registry.path)), context)
    assert sorted(problems(scan(open_source(str(registry.path)), context))) == sorted(problems(found)) != []


def denying(matches: Callable[[Asked], bool]) -> Callable[[Asked], Response | None]:
    body = "<Error><Code>AccessDenied</Code></Error>"
    return lambda asked: Response(body, 403) if asked.method == "GET" and matches(asked) else None


def skopeo_copy(here: Served, source: str, there: Served, target: str) -> None:
    require("skopeo")
    places = [f"docker://{here.host}/{source}", f"docker://{there.host}/{target}"]
    options = ["--all", "--preserve-digests", "--src-tls-verify=false", "--dest-tls-verify=false"]
    done = subprocess.run(["skopeo", "copy", *options, *places], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
