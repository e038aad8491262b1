"""A form sent twice does its deed once, whatever the browser or the network repeats."""

from django.http import HttpRequest

from crm.models import Answer, User


def is_repeat(request: HttpRequest, by: User) -> bool:
    """Whether this form, known by its hidden `idempotency_key`, was taken before; call it in the deed's transaction.

    Of two at once the second waits here for the first to commit. A form without a key is never a repeat.
    """
    key = request.POST.get("idempotency_key", "").replace("\0", "")[:180]
    if not key:
        return False
    _answer, is_new = Answer.objects.get_or_create(
        user=by, key=f"page:{key}", defaults={"request_hash": request.path[:64]}
    )
    return not is_new
