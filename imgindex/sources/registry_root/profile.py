"""Credentials from the files that AWS's tools keep, `~/.aws/credentials` and `~/.aws/config`, as far as they are there.

Keys that lie in a file are taken. A profile that has to run a program, ask a server or take a role for its keys is
refused with a hint, since to pass it over would be to come as somebody else.

https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html

    [team]
    aws_access_key_id = AKIA…
    aws_secret_access_key = …
    region = eu-central-1
"""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from pathlib import Path

from imgindex.errors import UsageError, quote

_KEYS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
_PLACES = {"region": "AWS_REGION", "endpoint_url": "AWS_ENDPOINT_URL", "ca_bundle": "AWS_CA_BUNDLE"}
_OTHER_WAYS = ("credential_process", "sso_session", "sso_start_url", "role_arn", "web_identity_token_file")


def read_profile(environ: Mapping[str, str]) -> dict[str, str]:
    """What the profile says, under the names of the environment's variables, which go before it.

    Raises UsageError where a file cannot be understood, or AWS_PROFILE names a profile without keys.
    """
    home = Path(environ.get("HOME") or "/nonexistent") / ".aws"
    chosen = environ.get("AWS_PROFILE") or environ.get("AWS_DEFAULT_PROFILE")
    name = chosen or "default"
    found: dict[str, str] = {}
    for variable, file, section in (
        ("AWS_CONFIG_FILE", "config", name if name == "default" else f"profile {name}"),
        ("AWS_SHARED_CREDENTIALS_FILE", "credentials", name),
    ):
        found |= _section(Path(environ.get(variable) or home / file), section)
    given = bool(environ.get("AWS_ACCESS_KEY_ID"))
    if chosen and not given and not found.get(_KEYS[0]):
        named = "AWS_PROFILE=" + quote(chosen)
        if any(way in found for way in _OTHER_WAYS):
            hint = f'eval "$(aws configure export-credentials --profile {quote(chosen)} --format env)" gets some'
            raise UsageError(f"{named} has no keys of its own, but a way to get some: {hint}")
        raise UsageError(f"{named}: there are no keys under this name in {quote(home)}")
    told = {variable: found[key] for key, variable in _PLACES.items() if key in found}
    if not given:
        told |= {key.upper(): found[key] for key in _KEYS if key in found}
    return told


def _section(path: Path, section: str) -> dict[str, str]:
    # Values may hold a percent sign, and a file that others keep may name a thing twice.
    parser = configparser.RawConfigParser(strict=False, default_section="\0")
    try:
        parser.read_string(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        # The error's own text shows lines of the file.
        raise UsageError(f"cannot read {quote(path)}: {type(error).__name__}") from error
    return dict(parser[section]) if parser.has_section(section) else {}
