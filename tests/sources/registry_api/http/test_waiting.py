"""Passing troubles, allowances, and how many requests it takes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TypeVar

import pytest

from imgindex.sources.registry_api.http.answer import Answer
from imgindex.sources.registry_api.http.client import Client
from imgindex.sources.registry_api.http.errors import (
    BudgetSpentError,
    StatusError,
    ThrottledError,
    UnavailableError,
)
from imgindex.sources.registry_api.http.pace import read_retry_after
from imgindex.sources.registry_api.http.ratelimit import RateLimit, read_ratelimit
from tests.sources.registry_api.fake import FakeServer, Reply, Seen
from tests.sources.registry_api.http.conftest import client_of

T = TypeVar("T")
CATALOG = "/v2/_catalog"
GOOD = Reply.of({"repositories": []})


def using(fake: FakeServer, work: Callable[[Client], Awaitable[T]], **more: object) -> T:
    async def run() -> T:
        async with client_of(fake.host, **more) as client:  # type: ignore[arg-type]
            return await work(client)

    return asyncio.run(run())


def get(client: Client, **more: object) -> Awaitable[Answer]:
    return client.get(CATALOG, scope="registry:catalog:*", limit=1000, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("trouble", [Reply(500), Reply(502), Reply(503), Reply(504), Reply(408), Reply(raw=b"")])
def test_passing_trouble_is_tried_again(fake: FakeServer, trouble: Reply) -> None:
    fake.routes[CATALOG] = [trouble, trouble, GOOD]
    assert using(fake, get).body == GOOD.body
    assert len(fake.seen) == 3


@pytest.mark.parametrize(("status", "kind"), [(500, UnavailableError), (501, UnavailableError), (400, StatusError)])
def test_lasting_trouble_is_an_error(fake: FakeServer, status: int, kind: type[Exception]) -> None:
    fake.routes[CATALOG] = Reply.of({"errors": [{"code": "PAGINATION_NUMBER_INVALID", "message": "no"}]}, status)
    with pytest.raises(kind, match=f"{status} PAGINATION_NUMBER_INVALID no"):
        using(fake, get)
    assert len(fake.seen) == (3 if status == 500 else 1)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 500])
def test_expected_statuses_are_answers(fake: FakeServer, status: int) -> None:
    fake.routes[CATALOG] = Reply(status, b"why")
    answer = using(fake, lambda client: get(client, expected=(status,)))
    assert (answer.status, answer.body) == (status, b"why")


def test_a_refused_connection_is_no_passing_trouble_at_first() -> None:
    async def ask() -> int:
        async with client_of("127.0.0.1:1") as client:
            with pytest.raises(UnavailableError, match="Connection refused"):
                await get(client)
            return client.requests_made

    assert asyncio.run(ask()) == 1


def test_too_many_requests_hold_the_whole_host(fake: FakeServer) -> None:
    times: list[float] = []

    def answer(seen: Seen) -> Reply:
        times.append(time.monotonic())
        return Reply(429, headers={"Retry-After": "1"}) if len(times) == 1 else GOOD

    fake.routes[CATALOG] = answer

    async def work(client: Client) -> None:
        first = asyncio.create_task(get(client))  # type: ignore[arg-type]
        while not times:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        await asyncio.gather(first, *(get(client) for _ in range(3)))

    using(fake, work)
    assert len(times) == 5
    assert all(later - times[0] >= 0.99 for later in times[1:])


def test_a_wait_beyond_what_is_allowed_ends_it(fake: FakeServer) -> None:
    fake.routes[CATALOG] = Reply(429, headers={"Retry-After": "3600"})
    with pytest.raises(ThrottledError) as caught:
        using(fake, get)
    assert (caught.value.retry_after, len(fake.seen)) == (3600, 1)
    fake.routes[CATALOG] = Reply(429)
    with pytest.raises(ThrottledError):
        using(fake, get, throttle_seconds=0.02)


def test_a_spent_allowance_is_respected_by_get_and_not_by_head(fake: FakeServer) -> None:
    spent = Reply(headers={"ratelimit-limit": "100;w=21600", "ratelimit-remaining": "0;w=21600"})
    fake.routes[CATALOG] = [spent, GOOD]

    async def work(client: Client) -> RateLimit | None:
        await get(client)
        with pytest.raises(ThrottledError, match="0 of 100 requests left in 21600 s"):
            await get(client)
        await client.head(CATALOG, scope="registry:catalog:*")
        return client.ratelimit

    assert using(fake, work) == RateLimit(100, 0, 21600, None)
    assert fake.paths == [f"GET {CATALOG}", f"HEAD {CATALOG}"]


def test_the_budget_counts_tokens_and_further_attempts(fake: FakeServer) -> None:
    challenge = Reply(401, headers={"WWW-Authenticate": f'Bearer realm="{fake.url}/token"'})
    fake.routes["/token"] = Reply.of({"access_token": "t", "expires_in": 300})
    fake.routes[CATALOG] = [challenge, Reply(503), GOOD]

    async def work(client: Client) -> int:
        await get(client)
        with pytest.raises(BudgetSpentError):
            await get(client)
        return client.requests_made

    assert using(fake, work, max_requests=4) == 4
    assert fake.paths == [f"GET {CATALOG}", "GET /token?scope=registry:catalog:*", f"GET {CATALOG}", f"GET {CATALOG}"]


def test_no_more_than_jobs_are_under_way(fake: FakeServer) -> None:
    fake.routes[CATALOG] = Reply(body=GOOD.body, wait=0.05)

    async def work(client: Client) -> list[Answer]:
        return await asyncio.gather(*(get(client) for _ in range(8)))

    begun = time.monotonic()
    assert len(using(fake, work, jobs=2)) == 8
    assert time.monotonic() - begun >= 0.2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
    ],
)
def test_retry_after_is_read(text: str, expected: float | None) -> None:
    assert read_retry_after({"Retry-After": text}) == expected


def test_retry_after_may_be_a_date() -> None:
    seconds = read_retry_after({"Retry-After": format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)})
    assert seconds is not None
    assert 80 < seconds <= 90


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"ratelimit-limit": "100;w=21600", "ratelimit-remaining": "76;w=21600"}, RateLimit(100, 76, 21600, None)),
        ({"ratelimit-remaining": "5", "ratelimit-reset": "30"}, RateLimit(None, 5, None, 30)),
        ({"ratelimit-limit": "100, 100;w=60", "ratelimit-remaining": "9"}, RateLimit(100, 9, 60, None)),
        ({"ratelimit-limit": "100"}, None),
        ({"ratelimit-remaining": "many"}, None),
    ],
)
def test_allowances_are_read(headers: dict[str, str], expected: RateLimit | None) -> None:
    assert read_ratelimit(headers) == expected
