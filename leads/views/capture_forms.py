"""Marketers' capture forms: their link, their snippet, and a log of every answer."""

import json
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.access import does_marketing, require
from crm.keyset import count_words, page_of
from crm.once import is_repeat
from crm.requests import PersonRequest
from leads.access import may_write_capture_form
from leads.capture.forms import NOT_YOURS, create_capture_form, edit_capture_form, remove_capture_form
from leads.capture.processing import retry_submissions
from leads.capture.queries import counts_by_status, forms_with_last_answer
from leads.capture.traps import HONEYPOT
from leads.capture_page_forms import CaptureFormSettings
from leads.models import CaptureForm, Submission, SubmissionStatus

FOR_MARKETING = "Capture forms are marketing's; ask a marketer."
TROUBLE = (SubmissionStatus.FAILED, SubmissionStatus.REFUSED)


@require_GET
def capture_forms(request: PersonRequest) -> HttpResponse:
    require(does_marketing(request.user), FOR_MARKETING)
    page = page_of(forms_with_last_answer(), request.GET)
    counts = counts_by_status(page.rows)
    rows = [{"form": form, **summed(counts[form.pk])} for form in page.rows]
    return render(request, "leads/capture/forms.html", {"rows": rows, "page": page, "now": timezone.now()})


def summed(counts: dict[str, int]) -> dict[str, Any]:
    """How many answers came, and how many of them somebody should look at."""
    return {
        "answers": count_words(sum(counts.values())),
        "failed": counts[SubmissionStatus.FAILED],
        "refused": count_words(counts[SubmissionStatus.REFUSED]) if counts[SubmissionStatus.REFUSED] else "",
    }


@require_http_methods(["GET", "POST"])
def capture_form_new(request: PersonRequest) -> HttpResponse:
    user = request.user
    require(does_marketing(user), FOR_MARKETING)
    asked = {"campaign": request.GET.get("campaign"), "owner": user.pk if user.is_marketer else None}
    form = CaptureFormSettings(request.POST or None, initial=asked)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            if is_repeat(request, user):
                return redirect("leads:capture-forms")
            made = create_capture_form(by=user, **form.cleaned_data)
        messages.success(request, f"{made.name} is ready. Share its link or put it on a page of yours.")
        return redirect("leads:capture-form", made.pk)
    return render(request, "leads/capture/form_edit.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
def capture_form(request: PersonRequest, pk: int) -> HttpResponse:
    """One form: its link and snippet, and what came through it; ``?status=`` narrows the log."""
    found = form_for(request, pk)
    status = request.GET.get("status", "")
    answers = found.submissions.select_related("lead")
    if status in SubmissionStatus.values:
        answers = answers.filter(status=status)
    page, counts = page_of(answers, request.GET), counts_by_status([found])[found.pk]
    link = request.build_absolute_uri(reverse("leads:capture", args=[found.key]))
    context = {
        "capture_form": found, "page": page, "rows": [(answer, sender(answer)) for answer in page.rows],
        "chips": chips(counts, status), "status": status, "failed": counts[SubmissionStatus.FAILED],
        "is_known_status": status in SubmissionStatus.values, "has_answers": any(counts.values()),
        "link": link, "snippet": snippet(link), "trouble": TROUBLE,
        "may_write": may_write_capture_form(request.user, found), "now": timezone.now(),
    }  # fmt: skip
    return render(request, "leads/capture/form.html", context)


def chips(counts: dict[str, int], present: str) -> list[dict[str, Any]]:
    """All answers, then each status that has any."""
    total = sum(counts.values())
    rows = [{"label": "All", "count": count_words(total), "address": "?", "is_on": not present}]
    return rows + [
        {
            "label": status.label,
            "count": count_words(counts[status]),
            "address": f"?status={status}",
            "is_on": present == status,
        }
        for status in SubmissionStatus
        if counts[status] or present == status
    ]


def sender(answer: Submission) -> str:
    """Who sent it, as they said themselves."""
    sent = answer.payload
    name = f"{sent.get('first_name', '')} {sent.get('last_name', '')}".strip()
    return (name or sent.get("email") or sent.get("phone") or ("Forgotten" if not sent else "No name"))[:80]


def snippet(link: str) -> str:
    """HTML for a page of marketing's own."""
    return render_to_string("leads/capture/snippet.html", {"link": link, "honeypot": HONEYPOT}).strip()


@require_http_methods(["GET", "POST"])
def capture_form_edit(request: PersonRequest, pk: int) -> HttpResponse:
    found = form_for(request, pk)
    require(may_write_capture_form(request.user, found), NOT_YOURS)
    form = CaptureFormSettings(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        edit_capture_form(found, by=request.user, **form.cleaned_data)
        messages.success(request, f"{form.cleaned_data['name']} is changed.")
        return redirect("leads:capture-form", pk)
    return render(
        request, "leads/capture/form_edit.html", {"form": form, "found": found}, status=422 if form.errors else 200
    )


@require_POST
def removal(request: PersonRequest, pk: int) -> HttpResponse:
    """Remove a form nobody ever sent."""
    found = form_for(request, pk)
    remove_capture_form(found, by=request.user)
    messages.success(request, f"{found.name} is removed.")
    return redirect("leads:capture-forms")


@require_POST
def retry_failed(request: PersonRequest, pk: int) -> HttpResponse:
    """Have every failed answer of the form processed again."""
    found = form_for(request, pk)
    require(may_write_capture_form(request.user, found), NOT_YOURS)
    count = retry_submissions(found.submissions.filter(status=SubmissionStatus.FAILED))
    messages.success(request, f"{count:,} {'answer is' if count == 1 else 'answers are'} tried again.")
    return redirect("leads:capture-form", pk)


@require_GET
def submission(request: PersonRequest, pk: int) -> HttpResponse:
    """What was sent, as it came; a fragment in the side panel."""
    found = submission_for(request, pk)
    context = {
        "answer": found, "sender": sender(found), "now": timezone.now(),
        "raw": json.dumps(found.payload, indent=2, ensure_ascii=False) if found.payload else "",
        "may_retry": found.status in TROUBLE and found.payload and may_write_capture_form(request.user, found.form),
    }  # fmt: skip
    return render(request, "leads/capture/submission.html" + ("#answer" if request.htmx else ""), context)


@require_POST
def retry(request: PersonRequest, pk: int) -> HttpResponse:
    """Have one failed or refused answer processed again: a refused one is then taken for a person's."""
    found = submission_for(request, pk)
    require(may_write_capture_form(request.user, found.form), NOT_YOURS)
    if retry_submissions(Submission.objects.filter(pk=pk)):
        messages.success(request, "It is tried again.")
    return redirect("leads:capture-form", found.form_id)


def form_for(request: PersonRequest, pk: int) -> CaptureForm:
    """The one door to a form: marketing reads all of them."""
    require(does_marketing(request.user), FOR_MARKETING)
    return get_object_or_404(forms_with_last_answer(), pk=pk)


def submission_for(request: PersonRequest, pk: int) -> Submission:
    require(does_marketing(request.user), FOR_MARKETING)
    return get_object_or_404(Submission.objects.select_related("form__campaign", "lead"), pk=pk)
