"""The dimension *region*: the region of the team whose lead it is, as that team has it now.

Told when a question is asked instead of being kept: a team that gets another region takes its figures along at once,
and region needs no cells beside those of its teams.
"""

from collections import defaultdict

from django.db.models import Case, CharField, Q, Value, When

from crm.models import Team


def teams_by_region() -> dict[str, list[int]]:
    """Ids of the teams of each region; teams without one are left out."""
    teams: dict[str, list[int]] = defaultdict(list)
    for region_name, team in Team.objects.exclude(region="").order_by("region", "pk").values_list("region", "pk"):
        teams[region_name].append(team)
    return dict(teams)


def region(team: str) -> Case:
    """The region of the column ``team``, "" without one; the column holds ids as numbers or as words."""
    known = (When(Q(**{f"{team}__in": ids}), then=Value(name)) for name, ids in teams_by_region().items())
    return Case(*known, default=Value(""), output_field=CharField())


def in_region(team: str, key: str) -> Q:
    """That the column ``team`` names a team of this region; "": one without a region, or none at all."""
    teams = teams_by_region()
    if key:
        return Q(**{f"{team}__in": teams.get(key, [])})
    return ~Q(**{f"{team}__in": [team for ids in teams.values() for team in ids]})
