"""What a signed manifest of schema 1 signs."""

from __future__ import annotations

import base64
import json

import pytest

from imgindex.errors import MalformedError
from imgindex.oci.signatures import signed_payload

PAYLOAD = b'{\n   "name": "team/web",\n   "fsLayers": []\n}'


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign(protected: object) -> bytes:
    """The payload as a registry sends it: its end is cut off, and comes again after the signatures."""
    header = encode(json.dumps(protected).encode())
    return PAYLOAD[:-2] + b',\n   "signatures": [{"protected": "' + header.encode() + b'"}]\n}'


def test_the_payload_is_what_was_there_before_it_was_signed() -> None:
    signed = sign({"formatLength": len(PAYLOAD) - 2, "formatTail": encode(b"\n}"), "time": "2024-01-01T00:00:00Z"})
    assert PAYLOAD == signed_payload(signed)


def test_without_a_signature_the_body_is_the_payload() -> None:
    assert signed_payload(PAYLOAD) is PAYLOAD


@pytest.mark.parametrize(
    "protected",
    [
        {},
        {"formatLength": -1, "formatTail": ""},
        {"formatLength": 10**9, "formatTail": ""},
        {"formatLength": 1, "formatTail": "*"},
        [],
    ],
)
def test_a_signature_that_does_not_say_what_it_signs_is_refused(protected: object) -> None:
    with pytest.raises(MalformedError):
        signed_payload(sign(protected))
