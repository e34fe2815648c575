"""The reports of the sample stores, made by the program itself once a process, and the browser that opens them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.conftest import TESTS, unpack
from tests.report.browser.chromium import Visit, running_browser
from tests.report.browser.made import OWN, REPORTS, Made, Program, write_own

Open = Callable[..., Page]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    # Not for the whole session: while it runs, its event loop is the thread's, and no other test could have one.
    with running_browser() as found:
        yield found


@pytest.fixture(scope="session")
def containerd_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of containerd 1.6 with two namespaces."""
    return unpack(TESTS / "data/containerd-root.tar.xz", tmp_path_factory)


@pytest.fixture(scope="session")
def samples(
    docker_host: Path,
    podman_store: Path,
    containerd_store: Path,
    registry_store: Path,
    skopeo_layout: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Program:
    """The program with an index of the sample stores, each under a short name."""
    program = Program(tmp_path_factory.mktemp("reports"))
    program.ingest("docker", f"docker-root:{docker_host}")
    program.ingest("podman", f"containers-storage:{podman_store}")
    program.ingest("containerd", f"containerd-root:{containerd_store}")
    program.ingest("registry", f"registry-root:{registry_store}", "--registry", "127.0.0.1:5055")
    program.ingest("layout", f"oci:{skopeo_layout}")
    write_own(program.folder)
    return program


@pytest.fixture(params=sorted(REPORTS))
def made(request: pytest.FixtureRequest, samples: Program) -> Made:
    """Each report of the sample stores."""
    return samples.make(*REPORTS[request.param])


@pytest.fixture
def sharing(samples: Program) -> Made:
    return samples.make(*REPORTS["layer-sharing"])


@pytest.fixture
def drift(samples: Program) -> Made:
    return samples.make(*REPORTS["tag-drift"])


@pytest.fixture
def own(samples: Program) -> Made:
    return samples.make(*OWN)


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Opens a file in a window of its own; see `Visit`."""
    opened: list[Visit] = []

    def visit(file: Path, **options: Any) -> Visit:
        opened.append(Visit(browser, file, **options))
        return opened[-1]

    yield visit
    for found in opened:
        found.close()


@pytest.fixture
def look(visit: Callable[..., Visit]) -> Iterator[Open]:
    """Opens a file and answers its page; whatever the test does, no page may complain or ask for anything outside."""
    seen: list[Visit] = []

    def look(file: Path, **options: Any) -> Page:
        seen.append(visit(file, **options))
        return seen[-1].page

    yield look
    assert [(found.complaints, found.outside()) for found in seen] == [([], [])] * len(seen)
