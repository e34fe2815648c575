import json
from typing import Any

import pytest

from imgindex.errors import MalformedError
from imgindex.oci.config import RunConfig, read_config

DIFF_ID = "sha256:" + "a" * 64


def config(**members: Any) -> bytes:
    return json.dumps({"rootfs": {"type": "layers", "diff_ids": [DIFF_ID]}, **members}).encode()


def test_a_config_with_layers_alone_is_enough() -> None:
    reading, diff_ids, repaired = read_config(config())
    assert (diff_ids, repaired, reading.extra) == ([DIFF_ID], False, {})
    assert reading.value.config is None


@pytest.mark.parametrize("rootfs", [{}, {"type": "layers"}, {"diff_ids": None}, {"type": "layers", "diff_ids": []}])
def test_an_image_may_have_no_layers(rootfs: dict[str, Any]) -> None:
    assert read_config(config(rootfs=rootfs))[1] == []


@pytest.mark.parametrize("data", [b"{}", b'{"os":"linux","config":{}}', b'{"rootfs":null}'])
def test_an_object_without_rootfs_is_no_config(data: bytes) -> None:
    with pytest.raises(MalformedError, match=r"^\$\.rootfs: missing"):
        read_config(data)


def test_a_diff_id_that_is_no_digest_is_refused_with_its_kind() -> None:
    with pytest.raises(MalformedError, match=r"^\$\.rootfs\.diff_ids: ") as refused:
        read_config(config(rootfs={"diff_ids": [DIFF_ID, "tarsum+sha256:abc"]}))
    assert refused.value.kind == "unsupported_digest"


def test_diff_ids_may_be_sha512() -> None:
    diff_ids = ["sha512:" + "b" * 128]
    assert diff_ids == read_config(config(rootfs={"diff_ids": diff_ids}))[1]


def test_another_type_of_rootfs_is_kept() -> None:
    assert read_config(config(rootfs={"type": "layers+base"}))[0].extra == {"rootfs": {"type": "layers+base"}}


def test_what_docker_adds_is_kept_as_extra() -> None:
    run = {"Hostname": "h", "Tty": False, "Image": "", "OnBuild": None, "Healthcheck": {"Interval": 1}, "Cmd": ["sh"]}
    reading, _, _ = read_config(config(id="x", parent="y", container=None, config=run))
    kept = {"Hostname": "h", "Tty": False, "Image": "", "Healthcheck": {"Interval": 1}}
    assert {"id": "x", "parent": "y", "config": kept} == reading.extra
    assert isinstance(reading.value.config, RunConfig)
    assert reading.value.config.cmd == ["sh"]


def test_what_nobody_knows_is_kept_beside_what_docker_adds() -> None:
    reading, _, _ = read_config(config(config={"New": [1], "tty": True, "cmd": "sh"}, history=[{"by": "me"}]))
    assert reading.extra == {"config": {"New": [1], "Tty": True}, "history": {"0": {"by": "me"}}}
    assert reading.value.config is not None
    assert reading.value.config.cmd == "sh"


@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({"os": 123}, "$.os"),
        ({"variant": 123}, "$.variant"),
        ({"config": {"User": 1234}}, "$.config.User"),
        ({"config": {"Env": [7353]}}, "$.config.Env[0]"),
        ({"config": {"Volumes": ["/data"]}}, "$.config.Volumes"),
        ({"config": {"Labels": {"a": 1}}}, "$.config.Labels"),
        ({"config": {"ExposedPorts": {"80/tcp": "yes"}}}, "$.config.ExposedPorts"),
        ({"config": {"Cmd": {"a": "b"}}}, "$.config.Cmd"),
        ({"config": "text"}, "$.config"),
        ({"history": "text"}, "$.history"),
        ({"history": [{"empty_layer": "yes"}]}, "$.history[0].empty_layer"),
        ({"history": [{"created": 0}]}, "$.history[0].created"),
        ({"rootfs": []}, "$.rootfs"),
        ({"rootfs": {"diff_ids": [None]}}, "$.rootfs.diff_ids[0]"),
    ],
)
def test_wrong_types_are_refused_with_their_path(members: dict[str, Any], path: str) -> None:
    with pytest.raises(MalformedError) as refused:
        read_config(config(**members))
    assert f"`{path}" in str(refused.value)
