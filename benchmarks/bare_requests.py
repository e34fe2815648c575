"""What no crawl with aiohttp can do without: the same requests, each body hashed and decoded, and nothing else.

    python benchmarks/bare_requests.py URL JOBS PATHS

PATHS is a file with a path a line, in the order in which they are asked for.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from imgindex.sources.registry_api.documents import ACCEPT


async def ask(url: str, jobs: int, paths: list[str]) -> None:
    """Raises aiohttp.ClientResponseError where one is refused."""
    waiting = iter(paths)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False, raise_for_status=True
    ) as session:
        await asyncio.gather(*(_work(session, url, waiting) for _ in range(jobs)))


async def _work(session: aiohttp.ClientSession, url: str, waiting: Iterator[str]) -> None:
    for path in waiting:
        async with session.get(url + path, headers={"Accept": ACCEPT}) as answer:
            body = await answer.read()
        hashlib.sha256(body).digest()
        msgspec.json.decode(body)


if __name__ == "__main__":
    asyncio.run(ask(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]).read_text().splitlines()))
