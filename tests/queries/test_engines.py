"""One index of all sample stores, in DuckDB and in PostgreSQL: both answer the same.

Views are compared row by row in the order of their keys, saved queries as they are: names and types of columns, rows
and their order. The stores are those that real tools wrote, and one of each kind of archive.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from imgindex.query.run import run_sql
from imgindex.store.schema import VIEWS, View
from tests.conftest import TESTS, unpack
from tests.queries.conftest import CATALOG, Index, Open
from tests.queries.test_shipped import STORES, types_of, values_of
from tests.sources.cases import DIR, OCI_ARCHIVE, SAVED
from tests.stores import Database

VALUES = {
    "before": "2030-01-01",
    "image": "web:1.2",
    "label": "maintainer",
    "layer": "sha256:",
    "one": "%web%",
    "other": "%base%",
    "reference": "registry",
    "repository": "web",
    "time": "2026-11-24T05:00:00Z",
}
"""Values that the samples know; what is not here is as `test_shipped` has it."""

Pair = tuple[Index, Index]


@pytest.fixture(scope="session")
def samples(
    docker_host: Path,
    registry_store: Path,
    skopeo_layout: Path,
    umoci_layout: Path,
    podman_store: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[Path, Database], None]:
    def make(folder: Path, db: Database) -> None:
        containerd, exported = (
            unpack(TESTS / f"data/{name}.tar.xz", tmp_path_factory) for name in ("containerd-root", "ctr-export")
        )
        for name, place in {
            "docker": docker_host,
            "registry": registry_store,
            "layout": skopeo_layout,
            "umoci": umoci_layout,
            "podman": podman_store,
            "containerd": f"containerd-root:{containerd}",
            "exported": f"oci:{exported}",
        }.items():
            db.look(place, name=name)
        for case in (DIR, OCI_ARCHIVE, SAVED):
            case.build(folder / case.kind)
            db.look(f"{case.kind}:{folder / case.kind}", name=case.kind)

    return make


@pytest.fixture(params=["samples", *STORES])
def pair(
    request: pytest.FixtureRequest,
    samples: Callable[[Path, Database], None],
    open_duckdb: Open,
    open_postgresql: Open,
) -> Pair:
    make = {"samples": samples, **STORES}[request.param]
    return open_duckdb(request.param, make), open_postgresql(request.param, make)


def read(index: Index, view: View) -> tuple[list[tuple[str, str]], list[tuple[object, ...]]]:
    order = ", ".join(f"{name} ASC NULLS LAST" for name in view.key)
    with run_sql(index.engine, f"SELECT * FROM {view.name} ORDER BY {order}") as result:
        return [(column.name, column.type) for column in result.columns], list(result.rows())


def test_every_view_gives_the_same_rows_on_both_engines(pair: Pair) -> None:
    for view in VIEWS:
        expected, found = (read(index, view) for index in pair)
        assert (view.name, expected) == (view.name, found)
        assert [(name, kind) for name, kind, _ in view.columns] == expected[0]


def test_every_saved_query_gives_the_same_answer_on_both_engines(
    samples: Callable[[Path, Database], None], open_duckdb: Open, open_postgresql: Open
) -> None:
    in_duckdb, in_postgresql = (opener("samples", samples) for opener in (open_duckdb, open_postgresql))
    silent = []
    for query in CATALOG.all():
        values = {**values_of(query), **{name: VALUES[name] for name in values_of(query).keys() & VALUES.keys()}}
        expected = in_duckdb.ask(query.name, **values)
        assert (query.name, expected) == (query.name, in_postgresql.ask(query.name, **values))
        assert (query.name, types_of(in_duckdb, query)) == (query.name, types_of(in_postgresql, query))
        silent += [query.name] * (not expected.rows)
    assert len(silent) < len(CATALOG.all()) // 4, silent
