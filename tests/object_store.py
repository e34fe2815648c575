"""An S3 object store on loopback for tests: moto's, in this process, with all that it was asked written down.

A test may put an answer of its own before it (`faults`), since moto itself forbids nothing and never breaks. No client
library is needed to fill it: moto asks for a signature, and takes any.
"""

from __future__ import annotations

import contextlib
import http.client
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.datastructures import Headers
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Response

REGION = "us-east-1"
_SIGNED = f"AWS4-HMAC-SHA256 Credential=tester/20240101/{REGION}/s3/aws4_request, SignedHeaders=host, Signature=0"


class Asked(NamedTuple):
    """One request that the store's host got."""

    method: str
    path: str
    """With the bucket first, escapes resolved."""
    query: str
    headers: Headers


Fault = Callable[[Asked], Response | None]
"""An answer to give instead of the store's, or None."""


class ObjectStore:
    """A running store. `asked` and `faults` may be cleared by whoever reads or sets them."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.endpoint = f"http://{host}"
        self.asked: list[Asked] = []
        self.faults: list[Fault] = []

    @property
    def environment(self) -> dict[str, str]:
        """What a client of AWS needs in its environment to find the store."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "tester",
            "AWS_SECRET_ACCESS_KEY": "of-no-consequence",
            "AWS_REGION": REGION,
        }

    def make_bucket(self, bucket: str) -> None:
        self._send("PUT", [(bucket, b"")])

    def put(self, bucket: str, objects: Iterable[tuple[str, bytes]]) -> None:
        """Write (key, content), one after another."""
        self._send("PUT", ((f"{bucket}/{key}", content) for key, content in objects))

    def put_tree(self, bucket: str, prefix: str, folder: Path) -> None:
        """Write all files of a folder, under their paths in it; their modification times are lost."""
        files = (path for path in sorted(folder.rglob("*")) if path.is_file())
        self.put(bucket, ((f"{prefix}{path.relative_to(folder)}", path.read_bytes()) for path in files))

    def delete(self, bucket: str, key: str) -> None:
        self._send("DELETE", [(f"{bucket}/{key}", b"")])

    def _send(self, method: str, messages: Iterable[tuple[str, bytes]]) -> None:
        with contextlib.closing(http.client.HTTPConnection(self.host)) as connection:
            for path, content in messages:
                connection.request(method, f"/{path}", content, {"Authorization": _SIGNED})
                answer = connection.getresponse()
                told = answer.read()
                assert answer.status < 300, f"{method} {path}: {answer.status} {told!r}"


@contextlib.contextmanager
def running_object_store() -> Iterator[ObjectStore]:
    """Start a store. All that one process starts share their buckets, since moto keeps them by process."""
    moto = DomainDispatcherApplication(create_backend_app)
    store: ObjectStore

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        headers = Headers((name[5:].replace("_", "-"), text) for name, text in environ.items() if name[:5] == "HTTP_")
        asked = Asked(environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"], headers)
        store.asked.append(asked)
        for fault in store.faults:
            if (answer := fault(asked)) is not None:
                return answer(environ, start_response)
        return moto(environ, start_response)

    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=_Quiet)
    store = ObjectStore(f"127.0.0.1:{server.port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="session")
def object_store() -> Iterator[ObjectStore]:
    """A store that tests share: each makes a bucket of its own."""
    with running_object_store() as store:
        yield store


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None: ...
