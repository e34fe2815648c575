"""What the real tools answered about the sample stores: the answers that imgindex's own must equal.

Each function reads one file of tests/data/truth, whose README says which tool wrote it.
"""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import Any

TRUTH = Path(__file__).parent / "data" / "truth"

Answer = dict[str, Any]


def docker_system_df() -> Answer:
    """`GET /system/df`: {LayersSize, Images: [{Id, Size, SharedSize, …}], Containers}; listed images only."""
    return _json("docker/system_df.json")


def docker_df_v() -> str:
    """The text that `docker system df -v` printed."""
    return (TRUTH / "docker/df_v.txt").read_text()


def docker_images(*, intermediate: bool = False) -> list[Answer]:
    """`GET /images/json`: [{Id, ParentId, RepoTags, RepoDigests, Size, …}]; with `intermediate`, all images."""
    return _json("docker/images_all.json" if intermediate else "docker/images.json")


def docker_history() -> dict[str, list[Answer]]:
    """`GET /images/ID/history` of every image, by image ID; the newest entry comes first, as docker prints it."""
    return _json("docker/history.json")


def docker_inspect() -> dict[str, Answer]:
    """`GET /images/ID/json` of every image, by image ID, reduced to its identity, names, times and size."""
    return _json("docker/inspect.json")


def docker_containers() -> list[Answer]:
    """`GET /containers/json?all=1&size=1`: [{Id, Names, Image, ImageID, State, SizeRw, SizeRootFs, …}]."""
    return _json("docker/containers.json")


def registry_tags() -> dict[str, dict[str, Answer]]:
    """By repository and tag: {digest, len, sha256_of_body, status, type} of the manifest that the registry served."""
    return {name: found["tags"] for name, found in _json("registry/tags.json").items()}


def registry_inspect(name: str) -> Answer:
    """`skopeo inspect docker://…`; `team_web_1.2` is `team/web:1.2`."""
    return _json(f"registry/skopeo/{name}.json")


def registry_config(name: str) -> Answer:
    """`skopeo inspect --config docker://…`; `team_web_1.2` is `team/web:1.2`."""
    return _json(f"registry/skopeo/{name}.config.json")


def layout_inspect(ref: str) -> Answer:
    """`skopeo inspect oci:layout:REF`; `web_1.2` is `web:1.2`."""
    return _json(f"oci/{ref}.json")


def layout_manifest(ref: str) -> bytes:
    """`skopeo inspect --raw oci:layout:REF`: the manifest's bytes as stored; `web_1.2` is `web:1.2`."""
    return (TRUTH / f"oci/{ref}.raw.json").read_bytes()


def umoci_tags() -> list[str]:
    """`umoci ls`: the tags of the umoci layout, in the order printed."""
    return (TRUTH / "oci/umoci_ls.txt").read_text().split()


def umoci_stat(tag: str) -> Answer:
    """`umoci stat --json`: {history: [{layer, diff_id, created, created_by, empty_layer, …}]}, oldest first."""
    return _json(f"oci/umoci_{tag}.json")


def podman_images() -> list[Answer]:
    """`podman images -a --format json`: [{Id, ParentId, Names, Digest, RepoDigests, Size, History, Dangling, …}]."""
    return _json("podman/images.json")


def podman_inspect() -> dict[str, Answer]:
    """`podman image inspect` of every image but a list, by ID: {Id, Parent, Digest, Size, RootFS, History, …}."""
    return {image["Id"]: image for image in _packed("podman/inspect.json.xz")}


def podman_history() -> dict[str, list[Answer]]:
    """`podman history` of every image, by ID, the newest entry first: [{CreatedBy, created, comment, size, …}]."""
    return _packed("podman/history.json.xz")


def _packed(name: str) -> Any:
    return json.loads(lzma.decompress((TRUTH / name).read_bytes()))


def _json(name: str) -> Any:
    return json.loads((TRUTH / name).read_text())
