"""`imgindex schema`: what is in an index, without one."""

from __future__ import annotations

import json

import pytest

from imgindex.store.schema import describe
from tests.cli.conftest import Invoke


def test_every_view_and_table_is_listed(invoke: Invoke) -> None:
    listed = json.loads(invoke("schema", "--format", "json").stdout)
    assert [(item["name"], item["kind"]) for item in listed] == [(item.name, item.kind) for item in describe()]
    assert all(item["comment"] for item in listed)


@pytest.mark.parametrize("name", ["image_sizes", "IMAGE_SIZES"])
def test_the_columns_of_one_are_shown(invoke: Invoke, name: str) -> None:
    shown = json.loads(invoke("schema", name, "--format", "json").stdout)
    assert shown[0] == {"column": "source", "type": "TEXT", "key": True, "comment": "Name of the source."}
    assert {"size_bytes", "shared_bytes", "unique_bytes"} <= {item["column"] for item in shown}


def test_a_tables_columns_say_what_they_refer_to(invoke: Invoke) -> None:
    shown = {item["column"]: item for item in json.loads(invoke("schema", "scan_scopes", "--format", "json").stdout)}
    assert {name: item["refers_to"] for name, item in shown.items() if item["refers_to"]} == {
        "scan_key": "scans.scan_key",
        "source_key": "sources.source_key",
    }
    assert [name for name, item in shown.items() if item["key"]] == ["index_key", "scan_key", "source_key", "scope_key"]


def test_an_unknown_name_is_refused_with_near_ones(invoke: Invoke) -> None:
    result = invoke("schema", "image_size")
    assert result.exit_code == 2
    assert "Did you mean image_sizes" in result.stderr
