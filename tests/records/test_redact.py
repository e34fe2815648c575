"""Redaction: what goes, what stays, and that it costs no more than reading.

Every secret here is made up. In the tables, `SECRET` marks what must go; all else must stay.
"""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from imgindex.records.redact import REDACTED, Redactor, _redact_text

SECRET = "SECRET"
CANARY = "kanarienvogel-7f3a9"

KEPT_PAIRS = {
    ("PATH", "/usr/local/bin:/usr/bin"),
    ("GPG_KEY", "0D96DF4D4110E5C43FBFB17F2D347EA6AA65421D"),
    ("NGINX_GPGKEY", "573BFD6B3D8FBC641079A6ABABF5BD827BD9BF62"),
    ("PYTHON_SHA256", "03dfd8e4e2b6c5a8a5e1a3a9d6ee05a0cb5d2b0d0a3a7e9d2a3b0d0c6f7e8a9b"),
    ("org.opencontainers.image.revision", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"),
    ("org.opencontainers.image.authors", "someone"),
    ("com.docker.compose.config-hash", "03dfd8e4e2b6c5a8a5e1a3a9d6ee05a0cb5d2b0d0a3a7e9d2a3b0d0c6f7e8a9b"),
    ("org.opencontainers.image.source", "https://example.invalid/team/token-service"),
    ("DB_PASSWORD", ""),
    ("DB_PASSWORD", "true"),
    ("DB_PASSWORD", "0"),
    ("DB_PASSWORD", "$DB_PASSWORD"),
    ("DB_PASSWORD_FILE", "/run/secrets/db"),
    ("GOOGLE_APPLICATION_CREDENTIALS", "/var/secrets/key.json"),
    ("PWD", "/app"),
    ("TOKEN_URL", "https://example.invalid/token"),
    ("MAX_TOKENS", "4096"),
    ("SSH_AUTH_SOCK", "/ssh-agent"),
}


@pytest.mark.parametrize(("name", "value"), sorted(KEPT_PAIRS))
def test_leaves_pairs_that_are_no_secret(name: str, value: str) -> None:
    assert value == Redactor().pair(name, value)


def test_what_is_missing_stays_missing() -> None:
    assert Redactor().text(None) is None
    assert Redactor().pair("TOKEN", None) is None


def test_a_pair_is_redacted_by_its_name_whatever_it_holds() -> None:
    for value in (CANARY, "two words", 'a "quoted" one', "12345678", "line\nline", "{}", "x" * 100_000):
        assert Redactor().pair("DB_PASSWORD", value) == REDACTED


def test_a_pair_of_any_name_is_read_as_text() -> None:
    expected = f"postgres://u:{REDACTED}@example.invalid/db"
    assert expected == Redactor().pair("DATABASE_URL", f"postgres://u:{CANARY}@example.invalid/db")
    assert f"-Xmx1g -Dpassword={REDACTED}" == Redactor().pair("JAVA_OPTS", f"-Xmx1g -Dpassword={CANARY}")


ARGVS = {
    "an option and its value": ["tool", "--password", SECRET, "--x"],
    "one word": ["tool", f"--password={SECRET}", "--x"],
    "a variable": ["env", f"TOKEN={SECRET}", "make"],
    "a script": ["/bin/sh", "-c", f"export TOKEN={SECRET}; make"],
    "curl": ["/usr/bin/curl", "-fsS", "-u", f"ci:{SECRET}", "https://example.invalid"],
    "curl attached": ["curl", f"-uci:{SECRET}", "https://example.invalid"],
    "curl --user": ["curl", "--user", f"ci:{SECRET}", "https://example.invalid"],
    "a header": ["curl", "-H", f"Authorization: Bearer {SECRET}"],
    "mysql": ["mysql", "-u", "root", f"-p{SECRET}"],
    "sshpass": ["sshpass", "-p", SECRET, "ssh", "x"],
    "redis-cli": ["redis-cli", "-a", SECRET, "ping"],
    "redis-server": ["redis-server", "--requirepass", SECRET],
    "a health check": ["CMD-SHELL", f"mysqladmin ping -uroot -p{SECRET}"],
    "a list of variables": ["PATH=/bin", f"DB_PASSWORD={SECRET}", "GPG_KEY=0D96DF4D4110E5C4"],
    "a URL": ["migrate", "-database", f"postgres://u:{SECRET}@example.invalid/db", "up"],
}


@pytest.mark.parametrize("template", ARGVS.values(), ids=ARGVS.keys())
def test_takes_secrets_out_of_commands(template: list[str]) -> None:
    words = [word.replace(SECRET, CANARY) for word in template]
    expected = [word.replace(SECRET, REDACTED) for word in template]
    assert expected == Redactor().argv(words)
    assert expected == Redactor().argv(expected)
    assert {"Cmd": expected} == Redactor().tree({"Cmd": words})


def test_words_may_hold_spaces() -> None:
    assert Redactor().argv(["--password", "correct horse battery"]) == ["--password", REDACTED]
    assert [f"TOKEN={REDACTED}"] == Redactor().argv(["TOKEN=correct horse battery"])
    assert ["curl", "-u", f"ci:{REDACTED}"] == Redactor().argv(["curl", "-u", "ci:correct horse"])


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["nginx", "-g", "daemon off;"],
        ["tool", "--password", "--x"],
        ["tool", "--disabled-password", "app"],
        ["tool", "--password", "$PASSWORD"],
        ["mysql", "-p", "db"],
        ["curl", "-u", "user"],
        ["curl", "-o", "a:b", "-U"],
    ],
)
def test_leaves_commands_without_secrets(words: list[str]) -> None:
    assert words == Redactor().argv(words)


def test_a_tree_is_redacted_everywhere() -> None:
    tree = {
        "config": {
            "Env": [f"TOKEN={CANARY}", "LANG=C"],
            "Labels": {"com.example.api-key": CANARY, "version": "1.0"},
            "OnBuild": [f"ENV TOKEN={CANARY}"],
            "Healthcheck": {"Test": ["CMD", "curl", "-u", f"a:{CANARY}"], "Interval": 30_000_000_000},
        },
        "container_config": {"Cmd": ["/bin/sh", "-c", f"#(nop) ENV TOKEN={CANARY}"]},
        "credentials": {"registry": {"login": CANARY, "hosts": [CANARY, [CANARY]]}, "enabled": True},
        "variables": [{"name": "TOKEN", "value": CANARY}, {"Name": "LANG", "Value": "C"}],
        "password": 12_345_678,
        f"https://a:{CANARY}@example.invalid": {},
        "nothing": None,
        "size": 12_345_678,
    }
    expected = {
        "config": {
            "Env": [f"TOKEN={REDACTED}", "LANG=C"],
            "Labels": {"com.example.api-key": REDACTED, "version": "1.0"},
            "OnBuild": [f"ENV TOKEN={REDACTED}"],
            "Healthcheck": {"Test": ["CMD", "curl", "-u", f"a:{REDACTED}"], "Interval": 30_000_000_000},
        },
        "container_config": {"Cmd": ["/bin/sh", "-c", f"#(nop) ENV TOKEN={REDACTED}"]},
        "credentials": {"registry": {"login": REDACTED, "hosts": [REDACTED, [REDACTED]]}, "enabled": True},
        "variables": [{"name": "TOKEN", "value": REDACTED}, {"Name": "LANG", "Value": "C"}],
        "password": REDACTED,
        f"https://a:{REDACTED}@example.invalid": {},
        "nothing": None,
        "size": 12_345_678,
    }
    assert expected == Redactor().tree(tree)
    assert expected == Redactor().tree(expected)


def test_build_information_in_base64_is_opened() -> None:
    info = {"attrs": {"build-arg:TOKEN": CANARY, "filename": "Dockerfile"}}
    encoded = base64.b64encode(json.dumps(info).encode()).decode()
    redacted = Redactor().tree({"moby.buildkit.buildinfo.v1": encoded})
    assert isinstance(redacted, dict)
    opened = json.loads(base64.b64decode(redacted["moby.buildkit.buildinfo.v1"]))
    assert opened == {"attrs": {"build-arg:TOKEN": REDACTED, "filename": "Dockerfile"}}
    assert redacted == Redactor().tree(redacted)


@pytest.mark.parametrize("encoded", ["", "%%%", "eyJ", base64.b64encode(b'{"attrs": {"a": "b"}}').decode()])
def test_build_information_without_a_secret_stays_as_it_is(encoded: str) -> None:
    tree = {"moby.buildkit.buildinfo.v1": encoded}
    assert tree == Redactor().tree(tree)


def test_a_tree_too_deep_to_walk_is_cut() -> None:
    tree: object = CANARY
    for _ in range(10_000):
        tree = [tree]
    assert CANARY not in repr(Redactor().tree({"password": CANARY, "deep": tree}))


def test_keep_env_keeps_all() -> None:
    keep = Redactor(keep_env=True)
    tree = {"TOKEN": CANARY, "Cmd": ["--password", CANARY]}
    assert keep.text(f"ENV TOKEN={CANARY}") == f"ENV TOKEN={CANARY}"
    assert keep.pair("TOKEN", CANARY) == CANARY
    assert keep.argv(["--password", CANARY]) == ["--password", CANARY]
    assert keep.tree(tree) == tree


FRAGMENTS = st.sampled_from(
    [
        *(
            "TOKEN=",
            '"token":',
            "token: ",
            "--password ",
            "--token,",
            "curl -u a:",
            "mysql -p",
            "login -p ",
            "https://u:",
        ),
        *(
            "redis://:",
            "@",
            ":",
            "=",
            '"',
            "'",
            '\\"',
            "\\",
            "\\n",
            " ",
            "\n",
            ",",
            ";",
            "|",
            "$",
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
        ),
        *(
            "Bearer ",
            "Basic ",
            "Basic YTpi",
            "-----BEGIN PRIVATE KEY-----",
            "-----END ",
            "|1 ",
            "ENV ",
            "ENV TOKEN ",
            "#(nop) ",
        ),
        *(
            "${TOKEN:-",
            "echo a:",
            "| chpasswd",
            "htpasswd -nb a ",
            "login a password ",
            "_authToken ",
            "identified by '",
        ),
        *(
            "authorization: ",
            "Pwd=/",
            " # buildkit",
            " /bin/sh -c ",
            "ghp_a1B2c3D4e5F6a7B8",
            "eyJhbGciOiJI.eyJz",
            "sk-",
        ),
        *(REDACTED, "redacted", "a", "hunter2", "0", "true", "/etc/x", "B=2"),
    ]
)
TEXTS = st.one_of(st.text(), st.lists(st.one_of(FRAGMENTS, st.text(max_size=3)), max_size=10).map("".join))


@given(TEXTS)
@example("TOKEN=[redacted]x")
@example("TOKEN=a[redacted]")
@example("curl -u a:[redacted]]")
@example('token="[redacted]"[redacted]"')
def test_redacting_again_changes_nothing(text: str) -> None:
    once = Redactor().text(text)
    assert once == Redactor().text(once)


@given(st.lists(TEXTS, max_size=5))
def test_redacting_a_command_again_changes_nothing(words: list[str]) -> None:
    once = Redactor().argv(words)
    assert len(words) == len(once)
    assert once == Redactor().argv(once)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), TEXTS),
    lambda children: st.one_of(st.lists(children, max_size=3), st.dictionaries(TEXTS, children, max_size=3)),
    max_leaves=8,
)


@given(JSON)
def test_redacting_a_tree_again_changes_nothing(tree: object) -> None:
    once = Redactor().tree(tree)
    assert once == Redactor().tree(once)


@given(TEXTS)
def test_a_memo_changes_nothing(text: str) -> None:
    redactor = Redactor()
    assert redactor.text(text) == redactor.text(text) == _redact_text(text)


def test_long_text_does_not_stay_in_memory() -> None:
    redactor = Redactor()
    redactor.text("x" * 100_000)
    assert redactor._memo.cache_info().currsize == 0
    redactor.text("x")
    assert redactor._memo.cache_info().currsize == 1


def test_one_redactor_knows_nothing_of_another() -> None:
    keep, redact = Redactor(keep_env=True), Redactor()
    assert keep.text(f"TOKEN={CANARY}") != redact.text(f"TOKEN={CANARY}")


def test_a_name_that_holds_a_secret_is_judged_by_what_is_left_of_it() -> None:
    assert {"TOKEN=[redacted]": "[redacted]"} == Redactor().tree({"TOKEN=ENV": 10_000})
