"""Names of secrets, and values that are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgindex.records.secrets.names import REDACTED, _judge, is_harmless, is_secret, is_secret_name

SECRET_NAMES = [
    "PASSWORD",
    "DB_PASSWORD",
    "dbPassword",
    "db.password",
    "db-password",
    "PGPASSWORD",
    "POSTGRES_PASSWORD",
    "MYSQL_ROOT_PASSWORD",
    "PASSWORD1",
    "PASSWORD_PROD",
    "password_hash",
    "DB_PASS",
    "PASS",
    "userpass",
    "SSHPASS",
    "storepass",
    "requirepass",
    "PASSPHRASE",
    "GPG_PASSPHRASE",
    "PASSCODE",
    "passwd",
    "htpasswd",
    "MYSQL_PWD",
    "DB_PWD",
    "dbpwd",
    "pwd",
    "SECRET",
    "secret1",
    "JWT_SECRET",
    "CLIENT_SECRET",
    "clientSecret",
    "com.example.client-secret",
    "SECRET_KEY_BASE",
    "DJANGO_SECRET_KEY",
    "VAULT_SECRET_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SESSION_TOKEN",
    "TOKEN",
    "Tokens",
    "NPM_TOKEN",
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "CI_JOB_TOKEN",
    "TOKEN_PROD",
    "authtoken",
    "_authToken",
    "accessToken",
    "refresh_token",
    "X-Auth-Token",
    "API_KEY",
    "apikey",
    "apiKey",
    "APIKey",
    "x-api-key",
    "GOOGLE_API_KEY",
    "DD_API_KEY",
    "PRIVATE_KEY",
    "privateKey",
    "SIGNING_KEY",
    "GPG_SIGNING_KEY",
    "ENCRYPTION_KEY",
    "MASTER_KEY",
    "RAILS_MASTER_KEY",
    "SSH_KEY",
    "DEPLOY_KEY",
    "LICENSE_KEY",
    "NEW_RELIC_LICENSE_KEY",
    "AccountKey",
    "SharedAccessKey",
    "AZURE_STORAGE_KEY",
    "APP_KEY",
    "WG_PRIVATE_KEY",
    "AUTH",
    "REDIS_AUTH",
    "HTTP_AUTH",
    "_auth",
    "DOCKER_AUTH_CONFIG",
    "Authorization",
    "Proxy-Authorization",
    "masterauth",
    "CREDENTIALS",
    "db_credential",
    "CREDS",
    "GH_PAT",
    "WIFI_PSK",
    "AUTH_SALT",
    "ERLANG_COOKIE",
    "Cookie",
    "Set-Cookie",
    "--password",
    "-Dpassword",
    "-Dsecret",
    "-Djavax.net.ssl.trustStorePassword",
    "build-arg:TOKEN",
    "X-Amz-Signature",
    "X-Amz-Security-Token",
]


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name)


PLAIN_NAMES = [
    "PATH",
    "HOME",
    "LANG",
    "KEY",
    "KEYS",
    "GPG_KEY",
    "GPG_KEYS",
    "NGINX_GPGKEY",
    "RELEASE_KEYS",
    "PUBLIC_KEY",
    "publicKey",
    "SSH_PUBLIC_KEY",
    "KEYRING",
    "KEY_SERVER",
    "KEYSERVER",
    "SHA256",
    "PYTHON_SHA256",
    "primary_key",
    "sort-key",
    "monkey",
    "TURKEY",
    "keyboard_layout",
    "TOKENIZER",
    "TOKENIZERS_PARALLELISM",
    "tokenize",
    "TOKEN_URL",
    "TOKEN_TTL",
    "TOKEN_SHA256",
    "AUTHOR",
    "authors",
    "org.opencontainers.image.authors",
    "GIT_AUTHOR_NAME",
    "authority",
    "XAUTHORITY",
    "SSH_AUTH_SOCK",
    "AUTH_TYPE",
    "AUTH_URL",
    "POSTGRES_HOST_AUTH_METHOD",
    "OAUTH_CLIENT_ID",
    "AUTHENTICATION_BACKEND",
    "oauth2_proxy",
    "PASSWORD_FILE",
    "POSTGRES_PASSWORD_FILE",
    "PASSWORD_MIN_LENGTH",
    "password-stdin",
    "PASSWORDLESS",
    "NOPASSWD",
    "SECRET_NAME",
    "secretName",
    "secretary",
    "libsecret-1-0",
    "COMPASS_VERSION",
    "BYPASS",
    "PASSENGER_APP_ENV",
    "passthrough",
    "OLDPWD",
    "INIT_PWD",
    "PAT",
    "PATTERN",
    "SALT",
    "salted",
    "COOKIE_DOMAIN",
    "com.docker.compose.config-hash",
    "org.opencontainers.image.revision",
    "GPG_KEY_ID",
    "CREDENTIALS_FILE",
    "accredited",
]


@pytest.mark.parametrize("name", PLAIN_NAMES)
def test_names_of_other_things(name: str) -> None:
    assert not is_secret_name(name)


HARMLESS = [
    "true",
    "FALSE",
    "yes",
    "no",
    "on",
    "off",
    "none",
    "null",
    "0",
    "1",
    "8080",
    "1.2.3",
    "1:4.13+dfsg1-1",
    "***",
    "...",
    "xxxx",
    "<password>",
    "$PASSWORD",
    "${PASSWORD}",
    "${password}",
    "$1",
    "${{secrets.TOKEN}}",
    "{{.Token}}",
    "%PASSWORD%",
    "/run/secrets/db",
    "/etc/ssl/private/key.pem",
    "/var/lib/x",
    "basic",
    "trust",
    "[redacted]",
]


@pytest.mark.parametrize("value", ["", "<your password>", "{{ token }}", *HARMLESS])
def test_values_that_tell_nothing(value: str) -> None:
    assert is_harmless(value)
    assert not is_secret("PASSWORD", value)


TELLING = [
    "hunter2",
    "a",
    "12345",
    "123456",
    "truest",
    "$ecret1",
    "${PASSWORD:-hunter2}",
    "/abc/DEF+g=",
    "ab***",
    "[redacted]x",
    "$PASSWORDx1-y",
    "1.2.x",
]


@pytest.mark.parametrize("value", [*TELLING, " ", "two words", "true\n", "*" * 257, "/etc/" + "a" * 300])
def test_values_that_may_be_secrets(value: str) -> None:
    assert not is_harmless(value)
    assert is_secret("PASSWORD", value)
    assert not is_secret("PATH", value)


@pytest.mark.parametrize("folder", ["/app", "/home/x y", "./a", "~", "C:\\x", "D:/x", "$HOME/x"])
def test_pwd_is_a_working_directory_where_it_holds_one(folder: str) -> None:
    assert not is_secret("PWD", folder)
    assert is_secret("MYSQL_PWD", "hunter2")
    assert is_secret("pwd", "hunter2")


@given(st.text(st.sampled_from("aA0_-. :"), max_size=40))
def test_case_and_separators_do_not_hide_a_name(prefix: str) -> None:
    assert is_secret_name(prefix + "_PASSWORD")
    assert is_secret_name(prefix + "-client-secret")


@given(st.text())
def test_every_value_is_harmless_once_redacted(name: str) -> None:
    assert not is_secret(name, REDACTED)


def test_long_names_are_judged_by_both_ends_and_do_not_stay_in_memory() -> None:
    before = _judge.cache_info().currsize
    assert is_secret_name("x" * 100_000 + "_PASSWORD")
    assert is_secret_name("PASSWORD_" + "x" * 100_000)
    assert not is_secret_name("A" * 100_000)
    assert before == _judge.cache_info().currsize
