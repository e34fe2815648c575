from __future__ import annotations

import pytest

from imgindex.sources.registry_api.http.challenge import Challenge, parse_challenges
from imgindex.sources.registry_api.http.errors import BadAnswerError

REALM = "https://auth.example/token"

CASES = {
    "one token server, commas in the scope": (
        [f'Bearer realm="{REALM}",service="registry.example",scope="repository:team/web:pull,push"'],
        [("bearer", {"realm": REALM, "service": "registry.example", "scope": "repository:team/web:pull,push"})],
    ),
    "values without quotes": (
        [f"Bearer realm={REALM}, service=registry.example"],
        [("bearer", {"realm": REALM, "service": "registry.example"})],
    ),
    "quoted pairs": (
        [r'Basic realm="the \"inner\" registry \\ 1, \"a=b\""'],
        [("basic", {"realm": 'the "inner" registry \\ 1, "a=b"'})],
    ),
    "two challenges in one header, each with a realm": (
        [f'Bearer realm="{REALM}",service="s", Basic realm="registry"'],
        [("bearer", {"realm": REALM, "service": "s"}), ("basic", {"realm": "registry"})],
    ),
    "two challenges in two headers": (
        ['Basic realm="registry"', f'Bearer realm="{REALM}"'],
        [("basic", {"realm": "registry"}), ("bearer", {"realm": REALM})],
    ),
    "a scheme with a blob, one with nothing, odd case and spaces": (
        [f'Negotiate YIIB6A==, NTLM , BEARER  Realm = "{REALM}" ,, error="invalid_token"'],
        [("negotiate", {}), ("ntlm", {}), ("bearer", {"realm": REALM, "error": "invalid_token"})],
    ),
    "the first of two values": (
        [f'Bearer realm="{REALM}",realm="https://evil.invalid"'],
        [("bearer", {"realm": REALM})],
    ),
    "an empty value": ([f'Bearer realm="{REALM}",service=""'], [("bearer", {"realm": REALM, "service": ""})]),
    "a quote without end": ([f'Bearer service="s",realm="{REALM}'], [("bearer", {"service": "s"})]),
    "no header": ([], []),
    "an empty header": (["", " , "], []),
    "parameters without a scheme": (["=x"], []),
}


@pytest.mark.parametrize(("headers", "expected"), CASES.values(), ids=CASES)
def test_challenges_are_taken_apart(headers: list[str], expected: list[tuple[str, dict[str, str]]]) -> None:
    assert parse_challenges(headers) == [Challenge(*one) for one in expected]


@pytest.mark.parametrize("headers", [["Basic"] * 17, ["x" * 16_385], ["x" * 9_000] * 2])
def test_floods_are_refused(headers: list[str]) -> None:
    with pytest.raises(BadAnswerError):
        parse_challenges(headers)
