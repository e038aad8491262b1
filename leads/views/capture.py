"""The one door for strangers: a form of ours to look at, and the address that takes the answers of any form."""

from typing import Any, cast

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.datastructures import MultiValueDict
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from crm.models import Organisation
from crm.requests import address_of
from leads.capture.answers import PERSON, AnswerForm, complaint
from leads.capture.receiving import MOST_BYTES, UTM, TooLarge, Unreadable, WrongType, fields, json_fields, receive
from leads.capture.traps import HONEYPOT, STAMP, new_stamp, objection, seconds_to_wait
from leads.models import CaptureForm

FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
# text/plain is what a page sends that wants to spare itself the question first (CORS).
JSON_TYPES = ("application/json", "text/plain")
# Any page may send a form here, and learns nothing from the answer; no cookie goes along.
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, OPTIONS",
    "Access-Control-Allow-Headers": "Content-Type, Accept",
    "Access-Control-Max-Age": "86400",
}
THANKS = "Thank you. We have your answer."
CLOSED = "This form is closed."


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST", "OPTIONS"])
def capture(request: HttpRequest, key: str) -> HttpResponse:
    """GET: the hosted page. POST: an answer, as a form or as JSON; 303 to the thank-you page or 200 for programs."""
    if request.method == "OPTIONS":
        return HttpResponse(status=204, headers=CORS)
    form = CaptureForm.objects.select_related("campaign").filter(key=key).first()
    try:
        response = answer(request, form) if request.method == "POST" else page(request, form)
    except Unreadable as error:
        response = told(request, str(error), status=error.status, code=error.code)
    for name, value in CORS.items():
        response.headers.setdefault(name, value)
    patch_cache_control(response, no_store=True)
    return response


def page(request: HttpRequest, form: CaptureForm | None) -> HttpResponse:
    """The form to fill in, or the thanks to whoever did."""
    if form is None:
        raise Http404
    if not form.is_active:
        return told(request, CLOSED, status=410, code="closed")
    if "thanks" in request.GET:
        return shown(request, form, is_sent=True)
    return shown(request, form, answers=AnswerForm(initial=prefilled(request)), carried=utm_of(request))


def answer(request: HttpRequest, form: CaptureForm | None) -> HttpResponse:
    if form is None:
        if is_program(request):
            return told(request, "There is no such form.", status=404, code="not_found")
        raise Http404
    if not form.is_active:
        return told(request, CLOSED, status=410, code="closed")
    now, address = timezone.now(), address_of(request)
    if wait := seconds_to_wait(form, address, at=now):
        response = told(request, "Too many answers at once; please try again in a minute.", status=429, code="too_many")
        response["Retry-After"] = str(wait)
        return response
    payload = {**utm_of(request), **payload_of(request)}
    bot = objection(form, payload, at=now, is_own_page=is_own_page(request))
    answers = AnswerForm(payload)
    wrong = "" if bot or answers.is_valid() else complaint(answers)
    agent = request.headers.get("User-Agent", "")
    receive(form, payload, at=now, refused=bot or wrong, address=address, user_agent=agent)
    if wrong:
        return corrected(request, form, answers, payload)
    return thanked(request, form)


def payload_of(request: HttpRequest) -> dict[str, str]:
    """The fields that were sent; raises Unreadable."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
        raise TooLarge(f"At most {MOST_BYTES // 1024} kB are taken.")
    if request.content_type in JSON_TYPES:
        return json_fields(request.body)
    if request.content_type not in FORM_TYPES:
        raise WrongType("Send a form or a JSON object.")
    return fields(cast("MultiValueDict[str, Any]", request.POST).lists())


def prefilled(request: HttpRequest) -> dict[str, str]:
    """What a link in a mail may know already: `?email=…`."""
    return {name: request.GET[name] for name in PERSON if name in request.GET}


def utm_of(request: HttpRequest) -> dict[str, str]:
    query: QueryDict = request.GET
    names = [f"utm_{part}" for part in UTM]
    return fields((name, [query[name][:200]]) for name in names if query.get(name))


def is_own_page(request: HttpRequest) -> bool:
    """Whether it was sent from the hosted page, which always carries a stamp."""
    origin = request.headers.get("Origin") or request.headers.get("Referer", "")
    own = request.build_absolute_uri(reverse("leads:capture", args=["x"])).partition("/capture/")[0]
    return origin == own or origin.startswith(f"{own}/")


def is_program(request: HttpRequest) -> bool:
    """A script of a page, or a server: it reads JSON. A browser that sends a form shows the answer."""
    if request.method == "POST" and request.content_type not in FORM_TYPES:
        return True
    return request.accepts("application/json") and not request.accepts("text/html")


# Answers


def thanked(request: HttpRequest, form: CaptureForm) -> HttpResponse:
    if is_program(request):
        return JsonResponse({"status": "received", "text": form.thanks or THANKS})
    response = redirect(f"{reverse('leads:capture', args=[form.key])}?thanks=1")
    response.status_code = 303
    return response


def corrected(request: HttpRequest, form: CaptureForm, answers: AnswerForm, payload: dict[str, str]) -> HttpResponse:
    """The form again with what was sent, and what is wrong beside it."""
    if is_program(request):
        errors = {name: [str(text) for text in texts] for name, texts in answers.errors.items()}
        return JsonResponse({"status": "refused", "text": complaint(answers), "errors": errors}, status=422)
    carried = {name: payload[name] for name in (f"utm_{part}" for part in UTM) if name in payload}
    return shown(request, form, answers=answers, carried=carried, status=422)


def told(request: HttpRequest, text: str, *, status: int, code: str) -> HttpResponse:
    if is_program(request):
        return JsonResponse({"status": code, "text": text}, status=status)
    context = {"text": text, "house": Organisation.get()}
    return render(request, "leads/capture/closed.html", context, status=status)


def shown(request: HttpRequest, form: CaptureForm, *, status: int = 200, **context: Any) -> HttpResponse:
    """``carried``: hidden fields, the campaign's marks in the address among them."""
    now = timezone.now()
    carried = {**context.pop("carried", {}), STAMP: new_stamp(form, at=now)}
    house = Organisation.get()
    context |= {
        "capture_form": form,
        "carried": carried,
        "honeypot": HONEYPOT,
        "house": house,
        "thanks": form.thanks or THANKS,
    }
    return render(request, "leads/capture/page.html", context, status=status)
