"""A fake registry that serves images which a test made."""

from __future__ import annotations

import json
from typing import Any

from imgindex.sources.registry_api.http.options import FetchOptions
from tests.builders import Blob, Image, Index
from tests.sources.registry_api.fake import FakeServer, Reply, Seen

UNKNOWN = Reply.of({"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}, 404)
FAST = FetchOptions(attempts=2, wait_seconds=0.001, longest_wait_seconds=0.002, throttle_seconds=0.01)
"""Few attempts and short waits."""


def manifest(blob: Blob, **headers: str) -> Reply:
    """What a registry answers for a manifest."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(200, blob.data, {"Content-Type": blob.media_type, "Docker-Content-Digest": blob.digest, **named})


def serve(fake: FakeServer, repositories: dict[str, dict[str, Image | Index]]) -> None:
    """A registry of these: by repository, its tags and what each points at."""
    fake.routes["/v2/_catalog"] = Reply.of({"repositories": list(repositories)})
    for name, tags in repositories.items():
        fake.routes[f"/v2/{name}/tags/list"] = Reply.of({"name": name, "tags": list(tags) or None})
        for tag, thing in tags.items():
            fake.routes[f"/v2/{name}/manifests/{tag}"] = manifest(thing.manifest)
            add(fake, name, thing)


def add(fake: FakeServer, name: str, thing: Image | Index) -> None:
    """What is needed to fetch this by its digest."""
    fake.routes[f"/v2/{name}/manifests/{thing.manifest.digest}"] = manifest(thing.manifest)
    if isinstance(thing, Image):
        fake.routes[f"/v2/{name}/blobs/{thing.config.digest}"] = Reply(200, thing.config.data)
        return
    for child in thing.children:
        add(fake, name, child)


def pages(path: str, key: str, names: list[str], size: int, link: Any) -> dict[str, Any]:
    """Routes of a list in pages of so many. `link`: from the next page's path to the header, or None."""

    def answer(seen: Seen) -> Reply:
        query = dict(part.split("=") for part in seen.path.partition("?")[2].split("&") if part)
        last = query.get("last", "").replace("%2F", "/")
        start = names.index(last) + 1 if last else 0
        part = names[start : start + size]
        following = f"{path}?last={part[-1]}&n={size}" if start + size < len(names) else None
        header = link(following) if link is not None and following is not None else None
        body = json.dumps({key: part}).encode()
        return Reply(200, body, {} if header is None else {"Link": header})

    return {path: answer}
