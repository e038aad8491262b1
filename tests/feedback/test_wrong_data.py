"""feedback/wrong_data.py: which field sales found wrong, until somebody repaired it."""

import pytest
from django.utils import timezone

from crm.errors import BusinessError
from feedback.models import Handoff
from feedback.verdicts import reject_handoff, undo_verdict
from feedback.wrong_data import WrongField, known_fields, still_wrong, wrong_words
from leads.editing import edit_lead
from tests.factories import HOUR, make_handoff, make_mql, reason

pytestmark = pytest.mark.django_db


def rejected(rob, fields, **known):
    at = timezone.now() - HOUR
    handoff = make_handoff(to=rob, at=at, lead=make_mql(at=at, **known))
    return reject_handoff(handoff, by=rob, at=at, reason=reason("wrong_data"), wrong_fields=fields)


def present(handoff):
    return Handoff.objects.select_related("lead").get(pk=handoff.pk)


def test_a_rejection_names_the_fields_in_the_order_people_see_them(rob):
    assert present(rejected(rob, ["title", "phone", "phone"])).wrong_fields == ["phone", "title"]


def test_an_unknown_field_is_refused_and_nothing_changes(rob):
    handoff = make_handoff(to=rob)
    with pytest.raises(BusinessError) as refused:
        reject_handoff(handoff, by=rob, at=handoff.offered_at, reason=reason("wrong_data"), wrong_fields=["fax"])
    assert refused.value.code == "unknown_field"
    assert present(handoff).status == "open"


def test_a_field_is_wrong_until_somebody_edits_it(rob, mia):
    handoff = rejected(rob, ["phone", "name", "company"], phone="123", company_name="Acme")
    assert still_wrong([present(handoff)]) == {handoff.pk: [WrongField.PHONE, WrongField.NAME, WrongField.COMPANY]}

    edit_lead(handoff.lead, by=mia, at=timezone.now(), phone="+49 30 555")
    assert still_wrong([present(handoff)]) == {handoff.pk: [WrongField.NAME, WrongField.COMPANY]}

    edit_lead(present(handoff).lead, by=mia, at=timezone.now(), title="CTO")
    edit_lead(present(handoff).lead, by=mia, at=timezone.now(), last_name="Byron")
    assert still_wrong([present(handoff)]) == {handoff.pk: [WrongField.COMPANY]}


def test_an_edit_before_the_answer_repairs_nothing(rob, mia):
    at = timezone.now() - HOUR
    lead = make_mql(at=at, phone="1")
    edit_lead(lead, by=mia, at=timezone.now(), phone="2")
    lead.refresh_from_db()
    handoff = make_handoff(to=rob, at=at, lead=lead)
    reject_handoff(handoff, by=rob, at=timezone.now(), reason=reason("wrong_data"), wrong_fields=["phone"])
    assert still_wrong([present(handoff)]) == {handoff.pk: [WrongField.PHONE]}


def test_an_undone_rejection_names_nothing(rob):
    handoff = rejected(rob, ["phone"])
    undo_verdict(handoff, by=rob, at=handoff.decided_at)
    assert still_wrong([present(handoff)]) == {}


def test_many_are_asked_in_one_query(rob, django_assert_num_queries):
    found = [present(rejected(rob, ["phone"])) for _number in range(3)]
    with django_assert_num_queries(1):
        still_wrong(found)
    with django_assert_num_queries(0):
        still_wrong([])


def test_words_of_fields():
    assert known_fields([]) == []
    assert wrong_words([WrongField.PHONE]) == "phone"
    assert wrong_words([WrongField.PHONE, WrongField.EMAIL, WrongField.COMPANY]) == "phone, e-mail and company"
