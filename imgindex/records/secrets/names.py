"""Which names stand over secrets, and which values tell nothing under any name.

Names are judged by their words (`DB_PASSWORD`, `db.password` and `dbPassword` are the same two), so that an author has
no auth, and a tokenizer no token. It refuses to measure entropy: digests, revisions and cache keys are as random as
secrets are, and they are what an index is for. Secrets are in images because build arguments and environment variables
stay in the history and the config: https://docs.docker.com/build/building/secrets/

    is_secret("NPM_TOKEN", "s3cr3t") -> True        is_secret("GPG_KEY", "0D96DF4D4110E5C4") -> False
"""

from __future__ import annotations

import re
from functools import lru_cache

REDACTED = "[redacted]"

_NAME_CHARS = 256
_WORD_BREAK = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_JAVA_PROPERTY = re.compile(r"-+D(?=[A-Za-z])")

_SECRET_NAME = re.compile(
    r"""
    (?<!no)(?<!no_)(?<!lib)pass_?(?:word|wd|phrase|code)(?!less|qdc)
    | (?:^|_)(?!by|com|encom|over|sur|tres|under)[a-z0-9]*pass[0-9]*$
    | (?<!old)(?<!old_)(?<!init_)pwd[0-9]*$
    | (?<!lib)secret(?:s|key|id|value)?(?=_|$|[0-9])
    | tokens?(?=_|$|[0-9])
    | (?:^|_)cred(?:s|entials?)?(?=_|$|[0-9])
    | (?:^|_)(?:auth|authorization|bearer|dockerconfigjson|masterauth|psk)[0-9]*$
    | (?:^|_)auth_(?:config|string|data|basic|cookie)$
    | (?:api|access|private|priv|secret)_?keys?(?=_|$|[0-9])
    | (?:^|_)(?:account|activation|admin|aes|app|application|auth|aws|azure|client|consumer|cookie|crypt|crypto|database
        |db|decryption|deploy|dsa|ecdsa|ed25519|encrypt|encryption|gcp|hmac|jwk|jwt|licen[cs]e|master|nonce|openai|product
        |recovery|rsa|s3|service|session|shared|sign|signing|ssh|storage|stripe|subscription|unseal|vault|webhook|wg
        |wireguard)_?keys?[0-9]*$
    | _(?:pat|salt)[0-9]*$
    | ^(?:set_)?cookie$ | (?:erlang|login|session)_cookie$
    | ^x_amz_signature$
    """,
    re.VERBOSE,
)
_ABOUT_A_SECRET = re.compile(
    r"""
    _(?:age|alg|algorithm|allowed|arg|attempts|audience|authentication|backend|branch|changed?|charset|checker|checksum
    |class|commit|count|created|days|description|digest|dir|directory|disabled?|docs?|domain|driver|email|enabled?
    |encoder|encoding|endpoints?|env|expir(?:e|es|y|ation)|files?|filename|fingerprint|folder|format|generator|group
    |handler|hasher|header|host|hostname|hours|ids?|image|index|interval|issuer|label|len|length|lib|library|lifetime
    |limit|link|location|login|manager|max|md5|method|min|minutes|mode|module|ms|names?|namespace|owner|package|path|paths
    |pattern|plugin|policy|port|prefix|prompt|provider|realm|regex|renewal|repo|repository|required?|reset|retries|role
    |rotation|scopes?|seconds|secs|server|service|sha1|sha256|sha512|size|state|status|stdin|store|suffix|tag|template
    |timeout|title|ttl|type|updated|ur[il]s?|user|username|validator|var|variable|version|website)[0-9]*$
    """,
    re.VERBOSE,
)
_SECRET_ALL_THE_SAME = re.compile(r"(?:access_?key|secret)_?id$")

_HARMLESS = re.compile(
    r"""
    \[redacted\]
    | [0-9]{1,4} | [0-9]{1,9}(?:\.[0-9]{1,9}){1,4} | [0-9]:[0-9]+(?:\.[0-9]+)+\S*
    | (?i:true|false|yes|no|on|off|none|null|nil|undefined|enabled?|disabled?|required|optional|auto|default|ask
        |prompt|basic|digest|bearer|plain|md5|trust|peer|ident|ldap|saml|oidc|oauth2?|scram-sha-256)
    | \*+ | \.{3} | x{3,} | X{3,} | <[^<>]*>
    | \$ | \$[0-9@*] | \$[A-Z_][A-Z0-9_]* | \$\{[A-Za-z_]\w*\} | \$?\{\{[^{}]*\}\} | %[A-Z_][A-Z0-9_]*%
    | /(?:app|bin|certs?|config|data|dev|etc|go|home|keys?|lib|mnt|opt|proc|root|run|secrets?|src|srv|sys|tmp|usr|var
        |workspace)(?:/[\w.@+-]+)*/?
    """,
    re.VERBOSE,
)
_HARMLESS_CHARS = 256
_FOLDER = re.compile(r"[/~.]|[A-Za-z]:[\\/]|\$")


def is_secret(name: str, value: str) -> bool:
    """Whether `value`, standing under `name`, must not be kept."""
    return is_secret_name(name) and not is_harmless(value) and not _is_working_directory(name, value)


def is_secret_name(name: str) -> bool:
    """Whether what stands under this name is a secret, as far as a name can tell."""
    if len(name) > _NAME_CHARS:
        return _judge.__wrapped__(name[: _NAME_CHARS // 2] + name[-_NAME_CHARS // 2 :])
    return _judge(name)


@lru_cache(maxsize=8192)
def _judge(name: str) -> bool:
    words = _WORD_BREAK.sub("_", _JAVA_PROPERTY.sub("", name, count=1)).lower().strip("_")
    if _SECRET_NAME.search(words) is None:
        return False
    return _ABOUT_A_SECRET.search(words) is None or _SECRET_ALL_THE_SAME.search(words) is not None


def is_harmless(value: str) -> bool:
    """Whether a value tells nothing under any name: empty, a switch, a short number, a variable, a place of secrets."""
    return not value or (len(value) <= _HARMLESS_CHARS and _HARMLESS.fullmatch(value) is not None)


def _is_working_directory(name: str, value: str) -> bool:
    return name.lower() == "pwd" and len(value) <= _HARMLESS_CHARS and _FOLDER.match(value) is not None
