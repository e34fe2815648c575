"""The saved queries at hand: those of the user's folders first, then those that ship with imgindex.

A query's name is its path below the folder, without `.sql`. A query in an earlier folder shadows one of the same name
in a later folder; two of the same name in one folder are an error. Names are the same where only case, or `-` and `_`,
differ, since file systems and people confuse those.

    queries/sharing/most-shared-layers.sql -> sharing/most-shared-layers, or most-shared-layers where that is unique
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from imgindex import shipped
from imgindex.errors import QueryError, UnknownQueryError, UsageError, near_misses, quote
from imgindex.query.lint import lint
from imgindex.query.saved import Query, read_query

__all__ = ["Catalog", "Query", "lint", "open_catalog"]

SUFFIX = ".sql"
SIBLING = ".postgresql.sql"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(?:/[A-Za-z0-9][A-Za-z0-9_-]*)*")


class Catalog:
    """The queries of some folders, the first of which come first. A file is read when its query is asked for."""

    def __init__(self, folders: Sequence[Path]) -> None:
        """Raises QueryError for a folder that holds a name twice, or a file that cannot be named."""
        self._places: dict[str, tuple[str, Path]] = {}
        for folder in dict.fromkeys(folder.resolve() for folder in folders):
            for folded, place in _index(folder).items():
                self._places.setdefault(folded, place)

    def names(self) -> list[str]:
        """Every name, sorted."""
        return sorted(name for name, _ in self._places.values())

    def all(self) -> list[Query]:
        """Every query, by name. Raises QueryError for a file that is not well formed."""
        return [read_query(name, path) for name, path in self.places()]

    def find(self, name: str) -> Query:
        """The query of this name, or whose name ends with it where that is one only.

        Raises UnknownQueryError, with near misses, and QueryError for a file that is not well formed.
        """
        return read_query(*self.place(name))

    def places(self) -> list[tuple[str, Path]]:
        """The name and the file of every query, by name."""
        return sorted(self._places.values())

    def place(self, name: str) -> tuple[str, Path]:
        """The name in full and the file of the query that `find` would read. Raises UnknownQueryError."""
        folded = fold_name(name)
        found = [folded] if folded in self._places else [key for key in self._places if key.endswith("/" + folded)]
        if not found:
            near = near_misses(name, self.names(), "imgindex query list")
            raise UnknownQueryError(f'There is no saved query "{quote(name)}".{near}')
        if len(found) > 1:
            which = ", ".join(self._places[key][0] for key in sorted(found))
            raise UnknownQueryError(f"Several saved queries end with {quote(name)}: {which}. Name one of them whole.")
        return self._places[found[0]]


def is_name(text: str) -> bool:
    """Whether a query may be called so."""
    return _NAME.fullmatch(text) is not None


def open_catalog(folders: Sequence[Path] = ()) -> Catalog:
    """The catalog of these folders, then those that IMGINDEX_QUERIES lists, then what ships with imgindex.

    Raises UsageError for a folder that is not there.
    """
    return Catalog([*list_folders(folders, "--queries", "IMGINDEX_QUERIES"), shipped.folder("queries")])


def list_folders(folders: Sequence[Path], option: str, variable: str) -> list[Path]:
    """The folders that an option names, then those of an environment variable. Raises UsageError for what is none."""
    listed = [Path(part) for part in os.environ.get(variable, "").split(os.pathsep) if part]
    for folder, said in [*((folder, option) for folder in folders), *((part, variable) for part in listed)]:
        if not folder.is_dir():
            raise UsageError(f'{said} names "{quote(folder)}", which is no folder.')
    return [*folders, *listed]


def _index(folder: Path) -> dict[str, tuple[str, Path]]:
    """The files of one folder by their folded names."""
    places: dict[str, tuple[str, Path]] = {}
    siblings = _files(folder, SIBLING)
    files = [path for path in _files(folder, SUFFIX) if path not in siblings]
    for path in files:
        name = path.relative_to(folder).as_posix().removesuffix(SUFFIX)
        if not _NAME.fullmatch(name):
            raise QueryError(
                f"{path}: the name of a query has letters, digits, - and _ only (SQL for PostgreSQL: name{SIBLING})",
                path=str(path),
            )
        twin = places.setdefault(fold_name(name), (name, path))
        if twin[1] != path:
            raise QueryError(f"{twin[1]} and {path} have the same name. Rename one of them.", name=name, path=str(path))
    for sibling in siblings:
        main = sibling.with_name(sibling.name.removesuffix(SIBLING) + SUFFIX)
        if main not in files:
            raise QueryError(f"{sibling}: there is no {main.name} beside it", path=str(sibling))
    return places


def _files(folder: Path, suffix: str) -> list[Path]:
    """The files of a folder, sorted, without what editors and file managers hide there."""
    return [
        path
        for path in sorted(folder.rglob(f"*{suffix}"))
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def fold_name(name: str) -> str:
    """What is the same in two names that people, or file systems, take for one."""
    return name.casefold().replace("_", "-")
