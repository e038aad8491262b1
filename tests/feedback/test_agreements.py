"""From draft to agreement in force: who may, what a signature stands under, and that there is ever only one."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.errors import BusinessError, NotAllowed, StaleState
from crm.models import Notification, Organisation, Side, Team, User
from crm.outbox import drain_all
from feedback.agreement import active_agreement
from feedback.agreements import (
    ChangedMeanwhile,
    NotOpen,
    SignedAlready,
    Unfinished,
    bring_into_force,
    discard_draft,
    draft_agreement,
    edit_agreement,
    fingerprint_of,
    is_as_signed,
    mark_of,
    propose_agreement,
    sign_agreement,
    unfinished_agreement,
    withdraw_proposal,
)
from feedback.models import Agreement, SignedStatus
from feedback.terms import BadTerms
from scoring.models import Definition
from tests.factories import DAY, MONDAY, make_handoff, make_user, reason

pytestmark = pytest.mark.django_db


def make_agreement(**fields: Any) -> Agreement:
    return Agreement.objects.create(**{"version": 1, "status": SignedStatus.ACTIVE, "hours_to_verdict": 24, **fields})


def make_proposal(by: User, **fields: Any) -> Agreement:
    return propose_agreement(draft_agreement(by=by, at=MONDAY, **fields), by=by, at=MONDAY)


def sign_both(proposal: Agreement, mona: User, max_: User, *, at=MONDAY) -> Agreement:
    sign_agreement(proposal, by=mona, at=at)
    return sign_agreement(proposal, by=max_, at=at)


def statuses() -> list[tuple[int, str]]:
    return list(Agreement.objects.order_by("version").values_list("version", "status"))


def test_the_next_version_begins_with_what_the_active_one_says(mona):
    make_agreement(hours_to_verdict=8, exceptions=[{"name": "A", "segments": ["A"], "min_attempts": 3}], why="old")

    draft = draft_agreement(by=mona, at=MONDAY)

    assert (draft.version, draft.status, draft.hours_to_verdict, draft.why) == (2, "draft", 8, "")
    assert draft.exceptions == [{"name": "A", "segments": ["A"], "min_attempts": 3}]


def test_both_signatures_bring_it_into_force_and_retire_the_one_before(mona, max_):
    make_agreement()
    proposal = make_proposal(max_, hours_to_verdict=8)

    half = sign_agreement(proposal, by=mona, at=MONDAY)
    assert (half.status, active_agreement().version) == ("proposed", 1)

    done = sign_agreement(proposal, by=max_, at=MONDAY + DAY)
    assert statuses() == [(1, "retired"), (2, "active")]
    assert active_agreement().hours_to_verdict == 8
    assert done.effective_from == (MONDAY + DAY).date()
    assert [(one["side"], one["name"], one["at"]) for one in done.signatures] == [
        ("marketing", "Mona", MONDAY.isoformat()),
        ("sales", "Max", (MONDAY + DAY).isoformat()),
    ]
    assert is_as_signed(done)


def test_a_signature_no_longer_stands_under_a_text_that_was_changed_behind_its_back(mona, max_):
    done = sign_both(make_proposal(max_), mona, max_)

    Agreement.objects.update(min_attempts=1)
    done.refresh_from_db()

    assert not is_as_signed(done)


def test_hand_offs_keep_the_clock_they_were_given(mona, max_, rob):
    make_agreement(hours_to_verdict=24)
    waiting = make_handoff(to=rob, at=MONDAY)
    due_at = waiting.due_at

    sign_both(make_proposal(max_, hours_to_verdict=2), mona, max_)
    waiting.refresh_from_db()

    assert waiting.due_at == due_at
    assert make_handoff(to=rob, at=MONDAY).due_at < due_at


def test_a_day_ahead_is_waited_for_in_the_zone_of_the_organisation(mona, max_):
    Organisation.get()
    Organisation.objects.update(time_zone="Pacific/Auckland")  # 13 h ahead of UTC
    make_agreement()
    proposal = make_proposal(max_, effective_from=date(2026, 3, 4))
    sign_both(proposal, mona, max_)
    assert statuses() == [(1, "active"), (2, "proposed")]

    assert bring_into_force(at=MONDAY + timedelta(days=1, hours=1)) is None
    evening = MONDAY.replace(day=3, hour=12)
    assert bring_into_force(at=evening) == proposal
    assert bring_into_force(at=evening) is None
    assert statuses() == [(1, "retired"), (2, "active")]


@pytest.mark.parametrize("who", ["mia", "rob", "ada"])
def test_only_the_managers_of_a_side_sign(who, mona, request):
    proposal = make_proposal(mona)

    with pytest.raises(NotAllowed):
        sign_agreement(proposal, by=request.getfixturevalue(who), at=MONDAY)


@pytest.mark.parametrize(
    ("who", "may"), [("mia", False), ("rob", False), ("mona", True), ("max_", True), ("ada", True)]
)
def test_managers_and_admins_propose(who, may, request):
    person = request.getfixturevalue(who)
    if may:
        assert make_proposal(person).status == "proposed"
    else:
        with pytest.raises(NotAllowed):
            draft_agreement(by=person, at=MONDAY)


def test_nobody_signs_for_the_other_side(mona):
    with pytest.raises(NotAllowed, match="Only a manager of sales signs for sales"):
        sign_agreement(make_proposal(mona), Side.SALES, by=mona, at=MONDAY)


def test_a_side_that_is_none_is_told(mona):
    with pytest.raises(BusinessError, match="two sides"):
        sign_agreement(make_proposal(mona), "finance", by=mona, at=MONDAY)


def test_who_heads_both_sides_may_sign_both_and_it_is_marked(north, marketing):
    head = make_user("hera", "manager", marketing)
    Team.objects.filter(pk=north.pk).update(manager=head)
    proposal = make_proposal(head)

    with pytest.raises(BusinessError, match="for which side"):
        sign_agreement(proposal, by=head, at=MONDAY)
    sign_agreement(proposal, Side.MARKETING, by=head, at=MONDAY)
    done = sign_agreement(proposal, Side.SALES, by=head, at=MONDAY)

    assert done.status == "active"
    assert [one["heads_both"] for one in done.signatures] == [True, True]


def test_a_side_signs_once(mona, max_, marketing):
    proposal = make_proposal(max_)
    sign_agreement(proposal, by=mona, at=MONDAY)

    with pytest.raises(SignedAlready, match="Mona has signed for marketing already"):
        sign_agreement(proposal, by=make_user("nora", "manager", marketing), at=MONDAY)


def test_editing_a_proposal_makes_it_a_draft_and_voids_what_was_signed(mona, max_):
    proposal = make_proposal(max_)
    sign_agreement(proposal, by=mona, at=MONDAY)

    draft = edit_agreement(proposal, by=max_, at=MONDAY, min_attempts=7)

    assert (draft.status, draft.signatures, draft.min_attempts) == ("draft", [], 7)
    with pytest.raises(NotOpen):
        sign_agreement(proposal, by=max_, at=MONDAY)


def test_saving_a_proposal_as_it_is_leaves_its_signatures(mona, max_):
    proposal = make_proposal(max_)
    signed = sign_agreement(proposal, by=mona, at=MONDAY)

    same = edit_agreement(proposal, by=max_, at=MONDAY, min_attempts=signed.min_attempts)

    assert (same.status, len(same.signatures)) == ("proposed", 1)


def test_nobody_signs_what_they_have_not_read(mona, max_):
    proposal = make_proposal(max_)
    read = mark_of(proposal)
    edit_agreement(proposal, by=max_, at=MONDAY, min_attempts=1)
    propose_agreement(proposal, by=max_, at=MONDAY + DAY)

    with pytest.raises(ChangedMeanwhile):
        sign_agreement(proposal, by=mona, at=MONDAY, seen=read)


def test_two_who_edit_the_same_part_do_not_overwrite_each_other_and_other_parts_merge(mona, max_):
    draft = draft_agreement(by=max_, at=MONDAY)
    hours, words = mark_of(draft, ["hours_to_verdict"]), mark_of(draft, ["sales_measured"])
    edit_agreement(draft, by=mona, at=MONDAY, hours_to_verdict=4)

    with pytest.raises(ChangedMeanwhile):
        edit_agreement(draft, by=max_, at=MONDAY, seen=hours, hours_to_verdict=48)
    merged = edit_agreement(draft, by=max_, at=MONDAY, seen=words, sales_measured="By revenue.")

    assert (merged.hours_to_verdict, merged.sales_measured) == (4, "By revenue.")


def test_an_active_or_retired_version_is_not_changed(mona, max_):
    active = make_agreement()

    for deed in (
        lambda: edit_agreement(active, by=mona, at=MONDAY, min_attempts=1),
        lambda: propose_agreement(active, by=mona, at=MONDAY),
        lambda: withdraw_proposal(active, by=mona, at=MONDAY),
        lambda: sign_agreement(active, by=mona, at=MONDAY),
        lambda: discard_draft(active, by=mona),
    ):
        with pytest.raises(NotOpen):
            deed()


def test_one_version_at_a_time_is_worked_on(mona, max_):
    draft_agreement(by=mona, at=MONDAY)

    with pytest.raises(Unfinished, match="Version 1 is being worked on already"):
        draft_agreement(by=max_, at=MONDAY)


def test_a_draft_that_is_thrown_away_leaves_no_version(mona):
    discard_draft(draft_agreement(by=mona, at=MONDAY), by=mona)

    assert unfinished_agreement() is None
    assert draft_agreement(by=mona, at=MONDAY).version == 1


def test_a_proposal_taken_back_loses_its_signatures(mona, max_):
    proposal = make_proposal(max_)
    sign_agreement(proposal, by=mona, at=MONDAY)

    draft = withdraw_proposal(proposal, by=mona, at=MONDAY)

    assert (draft.status, draft.signatures) == ("draft", [])


def test_reasons_are_kept_as_they_were_proposed(mona, max_):
    proposal = make_proposal(max_)
    code = reason("no_project").code
    reason("no_project").__class__.objects.filter(code=code).update(label="Called something else")

    kept = {one["code"]: one["label"] for one in Agreement.objects.get(pk=proposal.pk).reasons}

    assert kept[code] != "Called something else"


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"goals": [{"measure": "mqls", "target": "5"}]}, "for which period the goals hold"),
        ({"period_starts": date(2026, 1, 1)}, "a first and a last day"),
        ({"definition_version": 9}, "no definition version 9"),
    ],
)
def test_what_is_incomplete_is_not_proposed(fields, text, mona):
    draft = draft_agreement(by=mona, at=MONDAY, **fields)

    with pytest.raises(BusinessError, match=text):
        propose_agreement(draft, by=mona, at=MONDAY)


def test_terms_without_sense_are_not_written(mona):
    with pytest.raises(BadTerms):
        draft_agreement(by=mona, at=MONDAY, exceptions=[{"name": "A"}])
    assert unfinished_agreement() is None


def test_the_managers_whose_signature_is_missing_are_told_once(mona, max_, mia, rob, ada):
    proposal = make_proposal(ada)
    assert told() == {("Mona", "marketing"), ("Max", "sales")}

    sign_agreement(proposal, by=mona, at=MONDAY)
    assert Notification.objects.filter(kind="signature").count() == 2

    edit_agreement(proposal, by=ada, at=MONDAY, min_attempts=2)
    propose_agreement(proposal, by=ada, at=MONDAY)
    assert Notification.objects.filter(kind="signature").count() == 4


def told() -> set[tuple[str, str]]:
    rows = Notification.objects.filter(kind="signature").select_related("user")
    return {(str(row.user), row.key.rpartition(":")[2]) for row in rows}


def make_definition(version: int, status: str = "proposed", **fields: Any) -> Definition:
    rules = [{"axis": "fit", "field": "has_phone", "operator": "is", "value": True, "points": 10}]
    least = {"mql": 10}
    return Definition.objects.create(
        name="Ours", version=version, status=status, rules=rules, thresholds=least, **fields
    )


@pytest.mark.django_db(transaction=True)
def test_the_definition_it_names_comes_into_force_once_with_its_signatures(mona, max_):
    drain_all()
    make_definition(1, "active")
    make_definition(2)
    sign_both(make_proposal(max_, definition_version=2), mona, max_)

    drain_all()
    second = Definition.objects.get(version=2)
    assert list(Definition.objects.order_by("version").values_list("status", flat=True)) == ["retired", "active"]
    assert [one["name"] for one in second.signatures] == ["Mona", "Max"]
    assert Organisation.get().definition_version == 2

    # What somebody activates later stays, however often the outbox is read.
    Definition.objects.filter(version=2).update(status="retired")
    Definition.objects.filter(version=1).update(status="active")
    drain_all()
    assert Definition.objects.get(version=1).status == "active"


@pytest.mark.django_db(transaction=True)
def test_two_signatures_at_the_same_moment_both_count(mona, max_):
    make_agreement()
    proposal = make_proposal(max_)

    def sign(person: User) -> None:
        try:
            sign_agreement(Agreement.objects.get(pk=proposal.pk), by=person, at=MONDAY)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(sign, [mona, max_]))

    assert statuses() == [(1, "retired"), (2, "active")]
    assert {one["side"] for one in active_agreement().signatures} == {"marketing", "sales"}


@pytest.mark.django_db(transaction=True)
def test_of_two_drafts_begun_at_the_same_moment_one_stays(mona, max_):
    def draft(person: User) -> str:
        try:
            draft_agreement(by=person, at=MONDAY)
        except StaleState as error:
            return error.code
        finally:
            connection.close()
        return "drafted"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(draft, [mona, max_])) == ["drafted", "unfinished_version"]


DEEDS = st.lists(
    st.tuples(
        st.sampled_from(["draft", "edit", "propose", "sign", "withdraw", "discard", "beat"]),
        st.sampled_from(["mona", "max", "ada"]),
        st.integers(1, 3),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=DEEDS)
def test_whatever_people_do_one_at_most_is_active_and_it_says_what_both_signed(deeds, mona, max_, ada):
    Agreement.objects.all().delete()
    people, now = {"mona": mona, "max": max_, "ada": ada}, MONDAY
    for deed, who, number in deeds:
        now += timedelta(hours=number)
        with suppress(BusinessError):
            act(deed, people[who], number, at=now)
        check_invariants()


def act(deed: str, by: User, number: int, *, at) -> None:
    open_one = unfinished_agreement() or Agreement(pk=0)
    if deed == "draft":
        draft_agreement(by=by, at=at)
    elif deed == "edit":
        edit_agreement(
            open_one, by=by, at=at, min_attempts=number, effective_from=at.date() + timedelta(days=number - 2)
        )
    elif deed == "propose":
        propose_agreement(open_one, by=by, at=at)
    elif deed == "sign":
        sign_agreement(open_one, by=by, at=at)
    elif deed == "withdraw":
        withdraw_proposal(open_one, by=by, at=at)
    elif deed == "discard":
        discard_draft(open_one, by=by)
    else:
        bring_into_force(at=at)


def check_invariants() -> None:
    rows = list(Agreement.objects.order_by("version"))
    states = [row.status for row in rows]
    assert states.count("active") <= 1
    assert states.count("draft") + states.count("proposed") <= 1
    for row in rows:
        signed = {one["side"] for one in row.signatures}
        assert {one["fingerprint"] for one in row.signatures} <= {fingerprint_of(row)}
        if row.status in ("active", "retired"):
            assert signed == {"marketing", "sales"}
        if row.status == "draft":
            assert not signed
    newest = [row.version for row in rows if row.status == "active"]
    assert not newest or all(row.version <= newest[0] for row in rows if row.status == "retired")
