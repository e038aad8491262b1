"""The kernel's tables: the organisation, its people and teams, API tokens, the change outbox."""

from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import TransactionNow
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from crm.memo import forget_kept, once_a_request
from crm.records import Sourced, Stamped, currency_code, one_of, unique_identity


def validate_time_zone(name: str) -> None:
    if name and name not in available_timezones():
        raise ValidationError(_("“%(name)s” is not a time zone such as Europe/Berlin."), params={"name": name})


class FiscalCalendar(models.TextChoices):
    """How a fiscal year is cut into quarters and months."""

    MONTHS = "months", _("Calendar months")
    WEEKS_445 = "445", _("4-4-5 weeks")
    WEEKS_454 = "454", _("4-5-4 weeks")
    WEEKS_544 = "544", _("5-4-4 weeks")


class Organisation(Stamped):
    """The one organisation this installation serves; its time zone cuts every day, whoever looks."""

    name = models.CharField(max_length=120, default="My organisation")
    time_zone = models.CharField(max_length=60, default="UTC", validators=[validate_time_zone])
    currency = models.CharField(max_length=3, default="EUR")
    # The version of the lead definition in force, written by the room `scoring` (0: none yet).
    definition_version = models.PositiveIntegerField(default=0, editable=False)
    fiscal_year_starts = models.PositiveSmallIntegerField(default=1, help_text="Month, 1 to 12.")
    # By weeks: the year begins on the Monday nearest to the first of that month; a 53rd week joins the last month.
    fiscal_calendar = models.CharField(max_length=10, choices=FiscalCalendar.choices, default=FiscalCalendar.MONTHS)
    # Where a telephone number without a country is taken to be: an ISO code such as DE; empty: nowhere.
    phone_region = models.CharField(max_length=2, blank=True, default="")
    # The days on which nobody works, unless a team has a calendar of its own.
    holidays = models.ForeignKey("HolidayCalendar", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(pk=1), name="organisation_is_one"),
            currency_code("organisation"),
            models.CheckConstraint(condition=Q(fiscal_year_starts__range=(1, 12)), name="organisation_fiscal_month"),
            one_of("fiscal_calendar", FiscalCalendar, "organisation"),
        ]

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def get() -> "Organisation":
        """To read from: the same object for the whole of a request."""
        return the_organisation()

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        forget_kept()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


@once_a_request
def the_organisation() -> Organisation:
    return Organisation.objects.get_or_create(pk=1)[0]


class CurrencyRate(Stamped):
    """From ``on`` until the next one: so much of the organisation's currency is one unit of ``currency``."""

    currency = models.CharField(max_length=3)
    on = models.DateField()
    rate = models.DecimalField(max_digits=18, decimal_places=8)
    is_sample = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering: ClassVar = ["currency", "-on"]
        constraints: ClassVar = [
            currency_code("currencyrate"),
            models.CheckConstraint(condition=Q(rate__gt=0), name="currencyrate_above_0"),
            models.UniqueConstraint(fields=["currency", "on"], name="currencyrate_once"),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.rate} from {self.on}"


class HolidayCalendar(Stamped):
    """The days on which nobody works, under a name: “Bavaria”. Mostly imported from an ICS file."""

    name = models.CharField(max_length=120, unique=True)
    is_sample = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class Holiday(models.Model):
    """One free day of a calendar."""

    calendar = models.ForeignKey(HolidayCalendar, on_delete=models.CASCADE, related_name="holidays")
    day = models.DateField()
    name = models.CharField(max_length=120, blank=True, default="")

    class Meta:
        ordering: ClassVar = ["day"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["calendar", "day"], name="holiday_once")]

    def __str__(self) -> str:
        return f"{self.name} on {self.day}"


class Side(models.TextChoices):
    """The two halves of the team; a lead's clock also knows *waiting* between them."""

    MARKETING = "marketing", _("Marketing")
    SALES = "sales", _("Sales")


class Team(Sourced, Stamped):
    """A group of marketers or of reps, with the manager who answers for it."""

    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=20, choices=Side.choices)
    manager = models.ForeignKey("User", on_delete=models.PROTECT, null=True, blank=True, related_name="managed_teams")
    region = models.CharField(max_length=120, blank=True, default="")
    # {"mon": ["09:00", "17:00"], …}; empty: round the clock.
    working_hours = models.JSONField(default=dict, blank=True)
    # Where these hours are; empty: where the organisation is.
    time_zone = models.CharField(max_length=60, blank=True, default="", validators=[validate_time_zone])
    # Empty: those of the organisation.
    holidays = models.ForeignKey(HolidayCalendar, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [one_of("kind", Side, "team"), unique_identity("team")]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    MARKETER = "marketer", _("Marketer")
    REP = "rep", _("Sales rep")
    MANAGER = "manager", _("Manager")
    ADMIN = "admin", _("Admin")


class MailPace(models.TextChoices):
    """How often somebody gets by e-mail what the bell says."""

    NEVER = "never", _("Never")
    AT_ONCE = "at_once", _("At once")
    HOURLY = "hourly", _("Once an hour")
    DAILY = "daily", _("Once a day")


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str | None, password: str | None = None, **fields: Any) -> "User":
        """A new person; without an e-mail (imported people) nobody can log in as them."""
        user = self.model(email=email.strip().lower() if email else None, **fields)
        user.set_password(password if email else None)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, **{"role": Role.ADMIN, **fields})

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(Sourced, Stamped, AbstractBaseUser):
    """A person of the organisation. Rights follow from role and team (crm/access.py and each room's access.py)."""

    email = models.EmailField(null=True, blank=True, unique=True)
    first_name = models.CharField(max_length=80, blank=True, default="")
    last_name = models.CharField(max_length=80, blank=True, default="")
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.REP)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="members")
    specialisms = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    # ISO 639-1 codes of the languages this person speaks with buyers; empty: any.
    languages = ArrayField(models.CharField(max_length=2), default=list, blank=True)
    weight = models.PositiveSmallIntegerField(default=1, help_text="Share of the hand-offs routed to the team.")
    capacity = models.PositiveIntegerField(null=True, blank=True, help_text="Most open hand-offs at a time.")
    started_on = models.DateField(null=True, blank=True)
    time_zone = models.CharField(max_length=60, blank=True, default="", validators=[validate_time_zone])
    # As Team.working_hours; empty: those of the team.
    working_hours = models.JSONField(default=dict, blank=True)
    away_until = models.DateField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    # What stands below this person's e-mails to buyers.
    signature = models.TextField(max_length=1_000, blank=True, default="")
    mail_pace = models.CharField(max_length=10, choices=MailPace.choices, default=MailPace.HOURLY)
    # Kinds of notifications that never come by e-mail.
    mail_muted = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    # When this person put away the checklist of the first steps (desk/queries/first_steps.py).
    first_steps_done_at = models.DateTimeField(null=True, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        ordering: ClassVar = ["first_name", "last_name", "id"]
        constraints: ClassVar = [
            one_of("role", Role, "user"),
            one_of("mail_pace", MailPace, "user"),
            unique_identity("user"),
            models.UniqueConstraint(Lower("email"), name="user_email_any_case"),
            models.CheckConstraint(condition=Q(email__isnull=True) | Q(email=Lower("email")), name="user_email_lower"),
        ]

    def __str__(self) -> str:
        return self.get_full_name()

    def get_full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email or self.external_id or f"Person {self.pk}"

    def get_short_name(self) -> str:
        return self.first_name or self.get_full_name()

    @property
    def is_marketer(self) -> bool:
        return self.role == Role.MARKETER

    @property
    def is_rep(self) -> bool:
        return self.role == Role.REP

    @property
    def is_manager(self) -> bool:
        return self.role == Role.MANAGER

    @property
    def is_admin(self) -> bool:
        return self.role == Role.ADMIN

    # What Django's own pages ask of a user; our rights are in access.py.
    is_staff = is_superuser = is_admin

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return self.is_active and self.is_admin

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and self.is_admin


class TeamMembership(models.Model):
    """Who belonged to which team on which days; ``ends_on`` counts, null: still. Kept by crm/people.py."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["starts_on", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user"], condition=Q(ends_on__isnull=True), name="membership_one_present"),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="membership_days_in_order"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["team", "starts_on"], name="membership_of_team")]

    def __str__(self) -> str:
        return f"{self.user} in {self.team} from {self.starts_on}"


class Token(models.Model):
    """A key to the API. Only its hash is stored: it is shown once, when it is made."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    key_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_on = models.DateField(null=True)

    def __str__(self) -> str:
        return f"Token {self.pk} of {self.user}"


class Answer(models.Model):
    """The answer given to an API action with an `Idempotency-Key`: the same request again gets the same answer."""

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    key = models.CharField(max_length=200)
    # SHA-256 of method, path and body: the same key with another request is an error.
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "key"], name="answer_once")]
        indexes: ClassVar = [models.Index(fields=["created_at"])]

    def __str__(self) -> str:
        return f"Answer {self.status} to {self.key}"


class Change(models.Model):
    """One thing that changed, written in the transaction that changed it (crm/outbox.py)."""

    topic = models.CharField(max_length=20)
    object_id = models.BigIntegerField()
    # The writing transaction: a row may be read once that transaction is older than every running one.
    xid = models.BigIntegerField(
        db_default=Func(
            Func(Func(function="pg_current_xact_id"), template="%(expressions)s::text"),
            template="%(expressions)s::bigint",
            output_field=models.BigIntegerField(),
        ),
        editable=False,
    )
    at = models.DateTimeField(db_default=TransactionNow(), editable=False)

    class Meta:
        indexes: ClassVar = [models.Index(F("xid"), F("id"), name="change_order")]

    def __str__(self) -> str:
        return f"{self.topic} {self.object_id}"


class Cursor(models.Model):
    """How far one consumer has read the outbox, and of which database cluster that is true."""

    consumer = models.CharField(max_length=40, primary_key=True)
    xid = models.BigIntegerField(default=0)
    position = models.BigIntegerField(default=0)
    # Transaction ids mean nothing in another cluster (a restore): a drain that finds another one starts anew.
    system_identifier = models.CharField(max_length=40)
    # Its figures must be recomputed from nothing while more rebuilds were asked for than done. Counted, so that one
    # asked for while another runs is not taken for done.
    rebuilds_asked = models.PositiveIntegerField(default=1)
    rebuilds_done = models.PositiveIntegerField(default=0)
    # Everything committed before this moment is in the consumer's figures.
    current_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.consumer} at {self.xid}/{self.position}"

    @property
    def wants_rebuild(self) -> bool:
        return self.rebuilds_asked > self.rebuilds_done


class NotificationKind(models.TextChoices):
    TASK_DUE = "task_due", _("Task due")
    ASSIGNED = "assigned", _("Given to you")
    HANDOFF = "handoff", _("Handed to you")
    DUE_SOON = "due_soon", _("Answer due soon")
    OVERDUE = "overdue", _("Answer is late")
    PASSED_ON = "passed_on", _("Passed on, no answer in time")
    VERDICT = "verdict", _("Sales answered")
    REPLY = "reply", _("Reply to a comment")
    MENTION = "mention", _("You were mentioned")
    REQUEST = "request", _("Request to marketing")
    IMPROVEMENT = "improvement", _("Marketing changed something")
    SIGNATURE = "signature", _("Waits for your signature")
    LEAD_BACK = "lead_back", _("A lead is back")
    MAIL_FAILED = "mail_failed", _("E-mail not sent")
    MODEL = "model", _("Prediction taken back")


class Notification(models.Model):
    """One thing the bell tells one person, once: ``key`` names what it is about."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=20, choices=NotificationKind.choices)
    key = models.CharField(max_length=80)
    title = models.CharField(max_length=200)
    text = models.CharField(max_length=300, blank=True, default="")
    # Where it leads: an address within the product.
    url = models.CharField(max_length=300, blank=True, default="")
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    # When it was put into an e-mail, or it was settled that it comes in none.
    mailed_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering: ClassVar = ["-at", "-id"]
        constraints: ClassVar = [
            one_of("kind", NotificationKind, "notification"),
            models.UniqueConstraint(fields=["user", "key"], name="notification_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["user", "-at"], name="notification_of_user"),
            models.Index(fields=["user"], condition=Q(read_at__isnull=True), name="notification_unread"),
            models.Index(fields=["user", "at"], condition=Q(mailed_at__isnull=True), name="notification_to_mail"),
        ]

    def __str__(self) -> str:
        return self.title


class MailState(models.TextChoices):
    QUEUED = "queued", _("Waiting to be sent")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Not sent")


class Mail(Stamped):
    """One e-mail on its way out: written with what it is about, sent by a worker, tried again while the server is away.

    ``key`` names what it is about, so that nothing is sent twice; every attempt carries the same Message-ID.
    """

    key = models.CharField(max_length=120, unique=True)
    to = models.EmailField()
    to_name = models.CharField(max_length=160, blank=True, default="")
    # Who writes; null: the product itself.
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    subject = models.CharField(max_length=250)
    text = models.TextField()
    state = models.CharField(max_length=10, choices=MailState.choices, default=MailState.QUEUED)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    # When a worker took it; one that died leaves it here.
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    # What the mail server said last.
    error = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [one_of("state", MailState, "mail")]
        indexes: ClassVar = [
            models.Index(fields=["next_try_at"], condition=Q(state="queued"), name="mail_to_send"),
            models.Index(fields=["claimed_at"], condition=Q(state="sending"), name="mail_being_sent"),
            models.Index(fields=["-id"], condition=Q(state="failed"), name="mail_failed"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} to {self.to}"


class AuditEntry(models.Model):
    """Who used an exceptional power (erasing, removing sample data, undoing an import), when and why."""

    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True)
    at = models.DateTimeField()
    deed = models.CharField(max_length=60)
    why = models.TextField(blank=True, default="")
    detail = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.deed} at {datetime.isoformat(self.at)}"
