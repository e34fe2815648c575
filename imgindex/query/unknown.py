"""What a query was asked about that the index does not know: a source, a repository or an image of that name.

A parameter tells by its name what it names: `source`, `host`, `repository`, `image`. It may be a pattern or a start, so
an unknown one is no error; but an answer of no rows is to be told from a name that was mistyped.

    find_unknown(connection, {"source": "regsitry"}) -> ['There is no source "regsitry". Did you mean registry?']
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from imgindex.errors import near_misses, quote
from imgindex.query.parameters import Value

if TYPE_CHECKING:
    from sqlalchemy import Connection

_SOURCES = "SELECT name FROM source_streams ORDER BY name"
_REPOSITORY = "SELECT COUNT(*) FROM repositories WHERE name = :name"
_IMAGE = """
SELECT (
    SELECT COUNT(*) FROM image_names
    WHERE name = :name OR RIGHT(name, LENGTH(CAST(:name AS TEXT)) + 1) = '/' || CAST(:name AS TEXT)
) + (
    SELECT COUNT(*) FROM source_image_summaries AS p
    JOIN blobs AS b ON b.blob_key = p.image_key
    WHERE LENGTH(CAST(:beginning AS TEXT)) >= 4
        AND SUBSTR(b.digest, 8, LENGTH(CAST(:beginning AS TEXT))) = CAST(:beginning AS TEXT)
)
"""


def find_unknown(connection: Connection, values: Mapping[str, Value]) -> list[str]:
    """A sentence for each value that names nothing in the index."""
    found = [judge(connection, value) for name, judge in _JUDGES.items() if isinstance(value := values.get(name), str)]
    return [sentence for sentence in found if sentence]


def _judge_source(connection: Connection, name: str) -> str | None:
    from sqlalchemy import text

    names = list(connection.execute(text(_SOURCES)).scalars())
    if name in names:
        return None
    return f'There is no source "{quote(name)}".{near_misses(name, names)}'


def _judge_repository(connection: Connection, name: str) -> str | None:
    from sqlalchemy import text

    if connection.execute(text(_REPOSITORY), {"name": name}).scalar():
        return None
    return f'There is no repository "{quote(name)}". It goes by its full name, such as docker.io/library/nginx.'


def _judge_image(connection: Connection, name: str) -> str | None:
    from sqlalchemy import text

    if connection.execute(text(_IMAGE), {"name": name, "beginning": name.replace("sha256:", "")}).scalar():
        return None
    return f'There is no image "{quote(name)}": neither a current tag, repository:tag, nor the start of an image ID.'


_JUDGES = {"source": _judge_source, "host": _judge_source, "repository": _judge_repository, "image": _judge_image}
