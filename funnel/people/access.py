"""Who may read somebody's own page: they themselves, whoever manages their team, and admins."""

from django.db.models import Q, QuerySet

from crm.access import heads, managed_team_ids, manages
from crm.models import User

REFUSED = "Figures of one person are for that person and the manager of their team."


def may_read(by: User, person: User) -> bool:
    return by.pk == person.pk or by.is_admin or heads(by, person.team_id)


def readable_people(by: User) -> QuerySet[User]:
    """Everybody whose page ``by`` may open, who left included; nobody else's of who manages nobody."""
    own = Q(pk=by.pk)
    if by.is_admin:
        return User.objects.all()
    if not manages(by):
        return User.objects.filter(own)
    teams = managed_team_ids(by) | ({by.team_id} if by.team_id else set())
    return User.objects.filter(own | Q(team__in=teams))


def readable_ids(by: User) -> set[int]:
    """Their ids; asked once a request, then kept on the user object."""
    if not hasattr(by, "_readable_people"):
        by._readable_people = set(readable_people(by).order_by().values_list("pk", flat=True))  # type: ignore[attr-defined]
    return by._readable_people  # type: ignore[attr-defined]
