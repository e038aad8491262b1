"""What comes back: the talk under a verdict, what sales learned later, what marketing changed because of it."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models import Asset, Campaign
from crm.models import User
from crm.records import Sourced, Stamped, one_of
from feedback.models.handoff import Handoff
from leads.models import Lead, Opportunity, Reason


class Reply(Stamped):
    """One entry of the talk about a hand-off."""

    handoff = models.ForeignKey(Handoff, on_delete=models.PROTECT, related_name="replies")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    text = models.TextField(max_length=4_000)
    mentions = models.ManyToManyField(User, blank=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["at", "id"]
        verbose_name_plural = "replies"
        constraints: ClassVar = [models.CheckConstraint(condition=~Q(text=""), name="reply_says_something")]
        indexes: ClassVar = [models.Index(fields=["by", "-at"], name="reply_by")]

    def __str__(self) -> str:
        return self.text[:60]


class Moment(models.TextChoices):
    """When sales is asked, after it has accepted a lead."""

    QUALIFY = "qualify", _("Qualified")
    RETURN = "return", _("Returned to marketing")
    CLOSE = "close", _("Opportunity closed")


class Question(models.TextChoices):
    QUALITY = "quality", _("How good was this lead?")
    CONTENT = "content", _("Which content helped?")
    THEME = "theme", _("What did they ask about?")


class Quality(models.IntegerChoices):
    POOR = 1, _("Poor")
    FAIR = 2, _("Fair")
    GOOD = 3, _("Good")


class Impression(Stamped):
    """One tap of sales on one question, after a lead was qualified, returned or closed."""

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="impressions")
    opportunity = models.ForeignKey(Opportunity, on_delete=models.PROTECT, null=True, related_name="impressions")
    episode = models.PositiveSmallIntegerField()
    moment = models.CharField(max_length=10, choices=Moment.choices)
    question = models.CharField(max_length=10, choices=Question.choices)
    quality = models.PositiveSmallIntegerField(choices=Quality.choices, null=True, blank=True)
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, null=True, blank=True, related_name="impressions")
    theme = models.CharField(max_length=120, blank=True, default="")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-at", "-id"]
        constraints: ClassVar = [
            one_of("moment", Moment, "impression"),
            one_of("question", Question, "impression"),
            models.CheckConstraint(
                condition=Q(question="quality", quality__in=Quality.values, asset__isnull=True, theme="")
                | Q(question="content", quality__isnull=True, asset__isnull=False, theme="")
                | Q(question="theme", quality__isnull=True, asset__isnull=True) & ~Q(theme=""),
                name="impression_answers_its_question",
            ),
            # A second tap on the same question takes the place of the first.
            models.UniqueConstraint(fields=["lead", "episode", "moment", "question", "by"], name="impression_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["by", "-at"], name="impression_by")]

    def __str__(self) -> str:
        return f"{self.get_question_display()} {self.get_quality_display() or self.asset or self.theme}"


class ImprovementKind(models.TextChoices):
    TARGETING = "targeting", _("Whom we aim at")
    FORM = "form", _("A form")
    CONTENT = "content", _("Content")
    DEFINITION = "definition", _("The definition of a lead")
    PROCESS = "process", _("How we hand over")
    NONE = "none", _("Nothing, on purpose")


class Improvement(Sourced, Stamped):
    """What marketing changed because of what sales said, on a day; or that it decided to change nothing, and why.

    It answers rejections for ``reason`` (empty: any) of leads of ``campaign`` (empty: all campaigns).
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, blank=True, related_name="improvements")
    reason = models.ForeignKey(Reason, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=20, choices=ImprovementKind.choices)
    on = models.DateField()
    text = models.TextField(max_length=2_000)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["-on", "-id"]
        constraints: ClassVar = [
            one_of("kind", ImprovementKind, "improvement"),
            models.CheckConstraint(condition=~Q(text=""), name="improvement_says_what"),
        ]
        indexes: ClassVar = [models.Index(fields=["campaign", "-on"], name="improvement_of_campaign")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.on}"
