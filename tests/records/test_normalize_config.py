import json
from typing import Any

import pytest

from imgindex.errors import LimitExceededError, MalformedError
from imgindex.oci.chain import chain_ids
from imgindex.records.keys import content_key
from imgindex.records.rows import (
    Image,
    ImageEnv,
    ImageHistory,
    ImageLabel,
    ImageLayer,
    ImagePort,
    ImageVolume,
)
from tests.records.documents import Made, digest, normalize_config

EMPTY = {"created_by": "CMD", "empty_layer": True}
FULL = {"created_by": "RUN make"}


def config(*history: dict[str, Any], layers: tuple[int, ...] = (), **more: Any) -> dict[str, Any]:
    rootfs = {"type": "layers", "diff_ids": [digest(number) for number in layers]}
    return {"architecture": "amd64", "os": "linux", "rootfs": rootfs, "history": list(history), **more}


def run(**members: Any) -> Made:
    return normalize_config(config(config=members))


def test_a_config_becomes_an_image_and_rows_of_each_kind() -> None:
    chains = chain_ids([digest(2), digest(3)])
    made = normalize_config(
        {
            "architecture": "aarch64",
            "os": "linux",
            "variant": "v8",
            "os.version": "10.0",
            "created": "2015-10-31T22:22:56.015925234Z",
            "author": "me",
            "docker_version": "20.10",
            "container": "c0ffee",
            "config": {
                "User": "1:1",
                "Env": ["PATH=/bin", "EMPTY=", "BARE"],
                "Entrypoint": ["/bin/sh"],
                "Cmd": "run me",
                "WorkingDir": "/home",
                "StopSignal": "SIGKILL",
                "Labels": {"b": "2", "a": "1"},
                "ExposedPorts": {"80/tcp": {}, "53/udp": {}, "8000-8010/tcp": {}},
                "Volumes": {"/data": {}},
                "Tty": False,
            },
            "rootfs": {"type": "layers", "diff_ids": [digest(2), digest(3)]},
            "history": [
                {"created": "1970-01-01T00:00:01Z", "created_by": "ADD rootfs /", "author": "you", "comment": "base"},
                {"created_by": '/bin/sh -c #(nop)  CMD ["sh"]', "empty_layer": True},
                {"created_by": "bazel build", "empty_layer": False},
            ],
        }
    )
    key, base, top = made.key, 2, content_key(chains[1])
    assert [
        Image(
            image_key=key,
            image_id=made.digest,
            os="linux",
            architecture="aarch64",
            variant="v8",
            os_version="10.0",
            platform="linux/arm64",
            created_at=1446330176015925,
            author="me",
            run_as="1:1",
            entrypoint='["/bin/sh"]',
            cmd='["run me"]',
            working_dir="/home",
            stop_signal="SIGKILL",
            docker_version="20.10",
            layer_count=2,
            history_count=3,
            chain_key=top,
            extra='{"config":{"Tty":false},"container":"c0ffee"}',
        ),
        ImageLayer(key, 0, 2, base, history_position=0),
        ImageLayer(key, 1, 3, top, history_position=2),
        ImageHistory(key, 0, 1_000_000, "ADD rootfs /", "ADD", "base", "you", False, layer_position=0),
        ImageHistory(key, 1, None, '/bin/sh -c #(nop)  CMD ["sh"]', "CMD", None, None, True, layer_position=None),
        ImageHistory(key, 2, None, "bazel build", None, None, None, False, layer_position=1),
        ImageLabel(key, "b", "2"),
        ImageLabel(key, "a", "1"),
        ImageEnv(key, 0, "PATH", "/bin"),
        ImageEnv(key, 1, "EMPTY", ""),
        ImageEnv(key, 2, "BARE", None),
        ImagePort(key, "80/tcp", 80, "tcp"),
        ImagePort(key, "53/udp", 53, "udp"),
        ImagePort(key, "8000-8010/tcp", None, None),
        ImageVolume(key, "/data"),
    ] == made.records


def test_layers_and_chains_get_rows_with_their_parents() -> None:
    made = normalize_config(config(FULL, FULL, FULL, layers=(2, 3, 2)))
    base, middle, top = chain_ids([digest(2), digest(3), digest(2)])
    assert {
        (content_key(base), base, (None, 2, 1)),
        (content_key(middle), middle, (content_key(base), 3, 2)),
        (content_key(top), top, (content_key(middle), 2, 3)),
    } == set(made.keys.chains.pending())
    assert {digest(2), digest(3)} == {name for _, name, _ in made.keys.layers.pending()}


def test_the_configs_blob_has_its_verified_size() -> None:
    data = json.dumps(config()).encode()
    made = normalize_config(data)
    assert [(made.key, made.digest, len(data))] == list(made.keys.blobs.pending())


def test_an_image_without_layers_has_no_chain() -> None:
    made = normalize_config(config(EMPTY))
    image = made.one(Image)
    assert (image.layer_count, image.history_count, image.chain_key) == (0, 1, None)
    assert made.one(ImageHistory).layer_position is None
    assert not made.problems


@pytest.mark.parametrize(
    ("history", "detail"),
    [
        ([FULL], "1 history entries with a layer, 2 layers"),
        ([EMPTY, EMPTY], "0 history entries with a layer, 2 layers"),
        ([FULL, FULL, FULL, EMPTY], "3 history entries with a layer, 2 layers"),
        ([], "0 history entries with a layer, 2 layers"),
    ],
)
def test_history_that_does_not_match_the_layers_is_not_joined(history: list[dict[str, Any]], detail: str) -> None:
    made = normalize_config(config(*history, layers=(2, 3)))
    assert {None} == {layer.history_position for layer in made.all(ImageLayer)}
    assert {None} >= {entry.layer_position for entry in made.all(ImageHistory)}
    assert len(history) == len(made.all(ImageHistory)) == made.one(Image).history_count
    assert {"history_mismatch": detail} == made.problems


def test_missing_history_does_not_match_layers_either() -> None:
    for document in (config(layers=(2,)), {**config(layers=(2,)), "history": None}):
        assert {"history_mismatch"} == normalize_config(document).problems.keys()
    assert not normalize_config({**config(), "history": None}).problems


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        (["sh", "-c", 'echo "ä"'], '["sh","-c","echo \\"ä\\""]'),
        ("sh -c true", '["sh -c true"]'),
        ([], "[]"),
        ([None, "a"], '["","a"]'),
        (None, None),
    ],
)
def test_commands_are_json_arrays(written: object, stored: str | None) -> None:
    image = run(Cmd=written, Entrypoint=written).one(Image)
    assert (stored, stored) == (image.cmd, image.entrypoint)


@pytest.mark.parametrize(
    ("exposed", "port", "protocol"),
    [
        ("80/tcp", 80, "tcp"),
        ("80", 80, "tcp"),
        ("53/UDP", 53, "udp"),
        ("9/sctp", 9, "sctp"),
        ("0/tcp", 0, "tcp"),
        ("65535/tcp", 65535, "tcp"),
        ("65536/tcp", None, None),
        ("80-90/tcp", None, None),
        ("80/quic", None, None),
        ("${PORT}/tcp", None, None),
        ("٨٠/tcp", None, None),
        ("/tcp", None, None),
        ("", None, None),
    ],
)
def test_ports_are_read_where_they_are_ports(exposed: str, port: int | None, protocol: str | None) -> None:
    made = run(ExposedPorts={exposed: None})
    assert ImagePort(made.key, exposed, port, protocol) == made.one(ImagePort)


@pytest.mark.parametrize(
    ("written", "name", "value"),
    [("A=b", "A", "b"), ("A=b=c", "A", "b=c"), ("A=", "A", ""), ("A", "A", None), ("=b", "", "b"), (None, "", None)],
)
def test_variables_are_split_at_the_first_equals_sign(written: str | None, name: str, value: str | None) -> None:
    made = run(Env=[written])
    assert ImageEnv(made.key, 0, name, value) == made.one(ImageEnv)


@pytest.mark.parametrize(
    ("os", "architecture", "platform"),
    [
        ("linux", "x86_64", "linux/amd64"),
        ("unknown", "unknown", None),
        (None, None, None),
        ("", "", None),
        ("Windows", "amd64", "windows/amd64"),
    ],
)
def test_the_platform_is_normalised_and_its_parts_are_not(
    os: str | None, architecture: str | None, platform: str | None
) -> None:
    image = normalize_config(config(os=os, architecture=architecture)).one(Image)
    assert (os, architecture, platform) == (image.os, image.architecture, image.platform)


def test_times_that_are_none_are_in_the_extra_and_a_problem() -> None:
    history = [{"created": "0000-01-01T00:00:00Z", "empty_layer": True}, {"created": "soon", "empty_layer": True}]
    made = normalize_config(config(*history, created="10000-01-01T00:00:00Z"))
    expected = {
        "created": "10000-01-01T00:00:00Z",
        "history": {"0": {"created": "0000-01-01T00:00:00Z"}, "1": {"created": "soon"}},
    }
    assert expected == json.loads(made.one(Image).extra or "")
    assert [row.created_at for row in (made.one(Image), *made.all(ImageHistory))] == [None, None, None]
    assert made.problems == {"time_out_of_range": "$.created and 2 more"}


def test_goes_zero_time_is_a_time() -> None:
    made = normalize_config(config(created="0001-01-01T00:00:00Z"))
    assert made.one(Image).created_at == -62135596800000000
    assert not made.problems


def test_unfit_text_is_repaired_in_every_column() -> None:
    bad, good = "a\x00b", "a\ufffdb"
    made = normalize_config(
        config(
            {"created_by": bad, "comment": bad, "author": bad, "empty_layer": True},
            author=bad,
            note=bad,
            config={"Env": [f"{bad}={bad}"], "Labels": {bad: bad}, "Cmd": [bad], "Volumes": {bad: {}}, "User": bad},
        )
    )
    assert "\x00" not in repr(made.records)
    assert ImageLabel(made.key, good, good) == made.one(ImageLabel)
    assert ImageEnv(made.key, 0, good, good) == made.one(ImageEnv)
    assert ImageVolume(made.key, good) == made.one(ImageVolume)
    image = made.one(Image)
    assert (good, good, f'["{good}"]', f'{{"note":"{good}"}}') == (image.author, image.run_as, image.cmd, image.extra)
    assert {"text_repaired"} == made.problems.keys()


def test_secrets_are_redacted_in_every_column_and_names_stay() -> None:
    secret = "hunter2"
    document = config(
        {"created_by": f"ENV DB_PASSWORD={secret}", "comment": f"password={secret}", "empty_layer": True},
        container_config={"Env": [f"DB_PASSWORD={secret}"], "Cmd": ["x", "--password", secret]},
        config={
            "Env": [f"DB_PASSWORD={secret}", "PATH=/bin"],
            "Labels": {"api.token": secret},
            "Cmd": ["x", "--password", secret],
            "Entrypoint": f"x --password={secret}",
            "Healthcheck": {"Test": ["CMD", "x", f"--password={secret}"]},
        },
    )
    made = normalize_config(document)
    assert secret not in repr(made.records)
    assert [row.name for row in made.all(ImageEnv)] == ["DB_PASSWORD", "PATH"]
    assert [row.value for row in made.all(ImageEnv)] == ["[redacted]", "/bin"]
    assert made.one(ImageLabel).name == "api.token"


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"os": "linux"}, "$.rootfs: missing"),
        (config(os=1), "Expected `str | null`, got `int` - at `$.os`"),
        (b'{"rootfs":{},"rootfs":{}}', "$.rootfs: is there twice"),
        (b'{"rootfs":{},"history":[],"History":[]}', "$.history: is there twice"),
        (b"not JSON", "$: "),
        (b"[]", "Expected `object`, got `array`"),
    ],
)
def test_a_config_that_cannot_be_used_is_malformed(document: object, reason: str) -> None:
    with pytest.raises(MalformedError) as refused:
        normalize_config(document)
    assert reason in str(refused.value)


def test_a_diff_id_without_key_makes_the_config_useless() -> None:
    document = config()
    document["rootfs"]["diff_ids"] = ["multihash+base58:QmRZxt2b1"]
    with pytest.raises(MalformedError) as refused:
        normalize_config(document)
    assert refused.value.kind == "unsupported_digest"


CROWD = config(
    EMPTY,
    EMPTY,
    layers=(2, 3),
    config={
        "Env": ["A", "B"],
        "Labels": {"a": "", "b": ""},
        "ExposedPorts": {"1": {}, "2": {}},
        "Volumes": {"/a": {}, "/b": {}},
    },
)


@pytest.mark.parametrize("limit", ["layers", "history_entries", "map_entries"])
def test_more_than_the_limits_allow_is_refused(limit: str) -> None:
    assert normalize_config(CROWD, **{limit: 2}).one(Image).layer_count == 2
    with pytest.raises(LimitExceededError):
        normalize_config(CROWD, **{limit: 1})


@pytest.mark.parametrize("member", ["Env", "Labels", "ExposedPorts", "Volumes"])
def test_every_map_is_bounded(member: str) -> None:
    document = config(config={member: CROWD["config"][member]})
    with pytest.raises(LimitExceededError):
        normalize_config(document, map_entries=1)


def test_a_config_larger_than_the_limit_is_refused() -> None:
    with pytest.raises(LimitExceededError):
        normalize_config(config(), document_bytes=10)
