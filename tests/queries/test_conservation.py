"""Random stores: what queries hand out sums to what is there, and a deletion frees what a removal really frees."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings

from imgindex.store.engine import open_engine
from tests.held import DockerHeld, Held, chain_ids, hold_docker, hold_layout, hold_registry
from tests.queries.conftest import Index
from tests.store.test_conservation import World, build_docker, build_layout, build_registry, worlds
from tests.stores import Database, new_index

EXAMPLES = settings(
    max_examples=4,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
"""Each example reads six stores."""

DOOMED = "%t0"
"""Images whose every name ends so are deleted."""

STORES: dict[str, Callable[[Path, World], None]] = {
    "registry": build_registry,
    "layout": build_layout,
    "docker": build_docker,
}


@EXAMPLES
@given(worlds())
def test_nothing_is_lost_or_counted_twice(world: World) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name, build in STORES.items():
            build(folder / name, world)
        index = read(folder, *STORES)
        for source in STORES:
            distinct = amount(index, "size/sources", source, "distinct_bytes")
            for query in ("size/by-platform", "size/by-label", "size/images", "size/where-it-goes"):
                values = {"label": "none"} if query == "size/by-label" else {}
                assert (query, distinct) == (query, amount(index, query, source, "split_bytes", **values))
            assert distinct == amount(index, "size/first-owner", source, "owned_bytes")
            assert distinct == amount(index, "size/by-instruction", source, "layer_bytes")
            assert distinct == amount(index, "size/growth-by-month", source, "added_bytes")
            tagged = amount(index, "size/by-repository", source, "split_bytes")
            assert tagged == amount(index, "size/by-registry", source, "split_bytes")
            assert tagged == sum(size for _, size in tagged_units(folder / source))
            every = sum(size for _, size in all_units(folder / source))
            assert every == amount(index, "size/freed-by-deleting", source, "freed_bytes")
            turns = index.ask("size/freed-one-by-one", source=source, limit="9999").only("turn_bytes", "so_far_bytes")
            assert every == sum(turn for turn, _ in turns) == (turns[-1][1] if turns else 0)
            owned = index.ask("size/first-owner", source=source).only("image_id", "owned_bytes")
            assert owners(folder / source) == {image: size for image, size in owned if size}


@EXAMPLES
@given(worlds())
def test_deleting_a_set_frees_what_its_removal_frees(world: World) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name, build in STORES.items():
            build(folder / name, world)
        index = read(folder, *STORES)
        after = folder / "after"
        shutil.copytree(folder, after)
        for name in STORES:
            remove(after / name, doomed_images(folder / name))
        index_after = read(after, *STORES)
        for name in STORES:
            before, left = all_units(folder / name), all_units(after / name)
            freed = amount(index, "size/freed-by-deleting", name, "freed_bytes", name=DOOMED)
            assert (name, sum(size for _, size in before - left)) == (name, freed)
            answer = index.ask("size/freed-one-by-one", source=name, name=DOOMED, limit="9999")
            assert freed == sum(turn for (turn,) in answer.only("turn_bytes"))
            everything = amount(index, "size/freed-by-deleting", name, "freed_bytes")
            assert everything - freed == amount(index_after, "size/freed-by-deleting", name, "freed_bytes")


def read(folder: Path, *names: str) -> Index:
    """The stores of a folder, each a source of its folder's name."""
    db: Database = new_index(folder)
    for name in names:
        db.look(folder / name, name=name)
    return Index(open_engine(str(db.path), read_only=True))


def amount(index: Index, query: str, source: str, column: str, **values: str) -> int:
    """The sum of a column of an answer about one source."""
    return sum(value for (value,) in index.ask(query, source=source, **values).only(column))


def hold(store: Path) -> Held | DockerHeld:
    if store.name == "docker":
        return hold_docker(store)
    return hold_registry(store) if store.name == "registry" else hold_layout(store)


def all_units(store: Path) -> set[tuple[str, int]]:
    """(unit, bytes) of all that some image of a store uses, listed or not."""
    held = hold(store)
    if isinstance(held, DockerHeld):
        return {(chain, held.layers[chain]) for diff_ids in held.diff_ids.values() for chain in chain_ids(diff_ids)}
    images = (digest for _, digest in held.manifests if held.kind(digest) == "image")
    return {(blob, held.sizes[blob] or 0) for digest in images for blob, _ in held.layers_of(digest)}


def tagged_units(store: Path) -> set[tuple[str, int]]:
    """(unit, bytes) of all that current tags need."""
    held = hold(store)
    if isinstance(held, DockerHeld):
        chains = {chain for image in held.tags.values() for chain in chain_ids(held.diff_ids[image])}
        return {(chain, held.layers[chain]) for chain in chains}
    reached = {digest for digests in held.reached.values() for digest in digests if held.kind(digest) == "image"}
    return {(blob, held.sizes[blob] or 0) for digest in reached for blob, _ in held.layers_of(digest)}


def owners(store: Path) -> dict[str, int]:
    """By listed image, the bytes of the units of which it was the first user, where there are any."""
    held = hold(store)
    if isinstance(held, DockerHeld):
        units, sizes = held.units, dict[str, int | None](held.layers)
        made = {image: held.created.get(image) for image in units}
    else:
        units, sizes = held.units, held.sizes
        made = {image: held.body(image).get("created") for image in units}
    owned = dict.fromkeys(units, 0)
    for unit in {unit for used in units.values() for unit in used}:
        users = (image for image, used in units.items() if unit in used)
        first = min(users, key=lambda image: (made[image] is None, made[image] or "", image))
        owned[first] += sizes[unit] or 0
    return {image: size for image, size in owned.items() if size}


def doomed_images(store: Path) -> set[str]:
    """The images whose every name ends with the tag t0."""
    held = hold(store)
    names: dict[str, list[str]] = {}
    for (repository, tag), digest in held.tags.items():
        if isinstance(held, DockerHeld):
            names.setdefault(digest, []).append(tag)
            continue
        for under in {digest} | held.children(repository, digest):
            if image := held.image_of(under) if under in held.documents else None:
                names.setdefault(image, []).append(tag)
    return {image for image, tags in names.items() if all(tag == "t0" for tag in tags)}


def remove(store: Path, images: Iterable[str]) -> None:
    """Take the manifests of these images, or the images themselves, out of a store, and what only they keep."""
    held, doomed = hold(store), set(images)
    if isinstance(held, DockerHeld):
        top = store / "image/overlay2"
        for image in doomed:
            (top / "imagedb/content/sha256" / image.removeprefix("sha256:")).unlink()
        for chain in all_before(held) - {unit for unit, _ in all_units(store)}:
            shutil.rmtree(top / "layerdb/sha256" / chain.removeprefix("sha256:"))
        return
    gone = {digest for _, digest in held.manifests if held.image_of(digest) in doomed}
    for digest in gone:
        for path in store.rglob(digest.removeprefix("sha256:")):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def all_before(held: DockerHeld) -> set[str]:
    return {chain for diff_ids in held.diff_ids.values() for chain in chain_ids(diff_ids)}
