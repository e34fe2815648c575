from hashlib import sha256

from imgindex.oci.chain import chain_ids

# As docker 20.10 wrote them to its layerdb: a folder is named by its chain ID, and holds parent and diff ID.
BASE = "sha256:95605db0db5299a2f950721bcc28004ea3619a7d9c0c52f91eadcd608abb47a0"
TOP = "sha256:d0209956043ee87348b00c393a2816c2f7e6c6125044377b67f21c64da10ef2e"
CHAIN = "sha256:a3896598162cc795fdad9eaac99b3a678274916dd394d62f7ec02242f90487e0"


def test_no_layers_have_no_chain() -> None:
    assert chain_ids([]) == []


def test_a_base_layer_is_its_own_chain() -> None:
    assert chain_ids([BASE]) == [BASE]


def test_each_layer_hashes_the_chain_below_and_its_diff_id() -> None:
    second = "sha256:" + sha256(f"{BASE} {TOP}".encode()).hexdigest()
    third = "sha256:" + sha256(f"{second} {BASE}".encode()).hexdigest()
    assert [BASE, second, third] == chain_ids([BASE, TOP, BASE])


def test_docker_makes_the_same_chain() -> None:
    assert chain_ids([BASE, TOP]) == [BASE, CHAIN]


def test_chains_of_sha512_layers_are_sha256() -> None:
    diff_id = "sha512:" + "a" * 128
    assert [diff_id, "sha256:" + sha256(f"{diff_id} {diff_id}".encode()).hexdigest()] == chain_ids([diff_id, diff_id])
