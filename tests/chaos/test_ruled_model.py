"""R6 and R7 under a policy: budgets, changes of rules and escalation against a dictionary."""

import random

import pytest

from tests.plugins.rules import Desk
from tests.plugins.simulation import join_group
from tests.plugins.simulation_ruled import (
    AMOUNTS,
    DECIDERS,
    PEOPLE,
    VERSIONS,
    RuledModel,
    RuledRun,
)
from webui.approvals.states import Verdict

Operation = tuple[str, tuple[object, ...]]
STEPS = 40


def pick(chance: random.Random, model: RuledModel) -> Operation:
    """Return one operation that the model, as it stands, makes interesting."""
    amount = chance.choice(AMOUNTS)
    operations: list[Operation] = [
        ("submit", (amount,)),
        ("gate", (amount,)),
        ("gate", (amount,)),
        ("advance", (chance.choice((1, 1, 2, 3, 10)),)),
    ]
    if chance.random() < 0.3:
        other = chance.choice([each for each in VERSIONS if each != model.policy])
        operations += [
            ("change", (other,)),
            ("escalate", ()),
            ("escalate", ()),
            ("sweep", ()),
        ]
    if model.rows:
        at = max(0, len(model.rows) - chance.randint(1, 5))
        asked = [each for each, row in enumerate(model.rows) if not row.settled_by_rule]
        of = chance.choice(asked[-3:]) if asked else at
        verdict = chance.choice((Verdict.APPROVE, Verdict.APPROVE, Verdict.DENY))
        operations += [("decide", (chance.choice(PEOPLE), of, verdict))] * 3
        operations += [("consume", (at,)), ("consume", (of,))]
    used = [each for each, row in enumerate(model.rows) if row.uses]
    if used:
        of = chance.choice(used[-3:])
        operations += [("roll_back", (of,)), ("roll_back", (of,)), ("report", (of,))]
    return chance.choice(operations)


@pytest.mark.parametrize(
    "runs",
    [
        6,
        pytest.param(60, marks=pytest.mark.sure),
        pytest.param(1_000, marks=pytest.mark.proof),
    ],
)
def test_a_desk_under_a_policy_is_its_model(desk: Desk, runs: int) -> None:
    for group, who in DECIDERS.items():
        join_group(desk, group, who)
    for number in range(runs):
        chance = random.Random(number)  # noqa: S311 - a game, and the same one each time
        run = RuledRun(desk, f"charge_{number}")
        model = RuledModel(run.begin())
        done: list[Operation] = []
        for _ in range(STEPS):
            operation, args = pick(chance, model)
            done.append((operation, args))
            expected = getattr(model, operation)(*args)
            assert getattr(run, operation)(*args) == expected, "\n".join(
                map(str, [number, *done])
            )
            assert run.state() == model.state(), "\n".join(map(str, [number, *done]))
        run.check()
