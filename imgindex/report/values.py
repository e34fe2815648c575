"""The values of a report's parameters: what was given, what is chosen where nothing was, and what is refused.

A parameter with choices may have one of the values that a saved query lists. Left out, it is the first of them, where
it may be left out, and the only one, where it must be given. A parameter `image` that must be given is looked for as
`imgindex show` does, and becomes the image's ID; a `source` or `repository` must be one that the index has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from imgindex.errors import QueryParameterError, UnknownThingError, UsageError, near_misses, quote
from imgindex.query.catalog import Catalog
from imgindex.query.parameters import Parameter, Value, bind_values
from imgindex.query.run import run_query
from imgindex.query.show.choose import choose_image
from imgindex.query.unknown import find_unknown
from imgindex.report.model import Definition

if TYPE_CHECKING:
    from sqlalchemy import Connection

IMAGE = "image"
PLATFORM = "platform"
SHOWN = 20
"""How many choices a message lists."""


def settle_values(
    connection: Connection, definition: Definition, catalog: Catalog, given: Mapping[str, str]
) -> dict[str, Value]:
    """A value for each parameter of the report.

    Raises QueryParameterError for what is missing, unknown or of another type, UsageError for what is none of the
    choices, UnknownThingError and AmbiguousThingError for an image.
    """
    known = {parameter.name: parameter for parameter in definition.parameters}
    for name in given:
        if name not in known:
            said = near_misses(name, known)
            raise QueryParameterError(f'The report {definition.name} has no parameter "{quote(name)}".{said}')
    filled: dict[str, Value] = dict(given)
    for name, query in definition.choices.items():
        filled[name] = _choose(connection, catalog, known[name], query, filled)
    values = bind_values(definition.parameters, filled)
    image = values.get(IMAGE)
    if isinstance(image, str) and known[IMAGE].required:
        platform = values.get(PLATFORM)
        values[IMAGE] = choose_image(connection, image, platform if isinstance(platform, str) else None)
    named = {name: value for name, value in values.items() if name not in (IMAGE, *definition.choices)}
    if unknown := find_unknown(connection, named):
        raise UnknownThingError(" ".join(unknown))
    return values


def _choose(
    connection: Connection, catalog: Catalog, parameter: Parameter, query_name: str, given: Mapping[str, Value]
) -> Value:
    query = catalog.find(query_name)
    takes = {item.name for item in query.parameters}
    with run_query(connection, query, {name: value for name, value in given.items() if name in takes}) as result:
        choices: list[Value] = list(dict.fromkeys(row[0] for row in result.rows()))
    listed = ", ".join(quote(choice) for choice in choices[:SHOWN]) + (" …" if len(choices) > SHOWN else "")
    if parameter.name in given:
        if given[parameter.name] not in {str(choice) for choice in choices}:
            wrong = quote(given[parameter.name])
            raise UsageError(f'{parameter.name} cannot be "{wrong}". The index has: {listed or "none"}.')
        return given[parameter.name]
    if not parameter.required:
        return choices[0] if choices else parameter.default
    if not choices:
        raise QueryParameterError(f"The index has no {parameter.name} that this report could be of. {parameter.help}")
    if len(choices) > 1:
        raise QueryParameterError(
            f"Parameter {parameter.name} must be given: -p {parameter.signature()}, one of {listed}. {parameter.help}"
        )
    return choices[0]
