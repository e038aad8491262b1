"""E-mail from a record: written with a template, taken back for some seconds, sent again when it failed."""

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.access import require
from crm.forms import saved
from crm.mailing import send_again
from crm.models import Mail
from crm.once import is_repeat
from crm.requests import PersonRequest, id_of
from desk.forms.email import EmailForm
from desk.queries.work import WRITE, Record, composer_of, name_of, shared_choices, subject_for
from desk.views.activities import logged, record_asked, refused, undo_address
from desk.views.answers import changed
from desk.views.record import address_of
from leads import addresses
from leads.access import may_log_on
from leads.activities import NOT_YOURS
from leads.mail_templates import templates_for
from leads.mailing import UNDO_SECONDS, fill_known, gaps_of, send_email
from leads.models import Activity, Task
from leads.next_steps import add_task, complete_task

SENT_WORDS = f"Goes out in {UNDO_SECONDS} seconds"


@require_http_methods(["GET", "POST"])
def emails(request: PersonRequest) -> HttpResponse:
    """Write one e-mail; asked with ?template= it is begun with that."""
    record = record_asked(request)
    require(may_log_on(request.user, subject_for(record)), NOT_YOURS)
    if request.method == "GET":
        return begun(request, record)
    form = EmailForm(request.POST)
    done: dict[str, int] = {}
    if not saved(form, lambda _values: done.update(send(request, record, form))):
        return refused(request, record, form, kind=WRITE)
    text = f"{SENT_WORDS}, next step planned." if "step" in done else f"{SENT_WORDS}."
    return logged(request, record, text, kind=WRITE, undo_url=undo_address(done))


def begun(request: PersonRequest, record: Record) -> HttpResponse:
    """The form, with the words of a template; gaps that nothing is known for stay to be filled by hand."""
    template = templates_for(request.user).filter(pk=id_of(request.GET.get("template"))).first()
    gaps = gaps_of(subject_for(record), request.user)
    words = {"subject": template.subject, "text": template.text} if template else {}
    form = EmailForm(initial={name: fill_known(text, gaps) for name, text in words.items()}, shared=shared_choices())
    composer = composer_of(record, request.user, timezone.now(), opened=WRITE, bound=form)
    context = {"composer": composer, "record": record, "back": address_of(record)}
    return render(request, "desk/composer_email.html" if request.htmx else "desk/composer_page.html", context)


@transaction.atomic
def send(request: PersonRequest, record: Record, form: EmailForm) -> dict[str, int]:
    """The ids that an undo needs; nothing when the form was sent twice: the first time stands."""
    if is_repeat(request, request.user):
        return {}
    by, now, about = request.user, timezone.now(), subject_for(record)
    done = {"activity": send_email(about, by=by, at=now, **form.facts).pk}
    if task := Task.objects.open().filter(pk=form.cleaned_data["completes"] or 0).first():
        done["task"] = complete_task(task, by=by, at=now).pk
    if follow_up := form.follow_up(name=name_of(record), now=now):
        done["step"] = add_task(about, by=by, at=now, **follow_up).pk
    return done


@require_GET
def mail(request: PersonRequest, pk: int) -> HttpResponse:
    """To the record that this e-mail was written from."""
    return redirect(addresses.address_of(get_object_or_404(Activity, mail=pk)))


@require_GET
def state(request: PersonRequest, pk: int) -> HttpResponse:
    """Where this e-mail is, for a time line that looks again until it has gone."""
    sent = get_object_or_404(Mail.objects.filter(activity__isnull=False), pk=pk)
    return render(request, "desk/record/mail_state.html", {"mail": sent, "now": timezone.now()})


@require_POST
def again(request: PersonRequest, pk: int) -> HttpResponse:
    """Send an e-mail that failed once more."""
    written = get_object_or_404(Activity.objects.select_related("mail"), mail=pk)
    assert written.mail
    send_again(written.mail, by=request.user, at=timezone.now())
    return changed(request, addresses.address_of(written), "It is being sent again.")
