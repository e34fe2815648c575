"""Uniting indexes: what others hold comes into this one, by key. Nobody has to agree with anybody beforehand.

Content is a union: the same digest has the same key everywhere. Observations are one **stream** for each index and source;
of two copies of one stream the later stands, whole, so that merging tonight what was merged last night brings it up to
date. Which stream speaks for a source that several indexes saw is decided by the view `source_streams`. All is checked before
anything is written, and one transaction writes it. Refused are: a key with two names, two stores under one name, copies of
one index that went different ways, and secrets: an index that keeps them and one that does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imgindex.errors import LoadError, SourceIdentityError, UsageError, quote
from imgindex.store import migrate
from imgindex.store.batch import TABLE_OF
from imgindex.store.content import NAMED, PARENTS, VERIFIED, settle_content
from imgindex.store.engine import connect, current_version, database_url, open_engine
from imgindex.store.intervals import replace_all_intervals
from imgindex.store.schema import metadata
from imgindex.store.session import Session
from imgindex.store.usage import COLUMNS, replace_all_usage

STREAMED = [
    table
    for table in metadata.sorted_tables
    if table.info["room"] == "observations" and "source_key" in table.columns and table.name not in COLUMNS
]
"""The tables of observations: every row belongs to one stream."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge brought."""

    indexes: int
    """Indexes whose observations were not here."""
    streams: int
    """Streams that are new, or later than they were here."""
    documents: int
    """Documents that were not here."""


def merge(db: str, others: Sequence[str], *, adopt: bool = False) -> Merged:
    """Bring indexes in DuckDB files into this one, which is made if there is none.

    `adopt`: stores of one name in different places are one store.

    Raises:
        UsageError: an index with itself, or one that no file holds; --keep-env differs.
        SourceIdentityError: two stores go by one name, and `adopt` is not set.
        StoreError: an index cannot be opened or is of another version; they contradict each other.
    """
    paths = [_check_place(db, other) for other in others]
    keeps = {_keeps_env(path) for path in paths}
    is_new = _is_new(db)
    if len(keeps | (set() if is_new else {_keeps_env(db)})) > 1:
        raise UsageError(
            "One of these indexes keeps values that look like secrets (--keep-env), and another does not. "
            "They are not merged: the secrets would spread, or some values would be missing."
        )
    if is_new:
        migrate.upgrade(db, keep_env=keeps.pop())
    try:
        session = Session(open_engine(db, read_only=False))
        try:
            return session.write(lambda: _unite(session, paths, adopt), alone=True)
        finally:
            session.close()
    except BaseException:
        if is_new and database_url(db).get_backend_name() == "duckdb":
            for suffix in ("", ".wal"):
                Path(f"{database_url(db).database}{suffix}").unlink(missing_ok=True)
        raise


def _is_new(db: str) -> bool:
    url = database_url(db)
    if url.get_backend_name() == "duckdb":
        return not Path(url.database or "").exists()
    return current_version(connect(db, read_only=True)) is None


def _check_place(db: str, other: str) -> str:
    """The file of another index."""
    here, there = database_url(db), database_url(other)
    if there.get_backend_name() != "duckdb":
        raise UsageError(
            "merge takes in DuckDB files. Make one of an index in PostgreSQL first: imgindex export FILE.duckdb --db URL"
        )
    path = Path(there.database or "")
    own = Path(here.database or "")
    if here.get_backend_name() == "duckdb" and path.exists() and own.exists() and path.samefile(own):
        raise UsageError(f"{quote(path)} is the index itself. Name others to merge into it.")
    return str(path)


def _keeps_env(db: str) -> bool:
    session = Session(open_engine(db, read_only=True))
    try:
        with session.transaction():
            return bool(session.value("SELECT BOOL_OR(keep_env) FROM index_info"))
    finally:
        session.close()


def _unite(session: Session, paths: Sequence[str], adopt: bool) -> Merged:
    # What stands before the names of the others' tables.
    others = [session.take_in(path, number) for number, path in enumerate(paths)]
    _check_names(session, others)
    if not adopt:
        _check_stores(session, others)
    before = session.value("SELECT COUNT(*) FROM index_info")
    documents = streams = 0
    for other in others:
        _check_forks(session, other)
        documents += _take_content(session, other)
        session.refresh()
        streams += _take_streams(session, other)
    session.refresh()
    replace_all_usage(session)
    replace_all_intervals(session)
    session.refresh()
    return Merged(session.value("SELECT COUNT(*) FROM index_info") - before, streams, documents)


# -- what is refused --------------------------------------------------------------------------------------------------


def _check_names(session: Session, others: Sequence[str]) -> None:
    """Every key has one name, and every name one verified size, in all the indexes together."""
    named = {**NAMED, "sources": ("source_key", "name")}
    for table, (key, name) in named.items():
        value = VERIFIED.get(table)
        sized = "" if value is None else f", {value}"
        everywhere = " UNION ".join(f"SELECT {key}, {name}{sized} FROM {place}{table}" for place in _places(others))
        differ = f"MIN({name}) <> MAX({name}) OR COUNT(*) > COUNT({name})"
        if table == "repositories":
            differ = f"MIN({name}) <> MAX({name})"
        found = session.rows(
            f"SELECT MIN({name}), MAX({name}) FROM ({everywhere}) AS e GROUP BY {key} HAVING {differ} LIMIT 1"
        )
        if found:
            raise LoadError(
                f"The indexes contradict each other: {quote(found[0][0])} and {quote(found[0][1])} have one key."
            )
        if value is not None and (
            found := session.rows(
                f"SELECT MIN({name}) FROM ({everywhere}) AS e GROUP BY {key} HAVING MIN({value}) <> MAX({value}) LIMIT 1"
            )
        ):
            raise LoadError(f"The indexes contradict each other: {quote(found[0][0])} has two sizes.")


def _check_stores(session: Session, others: Sequence[str]) -> None:
    everywhere = " UNION ".join(
        f"SELECT name, kind, fingerprint, address FROM {place}sources WHERE forgotten_at IS NULL"
        for place in _places(others)
    )
    found = session.rows(
        f"SELECT name, COUNT(DISTINCT kind || ' ' || fingerprint), MIN(address), MAX(address) FROM ({everywhere}) AS e "
        "GROUP BY name HAVING COUNT(DISTINCT kind || ' ' || fingerprint) > 1 ORDER BY name LIMIT 1"
    )
    if found:
        raise SourceIdentityError(
            f"Several stores go by the name {quote(found[0][0])}, in different places or on different hosts. "
            "Give each a --name of its own when it is ingested, or say --adopt if they are one store."
        )


def _check_forks(session: Session, other: str) -> None:
    """Of two copies of one stream, one must hold all scans of the other, but for those that were pruned."""
    lacks = """
SELECT DISTINCT a.index_key, a.source_key
FROM {a}scans AS a
JOIN {b}sources AS s ON s.index_key = a.index_key AND s.source_key = a.source_key
LEFT JOIN {b}scans AS b ON b.index_key = a.index_key AND b.scan_key = a.scan_key
WHERE b.scan_key IS NULL AND (s.pruned_before IS NULL OR a.as_of >= s.pruned_before)
"""
    found = session.rows(
        f"SELECT s.name FROM ({lacks.format(a='', b=other)}) AS x JOIN ({lacks.format(a=other, b='')}) AS y "
        f"ON y.index_key = x.index_key AND y.source_key = x.source_key "
        f"JOIN {other}sources AS s ON s.index_key = x.index_key AND s.source_key = x.source_key ORDER BY s.name LIMIT 1"
    )
    if found:
        raise LoadError(
            f"Two copies of one index went different ways: each has scans of {quote(found[0][0])} that the other lacks. "
            "Keep one of them, and ingest what the other saw into it."
        )


def _places(others: Sequence[str]) -> list[str]:
    """What stands before a table's name, for this index and the others."""
    return ["", *others]


# -- content ----------------------------------------------------------------------------------------------------------


def _take_content(session: Session, other: str) -> int:
    """Names and documents that are not here, and the verified sizes that are not known here."""
    for table, (key, _) in NAMED.items():
        _add(session, table, other, f"NOT EXISTS (SELECT 1 FROM {table} AS t WHERE t.{key} = o.{key})")
        if value := VERIFIED.get(table):
            session.run(
                f"UPDATE {table} SET {value} = o.{value} FROM {other}{table} AS o "
                f"WHERE o.{key} = {table}.{key} AND {table}.{value} IS NULL AND o.{value} IS NOT NULL"
            )
    session.run(
        f"UPDATE manifests SET media_type = LEAST(manifests.media_type, o.media_type) FROM {other}manifests AS o "
        "WHERE o.manifest_key = manifests.manifest_key AND o.media_type IS NOT NULL "
        "AND (manifests.media_type IS NULL OR o.media_type < manifests.media_type)"
    )
    documents = 0
    for parent, (key, children) in PARENTS.items():
        table = TABLE_OF[parent]
        session.make_table(
            f"new_{table}",
            f"SELECT o.{key} FROM {other}{table} AS o "
            f"WHERE NOT EXISTS (SELECT 1 FROM {table} AS t WHERE t.{key} = o.{key})",
        )
        for name in (table, *map(TABLE_OF.__getitem__, children)):
            _add(session, name, other, f"o.{key} IN (SELECT {key} FROM new_{table})")
        documents += session.value(f"SELECT COUNT(*) FROM new_{table}")
    settle_content(session)
    for parent in PARENTS:
        session.execute(f"DROP TABLE new_{TABLE_OF[parent]}")
    same = "t.layer_key = o.layer_key AND t.blob_key = o.blob_key AND t.evidence = o.evidence"
    _add(session, "layer_blobs", other, f"NOT EXISTS (SELECT 1 FROM layer_blobs AS t WHERE {same})")
    return documents


def _add(session: Session, table: str, other: str, where: str) -> int:
    names = [column.name for column in metadata.tables[table].columns]
    selected = ", ".join(f"o.{name}" for name in names)
    return session.run(
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {selected} FROM {other}{table} AS o WHERE {where}"
    )


# -- observations -----------------------------------------------------------------------------------------------------


def _take_streams(session: Session, other: str) -> int:
    """Every stream that is later there than here, whole."""
    session.run(
        f"INSERT INTO index_info (index_key, created_at, keep_env, merged_at) SELECT o.index_key, o.created_at, o.keep_env, :at "
        f"FROM {other}index_info AS o WHERE NOT EXISTS (SELECT 1 FROM index_info AS t WHERE t.index_key = o.index_key)",
        at=session.now(),
    )
    here, there = _changed(session, ""), _changed(session, other)
    taken = [stream for stream, state in there.items() if stream not in here or state > here[stream]]
    if not taken:
        return 0
    session.stage(
        "taken_keys",
        {
            "index_key": ("TEXT", [index for index, _ in taken]),
            "source_key": ("BIGINT", [source for _, source in taken]),
        },
    )
    session.make_table("taken", "SELECT CAST(index_key AS UUID) AS index_key, source_key FROM taken_keys")
    session.unstage("taken_keys")
    for table in STREAMED:
        if table.info.get("dimension"):
            _renew(session, table, other)
        else:
            session.run(f"DELETE FROM {table.name} WHERE {_IS_TAKEN.format(row=table.name)}")
            _add(session, table.name, other, _IS_TAKEN.format(row="o"))
    session.execute("DROP TABLE taken")
    return len(taken)


_IS_TAKEN = "EXISTS (SELECT 1 FROM taken AS k WHERE k.index_key = {row}.index_key AND k.source_key = {row}.source_key)"


def _renew(session: Session, table: Any, other: str) -> None:
    """As deleting and adding, for a table with a primary key: DuckDB does not add what it deleted in one transaction."""
    keys = [column.name for column in table.primary_key.columns]
    same = " AND ".join(f"o.{key} = {table.name}.{key}" for key in keys)
    session.run(
        f"DELETE FROM {table.name} WHERE {_IS_TAKEN.format(row=table.name)} "
        f"AND NOT EXISTS (SELECT 1 FROM {other}{table.name} AS o WHERE {same})"
    )
    values = ", ".join(f"{column.name} = o.{column.name}" for column in table.columns if column.name not in keys)
    session.run(
        f"UPDATE {table.name} SET {values} FROM {other}{table.name} AS o WHERE {same} AND {_IS_TAKEN.format(row='o')}"
    )
    there = f"NOT EXISTS (SELECT 1 FROM {table.name} WHERE {same})"
    _add(session, table.name, other, f"{_IS_TAKEN.format(row='o')} AND {there}")


def _changed(session: Session, place: str) -> dict[tuple[str, int], tuple[Any, ...]]:
    """By (index, source), when its stream changed last: by a scan, by being forgotten, or by being pruned."""
    found = session.rows(f"""
SELECT s.index_key, s.source_key, GREATEST(s.created_at, s.forgotten_at, MAX(c.started_at), MAX(c.finished_at)) AS changed_at,
    COALESCE(s.pruned_before, CAST('0001-01-01 00:00:00+00' AS TIMESTAMPTZ)) AS pruned_before
FROM {place}sources AS s
LEFT JOIN {place}scans AS c ON c.index_key = s.index_key AND c.source_key = s.source_key
GROUP BY s.index_key, s.source_key, s.created_at, s.forgotten_at, s.pruned_before
""")
    return {(str(index_key), source_key): tuple(state) for index_key, source_key, *state in found}
