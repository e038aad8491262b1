"""The editor of the agreement and its proposal, as its readers use them."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from feedback.agreements import draft_agreement, mark_of, propose_agreement, sign_agreement, unfinished_agreement
from feedback.models import Agreement
from scoring.models import Definition
from tests.factories import MONDAY

pytestmark = pytest.mark.django_db

LEVELS = {
    "hours_to_verdict": "24", "hours_to_first_attempt": "24", "min_attempts": "5", "hours_to_remind": "2",
    "hours_late_to_escalate": "", "most_episodes": "",
}  # fmt: skip


def rows(prefix: str, *entries: dict[str, str], initial: int = 0) -> dict[str, str]:
    """What a browser sends of a table of rows."""
    sent = {f"{prefix}-TOTAL_FORMS": str(len(entries)), f"{prefix}-INITIAL_FORMS": str(initial)}
    return sent | {f"{prefix}-{n}-{name}": value for n, entry in enumerate(entries) for name, value in entry.items()}


def begin(client):
    return client.post("/agreement/draft/")


def test_before_the_first_is_signed_a_manager_is_told_what_to_do(client_for, mona, rob):
    assert "Write the first agreement" in client_for(mona).get("/agreement/").content.decode()
    html = client_for(rob).get("/agreement/").content.decode()
    assert "Nothing is signed yet" in html
    assert "btn-primary" not in html


@pytest.mark.parametrize(
    "path", ["draft/", "draft/levels/", "proposal/", "withdrawal/", "signature/", "draft/removal/"]
)
def test_a_rep_changes_nothing(client_for, rob, mona, path):
    draft = draft_agreement(by=mona, at=MONDAY)

    assert client_for(rob).post(f"/agreement/{path}", LEVELS).status_code in (403, 422)
    draft.refresh_from_db()
    assert (draft.status, draft.signatures) == ("draft", [])


def test_a_part_is_saved_without_javascript_and_with_it(client_for, mona):
    client = client_for(mona)
    begin(client)
    sent = LEVELS | {"hours_to_verdict": "8"}
    exception = {"name": "Big", "segments": "Enterprise, Public", "score_from": "70", "min_attempts": "7"}
    plain = client.post("/agreement/draft/levels/", sent | rows("exceptions", exception))
    assert plain.headers["Location"] == "/agreement/draft/#part-levels"

    draft = unfinished_agreement()
    assert (draft.hours_to_verdict, draft.hours_late_to_escalate) == (8, None)
    assert draft.exceptions == [
        {"name": "Big", "segments": ["Enterprise", "Public"], "score_from": 70, "min_attempts": 7}
    ]
    kept = {**exception, "DELETE": "on"}
    quick = client.post(
        "/agreement/draft/levels/", sent | rows("exceptions", kept, {}, initial=1), headers={"HX-Request": "true"}
    )
    assert quick.status_code == 200
    assert 'id="part-levels"' in quick.content.decode()
    assert 'hx-swap-oob="true"' in quick.content.decode()
    assert unfinished_agreement().exceptions == []


def test_an_error_stands_beside_its_field_and_nothing_is_written(client_for, mona):
    client = client_for(mona)
    begin(client)
    fine = {"name": "Fine", "segments": "A", "min_attempts": "1"}
    turned = {"name": "Turned", "score_from": "80", "score_to": "20", "min_attempts": "1"}
    answer = client.post("/agreement/draft/levels/", LEVELS | rows("exceptions", fine, {}, turned))

    assert answer.status_code == 422
    [part] = [part["asked"] for part in answer.context["parts"] if part["key"] == "levels"]
    assert [form.errors.as_data().keys() for form in part.exceptions.formset.forms] == [
        {}.keys(),
        {}.keys(),
        {"score_from": 0}.keys(),
    ]
    assert "Score from is above “to”." in answer.content.decode()
    assert unfinished_agreement().exceptions == []


def test_goals_are_typed_in_percent_and_money(client_for, mona):
    client = client_for(mona)
    begin(client)
    goals = rows(
        "goals", {"measure": "acceptance_rate", "target": "55"}, {"measure": "mql_value", "target": "120000"}, {}
    )
    sent = {"period_starts": "2026-01-01", "period_ends": "2026-03-31"} | goals
    client.post("/agreement/draft/goals/", sent | rows("worth", {"score_from": "40", "worth": "500"}, {}))

    draft = unfinished_agreement()
    assert draft.goals == [
        {"measure": "acceptance_rate", "target": "0.55"},
        {"measure": "mql_value", "target": "120000", "worth": [{"score_from": 40, "worth": "500"}]},
    ]
    html = client.get("/agreement/draft/").content.decode()
    assert 'value="55"' in html
    refused = client.post("/agreement/draft/goals/", sent | {"period_ends": "2025-03-31"} | rows("worth"))
    assert refused.status_code == 422
    assert "The last day comes after the first." in refused.content.decode()


def test_another_row_saves_nothing_and_keeps_what_was_typed(client_for, mona):
    client = client_for(mona)
    begin(client)
    typed = rows("exceptions", {"name": "Half"}) | {"more": "exceptions"}
    answer = client.post("/agreement/draft/levels/", LEVELS | typed, headers={"HX-Request": "true"})

    html = answer.content.decode()
    assert 'value="Half"' in html
    assert 'name="exceptions-1-name"' in html
    assert unfinished_agreement().exceptions == []


def test_roles_definition_words_and_start(client_for, mona):
    Definition.objects.create(name="Makers", version=3, status="proposed")
    client = client_for(mona)
    begin(client)
    lines = [{"stage": "mql", "side": "marketing", "owner": "Nora", "promise": "within a day"}, {"stage": "nurture"}]
    client.post("/agreement/draft/roles/", rows("roles", *lines, initial=2))
    client.post("/agreement/draft/definition/", {"definition_version": "3"})
    client.post("/agreement/draft/measured/", {"marketing_measured": "By value.", "sales_measured": ""})
    client.post("/agreement/draft/start/", {"why": "Too slow.", "effective_from": "2026-12-01"})

    draft = unfinished_agreement()
    assert draft.roles == [{"stage": "mql", "side": "marketing", "owner": "Nora", "promise": "within a day"}]
    assert (draft.definition_version, draft.marketing_measured) == (3, "By value.")
    assert (draft.why, draft.effective_from) == ("Too slow.", date(2026, 12, 1))


def test_who_saves_a_part_that_changed_meanwhile_is_told(client_for, mona, max_):
    client = client_for(mona)
    begin(client)
    seen = mark_of(unfinished_agreement(), ["why", "effective_from"])
    client_for(max_).post("/agreement/draft/start/", {"why": "Max was here."})

    answer = client.post("/agreement/draft/start/", {"why": "Mona too.", "seen": seen})

    assert answer.status_code == 422
    assert "Somebody changed this part" in answer.content.decode()
    assert unfinished_agreement().why == "Max was here."


def test_what_reads_differently_stands_on_top_and_each_manager_signs_for_the_own_side(client_for, mona, max_, rob):
    Agreement.objects.create(version=1, status="active", hours_to_verdict=24, exceptions=[], reasons=[])
    draft = draft_agreement(by=max_, at=MONDAY, hours_to_verdict=8, why="Buyers wait too long.")
    propose_agreement(draft, by=max_, at=MONDAY)

    page = client_for(mona).get("/agreement/")
    html = page.content.decode()
    changes = [(change.about, change.before, change.after) for change in page.context["unfinished"].changes]
    assert changes[0] == ("Answer to a hand-off", "24 h", "8 h")
    assert "<del>24 h</del><ins>8 h</ins>" in html
    assert "Sign for marketing" in html
    assert "Sign for sales" not in html
    assert html.count("btn-primary") == 1
    assert "Sign for" not in client_for(rob).get("/agreement/").content.decode()

    mark = page.context["unfinished"].mark
    for person, side in ((mona, "marketing"), (max_, "sales")):
        client_for(person).post("/agreement/signature/", {"side": side, "seen": mark})
    assert [(row.version, row.status) for row in Agreement.objects.order_by("version")] == [
        (1, "retired"),
        (2, "active"),
    ]


def test_a_proposal_that_was_changed_since_it_was_read_is_not_signed(client_for, mona, max_):
    draft = propose_agreement(draft_agreement(by=max_, at=MONDAY), by=max_, at=MONDAY)

    answer = client_for(mona).post(
        "/agreement/signature/", {"side": "marketing", "seen": "something else"}, follow=True
    )

    assert "Read it again, then sign." in answer.content.decode()
    draft.refresh_from_db()
    assert draft.signatures == []


def test_an_incomplete_draft_says_what_is_missing(client_for, mona):
    draft_agreement(by=mona, at=MONDAY, goals=[{"measure": "mqls", "target": "5"}])

    answer = client_for(mona).post("/agreement/proposal/", follow=True)

    assert answer.redirect_chain == [("/agreement/draft/", 302)]
    assert "Say for which period the goals hold" in answer.content.decode()


def test_versions_are_compared_in_both_directions(client_for, rob, mona, max_):
    for hours in (24, 8, 4):
        draft = draft_agreement(by=max_, at=MONDAY, hours_to_verdict=hours)
        propose_agreement(draft, by=max_, at=MONDAY)
        sign_agreement(draft, by=mona, at=MONDAY)
        sign_agreement(draft, by=max_, at=MONDAY)
    client = client_for(rob)

    def told(address):
        return [(change.before, change.after) for change in client.get(address).context["changes"]]

    assert told("/agreement/versions/3/") == [("8 h", "4 h")]
    assert told("/agreement/versions/3/?against=1") == [("24 h", "4 h")]
    assert told("/agreement/versions/1/?against=3") == [("4 h", "24 h")]
    assert client.get("/agreement/versions/9/").status_code == 404


def test_a_text_changed_behind_the_signatures_is_noticed(client_for, rob, mona, max_):
    draft = propose_agreement(draft_agreement(by=max_, at=MONDAY), by=max_, at=MONDAY)
    sign_agreement(draft, by=mona, at=MONDAY)
    sign_agreement(draft, by=max_, at=MONDAY)
    assert "This is not what was signed" not in client_for(rob).get("/agreement/versions/1/").content.decode()

    Agreement.objects.update(min_attempts=1)

    assert "This is not what was signed" in client_for(rob).get("/agreement/versions/1/").content.decode()


def test_the_page_costs_the_same_for_one_version_and_many(client_for, mona):
    def make(version, status):
        goals = [{"measure": "pipeline_value", "target": "5"}]
        period = {"period_starts": date(2026, 1, 1), "period_ends": date(2026, 3, 31)}
        exceptions = [{"name": f"E{n}", "segments": [f"S{n}"], "min_attempts": 1} for n in range(version)]
        Agreement.objects.create(version=version, status=status, goals=goals, exceptions=exceptions, **period)

    make(1, "active")
    client = client_for(mona)
    client.get("/agreement/")
    with CaptureQueriesContext(connection) as few:
        client.get("/agreement/")
    Agreement.objects.update(status="retired")
    for version in range(2, 40):
        make(version, "retired")
    make(40, "active")
    with CaptureQueriesContext(connection) as many:
        client.get("/agreement/")

    assert len(few) == len(many) <= 30


def test_a_version_shows_the_definition_it_names_and_a_retired_one_its_own_reasons(client_for, rob):
    Definition.objects.create(name="Ours", version=1, status="active")
    Definition.objects.create(name="Sharper", version=2, status="proposed")
    kept = [{"code": "gone", "label": "Gone by now", "family": "timing", "route": "nurture"}]
    Agreement.objects.create(version=1, status="retired", reasons=kept)
    Agreement.objects.create(version=2, status="active", reasons=kept)
    Agreement.objects.create(version=3, status="proposed", definition_version=2)
    client = client_for(rob)

    assert "Gone by now" in client.get("/agreement/versions/1/").content.decode()
    in_force = client.get("/agreement/").content.decode()
    assert "Ours, version 1" in in_force
    assert "Gone by now" not in in_force.split("Why sales may say no")[1]
    assert "changed since it was signed" in in_force
    assert "Sharper, version 2" in client.get("/agreement/versions/3/").content.decode()


def test_who_opens_the_editor_without_a_draft_is_told_how_one_begins(client_for, mona):
    answer = client_for(mona).get("/agreement/draft/", follow=True)

    assert answer.redirect_chain == [("/agreement/", 302)]
    assert "Nobody has begun a new version yet. “Write it” begins one." in answer.content.decode()
