"""`imgindex show`: its pages say what the real tools say, and what is meant is found or refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests import truth
from tests.cli.conftest import Invoke

WEB = "127.0.0.1:5055/team/web:1.2"
MULTI = "127.0.0.1:5055/multi/app:1"
BUSYBOX = "sha256:bffb13662c704d245fb7eef25c031352d18694e387272958c48d3523f9070986"


def page(invoke: Invoke, *arguments: str) -> Any:
    result = invoke("show", *arguments, "--format", "json")
    assert (result.exit_code, result.stderr) == (0, "")
    return json.loads(result.stdout)


def test_a_tag_says_what_skopeo_inspect_says(invoke: Invoke, index: Path) -> None:
    shown, told = page(invoke, WEB), truth.registry_inspect("team_web_1.2")
    assert ("tag", WEB) == (shown["kind"], shown["name"])
    assert told["Digest"] == shown["manifest"]["manifest_digest"]
    assert told["Layers"] == [layer["blob_digest"] for layer in shown["manifest_layers"]]
    assert told["Labels"] == {label["name"]: label["value"] for label in shown["labels"]}
    assert told["Env"] == [f"{variable['name']}={variable['value']}" for variable in shown["env"]]
    assert (told["Os"], told["Architecture"]) == (shown["image"]["os"], shown["image"]["architecture"])
    assert told["Created"][:26] == shown["image"]["created_at"][:26]


def test_a_tag_says_what_its_config_says(invoke: Invoke, index: Path) -> None:
    shown, config = page(invoke, WEB), truth.registry_config("team_web_1.2")
    inner = config["config"]
    image = shown["image"]
    assert (inner["Entrypoint"], inner["Cmd"]) == (image["entrypoint"], image["cmd"])
    assert (inner["User"], inner["WorkingDir"]) == (image["run_as"], image["working_dir"])
    assert sorted(inner["ExposedPorts"]) == [port["exposed"] for port in shown["ports"]]
    assert sorted(inner["Volumes"]) == [volume["path"] for volume in shown["volumes"]]
    assert config["rootfs"]["diff_ids"] == [step["diff_id"] for step in shown["history"] if step["diff_id"]]
    assert [step["created_by"] for step in config["history"]] == [step["created_by"] for step in shown["history"]]


IMAGES = sorted(truth.docker_inspect())


@pytest.mark.parametrize("image_id", [IMAGES[place] for place in (0, 9, 17, 30, len(IMAGES) - 1)])
def test_an_image_says_what_docker_inspect_and_history_say(invoke: Invoke, index: Path, image_id: str) -> None:
    shown, told, steps = page(invoke, image_id), truth.docker_inspect()[image_id], truth.docker_history()[image_id]
    assert "image" == shown["kind"]
    assert [step["CreatedBy"] for step in reversed(steps)] == [step["created_by"] or "" for step in shown["history"]]
    here = {size["basis"]: size["size_bytes"] for size in shown["sizes"] if size["source"] == "docker-host"}
    assert not here or {"on_disk": told["Size"]} == here
    names = {tag["name"].removeprefix("docker.io/") for tag in shown["tags"] if tag["source"] == "docker-host"}
    assert set(told["RepoTags"] or ()) == names


def test_what_an_image_costs_is_what_docker_system_df_says(invoke: Invoke, index: Path) -> None:
    told = max(truth.docker_system_df()["Images"], key=lambda image: (image["SharedSize"], image["Id"]))
    (size,) = (size for size in page(invoke, told["Id"])["sizes"] if size["source"] == "docker-host")
    shared = told["SharedSize"]
    assert (told["Size"], shared, told["Size"] - shared) == (
        size["size_bytes"],
        size["shared_bytes"],
        size["unique_bytes"],
    )


def test_the_layers_of_a_manifest_are_those_of_its_body(invoke: Invoke, index: Path) -> None:
    body = json.loads(truth.layout_manifest("web_1.2"))
    shown = page(invoke, "web:1.2")
    assert [(layer["digest"], layer["size"], layer["mediaType"]) for layer in body["layers"]] == [
        (layer["blob_digest"], layer["declared_bytes"], layer["media_type"]) for layer in shown["manifest_layers"]
    ]
    assert body["config"]["digest"] == shown["manifest"]["config_digest"]


def test_a_tag_of_several_platforms_lists_them_and_one_can_be_chosen(invoke: Invoke, index: Path) -> None:
    whole, chosen = page(invoke, MULTI), page(invoke, MULTI, "--platform", "linux/arm64")
    platforms = ["linux/amd64", "linux/arm64", "linux/arm/v7", "linux/s390x"]
    assert platforms == [entry["platform"] for entry in whole["entries"]]
    assert "image" not in whole
    assert "linux/arm64" == chosen["image"]["platform"]
    assert whole["entries"][1]["image_id"] == chosen["image"]["image_id"]
    assert whole["entries"][1]["manifest_digest"] == chosen["manifest"]["manifest_digest"]
    refused = invoke("show", MULTI, "--platform", "linux/mips")
    assert (2, True) == (refused.exit_code, "It has: linux/amd64, linux/arm/v7, " in refused.stderr)


def test_a_layer_says_who_uses_it(invoke: Invoke, index: Path) -> None:
    shown = page(invoke, BUSYBOX)
    assert BUSYBOX == truth.registry_config("team_web_1.2")["rootfs"]["diff_ids"][0]
    assert ("layer", BUSYBOX) == (shown["kind"], shown["layer"]["diff_id"])
    (stack,) = shown["stacks"]
    assert (BUSYBOX, 1) == (stack["chain_id"], stack["depth"])
    assert shown["layer"]["known_image_count"] == stack["image_count"] == len(shown["images"])
    registry = next(use for use in shown["usage"] if use["source"] == "registry")
    assert registry["size_bytes"] * (registry["image_count"] - 1) == registry["saved_bytes"]


KINDS = {
    "manifest": lambda shown: shown["manifest"]["manifest_digest"],
    "image": lambda shown: shown["image"]["image_id"],
    "chain": lambda shown: shown["image"]["chain_id"],
    "layer": lambda shown: shown["history"][-10]["diff_id"],
    "blob": lambda shown: shown["manifest_layers"][2]["blob_digest"],
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_digest_is_found_by_its_start(invoke: Invoke, index: Path, kind: str) -> None:
    digest = KINDS[kind](page(invoke, WEB))
    for start in (digest, digest[:20], digest[7:21], digest[7:]):
        found = page(invoke, start)
        assert (kind, digest) == (found["kind"], found["name"])


NAMES = {
    WEB: WEB,
    "team/web:1.2": WEB,
    "team/web": "127.0.0.1:5055/team/web:latest",
    "web:1.2": "web:1.2",
    "lab/dk:1": "docker.io/lab/dk:1",
    "docker.io/lab/dk:1": "docker.io/lab/dk:1",
}


@pytest.mark.parametrize(("written", "name"), NAMES.items(), ids=NAMES.keys())
def test_a_tag_is_found_by_its_name_or_the_end_of_it(invoke: Invoke, index: Path, written: str, name: str) -> None:
    assert ("tag", name) == (page(invoke, written)["kind"], page(invoke, written)["name"])


def test_a_manifest_is_found_in_its_repository_alone(invoke: Invoke, index: Path) -> None:
    digest = page(invoke, WEB)["manifest"]["manifest_digest"]
    assert digest == page(invoke, f"team/web@{digest}")["name"]
    refused = invoke("show", f"team/worker@{digest}")
    assert (2, True) == (refused.exit_code, "of no manifest of that digest in a repository" in refused.stderr)


WRONG = {
    "unknown name": ("nothing:1", 'no tag "nothing:1"'),
    "unknown digest": ("sha256:" + "0" * 64, 'nothing called "sha256:000'),
    "unknown hex": ("abcdabcdabcd", "no manifest, image, layer, chain or blob whose digest starts so"),
    "too short": ("ab", "at least 4 hex digits"),
    "several tags": ("base/busybox", "127.0.0.1:5055/base/busybox:1.35\n"),
    "no digest": ("team/web@x", "is no digest"),
    "empty": ("", 'no tag ""'),
    "escaped": ("x\x1b[2J", r'no tag "x\x1b[2J"'),
}


@pytest.mark.parametrize(("thing", "message"), WRONG.values(), ids=WRONG.keys())
def test_what_is_not_found_or_not_one_thing_is_refused(invoke: Invoke, index: Path, thing: str, message: str) -> None:
    refused = invoke("show", thing)
    assert (2, "") == (refused.exit_code, refused.stdout)
    assert message in refused.stderr


def test_text_is_as_wide_as_it_is_told_and_says_what_it_cut(
    invoke: Invoke, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = invoke("show", WEB).stdout
    assert "sha256:ea3bb27ef74befa3a164d8fb3c7edccf41d4c11b04e04899282ccf76792c8f22" in whole
    assert "Long values are cut" not in whole
    for width in (60, 100):
        monkeypatch.setenv("COLUMNS", str(width))
        narrow = invoke("show", WEB).stdout.splitlines()
        assert max(map(len, narrow)) <= width
        assert "Long values are cut to fit; --format json has them whole." == narrow[-1]


def test_a_list_that_is_cut_says_how_long_it_is(invoke: Invoke, index: Path) -> None:
    shown, cut = page(invoke, BUSYBOX), page(invoke, BUSYBOX, "--limit", "3")
    assert shown["images"][:3] == cut["images"]
    assert {"images": len(shown["images"])} == cut["cut"]
    assert {} == shown["cut"]
    text = invoke("show", BUSYBOX, "--limit", "3").stdout
    assert f"Listed images that have it (3 of {len(shown['images'])})" in text
    assert f"imgindex query run sharing/layer-users -p layer={BUSYBOX}" in text


def test_a_page_goes_to_a_file_in_the_format_of_its_name(invoke: Invoke, index: Path, tmp_path: Path) -> None:
    assert "" == invoke("show", WEB, "-o", "page.json").stdout
    assert page(invoke, WEB) == json.loads((tmp_path / "page.json").read_text())


def test_a_tag_shows_what_the_registry_remembers_of_it(invoke: Invoke, index: Path) -> None:
    shown = page(invoke, "127.0.0.1:5055/team/web:latest")
    history = [row for row in shown["tag_history"] if row["source"] == "registry"]
    assert ["observed", "recovered", "recovered"] == [row["evidence"] for row in history]
    assert 3 == len({row["target_digest"] for row in history})
    past = page(invoke, history[1]["target_digest"])
    assert ("127.0.0.1:5055/team/web:latest", "recovered") in {(row["name"], row["evidence"]) for row in past["tags"]}
