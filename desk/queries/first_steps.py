"""What somebody new to Tandem does first: four steps a role, each of which knows by itself whether it is done."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import Combinable
from django.urls import reverse

from campaigns.models import Campaign
from crm.models import Organisation, Role, User
from feedback.models import Agreement, Handoff, HandoffStatus, SignedStatus
from leads.access import may_write_reasons
from leads.models import Activity, ActivityKind, CaptureForm, Import, PickList, PickValue, Reason, Task
from leads.reasons import first_reasons


@dataclass(frozen=True)
class Step:
    """One thing to do. ``done``: a condition on the person's own row, so that all steps are asked in one query."""

    key: str
    title: str
    text: str
    action: str
    # The name of the page that does it; "" where somebody else has to.
    page: str
    done: Combinable | Q | Exists
    query: str = ""

    @property
    def url(self) -> str:
        return f"{reverse(self.page)}{self.query}" if self.page else ""


@dataclass(frozen=True)
class Checklist:
    """The steps, each with whether it is done."""

    steps: Sequence[tuple[Step, bool]]

    @property
    def done(self) -> int:
        return sum(is_done for _step, is_done in self.steps)

    @property
    def next(self) -> Step | None:
        """The first that is left; before one that somebody else has to do, one the person can."""
        left = [step for step, is_done in self.steps if not is_done]
        return next((step for step in left if step.page), left[0] if left else None)


def first_steps(user: User) -> Checklist | None:
    """The checklist of the person's role; None once it is done, put away, or while the product shows sample data.

    Admins see it with sample data, too: removing them is their last step.
    """
    if user.first_steps_done_at:
        return None
    steps = STEPS_OF[Role(user.role)](user)
    asked: dict[str, Any] = {f"step_{step.key}": step.done for step in steps} | {"shows_sample": SHOWS_SAMPLE}
    answer: dict[str, Any] = dict(User.objects.filter(pk=user.pk).values(**asked).get())
    if answer["shows_sample"] and not user.is_admin:
        return None
    checklist = Checklist([(step, bool(answer[f"step_{step.key}"])) for step in steps])
    return checklist if checklist.next else None


def theirs(rows: QuerySet[Any], field: str) -> Exists:
    """Whether the person stands in ``field`` of a row."""
    return Exists(rows.filter(**{field: OuterRef("pk")}))


# People are few, and those of the sample data go with it: asking a million leads would cost a page.
SHOWS_SAMPLE = Exists(User.objects.filter(is_sample=True))
OTHERS_HERE = Exists(User.objects.filter(is_active=True, is_sample=False).exclude(pk=OuterRef("pk")))
OWN_TEAM = Exists(
    User.objects.filter(Q(team=OuterRef("team")) | Q(team__manager=OuterRef("pk")), is_active=True).exclude(
        pk=OuterRef("pk")
    )
)
WAS_REJECTED = Exists(Handoff.objects.filter(status=HandoffStatus.REJECTED))


def marketer(user: User) -> list[Step]:
    brought = theirs(Import.objects.all(), "by") | theirs(CaptureForm.objects.all(), "owner")
    answered = Handoff.objects.filter(status__in=[HandoffStatus.ACCEPTED, HandoffStatus.REJECTED])
    return [
        Step("campaign", "Set up your first campaign", "It ties leads to their cost and to what sales says of them.",
             "New campaign", "campaigns:campaign-new", theirs(Campaign.objects.all(), "owner")),
        Step("leads", "Bring in leads", "Import a list, or make a form and put it on a page.",
             "Import a list", "leads:import-new", brought),
        Step("handing", "Hand the first ones to sales", "Mark who is ready as MQL, then hand them to sales.",
             "Choose leads", "desk:leads", theirs(Handoff.objects.all(), "offered_by"), "?tab=all"),
        Step("answers", "Read what sales says", "Every lead you hand over gets an answer, with its reason.",
             "See what waits", "desk:inbox", theirs(answered, "offered_by")),
    ]  # fmt: skip


def rep(user: User) -> list[Step]:
    return [
        Step("profile", "Say when you work", "Your time zone and hours set the clock of what is handed to you.",
             "Your settings", "crm:me", ~Q(time_zone="") | ~Q(working_hours={})),
        Step("verdict", "Answer your first hand-off", "Accept the lead, or reject it and say why.",
             "Open the inbox", "desk:inbox", theirs(Handoff.objects.all(), "decided_by")),
        Step("call", "Log a call", "On a lead's page: press C, choose how it went, save.",
             "Your leads", "desk:leads", theirs(Activity.objects.filter(kind=ActivityKind.CALL), "by")),
        Step("task", "Plan the next step", "A lead with a next step is never forgotten: it comes back to you when due.",
             "Your leads", "desk:leads", theirs(Task.objects.all(), "owner")),
    ]  # fmt: skip


def manager(user: User) -> list[Step]:
    labels = [reason.label for reason in first_reasons()]
    own_reasons = Exists(Reason.objects.filter(Q(retired=True) | ~Q(label__in=labels)))
    return [
        Step("people", "Have your team here", "An admin adds people and puts them into your team.", "", "", OWN_TEAM),
        Step("agreement", "Agree with the other side", "How soon sales answers, how often it tries, what an MQL is.",
             "Write the agreement", "desk:agreement",
             Exists(Agreement.objects.filter(status=SignedStatus.ACTIVE))),
        Step("reasons", "Look through the reasons", "Marketing learns from them: keep the ones you will use.",
             "See the reasons", "leads:reasons" if may_write_reasons(user) else "", own_reasons | WAS_REJECTED),
        Step("funnel", "Read the funnel", "It fills with the first hand-off: who waits, where leads die.",
             "Open the funnel", "funnel:funnel", Exists(Handoff.objects.all())),
    ]  # fmt: skip


def admin(user: User) -> list[Step]:
    unnamed = Organisation.objects.filter(name=Organisation._meta.get_field("name").get_default())
    return [
        Step("organisation", "Name your organisation", "Its time zone cuts every day, its currency counts all money.",
             "Organisation", "crm:organisation", ~Exists(unnamed)),
        Step("people", "Invite people", "Marketers, reps, their managers, and the teams they belong to.",
             "Add a person", "crm:person-new", OTHERS_HERE),
        Step("lists", "Fill the lists", "The sources, segments and products that forms offer.",
             "Lists", "leads:lists", Exists(PickValue.objects.exclude(list=PickList.THEME))),
        Step("sample", "Remove the sample data", "Once you have looked around. It cannot be brought back.",
             "Sample data", "crm:sample", ~SHOWS_SAMPLE),
    ]  # fmt: skip


STEPS_OF = {Role.MARKETER: marketer, Role.REP: rep, Role.MANAGER: manager, Role.ADMIN: admin}
