"""Who may hand over, and who may answer (DESIGN: "Who may")."""

from django.db.models import Q, QuerySet

from crm.access import does_marketing, heads, is_manager_of, manages, own_team_ids
from crm.models import Role, Side, Team, User
from feedback.models import Handoff

NO_HAND_OVER = "Only marketers and managers hand leads to sales."


def may_hand_over(user: User) -> bool:
    """Marketers, managers of either side and admins hand leads to sales, any lead."""
    return does_marketing(user) or manages(user)


def may_withdraw(user: User, handoff: Handoff) -> bool:
    """Who in marketing offered it, or a manager. A rep who passed it on has no say in what the next one has."""
    return manages(user) or (does_marketing(user) and handoff.offered_by_id == user.pk)


def may_ever_decide(user: User) -> bool:
    """Reps and sales managers; any other role gets "not allowed", whatever the state of the hand-off."""
    return user.is_rep or is_manager_of(user, Side.SALES)


def may_decide(user: User, handoff: Handoff) -> bool:
    """The named person, any rep of the named team, and the manager of either's team."""
    if not may_ever_decide(user):
        return False
    if user.is_rep:
        return handoff.to_user_id == user.pk or (handoff.to_user_id is None and handoff.to_team_id == user.team_id)
    team_id = handoff.to_team_id or (handoff.to_user.team_id if handoff.to_user else None)
    return handoff.to_user_id == user.pk or heads(user, team_id)


def may_undo(user: User, handoff: Handoff) -> bool:
    """Who gave the verdict, or a manager who might have."""
    own = handoff.decided_by_id == user.pk and may_ever_decide(user)
    return own or (user.is_manager and may_decide(user, handoff))


def inbox_team_ids(user: User) -> set[int]:
    """Teams whose waiting hand-offs stand in the person's inbox."""
    return own_team_ids(user) if may_ever_decide(user) else set()


def may_propose(user: User) -> bool:
    """Managers of either side and admins change the agreement and propose it."""
    return user.is_admin or bool(sides_of(user))


def may_sign(user: User, side: Side) -> bool:
    """A manager of the side; who heads both may sign for both, an admin for none."""
    return is_manager_of(user, side)


def sides_of(user: User) -> list[Side]:
    """The sides this person answers for as a manager."""
    return [side for side in Side if is_manager_of(user, side)]


def managers_of(side: Side) -> QuerySet[User]:
    """Everybody who may sign for ``side``."""
    heads_it = Q(team__kind=side) | Q(pk__in=Team.objects.filter(kind=side, manager__isnull=False).values("manager"))
    return User.objects.filter(heads_it, role=Role.MANAGER, is_active=True)
