"""The company or contact that somebody means by a name or an e-mail, in any letter case: the oldest that is in use."""

from django.db.models.functions import Lower

from leads.identity import normal_email
from leads.models import Company, Contact


def company_named(name: str) -> Company | None:
    name = name.strip().lower()
    if not name:
        return None
    same = Company.objects.filter(archived_at=None).alias(lowered=Lower("name")).filter(lowered=name)
    return same.order_by("id").first()


def contact_with(email: str) -> Contact | None:
    email = normal_email(email)
    if not email:
        return None
    same = Contact.objects.filter(archived_at=None).alias(lowered=Lower("email")).filter(lowered=email)
    return same.order_by("id").first()
