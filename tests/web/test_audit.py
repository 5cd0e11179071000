"""The log's page and its export (spec: audit.md)."""

import csv
import io
import json
import re

import pytest
from sqlalchemy import update

from tests.plugins.desk import FileCall, House, SignedIn
from webui.audit.verifier import verify
from webui.preview import visible
from webui.store.models import AuditHead, Event
from webui.store.queries import events
from webui.store.queries.events import EventFilters
from webui.store.store import Store
from webui.web import audit


@pytest.mark.parametrize(
    ("who", "status"), [("ed", 200), ("ana", 200), ("rae", 403), ("vi", 403)]
)
def test_only_who_may_read_the_log_reads_it(
    signed_in: SignedIn, house: House, who: str, status: int
) -> None:
    browser = signed_in(getattr(house, who))
    for path in ("/audit", "/audit/export"):
        answer = browser.get(path)
        assert answer.status_code == status
        answer.close()
    if status == 403:
        assert "Missing permission: audit:read." in browser.get("/audit").get_data(
            as_text=True
        )


def numbers(text: str) -> list[int]:
    return [int(n) for n in re.findall(r'data-label="No\." class="number">(\d+)<', text)]


def test_events_are_paged_without_gap(
    signed_in: SignedIn, house: House, file_call: FileCall
) -> None:
    for _ in range(60):
        file_call()
    browser = signed_in(house.ed)
    path, seen = "/audit", []
    while path:
        text = browser.get(path).get_data(as_text=True)
        seen += numbers(text)
        older = re.search(r'href="([^"]+)" rel="next"', text)
        path = older[1] if older else ""
    assert seen == list(range(seen[0], 0, -1))
    assert len(seen) > 120


def test_filters_narrow_it(signed_in: SignedIn, house: House, file_call: FileCall) -> None:
    approval_id = file_call()
    file_call(house.deploy_bot)
    browser = signed_in(house.ed)

    def found(query: str) -> int:
        return len(numbers(browser.get(f"/audit?{query}").get_data(as_text=True)))

    assert found("action=approval.created") == 2
    assert found("action=approval.*") == 2
    assert found("action=approval.%25") == 0
    assert found(f"subject={approval_id}&action=approval.*") == 1
    assert found("actor=deploy-bot&action=approval.*") == 1
    assert found("actor=ed@example.org") == found(f"actor=user:{house.ed.id}") == 1
    assert found("until=2020-01-01") == 0
    assert browser.get(f"/audit?before={'9' * 40}").status_code == 200


def test_the_export_verifies_offline(
    signed_in: SignedIn, house: House, file_call: FileCall
) -> None:
    for _ in range(3):
        file_call()
    answer = signed_in(house.ed).get("/audit/export")
    assert answer.content_type == "application/jsonl"
    assert "attachment" in answer.headers["Content-Disposition"]
    lines = answer.get_data().splitlines(keepends=True)
    assert verify(lines, [], chain_only=True).verdict == "ok"
    assert json.loads(json.loads(lines[-1])["entry"])["action"] == "audit.exported"


def test_an_export_is_recorded_with_its_filters(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    signed_in(house.ed).get("/audit/export?form=csv&action=org.created").close()
    with store.reading() as session:
        filters = EventFilters(action="audit.exported")
        (event,) = events.page(session, house.org_id, filters).rows
    assert event.actor == f"user:{house.ed.id}"
    told = json.loads(event.payload or b"{}")
    assert told == {"form": "csv", "filters": {"action": "org.created"}}


def test_the_csv_holds_what_the_filters_ask_for(
    signed_in: SignedIn, house: House, file_call: FileCall
) -> None:
    approval_id = file_call()
    answer = signed_in(house.ed).get(f"/audit/export?form=csv&subject={approval_id}")
    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))
    assert {row["subject"] for row in rows} == {f"approval:{approval_id}"}


def test_another_orgs_log_stays_there(
    signed_in: SignedIn, house: House, file_call: FileCall
) -> None:
    approval_id = file_call()
    browser = signed_in(house.zoe)
    assert approval_id not in browser.get("/audit").get_data(as_text=True)
    assert approval_id not in browser.get("/audit/export").get_data(as_text=True)


def test_payloads_show_what_cannot_be_seen(
    signed_in: SignedIn, house: House, file_call: FileCall
) -> None:
    file_call(tool="<script>a\u202eb</script>")
    text = signed_in(house.ed).get("/audit").get_data(as_text=True)
    assert "&lt;script&gt;a⟦U+202E⟧b" in text
    assert "\u202e" not in text
    assert "<script>a" not in text


def test_checking_the_chain_says_what_was_found(
    signed_in: SignedIn, house: House, store: Store, file_call: FileCall
) -> None:
    file_call()
    browser = signed_in(house.ed)
    assert "chained without a gap" in browser.get("/audit?verify=1").get_data(as_text=True)
    head = update(AuditHead).where(AuditHead.org_id == house.org_id)
    store.write(lambda tx: tx.execute(head.values(row_hash=bytes(32))) and None)
    assert "does not fit the chain" in browser.get("/audit?verify=1").get_data(as_text=True)


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"status": "pending"},
        {"a": 1, "b": None, "c": True, "d": -2.5, "e": "ü ⟦ \u202e", 'f"\n': ',\n  "g": 1'},
        {"status": "denied", "of": {"deep": [1, {"er": "x"}]}},
        {"list": []},
    ],
    ids=["empty", "one", "flat", "deep", "list"],
)
def test_a_payload_reads_as_the_library_indents_it(facts: dict[str, object]) -> None:
    expected = visible(json.dumps(facts, indent=2, ensure_ascii=False))
    assert audit._readable(facts) == expected  # noqa: SLF001 - the text, past the page's escapes


def test_an_erased_payload_is_told_as_such_and_the_rest_stays(
    signed_in: SignedIn, house: House, file_call: FileCall, store: Store
) -> None:
    approval_id = file_call()
    of_it = Event.subject == f"approval:{approval_id}"
    store.write(
        lambda tx: tx.session.execute(
            update(Event).where(of_it).values(payload=None, nonce=None)
        )
    )
    text = signed_in(house.ed).get(f"/audit?subject={approval_id}").get_data(as_text=True)
    assert len(numbers(text)) == text.count("Erased; its hash stays in the chain.") > 0
    assert f'href="/approvals/{approval_id}"' in text
    assert ">Asked</div>" in text
