"""Imports: a file, the mapping it is read with, and how far it got."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.models import User
from crm.records import Stamped, one_of
from leads.models.lead import Lead


class ImportKind(models.TextChoices):
    LEADS = "leads", _("Leads")
    OPPORTUNITIES = "opportunities", _("Opportunities")
    COMPANIES = "companies", _("Companies")
    CONTACTS = "contacts", _("Contacts")
    TOUCHES = "touches", _("Touchpoints")
    SPENDS = "spends", _("Spend")
    ACTIVITIES = "activities", _("Activities")
    USERS = "users", _("People")


class ImportStatus(models.TextChoices):
    DRAFT = "draft", _("Not started")
    # Read as a whole without writing anything, so that a person can decide.
    CHECKING = "checking", _("Being checked")
    CHECKED = "checked", _("Ready to import")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class ImportMapping(Stamped):
    """How a file's columns become fields; saved under a name to be used again (docs/import.md has the format)."""

    name = models.SlugField(max_length=80, unique=True)
    kind = models.CharField(max_length=20, choices=ImportKind.choices)
    spec = models.JSONField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [one_of("kind", ImportKind, "importmapping")]

    def __str__(self) -> str:
        return self.name


class Import(Stamped):
    """One file taken in. Rows are worked in chunks; ``rows_done`` says where a repeated run goes on."""

    kind = models.CharField(max_length=20, choices=ImportKind.choices)
    status = models.CharField(max_length=10, choices=ImportStatus.choices, default=ImportStatus.DRAFT)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    file_name = models.CharField(max_length=255)
    # Below MEDIA_ROOT; an Excel file is kept as the CSV of its sheet.
    path = models.CharField(max_length=500)
    mapping_name = models.CharField(max_length=80, blank=True, default="")
    # The mapping as it was when the import began, with the notation decided for each column of dates or amounts.
    spec = models.JSONField(default=dict)
    # Strict: nothing is imported when a single row is refused.
    strict = models.BooleanField(default=False)
    dry_run = models.BooleanField(default=False)
    rows_total = models.PositiveIntegerField(null=True)
    # Committed with the rows themselves.
    rows_done = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    # How each column of dates or amounts is written: leads/importing/surveying.py, Notation.
    notations = models.JSONField(default=list)
    # {"out_of_order": 1, …}: rows taken, but worth a look.
    findings = models.JSONField(default=dict)
    error = models.TextField(blank=True, default="")
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    # A running import whose worker has not been heard of for a while is taken up by another.
    heard_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            one_of("kind", ImportKind, "import"),
            one_of("status", ImportStatus, "import"),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_at_work(self) -> bool:
        return self.status in (ImportStatus.CHECKING, ImportStatus.RUNNING)

    @property
    def taken(self) -> int:
        """Rows that are in the product now, whether by this import or before it."""
        return self.created + self.updated + self.unchanged


class Refusal(models.Model):
    """One row of a file that was not taken, and why. Its cells stay in the file."""

    file = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="refusals")
    # As a spreadsheet numbers it: the header is row 1.
    row = models.PositiveIntegerField()
    reason = models.TextField()

    class Meta:
        ordering: ClassVar = ["row"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["file", "row"], name="refusal_of_row")]

    def __str__(self) -> str:
        return f"row {self.row}: {self.reason}"


class KnownRow(models.Model):
    """One row of a file that was checked, about somebody who is a lead already; a list's first ones are kept."""

    file = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="known_rows")
    row = models.PositiveIntegerField()
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=60)

    class Meta:
        ordering: ClassVar = ["row"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["file", "row"], name="known_row_once")]

    def __str__(self) -> str:
        return f"row {self.row}: {self.reason}"
