"""Records in somebody's hands, so that a rule has something to tell people apart by."""

from typing import Any

from django.utils import timezone

from campaigns.models import Asset, Campaign
from crm.models import Mail
from feedback.models import Handoff, Improvement, Request, RoutingRule
from feedback.requests import accept_request, ask_marketing
from leads.merging import merge_leads
from leads.models import (
    Activity,
    CaptureForm,
    Contact,
    CustomField,
    MailTemplate,
    Merge,
    OpportunityPerson,
    Submission,
    Task,
)
from scoring.models import TrainedModel
from tests.factories import DAY, HOUR, MONDAY, make_campaign, make_field, make_handoff, make_lead
from tests.roles import People, accepted, answered, deal


def waits(p: People) -> Handoff:
    return make_handoff(to=p.rob, by=p.mia, at=timezone.now())


def answered_handoff(p: People) -> Handoff:
    return Handoff.objects.get(pk=answered(p))


def campaign(p: People) -> Campaign:
    return make_campaign(owner=p.mia)


def own_field(p: People) -> CustomField:
    return make_field()


def asset(p: People) -> Asset:
    return Asset.objects.create(name="Prices", owner=p.mia)


def task(p: People) -> Task:
    facts = {"title": "Call", "due_at": timezone.now() + DAY, "lead": accepted(p)}
    return Task.objects.create(owner=p.rob, made_by=p.rob, **facts)


def done_task(p: People) -> Task:
    found = task(p)
    Task.objects.filter(pk=found.pk).update(done_at=timezone.now(), done_by=p.rob)
    return found


def activity(p: People) -> Activity:
    return Activity.objects.create(lead=accepted(p), kind="note", note="Likes blue.", by=p.rob, at=MONDAY + 2 * HOUR)


def mailed(p: People, **facts: Any) -> Mail:
    mail = Mail.objects.create(key="a", to="a@b.test", subject="Hi", text="Hi", by=p.rob, state="failed", **facts)
    Activity.objects.create(lead=accepted(p), kind="email", direction="outbound", by=p.rob, at=MONDAY, mail=mail)
    return mail


def request(p: People) -> Request:
    return ask_marketing(by=p.rob, at=timezone.now(), kind="data_sheet", text="Prices, please")


def promised(p: People) -> Request:
    now = timezone.now()
    return accept_request(request(p), by=p.mia, at=now, promised_on=now.date() + DAY)


def improvement(p: People) -> Improvement:
    return Improvement.objects.create(campaign=campaign(p), kind="targeting", on=MONDAY.date(), text="x", by=p.mia)


def merge(p: People) -> Merge:
    return merge_leads(make_lead(), make_lead(), by=p.ada, at=MONDAY)


def part(p: People) -> dict[str, int]:
    found = deal(p)
    contact = Contact.objects.create(last_name="Boss")
    person = OpportunityPerson.objects.create(opportunity=found, contact=contact, role="champion")
    return {"pk": found.pk, "part_pk": person.pk}


def rule(p: People) -> RoutingRule:
    return RoutingRule.objects.create(name="All", to_team=p.rob.team)


def form(p: People) -> CaptureForm:
    return CaptureForm.objects.create(key="demo", name="Demo", owner=p.mia)


def submission(p: People) -> Submission:
    return Submission.objects.create(form=form(p), received_at=MONDAY, status="failed", payload={"email": "a@b.test"})


def template(p: People) -> MailTemplate:
    return MailTemplate.objects.create(name="Hello", subject="Hello", text="Hello")


def trained() -> TrainedModel:
    """A published model, of which nothing but that is known."""
    return TrainedModel.objects.create(target="win", status="published", asked_at=MONDAY, trained_at=MONDAY)
