"""What a user means by an address."""

from __future__ import annotations

import pytest

from imgindex.errors import UsageError
from imgindex.sources.registry_api.address import Address, Scope, parse_address

MEANT = {
    "//registry.example": Address("registry.example"),
    "//registry.example/": Address("registry.example"),
    "//Registry.Example:443/*": Address("registry.example"),
    "//127.0.0.1:5055": Address("127.0.0.1:5055"),
    "//[::1]:5000": Address("[::1]:5000"),
    "//registry:5000": Address("registry:5000"),
    "//localhost/web": Address("localhost", "web"),
    "//registry.example/team/*": Address("registry.example", "team/*"),
    "//registry.example/team/web:1.*": Address("registry.example", "team/web", "1.*"),
    "//registry.example/*:latest": Address("registry.example", None, "latest"),
    "//nginx": Address("docker.io", "library/nginx"),
    "//postgres:15": Address("docker.io", "library/postgres", "15"),
    "//lab/web": Address("docker.io", "lab/web"),
    "//index.docker.io/nginx": Address("docker.io", "library/nginx"),
}
REFUSED = [
    "",
    "//",
    "registry.example",
    "//user:pw@registry.example",
    "//r.example/Team",
    "//r.example/a:b c",
    "//r.example:tag",
]


@pytest.mark.parametrize(("text", "meant"), MEANT.items())
def test_an_address_names_a_registry_and_what_of_it(text: str, meant: Address) -> None:
    assert meant == parse_address(text)


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_address_is_refused_without_showing_a_password(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_address(text)
    assert "pw" not in str(caught.value)


def test_a_tag_glob_is_the_same_in_sql() -> None:
    assert "1!_%._" == Scope(Address("r", None, "1_*.?")).tags_like
    scope = Scope(Address("r", "team/*", "1.?"))
    assert (True, False, True, False) == (
        scope.has_repository("team/a/b"),
        scope.has_repository("other/team/a"),
        scope.has_tag("1.2"),
        scope.has_tag("1.22"),
    )
