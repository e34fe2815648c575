import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgindex.limits import Limits
from imgindex.oci import media_types as types
from imgindex.oci.timestamps import format_time, parse_time
from imgindex.records.normalize import memo
from imgindex.records.normalize.memo import Memo
from imgindex.records.normalize.text import Texts
from imgindex.records.normalize.times import read_time
from imgindex.records.redact import Redactor
from imgindex.records.rows import (
    Image,
    ImageEnv,
    ImageHistory,
    ImageLabel,
    ImagePort,
    ImageVolume,
    Manifest,
    ManifestAnnotation,
    ManifestLayer,
)
from tests.records.documents import descriptor, manifest, normalize_config, normalize_manifest

LONG = "x" * 100


def texts(text_chars: int) -> Texts:
    return Texts(Redactor(), replace(Limits(), text_chars=text_chars))


# -- cutting ----------------------------------------------------------------------------------------------------------


def test_long_texts_of_a_config_are_cut_and_said_so_once() -> None:
    document = {
        "rootfs": {},
        "author": LONG,
        "history": [{"created_by": LONG, "comment": LONG, "author": LONG, "empty_layer": True}],
        "config": {"Env": [f"A={LONG}"], "Labels": {"a": LONG}, "User": LONG},
    }
    made = normalize_config(document, text_chars=10)
    entry = made.one(ImageHistory)
    cut = [entry.created_by, entry.comment, entry.author, made.one(Image).author, made.one(Image).run_as]
    assert [*cut, made.one(ImageEnv).value, made.one(ImageLabel).value] == ["x" * 10] * 7
    assert made.problems == {"text_cut": "5 texts were cut or left out in part"}
    assert not normalize_config(document, text_chars=100).problems


def test_a_text_that_was_cut_before_is_a_problem_of_the_next_document_too() -> None:
    long = "y" * 5000
    cutting = texts(2000)
    for _ in range(2):
        assert cutting.plain[long] == "y" * 2000
        assert cutting.take_cuts() == 1
    assert cutting.take_cuts() == 0


def test_names_that_are_the_same_when_cut_make_one_row() -> None:
    twice = {"x" * 20 + "1": {}, "x" * 20 + "2": {}}
    made = normalize_config(
        {
            "rootfs": {},
            "config": {"Labels": {"x" * 20 + "1": "1", "x" * 20 + "2": "2"}, "Volumes": twice, "ExposedPorts": twice},
        },
        name_chars=10,
    )
    assert ImageLabel(made.key, "x" * 10, "1") == made.one(ImageLabel)
    assert (made.one(ImageVolume).path, made.one(ImagePort).exposed) == ("x" * 10, "x" * 10)
    assert {"text_cut"} == made.problems.keys()


def test_a_long_media_type_or_annotation_name_is_cut() -> None:
    made = normalize_manifest(manifest(descriptor(2, "a/" + LONG), annotations={LONG: "v"}), name_chars=20)
    assert (made.one(ManifestLayer).media_type, made.one(ManifestAnnotation).name) == ("a/" + "x" * 18, "x" * 20)
    assert types.OCI_MANIFEST[:20] == made.one(Manifest).media_type
    assert {"text_cut"} == made.problems.keys()


def test_extra_that_is_too_long_loses_its_largest_members_and_stays_json() -> None:
    made = normalize_config({"rootfs": {}, "a": 1, "b": LONG, "c": LONG + "y", "d": [2]}, text_chars=125)
    assert json.loads(made.one(Image).extra or "") == {"a": 1, "b": LONG, "d": [2]}
    assert {"text_cut"} == made.problems.keys()


def test_commands_that_are_too_long_lose_their_last_words_and_stay_json() -> None:
    command = {"rootfs": {}, "config": {"Cmd": ["one", "two", "three"]}}
    whole = '["one","two","three"]'
    assert whole == normalize_config(command, text_chars=len(whole)).one(Image).cmd
    made = normalize_config(command, text_chars=len(whole) - 1)
    assert made.one(Image).cmd == '["one","two"]'
    assert {"text_cut"} == made.problems.keys()


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=6), st.integers(2, 80))
def test_json_objects_fit_whatever_is_in_them(members: dict[str, str], most: int) -> None:
    fitting = Texts(Redactor(keep_env=True), replace(Limits(), text_chars=most))
    text = fitting.extra_json(dict(members))
    assert (text is None) == (not members)
    if text is not None:
        kept = json.loads(text)
        assert len(text) <= most
        assert kept.items() <= members.items()
        assert (len(kept) < len(members)) == (fitting.take_cuts() > 0)


@given(st.lists(st.text(max_size=10), max_size=6), st.integers(2, 60))
def test_json_arrays_fit_and_keep_as_many_words_as_fit(words: list[str], most: int) -> None:
    fitting = Texts(Redactor(keep_env=True), replace(Limits(), text_chars=most))
    text = fitting.command_json(words)
    assert text is not None
    kept = json.loads(text)
    assert len(text) <= most
    assert words[: len(kept)] == kept
    if len(kept) < len(words):
        longer = json.dumps(words[: len(kept) + 1], separators=(",", ":"), ensure_ascii=False)
        assert len(longer) > most or any(ord(char) < 32 or char == "\x7f" for word in words for char in word)


def test_keep_env_keeps_all() -> None:
    document = {
        "rootfs": {},
        "config": {"Env": ["PASSWORD=hunter2"]},
        "history": [{"created_by": "ENV PASSWORD=hunter2"}],
    }
    made = normalize_config(document, redact=Redactor(keep_env=True))
    assert ImageEnv(made.key, 0, "PASSWORD", "hunter2") == made.one(ImageEnv)
    assert made.one(ImageHistory).created_by == "ENV PASSWORD=hunter2"


# -- memos ------------------------------------------------------------------------------------------------------------


def test_a_memo_makes_a_value_once() -> None:
    made: list[str] = []
    lengths: Memo[str, int] = Memo(lambda text: made.append(text) or len(text))  # type: ignore[func-returns-value]
    assert [lengths["a"], lengths["bb"], lengths["a"]] == [1, 2, 1]
    assert made == ["a", "bb"]


def test_a_memo_is_bounded_and_long_texts_never_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memo, "_ENTRIES", 3)
    monkeypatch.setattr(memo, "_CHARS", 4)
    lengths: Memo[str, int] = Memo(len)
    pairs: Memo[tuple[str, str], str] = Memo("".join)
    for text in ("a", "bb", "ccc", "dddd", "eeeee", "f" * 1000):
        assert len(text) == lengths[text]
        assert text + "!" == pairs[text, "!"]
        assert len(lengths) <= 3
    assert {"dddd"} == set(lengths)
    assert {("a", "!"), ("bb", "!"), ("ccc", "!")} == set(pairs)


# -- times ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "2015-10-31T22:22:56.015925234Z",
        "2015-10-31T22:22:56.015925Z",
        "2015-10-31T22:22:56.0159252345678Z",
        "2015-10-31T22:22:56.01592Z",
        "2015-10-31T22:22:56Z",
        "2015-10-31T22:22:56.015925234+02:00",
        "0001-01-01T00:00:00.000000000Z",
        "9999-12-31T23:59:59.999999999Z",
        "2015-10-31t22:22:56.015925234z",
        "2015-10-31t22:22:56.015925234Z",
        "2016-12-31T23:59:60.000000000Z",
        "2015-02-29T00:00:00.000000000Z",
        "0000-01-01T00:00:00.000000000Z",
        "2015-10-31T24:00:00.000000000Z",
        "2015-10-31T22:60:00.000000000Z",
        "2015-10-31 22:22:56.015925234Z",
        "2015-10-31T22:22:56,015925234Z",
        "2015-10-31T22:22:56.-15925234Z",
        "2015-10-31T22:22:56.+15925234Z",
        "2015-10-31T22:22:56.01_925234Z",
        "2015-10-31T22:22:56. 15925234Z",
        "2015-10-31T22:22:56.٠١٥٩٢٥Z",
        "2015-10-31T22:22:5٦.015925234Z",
        "2015-10-31T22:22: 6.015925234Z",
        "2015-10-31T2:22:056.015925234Z",
        "2015-1-031T22:22:56.015925234Z",
        "Z" * 30,
        "." * 30,
        "",
    ],
)
def test_fast_and_slow_reading_of_times_agree(text: str) -> None:
    for _ in range(2):
        assert parse_time(text) == read_time(text)


TIME_CHARS = st.sampled_from("0123456789-T:.Z+ zt_٣")


@given(
    st.datetimes().map(lambda time: time.isoformat(timespec="microseconds") + "789Z"),
    st.lists(st.tuples(st.integers(0, 29), TIME_CHARS), max_size=2),
)
def test_they_agree_on_any_time_and_on_any_slip_of_the_pen(text: str, slips: list[tuple[int, str]]) -> None:
    for place, char in slips:
        text = text[:place] + char + text[place + 1 :]
    assert parse_time(text) == read_time(text)
    if not slips:
        assert text[:26] == format_time(read_time(text) or 0)[:19].ljust(26, ".")[:19] + text[19:26]
