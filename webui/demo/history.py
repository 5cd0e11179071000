"""Furnishing the demo: people, agents, and three days of calls that were decided."""

import itertools
import json
from dataclasses import dataclass
from importlib.resources import files

from webui.approvals import ending
from webui.approvals.agents import agents
from webui.approvals.answering import looking
from webui.approvals.answering.deciding import decide
from webui.approvals.answering.reviewing import Look, Reviewer, seal_of
from webui.approvals.asking import intake
from webui.approvals.asking.ask import Filer, Limits
from webui.approvals.call.canonical import canonical
from webui.approvals.people import accounts, groups
from webui.approvals.people.passwords import hash_password
from webui.approvals.people.standing import By
from webui.approvals.ruling import policies
from webui.approvals.states import Verdict
from webui.approvals.use import leases, using
from webui.asks import AskBody, prepare
from webui.demo.stories import STORIES, Story
from webui.preview import PREVIEW_VERSION
from webui.runtime import open_store, prepare_instance
from webui.settings import Settings
from webui.store.clock import Clock, wall_ms
from webui.store.models import Approval
from webui.store.store import Store
from webui.store.transaction import Transaction

PASSWORD = "demo-demo-demo"  # noqa: S105 - a demo is for looking around, on this machine only
KEYS = "demo-keys.json"
DAYS = 3
STORIES_TOLD = 40
SECOND, MINUTE = 1_000, 60_000
WAITS = (
    41 * SECOND,
    2 * MINUTE,
    12 * SECOND,
    7 * MINUTE,
    90 * SECOND,
    26 * MINUTE,
    4 * SECOND,
)
"""How long calls waited, one after the other."""
LOOKED = (41, 18, 1, 64, 9, None, 2)
"""Seconds on screen; nobody counts them in a chat."""
UNANSWERED = 16 * MINUTE
"""How long nobody answers until a call has expired, ms."""
PEOPLE = {
    "ana": ("ana@northwind.example", "Ana Lindqvist", "owner"),
    "bo": ("bo@northwind.example", "Bo Okafor", "reviewer"),
    "rae": ("rae@northwind.example", "Rae Tanaka", "reviewer"),
    "ed": ("ed@northwind.example", "Ed Moreau", "auditor"),
}


GROUPS = {"platform": ("ana", "bo", "rae"), "finance": ("ana", "rae")}
BEFORE = """# Where everybody begins: a person looks at everything.
version: "1"
default: require_approval
tools:
  payments.refund:
    rules:
      - name: money that leaves
        action: require_approval
  shell.run:
    rules:
      - name: commands on our hosts
        action: require_approval
  kubernetes.apply:
    rules:
      - name: what runs in production
        action: require_approval
"""
"""The policy of the past; what the agents do now is ruled by `policy.yaml` beside this file."""


@dataclass(frozen=True, slots=True)
class Welcome:
    """How to look around."""

    email: str

    def text(self, settings: Settings) -> str:
        """Return what the terminal says."""
        return (
            f"A desk to look around: http://{settings.bind.replace('127.0.0.1', 'localhost')}\n"
            f"  Sign in with {self.email} and the password {PASSWORD}\n"
            "  Other people: bo@, rae@ and ed@northwind.example, with the same password.\n"
        )


class PastClock:
    """A wall clock that was set back, and is moved on by the story."""

    def __init__(self) -> None:
        self.time = wall_ms() - DAYS * 86_400_000

    def __call__(self) -> int:
        """Return the time of the story, ms."""
        return self.time


def furnish(settings: Settings) -> Welcome:
    """Make the demo's instance if it is not there yet."""
    welcome = Welcome(PEOPLE["ana"][0])
    if (settings.instance / KEYS).exists():
        return welcome
    settings.instance.parent.mkdir(parents=True, exist_ok=True)
    prepare_instance(settings)
    past = PastClock()
    store = open_store(settings, clock=Clock(wall=past, monotonic=lambda: 0))
    try:
        past.time += MINUTE
        keys = _settle_in(store)
        _rule(store, keys, BEFORE, "ana", "Ask about everything, and see what repeats.")
        _live_through(store, past, keys)
        rules = files(__package__).joinpath("policy.yaml").read_text("utf-8")
        _rule(store, keys, rules, "ana", "Three days of it: what never was denied goes by.")
    finally:
        store.close()
    file = settings.instance / KEYS
    file.touch(mode=0o600)
    file.write_text(
        json.dumps({"url": f"http://{settings.agent_bind}", "keys": keys["keys"]}),
        encoding="utf-8",
    )
    return welcome


def _settle_in(store: Store) -> dict[str, dict[str, str]]:
    hashed = hash_password(PASSWORD)

    def unit(tx: Transaction) -> dict[str, dict[str, str]]:
        accounts.prepare_install(tx)
        org_id = accounts.create_org(tx, "Northwind")
        people = {
            short: accounts.create_user(
                tx,
                org_id,
                email=email,
                role=role,
                password_hash=hashed,
                display_name=name,
                instance_admin=short == "ana",
            ).id
            for short, (email, name, role) in PEOPLE.items()
        }
        for group, members in GROUPS.items():
            group_id = groups.create_group(tx, org_id, By(), group)
            for short in members:
                groups.add_to_group(tx, org_id, By(), group_id, PEOPLE[short][0])
        names = sorted({story.agent for story in STORIES})
        made = {name: agents.create_agent(tx, org_id, name) for name in names}
        keys = {name: agents.create_key(tx, org_id, made[name]) for name in names}
        return {"org": {"id": org_id}, "people": people, "agents": made, "keys": keys}

    return store.write(unit)


def _rule(
    store: Store, cast: dict[str, dict[str, str]], text: str, who: str, note: str
) -> None:
    by = By(cast["people"][who])
    org_id = cast["org"]["id"]
    store.write(lambda tx: policies.accept(tx, org_id, text, by, note=note).changed)


def _live_through(store: Store, past: PastClock, cast: dict[str, dict[str, str]]) -> None:
    org_id = cast["org"]["id"]
    begin = past.time
    slot = (wall_ms() - 40 * MINUTE - begin) // STORIES_TOLD  # longer than any story takes
    for place, story in zip(range(STORIES_TOLD), itertools.cycle(STORIES), strict=False):
        past.time = begin + (place + 1) * slot
        told = _varied(story, place)
        filer = Filer(cast["agents"][told.agent], org_id)
        _happen(store, past, filer, told, cast["people"], place)


def _varied(story: Story, place: int) -> Story:
    """Make each telling a call of its own."""
    arguments = story.arguments | {"request": f"NW-{4100 + place}"}
    return Story(
        **{name: getattr(story, name) for name in story.__slots__ if name != "arguments"},
        arguments=arguments,
    )


def _happen(
    store: Store,
    past: PastClock,
    filer: Filer,
    story: Story,
    people: dict[str, str],
    place: int,
) -> None:
    body = AskBody(
        tool=story.tool,
        arguments=story.arguments,
        summary=story.summary,
        reason=story.reason or None,
        risk=story.risk,  # type: ignore[arg-type]
        session=story.session,
    )
    text = canonical(story.arguments).decode()
    ask = prepare(body, text, org_id=filer.org_id, agent_id=filer.agent_id)
    limits = Limits(rate=0, max_pending=0)
    filed = store.write(lambda tx: intake.submit(tx, filer, ask, limits)).approval
    if story.decided or place // 3 % 2:
        who, seal = f"user:{people[story.by]}", seal_of(filed, PREVIEW_VERSION)
        store.write(lambda tx: looking.note_viewed(tx, filed, who, "demo", seal))
    if not story.decided:
        past.time += UNANSWERED
        store.write(ending.sweep)
        return
    past.time += WAITS[place % len(WAITS)]
    reviewer, look = _in_front_of(filed, story, people, place)
    store.write(
        lambda tx: decide(
            tx, reviewer, filer.org_id, filed.id, Verdict(story.decided), story.why, look
        )
    )
    if story.decided == "approve":
        _use(store, filer, filed.id, filed.fingerprint, story.ended)


def _in_front_of(
    filed: Approval, story: Story, people: dict[str, str], place: int
) -> tuple[Reviewer, Look]:
    """Return who decides, where, and what they had in front of them for how long."""
    seconds = LOOKED[place % len(LOOKED)]
    _, name, _ = PEOPLE[story.by]
    reviewer = Reviewer(people[story.by], name, "slack" if seconds is None else "page")
    careful = seconds is not None and place % 3 > 0
    seal = seal_of(filed, PREVIEW_VERSION)
    return reviewer, Look(seal, PREVIEW_VERSION, opened_full=careful, seconds=seconds)


def _use(
    store: Store, filer: Filer, approval_id: str, fingerprint: str, ended: str
) -> None:
    used = store.write(
        lambda tx: using.consume(tx, filer, approval_id, fingerprint, leases.Lease())
    )
    if isinstance(used, using.Used):
        detail = "" if ended == "ok" else "exit status 1"
        store.write(
            lambda tx: leases.report(
                tx, filer, approval_id, used.lease_token, ended, detail
            )
        )
