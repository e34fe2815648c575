"""`imgindex ingest`: what is asked of the room below, and what is said of what it did."""

from __future__ import annotations

from pathlib import Path

import pytest

from imgindex.cli.ingest import exit_code
from imgindex.errors import ContentError, ImgindexError, SourceError, StoreError
from imgindex.ingest import IngestOptions, ScanReport, Watch
from imgindex.sources.host import Place
from imgindex.sources.registry_api.http.options import FetchOptions
from tests.cli.conftest import Invoke


class Ingest:
    """Stands for the ingest room: keeps what it was asked, and reports what it was told to."""

    def __init__(self, *reports: ScanReport) -> None:
        self.reports = list(reports)
        self.calls: list[tuple[str, list[str], IngestOptions]] = []

    def __call__(self, db: str, specs: list[str], options: IngestOptions, watch: Watch) -> list[ScanReport]:
        self.calls.append((db, specs, options))
        for spec in specs:
            watch.start(spec)
            watch.expect(2)
            watch.advance(1, 100)
        return self.reports


def use(monkeypatch: pytest.MonkeyPatch, *reports: ScanReport) -> Ingest:
    ingest = Ingest(*reports)
    monkeypatch.setattr("imgindex.ingest.ingest", ingest)
    return ingest


GOOD = ScanReport("a", "complete", None, {"images": 1200, "tags": 3}, {}, 1.25, 2_500_000, 42)
FLAWED = ScanReport("b", "complete", None, {}, {"missing": 2, "size_mismatch\x1b": 10}, 0.1, 0, 0)
FAILED = ScanReport("c", "failed", SourceError("There is no store at /c."))


def test_options_are_handed_on(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    ingest = use(monkeypatch)
    flags = ["--full", "--strict", "--keep-env", "--adopt", "--jobs", "4", "--name", "n", "--db", "x.duckdb"]
    values = [
        "--registry",
        "r:5000",
        "--registry",
        "r=m",
        "--platform",
        "linux/amd64",
        "--as-of",
        "2026-01-31T02:00:00.5Z",
    ]
    invoke("ingest", "oci:./a", *flags, *values)
    expected = IngestOptions(
        name="n",
        registry=("r:5000", "r=m"),
        platforms=("linux/amd64",),
        as_of=1_769_824_800_500_000,
        full=True,
        strict=True,
        keep_env=True,
        adopt=True,
        fetch=FetchOptions(jobs=4),
    )
    assert ingest.calls == [("x.duckdb", ["oci:./a"], expected)]


def test_the_defaults_are_those_of_the_room_below(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    ingest = use(monkeypatch)
    invoke("ingest", "oci:./a", "dir:./b")
    assert ingest.calls == [("imgindex.duckdb", ["oci:./a", "dir:./b"], IngestOptions())]


def test_a_summary_goes_to_stderr(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, GOOD, FLAWED)
    result = invoke("ingest", "a", "b")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.splitlines() == [
        "Reading a",
        "Reading b",
        "a: complete in 1.2 s: 1,200 images, 3 tags; 2.5 MB read, 42 rows changed",
        "b: complete in 0.1 s: nothing; 0.0 MB read, 0 rows changed",
        "",
        "12 problems:",
        "  10  size_mismatch\\x1b",
        "   2  missing",
        "See them with: imgindex query run integrity/problems",
    ]


def test_a_failed_source_is_told_and_ends_with_3(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, FAILED, GOOD)
    result = invoke("ingest", "c", "a")
    assert result.exit_code == 3
    assert "error: c: There is no store at /c.\n" in result.stderr
    assert "a: complete" in result.stderr


CODES = {
    "all well": ([GOOD], False, 0),
    "problems": ([FLAWED], False, 0),
    "problems under --strict": ([GOOD, FLAWED], True, 1),
    "no problems under --strict": ([GOOD], True, 0),
    "a failed source": ([GOOD, FAILED], False, 3),
    "a failed source under --strict": ([FLAWED, FAILED], True, 3),
    "refused content": ([ScanReport("d", "failed", ContentError("x"))], False, 4),
    "the worst of several": ([FAILED, ScanReport("d", "failed", StoreError("x"))], False, 5),
}


@pytest.mark.parametrize(("reports", "strict", "code"), CODES.values(), ids=CODES.keys())
def test_the_exit_code_is_that_of_the_worst(reports: list[ScanReport], strict: bool, code: int) -> None:
    assert code == exit_code(reports, strict=strict)


def test_strict_ends_with_1(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, FLAWED)
    assert invoke("ingest", "b", "--strict").exit_code == 1


@pytest.mark.parametrize("error", [StoreError("locked"), SourceError("gone")])
def test_what_stops_all_sources_has_its_exit_code(
    invoke: Invoke, monkeypatch: pytest.MonkeyPatch, error: ImgindexError
) -> None:
    def fail(*_: object) -> list[ScanReport]:
        raise error

    monkeypatch.setattr("imgindex.ingest.ingest", fail)
    result = invoke("ingest", "a")
    assert (result.exit_code, result.stderr) == (error.exit_code, f"error: {error}\n")


@pytest.mark.parametrize(
    "arguments", [["a", "--as-of", "yesterday"], ["a", "b", "--name", "n"], ["a", "--as-of", "9999-01-01"]]
)
def test_a_wrong_call_ends_with_2(invoke: Invoke, arguments: list[str], tmp_path: Path) -> None:
    result = invoke("ingest", *arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: --")
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_prints_what_would_be_read_and_makes_nothing(
    invoke: Invoke, skopeo_layout: Path, tmp_path: Path
) -> None:
    result = invoke("ingest", f"oci:{skopeo_layout}", "--dry-run", "--name", "layout")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0].split() == ["source", "what", "count"]
    assert result.stdout.splitlines()[2].startswith("layout ")
    assert list(tmp_path.iterdir()) == []


def test_real_stores_are_read_and_the_others_go_on(invoke: Invoke, skopeo_layout: Path, umoci_layout: Path) -> None:
    result = invoke("ingest", f"oci:{skopeo_layout}", "oci:./nowhere", f"oci:{umoci_layout}")
    assert result.exit_code == 3
    assert result.stderr.count(": complete in ") == 2
    assert "error: oci:./nowhere: " in result.stderr
    counted = invoke("sql", "SELECT COUNT(*) AS n FROM source_status", "--format", "csv")
    assert counted.stdout == "n\n2\n"


def test_host_stands_for_all_that_this_host_has(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    ingest = use(monkeypatch, GOOD)
    places = [Place("docker-root:/data"), Place("/var/lib/containerd", "you may not read it"), Place("oci:/x")]
    monkeypatch.setattr("imgindex.sources.host.find_stores", lambda: places)
    result = invoke("ingest", "host", "oci:./mine")
    assert ["docker-root:/data", "oci:/x", "oci:./mine"] == ingest.calls[0][1]
    assert "not read  /var/lib/containerd: you may not read it" in result.stderr
    assert "found     docker-root:/data" in result.stderr


def test_a_host_without_stores_is_an_error_that_says_where_was_looked(
    invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest = use(monkeypatch, GOOD)
    monkeypatch.setattr("imgindex.sources.host.find_stores", list)
    result = invoke("ingest", "host")
    assert (3, []) == (result.exit_code, ingest.calls)
    assert "no store that can be read is in the usual places" in result.stderr
