"""scoring/features.py: what a model sees of a lead, and that nothing sales writes after the hand-off is among it."""

from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from campaigns.models import Asset
from feedback.verdicts import accept_handoff
from leads.activities import log_activity
from leads.converting import convert_lead
from leads.lifecycle import Stage
from leads.merging import merge_leads
from leads.models import Company, Contact, CustomField, Lead, Touch
from leads.subjects import Subject
from leads.touches import record_touch
from leads.transitions import move_lead, transition_lead
from scoring.features import FEATURES, features_from, features_of, kind_of, known_features
from tests.factories import DAY, HOUR, MONDAY, make_campaign, make_handoff, make_lead, make_mql

pytestmark = pytest.mark.django_db


def seen(lead: Lead, at: Any, *, own: bool = False) -> dict[str, Any]:
    """Every feature of one lead; nan as None, so that rows can be compared."""
    columns = features_of([(lead.pk, at)], known_features([lead.pk]) if own else None)
    row = {name: column.values[0] for name, column in columns.items()}
    return {name: None if isinstance(value, float) and np.isnan(value) else value for name, value in row.items()}


def among(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}


def test_a_lead_is_told_by_who_it_is():
    company = Company.objects.create(name="Acme", industry="Machinery", employees=120, is_target=True)
    lead = make_lead(country="Germany", title=" Head of buying ", company=company, phone="", email="ann@gmail.com")
    row = seen(lead, MONDAY + 2 * DAY)

    assert among(
        row, "country", "title", "segment", "company_industry", "company_employees", "target_account", "has_email",
        "has_phone", "free_mail", "days_since_capture", "hour_captured", "weekday_captured",
    ) == {
        "country": "Germany", "title": "Head of buying", "segment": None, "company_industry": "Machinery",
        "company_employees": 120, "target_account": 1, "has_email": 1, "has_phone": 0, "free_mail": 1,
        "days_since_capture": 2, "hour_captured": 9, "weekday_captured": "Monday",
    }  # fmt: skip


def test_what_the_buyer_did_is_counted_until_the_moment():
    webinar, paper = make_campaign(), Asset.objects.create(name="Paper", kind="whitepaper")
    lead = make_lead()
    for days, kind, channel in [(0, "form", "search"), (10, "open", "email"), (40, "attend", "webinar")]:
        record_touch(lead, kind=kind, channel=channel, campaign=webinar, at=MONDAY + days * DAY, asset=paper)
    record_touch(lead, kind="form", channel="search", at=MONDAY + 60 * DAY, raised_hand=True)
    record_touch(lead, kind="mailed", channel="email", at=MONDAY + 5 * DAY, by="marketing")

    names = (
        "touches", "touches_in_7_days", "touches_in_30_days", "engagement", "did_form", "did_open", "by_email",
        "hands_raised", "days_since_first_touch", "days_since_last_touch", "days_since_open", "days_since_hand_raised",
        "first_channel", "last_channel", "last_kind", "last_campaign", "last_content",
    )  # fmt: skip
    at_40 = among(seen(lead, MONDAY + 40 * DAY), *names)
    assert at_40.pop("engagement") == pytest.approx(1 + 0.5 + 0.5 ** (40 / 30))
    assert at_40 == {
        "touches": 3, "touches_in_7_days": 1, "touches_in_30_days": 1, "did_form": 1, "did_open": 1, "by_email": 1,
        "hands_raised": 0, "days_since_first_touch": 40, "days_since_last_touch": 0, "days_since_open": 30,
        "days_since_hand_raised": None, "first_channel": "search", "last_channel": "webinar", "last_kind": "attend",
        "last_campaign": str(webinar.pk), "last_content": str(paper.pk),
    }  # fmt: skip
    assert among(seen(lead, MONDAY + 61 * DAY), "touches", "hands_raised", "days_since_hand_raised") == {
        "touches": 4, "hands_raised": 1, "days_since_hand_raised": 1
    }  # fmt: skip


def test_a_corrected_touch_never_happened_and_a_merged_lead_is_united(mona):
    lead, duplicate = make_lead(), make_lead()
    wrong = record_touch(lead, kind="form", at=MONDAY)
    record_touch(lead, kind="visit", at=MONDAY, corrects=wrong)
    record_touch(duplicate, kind="download", at=MONDAY)
    merge_leads(lead, duplicate, by=mona, at=MONDAY + DAY)

    row = seen(lead, MONDAY + 2 * DAY)
    assert among(row, "touches", "did_form", "did_visit", "did_download") == {
        "touches": 2, "did_form": 0, "did_visit": 1, "did_download": 1
    }  # fmt: skip


def test_rows_come_in_the_order_asked_for():
    leads = [make_lead(country=f"Land {number}") for number in range(5)]
    pairs = [(leads[number].pk, MONDAY + number * DAY) for number in (3, 0, 4, 1, 2)]

    columns = features_of(pairs)
    assert columns["country"].values.tolist() == ["Land 3", "Land 0", "Land 4", "Land 1", "Land 2"]
    assert columns["days_since_capture"].values.tolist() == [3, 0, 4, 1, 2]
    assert set(columns) == set(FEATURES)


@pytest.mark.parametrize("names", [["country", "title"], ["touches", "days_since_open"], []])
def test_texts_alone_numbers_alone_and_nothing_are_read(names):
    lead = make_lead(country="Österreich", title="")
    columns = features_of([(lead.pk, MONDAY)], {name: FEATURES[name] for name in names})

    known = {
        "country": ["Österreich"],
        "title": [None],
        "touches": [0],
        "days_since_open": [pytest.approx(np.nan, nan_ok=True)],
    }
    assert {name: column.values.tolist() for name, column in columns.items()} == {name: known[name] for name in names}


def test_nothing_sales_writes_after_the_hand_off_is_seen(rob, mona):
    """Whatever a rep can write about a lead once it was handed over, in the present or for a day in the past."""
    machines = CustomField.objects.create(record="lead", name="machines", label="Machines", kind="number")
    CustomField.objects.create(record="company", name="plants", label="Plants", kind="number")
    company = Company.objects.create(name="Acme", industry="Machinery", employees=5, custom={"plants": 1})
    ann = Contact.objects.create(last_name="Ann", title="Buyer", company=company)
    now = timezone.now()
    lead = make_mql(at=now - 3 * HOUR, company=company, contact=ann, custom={machines.name: 3}, segment="Small")
    Lead.objects.filter(pk=lead.pk).update(created_at=now - 3 * HOUR)
    kept = record_touch(lead, kind="form", at=now - 3 * HOUR)
    dated(kept, at=now - 3 * HOUR)
    handoff = make_handoff(to=rob, lead=lead, at=now - HOUR)
    before = seen(lead, handoff.offered_at, own=True)
    assert before["custom.machines"] == 3

    accept_handoff(handoff, by=rob, at=now, comment="A great fit")
    lead.refresh_from_db()
    Lead.objects.filter(pk=lead.pk).update(
        need="Now", authority="She decides", timing="This week", budget="A lot", tags=["hot"], segment="Large",
        country="Germany", title="CEO", source="rep", channel="phone", product_interest="All of it", phone="+49301234",
        email="ann@other.example", company_name="Other", do_not_mail=True, do_not_call=True, sourced_by="sales",
        custom={"machines": 99, "called": "yes", "verdict": "good"}, company=Company.objects.create(name="Other"),
    )  # fmt: skip
    Company.objects.filter(pk=company.pk).update(
        industry="Finance", employees=9_000, is_target=True, country="France", custom={"plants": 70}
    )
    Contact.objects.filter(pk=ann.pk).update(title="CEO", do_not_mail=True)
    lead.refresh_from_db()
    log_activity(Subject(lead=lead), kind="meeting", by=rob, at=now, note="They want it")
    # A rep may date a touch back, or correct one.
    record_touch(lead, kind="meeting", at=now - 2 * HOUR, raised_hand=True)
    record_touch(lead, kind="visit", at=now - 2 * HOUR, corrects=kept)
    transition_lead(lead, Stage.QUALIFIED, by=rob, at=now, note="Hot")
    lead.refresh_from_db()
    convert_lead(lead, by=rob, at=now)

    after = {name: value for name, value in seen(lead, handoff.offered_at, own=True).items() if name in before}
    assert after == before
    later = seen(lead, timezone.now() + HOUR, own=True)
    assert (later["segment"], later["custom.machines"], later["did_meeting"]) == ("Large", 99, 1)


def dated(touch: Touch, *, at: Any) -> None:
    from django.db import connection

    with connection.cursor() as sql:
        sql.execute("SET LOCAL tandem.rewrite = 'test'")
        sql.execute("UPDATE leads_touch SET created_at = %s WHERE id = %s", [at, touch.pk])
        sql.execute("SET LOCAL tandem.rewrite = ''")


@pytest.mark.parametrize("name", ["owner", "team", "stage", "tags", "need", "authority", "timing", "budget", "reason"])
def test_what_sales_alone_writes_is_no_feature(name):
    assert not [feature for feature in FEATURES if name in feature.split("_")]


def test_own_fields_are_features_defined_or_not():
    CustomField.objects.create(record="lead", name="since", label="Customer since", kind="date")
    CustomField.objects.create(record="lead", name="plan", label="Plan", kind="choice", choices=["Basic", "Pro"])
    CustomField.objects.create(record="lead", name="gone", label="Gone", kind="text", retired=True)
    CustomField.objects.create(record="company", name="100% owned", label="Owned", kind="yes_no")
    company = Company.objects.create(name="Acme", custom={"100% owned": True})
    lead = make_lead(
        company=company, custom={"since": "2026-02-20", "plan": "Pro", "gone": "x", "visits": "12", "it's {odd}": "a"}
    )
    row = {name: value for name, value in seen(lead, MONDAY, own=True).items() if "custom." in name}

    assert row.pop("custom.since") == pytest.approx(10, abs=3)
    assert row == {
        "custom.plan": "Pro", "custom.visits": 12, "custom.it's {odd}": "a", "company.custom.100% owned": 1
    }  # fmt: skip


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "-2.5", "30"], "number"), (["yes", "No"], "yes_no"), (["2026-01-31", "2025-12-01T10:00"], "date"),
        (["1"] * 99 + ["many"], "number"), (["1", "two"], "text"), (["9" * 40], "text"),
    ],
)  # fmt: skip
def test_what_an_undefined_field_holds_is_told_by_its_values(values, kind):
    assert kind_of(values) == kind


@pytest.mark.parametrize(
    "value", [1e300, "9" * 400, "NaN", "Infinity", "", " ", None, [], {"a": 1}, True, "12,5", "\u20037", "7\u2003"]
)
def test_an_absurd_number_is_missing(value):
    CustomField.objects.create(record="lead", name="machines", label="Machines", kind="number")
    lead = make_lead(custom={"machines": value})

    assert seen(lead, MONDAY, own=True)["custom.machines"] is None


@pytest.mark.parametrize("value", ["2026-02-30", "2026-13-45", "0000-00-00", "soon", "\t\t2026-10-21", "\u20032026-1"])
def test_an_impossible_date_stops_nothing(value):
    CustomField.objects.create(record="lead", name="since", label="Since", kind="date")

    assert "custom.since" in seen(make_lead(custom={"since": value}), MONDAY, own=True)


def test_features_are_read_again_as_a_manifest_names_them():
    lead = make_lead(custom={"machines": "7", "plan": "Pro"})
    features = known_features([lead.pk])
    again = features_from([feature.as_json() for feature in features.values()])

    assert list(again) == list(features)
    told = [features_of([(lead.pk, MONDAY)], one) for one in (features, again)]
    assert told[0]["custom.machines"].values == told[1]["custom.machines"].values == [7]


def test_a_lead_back_in_nurture_is_seen_as_it_is_now(rob):
    lead = make_mql(segment="Small")
    accept_handoff(make_handoff(to=rob, lead=lead), by=rob, at=MONDAY)
    lead.refresh_from_db()
    move_lead(lead, Stage.NURTURE, by=rob, at=MONDAY + HOUR)
    Lead.objects.filter(pk=lead.pk).update(segment="Large")

    assert seen(lead, timezone.now() + HOUR)["segment"] == "Large"
