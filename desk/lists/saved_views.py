"""Saved views: a list as somebody set it up, kept under a name."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
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
    rows = SavedView.objects.filter(seen, list=key).select_related("owner", "team").order_by("name", "pk")
    return sorted(rows[:MOST_VIEWS], key=lambda view: view.owner_id != user.pk)


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


def save_view(*, list: str, name: str, query: str, team: Team | None, by: User, at: datetime) -> SavedView:
    """A new view; NameTaken when the person has one of that name."""
    require(team is None or team.pk in own_team_ids(by), "You may share a view with your own team only.")
    view = SavedView(list=list, name=name, query=kept_query(query), team=team, owner=by)
    write(view)
    return view


def change_view(
    view: SavedView, *, by: User, at: datetime, name: str | None = None, query: str | None = None, team: Team | None | str = ""
) -> None:
    """Rename, overwrite or share a view anew; what is not given stays."""
    require(may_change_view(by, view), f"This view is {view.owner}'s.")
    if name is not None:
        view.name = name
    if query is not None:
        view.query = kept_query(query)
    if not isinstance(team, str):
        require(team is None or team.pk in own_team_ids(view.owner) or by.is_admin, "You may share a view with your own team only.")
        view.team = team
    write(view)


def write(view: SavedView) -> None:
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError as error:
        raise NameTaken(f"There is a view “{view.name}” already.") from error


def delete_view(view: SavedView, *, by: User, at: datetime) -> None:
    require(may_change_view(by, view), f"This view is {view.owner}'s.")
    view.delete()
