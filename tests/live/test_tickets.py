"""Tickets are single-use, short-lived and bound to one session."""

from __future__ import annotations

from webui.live.tickets import MAX_OUTSTANDING, Tickets


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_a_ticket_works_once() -> None:
    tickets = Tickets()
    ticket = tickets.issue("ann")
    assert tickets.redeem(ticket, "ann")
    assert not tickets.redeem(ticket, "ann")


def test_another_session_spends_it_in_vain() -> None:
    tickets = Tickets()
    ticket = tickets.issue("ann")
    assert not tickets.redeem(ticket, "eve")
    assert not tickets.redeem(ticket, "ann")


def test_a_ticket_lives_for_a_minute() -> None:
    clock = Clock()
    tickets = Tickets(clock)
    early, late = tickets.issue("ann"), tickets.issue("ann")
    clock.now += 59.9
    assert tickets.redeem(early, "ann")
    clock.now += 0.1
    assert not tickets.redeem(late, "ann")


def test_nobody_spends_what_was_never_issued() -> None:
    assert not Tickets().redeem("", "")
    assert not Tickets().redeem("x", "ann")


def test_a_ticket_has_128_random_bits() -> None:
    tickets = Tickets()
    issued = {tickets.issue("ann") for _ in range(1_000)}
    assert len(issued) == 1_000
    assert {len(ticket) for ticket in issued} == {22}


def test_old_ones_make_room() -> None:
    clock = Clock()
    tickets = Tickets(clock)
    first = tickets.issue("ann")
    for _ in range(MAX_OUTSTANDING):
        last = tickets.issue("ann")
    assert not tickets.redeem(first, "ann")
    assert tickets.redeem(last, "ann")
