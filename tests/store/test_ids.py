"""Ids sort by age and are never the same."""

from webui.store.ids import new_id


def test_an_id_says_what_it_is_and_sorts_by_age() -> None:
    ids = [new_id("apr", moment) for moment in (0, 1, 1_800_000_000_000, 2**48 - 1)]
    assert ids == sorted(ids)
    assert {len(each) for each in ids} == {30}
    assert all(each.startswith("apr_") for each in ids)
    assert not set("".join(each[4:] for each in ids)) & set("ILOU")
    assert len({new_id("apr", 5) for _ in range(1_000)}) == 1_000
