"""Settings: the sources, segments and products that forms offer."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.access import require
from crm.errors import BusinessError
from crm.forms import saved
from crm.requests import PersonRequest
from leads.access import may_write_lists
from leads.models import PickList, PickValue
from leads.pick_values import REFUSED, add_value, edit_value, in_use_unlisted, move_value
from leads.settings_forms import ValueForm
from leads.views.settings import setting_page, step_of


@require_GET
def lists(request: PersonRequest) -> HttpResponse:
    """Each list with its values in order, and what leads have that is not on it."""
    require(may_write_lists(request.user), REFUSED)
    rows = list(PickValue.objects.all())
    kept = [
        {"key": list_, "label": list_.label, "rows": [row for row in rows if row.list == list_],
         "unlisted": in_use_unlisted(list_)}
        for list_ in PickList
    ]  # fmt: skip
    return render(request, "leads/lists.html", {"lists": kept})


@require_POST
def value_new(request: PersonRequest) -> HttpResponse:
    """Add what was typed, or a value that leads have already."""
    list_, value = request.POST.get("list", ""), request.POST.get("value", "").replace("\0", "").strip()
    if list_ not in PickList.values:
        return redirect("leads:lists")
    if not value or len(value) > PickValue._meta.get_field("value").max_length:  # type: ignore[operator]
        messages.error(request, "A name has between 1 and 120 characters.")
        return redirect(address_of(list_))
    try:
        row = add_value(PickList(list_), value, by=request.user)
    except BusinessError as error:
        if error.status != 422:
            raise
        messages.error(request, str(error))
    else:
        messages.success(request, f"“{row.value}” is offered.")
    return redirect(address_of(list_))


@require_http_methods(["GET", "POST"])
def value(request: PersonRequest, pk: int) -> HttpResponse:
    require(may_write_lists(request.user), REFUSED)
    present = get_object_or_404(PickValue, pk=pk)
    form = ValueForm(request.POST or None, instance=get_object_or_404(PickValue, pk=pk))
    if request.method == "POST" and saved(form, lambda fields: edit_value(present, by=request.user, **fields)):
        messages.success(request, f"“{form.cleaned_data['value']}” is saved.")
        return redirect(address_of(present.list))
    return setting_page(request, form, title=present.value, parent="Lists", back=address_of(present.list))


@require_POST
def value_position(request: PersonRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(PickValue, pk=pk)
    move_value(row, by=request.user, step=step_of(request))
    return redirect(address_of(row.list))


def address_of(list_: str) -> str:
    return f"{reverse('leads:lists')}#{list_}"
