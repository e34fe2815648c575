"""Values that an index has, to show how a saved query is called: a tag that is there, a layer, a label.

Each is the first by key or name, so that looking for it costs little.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgindex.errors import ImgindexError
from imgindex.query.parameters import TYPES, Parameter
from imgindex.query.run import run_sql

if TYPE_CHECKING:
    from sqlalchemy import Engine

_TAGS = """
SELECT CASE WHEN t.repository IS NULL THEN t.tag ELSE t.repository || ':' || t.tag END
FROM tag_targets AS t ORDER BY 1{order} LIMIT 1
"""

VALUES = {
    "image": _TAGS.format(order=""),
    "name": _TAGS.format(order=""),
    "one": _TAGS.format(order=""),
    "other": _TAGS.format(order=" DESC"),
    "layer": "SELECT diff_id FROM layers ORDER BY layer_key LIMIT 1",
    "repository": "SELECT name FROM repositories WHERE name IS NOT NULL ORDER BY name LIMIT 1",
    "source": "SELECT name FROM source_streams ORDER BY name LIMIT 1",
    "reference": "SELECT source FROM source_status ORDER BY tag_count DESC, source LIMIT 1",
    "label": "SELECT MIN(name) FROM image_labels",
    "variable": "SELECT MIN(name) FROM image_env",
    "port": "SELECT MIN(port) FROM image_ports",
    "tag": "SELECT MIN(tag) FROM tags",
    "time": "SELECT SUBSTR(CAST(MAX(last_complete_at) AS TEXT), 1, 10) FROM source_streams",
}
"""By the name of a parameter, SQL for one value that it may have."""


def example_values(engine: Engine | None, parameters: list[Parameter]) -> dict[str, str]:
    """A value for each of these: one that the index has, where that can be told, else one of the type."""
    return {parameter.name: _value(engine, parameter) for parameter in parameters}


def _value(engine: Engine | None, parameter: Parameter) -> str:
    sql = VALUES.get(parameter.name)
    if engine is not None and sql is not None:
        try:
            with run_sql(engine, sql) as result:
                found = next(result.rows(), (None,))[0]
        except ImgindexError:
            found = None
        if found is not None:
            return str(found)
    return TYPES[parameter.type].example
