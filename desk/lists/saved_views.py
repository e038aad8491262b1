"""Saved views: a list as somebody set it up, kept under a name."""

from django.db import IntegrityError, transaction
from django.db.models import Case, Q, When
from django.http import QueryDict

from crm.access import heads, own_team_ids, require
from crm.errors import BusinessError
from crm.models import Team, User
from desk.models import SavedView

LONGEST_QUERY = 4_000
MOST_VIEWS = 30
# Where in the list one stands, and which view it came from, are no part of a view.
NOT_KEPT = ("after", "before", "edit", "view")


class NameTaken(BusinessError):
    code = "view_name_taken"


class ViewTooLong(BusinessError):
    code = "view_too_long"


def views_for(user: User, key: str) -> list[SavedView]:
    """A person's own views of a list, then those shared with the person's teams."""
    seen = Q(owner=user) | Q(team__in=own_team_ids(user))
    rows = SavedView.objects.filter(seen, list=key).select_related("owner", "team")
    own_first = Case(When(owner=user, then=0), default=1)
    return list(rows.order_by(own_first, "name", "pk")[:MOST_VIEWS])


def may_change_view(user: User, view: SavedView) -> bool:
    """Who made it; the manager of the team it is shared with; an admin."""
    return view.owner_id == user.pk or user.is_admin or heads(user, view.team_id)


def kept_query(text: str) -> str:
    """What of an address belongs to a view; ViewTooLong when it is more than a view can hold."""
    if len(text) <= 2 * LONGEST_QUERY:
        query = QueryDict(text, mutable=True)
        for name in NOT_KEPT:
            query.pop(name, None)
        if len(kept := query.urlencode()) <= LONGEST_QUERY:
            return kept
    raise ViewTooLong("This view has too many filters to be saved. Take some away.")


def save_view(*, key: str, name: str, query: str, team: Team | None, by: User) -> SavedView:
    """A new view of the list ``key``, for oneself or a team; NameTaken when the person has one of that name."""
    require_own_team(team, by)
    view = SavedView(list=key, name=name, query=kept_query(query), team=team, owner=by)
    write(view)
    return view


def rename_view(view: SavedView, *, name: str, team: Team | None, by: User) -> None:
    """Another name, another team that sees it."""
    require_change(by, view)
    if team != view.team:
        require_own_team(team, by)
    view.name, view.team = name, team
    write(view)


def overwrite_view(view: SavedView, *, query: str, by: User) -> None:
    """Another list under the same name."""
    require_change(by, view)
    view.query = kept_query(query)
    write(view)


def delete_view(view: SavedView, *, by: User) -> None:
    require_change(by, view)
    view.delete()


def require_change(user: User, view: SavedView) -> None:
    require(may_change_view(user, view), f"This view is {view.owner}'s.")


def require_own_team(team: Team | None, user: User) -> None:
    require(team is None or team.pk in own_team_ids(user), "You may share a view with your own team only.")


def write(view: SavedView) -> None:
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError as error:
        raise NameTaken(f"There is a view “{view.name}” already.") from error
