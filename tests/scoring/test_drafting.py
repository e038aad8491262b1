"""scoring/drafting.py: drafts are begun, edited and thrown away, and what is odd about one is said."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from crm.editing import Gone
from leads.models import Lead
from leads.models.custom import CustomField
from leads.touches import record_touch
from scoring.drafting import (
    ChangedMeanwhile,
    draft_definition,
    edit_definition,
    fingerprint_of,
    mark_of,
    problems_of,
    warnings_of,
)
from scoring.models import Definition
from scoring.proposing import discard_definition
from scoring.rules import InvalidDefinition
from tests.factories import DAY, MONDAY, make_campaign, make_lead
from tests.scoring.cards import did, fit, when

pytestmark = pytest.mark.django_db
RULES = [fit("country", "Sweden", 40), did("form", 20, cap=40)]


def now(definition):
    return Definition.objects.get(pk=definition.pk)


def test_a_draft_from_nothing_takes_raised_hands_and_leaves_out_who_wants_no_mail(mona):
    draft = now(draft_definition(by=mona, at=MONDAY))
    assert (draft.version, draft.status, draft.written_by, draft.based_on) == (1, "draft", mona, None)
    assert [one["field"] for one in (*draft.hand_raises, *draft.exclusions)] == [
        "raised_hand",
        "do_not_mail",
        "own_staff",
    ]
    assert problems_of(draft) == []
    assert warnings_of(draft) == []


def test_a_copy_says_what_its_model_says_and_knows_it(mona, max_):
    model = draft_definition(
        by=mona, at=MONDAY, name="Makers", why="Old reason", rules=RULES, thresholds={"mql": 50}, half_life_days=14,
        daily_cap=None, hand_raises=[], exclusions=[when("country", "Chad")],
    )  # fmt: skip
    copy = now(draft_definition(by=max_, at=MONDAY, copy_of=model, name="Sharper"))
    assert (copy.version, copy.based_on, copy.written_by, copy.name, copy.why) == (2, 1, max_, "Sharper", "")
    assert fingerprint_of(copy) == fingerprint_of(model)
    assert mark_of(copy) != mark_of(model)


def test_a_copy_of_what_has_a_field_that_is_gone_can_be_mended(mona):
    field = CustomField.objects.create(record="company", name="erp", label="ERP", kind="text")
    model = draft_definition(by=mona, at=MONDAY, rules=[*RULES, fit("company.custom.erp", "SAP", 5)])
    field.delete()
    copy = draft_definition(by=mona, at=MONDAY, copy_of=model, name="Mended")
    assert problems_of(copy) == [("rules[2].field", "there is no field 'company.custom.erp'; was it deleted?")]
    assert warnings_of(copy) == []
    edit_definition(copy, by=mona, at=MONDAY, rules=RULES)
    assert problems_of(now(copy)) == []


def test_a_bad_definition_is_not_kept(mona):
    draft = draft_definition(by=mona, at=MONDAY, rules=RULES, thresholds={"mql": 50})
    for bad in ({"rules": [fit("shoe_size", 44, 5)]}, {"thresholds": {"mql": 90}}, {"half_life_days": 1},
                {"daily_cap": 0}, {"hand_raises": [when("country", "Chad")]}, {"exclusions": "everybody"}):  # fmt: skip
        with pytest.raises(InvalidDefinition) as refused:
            edit_definition(draft, by=mona, at=MONDAY, **bad)
        assert refused.value.extra["problems"][0]["place"].split("[")[0].split(".")[0] in bad
        with pytest.raises(InvalidDefinition):
            draft_definition(by=mona, at=MONDAY, **{"rules": RULES, **bad})
    with pytest.raises(ValidationError):
        edit_definition(draft, by=mona, at=MONDAY, name=" ")
    with pytest.raises(TypeError):
        edit_definition(draft, by=mona, at=MONDAY, status="active")
    assert Definition.objects.count() == 1
    assert now(draft).rules == RULES


def test_the_second_of_two_who_edit_is_told_who_was_first(mona, max_):
    draft = draft_definition(by=mona, at=MONDAY, rules=RULES)
    seen = mark_of(now(draft))
    first = edit_definition(draft, by=max_, at=MONDAY, seen=seen, name="Sharper")
    assert now(draft).written_by == max_
    with pytest.raises(ChangedMeanwhile, match="Max changed this definition since you opened it") as refused:
        edit_definition(draft, by=mona, at=MONDAY, seen=seen, half_life_days=10)
    assert refused.value.extra["mark"] == mark_of(now(draft)) == mark_of(first)
    edit_definition(draft, by=mona, at=MONDAY, seen=mark_of(first), half_life_days=10)
    # Nothing new is no conflict: a form that was sent twice.
    edit_definition(draft, by=mona, at=MONDAY, seen=seen, half_life_days=10)
    assert (now(draft).name, now(draft).half_life_days, now(draft).written_by) == ("Sharper", 10, mona)


def test_a_draft_is_thrown_away_once(mona):
    draft = draft_definition(by=mona, at=MONDAY)
    discard_definition(draft, by=mona, at=MONDAY + timedelta(days=1))
    with pytest.raises(Gone):
        discard_definition(now_gone(draft), by=mona, at=MONDAY)
    assert not Definition.objects.exists()


def now_gone(draft):
    return Definition(pk=draft.pk or 1, version=draft.version)


def test_what_is_odd_is_said_and_not_refused(mona):
    here = make_campaign().pk
    draft = draft_definition(
        by=mona, at=MONDAY,
        rules=[*RULES, fit("country", "Sweden", -40), fit("campaign", [here, 99_999], 5, "in")],
    )  # fmt: skip
    assert [(one.place, one.text) for one in warnings_of(draft)] == [
        ("rules[3].value", "there is no campaign with the id 99999"),
        ("rules[2]", "“Country is Sweden” gives -40 here and +40 in rule 1: together nothing"),
    ]


def test_a_definition_that_takes_nobody_or_everybody_of_the_newest_leads_says_so(mona):
    draft = draft_definition(by=mona, at=MONDAY, rules=RULES, thresholds={"mql": 50})
    leads = [make_lead(country="Sweden", at=MONDAY) for _ in range(19)]
    assert warnings_of(draft, at=MONDAY + DAY) == []
    leads.append(make_lead(country="Sweden", at=MONDAY))
    Lead.objects.filter(pk=make_lead(at=MONDAY).pk).update(archived_at=MONDAY)
    assert warnings_of(draft, at=MONDAY + DAY) == [("thresholds", "none of the 20 newest leads would qualify")]
    for lead in leads[:19]:
        record_touch(lead, kind="form", at=MONDAY)
    assert warnings_of(draft, at=MONDAY) == []
    record_touch(leads[19], kind="form", at=MONDAY)
    assert warnings_of(draft, at=MONDAY) == [("thresholds", "each of the 20 newest leads would qualify")]
