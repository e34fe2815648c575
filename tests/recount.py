"""The numbers of a store, recomputed from what it holds in plain Python: neither SQL nor imgindex is used.

What each number means is what the views' comments say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.held import DockerHeld, Held, chain_ids

Numbers = dict[str, Any]


def numbers(held: Held) -> Numbers:
    """What the views must say of a store of blobs; `stores.numbers_of` reads the same from an index."""
    sizes = attribute(held.units, held.sizes)
    users = _users(held.units)
    return {
        "images": {image: image in held.listed for image in held.present},
        "image_sizes": sizes,
        "layers": {unit: (held.sizes[unit], count) for unit, count in users.items()},
        "repositories": _repositories(held),
        "bytes": _classes(held),
        "counts": (len(held.listed), len(users), sum((held.sizes[unit] or 0) * count for unit, count in users.items())),
        "bases": base_images(
            held.listed, held.named, held.diff_ids, lambda image: (held.documents.get(image) or {}).get("created")
        ),
    }


def docker_numbers(held: DockerHeld) -> Numbers:
    """What the views must say of a Docker host."""
    units, sizes = held.units, dict[str, int | None](held.layers)
    users = _users(units)
    needed = {chain for image in held.diff_ids for chain in chain_ids(held.diff_ids[image])}
    distinct = sum(held.layers[unit] for unit in users)
    untagged = sum(held.layers[unit] for unit in needed - set(users) if unit in held.layers)
    stored = sum(held.layers.values())
    repositories = {}
    used = {
        repository: {chain for name, image in held.tags.items() if name[0] == repository for chain in units[image]}
        for repository, _ in held.tags
    }
    for repository, chains in used.items():
        others = {chain for name, theirs in used.items() if name != repository for chain in theirs}
        repositories[repository] = {
            "tags": sum(name == repository for name, _ in held.tags),
            "images": len({image for (name, _), image in held.tags.items() if name == repository}),
            "layer_bytes": sum(held.layers[chain] for chain in chains),
            "exclusive_bytes": sum(held.layers[chain] for chain in chains - others),
        }
    return {
        "images": {image: image in held.listed for image in held.diff_ids},
        "image_sizes": attribute(units, sizes),
        "layers": {unit: (held.layers[unit], count) for unit, count in users.items()},
        "repositories": repositories,
        "bytes": {
            "distinct": distinct,
            "document": 0,
            "artifact": 0,
            "untagged": untagged,
            "orphan": stored - distinct - untagged,
            "stored": stored,
        },
        "counts": (len(held.listed), len(users), sum(held.layers[unit] * count for unit, count in users.items())),
        "bases": base_images(
            held.listed, set(held.tags.values()), lambda image: held.diff_ids[image], lambda image: held.created[image]
        ),
    }


def _users(units: dict[str, set[str]]) -> Counter[str]:
    return Counter(unit for mine in units.values() for unit in mine)


def attribute(
    units: dict[str, set[str]], sizes: dict[str, int | None]
) -> dict[str, tuple[int | None, int | None, int | None, int | None, int]]:
    """By image: size, shared, unique and split bytes, all None with an unknown unit, and how many are unknown."""
    users: dict[str, list[str]] = {}
    for image in sorted(units):
        for unit in units[image]:
            users.setdefault(unit, []).append(image)
    found: dict[str, tuple[int | None, int | None, int | None, int | None, int]] = {}
    for image, mine in units.items():
        known = {unit: size for unit in mine if (size := sizes.get(unit)) is not None}
        if unknown := len(mine) - len(known):
            found[image] = (None, None, None, None, unknown)
            continue
        size = sum(known.values())
        shared = sum(known[unit] for unit in mine if len(users[unit]) > 1)
        split = sum(
            known[unit] // len(users[unit]) + (known[unit] % len(users[unit]) if users[unit][0] == image else 0)
            for unit in mine
        )
        found[image] = (size, shared, size - shared, split, 0)
    return found


def base_images(
    listed: set[str], named: set[str], diff_ids: Callable[[str], list[str]], created: Callable[[str], str | None]
) -> dict[str, tuple[str, int, int]]:
    """By image: its base, how many layers that has, and how many named images have just these layers."""
    tops: dict[str, list[str]] = {}
    for image in named:
        if chains := chain_ids(diff_ids(image)):
            tops.setdefault(chains[-1], []).append(image)
    found = {}
    for image in listed:
        chains = chain_ids(diff_ids(image))
        for depth in range(len(chains) - 1, 0, -1):
            if ties := tops.get(chains[depth - 1]):
                first = min(ties, key=lambda tie: (created(tie) is None, created(tie) or "", tie))
                found[image] = (first, depth, len(ties))
                break
    return found


def _classes(held: Held) -> dict[str, int]:
    """Bytes by class; each blob in the first class that reaches it."""
    reach: dict[str, set[str]] = {name: set() for name in ("distinct", "document", "artifact", "untagged")}
    reach["distinct"] = {blob for blobs in held.units.values() for blob in blobs}
    for repository, digest in held.manifests:
        kind, config = held.kind(digest), held.body(digest).get("config")
        documents = {digest, *([config["digest"]] if config else [])}
        blobs = {blob for blob, _ in held.layers_of(digest)}
        if not _is_needed(held, repository, digest):
            reach["untagged"] |= documents | blobs
        else:
            reach["artifact" if kind == "artifact" else "document"] |= documents
            reach["artifact"] |= blobs  # those of an image are distinct already
    sums, done = {}, set[str]()
    for name, blobs in reach.items():
        sums[name] = sum(held.sizes.get(blob) or 0 for blob in blobs - done)
        done |= blobs
    sums["orphan"] = sum(size or 0 for blob, size in held.sizes.items() if blob not in done)
    sums["stored"] = sum(size or 0 for size in held.sizes.values())
    return sums


def _is_needed(held: Held, repository: str, digest: str) -> bool:
    """By tag, by index, by subject, or because a layout's index.json reaches it."""
    if _is_reached(held, repository, digest):
        return True
    return held.roots is not None and ((repository, digest) in held.counted or held.image_of(digest) in held.listed)


def _is_reached(held: Held, repository: str, digest: str) -> bool:
    reached = held.reached.get(repository, set())
    return digest in reached or (held.body(digest).get("subject") or {}).get("digest") in reached


def _repositories(held: Held) -> dict[str, dict[str, int]]:
    layers: dict[str, set[str]] = {}
    for repository in {name for name, _ in held.manifests} | {name for name, _ in held.tags}:
        images = {digest for digest in held.reached.get(repository, ()) if held.kind(digest) == "image"}
        layers[repository] = {blob for digest in images for blob, _ in held.layers_of(digest)}
    found = {}
    for repository, blobs in layers.items():
        manifests = {digest for name, digest in held.manifests if name == repository}
        reached = {digest for digest in manifests if _is_reached(held, repository, digest)}
        configs = {image for digest in held.reached.get(repository, ()) if (image := held.image_of(digest))}
        others = {blob for name, used in layers.items() if name != repository for blob in used}
        needs = {place: _needs(held, place) for place in manifests}
        only = {blob for digest in manifests - reached for blob in needs[digest]}
        only -= {blob for digest in reached for blob in needs[digest]}
        found[repository] = {
            "tags": sum(name == repository for name, _ in held.tags),
            "images": len(configs),
            "layer_bytes": sum(held.sizes.get(blob) or 0 for blob in blobs),
            "exclusive_bytes": sum(held.sizes.get(blob) or 0 for blob in blobs - others),
            "config_bytes": sum(held.sizes.get(config) or 0 for config in configs),
            "manifest_bytes": sum(held.blobs[digest] for digest in reached),
            "untagged": len(manifests - reached),
            "untagged_bytes": sum(held.sizes.get(blob) or 0 for blob in only),
        }
    return found


def _needs(held: Held, digest: str) -> set[str]:
    """A manifest and all its blobs."""
    config = held.body(digest).get("config")
    return {digest, *([config["digest"]] if config else []), *(blob for blob, _ in held.layers_of(digest))}
