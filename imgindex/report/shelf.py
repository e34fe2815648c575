"""The reports at hand: those of the user's folders first, then those that ship with imgindex.

A report's name is that of its file without `.toml`. One in an earlier folder comes before one of the same name in a
later folder; names are the same where only case, or `-` and `_`, differ.

    reports/layer-sharing.toml -> layer-sharing
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from imgindex import shipped
from imgindex.errors import ReportError, UnknownReportError, near_misses, quote
from imgindex.query.catalog import Catalog, fold_name, list_folders
from imgindex.query.parameters import Parameter
from imgindex.report.check import check_definition
from imgindex.report.definition import read_definition
from imgindex.report.model import Definition

SUFFIX = ".toml"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


class Shelf:
    """The reports of some folders, the first of which come first. A file is read when its report is asked for."""

    def __init__(self, folders: Sequence[Path]) -> None:
        """Raises ReportError for a folder that holds a name twice, or a file that cannot be named."""
        self._places: dict[str, tuple[str, Path]] = {}
        for folder in dict.fromkeys(folder.resolve() for folder in folders):
            for folded, place in _index(folder).items():
                self._places.setdefault(folded, place)

    def places(self) -> list[tuple[str, Path]]:
        """The name and the file of every report, by name."""
        return sorted(self._places.values())

    def all(self) -> list[Definition]:
        """Every report by name, its file read, its queries not. Raises ReportError."""
        return [read_definition(name, path) for name, path in self.places()]

    def place(self, name: str) -> tuple[str, Path]:
        """The name as its file has it, and the file. Raises UnknownReportError, with near misses."""
        try:
            return self._places[fold_name(name)]
        except KeyError:
            meant = near_misses(name, [known for known, _ in self.places()])
            raise UnknownReportError(f'There is no report "{quote(name)}".{meant}') from None

    def find(self, name: str, catalog: Catalog) -> Definition:
        """The report of this name, judged against the saved queries. Raises UnknownReportError and ReportError."""
        name, path = self.place(name)
        return check_definition(read_definition(name, path), path, catalog)


def open_shelf(folders: Sequence[Path] = ()) -> Shelf:
    """The reports of these folders, then of those that IMGINDEX_REPORTS lists, then those that ship with imgindex.

    Raises UsageError for a folder that is not there.
    """
    return Shelf([*list_folders(folders, "--reports", "IMGINDEX_REPORTS"), shipped.folder("reports")])


def read_header(path: Path) -> tuple[str, tuple[Parameter, ...]]:
    """The question and the parameters of a report's file, nothing where it is not well formed: for completion."""
    try:
        definition = read_definition(path.stem, path)
    except ReportError:
        return "", ()
    return definition.question, definition.parameters


def _index(folder: Path) -> dict[str, tuple[str, Path]]:
    """The files of one folder by their folded names."""
    places: dict[str, tuple[str, Path]] = {}
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        if path.name.startswith(".") or not path.is_file():
            continue
        name = path.name.removesuffix(SUFFIX)
        if not _NAME.fullmatch(name):
            raise ReportError(
                f"{quote(path, 400)}: the name of a report has letters, digits, - and _ only", path=str(path)
            )
        twin = places.setdefault(fold_name(name), (name, path))
        if twin[1] != path:
            raise ReportError(f"{twin[1]} and {path} have the same name. Rename one of them.", path=str(path))
    return places
