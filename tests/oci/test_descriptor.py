import pytest

from imgindex.errors import MalformedError
from imgindex.oci.descriptor import digest_at

DIGEST = "sha256:" + "a" * 64


def test_a_digest_is_given_back() -> None:
    assert digest_at(DIGEST, "$.config.digest") == DIGEST


def test_a_digest_of_an_algorithm_without_keys_is_none() -> None:
    assert digest_at("multihash+base58:QmRZxt2b1FVZPNqd8", "$.config.digest") is None


@pytest.mark.parametrize("digest", [None, "", "sha256", ":" + "a" * 64, "sha256:" + "A" * 64, "sha256:abc"])
def test_no_digest_is_malformed_and_the_path_is_said(digest: str | None) -> None:
    with pytest.raises(MalformedError, match=r"^\$\.layers\[3\]\.digest: ") as refused:
        digest_at(digest, "$.layers[3].digest")
    assert refused.value.kind == "malformed"
