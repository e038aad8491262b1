"""What comes by e-mail: each person's choices, and for admins the state of the mail server and of what goes out."""

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Max
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.access import require
from crm.digests import preview
from crm.forms import saved
from crm.mail_forms import ChoicesForm
from crm.mailing import not_certain, release, send_again, send_all_again
from crm.mailing import send_test as send_test_mail
from crm.models import Mail, MailState, User
from crm.people import edit_profile
from crm.requests import PersonRequest
from crm.smtp import is_configured, words_of

FAILED_SHOWN = 50
FOR_ADMINS = "Only admins see to all e-mail."


@require_http_methods(["GET", "POST"])
def choices(request: PersonRequest) -> HttpResponse:
    """How often what the bell says comes by e-mail, and which kinds of it."""
    person = User.objects.get(pk=request.user.pk)
    form = ChoicesForm(request.POST or None, person=person)
    if request.method == "POST" and saved(form, lambda _values: edit_profile(person, **form.chosen)):
        messages.success(request, "Saved.")
        return redirect("crm:mail-choices")
    context = {"form": form, "preview": preview(person), "has_server": is_configured()}
    return render(request, "crm/mail_choices.html", context, status=422 if form.errors else 200)


@require_GET
def mail(request: PersonRequest) -> HttpResponse:
    """The mail server as the environment has it, what waits, and what could not be sent."""
    require(request.user.is_admin, FOR_ADMINS)
    failed = Mail.objects.filter(state=MailState.FAILED).select_related("by")[:FAILED_SHOWN]
    counts = {row["state"]: row["count"] for row in Mail.objects.order_by().values("state").annotate(count=Count("*"))}
    context = {
        "is_configured": is_configured(), "server": server_facts(), "states": state_rows(counts),
        "failed": [(row, not_certain(row)) for row in failed], "failed_count": counts.get(MailState.FAILED, 0),
        "last_sent": Mail.objects.aggregate(last=Max("sent_at"))["last"], "trouble": trouble(), "now": timezone.now(),
    }  # fmt: skip
    return render(request, "crm/mail.html", context)


def server_facts() -> list[tuple[str, str]]:
    """What is set, and by which variable; never the password."""
    security = "TLS from the start" if settings.EMAIL_USE_SSL else "STARTTLS" if settings.EMAIL_USE_TLS else "none"
    return [
        ("Server", f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}" if settings.EMAIL_HOST else "none"),
        ("Encryption", security),
        ("Logs in as", settings.EMAIL_HOST_USER or "nobody"),
        ("From", settings.DEFAULT_FROM_EMAIL),
        ("Links begin with", settings.SITE_URL),
    ]


def state_rows(counts: dict[str, int]) -> list[tuple[str, int]]:
    waiting = counts.get(MailState.QUEUED, 0) + counts.get(MailState.SENDING, 0)
    return [
        ("Waiting to be sent", waiting),
        ("Sent", counts.get(MailState.SENT, 0)),
        ("Not sent", counts.get(MailState.FAILED, 0)),
    ]


def trouble() -> str:
    """Why mail waits that was tried already; "" when none does."""
    tried = Mail.objects.filter(state=MailState.QUEUED).exclude(error="")
    return tried.values_list("error", flat=True).first() or ""


@require_POST
def test(request: PersonRequest) -> HttpResponse:
    """Send a mail to oneself at once, and say what the server said."""
    require(request.user.is_admin, FOR_ADMINS)
    try:
        send_test_mail(request.user)
    except (OSError, ValueError) as error:
        messages.error(request, f"It was not sent. {words_of(error)}")
    else:
        release(at=timezone.now())
        messages.success(request, f"Sent to {request.user.email}. Look whether it arrived, in the spam folder, too.")
    return redirect("crm:mail")


@require_POST
def again(request: PersonRequest, pk: int) -> HttpResponse:
    """Send one that failed once more."""
    send_again(get_object_or_404(Mail, pk=pk), by=request.user, at=timezone.now())
    messages.success(request, "It is being sent again.")
    return redirect("crm:mail")


@require_POST
def all_again(request: PersonRequest) -> HttpResponse:
    count = send_all_again(by=request.user, at=timezone.now())
    messages.success(
        request, f"{count:,} are being sent again." if count else "Nothing failed that is certainly unsent."
    )
    return redirect("crm:mail")
