"""Chain IDs: one digest for a whole stack of layers.

The base layer's chain ID is its diff ID; above it, the SHA-256 of the chain ID below, a space and the diff ID. So two
images share a stack if, and only if, they share its chain ID. podman's layer IDs are made otherwise and are not this.

https://github.com/opencontainers/image-spec/blob/main/config.md#layer-chainid

    chain_ids(["sha256:aa…", "sha256:bb…"]) -> ["sha256:aa…", "sha256:…"]
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256


def chain_ids(diff_ids: Sequence[str]) -> list[str]:
    """The chain ID of each stack, from the base layer alone to the whole. Diff IDs are taken as they are."""
    if not diff_ids:
        return []
    chain = diff_ids[0]
    chains = [chain]
    for diff_id in diff_ids[1:]:
        chain = "sha256:" + sha256(f"{chain} {diff_id}".encode()).hexdigest()
        chains.append(chain)
    return chains
