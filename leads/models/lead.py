"""The lead: one time that somebody may buy, and its score."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, Channel
from crm.models import Team, User, validate_time_zone
from crm.records import Archivable, Sourced, Stamped, one_of, search_column, tracked, unique_identity
from leads.lifecycle import CLOCK_OF, OPEN, Stage
from leads.models.people import FULL_NAME, IS_ARCHIVED, Company, Contact, Reachable


class SourcedBy(models.TextChoices):
    """Who found the lead: the dimension *origin* of the figures."""

    MARKETING = "marketing", _("Marketing")
    SALES = "sales", _("Sales")
    PARTNER = "partner", _("Partner")


class PreferredChannel(models.TextChoices):
    """How the buyer wants to hear from us."""

    EMAIL = "email", _("E-mail")
    PHONE = "phone", _("Phone")
    MESSAGE = "message", _("Text message")
    SOCIAL = "social", _("Social network")
    VIDEO = "video", _("Video call")


def for_lists(*fields: str, name: str, condition: Q | None = None) -> models.Index:
    """An index that also tells what lists leave out, so that they count without reading the rows."""
    told = [field for field in ("archived_at", "merged_into", "stage") if field not in fields]
    return models.Index(fields=fields, condition=condition, include=told, name=name)


class LeadQuerySet(models.QuerySet["Lead"]):
    def open(self) -> "LeadQuerySet":
        return self.filter(stage__in=OPEN)

    def on_clock(self, clock: str) -> "LeadQuerySet":
        return self.filter(stage__in=[stage for stage, owner in CLOCK_OF.items() if owner == clock])

    def may_be_contacted(self) -> "LeadQuerySet":
        """Without those who want neither calls nor e-mails, as the lead or its contact says."""
        of_lead = Q(do_not_call=True, do_not_mail=True)
        return self.exclude(of_lead | Q(contact__do_not_call=True, contact__do_not_mail=True))

    def for_lists(self) -> "LeadQuerySet":
        """With everything a row of a list or an API page shows."""
        return self.select_related("owner", "team", "campaign", "company", "leadscore")


TRACKED = [
    "first_name", "last_name", "email", "phone", "title", "company_name", "company", "contact", "owner", "team",
    "campaign", "channel", "source", "segment", "country", "language",
    "product_interest", "sourced_by", "custom", "revisit_on",
    "need", "authority", "timing", "budget", "preferred_channel", "preferred_hours", "time_zone", "do_not_call",
    "do_not_mail", "tags", "archived_at",
]  # fmt: skip


@tracked(*TRACKED)
class Lead(Sourced, Reachable, Archivable, Stamped):
    """One time that somebody may buy: from the first response to a won deal, a loss or a no.

    ``stage``, ``episode``, ``seq`` and ``stage_since`` repeat the last effective Transition and are written by
    leads/transitions.py only.
    """

    first_name = models.CharField(max_length=120, blank=True, default="")
    last_name = models.CharField(max_length=120, blank=True, default="")
    title = models.CharField(max_length=160, blank=True, default="")
    company_name = models.CharField(max_length=200, blank=True, default="")
    company = models.ForeignKey(Company, on_delete=models.PROTECT, null=True, blank=True, related_name="leads")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, null=True, blank=True, related_name="leads")

    stage = models.CharField(max_length=20, choices=Stage.choices, default=Stage.INQUIRY, editable=False)
    episode = models.PositiveSmallIntegerField(default=1, editable=False)
    seq = models.PositiveIntegerField(default=1, editable=False)
    stage_since = models.DateTimeField(editable=False)
    captured_at = models.DateTimeField()
    revisit_on = models.DateField(null=True, blank=True)

    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="leads")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="leads")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, blank=True, related_name="leads")
    channel = models.CharField(max_length=20, choices=Channel.choices, blank=True, default="")
    source = models.CharField(max_length=120, blank=True, default="")
    segment = models.CharField(max_length=120, blank=True, default="")
    country = models.CharField(max_length=80, blank=True, default="")
    # The language the buyer wants to speak: an ISO 639-1 code such as "de".
    language = models.CharField(max_length=2, blank=True, default="")
    product_interest = models.CharField(max_length=120, blank=True, default="")
    sourced_by = models.CharField(max_length=20, choices=SourcedBy.choices, default=SourcedBy.MARKETING)
    need = models.TextField(blank=True, default="", help_text="In the buyer's words.")
    authority = models.CharField(max_length=200, blank=True, default="")
    timing = models.CharField(max_length=200, blank=True, default="")
    budget = models.CharField(max_length=200, blank=True, default="")
    preferred_channel = models.CharField(max_length=20, choices=PreferredChannel.choices, blank=True, default="")
    preferred_hours = models.CharField(max_length=80, blank=True, default="", help_text="As the buyer said it.")
    time_zone = models.CharField(max_length=60, blank=True, default="", validators=[validate_time_zone])
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True, size=50)
    custom = models.JSONField(default=dict, blank=True)

    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, editable=False, related_name="merged")
    # Counts people's writes: an edit made against an older version is a conflict.
    version = models.PositiveIntegerField(default=1, editable=False)
    # Repeat the newest activity that is no note, and the first open task; written by leads/activities.py and
    # leads/next_steps.py only, for lists at any size.
    last_activity_at = models.DateTimeField(null=True, editable=False)
    next_step_at = models.DateTimeField(null=True, editable=False)
    search = search_column("first_name", "last_name", "email", "company_name", "title", phone="phone")

    objects: ClassVar = LeadQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            one_of("stage", Stage, "lead"),
            one_of("channel", Channel, "lead", blank=True),
            one_of("sourced_by", SourcedBy, "lead"),
            one_of("preferred_channel", PreferredChannel, "lead", blank=True),
            unique_identity("lead"),
            models.CheckConstraint(condition=Q(seq__gte=1) & Q(episode__gte=1), name="lead_counts_from_1"),
            models.CheckConstraint(condition=~Q(merged_into=models.F("id")), name="lead_not_merged_into_itself"),
        ]
        indexes: ClassVar = [
            # Each serves one filter or order of the list of leads.
            for_lists("stage", "-id", name="lead_by_stage"),
            for_lists("owner", "-id", name="lead_by_owner"),
            for_lists("team", "-id", name="lead_by_team"),
            for_lists("campaign", "-id", name="lead_by_campaign"),
            for_lists("channel", "-id", name="lead_by_channel"),
            for_lists("source", "-id", name="lead_by_source"),
            for_lists("segment", "-id", name="lead_by_segment"),
            for_lists("-captured_at", "-id", name="lead_by_captured"),
            for_lists("-last_activity_at", "-id", name="lead_by_last_activity"),
            for_lists("stage_since", "id", name="lead_by_stage_since"),
            for_lists("next_step_at", "id", condition=Q(next_step_at__isnull=False), name="lead_with_next_step"),
            models.Index(
                fields=["-id"], condition=Q(next_step_at__isnull=True, stage__in=OPEN), name="lead_without_next_step"
            ),
            models.Index(FULL_NAME, F("id"), name="lead_by_full_name"),
            # What a score or a hand-off names is in the lists, and what is archived.
            models.Index(
                fields=["-id"], condition=Q(merged_into__isnull=True, archived_at__isnull=True), name="lead_present"
            ),
            models.Index(fields=["-id"], condition=IS_ARCHIVED, name="lead_archived"),
            GinIndex(fields=["tags"], name="lead_tags"),
            GinIndex(fields=["search"], name="lead_search"),
            # Duplicates: the same telephone, the same name.
            models.Index(fields=["phone_e164"], condition=~Q(phone_e164=""), name="lead_by_phone"),
            models.Index(Lower("last_name"), Lower("first_name"), name="lead_by_name"),
            models.Index(Lower("email"), condition=~Q(email=""), name="lead_by_email"),
            # Others at this company, on the page of a lead.
            models.Index(Lower("company_name"), condition=~Q(company_name=""), name="lead_by_company_name"),
            models.Index(fields=["revisit_on"], condition=Q(stage="nurture"), name="lead_nurture_due"),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """The name; without one the e-mail, the company, or “Lead 8f3a, organic search”."""
        name = f"{self.first_name} {self.last_name}".strip()
        return name or self.email or self.company_name or self.nameless

    @property
    def nameless(self) -> str:
        mark = (self.external_id or f"{self.pk:04d}")[:4]
        origin = (self.source or self.channel).replace("_", " ")
        return f"Lead {mark}, {origin}" if origin else f"Lead {mark}"

    @property
    def phone_country(self) -> str:
        return self.country

    @property
    def side(self) -> str:
        """marketing, waiting, sales or closed."""
        return CLOCK_OF[Stage(self.stage)].value

    @property
    def is_open(self) -> bool:
        return self.stage in OPEN

    @property
    def may_be_called(self) -> bool:
        return not (self.do_not_call or (self.contact is not None and self.contact.do_not_call))

    @property
    def may_be_mailed(self) -> bool:
        return not (self.do_not_mail or (self.contact is not None and self.contact.do_not_mail))

    @property
    def company_label(self) -> str:
        return self.company.name if self.company else self.company_name

    @property
    def score(self) -> int:
        """0–100, as last rounded; 0 until the lead was scored."""
        return self.leadscore.shown if hasattr(self, "leadscore") else 0

    @property
    def grade(self) -> str:
        return self.leadscore.grade if hasattr(self, "leadscore") else ""

    @property
    def acceptance_chance(self) -> float | None:
        """That sales accepts it, 0–1; None where no model is published."""
        return self.leadprediction.acceptance if hasattr(self, "leadprediction") else None

    @property
    def win_chance(self) -> float | None:
        """That it is won within the horizon of the model, 0–1; None where no model is published."""
        return self.leadprediction.win if hasattr(self, "leadprediction") else None


class LeadScore(models.Model):
    """The present score of a lead; narrow, so that scoring a million leads does not rewrite the leads.

    Engagement is kept as a value at a reference time and decays from there, so that no row is rewritten every night.
    Written by scoring/engine.py only.
    """

    lead = models.OneToOneField(Lead, on_delete=models.CASCADE, primary_key=True)
    fit = models.FloatField(default=0)
    engagement = models.FloatField(default=0)
    engagement_at = models.DateTimeField(null=True)
    shown = models.PositiveSmallIntegerField(default=0)
    grade = models.CharField(max_length=2, blank=True, default="")
    definition_version = models.PositiveIntegerField(null=True)
    scored_at = models.DateTimeField()
    # When decay alone changes the rounded figure next; null when it never does.
    rounds_at = models.DateTimeField(null=True)
    # An exclusion of the definition holds: it shows no score and never qualifies.
    excluded = models.BooleanField(default=False, db_default=False)
    # When the buyer last did what the definition takes for a raised hand.
    raised_at = models.DateTimeField(null=True)
    # Meets the definition now: not excluded, and above the threshold or with a hand raised.
    qualifies = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(shown__range=(0, 100)), name="leadscore_0_to_100"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["-shown", "-lead"], name="leadscore_highest"),
            models.Index(fields=["grade", "lead"], name="leadscore_by_grade"),
            models.Index(fields=["rounds_at"], condition=Q(rounds_at__isnull=False), name="leadscore_due"),
        ]

    def __str__(self) -> str:
        return f"{self.shown} {self.grade}"


class LeadPrediction(models.Model):
    """What the published models expect of a lead now; a narrow table of its own, as the score has.

    Shares from 0 to 1; null where no model is published for it. Written by scoring/predicting.py only.
    """

    lead = models.OneToOneField(Lead, on_delete=models.CASCADE, primary_key=True)
    # That sales accepts it, once it is handed over.
    acceptance = models.FloatField(null=True)
    # That it is won within the horizon of the model.
    win = models.FloatField(null=True)
    predicted_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=(Q(acceptance__isnull=True) | Q(acceptance__range=(0, 1)))
                & (Q(win__isnull=True) | Q(win__range=(0, 1))),
                name="leadprediction_shares",
            ),
        ]
        indexes: ClassVar = [
            models.Index(F("win").desc(nulls_last=True), F("lead").desc(), name="leadprediction_likeliest"),
            models.Index(F("acceptance").desc(nulls_last=True), F("lead").desc(), name="leadprediction_acceptable"),
        ]

    def __str__(self) -> str:
        return f"acceptance {self.acceptance}, win {self.win}"
