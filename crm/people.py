"""Who is here: people and their teams, written by admins only."""

from datetime import date
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from crm.access import heads, require
from crm.editing import make, save_put
from crm.errors import BusinessError
from crm.memberships import follow_teams
from crm.models import Role, Team, User
from crm.periods import own_day

REFUSED = "Only admins change people and teams."
OWN_FIELDS = {"first_name", "last_name", "time_zone", "away_until", "signature", "mail_pace", "mail_muted"}


@transaction.atomic
def create_user(*, by: User, **fields: Any) -> User:
    """A new person without a password: they set one themselves, by the reset link an admin hands them."""
    require(by.is_admin, REFUSED)
    user = User(**with_plain_email(fields))
    user.set_unusable_password()
    make(user)
    follow_teams(on=today(), users=[user.pk], are_new=True)
    return user


@transaction.atomic
def edit_user(user: User, *, by: User, **fields: Any) -> User:
    """Change a person. Who is switched off has handed over their work before (desk/leaving.py), else `open_work`."""
    require(by.is_admin, REFUSED)
    user = User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
    if user.is_active and fields.get("is_active") is False:
        import_module(settings.OPEN_WORK).require_nothing_open(user)
    if "team" in save_put(user, with_plain_email(fields)):
        follow_teams(on=today(), users=[user.pk])
    require_an_admin()
    return user


def let_back_in(user: User, *, by: User) -> User:
    """Somebody who had left may log in again, and is routed leads again."""
    return edit_user(user, by=by, is_active=True)


@transaction.atomic
def edit_profile(user: User, **fields: Any) -> User:
    """What people change about themselves: name, time zone, absence; never role, team or e-mail."""
    save_put(user, {name: fields[name] for name in OWN_FIELDS & set(fields)})
    return user


@transaction.atomic
def set_absence(person: User, *, by: User, until: date | None, on: date) -> User:
    """Nothing is routed to ``person`` through the day ``until``; None: they are back. ``on``: today.

    People say so themselves, or their manager or an admin does. Raises NotAllowed, BusinessError `absence_over`.
    """
    require(by.pk == person.pk or by.is_admin or heads(by, person.team_id), "Only they and their manager say so.")
    if until is not None and until < on:
        raise BusinessError("Choose today or a day that is still to come.", code="absence_over")
    save_put(person, {"away_until": until})
    return person


@transaction.atomic
def create_team(*, by: User, **fields: Any) -> Team:
    require(by.is_admin, REFUSED)
    return make(Team(**fields))


@transaction.atomic
def edit_team(team: Team, *, by: User, **fields: Any) -> Team:
    require(by.is_admin, REFUSED)
    save_put(team, fields)
    return team


def with_plain_email(fields: dict[str, Any]) -> dict[str, Any]:
    """The e-mail in small letters; none at all, instead of an empty one, for people who cannot log in."""
    return {**fields, "email": (fields["email"] or "").strip().lower() or None} if "email" in fields else fields


def today() -> date:
    return own_day(timezone.now())


def require_an_admin() -> None:
    """Somebody must be left who can change people and teams."""
    if not User.objects.filter(role=Role.ADMIN, is_active=True, email__isnull=False).exists():
        raise BusinessError("This is the last admin who can log in; make another one first.", code="last_admin")
