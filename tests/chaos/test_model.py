"""R6 and R7: the whole desk against a dictionary, on any sequence of operations."""

import itertools
import random
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.plugins.rules import Desk
from tests.plugins.simulation import (
    AGENTS,
    CALLS,
    PEOPLE,
    TERMS,
    Model,
    Run,
    furnish_groups,
)
from webui.approvals.answering import conversation
from webui.approvals.states import Verdict

RESULTS = ("ok", "error", "unknown")
VERDICTS = (*[Verdict.APPROVE] * 3, *Verdict)
"""Yes more often than anything else, so that there is something to use."""
_numbers = itertools.count()
_proof = pytest.mark.proof
_agents = st.sampled_from(AGENTS)
_calls = st.integers(0, CALLS - 1)
_terms = st.sampled_from((0, 0, *range(len(TERMS))))
_people = st.sampled_from(PEOPLE)
_newest = st.integers(1, 4)
_tokens = st.sampled_from((0, 0, 0, 1, 2))


class Machine(RuleBasedStateMachine):
    """Operations in any order; after each, both answers and all rows must agree."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk

    @initialize()
    def begin(self) -> None:
        self.model, self.run = Model(), Run(self.desk, f"run{next(_numbers)}")

    def _at(self, newest: int) -> int:
        return max(0, len(self.model.rows) - newest)

    def _both(self, operation: str, *args: object, **named: object) -> None:
        expected = getattr(self.model, operation)(*args, **named)
        assert getattr(self.run, operation)(*args, **named) == expected

    def _some(self) -> bool:
        return bool(self.model.rows)

    def _used(self) -> bool:
        return any(row.uses for row in self.model.rows)

    def _of_use(self, newest: int, older: int) -> tuple[int, int]:
        used = [at for at, row in enumerate(self.model.rows) if row.uses]
        at = used[max(0, len(used) - newest)]
        return at, self.model.rows[at].uses - older

    @rule(agent=_agents, call=_calls, terms=_terms)
    def submit(self, agent: str, call: int, terms: int) -> None:
        self._both("submit", agent, call, terms)

    @rule(agent=_agents, call=_calls, terms=_terms)
    def gate(self, agent: str, call: int, terms: int) -> None:
        self._both("gate", agent, call, terms)

    @precondition(_some)
    @rule(
        who=_people,
        newest=_newest,
        verdict=st.sampled_from(VERDICTS),
        value=st.integers(0, 2),
        grant=st.sampled_from((False, False, True)),
    )
    def decide(
        self, who: str, newest: int, verdict: Verdict, value: int, grant: bool
    ) -> None:
        self._both("decide", who, self._at(newest), verdict, value, grant)

    @precondition(_some)
    @rule(who=_people, newest=_newest)
    def revoke(self, who: str, newest: int) -> None:
        self._both("revoke", who, self._at(newest))

    @precondition(lambda self: self.model.grants)
    @rule(who=_people, newest=_newest)
    def revoke_grant(self, who: str, newest: int) -> None:
        self._both("revoke_grant", who, max(0, len(self.model.grants) - newest))

    @precondition(_some)
    @rule(who=_people, newest=_newest, verb=st.sampled_from(("claim", "release", "write")))
    def look_into(self, who: str, newest: int, verb: str) -> None:
        self._both(verb, who, self._at(newest))

    @precondition(_some)
    @rule(agent=_agents, newest=_newest)
    def say(self, agent: str, newest: int) -> None:
        self._both("say", agent, self._at(newest))

    @precondition(_some)
    @rule(newest=_newest, value=st.sampled_from((0, 0, 1, 2, -1)))
    def consume(self, newest: int, value: int) -> None:
        self._both("consume", self._at(newest), value=value)

    @precondition(_used)
    @rule(newest=_newest, older=_tokens)
    def roll_back(self, newest: int, older: int) -> None:
        self._both("roll_back", *self._of_use(newest, older))

    @precondition(_used)
    @rule(newest=_newest, older=_tokens, result=st.sampled_from(RESULTS))
    def report(self, newest: int, older: int, result: str) -> None:
        self._both("report", *self._of_use(newest, older), result)

    @precondition(_used)
    @rule(newest=_newest, older=_tokens)
    def heartbeat(self, newest: int, older: int) -> None:
        self._both("heartbeat", *self._of_use(newest, older))

    @precondition(_some)
    @rule(agent=_agents, newest=_newest)
    def cancel(self, agent: str, newest: int) -> None:
        self._both("cancel", agent, self._at(newest))

    @rule(agent=_agents)
    def end_session(self, agent: str) -> None:
        self._both("end_session", agent)

    @rule(ticks=st.sampled_from((1, 1, 1, 2, 3, 5, 10)))
    def advance(self, ticks: int) -> None:
        self._both("advance", ticks)

    @rule()
    def sweep(self) -> None:
        self._both("sweep")

    @invariant()
    def agree(self) -> None:
        assert self.run.state() == self.model.state()

    def teardown(self) -> None:
        if hasattr(self, "run"):
            self.run.check()
            self.run.end_grants()


@pytest.fixture(autouse=True)
def _no_floods(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let agents write as often as a run of many examples needs."""
    monkeypatch.setattr(conversation, "RATE", 0)


@pytest.mark.parametrize(
    "database_url",
    ["sqlite", pytest.param("postgresql", marks=pytest.mark.sure)],
    indirect=True,
)
@pytest.mark.parametrize(
    "examples",
    [
        25,
        pytest.param(60, marks=pytest.mark.sure),
        pytest.param(2_000, marks=_proof),
    ],
)
def test_the_desk_is_its_model(desk: Desk, examples: int) -> None:
    """R7, with I1 to I12 checked at the end of every example."""
    furnish_groups(desk)
    run_state_machine_as_test(
        cast("Any", lambda: Machine(desk)),  # any maker will do; its types say a class
        settings=settings(
            max_examples=examples,
            stateful_step_count=30 if examples < 100 else 50,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )


def pick(chance: random.Random, model: Model) -> tuple[str, tuple[object, ...]]:
    """Return one operation that the model, as it stands, makes interesting."""
    agent, call = chance.choice(AGENTS), chance.randrange(CALLS)
    terms = chance.choice((0, 0, *range(len(TERMS))))
    who = chance.choice(PEOPLE)
    at = max(0, len(model.rows) - chance.randint(1, 4))
    used = [each for each, row in enumerate(model.rows) if row.uses]
    of = chance.choice(used[-4:]) if used else None
    token = 0 if of is None else model.rows[of].uses - chance.choice((0, 0, 0, 1))
    operations: list[tuple[str, tuple[object, ...]]] = [
        ("submit", (agent, call, terms)),
        ("gate", (agent, call, terms)),
        ("advance", (chance.choice((1, 1, 2, 3, 10)),)),
    ]
    if chance.random() < 0.2:
        operations += [("end_session", (agent,)), ("sweep", ())]
    if model.rows:
        verdict, value = chance.choice(VERDICTS), chance.randrange(3)
        grant = chance.random() < 0.4
        operations += [("decide", (who, at, verdict, value, grant))] * 5
        operations += [("cancel", (agent, at)), ("say", (agent, at))]
        operations += [
            (verb, (who, at)) for verb in ("revoke", "claim", "release", "write")
        ]
    if model.grants:
        operations += [("revoke_grant", (who, chance.randrange(len(model.grants))))]
    if of is not None:
        operations += [
            ("roll_back", (of, token)),
            ("report", (of, token, chance.choice(RESULTS))),
            ("heartbeat", (of, token)),
        ]
    return chance.choice(operations)


@pytest.mark.parametrize(
    "operations",
    [
        100,
        pytest.param(200, marks=pytest.mark.sure),
        pytest.param(2_000, marks=_proof),
    ],
)
def test_both_databases_give_the_same_answers(desk: Desk, operations: int) -> None:
    """R6: the same operations on each, with the model as the referee between them."""
    chance = random.Random(20_260_101)  # noqa: S311 - a game, and the same one each time
    furnish_groups(desk)
    model, run = Model(), Run(desk, "referee")
    for number in range(operations):
        operation, args = pick(chance, model)
        expected = getattr(model, operation)(*args)
        assert getattr(run, operation)(*args) == expected, (number, operation, args)
        if number % 10 == 0:
            assert run.state() == model.state(), (number, operation, args)
    assert run.state() == model.state()
    run.check()
