"""Who is who: the words in which each room's access.py says who may do what (DESIGN: "Who may")."""

from django.db.models import Q, QuerySet

from crm.errors import NotAllowed
from crm.models import Role, Side, Team, User


def heads(user: User, team_id: int | None) -> bool:
    """Whether ``user`` is a manager who answers for the team: named as its manager, or a manager among its members."""
    if not user.is_manager or team_id is None:
        return False
    return user.team_id == team_id or team_id in managed_team_ids(user)


def managed_team_ids(user: User) -> set[int]:
    """Ids of the teams ``user`` is named manager of; asked once a request, then kept on the user object."""
    if not hasattr(user, "_managed_team_ids"):
        user._managed_team_ids = set(Team.objects.filter(manager=user).values_list("id", flat=True))  # type: ignore[attr-defined]
    return user._managed_team_ids  # type: ignore[attr-defined]


def own_team_ids(user: User) -> set[int]:
    """The teams a person belongs to or answers for."""
    own = {user.team_id} if user.team_id else set()
    return own | managed_team_ids(user) if user.is_manager else own


def is_manager_of(user: User, side: Side) -> bool:
    """Whether ``user`` is a manager on ``side``: by the own team's kind or by a team he or she heads."""
    if not user.is_manager:
        return False
    if not hasattr(user, "_managed_sides"):
        kinds = Team.objects.filter(id__in=own_team_ids(user)).values_list("kind", flat=True)
        user._managed_sides = set(kinds)  # type: ignore[attr-defined]
    return side in user._managed_sides  # type: ignore[attr-defined]


def does_marketing(user: User) -> bool:
    """Marketers, their managers, and admins."""
    return user.is_marketer or user.is_admin or is_manager_of(user, Side.MARKETING)


def people_of_marketing() -> QuerySet[User]:
    """Everybody who `does_marketing`, those who left included."""
    heading = Q(team__kind=Side.MARKETING) | Q(pk__in=Team.objects.filter(kind=Side.MARKETING).values("manager"))
    return User.objects.filter(Q(role__in=(Role.MARKETER, Role.ADMIN)) | Q(role=Role.MANAGER) & heading)


def manages(user: User) -> bool:
    """Managers of either side, and admins."""
    return user.is_manager or user.is_admin


def require(permitted: bool, text: str) -> None:
    """Raise NotAllowed with ``text`` unless ``permitted``."""
    if not permitted:
        raise NotAllowed(text)
