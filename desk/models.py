"""What the desk remembers: saved views, deeds on many records that can be undone, and the words that search knows."""

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from crm.models import Team, User
from crm.records import Stamped, one_of


class ListKey(models.TextChoices):
    """The lists of the product."""

    LEADS = "leads", _("Leads")
    CONTACTS = "contacts", _("Contacts")
    COMPANIES = "companies", _("Companies")
    OPPORTUNITIES = "opportunities", _("Opportunities")
    CAMPAIGNS = "campaigns", _("Campaigns")
    CONTENT = "content", _("Content")
    TASKS = "tasks", _("Tasks")


class SavedView(Stamped):
    """A list as somebody set it up: the address behind “?” under a name, private or shared with a team."""

    list = models.CharField(max_length=20, choices=ListKey.choices)
    name = models.CharField(max_length=60)
    # Filters, sort and columns as the address says them: "stage=mql&ordering=-score".
    query = models.CharField(max_length=4_000, blank=True, default="")
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="saved_views")
    # Everybody of this team sees it too.
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="saved_views")

    class Meta:
        ordering: ClassVar = ["name", "id"]
        constraints: ClassVar = [
            one_of("list", ListKey, "savedview"),
            models.UniqueConstraint(fields=["list", "owner", "name"], name="savedview_name"),
        ]

    def __str__(self) -> str:
        return self.name


class BulkDeed(models.Model):
    """Something done to many records at once, with what they were before, so that it can be taken back."""

    list_key = models.CharField(max_length=20, choices=ListKey.choices)
    verb = models.CharField(max_length=20)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    # The form that asked for it: sent twice, it is the same deed.
    key = models.CharField(max_length=80)
    # What was done, after the count: "given to Rob".
    what = models.CharField(max_length=200, blank=True, default="")
    # What the verb says of each record that changed: [{"id": 7, "owner": [3, 5]}, …], before and after.
    changed = models.JSONField(default=list)
    # Records that were left as they are, with the reason: [{"id": 8, "why": "Rob took it at 10:42"}, …].
    refused = models.JSONField(default=list)
    undone_at = models.DateTimeField(null=True)
    # What could not be taken back, as `refused`.
    kept = models.JSONField(default=list)

    class Meta:
        constraints: ClassVar = [
            one_of("list_key", ListKey, "bulkdeed"),
            models.UniqueConstraint(fields=["by", "key"], name="bulkdeed_once"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} of {len(self.changed)}"


class SearchWord(models.Model):
    """One word that occurs in a name, so that a search with a slip of the finger finds the word that was meant."""

    word = models.CharField(max_length=60, primary_key=True)

    class Meta:
        indexes: ClassVar = [GinIndex(OpClass(F("word"), name="gin_trgm_ops"), name="searchword_like")]

    def __str__(self) -> str:
        return self.word
