"""From what a user writes to the source that is meant."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from imgindex.errors import InvalidReferenceError, LayoutError, SourceUnavailableError, UnknownSourceError
from imgindex.records.keys import name_key
from imgindex.records.rows import ScanScope, SourceManifest, Tag
from imgindex.sources.open import open_source
from tests.builders import Docker, Layout, Registry, make_image, write
from tests.sources.archives import pack
from tests.sources.cases import build_oci_archive, build_saved
from tests.sources.scans import of, scan


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    built = Layout(tmp_path / "layout")
    built.add(make_image(1), "latest", "web:1")
    return built.path


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    built = Registry(tmp_path / "registry")
    built.push("team/web", "1", make_image(1))
    return built.path


@pytest.fixture
def docker(tmp_path: Path) -> Path:
    built = Docker(tmp_path / "docker")
    built.load(make_image(1), "mirror.example:5000/web:1")
    return built.path


def test_a_kind_and_a_folder(layout: Path, registry: Path, docker: Path) -> None:
    for kind, path in (("oci", layout), ("registry-root", registry), ("docker-root", docker)):
        identity = open_source(f"{kind}:{path}").identity
        assert (identity.kind, identity.address) == (kind, f"{kind}:{path}")


def test_a_bare_path_is_recognised_by_what_lies_in_it(layout: Path, registry: Path, docker: Path) -> None:
    assert [open_source(str(path)).identity.kind for path in (layout, registry, docker)] == [
        "oci",
        "registry-root",
        "docker-root",
    ]


def test_a_relative_path(layout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(layout.parent)
    assert open_source("layout").identity == open_source("oci:layout").identity == open_source(f"oci:{layout}").identity


def test_a_layouts_ref_may_hold_colons_and_so_may_its_path(layout: Path) -> None:
    assert [row.tag for row in of(Tag, scan(open_source(f"oci:{layout}:web:1")))] == ["1"]
    odd = layout.rename(layout.parent / "odd:name")
    assert [row.tag for row in of(Tag, scan(open_source(f"oci:{odd}:latest")))] == ["latest"]
    assert len(of(Tag, scan(open_source(f"oci:{odd}")))) == 2


def test_a_layout_and_a_ref_in_it_are_one_source(layout: Path) -> None:
    assert open_source(f"oci:{layout}:web:1").identity == open_source(f"oci:{layout}").identity


@pytest.mark.parametrize("below", ["", "docker", "docker/registry/v2"])
def test_a_registrys_storage_is_found_from_anywhere_in_it(registry: Path, below: str) -> None:
    identity = open_source(f"registry-root:{registry / below}").identity
    assert identity == open_source(f"registry-root:{registry}").identity == open_source(str(registry / below)).identity


def test_a_registry_is_called_local_or_as_the_user_says(registry: Path) -> None:
    assert open_source(str(registry)).identity.registry == "local"
    source = open_source(str(registry), registry="REG.example:443")
    assert source.identity.registry == "reg.example"
    assert "reg.example/team/web" in {row.name for row in of(ScanScope, scan(source))}


def test_a_registry_must_be_a_host(registry: Path) -> None:
    with pytest.raises(InvalidReferenceError):
        open_source(str(registry), registry="no host")


def test_an_alias_is_filed_under_its_host(docker: Path, layout: Path) -> None:
    aliases = [("reg.example", "mirror.example:5000")]
    (tag,) = of(Tag, scan(open_source(str(docker), registry_aliases=aliases)))
    assert tag.repository_key == name_key("reg.example/web")
    built = Layout(layout)
    built.add(make_image(2), "mirror.example:5000/web:1", "mirror.example:5000.evil/web:1")
    names = {row.repository_key for row in of(SourceManifest, scan(open_source(str(layout), registry_aliases=aliases)))}
    assert names == {name_key("reg.example/web"), name_key("mirror.example:5000.evil/web")}


@pytest.mark.parametrize("kind", ["docker-root", "oci", "registry-root"])
def test_a_kind_wants_a_folder(kind: str, tmp_path: Path) -> None:
    with pytest.raises(UnknownSourceError, match="names nothing"):
        open_source(f"{kind}:")
    with pytest.raises(SourceUnavailableError, match="cannot read the folder"):
        open_source(f"{kind}:{tmp_path / 'nothing'}")


def test_an_unknown_kind_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownSourceError, match="ostree is no kind of source"):
        open_source(f"ostree:{tmp_path}")


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError, match=r"there is nothing at .*; give the path of a store"):
        open_source(str(tmp_path / "nothing"))
    with pytest.raises(SourceUnavailableError):
        open_source("")


def test_a_registry_root_without_a_registry_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match="holds neither"):
        open_source(f"registry-root:{tmp_path}")


def test_a_storage_of_another_kind_is_refused() -> None:
    with pytest.raises(UnknownSourceError, match=r"gs:// is no storage that this version reads"):
        open_source("registry-root:gs://bucket/prefix")


def test_a_folder_without_a_store_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(UnknownSourceError, match=r"holds no known store\. Looked for: oci-layout"):
        open_source(str(tmp_path))


def test_a_folder_with_a_store_in_it_says_which(layout: Path) -> None:
    with pytest.raises(UnknownSourceError, match="there is one in layout inside it"):
        open_source(str(layout.parent))


def test_an_archive_is_recognised_by_what_lies_in_it(tmp_path: Path) -> None:
    build_saved(tmp_path / "saved.tar")
    build_oci_archive(tmp_path / "layout.tar")
    kinds = [open_source(str(tmp_path / name)).identity.kind for name in ("saved.tar", "layout.tar")]
    assert ["docker-archive", "oci-archive"] == kinds
    write(tmp_path / "empty.parts/x", b"x")
    with pytest.raises(UnknownSourceError, match="no archive of images"):
        open_source(str(pack(tmp_path / "empty.parts")))
    write(tmp_path / "note.txt", b"hello")
    with pytest.raises(UnknownSourceError, match="is no tar that can be read"):
        open_source(str(tmp_path / "note.txt"))


def test_untrusted_names_are_quoted_in_errors(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError) as caught:
        open_source(str(tmp_path / "\x1b[31mred"))
    assert "\x1b" not in str(caught.value)


def test_no_kind_is_imported_before_it_is_opened() -> None:
    loaded = "import sys, imgindex.sources.open; print([name for name in sys.modules if 'docker_root' in name])"
    shown = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
