"""Documents that other projects test their readers with, where they are present; an index says what to expect of each.

`accept` must be read, `reject` must be refused, `parse` must not crash. Where the JSON schemas of image-spec are
stricter than any registry is, the document is read all the same, with a problem where it says something odd.
"""

from __future__ import annotations

import contextlib
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from imgindex.errors import MalformedError
from imgindex.oci import media_types as types
from imgindex.records.rows import Image, Manifest
from tests.records.documents import Made, encode, manifest, normalize_config, normalize_manifest

Case = dict[str, Any]

READ_ALL_THE_SAME = {
    "image-spec/config_test/010.json": set(),  # A variable without "=": docker takes it from its own environment.
    "image-spec/manifest_test/006.json": set(),  # No layers: `umoci new` makes such images.
    "image-spec/imageindex_test/004.json": {"incomplete_platform"},
    "image-spec/imageindex_test/006.json": {"invalid_media_type"},  # Empty: Go reads it as absent.
    # Media types against RFC 6838: registries take any text, and it is kept as it is written.
    "image-spec/descriptor_test/005.json": {"invalid_media_type"},
    "image-spec/descriptor_test/006.json": {"invalid_media_type"},
    "image-spec/descriptor_test/008.json": {"invalid_media_type"},
    "image-spec/descriptor_test/009.json": {"invalid_media_type"},
}
"""Cases that upstream refuses and imgindex reads: the problems it finds in them, history aside."""


@pytest.fixture(scope="module")
def conformance(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    archive = shared / "data/conformance.tar.xz"
    if not archive.is_file():
        pytest.skip("no conformance documents: data/conformance.tar.xz is not in IMGINDEX_SHARED")
    folder = tmp_path_factory.mktemp("conformance")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder / "conformance"


@pytest.fixture(scope="module")
def cases(conformance: Path) -> list[Case]:
    lines = (conformance / "index.jsonl").read_text().splitlines()
    return [case for case in map(json.loads, lines) if case["kind"] not in ("archive", "layout-header", "json", "blob")]


def read(folder: Path, case: Case) -> Made:
    data = (folder / case["path"]).read_bytes()
    if case["kind"] == "config":
        return normalize_config(data)
    if case["kind"] == "descriptor":
        around = encode(manifest({"digest": "here"}))
        return normalize_manifest(around.replace(b'{"digest":"here"}', data))
    return normalize_manifest(data, case.get("media_type"))


def test_what_must_be_accepted_is_read(conformance: Path, cases: list[Case]) -> None:
    accepted = [case for case in cases if case["expect"] == "accept"]
    assert len(accepted) > 100
    for case in accepted:
        made = read(conformance, case)
        assert (Image if case["kind"] == "config" else Manifest) is type(made.records[0]), case["path"]


def test_what_must_be_rejected_is_malformed_or_has_a_reason_here(conformance: Path, cases: list[Case]) -> None:
    rejected = [case for case in cases if case["expect"] == "reject"]
    assert len(rejected) > 10
    for case in rejected:
        if case["path"] in READ_ALL_THE_SAME:
            found = read(conformance, case).problems.keys() - {"history_mismatch"}
            assert READ_ALL_THE_SAME[case["path"]] == found, case["path"]
        else:
            with pytest.raises(MalformedError):
                read(conformance, case)


def test_what_is_undecided_does_not_crash(conformance: Path, cases: list[Case]) -> None:
    undecided = [case for case in cases if case["expect"] == "parse"]
    assert undecided
    for case in undecided:
        with contextlib.suppress(MalformedError):
            assert read(conformance, case).records, case["path"]


def test_the_kinds_are_told_as_the_cases_name_them(conformance: Path, cases: list[Case]) -> None:
    kinds = {"index": {"index"}, "list": {"index"}, "schema1": {"schema1"}, "schema2": {"image"}}
    for case in cases:
        if case["expect"] == "accept" and case["kind"] not in ("config", "descriptor"):
            row = read(conformance, case).one(Manifest)
            assert row.kind in kinds.get(case["kind"], {"image", "artifact"}), case["path"]
            assert (row.media_type in (types.OCI_INDEX, types.DOCKER_MANIFEST_LIST)) == (row.kind == "index")
