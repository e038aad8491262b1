"""scoring/proposing.py: a definition is proposed, signed and withdrawn with the agreement that names it."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection

from crm.errors import BusinessError, NotAllowed
from crm.models import Organisation, Role, Team
from feedback.agreements import (
    SignedAlready,
    Unfinished,
    bring_into_force,
    draft_agreement,
    edit_agreement,
    mark_of,
    propose_agreement,
    sign_agreement,
    unfinished_agreement,
    withdraw_proposal,
)
from feedback.models import Agreement
from leads.models import Transition
from leads.models.custom import CustomField
from scoring.drafting import NotADraft, draft_definition, edit_definition
from scoring.models import Definition
from scoring.proposing import (
    agreement_about,
    discard_definition,
    propose_definition,
    sign_definition,
    withdraw_definition,
)
from scoring.rescoring import apply_changes
from scoring.rules import InvalidDefinition
from tests.factories import DAY, MONDAY, make_handoff, make_lead, make_user
from tests.scoring.cards import did, fit

pytestmark = pytest.mark.django_db
RULES = [fit("country", "Sweden", 40), did("form", 20, cap=40)]


@pytest.fixture
def draft(mona):
    return draft_definition(by=mona, at=MONDAY, name="Makers", rules=RULES, thresholds={"mql": 50})


def statuses():
    return list(Definition.objects.order_by("version").values_list("version", "status"))


def now(definition):
    return Definition.objects.get(pk=definition.pk)


def signed_by_both(definition, mona, max_, *, at=MONDAY):
    propose_definition(definition, by=mona, at=at)
    sign_definition(definition, by=mona, at=at)
    return sign_definition(definition, by=max_, at=at)


def test_two_signatures_bring_it_into_force_at_once(draft, mona, max_):
    proposed = propose_definition(draft, by=max_, at=MONDAY, why="Fewer students.")
    assert (proposed.status, proposed.definition_version, proposed.why) == ("proposed", 1, "Fewer students.")
    assert statuses() == [(1, "proposed")]

    half = sign_definition(draft, by=mona, at=MONDAY)
    assert (half.status, [one["side"] for one in half.signatures]) == ("proposed", ["marketing"])

    done = sign_definition(draft, by=max_, at=MONDAY + DAY)
    assert (done.status, done.effective_from) == ("active", (MONDAY + DAY).date())
    assert [(one["side"], one["name"]) for one in done.signatures] == [("marketing", "Mona"), ("sales", "Max")]
    assert Organisation.get().definition_version == 1
    assert unfinished_agreement() is None


def test_signing_on_the_page_of_the_agreement_is_the_same(draft, mona, max_):
    agreement = propose_definition(draft, by=mona, at=MONDAY)
    sign_agreement(agreement, by=mona, at=MONDAY)
    assert [one["side"] for one in now(draft).signatures] == ["marketing"]
    sign_agreement(agreement, by=max_, at=MONDAY)
    apply_changes({"agreement": {agreement.pk}})
    assert statuses() == [(1, "active")]


def test_the_one_before_retires_and_stays_as_it_was(draft, mona, max_):
    signed_by_both(draft, mona, max_)
    second = draft_definition(by=max_, at=MONDAY, copy_of=draft, half_life_days=14)
    signed_by_both(second, mona, max_, at=MONDAY + DAY)
    assert statuses() == [(1, "retired"), (2, "active")]
    for one in (now(draft), now(second)):
        with pytest.raises(NotADraft, match="copy it to change it"):
            edit_definition(one, by=mona, at=MONDAY, name="Mine")
        with pytest.raises(NotADraft):
            propose_definition(one, by=mona, at=MONDAY)
        with pytest.raises(NotADraft):
            discard_definition(one, by=mona, at=MONDAY)


def test_a_retired_version_does_not_come_back_through_the_agreement(draft, mona, max_):
    signed_by_both(draft, mona, max_)
    signed_by_both(draft_definition(by=max_, at=MONDAY, copy_of=draft, half_life_days=14), mona, max_)
    with pytest.raises(BusinessError, match="copy it to bring it back"):
        propose_agreement(draft_agreement(by=mona, at=MONDAY, definition_version=1), by=mona, at=MONDAY)


def test_it_waits_for_its_day(draft, mona, max_):
    propose_definition(draft, by=mona, at=MONDAY, effective_from=(MONDAY + 3 * DAY).date())
    sign_definition(draft, by=mona, at=MONDAY)
    sign_definition(draft, by=max_, at=MONDAY)
    assert statuses() == [(1, "proposed")]
    assert bring_into_force(at=MONDAY + 2 * DAY) is None
    agreement = bring_into_force(at=MONDAY + 3 * DAY)
    apply_changes({"agreement": {agreement.pk}})
    assert (now(draft).status, now(draft).effective_from) == ("active", (MONDAY + 3 * DAY).date())


def test_between_coming_into_force_and_its_adoption_it_stays_proposed(draft, mona, max_):
    agreement = propose_definition(draft, by=mona, at=MONDAY)
    sign_agreement(agreement, by=mona, at=MONDAY)
    sign_agreement(agreement, by=max_, at=MONDAY)
    propose_agreement(draft_agreement(by=mona, at=MONDAY, min_attempts=9), by=mona, at=MONDAY)
    assert statuses() == [(1, "proposed")]
    apply_changes({"agreement": {agreement.pk}})
    assert statuses() == [(1, "active")]


def test_a_proposal_that_is_taken_back_is_a_draft_again_and_its_signatures_are_void(draft, mona, max_):
    propose_definition(draft, by=mona, at=MONDAY)
    sign_definition(draft, by=mona, at=MONDAY)
    back = withdraw_definition(draft, by=max_, at=MONDAY)
    assert (back.status, back.signatures, agreement_about(back)) == ("draft", [], None)
    assert not Agreement.objects.exists()
    edit_definition(back, by=max_, at=MONDAY, half_life_days=10)
    assert propose_definition(back, by=max_, at=MONDAY).signatures == []


def test_an_agreement_withdrawn_or_edited_on_its_own_page_makes_the_definition_a_draft(draft, mona):
    agreement = propose_definition(draft, by=mona, at=MONDAY)
    withdraw_proposal(agreement, by=mona, at=MONDAY)
    assert statuses() == [(1, "draft")]
    propose_definition(draft, by=mona, at=MONDAY)
    assert (Agreement.objects.count(), statuses()) == (1, [(1, "proposed")])
    edit_agreement(agreement, by=mona, at=MONDAY, min_attempts=9)
    assert statuses() == [(1, "draft")]


def test_what_is_proposed_does_not_change(draft, mona):
    propose_definition(draft, by=mona, at=MONDAY)
    with pytest.raises(NotADraft, match="take the proposal back"):
        edit_definition(draft, by=mona, at=MONDAY, half_life_days=10)
    with pytest.raises(NotADraft):
        propose_definition(draft, by=mona, at=MONDAY)


def test_an_open_draft_that_changes_more_takes_it_in_and_waits(draft, mona):
    open_one = draft_agreement(by=mona, at=MONDAY, min_attempts=9)
    taking = propose_definition(draft, by=mona, at=MONDAY)
    assert (taking.pk, taking.status, taking.definition_version) == (open_one.pk, "draft", 1)
    assert statuses() == [(1, "draft")]
    propose_agreement(taking, by=mona, at=MONDAY)
    assert statuses() == [(1, "proposed")]
    withdraw_definition(draft, by=mona, at=MONDAY)
    left = Agreement.objects.get()
    assert (left.status, left.definition_version, left.min_attempts) == ("draft", 1, 9)
    discard_definition(draft, by=mona, at=MONDAY)
    assert Agreement.objects.get().definition_version is None


def test_another_proposal_or_a_draft_about_another_definition_is_named(draft, mona):
    other = draft_definition(by=mona, at=MONDAY, rules=RULES, thresholds={"mql": 60})
    draft_agreement(by=mona, at=MONDAY, definition_version=other.version)
    with pytest.raises(Unfinished, match="Version 1"):
        propose_definition(draft, by=mona, at=MONDAY)
    propose_definition(other, by=mona, at=MONDAY)
    with pytest.raises(Unfinished) as refused:
        propose_definition(draft, by=mona, at=MONDAY)
    assert (refused.value.status, refused.value.extra) == (409, {"agreement": Agreement.objects.get().pk})


def test_what_qualifies_nobody_or_names_a_field_that_is_gone_is_not_proposed(draft, mona):
    nobody = draft_definition(by=mona, at=MONDAY, rules=RULES, hand_raises=[])
    with pytest.raises(InvalidDefinition, match="nobody qualifies"):
        propose_definition(nobody, by=mona, at=MONDAY)
    field = CustomField.objects.create(record="lead", name="size", label="Size", kind="number")
    edit_definition(draft, by=mona, at=MONDAY, rules=[*RULES, fit("custom.size", 5, 10, "at_least")])
    field.retired = True
    field.save()
    with pytest.raises(InvalidDefinition) as refused:
        propose_definition(draft, by=mona, at=MONDAY)
    assert refused.value.extra["problems"] == [
        {"place": "rules[2].field", "text": "“Size” is not in use any more"}
    ]  # fmt: skip
    assert not Agreement.objects.exists()
    assert statuses() == [(1, "draft"), (2, "draft")]


@pytest.mark.parametrize("role", [Role.REP, Role.MARKETER])
def test_who_neither_leads_a_side_nor_is_admin_changes_nothing(draft, mona, role):
    somebody = make_user("somebody", role, Team.objects.get())
    for deed in (
        lambda: draft_definition(by=somebody, at=MONDAY),
        lambda: edit_definition(draft, by=somebody, at=MONDAY, name="Mine"),
        lambda: propose_definition(draft, by=somebody, at=MONDAY),
        lambda: discard_definition(draft, by=somebody, at=MONDAY),
    ):
        with pytest.raises(NotAllowed):
            deed()
    propose_definition(draft, by=mona, at=MONDAY)
    for deed in (
        lambda: sign_definition(draft, by=somebody, at=MONDAY),
        lambda: withdraw_definition(draft, by=somebody, at=MONDAY),
    ):
        with pytest.raises(NotAllowed):
            deed()


def test_an_admin_proposes_and_signs_for_nobody(draft):
    ada = make_user("ada", Role.ADMIN)
    propose_definition(draft, by=ada, at=MONDAY)
    with pytest.raises(NotAllowed):
        sign_definition(draft, by=ada, at=MONDAY)


def test_who_heads_both_sides_may_sign_for_both_and_it_shows(draft, mona, max_):
    head = make_user("head", Role.MANAGER)
    Team.objects.update(manager=head)
    propose_definition(draft, by=head, at=MONDAY)
    with pytest.raises(BusinessError) as refused:
        sign_definition(draft, by=head, at=MONDAY)
    assert refused.value.code == "which_side"
    sign_definition(draft, "marketing", by=head, at=MONDAY)
    with pytest.raises(SignedAlready):
        sign_definition(draft, "marketing", by=mona, at=MONDAY)
    done = sign_definition(draft, "sales", by=head, at=MONDAY)
    assert [one["heads_both"] for one in done.signatures] == [True, True]


def test_who_read_an_older_proposal_is_told(draft, mona, max_):
    read = mark_of(propose_definition(draft, by=mona, at=MONDAY))
    withdraw_definition(draft, by=mona, at=MONDAY)
    edit_definition(draft, by=mona, at=MONDAY, half_life_days=10)
    propose_definition(draft, by=mona, at=MONDAY + timedelta(minutes=1))
    with pytest.raises(BusinessError, match="changed since you opened it"):
        sign_definition(draft, by=max_, at=MONDAY + DAY, seen=read)


def test_nothing_to_sign_where_nothing_is_proposed(draft, mona):
    for deed in (sign_definition, withdraw_definition):
        with pytest.raises(NotADraft, match="no proposal of it waits"):
            deed(draft, by=mona, at=MONDAY)


def test_every_mql_and_hand_off_carries_the_version_in_force(draft, mona, max_, rob):
    before = make_handoff(to=rob, at=MONDAY)
    signed_by_both(draft, mona, max_)
    after = make_handoff(to=rob, at=MONDAY)
    signed_by_both(draft_definition(by=max_, at=MONDAY, copy_of=draft, half_life_days=14), mona, max_)
    later = make_handoff(to=rob, at=MONDAY)
    assert [one.definition_version for one in (before, after, later)] == [None, 1, 2]
    stamped = Transition.objects.filter(to_stage="mql").order_by("lead_id").values_list("definition_version", flat=True)
    assert list(stamped) == [None, 1, 2]
    assert make_lead().transitions.get().definition_version == 2


def at_once(*deeds):
    """Each in a thread of its own, begun together; gives what was raised, or None."""
    barrier, outcomes = Barrier(len(deeds)), [None] * len(deeds)

    def run(number, deed):
        try:
            barrier.wait()
            deed()
        except BusinessError as error:
            outcomes[number] = error
        finally:
            connection.close()

    threads = [Thread(target=run, args=each) for each in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@pytest.mark.django_db(transaction=True)
def test_of_two_who_sign_at_once_for_two_sides_both_count(draft, mona, max_):
    propose_definition(draft, by=mona, at=MONDAY)
    outcomes = at_once(*(lambda by=by: sign_definition(now(draft), by=by, at=MONDAY) for by in (mona, max_)))
    assert outcomes == [None, None]
    assert statuses() == [(1, "active")]
    assert {one["side"] for one in now(draft).signatures} == {"marketing", "sales"}


@pytest.mark.django_db(transaction=True)
def test_of_two_who_sign_at_once_for_one_side_one_counts(draft, mona):
    propose_definition(draft, by=mona, at=MONDAY)
    nora = make_user("nora", Role.MANAGER, mona.team)
    outcomes = at_once(*(lambda by=by: sign_definition(now(draft), by=by, at=MONDAY) for by in (mona, nora)))
    assert sorted(type(outcome) for outcome in outcomes if outcome) == [SignedAlready]
    assert len(now(draft).signatures) == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_propose_at_once_one_is_told(draft, mona, max_):
    other = draft_definition(by=max_, at=MONDAY, rules=RULES, thresholds={"mql": 60})
    outcomes = at_once(
        lambda: propose_definition(now(draft), by=mona, at=MONDAY),
        lambda: propose_definition(now(other), by=max_, at=MONDAY),
    )
    assert [type(outcome) for outcome in outcomes if outcome] == [Unfinished]
    assert sorted(status for _, status in statuses()) == ["draft", "proposed"]


@pytest.mark.django_db(transaction=True)
def test_an_edit_and_a_proposal_at_once_never_leave_a_changed_proposal(draft, mona, max_):
    outcomes = at_once(
        lambda: edit_definition(now(draft), by=mona, at=MONDAY, half_life_days=10),
        lambda: propose_definition(now(draft), by=max_, at=MONDAY),
    )
    assert outcomes[1] is None
    assert now(draft).status == "proposed"
    assert now(draft).half_life_days == (30 if outcomes[0] else 10)


@pytest.mark.django_db(transaction=True)
def test_two_drafts_begun_at_once_have_two_numbers(mona, max_):
    assert at_once(*(lambda by=by: draft_definition(by=by, at=MONDAY) for by in (mona, max_))) == [None, None]
    assert statuses() == [(1, "draft"), (2, "draft")]
