import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgindex.oci.repair import repair

TEXT_PARTS = st.one_of(
    st.text(max_size=5),
    st.sampled_from(["\x00", "\ud800", "\udfff", "\U0001f600", "\\", "\\u0000", '"', "\ufffd"]),
)


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        (rb'"a\u0000b"', rb'"a\ufffdb"'),
        (rb'"\\u0000"', rb'"\\u0000"'),
        (rb'"\\\u0000"', rb'"\\\ufffd"'),
        (rb'"\\\\u0000"', rb'"\\\\u0000"'),
        (rb'"\ud800"', rb'"\ufffd"'),
        (rb'"\uDFFF"', rb'"\ufffd"'),
        (rb'"\ud83d\ude00"', rb'"\ud83d\ude00"'),
        (rb'"\ud83d\ud83d\ude00"', rb'"\ufffd\ud83d\ude00"'),
        (rb'"\ude00\ud83d"', rb'"\ufffd\ufffd"'),
        (rb'"\ud83d\\ude00"', rb'"\ufffd\\ude00"'),
        (rb'"\u00000"', rb'"\ufffd0"'),
        (b'"\xff"', '"\ufffd"'.encode()),
        (b'"\xed\xa0\x80"', '"\ufffd\ufffd\ufffd"'.encode()),
        ('"\u00e4"'.encode(), '"\u00e4"'.encode()),
        (b"", b""),
        (b"\\", b"\\"),
        (rb"\u00", rb"\u00"),
    ],
)
def test_only_unfit_text_is_replaced(broken: bytes, mended: bytes) -> None:
    assert mended == repair(broken)


@given(st.lists(TEXT_PARTS, max_size=8).map("".join))
def test_a_repaired_document_says_the_same_but_for_unfit_characters(text: str) -> None:
    # json.dumps writes half surrogate pairs that happen to stand side by side as a pair, which reads as one character.
    expected = json.loads(json.dumps(text)).translate({0: "\ufffd", **dict.fromkeys(range(55296, 57344), "�")})
    mended = repair(json.dumps(text).encode())
    assert expected == json.loads(mended)
    assert mended == repair(mended)


@given(st.binary(max_size=60))
def test_any_bytes_become_utf8_and_stay(data: bytes) -> None:
    mended = repair(data)
    mended.decode()
    assert mended == repair(mended)
