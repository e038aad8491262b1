"""What marketers do with their capture forms."""

from typing import Any

from django.db import transaction
from django.utils.crypto import get_random_string
from django.utils.text import slugify

from crm.access import require
from crm.editing import make, save_put
from crm.errors import BusinessError
from crm.models import User
from leads.access import may_make_capture_forms, may_write_capture_form
from leads.models import CaptureForm

NOT_YOURS = "You may change your own forms, and those of your own campaigns."


class FormInUse(BusinessError):
    code = "form_in_use"


@transaction.atomic
def create_capture_form(*, by: User, **fields: Any) -> CaptureForm:
    """A form; its leads go to whoever made it unless it names somebody. Without a key it gets one from its name."""
    require(may_make_capture_forms(by), "Marketing makes the forms.")
    if by.is_marketer:
        fields = {"owner": by, **fields}
    fields["key"] = fields.get("key") or free_key(fields.get("name", ""))
    form = CaptureForm(**fields)
    require(may_write_capture_form(by, form), "A form of yours brings leads to you or belongs to a campaign of yours.")
    return make(form)


@transaction.atomic
def edit_capture_form(form: CaptureForm, *, by: User, **fields: Any) -> CaptureForm:
    form = CaptureForm.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=form.pk)
    require(may_write_capture_form(by, form), NOT_YOURS)
    save_put(form, fields)
    return form


@transaction.atomic
def remove_capture_form(form: CaptureForm, *, by: User) -> None:
    """Remove a form that nobody ever sent; any other is closed instead."""
    require(may_write_capture_form(by, form), NOT_YOURS)
    if form.submissions.exists():
        raise FormInUse("People have sent this form; close it instead, so that its log stays.")
    form.delete()


def free_key(name: str) -> str:
    """ "spring-webinar", or "spring-webinar-x3k9" when that is taken."""
    key = slugify(name)[:50] or get_random_string(8, "abcdefghjkmnpqrstuvwxyz23456789")
    if not CaptureForm.objects.filter(key=key).exists():
        return key
    return f"{key}-{get_random_string(4, 'abcdefghjkmnpqrstuvwxyz23456789')}"
