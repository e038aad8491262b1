"""feedback/improvements.py"""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from crm.editing import StaleEdit
from crm.errors import NotAllowed
from crm.models import Notification, Role
from feedback.improvements import BadImprovement, edit_improvement, record_improvement, remove_improvement
from feedback.models import Improvement
from feedback.verdicts import reject_handoff
from tests.factories import DAY, MONDAY, make_campaign, make_handoff, make_mql, make_user, reason

pytestmark = pytest.mark.django_db
TODAY = MONDAY.date()


@pytest.fixture
def webinar(mia):
    return make_campaign("Spring webinar", owner=mia)


def rejected(rep, campaign, code, *, at=MONDAY):
    handoff = make_handoff(to=rep, lead=make_mql(campaign=campaign, at=at), at=at)
    return reject_handoff(handoff, by=rep, at=at, reason=reason(code))


def told() -> list[tuple[str, str]]:
    notices = Notification.objects.filter(kind="improvement").select_related("user")
    return sorted((str(row.user), row.title) for row in notices)


def test_who_rejected_for_the_reason_is_told_once(webinar, mia, rob, rosa):
    for rep, campaign, code, days in (
        (rob, webinar, "company_size", 0),
        (rob, webinar, "company_size", 5),
        (rosa, webinar, "industry", 1),
        (rosa, make_campaign("Other"), "company_size", 1),
        (make_user("tom"), webinar, "company_size", 91),
    ):
        rejected(rep, campaign, code, at=MONDAY - days * DAY)

    change = record_improvement(
        by=mia, at=MONDAY, kind="form", text=" Asks for the size ", campaign=webinar, reason=reason("company_size")
    )

    assert (change.text, change.on, change.by) == ("Asks for the size", TODAY, mia)
    label = reason("company_size").label
    assert told() == [("Rob", f"Marketing changed the form of Spring webinar because of your “{label}”")]
    edit_improvement(change, by=mia, at=MONDAY, text="Asks for the size of the company")
    assert len(told()) == 1


def test_a_change_for_all_campaigns_and_any_reason_reaches_all_who_rejected(mona, webinar, rob, rosa):
    rejected(rob, webinar, "company_size")
    rejected(rosa, None, "industry")

    record_improvement(by=mona, at=MONDAY, kind="none", text="We want small ones, too")

    assert told() == [(name, "Marketing leaves every campaign as it is, on purpose") for name in ("Rob", "Rosa")]


def test_marketers_write_on_their_own_campaigns_and_their_managers_on_all(mia, mona, rob, webinar):
    others = make_campaign("Other", owner=make_user("milo", role=Role.MARKETER))

    def write(by, campaign):
        return record_improvement(by=by, at=MONDAY, kind="form", text="Shorter", campaign=campaign)

    assert write(mia, webinar).campaign == webinar
    assert write(mona, others).campaign == others
    assert write(mona, None).campaign is None
    for by, campaign in ((mia, others), (mia, None), (rob, webinar)):
        with pytest.raises(NotAllowed):
            write(by, campaign)
    mine = write(mia, webinar)
    with pytest.raises(NotAllowed):
        edit_improvement(mine, by=mia, at=MONDAY, campaign=others)
    with pytest.raises(NotAllowed):
        remove_improvement(mine, by=rob)


def test_what_is_written_makes_sense(mia, webinar):
    def write(**fields):
        record_improvement(by=mia, at=MONDAY, campaign=webinar, **{"kind": "form", "text": "Shorter", **fields})

    with pytest.raises(BadImprovement, match="lies ahead"):
        write(on=TODAY + timedelta(days=1))
    with pytest.raises(BadImprovement, match="other reasons"):
        write(reason=reason("price", use="loss"))
    with pytest.raises(BadImprovement, match="too long"):
        write(text="x" * 2_001)
    for wrong in ({"text": "  "}, {"kind": "magic"}):
        with pytest.raises(ValidationError):
            write(**wrong)
    assert not Improvement.objects.exists()


def test_an_edit_heeds_what_somebody_else_wrote(mia, mona, webinar):
    change = record_improvement(by=mia, at=MONDAY, kind="form", text="Shorter", campaign=webinar)
    edit_improvement(change, by=mona, at=MONDAY, text="Two fields less")

    with pytest.raises(StaleEdit):
        edit_improvement(change, by=mia, at=MONDAY, text="Shorter form", seen={"text": "Shorter"})
    remove_improvement(change, by=mia)
    assert not Improvement.objects.exists()
