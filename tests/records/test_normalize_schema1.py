import json
from typing import Any

import pytest

from imgindex.errors import LimitExceededError, MalformedError
from imgindex.oci import media_types as types
from imgindex.records.rows import Manifest, ManifestHistory, ManifestLayer
from tests.records.documents import digest, normalize_manifest

NEWEST = {
    "architecture": "amd64",
    "os": "linux",
    "created": "2015-10-31T22:22:56.015925234Z",
    "container_config": {"Cmd": ["/bin/sh", "-c", '#(nop) CMD ["sh"]']},
    "config": {"Env": ["A=b"]},
    "throwaway": True,
    "author": "me",
    "comment": "newest",
}
OLDEST = {"created": "1970-01-01T00:00:01Z", "container_config": {"Cmd": ["/bin/sh -c #(nop) ADD file:1 in /"]}}


def schema1(*history: dict[str, Any], layers: tuple[int, ...] = (3, 2), **more: Any) -> dict[str, Any]:
    return {
        "schemaVersion": 1,
        "name": "library/web",
        "tag": "latest",
        "architecture": "amd64",
        "fsLayers": [{"blobSum": digest(number)} for number in layers],
        "history": [{"v1Compatibility": json.dumps(item)} for item in history],
        **more,
    }


def test_layers_and_history_become_rows_oldest_first() -> None:
    made = normalize_manifest(schema1(NEWEST, OLDEST))
    key = made.key
    assert [
        Manifest(
            manifest_key=key,
            media_type=types.DOCKER_SCHEMA1_SIGNED,
            kind="schema1",
            artifact_type=None,
            config_key=None,
            config_media_type=None,
            subject_key=None,
            layer_count=2,
            total_bytes=None,
            os="linux",
            architecture="amd64",
            extra='{"name":"library/web","tag":"latest"}',
        ),
        ManifestLayer(key, 0, 2, None, None, False, None, None),
        ManifestLayer(key, 1, 3, None, None, False, None, None),
        ManifestHistory(key, 0, 2, 1_000_000, "/bin/sh -c #(nop) ADD file:1 in /", "ADD", None, None, False),
        ManifestHistory(
            manifest_key=key,
            position=1,
            blob_key=3,
            created_at=1446330176015925,
            created_by='/bin/sh -c #(nop) CMD ["sh"]',
            instruction="CMD",
            comment="newest",
            author="me",
            empty_layer=True,
        ),
    ] == made.records
    assert made.references == []


def test_a_signed_and_an_unsigned_body_read_the_same() -> None:
    unsigned = normalize_manifest(schema1(NEWEST, OLDEST), types.DOCKER_SCHEMA1)
    signed = normalize_manifest(schema1(NEWEST, OLDEST, signatures=[{"header": {"alg": "ES256"}}]))
    assert unsigned.all(Manifest)[0].extra == signed.all(Manifest)[0].extra
    assert unsigned.all(Manifest)[0].media_type == signed.all(Manifest)[0].media_type
    assert not unsigned.problems
    assert not signed.problems


def test_the_size_of_the_body_is_not_the_blobs() -> None:
    made = normalize_manifest(schema1(NEWEST, OLDEST))
    assert {None} == {value for _, _, value in made.keys.blobs.pending()}


def test_history_that_does_not_match_the_layers_is_not_joined() -> None:
    made = normalize_manifest(schema1(NEWEST, layers=(3, 2)))
    assert [(row.position, row.blob_key) for row in made.all(ManifestHistory)] == [(0, None)]
    assert [row.blob_key for row in made.all(ManifestLayer)] == [2, 3]
    assert made.problems == {"history_mismatch": "1 history entries, 2 layers"}


def test_a_manifest_without_history_has_the_architecture_it_says() -> None:
    made = normalize_manifest(schema1(layers=()))
    assert (
        made.one(Manifest).os,
        made.one(Manifest).architecture,
        len(made.all(ManifestHistory)),
    ) == (None, "amd64", 0)
    assert not made.problems


def test_a_broken_time_is_in_the_extra() -> None:
    made = normalize_manifest(schema1({**NEWEST, "created": "yesterday"}, OLDEST))
    extra = json.loads(made.one(Manifest).extra or "")
    assert extra["history"] == {"0": {"v1Compatibility": {"created": "yesterday"}}}
    assert [row.created_at for row in made.all(ManifestHistory)] == [1_000_000, None]
    assert made.problems == {"time_out_of_range": "$.history[0].v1Compatibility.created"}


def test_unfit_text_within_the_text_is_repaired() -> None:
    made = normalize_manifest(schema1({**NEWEST, "comment": "a\x00b"}, OLDEST))
    assert [row.comment for row in made.all(ManifestHistory)] == [None, "a\ufffdb"]
    assert made.problems == {"text_repaired": "$.history[0].v1Compatibility"}


def test_secrets_in_the_history_are_redacted() -> None:
    command = {"Cmd": ["|1", "DB_PASSWORD=hunter2", "/bin/sh", "-c", "make"]}
    made = normalize_manifest(schema1({**NEWEST, "container_config": command, "comment": "password=hunter2"}, OLDEST))
    assert "hunter2" not in repr(made.records)
    assert made.all(ManifestHistory)[1].instruction == "RUN"


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({**schema1(NEWEST, OLDEST), "history": [{}, {}]}, "$.history[0].v1Compatibility: missing"),
        ({**schema1(NEWEST, OLDEST), "history": [{"v1Compatibility": "x"}]}, "$.history[0].v1Compatibility: "),
        ({**schema1(NEWEST, OLDEST), "fsLayers": [{}]}, "$.fsLayers[0].blobSum: missing"),
        (schema1(NEWEST, OLDEST, signatures=1), "Expected `array | null`, got `int` - at `$.signatures`"),
        (schema1(NEWEST, OLDEST, manifests=[]), "$.fsLayers: does not belong"),
        (schema1(NEWEST, mediaType=types.DOCKER_SCHEMA1, config={}), "$.config: does not belong"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_malformed(document: object, path: str) -> None:
    with pytest.raises(MalformedError) as refused:
        normalize_manifest(document)
    assert str(refused.value).startswith(path)


@pytest.mark.parametrize("limits", [{"layers": 1}, {"history_entries": 1}], ids=["layers", "history"])
def test_more_than_the_limits_allow_is_refused(limits: dict[str, int]) -> None:
    with pytest.raises(LimitExceededError):
        normalize_manifest(schema1(NEWEST, OLDEST), **limits)
