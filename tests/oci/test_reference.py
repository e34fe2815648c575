"""References: what docker takes a text for, and one name for one image."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgindex.errors import InvalidReferenceError
from imgindex.oci.reference import (
    Reference,
    familiar,
    normalize_registry,
    parse_reference,
    repository_name,
    split_repository,
)

HEX = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
DIGEST = f"sha256:{HEX}"

PARSED = {
    "nginx": Reference("docker.io", "library/nginx"),
    "nginx:1.25": Reference("docker.io", "library/nginx", "1.25"),
    f"nginx@{DIGEST}": Reference("docker.io", "library/nginx", None, DIGEST),
    f"nginx:1.25@{DIGEST}": Reference("docker.io", "library/nginx", "1.25", DIGEST),
    "lab/web": Reference("docker.io", "lab/web"),
    "lab/deep/web:x": Reference("docker.io", "lab/deep/web", "x"),
    "library/nginx": Reference("docker.io", "library/nginx"),
    "docker.io/nginx": Reference("docker.io", "library/nginx"),
    "docker.io/library/nginx": Reference("docker.io", "library/nginx"),
    "docker.io:443/nginx": Reference("docker.io", "library/nginx"),
    "index.docker.io/nginx": Reference("docker.io", "library/nginx"),
    "registry-1.docker.io/lab/web": Reference("docker.io", "lab/web"),
    "registry.hub.docker.com/library/nginx": Reference("docker.io", "library/nginx"),
    "Index.Docker.IO/nginx": Reference("docker.io", "library/nginx"),
    "localhost/x": Reference("localhost", "x"),
    "localhost:5000": Reference("docker.io", "library/localhost", "5000"),
    "localhost:5000/x": Reference("localhost:5000", "x"),
    "127.0.0.1:5055/team/web:1": Reference("127.0.0.1:5055", "team/web", "1"),
    "[::1]:5000/x": Reference("[::1]:5000", "x"),
    "[FC00::1]/x:1": Reference("[fc00::1]", "x", "1"),
    "example.invalid": Reference("docker.io", "library/example.invalid"),
    "example.invalid/web": Reference("example.invalid", "web"),
    "Example.Invalid:443/web:V1": Reference("example.invalid", "web", "V1"),
    "example.invalid:80/web": Reference("example.invalid:80", "web"),
    "example.invalid:4430/web": Reference("example.invalid:4430", "web"),
    "xn--n3h.invalid/web": Reference("xn--n3h.invalid", "web"),
    "team_a/web": Reference("docker.io", "team_a/web"),
    "Registry/web": Reference("registry", "web"),
    "a.b/c__d/e-f/g---h.i": Reference("a.b", "c__d/e-f/g---h.i"),
    "localhost/x:_": Reference("localhost", "x", "_"),
    "localhost/x:" + "t" * 128: Reference("localhost", "x", "t" * 128),
    "localhost/" + "a" * 255: Reference("localhost", "a" * 255),
    f"docker.io/{HEX}": Reference("docker.io", f"library/{HEX}"),
    "x@sha512:" + HEX * 2: Reference("docker.io", "library/x", None, "sha512:" + HEX * 2),
}


@pytest.mark.parametrize(("text", "expected"), PARSED.items())
def test_parses_as_docker_does(text: str, expected: Reference) -> None:
    assert expected == parse_reference(text)


INVALID = {
    "empty": "",
    "a blank": " ",
    "an image ID": HEX,
    "upper case": "Nginx",
    "upper case in the path": "lab/Web",
    "upper case behind a host": "docker.io/lab/Web",
    "a scheme": "https://example.invalid/web",
    "a transport": "docker://nginx",
    "a leading slash": "/nginx",
    "a trailing slash": "lab/",
    "two slashes": "lab//web",
    "a leading hyphen": "-lab/web",
    "a trailing hyphen": "lab-/web",
    "a leading underscore": "_lab/web",
    "two periods": "lab..x/web",
    "three underscores": "a___b",
    "a period behind an underscore": "a_.b",
    "a host with a leading hyphen": "-x.invalid/web",
    "a host with a trailing period": "x.invalid./web",
    "a host with an underscore": "x_y.invalid/web",
    "a port that is no number": "localhost:http/web",
    "an empty port": "localhost:/web",
    "IPv6 without brackets": "fc00::1:5000/web",
    "IPv6 alone": "[::1]",
    "IPv6 with a zone": "[fe80::1%eth0]:5000/web",
    "IPv6 with an IPv4 tail": "[::192.0.2.33]/web",
    "an empty tag": "nginx:",
    "a tag with a leading period": "nginx:.1",
    "a tag with a slash": "localhost/nginx:a/b",
    "two tags": "nginx:1:2",
    "a long tag": "nginx:" + "t" * 129,
    "an empty digest": "nginx@",
    "a short digest": "nginx@sha256:abc",
    "a digest in upper case": f"nginx@sha256:{HEX.upper()}",
    "an unknown algorithm": "nginx@md5:9f86d081884c7d659a2feaa0c55ad015",
    "two digests": f"nginx@{DIGEST}@{DIGEST}",
    "a digest before the tag": f"nginx@{DIGEST}:1",
    "a digest without a name": f"@{DIGEST}",
    "a path of 256 characters": "localhost/" + "a" * 256,
    "a long host": "a." * 200 + "a/web",
    "a space": "lab/we b",
    "a trailing newline": "nginx\n",
    "a newline behind the tag": "nginx:1\n",
    "a letter of another script": "lab/wеb",
    "a Kelvin sign": "\u212a.invalid/web",
    "long": "a/" * 100_000,
    "long and unending": "a" + "-" * 100_000,
}


@pytest.mark.parametrize("text", INVALID.values(), ids=INVALID.keys())
def test_refuses_what_docker_refuses(text: str) -> None:
    with pytest.raises(InvalidReferenceError, match=r"is (no|an) "):
        parse_reference(text)


def test_a_refusal_quotes_the_text_escaped_and_shortened() -> None:
    with pytest.raises(InvalidReferenceError) as caught:
        parse_reference("\x1b[31m/" + "x" * 10_000)
    assert str(caught.value).startswith('"\\x1b[31m/xxx')
    assert len(str(caught.value)) < 500


REGISTRIES = {
    "docker.io": "docker.io",
    "registry-1.docker.io": "docker.io",
    "REGISTRY.hub.docker.com:443": "docker.io",
    "local": "local",
    "Example.Invalid": "example.invalid",
    "example.invalid:443": "example.invalid",
    "example.invalid:5000": "example.invalid:5000",
    "[::1]:443": "[::1]",
    "10.0.0.1": "10.0.0.1",
}


@pytest.mark.parametrize(("host", "expected"), REGISTRIES.items())
def test_normalizes_registries(host: str, expected: str) -> None:
    assert expected == normalize_registry(host)
    assert expected == normalize_registry(expected)


@pytest.mark.parametrize(
    "host", ["", "a/b", "https://x", "x:", "x:y", "x y", "::1", ":443", "x:443:443", "ex\u00e4mple"]
)
def test_refuses_what_is_no_registry(host: str) -> None:
    with pytest.raises(InvalidReferenceError, match="is no registry"):
        normalize_registry(host)


NAMES = {
    ("docker.io", "nginx"): "docker.io/library/nginx",
    ("docker.io", "lab/web"): "docker.io/lab/web",
    ("index.docker.io", "nginx"): "docker.io/library/nginx",
    ("example.invalid", "nginx"): "example.invalid/nginx",
    ("Example.Invalid:443", "a/b/c"): "example.invalid/a/b/c",
    ("local", "team/web"): "local/team/web",
}


@pytest.mark.parametrize(("parts", "expected"), NAMES.items())
def test_names_repositories(parts: tuple[str, str], expected: str) -> None:
    assert expected == repository_name(*parts)


@pytest.mark.parametrize("path", ["", "/", "Web", "a//b", "../b", "a/..", "a:1", "a@b", "<none>", "a" * 256])
def test_refuses_what_is_no_path(path: str) -> None:
    with pytest.raises(InvalidReferenceError, match="is no repository name"):
        repository_name("local", path)


def test_splits_full_names_only() -> None:
    assert split_repository("local/team/web") == ("local", "team/web")
    with pytest.raises(InvalidReferenceError, match="no registry"):
        split_repository("nginx")


FAMILIAR = {
    "docker.io/library/nginx": "nginx",
    "docker.io/library/nginx:1.25": "nginx:1.25",
    f"docker.io/library/nginx@{DIGEST}": f"nginx@{DIGEST}",
    "docker.io/lab/x": "lab/x",
    "docker.io/lab/library/x": "lab/library/x",
    "docker.io/library/a/b": "library/a/b",
    "example.invalid/library/nginx": "example.invalid/library/nginx",
    "local/nginx": "local/nginx",
    "docker.io/localhost/x": "docker.io/localhost/x",
    "docker.io/a.b/x": "docker.io/a.b/x",
    f"docker.io/library/{HEX}": f"docker.io/library/{HEX}",
}


@pytest.mark.parametrize(("name", "expected"), FAMILIAR.items())
def test_shortens_as_docker_shows(name: str, expected: str) -> None:
    assert expected == familiar(name)


HOSTS = st.one_of(
    st.from_regex(r"[a-zA-Z0-9]{1,8}(-[a-z0-9]{1,3}){0,2}\.[a-zA-Z]{1,8}(:[0-9]{1,5})?", fullmatch=True),
    st.sampled_from(
        ["localhost", "docker.io", "index.docker.io", "127.0.0.1:5055", "[::1]:5000", "[fc00::1]", "a.b:443"]
    ),
)
PATHS = st.from_regex(
    r"[a-z0-9]{1,8}((\.|_|__|-{1,3})[a-z0-9]{1,4}){0,2}(/[a-z0-9]{1,8}(\.[a-z0-9]{1,4})?){0,3}", fullmatch=True
)
TAGS = st.one_of(st.none(), st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True))
DIGESTS = st.one_of(st.none(), st.from_regex(r"sha256:[a-f0-9]{64}", fullmatch=True))


@given(HOSTS, PATHS, TAGS, DIGESTS)
def test_written_in_full_it_parses_to_itself(host: str, path: str, tag: str | None, digest: str | None) -> None:
    text = f"{host}/{path}" + ("" if tag is None else f":{tag}") + ("" if digest is None else f"@{digest}")
    reference = parse_reference(text)
    assert (tag, digest) == (reference.tag, reference.digest)
    assert reference == parse_reference(str(reference))
    assert (
        reference.repository == repository_name(host, path) == repository_name(*split_repository(reference.repository))
    )


@given(HOSTS, PATHS, TAGS)
def test_shortened_it_parses_to_itself(host: str, path: str, tag: str | None) -> None:
    reference = parse_reference(f"{host}/{path}" if tag is None else f"{host}/{path}:{tag}")
    assert reference == parse_reference(familiar(str(reference)))
    assert reference.repository == parse_reference(familiar(reference.repository)).repository


@given(st.one_of(st.text(), st.text("aA0.:/@-_[]", max_size=20)))
def test_any_text_is_a_reference_or_refused(text: str) -> None:
    try:
        reference = parse_reference(text)
    except InvalidReferenceError:
        return
    assert reference.path == reference.path.lower()
    assert reference.registry == normalize_registry(reference.registry)
