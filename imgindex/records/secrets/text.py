"""All the secrets of a text, each kind looked for only where a hint of it is.

find_secrets("curl -u ci:hunter2 https://x") -> [(11, 18)]
"""

from __future__ import annotations

from imgindex.records.secrets import assignments, commands, shapes
from imgindex.records.secrets.shapes import Span

_NAME_HINTS = (
    "pass",
    "pwd",
    "secret",
    "token",
    "cred",
    "auth",
    "key",
    "bearer",
    "psk",
    "cookie",
    "salt",
    "_pat",
    "-pat",
)
_TOKEN_HINTS = (
    *("akia", "asia", "ghp_", "gho_", "ghr_", "ghs_", "ghu_", "github_pat_", "glpat-", "gldt-", "glrt-", "glcbt-"),
    *("glptt-", "xox", "xapp-", "sk-", "sk_", "rk_", "whsec_", "npm_", "hf_", "pypi-", "rubygems_", "dckr_", "dop_v1"),
    *("dor_v1", "doo_v1", "dapi", "aiza", "ya29.", "gocspx-", "sg.", "hvs.", "hvb.", "shpat_", "shpca_", "shppa_"),
    *("shpss_", "tskey-", "age-secret", "eyj", "hooks.slack", "webhooks", "sig=", "x-amz-signature="),
)
_PROGRAM_HINTS = ("curl", "login", "sshpass", "redis-cli", "mongo", "ldap", "mysql", "mariadb")
_PLACE_HINTS = ("chpasswd", "htpasswd", "rabbitmqctl", "password", "identified", "securestring", "_auth")

_LOOKS = (
    (_NAME_HINTS, (assignments.find_assignments, assignments.find_old_env, assignments.find_options)),
    (_TOKEN_HINTS, (shapes.find_tokens,)),
    (("-----begin",), (shapes.find_private_keys,)),
    (("://",), (shapes.find_userinfo,)),
    (("bearer", "basic"), (shapes.find_schemes,)),
    (_PROGRAM_HINTS, (commands.find_short_options,)),
    (_PLACE_HINTS, (commands.find_password_places,)),
)
"""Words in lower case, and what is worth its time in a text that holds one of them. Most texts hold none."""


def find_secrets(text: str) -> list[Span]:
    """The places of all secrets, in order and apart. What is redacted already, or harmless, is none."""
    low = text.lower()
    spans: list[Span] = []
    for hints, finders in _LOOKS:
        for hint in hints:
            if hint in low:
                for find in finders:
                    spans.extend(find(text))
                break
    return _merge(spans) if spans else spans


def _merge(spans: list[Span]) -> list[Span]:
    spans.sort()
    merged = spans[:1]
    for start, end in spans[1:]:
        if start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
