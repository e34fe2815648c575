import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgindex.errors import ContentError, LimitExceededError, MalformedError
from imgindex.oci.decode import Count, Form, Map, Reading, Text, Words, open_document
from imgindex.oci.fitting import NESTING


class Part(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    media_type: Text = None
    size: Count = None


class Whole(msgspec.Struct, rename="camel"):
    name: Text = None
    parts: list[Part] | None = None
    main: Part | None = None
    words: Words = None
    labels: Map = None
    either: Words | str = None
    free: msgspec.Raw = msgspec.Raw()


FORM = Form(Whole)


def read(data: bytes | str) -> Reading[Whole]:
    return FORM.read(open_document(data.encode() if isinstance(data, str) else data, FORM.names))


def test_a_document_that_fits_leaves_nothing() -> None:
    reading = read('{"name":"x","parts":[{"mediaType":"a/b","size":1}],"labels":{"k":"v"},"words":["a"],"either":"b"}')
    assert Whole("x", [Part("a/b", 1)], None, ["a"], {"k": "v"}, "b") == reading.value
    assert (reading.extra, reading.outside) == ({}, ())


def test_null_is_absence_everywhere() -> None:
    reading = read('{"name":null,"parts":null,"main":{"size":null},"words":[null],"labels":{"k":null},"x":null}')
    assert Whole(None, None, Part(), [None], {"k": None}) == reading.value
    assert reading.extra == {}


@pytest.mark.parametrize("indent", [None, 1, 3])
def test_unknown_members_are_kept_at_their_place(indent: int | None) -> None:
    document = {"x": [1, {"y": None}], "parts": [{"size": 1}, {"size": 2, "data": "e30="}], "main": {"z": True}}
    reading = read(json.dumps(document, indent=indent))
    assert [Part(None, 1), Part(None, 2)] == reading.value.parts
    assert reading.extra == {"x": [1, {"y": None}], "parts": {"1": {"data": "e30="}}, "main": {"z": True}}


def test_unknown_members_of_the_outermost_object_need_no_second_reading() -> None:
    assert read('{"name":"n","x":1.5,"y":"z"}').extra == {"x": 1.5, "y": "z"}


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("-1", "-1"),
        ("9223372036854775808", "9223372036854775808"),
        ("1" * 5000, "1" * 5000),
        ("1.5", "1.5"),
        ("1e3", "1e3"),
        ("-0.0", "-0.0"),
    ],
)
def test_a_number_that_no_column_holds_is_put_aside_as_text(written: str, kept: str) -> None:
    reading = read(f'{{"parts":[{{"size":7}},{{"size":{written}}}],"main":{{"size":{written}}}}}')
    assert ([Part(None, 7), Part()], Part()) == (reading.value.parts, reading.value.main)
    assert {"parts": {"1": {"size": kept}}, "main": {"size": kept}} == reading.extra
    assert reading.outside == ["$.parts[1].size", "$.main.size"]


@pytest.mark.parametrize("size", [0, 1, 2**53 + 1, 2**63 - 1])
def test_a_number_that_a_column_holds_stays_exact(size: int) -> None:
    for beside in ("", ',"x":{"size":-1}', ',"NAME":"n"'):
        reading = read(f'{{"main":{{"size":{size}}}{beside}}}')
        assert reading.value.main == Part(None, size)
        assert tuple(reading.outside) == ()


def test_names_are_matched_whatever_their_case() -> None:
    reading = read('{"NAME":"n","Parts":[{"MediaType":"a/b","SIZE":3}],"\\u006dain":{"ſize":4},"wor\\u212as":1}')
    assert Whole("n", [Part("a/b", 3)], Part(None, 4)) == reading.value
    assert reading.extra == {"wor\u212as": 1}


@pytest.mark.parametrize(
    "document",
    [
        '{"name":"a","name":"b"}',
        '{ "name" : "a", "name" : "b" }',
        '{"name":"a","NAME":"b"}',
        '{"Name":"a","NAME":"b"}',
        '{"name":"a","x":1,"n\\u0061me":"b"}',
        '{"name":null,"name":"b"}',
        '{"labels":{},"x":{"labels":1},"labels":{}}',
    ],
)
def test_a_known_name_that_is_there_twice_is_refused(document: str) -> None:
    with pytest.raises(MalformedError, match=r"^\$\.(name|labels): is there twice"):
        read(document)


def test_other_names_may_be_there_twice_and_the_last_one_counts() -> None:
    reading = read('{"x":1,"x":2,"labels":{"k":"1","k":"2"},"main":{"size":1,"size":2}}')
    assert reading.extra == {"x": 2}
    assert ({"k": "2"}, Part(None, 2)) == (reading.value.labels, reading.value.main)


def test_a_name_may_be_known_in_another_object() -> None:
    reading = read('{"name":"n","x":{"name":1},"labels":{"name":"l","parts":"p"}}')
    assert (reading.value.labels, reading.extra) == ({"name": "l", "parts": "p"}, {"x": {"name": 1}})


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ('{"name":1}', "$.name"),
        ('{"name":1.5}', "$.name"),
        ('{"name":99999999999999999999999}', "$.name"),
        ('{"name":["n"]}', "$.name"),
        ('{"parts":{}}', "$.parts"),
        ('{"parts":[1]}', "$.parts[0]"),
        ('{"parts":[null]}', "$.parts[0]"),
        ('{"main":{"size":"1"}}', "$.main.size"),
        ('{"main":{"size":true}}', "$.main.size"),
        ('{"main":{"size":"1","x":-1}}', "$.main.size"),
        ('{"words":[1]}', "$.words[0]"),
        ('{"labels":["a"]}', "$.labels"),
        ('{"labels":{"a":1}}', "$.labels[...]"),
        ('{"either":5}', "$.either"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_with_its_path(document: str, path: str) -> None:
    with pytest.raises(MalformedError) as refused:
        read(document)
    assert str(refused.value).endswith(f"`{path}`")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"not JSON",
        b"{",
        b'{"name":"n"',
        b'{"name":"n"}x',
        b'{"name":"n"}{}',
        b'{"name":01}',
        b'{"x":NaN}',
        b'{"x":-Infinity}',
        b'{"name":"a\nb"}',
        b'{"name":"a\x00b"}',
        b'{"name":"\\x"}',
        b'{"name":"\\u00"}',
        b"{'name':'n'}",
        b"\xef\xbb\xbf{}",
        '{"name":"n"}'.encode("utf-16"),
        b"\x1f\x8b\x08\x00",
    ],
)
def test_what_is_no_json_object_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedError, match=r"^\$: |^Expected `object`|- at `\$`"):
        read(data)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (rb'{"name":"a\u0000b"}', "a\ufffdb"),
        (rb'{"name":"a\ud800b"}', "a\ufffdb"),
        (b'{"name":"a\xffb"}', "a\ufffdb"),
        (rb'{"name":"\\u0000"}', "\\u0000"),
        (rb'{"name":"\ud83d\ude00"}', "\U0001f600"),
    ],
)
def test_unfit_text_is_repaired_and_said_so(data: bytes, name: str) -> None:
    document = open_document(data, FORM.names)
    assert name == FORM.read(document).value.name
    assert ("\ufffd" in name) == document.repaired


def test_unfit_text_is_repaired_in_what_no_shape_knows() -> None:
    reading = read(b'{"x":{"a\\u0000":["\\udead","\xff"]},"main":{"y":"\\u0000"}}')
    assert reading.extra == {"x": {"a\ufffd": ["\ufffd", "\ufffd"]}, "main": {"y": "\ufffd"}}


@pytest.mark.parametrize("number", ["1" * 5000, "-" + "1" * 5000, "1e999"])
def test_unknown_numbers_that_cannot_be_written_are_text(number: str) -> None:
    for place in (f'{{"x":{number}}}', f'{{"x":{number},"NAME":"n"}}'):
        assert {"x": number} == read(place).extra


def test_unknown_numbers_stay_numbers_where_they_can() -> None:
    for beside in ("", ',"NAME":"n"'):
        reading = read(f'{{"x":[18446744073709551616,-9223372036854775809,0.5,1.0]{beside}}}')
        assert reading.extra == {"x": [18446744073709551616, -9223372036854775809, 0.5, 1.0]}


@pytest.mark.parametrize(
    "where", ['{{"x":{0}}}', '{{"main":{{"x":{0}}}}}', '{{"NAME":"n","x":{0}}}', '{{ "x" : {0} }}']
)
@pytest.mark.parametrize("depth", [NESTING + 1, 2_000, 400_000])
@pytest.mark.parametrize("brackets", [("[", "]"), ('{"a":', "}")])
def test_deep_nesting_is_refused(where: str, depth: int, brackets: tuple[str, str]) -> None:
    opening, closing = brackets
    with pytest.raises(LimitExceededError):
        read(where.format(opening * depth + "1" + closing * depth))


def test_deep_nesting_that_never_closes_is_refused() -> None:
    with pytest.raises(ContentError):
        read('{"x":' + "[" * 400_000)


def test_nesting_up_to_the_limit_is_kept() -> None:
    depth = NESTING - 1
    reading = read('{"x":' + "[" * depth + "]" * depth + "}")
    assert "[" * depth + "]" * depth == json.dumps(reading.extra["x"])


def test_an_undecoded_member_keeps_its_bytes() -> None:
    for beside in ("", ',"NAME":"n"'):
        assert bytes(read(f'{{"free":{{"a":[1,null]}}{beside}}}').value.free) == b'{"a":[1,null]}'


NAMES = st.sampled_from(
    ["name", "NAME", "parts", "main", "size", "Size", "mediaType", "words", "labels", "either", "x"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(NAMES | st.text(max_size=4), JSON, max_size=6))
def test_any_object_is_read_or_refused(document: dict[str, Any]) -> None:
    compact = json.dumps(document, separators=(",", ":"))
    try:
        reading = read(compact)
    except ContentError:
        with pytest.raises(ContentError):
            read(json.dumps(document, indent=2))
    else:
        assert reading == read(json.dumps(document, indent=2))
        text = repr((reading.value, reading.extra))
        assert "\x00" not in text
        text.encode()


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for attempt in (data, b'{"name":"' + data + b'"}', b'{"x":' + data + b"}"):
        try:
            reading = read(attempt)
        except ContentError:
            continue
        assert isinstance(reading.value.name, str | None)
