"""The first page by role: desk/views/home.py with desk/queries/home.py."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from crm.models import Role
from desk.queries.campaign_pace import paces
from desk.queries.home import Week, funnel_sentence, week_of
from feedback.models import Agreement, Handoff, Request, RequestKind
from feedback.replies import reply_to
from feedback.verdicts import accept_handoff, reject_handoff
from funnel.facts.recompute import apply_changes
from leads.activities import log_activity
from leads.converting import convert_lead
from leads.models import Lead
from leads.next_steps import add_task
from leads.subjects import Subject
from tests.factories import (
    DAY,
    HOUR,
    MONDAY,
    make_campaign,
    make_handoff,
    make_lead,
    make_mql,
    make_opportunity,
    make_spend,
    make_team,
    make_user,
    reason,
)

pytestmark = pytest.mark.django_db


def count_figures() -> None:
    apply_changes({"lead": set(Lead.objects.values_list("pk", flat=True))})


def accepted(rob: Any, **fields: Any) -> Lead:
    handoff = make_handoff(to=rob, lead=make_mql(**fields))
    accept_handoff(handoff, by=rob, at=timezone.now())
    return Lead.objects.get(pk=handoff.lead_id)


def test_rep_sees_what_waits_what_to_work_and_what_went_quiet(client_for, rob, north):
    waiting = make_handoff(to=rob)
    for_team = make_handoff(to=north)
    taken = accepted(rob)
    deal = make_opportunity("Silent since March", owner=rob)
    convert_lead(accepted(rob), by=rob, at=timezone.now())
    make_opportunity("Of somebody else", owner=make_user("rosa", team=north))

    page = client_for(rob).get("/")

    assert {row.handoff.pk for row in page.context["waiting"]} == {waiting.pk, for_team.pk}
    assert [lead.pk for lead in page.context["working"].shown] == [taken.pk]
    assert [row.pk for row in page.context["quiet"].shown] == [deal.pk]
    assert "Answer 2 waiting" in page.content.decode()


def test_rep_with_nothing_to_do_is_told_what_good_looks_like(client_for, rob):
    html = client_for(rob).get("/").content.decode()

    assert "Nothing waits for you" in html
    assert "No lead is left lying" in html
    assert "None has gone quiet" in html
    assert "Nothing is due" in html


def test_tasks_due_are_the_own_ones_up_to_tonight_the_oldest_on_top(client_for, rob, mia):
    now = timezone.now()
    for days in range(12):
        add_task(Subject(), by=rob, at=now - days * DAY, title=f"Late {days}", due_at=now - days * DAY)
    add_task(Subject(), by=rob, at=now, title="Next week", due_at=now + 7 * DAY)
    add_task(Subject(), by=mia, at=now, title="Hers", due_at=now)

    page = client_for(rob).get("/")

    tasks = page.context["tasks"]
    assert [task.title for task in tasks.shown] == [f"Late {days}" for days in range(11, 1, -1)]
    assert (tasks.more, tasks.late) == (2, 12)
    assert "and 2 more" in page.content.decode()

    client_for(rob).post("/tasks/postponement/", {"days": "3"})
    assert not client_for(rob).get("/").context["tasks"]
    assert client_for(mia).get("/").context["tasks"].shown[0].title == "Hers"


def test_my_week_counts_what_i_did_since_monday(rob):
    lead, now = make_lead(owner=rob), MONDAY + 2 * DAY
    done = [
        (1, "call", "no_answer"),
        (1, "email", ""),
        (5, "call", "reached"),
        (6, "meeting", "held"),
        (-72, "call", "reached"),
    ]
    for hours, kind, outcome in done:
        log_activity(Subject(lead), by=rob, at=MONDAY + hours * HOUR, kind=kind, outcome=outcome)

    assert week_of(rob, now=now) == Week(calls=2, emails=1, meetings=1, attempts=2, answers=2)


def test_marketer_sees_answers_repairs_ready_leads_and_campaigns(client_for, mia, rob):
    mine, foreign = make_campaign("Mine", owner=mia), make_campaign("Foreign")
    ready = make_mql(campaign=mine)
    make_mql(campaign=foreign)
    repair = make_handoff(to=rob, lead=make_mql(campaign=mine))
    reject_handoff(repair, by=rob, at=timezone.now(), reason=reason("missing_data"), comment="No phone number")
    old = make_handoff(to=rob, lead=make_mql(campaign=mine))
    accept_handoff(old, by=rob, at=timezone.now())
    Handoff.objects.filter(pk=old.pk).update(decided_at=timezone.now() - timedelta(days=8))
    accepted(rob, campaign=foreign)
    count_figures()

    page = client_for(mia).get("/")

    assert [handoff.pk for handoff in page.context["answers"].shown] == [repair.pk]
    assert [row.lead.pk for row in page.context["repairs"].shown] == [repair.lead_id]
    assert [handoff.pk for handoff in page.context["comments"].shown] == [repair.pk]
    assert [lead.pk for lead in page.context["ready"].shown] == [ready.pk]
    assert [(line["campaign"], list(dict(line["counts"]).values())) for line in page.context["campaigns"]] == [
        (mine, [3, 3, 1, 0, 0])
    ]
    assert "No phone number" in page.content.decode()


def test_manager_sees_who_waits_and_the_answers_of_the_team(client_for, north, rob):
    max_ = make_user("max", role=Role.MANAGER, team=north)
    make_handoff(to=rob)
    ours = accepted(rob)
    accepted(make_user("sam", team=make_team("Team South")))

    page = client_for(max_).get("/")

    assert [(row.label, row.count, row.overdue) for row in page.context["waits"].recipients] == [("Rob", 1, 1)]
    assert f"/inbox/waiting/{rob.pk}/rerouting/" in page.content.decode()
    assert [handoff.lead_id for handoff in page.context["answers"].shown] == [ours.pk]
    assert "Who waits for sales" in page.content.decode()


def test_marketing_manager_sees_all_answers_and_running_campaigns(client_for, rob):
    mona = make_user("mona", role=Role.MANAGER, team=make_team("Marketing", kind="marketing"))
    campaign = make_campaign()
    accepted(rob)

    page = client_for(mona).get("/")

    assert len(page.context["answers"].shown) == 1
    assert [line["campaign"] for line in page.context["campaigns"]] == [campaign]


def test_admin_sees_people_health_and_settings(client_for, rob):
    ann = make_user("ann", role=Role.ADMIN)
    make_user("olist", email=None)

    page = client_for(ann).get("/")

    assert [(role["label"], role["count"]) for role in page.context["roles"]] == [
        ("Marketer", 0),
        ("Sales rep", 2),
        ("Manager", 0),
        ("Admin", 1),
    ]
    assert "1 imported without an e-mail cannot log in" in page.content.decode()


def test_blocks_hold_ten_rows_and_cost_the_same(client_for, django_assert_max_num_queries, mia, rob, north):
    max_ = make_user("max", role=Role.MANAGER, team=north)
    campaign = make_campaign(owner=mia)

    def make(count: int) -> None:
        for _number in range(count):
            make_handoff(to=rob)
            accepted(rob, campaign=campaign)
            make_mql(campaign=campaign)
            reject_handoff(
                make_handoff(to=rob, lead=make_mql(campaign=campaign)),
                by=rob,
                at=timezone.now(),
                reason=reason("wrong_data"),
            )
            make_opportunity(owner=rob)
        count_figures()

    def costs() -> dict[str, int]:
        found = {}
        for person in (rob, mia, max_):
            client = client_for(person)
            client.get("/")
            with django_assert_max_num_queries(40) as queries:
                client.get("/")
            found[person.first_name] = len(queries)
        return found

    make(1)
    few = costs()
    make(11)

    assert costs() == few
    assert len(client_for(rob).get("/").context["working"].shown) == 10
    assert client_for(rob).get("/").context["working"].more


def test_funnel_sentence_names_the_biggest_drop(rob):
    campaign = make_campaign()
    for number in range(12):
        lead = make_mql(campaign=campaign)
        if number < 8:
            handoff = make_handoff(to=rob, lead=lead)
            if number < 2:
                accept_handoff(handoff, by=rob, at=MONDAY)
    count_figures()

    assert funnel_sentence(date(2026, 3, 10)) == (
        "Of 12 MQLs since 1 January, 17 % were accepted; "
        "the biggest drop is from Accepted (SAL) to Qualified (SQL), where 100 % stayed behind."
    )
    assert funnel_sentence(date(2026, 9, 1)) == "0 MQLs since 1 July: too few for rates."


def test_marketer_sees_the_wrong_field_what_is_due_and_what_was_asked(client_for, mia, rob):
    handoff = make_handoff(to=rob, lead=make_mql(owner=mia, phone="+49 1"))
    why = {"reason": reason("wrong_data"), "comment": "Nobody there", "wrong_fields": ["phone"]}
    reject_handoff(handoff, by=rob, at=timezone.now(), **why)
    due, later = make_lead(owner=mia), make_lead(owner=mia)
    for lead, days in ((due, -1), (later, 9)):
        Lead.objects.filter(pk=lead.pk).update(stage="nurture", revisit_on=timezone.localdate() + days * DAY)
    asked = Request.objects.create(
        asked_by=rob, asked_at=timezone.now(), kind=RequestKind.CASE_STUDY, text="A case, please"
    )

    page = client_for(mia).get("/")

    assert [(row.lead.pk, row.wrong) for row in page.context["repairs"].shown] == [(handoff.lead_id, "phone")]
    assert [lead.pk for lead in page.context["nurture"].shown] == [due.pk]
    assert list(page.context["requests"].shown) == [asked]
    assert "Answer sales" in page.content.decode()
    reply_to(handoff, by=mia, at=timezone.now(), text="Mended")
    assert not client_for(mia).get("/").context["comments"]


def test_a_marketer_with_nothing_to_do_is_told_what_good_looks_like(client_for, mia):
    html = client_for(mia).get("/").content.decode()
    for said in ("Every comment is answered", "Nothing to repair", "Nobody is due", "Nothing is asked of you"):
        assert said in html


def test_a_campaign_tells_when_its_money_runs_ahead_of_its_time(mia):
    today = MONDAY.date()
    days = {"starts_on": today - timedelta(days=9), "ends_on": today + timedelta(days=10), "budget": 1000}
    hasty, calm, open_end = make_campaign(**days), make_campaign(**days), make_campaign(budget=None)
    make_spend(hasty, "800")
    make_spend(calm, "500")
    found = paces([hasty, calm, open_end], today=today)
    assert [(found[each.pk].words, found[each.pk].is_ahead_of_time) for each in (hasty, calm, open_end)] == [
        ("80 % of the budget in 50 % of the time", True),
        ("50 % of the budget in 50 % of the time", False),
        ("", False),
    ]  # fmt: skip


def test_manager_sees_who_is_away_and_what_to_sign(client_for, north, south, rob, sam):
    max_ = make_user("max", role=Role.MANAGER, team=north)
    for person in (rob, sam):
        person.away_until = timezone.localdate() + 3 * DAY
        person.save()
    Agreement.objects.create(version=9, status="proposed", proposed_by=max_, proposed_at=timezone.now())

    page = client_for(max_).get("/")

    assert page.context["away"].shown == [rob]
    assert page.context["to_sign"].is_mine
    assert "Read and sign" in page.content.decode()
    Agreement.objects.filter(version=9).delete()
    assert "Needs a signature" not in client_for(max_).get("/").content.decode()
