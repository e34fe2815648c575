"""A Superset server with a home of its own, and its REST API."""

from __future__ import annotations

import http.cookiejar
import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bi.tools import Tool, settings

SECONDS = 180
"""How long the server may take to answer, on a machine that does much else."""
PASSWORD = "for-the-tests"

# The three commands of Superset's own instructions, in one process: each starts it anew for half a minute otherwise.
SET_UP = """
from flask.cli import ScriptInfo
from superset.app import create_app
from superset.cli.main import superset

app = create_app()
admin = "--username admin --firstname A --lastname B --email admin@example.org --password {password}"
for command in ("db upgrade", "fab create-admin " + admin, "init"):
    superset.main(args=command.split(), obj=ScriptInfo(create_app=lambda: app), standalone_mode=False)
"""


class Superset:
    """Speaks to the server as a browser does: a token, a cookie, and what protects from forged requests."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._headers = {"Content-Type": "application/json", "Referer": address}
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()), urllib.request.ProxyHandler({})
        )

    def sign_in(self) -> None:
        account = {"username": "admin", "password": PASSWORD, "provider": "db"}
        self._headers["Authorization"] = f"Bearer {self.post('security/login', account)['access_token']}"
        self._headers["X-CSRFToken"] = self.get("security/csrf_token/")["result"]

    def get(self, path: str) -> dict[str, Any]:
        return self._answer(path, None)[1]

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._answer(path, body)[1]

    def delete(self, path: str) -> None:
        self._answer(path, None, method="DELETE")

    def add_database(self, name: str, uri: str) -> int:
        """Its number. Writing is allowed in Superset, so that only the database can refuse it."""
        settings = {"expose_in_sqllab": True, "allow_dml": True, "allow_ctas": True, "allow_run_async": False}
        return int(self.post("database/", {"database_name": name, "sqlalchemy_uri": uri, **settings})["id"])

    def add_dataset(self, database: int, schema: str, view: str) -> dict[str, Any]:
        """What Superset found out about the view."""
        made = self.post("dataset/", {"database": database, "schema": schema, "table_name": view})
        dataset: dict[str, Any] = self.get(f"dataset/{made['id']}")["result"]
        return dataset

    def chart(self, dataset: int, **query: Any) -> dict[str, Any]:
        """A chart's answer: `data` has the rows, `query` the SQL."""
        context = {
            "datasource": {"id": dataset, "type": "table"},
            "queries": [{"row_limit": 100, **query}],
            "result_format": "json",
            "result_type": "full",
            "force": True,
        }
        answer: dict[str, Any] = self.post("chart/data", context)["result"][0]
        return answer

    def run(self, database: int, schema: str, sql: str) -> tuple[list[dict[str, Any]], str]:
        """The rows of a statement in SQL Lab, and the error's text."""
        body = {"database_id": database, "schema": schema, "sql": sql, "runAsync": False}
        status, answer = self._answer("sqllab/execute/", body, refused=True)
        if status == 200:
            return answer["data"], ""
        return [], str(answer["errors"][0]["message"])

    def _answer(
        self, path: str, body: dict[str, Any] | None, *, method: str | None = None, refused: bool = False
    ) -> tuple[int, dict[str, Any]]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.address}/api/v1/{path}", data, self._headers, method=method)
        try:
            with self._opener.open(request, timeout=SECONDS) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            told = error.read().decode()
            if not refused:
                raise AssertionError(f"{path}: {error.code} {told[:2000]}") from error
            return error.code, json.loads(told)


@contextmanager
def running_superset(tool: Tool, home: Path) -> Iterator[Superset]:
    """Set up as the documentation of Superset says, with nothing changed but the key, and stopped at the end."""
    config = home / "superset_config.py"
    config.write_text(f'SECRET_KEY = "for the tests alone, and long enough for that"\nDATA_DIR = "{home}"\n')
    environment = settings(
        home, SUPERSET_CONFIG_PATH=str(config), SUPERSET_HOME=str(home), FLASK_APP="superset.app:create_app()"
    )
    set_up = [tool.program("python"), "-c", SET_UP.replace("{password}", PASSWORD)]
    done = subprocess.run(set_up, env=environment, cwd=home, capture_output=True, text=True)
    assert 0 == done.returncode, done.stderr[-4000:]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = home / "server.log"
    with log.open("wb") as printed:
        serve = [tool.program("superset"), "run", "--host", "127.0.0.1", "--port", str(port), "--with-threads"]
        server = subprocess.Popen(serve, env=environment, cwd=home, stdout=printed, stderr=printed)
    try:
        superset = Superset(f"http://127.0.0.1:{port}")
        await_health(superset.address, server, log)
        superset.sign_in()
        yield superset
    finally:
        server.terminate()
        server.wait()


def await_health(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with opener.open(f"{address}/health", timeout=SECONDS):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"Superset did not start:\n{log.read_text()[-4000:]}")
