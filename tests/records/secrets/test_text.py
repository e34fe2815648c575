"""Secrets in text: what goes, what stays, and that hostile text costs no more than reading it.

Every secret here is made up. In the tables, `SECRET` marks what must go; all else must stay.
"""

from __future__ import annotations

import base64

import pytest

from imgindex.records.redact import REDACTED, Redactor

SECRET = "SECRET"
CANARY = "kanarienvogel-7f3a9"

REDACTED_TEXTS = {
    # Dockerfile instructions, by builder
    "classic ENV": "/bin/sh -c #(nop)  ENV DB_PASSWORD=SECRET",
    "classic ENV among others": "/bin/sh -c #(nop)  ENV A=1 DB_PASSWORD=SECRET B=2",
    "classic ARG": "/bin/sh -c #(nop)  ARG NPM_TOKEN=SECRET",
    "classic ONBUILD": "/bin/sh -c #(nop) ONBUILD ENV TOKEN=SECRET",
    "BuildKit ENV": "ENV DB_PASSWORD=SECRET # buildkit",
    "ENV with a space for the equals sign": "ENV DB_PASSWORD SECRET",
    "ARG with a space for the equals sign": "ARG DB_PASSWORD SECRET",
    "Windows ENV": "cmd /S /C #(nop)  ENV API_KEY=SECRET",
    "buildah LABEL": '/bin/sh -c #(nop) LABEL a="b" com.example/token="SECRET" c="d"',
    "classic build arguments": "|2 A=1 TOKEN=SECRET /bin/sh -c make",
    "one build argument": "|1 TOKEN=SECRET /bin/bash -o pipefail -c make A=1",
    "BuildKit build arguments": "RUN |2 A=1 TOKEN=SECRET /bin/sh -c make # buildkit",
    "build arguments on Windows": "|1 TOKEN=SECRET cmd /S /C make",
    "build arguments under PowerShell": "|1 TOKEN=SECRET powershell -Command make",
    # shells
    "export": "/bin/sh -c export TOKEN=SECRET && make",
    "in double quotes": '/bin/sh -c TOKEN="SECRET" make "all"',
    "in single quotes": "/bin/sh -c TOKEN='SECRET'; make 'all'",
    "the assignment in quotes": 'docker run -e "TOKEN=SECRET" x "y"',
    "a quote that is never closed": '/bin/sh -c TOKEN="SECRET',
    "before a semicolon": "TOKEN=SECRET; make",
    "the default of a variable": "echo ${DB_PASSWORD:-SECRET}/x",
    "written into a file": 'echo "token=SECRET" > /f && echo "done"',
    "spaces around the equals sign": "printf 'password = SECRET\\n' > ~/.my.cnf",
    "PowerShell": "powershell -Command $env:TOKEN = 'SECRET'; make",
    "ConvertTo-SecureString": "powershell ConvertTo-SecureString 'SECRET' -AsPlainText",
    "chpasswd": "echo 'root:SECRET' | chpasswd",
    "chpasswd without quotes": "echo root:SECRET | chpasswd -e",
    "chpasswd by printf": 'printf "app:SECRET" | sudo chpasswd',
    # options
    "an option with an equals sign": "tool --password=SECRET --x",
    "an option with a space": "tool --db-password SECRET --x",
    "an option in quotes": 'tool --token "SECRET" --x',
    "an option on the next line": "tool --token \\\n SECRET --x",
    "one dash": "keytool -genkey -storepass SECRET -alias x",
    "a Java property": "java -Djavax.net.ssl.trustStorePassword=SECRET -jar x",
    "a short Java property": "java -Dsecret=SECRET -jar x",
    "a build argument": "docker build --build-arg NPM_TOKEN=SECRET .",
    "helm": "helm install --set auth.password=SECRET x",
    "openssl": "openssl rsa -passin pass:SECRET -in x",
    "curl -u": "curl -fsSL -u ci:SECRET https://example.invalid/x",
    "curl -u in one with others": "curl -sSLu 'ci:SECRET' https://example.invalid/x",
    "curl -u attached": "curl -uci:SECRET https://example.invalid/x",
    "curl --user": "curl --user ci:SECRET https://example.invalid/x",
    "curl --user=": "curl --user=ci:SECRET https://example.invalid/x",
    "docker login": "docker login -u ci -p SECRET registry.example.invalid",
    "sshpass": "sshpass -p SECRET ssh a@b",
    "sshpass attached": "sshpass -pSECRET ssh a@b",
    "mysql": "mysql -u root -pSECRET -e 'select 1'",
    "redis-cli": "redis-cli -h x -a SECRET ping",
    "mongo": "mongosh -u root -p SECRET x",
    "ldap": "ldapsearch -x -w SECRET -b dc=x",
    "htpasswd": "htpasswd -bc /etc/x.htpasswd ci SECRET",
    "htpasswd to stdout": "htpasswd -nb ci SECRET > /etc/x.htpasswd",
    "rabbitmqctl": "rabbitmqctl add_user ci SECRET && true",
    "npm config": "npm config set //registry.example.invalid/:_authToken SECRET",
    "npmrc": "echo '//registry.example.invalid/:_authToken=SECRET' > ~/.npmrc",
    "netrc": 'echo "machine example.invalid login ci password SECRET" > ~/.netrc',
    "a program in a list": 'CMD ["curl", "-u", "ci:SECRET", "https://example.invalid"]',
    "a list without commas": 'CMD ["redis-server" "--requirepass" "SECRET"]',
    "a list with commas": 'CMD ["redis-server","--requirepass","SECRET"]',
    # SQL
    "ALTER USER": "psql -c \"ALTER USER x WITH PASSWORD 'SECRET'\"",
    "IDENTIFIED BY": "mysql -e \"CREATE USER x IDENTIFIED BY 'SECRET'\"",
    "IDENTIFIED WITH": "mysql -e \"CREATE USER x IDENTIFIED WITH mysql_native_password BY 'SECRET'\"",
    # headers
    "bearer": 'curl -H "Authorization: Bearer SECRET" https://example.invalid',
    "basic": "curl -H 'Authorization: Basic SECRET' https://example.invalid",
    "GitHub's token scheme": 'curl -H "Authorization: token SECRET" https://example.invalid',
    "a header without quotes": "Authorization: Bearer SECRET",
    "a header without a space": "curl -H 'X-Api-Key:SECRET' https://example.invalid",
    "a private header": "curl --header 'PRIVATE-TOKEN: SECRET' https://example.invalid",
    "a cookie": 'curl -H "Cookie: SECRET" https://example.invalid',
    # URLs and connection strings
    "userinfo": "git clone https://ci:SECRET@example.invalid/x.git",
    "userinfo without user": "redis://:SECRET@example.invalid:6379/0",
    "userinfo with an at sign": "postgres://me@example.invalid:SECRET@example.invalid/db",
    "userinfo after a port": "http://example.invalid:8080/x https://ci:SECRET@example.invalid/",
    "a query": "https://example.invalid/x?access_token=SECRET&y=1",
    "libpq": "host=x user=u password=SECRET dbname=d",
    "ADO": "Server=x;Uid=u;Pwd=SECRET;Database=d",
    "Azure": "AccountName=x;AccountKey=SECRET;EndpointSuffix=x",
    "YAML": "user: x\npassword: SECRET\nport: 1",
    "JSON": '{"user":"x","password":"SECRET","port":1}',
    "JSON with spaces": '{"token" : "SECRET", "port" : 1}',
    "JSON in quotes": 'echo "{\\"password\\": \\"SECRET\\", \\"a\\": 1}"',
    "a docker config": '{"auths":{"example.invalid":{"auth":"SECRET"}}}',
    "PHP": "'db_password' => 'SECRET',",
    "flow style": "{password: SECRET}",
}


@pytest.mark.parametrize("template", REDACTED_TEXTS.values(), ids=REDACTED_TEXTS.keys())
def test_takes_the_secret_and_nothing_else(template: str) -> None:
    expected = template.replace(SECRET, REDACTED)
    for secret in (CANARY, "hunter2", "Tr0ub4dor+3", "cGFzc3dvcmQ=", "9f86d081884c7d65"):
        assert expected == Redactor().text(template.replace(SECRET, secret))


UNQUOTED_VALUES = {
    "classic ENV": "/bin/sh -c #(nop)  ENV DB_PASSWORD=SECRET",
    "BuildKit ENV": "ENV A=1 DB_PASSWORD=SECRET B=2 # buildkit",
    "the last of BuildKit's ENV": "ENV A=1 DB_PASSWORD=SECRET # buildkit",
    "the old form": "ENV DB_PASSWORD SECRET",
    "the old form, BuildKit": "ENV DB_PASSWORD SECRET # buildkit",
    "build arguments": "|2 DB_PASSWORD=SECRET Z=1 /bin/sh -c make",
    "the last build argument": "RUN |2 A=1 DB_PASSWORD=SECRET /bin/sh -c make # buildkit",
}


@pytest.mark.parametrize("template", UNQUOTED_VALUES.values(), ids=UNQUOTED_VALUES.keys())
def test_builders_write_values_with_spaces_and_no_quotes(template: str) -> None:
    expected = template.replace(SECRET, REDACTED)
    for secret in ("correct horse battery", "a;b & c|d (e)", "it's", 'a "b" c'):
        assert expected == Redactor().text(template.replace(SECRET, secret))


SHAPES = {
    "an AWS key id": "AKIA" + "ABCDEFGHIJKLMNOP",
    "a temporary AWS key id": "ASIA" + "ABCDEFGHIJKLMNOP",
    "a GitHub token": "ghp_" + "a1B2" * 9,
    "a GitHub OAuth token": "gho_" + "a1B2" * 9,
    "a fine-grained GitHub token": "github_pat_" + "a1B2_" * 10,
    "a GitLab token": "glpat-" + "a1B2-" * 4,
    "a Slack token": "xoxb-" + "1234567890-abc",
    "an OpenAI key": "sk-" + "a1B2" * 8,
    "a project key": "sk-proj-" + "a1B2" * 8,
    "a Stripe key": "sk_live_" + "a1B2" * 6,
    "an npm token": "npm_" + "a1B2" * 9,
    "a Hugging Face token": "hf_" + "aBcD" * 9,
    "a Google key": "AIza" + "a1B2_" * 7,
    "a Docker Hub token": "dckr_pat_" + "a1B2-" * 5,
    "a PyPI token": "pypi-" + "AgEIcHlwaS5vcmc" * 4,
    "a Vault token": "hvs." + "a1B2" * 8,
    "a SendGrid key": "SG." + "a1B2" * 5 + "." + "a1B2" * 10,
    "a JWT": "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
}
SHAPE_PLACES = [
    "SECRET",
    "x SECRET y",
    "--x=SECRET",
    "'SECRET'",
    "/bin/sh -c f SECRET && g",
    "GET SECRET\n",
    "(SECRET)",
]


@pytest.mark.parametrize("secret", SHAPES.values(), ids=SHAPES.keys())
@pytest.mark.parametrize("place", SHAPE_PLACES)
def test_takes_tokens_by_their_shape(secret: str, place: str) -> None:
    assert place.replace(SECRET, REDACTED) == Redactor().text(place.replace(SECRET, secret))
    assert Redactor().pair("SOME_VALUE", secret) == REDACTED
    assert Redactor().argv([secret]) == [REDACTED]
    assert Redactor().tree({"x": [secret, 1]}) == {"x": [REDACTED, 1]}


@pytest.mark.parametrize("kind", ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "])
@pytest.mark.parametrize("line_end", ["\n", "\\n", " "])
def test_takes_private_keys(kind: str, line_end: str) -> None:
    begin, end = f"-----BEGIN {kind}PRIVATE KEY-----", f"-----END {kind}PRIVATE KEY-----"
    body = line_end + line_end.join(["MIIEpAIBAAKCAQEA", "a1B2+/=="]) + line_end
    assert f"x {begin}{REDACTED}{end} y" == Redactor().text(f"x {begin}{body}{end} y")
    assert f"x {begin}{REDACTED}" == Redactor().text(f"x {begin}{body}")


def test_takes_basic_credentials_by_their_shape_and_leaves_the_word_basic() -> None:
    credentials = base64.b64encode(b"ci:hunter2").decode()
    assert f"x Basic {REDACTED} y" == Redactor().text(f"x Basic {credentials} y")
    assert Redactor().text("x Basic functionality y") == "x Basic functionality y"


def test_takes_signatures_and_webhooks_out_of_urls() -> None:
    text = Redactor().text
    assert text("https://x.invalid/a?sv=1&sig=aB%2Bc123456%3D&e=1") == f"https://x.invalid/a?sv=1&sig={REDACTED}&e=1"
    assert text("https://hooks.slack.com/services/T000/B000/aBcD1") == f"https://hooks.slack.com/services/{REDACTED}"
    assert text("https://ghtokenghtokenghtoken1@x.invalid/a") == f"https://{REDACTED}@x.invalid/a"
    assert text("redis://:pa/ss@x.invalid/0") == f"redis://:{REDACTED}@x.invalid/0"


KEPT_TEXTS = {
    "a file's digest": "#(nop) ADD file:812db63ff71721c0405c6f74f34ca811f1967cc1341c1b988adb1ebe20215291 in /",
    "a checksum": "echo '0d96df4d4110e5c43fbfb17f2d347ea6aa65421d  x.tar.gz' | sha1sum -c -",
    "GPG keys": "gpg --batch --keyserver hkps://example.invalid --recv-keys 0D96DF4D4110E5C43FBFB17F2D347EA6AA65421D",
    "a GPG key's variable": "ENV GPG_KEY=0D96DF4D4110E5C43FBFB17F2D347EA6AA65421D",
    "apt-key": "apt-key adv --keyserver keys.example.invalid --recv-keys 573BFD6B3D8FBC641079A6ABABF5BD827BD9BF62",
    "a key ring": "echo 'deb [signed-by=/usr/share/keyrings/x.gpg] https://example.invalid/debian bookworm main'",
    "ARG without a value": "/bin/sh -c #(nop)  ARG NPM_TOKEN",
    "a variable": '/bin/sh -c curl -H "Authorization: $AUTH" -u $USER:$PASSWORD --token ${TOKEN} x',
    "a substitution": "RUN /bin/sh -c TOKEN=$(cat /run/secrets/token) make # buildkit",
    "a secret's file": "RUN /bin/sh -c PASSWORD_FILE=/run/secrets/db TOKEN=/run/secrets/token make # buildkit",
    "a mounted secret": "RUN --mount=type=secret,id=npm_token,target=/root/.npmrc npm ci # buildkit",
    "a build secret": "docker build --secret id=npm_token,src=token.txt .",
    "an empty password": "/bin/sh -c #(nop)  ENV DB_PASSWORD= DB_USER=x",
    "switches": "ENV ALLOW_EMPTY_PASSWORD=yes PASSWORD_AUTH=false USE_TOKEN=1",
    "adduser": 'adduser --disabled-password --gecos "" --no-create-home app',
    "sudoers": "echo 'app ALL=(ALL) NOPASSWD:ALL' >> /etc/sudoers",
    "the file of passwords": "grep app /etc/passwd:/etc/shadow; chown root:root /etc/passwd",
    "owner and group": "chown -R secret:secret /srv && chown token:token /x",
    "packages": "apt-get install -y libsecret-1-0=0.20.4 passwd=1:4.13+dfsg1-1 gnome-keyring=42.1",
    "Python packages": "pip install tokenizers==0.13.3 python-keycloak==2.0 tokenize-rt==5.0",
    "an image named so": "FROM registry.example.invalid/team/password:1.0 AS secret",
    "a stage named so": "COPY --from=secret /a /b # buildkit",
    "a working directory": "cd /x && PWD=/x OLDPWD=/ make pwd=$PWD",
    "URLs": "curl -fsSL https://example.invalid:8443/a/b@2?x=1 http://[::1]:5000/x ssh://git@example.invalid/x",
    "a foreign port": "http://user-service:8080/x@y",
    "mkdir": "mkdir -p /var/lib/mysql && chown mysql /var/lib/mysql && login -h",
    "a port of mysql": "mysql -u root -P 3306 -p",
    "options about secrets": "tool --token-ttl 3600 --password-stdin --auth-type plain --auth-no-challenge https://x",
    "user and group of curl's neighbour": "docker run -u 1000:1000 x && su -c 'x' -u a:b",
    "authors": 'LABEL org.opencontainers.image.authors="A <a@example.invalid>" authority=x',
    "prose": "Removed the password prompt, and the token is now read from a file",
    "a merge of layers": "Apply image 10.0.17763.1",
    "redacted already": "ENV DB_PASSWORD=[redacted] # buildkit",
    "nothing": "",
}


@pytest.mark.parametrize("text", KEPT_TEXTS.values(), ids=KEPT_TEXTS.keys())
def test_leaves_what_is_no_secret(text: str) -> None:
    assert text == Redactor().text(text)


HOSTILE = {
    "one letter": "a",
    "spaces": " ",
    "backslashes": "\\",
    "quotes": '"',
    "names": "TOKEN",
    "names and equals signs": "TOKEN=",
    "assignments": "TOKEN=x ",
    "open quotes": "TOKEN='a ",
    "JSON names": '"token":',
    "options": "--token ",
    "options in a list": ",--token",
    "options of programs": "login -p ",
    "curl": "curl -u a",
    "URLs": "https://",
    "users": "://a:",
    "at signs": "://a@",
    "JWT starts": "eyJ-",
    "JWT parts": "eyJaaaaaaaa.",
    "OpenAI starts": "sk-",
    "key starts": "-----BEGIN PRIVATE KEY-----",
    "key ends": "-----END ",
    "chpasswd": "echo a:b ",
    "htpasswd": "htpasswd -bn ",
    "nop": "#(nop) ",
    "working directories": "Pwd=/",
    "variables": "${TOKEN:-",
    "netrc": "login a password ",
    "bearers": "bearer ",
    "base64": "basic YTpi",
}


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_read_to_its_end(unit: str) -> None:
    text = unit * (65_536 // len(unit))
    redacted = Redactor().text(f"curl|1 token {text}\nDB_PASSWORD={CANARY}")
    assert CANARY not in redacted
    assert Redactor().argv([text, "--token", CANARY])[1:] == ["--token", REDACTED]
