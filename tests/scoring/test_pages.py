"""The pages of the definition, as their readers use them."""

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from feedback.agreements import draft_agreement, edit_agreement, propose_agreement, unfinished_agreement
from feedback.models import Agreement
from leads.models.custom import CustomField
from leads.transitions import undo_move
from scoring.drafting import draft_definition, edit_definition, mark_of
from scoring.models import Definition
from scoring.proposing import propose_definition, sign_definition
from scoring.rescoring import rebuild
from scoring.rules import MOST_CONDITIONS, MOST_RULES
from tests.factories import MONDAY, make_campaign, make_lead, make_mql
from tests.scoring.cards import did, fit, when

pytestmark = pytest.mark.django_db

RULES = [fit("country", "Sweden", 40), did("form", 20, cap=40)]
HTMX = {"HX-Request": "true"}


def begin(by: Any, **fields: Any) -> Definition:
    given = {"name": "Makers", "rules": RULES, "thresholds": {"mql": 50}, **fields}
    return draft_definition(by=by, at=MONDAY, **given)


def in_force(mona: Any, max_: Any, **fields: Any) -> Definition:
    draft = begin(mona, **fields)
    propose_definition(draft, by=mona, at=MONDAY)
    sign_definition(draft, by=mona, at=MONDAY)
    return sign_definition(draft, by=max_, at=MONDAY)


def row(key: int, part: str, field: str, operator: str, value: Any, **more: Any) -> dict[str, Any]:
    """What a browser sends of one row."""
    texts = {"field": field, "was": field, "operator": operator, "value": value, **more}
    return {part: str(key), **{f"{key}-{name}": text for name, text in texts.items()}}


def form(*rows: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """What a browser sends of the editor."""
    sent: dict[str, Any] = {"name": "Makers", "half_life_days": "30", "daily_cap": "20", "mql": "50", **fields}
    for one in rows:
        for name, value in one.items():
            sent[name] = [*sent[name], value] if isinstance(sent.get(name), list) else [value]
    return sent


SWEDES = row(0, "fit", "country", "in", "Sweden\r\nNorway", points="40")
FORMS = row(1, "engagement", "kind", "is", "form", points="20", cap="40")


def page(client: Any, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_without_a_definition_a_manager_begins_with_common_rules_and_a_rep_reads(client_for, mona, rob):
    assert "Begin with common rules" in page(client_for(mona), "/scoring/")
    html = page(client_for(rob), "/scoring/")
    assert "No definition is in force" in html
    assert "btn-primary" not in html

    answer = client_for(mona).post("/scoring/definitions/", {"with": "template"})
    draft = Definition.objects.get()
    assert answer.headers["Location"] == f"/scoring/definitions/{draft.pk}/"
    assert len(draft.rules) > 10
    assert "Target account" in page(client_for(mona), answer.headers["Location"])


def test_the_definition_in_force_is_read_by_everybody_in_plain_words(client_for, mona, max_, rob):
    in_force(mona, max_, hand_raises=[when("raised_hand", True)], exclusions=[when("own_staff", True)])
    html = page(client_for(rob), "/scoring/")

    for words in ("Country is Sweden", "+40", "Filled in a form", "at most 40", "from a score of 50",
                  "Asked to be contacted", "Is one of our own people", "half after 30 days", "Mona",
                  "version 1"):  # fmt: skip
        assert words in html
    assert "Draft a change" not in html
    assert "Draft a change" in page(client_for(max_), "/scoring/")


def test_the_grid_shows_where_leads_stand_and_where_mql_begins(client_for, mona, max_, rob):
    steps = {"fit": {"A": 40, "B": 20, "C": 10}, "engagement": {"1": 30, "2": 20, "3": 10}}
    in_force(mona, max_, thresholds={**steps, "mql": 55, "grades": ["A1", "A2", "A3"]})
    make_lead(country="Sweden")
    make_lead()
    rebuild()

    told = client_for(rob).get("/scoring/").context["told"]
    cells = {cell.grade: cell for row in told.grid for cell in row}
    assert (cells["A4"].count, cells["D4"].count, cells["A1"].count) == (1, 1, 0)
    assert [cells[grade].qualifies for grade in ("A1", "A2", "A3", "A4", "B1")] == [
        "always", "always", "from", "never", "never",
    ]  # fmt: skip


def test_weeks_count_effective_moves_and_show_versions(client_for, mona, max_, rob):
    in_force(mona, max_)
    Definition.objects.update(effective_from=date(2020, 1, 1))
    lead = make_mql(at=timezone.now())
    gone = make_mql(at=timezone.now())
    undo_move(gone, gone.transitions.get(to_stage="mql"), by=mona, at=timezone.now())
    answer = client_for(rob).get("/scoring/")
    assert lead.stage == "mql"
    assert [count for _, count, _ in answer.context["weeks"]][:2] == [1, 0]
    assert not any(since for _, _, since in answer.context["weeks"])

    Definition.objects.update(effective_from=timezone.localdate())
    weeks = client_for(rob).get("/scoring/").context["weeks"]
    assert [one.version for one in weeks[0][2]] == [1]


def test_the_score_costs_the_same_queries_with_one_version_and_many(client_for, mona, max_, rob):
    in_force(mona, max_)
    client = client_for(rob)
    client.get("/scoring/")

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get("/scoring/")
        return len(asked)

    few = queries()
    for _ in range(5):
        begin(mona)
        make_mql()
    rebuild()
    assert queries() == few


def test_the_editor_costs_the_same_queries_with_one_rule_and_many(client_for, mona):
    client = client_for(mona)
    small = begin(mona, rules=[fit("country", "Sweden", 40)], thresholds={"mql": 40})
    many = [fit("title", f"word {number}", 2, operator="contains") for number in range(30)]
    large = begin(mona, rules=[fit("country", "Sweden", 40), *many])
    make_lead()

    def queries(draft: Definition) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(f"/scoring/definitions/{draft.pk}/").status_code == 200
        return len(asked)

    queries(small)
    assert queries(small) == queries(large)


@pytest.mark.parametrize("deed", ["", "rows/", "preview/", "proposal/", "signature/", "withdrawal/", "removal/"])
def test_a_rep_changes_nothing(client_for, rob, mona, deed):
    draft = begin(mona)
    assert client_for(rob).post(f"/scoring/definitions/{draft.pk}/{deed}", form(SWEDES)).status_code in (302, 403)
    assert client_for(rob).post("/scoring/definitions/", {}).status_code == 403
    kept = Definition.objects.get()
    assert (kept.status, kept.rules, kept.signatures) == ("draft", RULES, [])


def test_a_rep_reads_a_draft_without_controls(client_for, rob, mona):
    html = page(client_for(rob), f"/scoring/definitions/{begin(mona).pk}/")
    assert "Country is Sweden" in html
    assert 'id="editor"' not in html


def test_a_draft_is_saved_as_it_was_sent(client_for, mona):
    draft, campaign = begin(mona), make_campaign("Fair")
    make_campaign("Twice")
    rows = [
        SWEDES,
        row(7, "fit", "company_employees", "at_least", "1 200", points="-10"),
        row(4, "fit", "target_account", "is", "yes", points="+20", group="worth"),
        row(5, "engagement", "campaign", "in", f"Fair #{campaign.pk}\r\nTwice", points="5", cap="15"),
        row(9, "fit", "", "", "", points=""),
        row(2, "hand_raises", "raised_hand", "is", "yes"),
        row(3, "exclusions", "own_staff", "is", "yes"),
    ]
    sent = form(*rows, fit_A="40", fit_B="20", fit_C="10", engagement_1="15", engagement_2="10", engagement_3="5",
                grades=["A1", "A2"], mql="45", daily_cap="", half_life_days="14", why="Fewer students.")  # fmt: skip
    answer = client_for(mona).post(f"/scoring/definitions/{draft.pk}/", sent | {"seen": mark_of(draft)})

    assert answer.status_code == 302, answer.context["sheet"].errors
    kept = Definition.objects.get()
    twice = campaign.pk + 1
    assert kept.rules == [
        {"axis": "fit", "field": "country", "operator": "in", "value": ["Sweden", "Norway"], "points": 40},
        {"axis": "fit", "field": "company_employees", "operator": "at_least", "value": 1200, "points": -10},
        {"axis": "fit", "field": "target_account", "operator": "is", "value": True, "points": 20, "group": "worth"},
        {"axis": "engagement", "field": "campaign", "operator": "in", "value": [campaign.pk, twice], "points": 5,
         "cap": 15},
    ]  # fmt: skip
    assert (kept.half_life_days, kept.daily_cap, kept.why) == (14, None, "Fewer students.")
    assert kept.thresholds == {
        "fit": {"A": 40, "B": 20, "C": 10}, "engagement": {"1": 15, "2": 10, "3": 5}, "mql": 45, "grades": ["A1", "A2"],
    }  # fmt: skip
    assert kept.hand_raises == [when("raised_hand", True)]
    # Shown again, it is the same sentence.
    html = page(client_for(mona), f"/scoring/definitions/{draft.pk}/")
    assert f"Fair #{campaign.pk}\nTwice #{twice}" in html
    assert client_for(mona).post(f"/scoring/definitions/{draft.pk}/", sent).status_code == 302
    assert Definition.objects.get().rules == kept.rules


def test_as_many_rules_and_conditions_as_there_may_be_are_saved(client_for, mona):
    draft, more = begin(mona), {"points": "1", "cap": "2", "group": "all"}
    kinds = [row(key, "engagement", "kind", "is", "form", **more) for key in range(MOST_RULES)]
    hands = [row(1_000 + key, "hand_raises", "raised_hand", "is", "yes") for key in range(MOST_CONDITIONS)]
    left_out = [row(2_000 + key, "exclusions", "own_staff", "is", "yes") for key in range(MOST_CONDITIONS)]
    sent = form(*kinds, *hands, *left_out, mql="1", seen=mark_of(draft))

    answer = client_for(mona).post(f"/scoring/definitions/{draft.pk}/", sent)
    assert answer.status_code == 302, answer.content
    draft.refresh_from_db()
    assert (len(draft.rules), len(draft.exclusions)) == (MOST_RULES, MOST_CONDITIONS)


def test_a_problem_stands_beside_its_rule_and_nothing_typed_is_lost(client_for, mona):
    draft = begin(mona)
    rows = [
        row(0, "fit", "company_employees", "at_least", "many", points="10"),
        row(6, "fit", "country", "is", "", points="ten"),
        FORMS,
        row(8, "hand_raises", "campaign", "is", "Nobody knows this"),
    ]
    answer = client_for(mona).post(f"/scoring/definitions/{draft.pk}/", form(*rows, half_life_days="3", name=""))

    assert answer.status_code == 422
    sheet = answer.context["sheet"]
    assert {one.key: set(one.errors) for one in sheet.rows if one.errors} == {
        "0": {"value"}, "6": {"value", "points"}, "8": {"value"},
    }  # fmt: skip
    html = answer.content.decode()
    for kept in (
        'value="many"',
        'value="ten"',
        'value="Nobody knows this"',
        'value="3"',
        "say what it is compared with",
    ):
        assert kept in html or kept.capitalize() in html
    assert "half_life_days" in sheet.errors
    assert Definition.objects.get().rules == RULES


@pytest.mark.parametrize(
    "sent",
    [
        {"fit": ["x", "99999999999", "-1"]},
        {"fit": ["0"], "0-field": "no_such_field", "0-operator": "burn", "0-value": "\0"},
        {"fit": ["0"], "0-field": "country", "0-operator": "is", "0-value": "x" * 5_000, "0-points": "1e999"},
        {"fit": ["0"] * 600, "0-field": "country", "0-value": "a"},
        {"grades": ["Z9"], "mql": "inf", "half_life_days": "nan", "daily_cap": "-1", "fit_A": "9" * 12},
        {"name": "x" * 500, "why": "\0"},
    ],
)
def test_absurd_input_is_refused_in_words(client_for, mona, sent):
    draft = begin(mona)
    for path in ("", "rows/", "preview/"):
        answer = client_for(mona).post(f"/scoring/definitions/{draft.pk}/{path}", {**form(), **sent})
        assert answer.status_code in (200, 302, 422), path
    assert client_for(mona).post(f"/scoring/definitions/{draft.pk}/preview/", sent, headers=HTMX).status_code == 200


def test_rows_are_added_copied_moved_and_removed_without_saving(client_for, mona):
    draft = begin(mona)
    address = f"/scoring/definitions/{draft.pk}/rows/"

    def after(deed: str, **headers: str) -> list[tuple[str, str]]:
        answer = client_for(mona).post(
            address,
            form(SWEDES, row(5, "fit", "title", "contains", "head", points="8")) | {"deed": deed},
            headers=headers,
        )
        assert answer.status_code == 200
        return [(one.key, one.field) for one in answer.context["sheet"].rows if one.part == "fit"]

    assert after("add:fit") == [("0", "country"), ("5", "title"), ("6", "")]
    assert after("copy:fit:0") == [("0", "country"), ("6", "country"), ("5", "title")]
    assert after("down:fit:0") == [("5", "title"), ("0", "country")]
    assert after("up:fit:0") == [("0", "country"), ("5", "title")]
    assert after("remove:fit:0", **HTMX) == [("5", "title")]
    for nonsense in ("add:nothing", "remove:fit:77", "burn:fit:0", ":::", ""):
        assert after(nonsense) == [("0", "country"), ("5", "title")]
    assert Definition.objects.get().rules == RULES


def test_another_field_brings_its_own_operators_and_forgets_the_value(client_for, mona):
    draft = begin(mona)
    chosen = row(0, "fit", "company_employees", "is", "Sweden", was="country", points="40")
    answer = client_for(mona).post(
        f"/scoring/definitions/{draft.pk}/rows/", form(chosen) | {"list": "fit"}, headers=HTMX
    )
    [shown] = answer.context["rows"]
    assert (shown.row.operator, shown.row.values, shown.row.points) == ("at_least", [], "40")
    assert "is at least" in answer.content.decode()


def test_a_retired_field_is_offered_only_where_it_is_used(client_for, mona):
    CustomField.objects.create(record="lead", name="erp", label="ERP", kind="text")
    draft = begin(mona, rules=[fit("custom.erp", "SAP", 10)], thresholds={"mql": 10})
    CustomField.objects.update(retired=True)
    html = page(client_for(mona), f"/scoring/definitions/{draft.pk}/")
    assert html.count("ERP (not in use any more)") == 1
    assert "is not in use any more" in html


def test_two_people_edit_one_draft(client_for, mona, max_):
    draft = begin(mona)
    seen = mark_of(draft)
    edit_definition(draft, by=max_, at=MONDAY, rules=[fit("country", "Norway", 40), *RULES[1:]])
    answer = client_for(mona).post(f"/scoring/definitions/{draft.pk}/", form(SWEDES, FORMS, seen=seen))

    assert answer.status_code == 409
    html = answer.content.decode()
    assert "Country is Norway: +40" in html
    assert "Country is one of Sweden, Norway: +40" in html
    assert Definition.objects.get().rules == [fit("country", "Norway", 40), *RULES[1:]]

    again = client_for(mona).post(f"/scoring/definitions/{draft.pk}/", form(SWEDES, FORMS, seen=answer.context["seen"]))
    assert again.status_code == 302
    assert len(Definition.objects.get().rules) == 2


def test_the_preview_counts_the_newest_leads_and_writes_nothing(client_for, mona, max_):
    in_force(mona, max_)
    swede = make_lead(country="Sweden")
    make_lead(country="Norway")
    rebuild()
    draft = begin(mona)
    answer = client_for(mona).post(f"/scoring/definitions/{draft.pk}/preview/", form(SWEDES, mql="40"), headers=HTMX)

    shown = answer.context["preview"]
    assert (shown.leads, shown.now, shown.then) == (2, 0, 2)
    assert {one.lead.country for one in shown.examples} == {"Sweden", "Norway"}
    assert "all of the 2 newest leads would qualify" in answer.content.decode().lower()
    swede.leadscore.refresh_from_db()
    assert (swede.leadscore.shown, swede.leadscore.definition_version) == (40, 1)
    assert Definition.objects.get(pk=draft.pk).thresholds == {"mql": 50}


def test_a_draft_is_proposed_signed_by_both_and_in_force(client_for, mona, max_, rob):
    draft = begin(mona)
    address = f"/scoring/definitions/{draft.pk}/"
    past = client_for(mona).post(f"{address}proposal/", {"why": "", "effective_from": "2020-01-01"})
    assert past.status_code == 422
    assert client_for(mona).post(f"{address}proposal/", {"why": "Fewer students."}).headers["Location"] == address

    assert "Waits for marketing and sales to sign" in page(client_for(rob), address)
    for person, side in ((mona, "marketing"), (max_, "sales")):
        html = page(client_for(person), "/scoring/")
        assert f"Sign for {side}" in html
        assert "Fewer students." in html
        seen = client_for(person).get(address).context["proposal"].mark
        client_for(person).post(f"{address}signature/", {"side": side, "seen": seen})
    assert [one.status for one in Definition.objects.all()] == ["active"]
    assert [one.status for one in Agreement.objects.all()] == ["active"]


def test_what_was_changed_since_it_was_read_is_not_signed(client_for, mona, max_):
    draft = begin(mona)
    propose_definition(draft, by=mona, at=MONDAY)
    answer = client_for(max_).post(
        f"/scoring/definitions/{draft.pk}/signature/", {"side": "sales", "seen": "0" * 16}, follow=True
    )
    assert "The proposal was changed since you opened it" in answer.content.decode()
    assert Definition.objects.get().signatures == []


def test_a_proposal_is_taken_back_and_thrown_away(client_for, mona):
    draft = begin(mona)
    propose_definition(draft, by=mona, at=MONDAY)
    client_for(mona).post(f"/scoring/definitions/{draft.pk}/withdrawal/")
    assert Definition.objects.get().status == "draft"
    assert client_for(mona).post(f"/scoring/definitions/{draft.pk}/removal/").headers["Location"] == "/scoring/"
    assert not Definition.objects.exists()


def test_an_agreement_that_changes_more_is_signed_on_its_own_page(client_for, mona, max_):
    draft = begin(mona)
    agreement = draft_agreement(by=mona, at=MONDAY, definition_version=draft.version)
    edit_agreement(agreement, by=mona, at=MONDAY, min_attempts=9)
    propose_agreement(unfinished_agreement(), by=mona, at=MONDAY)
    html = page(client_for(max_), f"/scoring/definitions/{draft.pk}/")
    assert "Read and sign the agreement" in html
    assert "Sign for sales" not in html


def test_versions_stand_beside_each_other(client_for, mona, max_, rob):
    in_force(mona, max_)
    begin(
        max_, rules=[fit("country", "Sweden", 30), fit("has_phone", True, 5)], thresholds={"mql": 30}, half_life_days=14
    )
    html = page(client_for(rob), "/scoring/compare/?a=1&b=2")

    for words in ("Country is Sweden: +40", "Country is Sweden: +30", "Has a phone number: +5", "Filled in a form",
                  "30 days", "14 days", "Added", "Removed", "Changed"):  # fmt: skip
        assert words in html
    turned = page(client_for(rob), "/scoring/compare/?a=2&b=1")
    assert turned.count("Added") == html.count("Removed")
    assert client_for(rob).get("/scoring/compare/?a=99999999999999&b=x").context["after"].version == 2


def test_the_agreement_shows_the_amendment_with_its_difference(client_for, mona, max_, rob):
    in_force(mona, max_)
    draft = begin(mona, rules=RULES[:1], thresholds={"mql": 40})
    propose_definition(draft, by=mona, at=MONDAY)
    assert "/scoring/compare/?b=2" in page(client_for(rob), "/agreement/")
    assert 'href="/agreement/"' in page(client_for(rob), "/scoring/")
