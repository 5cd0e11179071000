from hashlib import sha256

import pytest

from webui.audit import merkle

# The published vectors of Certificate Transparency for RFC 6962: leaves, root of the first n.
LEAVES = [
    bytes.fromhex(leaf)
    for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")
] + [bytes(range(0x60, 0x70))]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize("size", range(len(ROOTS)))
def test_the_roots_are_those_published_for_rfc_6962(size: int) -> None:
    frontier, grown = merkle.grow(merkle.EMPTY, 0, LEAVES[:size])
    assert grown == size
    assert merkle.root(frontier, size).hex() == ROOTS[size]


def recursive_root(entries: list[bytes]) -> bytes:
    """Section 2.1 of RFC 6962 as it is written there."""
    if len(entries) < 2:
        return sha256(b"\x00" + entries[0]).digest()
    half = 1 << (len(entries) - 1).bit_length() - 1
    left, right = recursive_root(entries[:half]), recursive_root(entries[half:])
    return sha256(b"\x01" + left + right).digest()


def test_the_frontier_gives_the_root_of_the_recursive_definition_at_every_size() -> None:
    entries = [b"entry %d" % number for number in range(130)]
    frontier = merkle.EMPTY
    for size, entry in enumerate(entries):
        frontier = merkle.append(frontier, size, merkle.leaf(entry))
        assert merkle.root(frontier, size + 1) == recursive_root(entries[: size + 1])


def test_the_frontier_of_a_billion_rows_and_more_stays_small() -> None:
    size = 2**40 - 1
    frontier = merkle.append(bytes(32 * 40), size, bytes(32))
    assert len(frontier) == 32


def test_a_frontier_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="head of the log is damaged"):
        merkle.append(bytes(32), 2**2 - 1, bytes(32))
    with pytest.raises(ValueError, match="head of the log is damaged"):
        merkle.root(bytes(32), 0)
