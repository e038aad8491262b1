"""The six lists: desk/views/lists.py with what is written down in desk/lists/."""

import csv
import re
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.http import QueryDict
from django.utils import timezone

from crm.keyset import page_of
from crm.models import Role
from desk.lists.asking import rows_asked
from desk.lists.registry import list_of
from feedback.verdicts import accept_handoff
from leads.activities import log_activity
from leads.lifecycle import Stage
from leads.models import Company, Contact, Lead, LeadPrediction, LeadScore, Task
from leads.subjects import Subject
from leads.transitions import move_lead
from tests.factories import (
    DAY,
    MONDAY,
    make_campaign,
    make_handoff,
    make_lead,
    make_mql,
    make_opportunity,
    make_team,
    make_user,
    reason,
)

pytestmark = pytest.mark.django_db


def shown(response: Any) -> list[int]:
    return [lead.pk for lead in response.context["page"].rows]


def rejected_for_repair(rob, **fields: Any) -> Lead:
    from feedback.verdicts import reject_handoff

    handoff = make_handoff(to=rob, lead=make_mql(**fields))
    reject_handoff(handoff, by=rob, at=MONDAY + DAY, reason=reason("missing_data"))
    return Lead.objects.get(pk=handoff.lead_id)


def accepted_by(rob) -> Lead:
    handoff = make_handoff(to=rob)
    accept_handoff(handoff, by=rob, at=MONDAY + DAY)
    return Lead.objects.get(pk=handoff.lead_id)


def test_leads_says_how_things_stand(client_for, rob):
    make_lead()
    make_handoff(to=rob)
    accepted_by(rob)
    Lead.objects.filter(pk=accepted_by(rob).pk).update(next_step_at=MONDAY)

    page = client_for(rob).get("/leads/?tab=all")

    assert [(part.count, part.words) for part in page.context["truth"]] == [
        ("4", "open"), ("1", "waiting for sales"), ("1", "with sales without next step"),
    ]  # fmt: skip
    assert "4 leads" in page.content.decode()


def test_each_part_of_the_truth_leads_to_as_many_rows_as_it_says(client_for, rob):
    make_rows(3, rob)
    make_task(lead=Lead.objects.first(), owner=rob, due_at=MONDAY)
    make_opportunity(owner=rob, expected_close=MONDAY.date())
    client = client_for(rob)

    for path in ("/leads/", "/opportunities/", "/tasks/"):
        for part in client.get(path).context["truth"]:
            assert part.count == str(client.get(path + part.address).context["count"]), part


def test_an_accepted_lead_says_how_often_it_was_tried(client_for, rob):
    new, tried, answered, qualified = (accepted_by(rob) for _number in range(4))
    move_lead(qualified, Stage.QUALIFIED, by=rob, at=MONDAY + 2 * DAY)
    for lead, outcome in ((tried, "no_answer"), (answered, "reached"), (qualified, "no_answer")):
        log_activity(Subject(lead=lead), kind="call", outcome=outcome, by=rob, at=MONDAY + 2 * DAY)

    rows = client_for(rob).get("/leads/").context["page"].rows

    said = {lead.pk: lead.reached for lead in rows}
    assert said == {new.pk: "", tried.pk: "attempting · 1", answered.pk: "connected", qualified.pk: ""}


@pytest.mark.parametrize("path", ["/leads/?tab=all&columns=email,phone", "/contacts/"])
def test_who_wants_to_be_left_alone_has_no_link_in_a_list(client_for, rob, path):
    asked = {"email": "ada@acme.test", "phone": "+4930123456", "do_not_call": True}
    make_lead(contact=Contact.objects.create(first_name="Ada", **asked), email=asked["email"], phone=asked["phone"])

    page = client_for(rob).get(path).content.decode()

    assert "tel:" not in page
    assert '<a href="mailto:ada@acme.test" data-log="' in page


def test_my_open_of_a_rep_is_what_the_rep_owns(client_for, rob, north):
    mine, other = make_lead(owner=rob), make_lead(owner=make_user("rosa", team=north))
    closed = make_lead(owner=rob)
    move_lead(closed, Stage.DISQUALIFIED, by=None, at=MONDAY)

    assert shown(client_for(rob).get("/leads/")) == [mine.pk]
    assert other.pk not in shown(client_for(rob).get("/leads/?tab=mine"))


def test_my_open_of_a_marketer_is_what_the_campaigns_brought(client_for, mia):
    mine, _other = make_lead(campaign=make_campaign(owner=mia)), make_lead(campaign=make_campaign())

    assert shown(client_for(mia).get("/leads/")) == [mine.pk]


def test_my_open_of_a_manager_is_the_teams(client_for, north):
    max_ = make_user("max", role=Role.MANAGER, team=north)
    ours, _other = make_lead(team=north), make_lead(team=make_team("Team South"))

    assert shown(client_for(max_).get("/leads/")) == [ours.pk]


def test_my_team_of_a_manager_is_each_team_that_is_led(client_for, north):
    max_ = make_user("max", role=Role.MANAGER)
    south = make_team("Team South")
    for team in (north, south):
        team.manager = max_
        team.save()
    ours = [make_lead(team=north, owner=make_user("rosa", team=north)), make_lead(team=south)]
    make_lead(team=make_team("Team West"))
    due = make_task(owner=ours[0].owner, due_at=MONDAY)
    make_task(owner=max_, due_at=MONDAY)
    client = client_for(max_)

    assert shown(client.get("/leads/?tab=all&owner=team")) == [lead.pk for lead in reversed(ours)]
    assert shown(client.get("/tasks/?tab=team")) == [due.pk]


def test_tabs_hold_what_they_say(client_for, rob):
    waiting = make_handoff(to=rob).lead
    repair = rejected_for_repair(rob)
    due, later = make_lead(), make_lead()
    today = timezone.now().date()
    for lead, day in ((due, today), (later, today + timedelta(days=30))):
        move_lead(lead, Stage.NURTURE, by=None, at=MONDAY, revisit_on=day)
    client = client_for(rob)

    found = {tab: shown(client.get(f"/leads/?tab={tab}")) for tab in ("waiting", "repair", "nurture")}

    assert found == {"waiting": [waiting.pk], "repair": [repair.pk], "nurture": [due.pk]}


def test_needs_repair_forgets_an_undone_and_a_withdrawn_one(client_for, rob, mia):
    from feedback.verdicts import reject_handoff, undo_verdict, withdraw_handoff

    undone = make_handoff(to=rob)
    reject_handoff(undone, by=rob, at=MONDAY, reason=reason("wrong_data"))
    undo_verdict(undone, by=rob, at=MONDAY)
    withdrawn = make_handoff(to=rob, by=mia)
    withdraw_handoff(withdrawn, by=mia, at=MONDAY)

    assert shown(client_for(mia).get("/leads/?tab=repair")) == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("stage=mql", "mql"),
        ("owner=me", "mine"),
        ("owner=nobody&channel=webinar", "webinar"),
        ("source=organic_search", "search"),
        ("segment=Schools", "school"),
        ("q=lovelace", "ada"),
        ("q=ada+ACME", "ada"),
        ("q=ada@acme.test", "ada"),
    ],
)
def test_leads_are_filtered_from_the_address(client_for, rob, query, expected):
    made = {
        "mql": make_mql(),
        "mine": make_lead(owner=rob),
        "webinar": make_lead(channel="webinar"),
        "search": make_lead(source="organic_search"),
        "school": make_lead(segment="Schools"),
        "ada": make_lead(first_name="Ada", last_name="Lovelace", email="ada@acme.test", company_name="Acme GmbH"),
    }

    assert shown(client_for(rob).get(f"/leads/?tab=all&{query}")) == [made[expected].pk]


def test_leads_are_filtered_by_team_campaign_company_and_contact(client_for, rob, north):
    acme = Company.objects.create(name="Acme")
    ada = Contact.objects.create(first_name="Ada", company=acme)
    campaign = make_campaign()
    lead = make_lead(team=north, campaign=campaign, company=acme, contact=ada)
    make_lead()
    client = client_for(rob)

    records = [f"campaign={campaign.pk}", f"company={acme.pk}", f"contact={ada.pk}"]
    queries = ["owner=team", f"owner=team:{north.pk}", *records]

    assert [shown(client.get(f"/leads/?tab=all&{query}")) for query in queries] == [[lead.pk]] * 5


def test_chips_name_the_filters_and_take_each_away(client_for, rob):
    campaign = make_campaign("Spring webinar")

    page = client_for(rob).get(f"/leads/?tab=all&stage=mql&stage=offered&campaign={campaign.pk}&after=7")

    assert [(chip.filter.label, chip.words, chip.without_address) for chip in page.context["bar"].chips] == [
        ("Stage", "MQL or Waiting for sales", f"?tab=all&campaign={campaign.pk}"),
        ("Campaign", "Spring webinar", "?tab=all&stage=mql&stage=offered"),
    ]
    assert page.context["bar"].clear_address == "?tab=all"


def test_several_values_of_a_filter_are_or_several_filters_are_and(client_for, rob):
    mql, other = make_mql(source="web"), make_lead(source="web")
    make_mql(source="fair")
    client = client_for(rob)

    assert shown(client.get("/leads/?tab=all&stage=mql&stage=inquiry&source=web")) == [other.pk, mql.pk]
    assert shown(client.get("/leads/?tab=all&stage=mql&source=web")) == [mql.pk]


def test_what_makes_no_sense_is_left_out_and_said(client_for, rob):
    lead = make_lead()

    page = client_for(rob).get("/leads/?tab=all&stage=none&score_from=abc&captured_from=2026-13-01&stage=inquiry")

    assert shown(page) == [lead.pk]
    assert page.context["asked"].notes == [
        "Stage “none” makes no sense here.",
        "Score “abc” makes no sense here.",
        "Added “2026-13-01” makes no sense here.",
    ]
    assert "Stage “none” makes no sense here." in page.content.decode()


def test_retired_and_unknown_values_of_an_old_address_still_work(client_for, rob):
    gone = make_user("gone", is_active=False)
    kept = make_lead(owner=gone, source="Retired fair", tags=["old"])
    make_lead()
    client = client_for(rob)

    page = client.get(f"/leads/?tab=all&owner=user:{gone.pk}&source=Retired fair&tag=old")
    unknown = client.get("/leads/?tab=all&owner=user:999999&campaign=999999&company=999999")

    assert shown(page) == [kept.pk]
    assert [chip.words for chip in page.context["bar"].chips] == ["Gone", "Retired fair", "old"]
    assert [chip.words for chip in unknown.context["bar"].chips] == ["somebody unknown", "unknown", "unknown"]


def test_fifty_values_break_neither_page_nor_query(client_for, rob):
    lead = make_lead(source="source 3")
    many = "&".join(f"source=source+{number}&tag=t{number}&owner=user:{number}" for number in range(50))

    page = client_for(rob).get(f"/leads/?tab=all&{many}")
    sources = client_for(rob).get("/leads/?tab=all&" + "&".join(f"source=source+{number}" for number in range(50)))

    assert page.status_code == 200
    assert "only the first 20 of 50 values count" in page.content.decode()
    assert shown(sources) == [lead.pk]
    assert sources.context["bar"].chips[0].words == "source 0, source 1 and 18 more"


def test_an_empty_list_says_which_filter_empties_it(client_for, rob):
    make_mql(source="web")
    make_lead(source="fair")

    page = client_for(rob).get("/leads/?tab=all&stage=mql&source=fair&q=nobody")

    assert [(way.words, way.count) for way in page.context["ways_out"]] == [
        ("“nobody”", "0"), ("Stage: MQL", "0"), ("Source: fair", "0"),
    ]  # fmt: skip
    page = client_for(rob).get("/leads/?tab=all&stage=mql&source=fair")
    assert [(way.words, way.count, way.address) for way in page.context["ways_out"]] == [
        ("Stage: MQL", "1", "?tab=all&source=fair"), ("Source: fair", "1", "?tab=all&stage=mql"),
    ]  # fmt: skip


def lead_with(**fields: Any) -> Lead:
    """A lead with what only its own rooms write."""
    lead = make_lead()
    Lead.objects.filter(pk=lead.pk).update(**fields)
    return lead


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("activity=never", ["never", "planned", "late", "old"]),
        ("activity=older:30", ["long"]),
        ("activity=within:7", ["lately"]),
        ("next=none", ["never", "long", "lately", "old"]),
        ("next=overdue", ["late"]),
        ("next=week", ["planned"]),
        ("next=overdue&next=week", ["planned", "late"]),
        ("captured=7", ["never", "long", "lately", "planned", "late"]),
        ("captured_to=2026-01-31", ["old"]),
        ("captured_from=2025-12-01&captured_to=2025-12-31", ["old"]),
        ("score_from=60", ["lately"]),
        ("score_from=10&score_to=60", ["long"]),
        ("grade=A", ["lately"]),
        ("grade=C4", ["long"]),
    ],
)
def test_leads_are_filtered_by_time_and_score(client_for, rob, query, expected):
    now = timezone.now()
    made = {
        "never": lead_with(captured_at=now),
        "long": lead_with(captured_at=now, last_activity_at=now - 40 * DAY),
        "lately": lead_with(captured_at=now, last_activity_at=now - DAY),
        "planned": lead_with(captured_at=now, next_step_at=now + 2 * DAY),
        "late": lead_with(captured_at=now, next_step_at=now - DAY),
        "old": lead_with(captured_at=datetime(2025, 12, 31, 22, tzinfo=UTC)),
    }
    for name, score, letters in (("long", 42, "C4"), ("lately", 77, "A2")):
        LeadScore.objects.update_or_create(
            lead=made[name], defaults={"shown": score, "grade": letters, "scored_at": MONDAY}
        )

    assert set(shown(client_for(rob).get(f"/leads/?tab=all&{query}"))) == {made[name].pk for name in expected}


def test_leads_are_filtered_by_the_last_verdict(client_for, rob, mia):
    from feedback.verdicts import accept_handoff, reject_handoff

    waiting = make_handoff(to=rob).lead
    accepted = make_handoff(to=rob)
    accept_handoff(accepted, by=rob, at=MONDAY)
    refused = rejected_for_repair(rob)
    twice = rejected_for_repair(rob)
    accept_handoff(make_handoff(to=rob, lead=twice, at=MONDAY + 2 * DAY), by=rob, at=MONDAY + 2 * DAY)
    never = make_lead()
    small = make_handoff(to=rob)
    reject_handoff(small, by=rob, at=MONDAY, reason=reason("company_size"))
    client = client_for(mia)

    found = {
        value: shown(client.get(f"/leads/?tab=all&verdict={value}"))
        for value in ("waiting", "accepted", "rejected:clerical", "rejected:definitional", "none")
    }

    assert found == {
        "waiting": [waiting.pk],
        "accepted": [twice.pk, accepted.lead_id],
        "rejected:clerical": [refused.pk],
        "rejected:definitional": [small.lead_id],
        "none": [never.pk],
    }


def test_archived_rows_are_shown_when_asked_for_only(client_for, rob):
    here, away = make_lead(), lead_with(archived_at=MONDAY)
    client = client_for(rob)

    found = {query: shown(client.get(f"/leads/?tab=all{query}")) for query in ("", "&archived=only", "&archived=with")}

    assert found == {"": [here.pk], "&archived=only": [away.pk], "&archived=with": [away.pk, here.pk]}


@pytest.mark.parametrize(
    ("ordering", "expected"),
    [
        ("name", ["ada", "bea", "cleo"]),
        ("-name", ["cleo", "bea", "ada"]),
        ("-score", ["bea", "cleo", "ada"]),
        ("score", ["cleo", "bea", "ada"]),
        ("next", ["cleo", "ada", "bea"]),
        ("-next", ["ada", "cleo", "bea"]),
        ("-captured", ["ada", "cleo", "bea"]),
        ("nonsense", ["cleo", "bea", "ada"]),
        ("-columns", ["cleo", "bea", "ada"]),
    ],
)
def test_leads_in_order_those_without_a_value_last(client_for, rob, ordering, expected):
    made = {name: make_lead(first_name=name, last_name="Same") for name in ("ada", "bea", "cleo")}
    facts = {"ada": (3, DAY * 2), "bea": (1, None), "cleo": (2, DAY)}
    for name, (age, due) in facts.items():
        Lead.objects.filter(pk=made[name].pk).update(
            captured_at=MONDAY + age * DAY, next_step_at=MONDAY + due if due else None
        )
    LeadScore.objects.filter(lead=made["ada"]).delete()
    for name, score in (("bea", 60), ("cleo", 40)):
        LeadScore.objects.update_or_create(lead=made[name], defaults={"shown": score, "scored_at": MONDAY})

    page = client_for(rob).get(f"/leads/?tab=all&ordering={ordering}")

    assert shown(page) == [made[name].pk for name in expected]


def expected_of(name: str, *, grade: str | None, chances: tuple[float | None, float | None] | None) -> Lead:
    """A lead with a grade ("" for an excluded one, None for one not scored) and its chances, where there are any."""
    lead = make_lead(first_name=name)
    LeadScore.objects.filter(lead=lead).delete()
    if grade is not None:
        LeadScore.objects.create(lead=lead, grade=grade, scored_at=MONDAY)
    if chances:
        LeadPrediction.objects.create(lead=lead, acceptance=chances[0], win=chances[1], predicted_at=MONDAY)
    return lead


@pytest.fixture
def four() -> dict[str, Lead]:
    known = {"ada": ("B2", (0.6, None)), "bea": ("A1", (0.9, 0.05)), "cleo": ("", None), "dora": (None, (0.3, 0.4))}
    return {name: expected_of(name, grade=grade, chances=chances) for name, (grade, chances) in known.items()}


@pytest.mark.parametrize(
    ("ordering", "expected"),
    [
        ("grade", ["bea", "ada", "dora", "cleo"]),
        ("-grade", ["ada", "bea", "dora", "cleo"]),
        ("-acceptance", ["bea", "ada", "dora", "cleo"]),
        ("acceptance", ["dora", "ada", "bea", "cleo"]),
        ("-win", ["dora", "bea", "cleo", "ada"]),
        ("win", ["bea", "dora", "cleo", "ada"]),
    ],
)
def test_leads_by_grade_and_by_chance(client_for, rob, four, ordering, expected):
    page = client_for(rob).get(f"/leads/?tab=all&ordering={ordering}")
    assert shown(page) == [four[name].pk for name in expected]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("acceptance_from=60", ["bea", "ada"]),
        ("acceptance_to=60", ["dora", "ada"]),
        ("win_from=5&win_to=5", ["bea"]),
        ("win_from=101", ["dora", "cleo", "bea", "ada"]),
        ("grade=A1&acceptance_from=50", ["bea"]),
    ],
)
def test_leads_are_filtered_by_chance_in_percent(client_for, rob, four, query, expected):
    assert shown(client_for(rob).get(f"/leads/?tab=all&{query}")) == [four[name].pk for name in expected]


def test_grade_and_chances_are_columns(client_for, rob, four):
    page = client_for(rob).get("/leads/?tab=all&columns=grade,acceptance,win&acceptance_from=90").content.decode()
    cells = [re.sub(r"<[^>]+>|\s+", " ", cell).strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", page, re.DOTALL)]
    assert cells[-3:] == ["A1", "90 %", "5 %"]


def test_the_file_of_leads_has_grade_and_chances(client_for, max_, four):
    body = client_for(max_).get("/bulk/export.csv?list=leads&query=tab%3Dall&all=1").getvalue().decode("utf-8-sig")
    rows = {row["first_name"]: row for row in csv.DictReader(StringIO(body))}
    found = {name: (row["grade"], row["acceptance_chance"], row["win_chance"]) for name, row in rows.items()}
    assert (found["bea"], found["cleo"]) == (("A1", "0.9", "0.05"), ("", "", ""))


@pytest.mark.parametrize(
    "ordering",
    ["", "name", "-score", "next", "-next", "-activity", "stage_since", "grade", "-grade", "-win", "win"],
)
def test_pages_of_any_order_hold_every_row_once_there_and_back(client_for, rob, ordering, monkeypatch):
    monkeypatch.setattr("crm.keyset.page_of.__kwdefaults__", {**page_of.__kwdefaults__, "size": 3})
    for number in range(10):
        due = MONDAY + (number // 2) * DAY if number % 3 else None
        lead = lead_with(first_name="Same", last_name="Name", next_step_at=due, last_activity_at=due)
        LeadScore.objects.filter(lead=lead).delete()
        if number % 4:
            grade = ("", "A1", "B2")[number % 3]
            LeadScore.objects.create(lead=lead, shown=number // 3, grade=grade, scored_at=MONDAY)
            chance = number / 100 if number % 3 else None
            LeadPrediction.objects.create(lead=lead, win=chance, predicted_at=MONDAY)
    client = client_for(rob)

    there = pages(client, f"/leads/?tab=all&ordering={ordering}", "older_url")
    back = pages(client, there[-1][1], "newer_url")

    rows = [pk for page, _address in there for pk in page]
    assert len(rows) == len(set(rows)) == 10
    assert [page for page, _address in reversed(back)] == [page for page, _address in there]


def pages(client: Any, address: str, direction: str) -> list[tuple[list[int], str]]:
    found = []
    while address:
        page = client.get(address)
        found.append((shown(page), address))
        way = getattr(page.context["page"], direction)
        address = f"/leads/{way}" if way else ""
    return found


@pytest.mark.parametrize(
    "position",
    ["after=x~1", "after=~1", "after=1", "before=2026-02-30~4", "after=2026-01-01", "after=" + "9" * 500 + "~1"],
)
def test_a_position_that_makes_no_sense_is_the_first_page(client_for, rob, position):
    lead = make_lead()

    for ordering in ("-captured", "-score", "name"):
        answer = client_for(rob).get(f"/leads/?tab=all&ordering={ordering}&{position}")
        assert answer.status_code == 200
    assert shown(client_for(rob).get(f"/leads/?tab=all&ordering=-captured&{position}")) == [lead.pk]


def test_columns_are_chosen_in_the_address(client_for, rob):
    make_lead(country="Norway")
    client = client_for(rob)

    for query in ("columns=country,owner", "columns=owner&columns=country", "columns=owner,country,bogus"):
        page = client.get(f"/leads/?tab=all&{query}")
        assert [head.column.key for head in page.context["heads"]] == ["name", "owner", "country"]
    assert "Norway" in page.content.decode()


def test_a_filter_is_edited_in_the_bar_alone(client_for, rob):
    page = client_for(rob).get(
        "/leads/?tab=all&stage=mql&edit=stage", headers={"hx-request": "true", "hx-target": "filter-bar"}
    )

    html = page.content.decode()
    assert "<table" not in html
    assert 'name="stage" value="mql" checked' in html
    assert 'type="hidden" name="tab" value="all"' in html


@pytest.mark.parametrize("key", ["leads", "contacts", "companies", "opportunities", "campaigns", "tasks"])
def test_every_editor_and_every_column_of_every_list_can_be_shown(client_for, ada, key):
    make_rows(1, ada)
    client, listed = client_for(ada), list_of(key)
    every = ",".join(column.key for column in listed.columns)

    for each in listed.filters:
        assert client.get(f"/{key}/?edit={each.key}").status_code == 200
    page = client.get(f"/{key}/?tab=all&columns={every}")
    for sort in listed.sorts:
        assert shown(client.get(f"/{key}/?tab=all&ordering={sort.key}")) == shown(page)

    assert len(page.context["heads"]) == len(listed.columns)
    assert len(shown(page)) == 1
    assert client.get(f"/peek/{key}/{shown(page)[0]}/").status_code == 200


def test_peek_at_what_is_not_there(client_for, rob):
    assert client_for(rob).get("/peek/leads/999999/").status_code == 404
    assert client_for(rob).get("/peek/wishes/1/").status_code == 404


def test_rows_asked_are_the_rows_of_the_page(client_for, rob):
    mql = make_mql(source="web")
    make_lead(source="web")

    assert list(rows_asked("leads", QueryDict("tab=all&stage=mql&source=web&ordering=name&after=3"), rob)) == [mql]


def test_contacts_and_opportunities_are_found_by_their_company(client_for, rob):
    acme = Company.objects.create(name="Acme Tools")
    ada = Contact.objects.create(first_name="Ada", company=acme)
    Contact.objects.create(first_name="Ada")
    deal = make_opportunity("Line 3", company=acme, owner=rob)
    client = client_for(rob)

    assert shown(client.get("/contacts/?q=ada+acme")) == [ada.pk]
    assert shown(client.get("/opportunities/?q=tools+line")) == [deal.pk]


def test_tasks_by_tab_and_due_day(client_for, rob, north):
    now = timezone.now()
    rosa = make_user("rosa", team=north)
    late, soon = make_task(owner=rob, due_at=now - DAY), make_task(owner=rob, due_at=now + 3 * DAY)
    hers = make_task(owner=rosa, due_at=now + DAY)
    done = make_task(owner=rob, due_at=now, done_at=now)
    client = client_for(rob)

    found = {
        query: shown(client.get(f"/tasks/?{query}"))
        for query in ("tab=mine", "tab=overdue", "tab=team", "tab=done", "tab=all&due=week")
    }

    assert found == {
        "tab=mine": [late.pk, soon.pk],
        "tab=overdue": [late.pk],
        "tab=team": [late.pk, hers.pk, soon.pk],
        "tab=done": [done.pk],
        "tab=all&due=week": [hers.pk, soon.pk],
    }  # fmt: skip


def test_campaigns_by_tab_and_owner(client_for, mia):
    running, planned = make_campaign(owner=mia), make_campaign("Next", status="planned")
    client = client_for(mia)

    assert shown(client.get("/campaigns/")) == [running.pk]
    assert shown(client.get("/campaigns/?tab=planned")) == [planned.pk]
    assert shown(client.get("/campaigns/?tab=all&owner=me")) == [running.pk]


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "😀😀", "ا" * 120, "a" * 5000, "' OR 1=1 --", "a & | ! :* \\"]
)
def test_whatever_is_searched_for_breaks_nothing(client_for, rob, text):
    client = client_for(rob)

    for key in ("leads", "contacts", "companies", "opportunities", "campaigns", "tasks"):
        page = client.get(f"/{key}/", {"q": text, "tab": "all"})
        assert page.status_code == 200
        assert "<script>alert" not in page.content.decode()


@pytest.mark.parametrize(
    "nonsense", ["stage=none", "owner=user:x", "owner=robot", "campaign=x", "company=x", "tab=zzz", "after=x"]
)
def test_nonsense_in_the_address_breaks_nothing(client_for, rob, nonsense):
    assert client_for(rob).get(f"/leads/?{nonsense}").status_code == 200


def test_a_merged_lead_is_not_listed(client_for, rob):
    survivor, duplicate = make_lead(), make_lead()
    Lead.objects.filter(pk=duplicate.pk).update(merged_into=survivor)

    assert shown(client_for(rob).get("/leads/?tab=all")) == [survivor.pk]


def test_last_activity_or_its_absence_is_shown_red_where_sales_owes_one(client_for, rob):
    from feedback.verdicts import accept_handoff

    accept_handoff(make_handoff(to=rob), by=rob, at=MONDAY)

    html = client_for(rob).get("/leads/?tab=mine").content.decode()

    assert '<span class="bad">Not contacted</span>' in html
    assert '<span class="bad">none</span>' in html


LISTS = [
    "/leads/?tab=all",
    "/leads/?tab=all&columns=stage,email,phone",
    "/contacts/",
    "/companies/",
    "/opportunities/?tab=open",
    "/campaigns/?tab=all",
    "/tasks/?tab=all",
]


@pytest.mark.parametrize("path", LISTS)
def test_a_list_costs_the_same_for_one_and_fifty_rows(client_for, django_assert_max_num_queries, rob, path):
    make_rows(1, rob)
    client = client_for(rob)
    client.get(path)
    with django_assert_max_num_queries(40) as few:
        client.get(path)

    make_rows(49, rob)
    with django_assert_max_num_queries(40) as many:
        response = client.get(path)

    assert len(response.context["page"].rows) == 50
    assert len(many) == len(few)


def make_task(title: str = "Call back", **fields: Any) -> Task:
    return Task.objects.create(title=title, **fields)


def make_rows(count: int, rob: Any) -> None:
    for _number in range(count):
        company = Company.objects.create(name="Acme")
        contact = Contact.objects.create(first_name="Ada", company=company)
        about = {"campaign": make_campaign(), "company": company, "contact": contact, "phone": "+49 30 123456"}
        lead = make_lead(owner=rob, team=rob.team, **about)
        deal = make_opportunity(lead=lead, company=company, owner=rob)
        make_task(lead=lead, opportunity=deal, owner=rob, due_at=MONDAY)


def test_lists_go_on_behind_the_fiftieth_row(client_for, rob):
    ids = [make_lead().pk for _number in range(51)]
    client = client_for(rob)

    first = client.get("/leads/?tab=all")
    second = client.get(f"/leads/{first.context['page'].older_url}")

    assert (shown(first), shown(second)) == (ids[:0:-1], ids[:1])


def test_opportunities_by_tab(client_for, rob):
    mine, other = make_opportunity("Mine", owner=rob), make_opportunity("Other")
    won = make_opportunity("Won", stage="won", outcome="won", closed_at=MONDAY)
    client = client_for(rob)

    tabs = {tab: shown(client.get(f"/opportunities/?tab={tab}")) for tab in ("mine", "open", "won", "lost")}

    assert tabs == {"mine": [mine.pk], "open": [other.pk, mine.pk], "won": [won.pk], "lost": []}
    assert shown(client.get("/opportunities/")) == [mine.pk]


def test_new_lead_of_a_rep_is_the_reps_own(client_for, rob):
    campaign = make_campaign(channel="event")

    answer = client_for(rob).post("/leads/new/", {"first_name": "Ada", "campaign": campaign.pk})

    lead = Lead.objects.get()
    assert answer.url == f"/leads/{lead.pk}/"
    assert (lead.owner, lead.team, lead.sourced_by, lead.channel, lead.stage) == (
        rob, rob.team, "sales", "event", "inquiry",
    )  # fmt: skip
    assert lead.touches.get().campaign == campaign


def test_new_lead_needs_something_that_is_known(client_for, mia):
    answer = client_for(mia).post("/leads/new/", {"country": "Germany"})

    assert (answer.status_code, Lead.objects.count()) == (422, 0)
    assert "Give at least a name" in answer.content.decode()


def test_new_lead_sent_twice_is_one_lead(client_for, mia):
    client, sent = client_for(mia), {"first_name": "Ada", "idempotency_key": "once"}

    answers = [client.post("/leads/new/", sent).status_code for _click in range(2)]

    assert (answers, Lead.objects.count()) == ([302, 302], 1)


def test_names_from_outside_are_escaped(client_for, rob):
    make_lead(first_name="<script>alert(1)</script>", company_name="<b>Acme</b>")

    html = client_for(rob).get("/leads/?tab=all").content.decode()

    assert "<script>alert" not in html
    assert "<b>Acme" not in html


def test_an_empty_product_offers_the_import(client_for: Any) -> None:
    rob = make_user("rob", team=make_team())
    assert "Make a form" in client_for(rob).get("/leads/?tab=all").content.decode()
    assert "Show all leads" in client_for(rob).get("/leads/?tab=mine").content.decode()
