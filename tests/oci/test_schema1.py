import json
from typing import Any

import pytest

from imgindex.errors import MalformedError
from imgindex.oci.schema1 import HistoryItem, read_compatibility


def item(**members: Any) -> HistoryItem:
    return HistoryItem(json.dumps(members))


@pytest.mark.parametrize(
    ("command", "created_by"),
    [
        ({"Cmd": ["/bin/sh", "-c", "#(nop) CMD"]}, "/bin/sh -c #(nop) CMD"),
        ({"Cmd": ["a", None, "b"]}, "a  b"),
        ({"Cmd": "one text"}, "one text"),
        ({"Cmd": []}, ""),
        ({"Cmd": None}, None),
        ({}, None),
        (None, None),
    ],
)
def test_the_command_becomes_one_text(command: object, created_by: str | None) -> None:
    assert created_by == read_compatibility(item(container_config=command), "$")[0].created_by


def test_only_what_a_history_says_is_read() -> None:
    said, repaired = read_compatibility(item(id="x", os="linux", throwaway=True, config={"Env": 5}), "$.history[0]")
    assert (said.os, said.throwaway, said.created, repaired) == ("linux", True, None, False)


def test_text_within_the_text_is_repaired() -> None:
    said, repaired = read_compatibility(item(comment="a\x00b"), "$.history[0]")
    assert (said.comment, repaired) == ("a\ufffdb", True)


@pytest.mark.parametrize("text", [None, "", "[]", "not JSON", '{"throwaway":"yes"}'])
def test_no_json_in_the_text_is_malformed(text: str | None) -> None:
    with pytest.raises(MalformedError, match=r"^\$\.history\[2\]\.v1Compatibility: "):
        read_compatibility(HistoryItem(text), "$.history[2]")
