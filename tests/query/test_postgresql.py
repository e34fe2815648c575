"""Reading from PostgreSQL as docs/postgresql.md promises: its roles, made for real, and attempts to do more."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy
from sqlalchemy import Engine

from imgindex.errors import QueryError, QueryTimeoutError, StoreError
from imgindex.query.export.snapshot import export_snapshot
from imgindex.query.run import run_sql
from imgindex.store import migrate
from imgindex.store.engine import connect, open_engine
from imgindex.store.schema import VIEWS, metadata
from tests.conftest import ROOT
from tests.export.conftest import Unwatched
from tests.postgres import administer

SQL_BLOCK = re.compile(r"```sql\n(.*?)```", re.DOTALL)
NAME = re.compile(r"\bimgindex(_reader)?\b")


@pytest.fixture(scope="module")
def as_role(postgresql_server: sqlalchemy.URL) -> Iterator[Callable[[str], str]]:
    """The document's statements, run with names of this test's own: the index's URL for `imgindex` or its reader."""
    own = f"imgindex_roles_{os.getpid()}"
    roles, grants = (NAME.sub(rf"{own}\1", block) for block in SQL_BLOCK.findall(document()))

    def url(role: str) -> str:
        place = postgresql_server.set(database=own, username=NAME.sub(rf"{own}\1", role))
        return place.render_as_string(hide_password=False)

    for statement in roles.split(";\n"):
        if "CREATE" in statement:
            administer(postgresql_server, statement)
    try:
        for statement in grants.split(";\n"):
            if statement.strip():
                administer(postgresql_server.set(database=own), statement)
        migrate.upgrade(url("imgindex"))
        yield url
    finally:
        administer(postgresql_server, f"DROP DATABASE IF EXISTS {own} WITH (FORCE)")
        for name in (f"{own}_reader", own):
            administer(postgresql_server, f"DROP ROLE IF EXISTS {name}")


def document() -> str:
    return (ROOT / "docs/postgresql.md").read_text(encoding="utf-8")


@pytest.fixture
def reader(as_role: Callable[[str], str]) -> Engine:
    return open_engine(as_role("imgindex_reader"), read_only=True)


@pytest.fixture
def superuser(postgresql_url: str) -> Engine:
    return connect(postgresql_url, read_only=True)


def refusal(engine: Engine, sql: str) -> str:
    """What running the statement, and reading its answer, is refused with."""
    with pytest.raises(QueryError) as raised:
        list(run_sql(engine, sql).rows())
    return str(raised.value)


def test_the_reader_reads_every_view_and_table(reader: Engine) -> None:
    for name in [*(view.name for view in VIEWS), *metadata.tables]:
        assert len(list(run_sql(reader, f"SELECT COUNT(*) AS n FROM {name}").rows())) == 1


def test_the_reader_reads_views_that_were_made_anew(as_role: Callable[[str], str], reader: Engine) -> None:
    with connect(as_role("imgindex"), read_only=False).begin() as connection:
        connection.exec_driver_sql("CREATE VIEW anew AS SELECT 7 AS x")
    assert list(run_sql(reader, "SELECT x FROM anew").rows()) == [(7,)]


def test_the_reader_exports(as_role: Callable[[str], str], tmp_path: Path) -> None:
    manifest = export_snapshot(as_role("imgindex_reader"), tmp_path / "fleet.duckdb", Unwatched())
    assert {item["name"] for item in manifest["relations"]} == set(metadata.tables)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO blobs VALUES (1, 'x', 1)",
        "DELETE FROM blobs",
        "TRUNCATE blobs",
        "DROP VIEW image_sizes",
        "CREATE TABLE t (a INTEGER)",
        "CREATE TEMPORARY TABLE t (a INTEGER)",
        "CREATE FUNCTION f() RETURNS INTEGER LANGUAGE sql AS 'SELECT 1'",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT lo_import('/etc/passwd')",
        "COPY blobs TO PROGRAM 'cat'",
        "COPY (SELECT 1) TO '/tmp/imgindex-canary'",
        "SET ROLE {owner}",
        "ALTER ROLE {owner}_reader SUPERUSER",
    ],
)
def test_the_reader_cannot_do_more_even_without_imgindex(as_role: Callable[[str], str], statement: str) -> None:
    url = sqlalchemy.make_url(as_role("imgindex_reader"))
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.format(owner=url.database))


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT pg_catalog.PG_READ_FILE('/etc/passwd')",
        "SELECT \"pg_read_file\" /* x */ ('/etc/passwd')",
        "SELECT U&\"pg\\005fread_file\"('/etc/passwd')",
        "SELECT * FROM pg_ls_dir('/etc')",
        "SELECT lo_import('/etc/passwd')",
        "SELECT lo_export(1, '/tmp/imgindex-canary')",
        "SELECT set_config('transaction_read_only', 'off', FALSE)",
        "SELECT query_to_xml('SELECT pg_read_file(''/etc/passwd'')', true, true, '')",
        "SELECT * FROM dblink('host=x', 'SELECT 1') AS t(a integer)",
        "SELECT pg_terminate_backend(1)",
        "SELECT pg_advisory_lock(1)",
        "COPY blobs TO PROGRAM 'cat'",
        "COPY blobs TO '/tmp/imgindex-canary'",
        "SET TRANSACTION READ WRITE",
        "SELECT 1; COMMIT; CREATE TABLE t (a INTEGER)",
        "DO $$ BEGIN CREATE TABLE t (a INTEGER); END $$",
    ],
)
def test_a_superusers_attempts_are_refused_before_the_server_is_asked(superuser: Engine, sql: str) -> None:
    assert "refused" in refusal(superuser, sql) or "one at a time" in refusal(superuser, sql)


def test_what_only_looks_like_an_attempt_is_answered(superuser: Engine) -> None:
    sql = "SELECT 'pg_read_file(' AS a, lower('SET_CONFIG') AS pg_read_file, COUNT(*) AS n FROM pg_stat_activity"
    assert next(run_sql(superuser, sql).rows())[:2] == ("pg_read_file(", "set_config")


def test_the_server_takes_one_statement_whatever_we_make_of_it(
    superuser: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for first in ("SELECT", "EXPLAIN"):
        monkeypatch.setattr("imgindex.query.run.check_statement", lambda *_, first=first: first)
        said = refusal(
            superuser, f"{first} {'SELECT ' if first == 'EXPLAIN' else ''}1; COMMIT; CREATE TABLE t (a INTEGER)"
        )
        assert "multiple commands" in said or "syntax error" in said
        assert 'relation "t" does not exist' in refusal(superuser, "SELECT * FROM t")


def test_no_transaction_of_a_reader_can_be_made_to_write(superuser: Engine) -> None:
    with superuser.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
        for attempt in ("SELECT set_config('transaction_read_only', 'off', false)", "SET TRANSACTION READ WRITE"):
            with pytest.raises(sqlalchemy.exc.DBAPIError, match="read-write mode must be set before any query"):
                connection.exec_driver_sql(attempt)
            connection.rollback()
            connection.exec_driver_sql("SELECT 1")
        connection.rollback()
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.autocommit = True  # as after a COMMIT that got through
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            driver.execute("CREATE TABLE t (a INTEGER)")


def test_a_query_is_stopped_when_its_time_is_over(superuser: Engine) -> None:
    for sql in ("SELECT pg_sleep(600)", "EXPLAIN ANALYZE SELECT pg_sleep(600)"):
        with pytest.raises(QueryTimeoutError, match=r"stopped after 0\.2 s.*--timeout"):
            list(run_sql(superuser, sql, timeout=0.2).rows())


def test_the_time_of_all_batches_counts_together(superuser: Engine) -> None:
    sql = "SELECT pg_sleep(0.0002) AS x, generate_series(1, 1000000) AS n"
    with pytest.raises(QueryTimeoutError, match="stopped after 1 s"):
        list(run_sql(superuser, sql, timeout=1).rows())


def test_another_querys_time_is_its_own(superuser: Engine) -> None:
    assert list(run_sql(superuser, "SELECT 1 AS x", timeout=0.5).rows()) == [(1,)]
    assert list(run_sql(superuser, "SELECT 1 AS x, pg_sleep(0.6) IS NULL AS y").rows()) == [(1, False)]


def test_the_environment_and_service_files_name_the_database(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate.upgrade(postgresql_url)
    url = sqlalchemy.make_url(postgresql_url)
    service = tmp_path / "pg_service.conf"
    service.write_text(
        f"[imgindex]\nhost={url.host}\nport={url.port}\nuser={url.username}\ndbname={url.database}\n", encoding="utf-8"
    )
    monkeypatch.setenv("PGSERVICEFILE", str(service))
    by_service = open_engine("postgresql:///?service=imgindex", read_only=True)
    facts = {"PGHOST": url.host, "PGPORT": str(url.port), "PGUSER": url.username, "PGDATABASE": url.database}
    for name, value in facts.items():
        monkeypatch.setenv(name, value or "")
    by_environment = open_engine("postgresql://", read_only=True)
    for engine in (by_service, by_environment):
        assert list(run_sql(engine, "SELECT current_database() AS x").rows()) == [(url.database,)]


def test_options_of_the_connection_are_passed_on_and_a_password_is_hidden(postgresql_url: str) -> None:
    url = sqlalchemy.make_url(postgresql_url).set(password="canary", query={"sslmode": "verify-full"})
    with pytest.raises(StoreError) as raised:
        open_engine(url.render_as_string(hide_password=False), read_only=True)
    assert "SSL" in str(raised.value) or "root certificate" in str(raised.value)
    assert "canary" not in str(raised.value)
