"""A link with which a person sets a password, for an admin to hand over where no mail is sent."""

from allauth.account.adapter import get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.http import HttpRequest

from crm.access import require
from crm.errors import BusinessError
from crm.models import User


def reset_link(user: User, request: HttpRequest) -> str:
    """The address that allauth would mail; good once, and until the person logs in or the time runs out."""
    require(isinstance(request.user, User) and request.user.is_admin, "Only admins make password links.")
    if not user.email or not user.is_active:
        raise BusinessError("Only an active person with an e-mail address can log in.", code="cannot_log_in")
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    return str(get_adapter(request).get_reset_password_from_key_url(key))


def sends_mail() -> bool:
    """Whether a mail server is set, so that people can ask for the link themselves."""
    return bool(settings.EMAIL_HOST)
