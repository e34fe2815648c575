"""Talking to one registry: signing in, TLS, retries, redirects, budgets. What the answers mean is not known here.

The only folder that imports aiohttp.

    async with Client("registry.example", FetchOptions(), Limits()) as client:
        answer = await client.get("/v2/team/web/tags/list", scope="repository:team/web:pull", limit=4 << 20)
"""
