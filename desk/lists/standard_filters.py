"""Filters that several lists have: whose, of which record, when, open or closed, archived."""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import reduce
from operator import or_

from django.db.models import Model, Q

from crm.access import own_team_ids
from crm.models import Role, Team, User
from crm.requests import id_of
from desk.lists.asker import Asker
from desk.lists.filters import Choice, Days, Option, happened_in


def owner_filter(*, team: str = "team", label: str = "Owner") -> Choice:
    """Whose rows: me, my team, nobody, a team, a person. ``team``: the field that says of which team a row is."""

    def test(values: Sequence[str], asker: Asker) -> Q:
        return reduce(or_, (owned(value, asker, team) for value in values))

    return Choice(key="owner", label=label, options=owner_options, test=test, takes=names_somebody, labels=owner_labels)


def owned(value: str, asker: Asker, team: str) -> Q:
    kind, _colon, number = value.partition(":")
    if kind == "me":
        return Q(owner=asker.user)
    if kind == "nobody":
        return Q(owner__isnull=True)
    if kind == "user":
        return Q(owner=id_of(number))
    return Q(**{f"{team}__in": [id_of(number)] if number else own_team_ids(asker.user)})


def owner_options() -> list[Option]:
    people = User.objects.filter(is_active=True).exclude(role=Role.ADMIN)
    return [
        Option("me", "Me"),
        Option("team", "My team"),
        Option("nobody", "Nobody"),
        *[Option(f"team:{team.pk}", team.name, "Teams") for team in Team.objects.all()],
        *[Option(f"user:{person.pk}", str(person), "People") for person in people],
    ]


def names_somebody(value: str) -> bool:
    """Also somebody who left: an old address goes on working."""
    kind, _colon, number = value.partition(":")
    return value in ("me", "team", "nobody") or (kind in ("team", "user") and id_of(number) > 0)


def owner_labels(values: Sequence[str]) -> dict[str, str]:
    words = {"me": "Me", "team": "My team", "nobody": "Nobody"}
    people = User.objects.filter(pk__in=numbers(values, "user:"))
    teams = Team.objects.filter(pk__in=numbers(values, "team:"))
    known = {f"user:{person.pk}": str(person) for person in people} | {f"team:{team.pk}": team.name for team in teams}
    return {value: words.get(value) or known.get(value) or "somebody unknown" for value in values}


def numbers(values: Sequence[str], prefix: str) -> list[int]:
    return [id_of(value.removeprefix(prefix)) for value in values if value.startswith(prefix)]


def record_filter(
    key: str,
    label: str,
    model: type[Model],
    *,
    test: Callable[[Sequence[str], Asker], Q] | None = None,
    options: Callable[[], Sequence[Option]] | None = None,
) -> Choice:
    """Rows of some records; offered for choice only with ``options``."""

    def labels(values: Sequence[str]) -> dict[str, str]:
        rows = model._default_manager.in_bulk([id_of(value) for value in values])
        return {value: str(rows.get(id_of(value), "unknown")) for value in values}

    return Choice(
        key=key,
        label=label,
        options=options or list,
        offered=options is not None,
        test=test or (lambda values, asker: Q(**{f"{key}__in": [id_of(value) for value in values]})),
        takes=lambda value: id_of(value) > 0,
        labels=labels,
    )


def days_filter(key: str, label: str, field: str) -> Days:
    """When something happened: lately, or between two days."""

    def lately(values: Sequence[str], asker: Asker) -> Q:
        return Q(**{f"{field}__gte": asker.at - timedelta(days=max(map(int, values)))})

    presets = tuple(Option(str(days), f"last {days} days") for days in (7, 30, 90))
    return Days(key=key, label=label, presets=presets, preset=lately, test=happened_in(field))


def activity_filter() -> Choice:
    """When sales or marketing last did something: never, not for so many days, within so many."""

    def test(values: Sequence[str], asker: Asker) -> Q:
        return reduce(or_, (of_age(value, asker) for value in values))

    def of_age(value: str, asker: Asker) -> Q:
        kind, _colon, days = value.partition(":")
        if kind == "never":
            return Q(last_activity_at__isnull=True)
        edge = asker.at - timedelta(days=int(days))
        return Q(last_activity_at__lt=edge) if kind == "older" else Q(last_activity_at__gte=edge)

    return Choice(
        key="activity",
        label="Last activity",
        options=lambda: [
            Option("never", "never"),
            *[Option(f"older:{days}", f"more than {days} days ago") for days in (3, 7, 14, 30, 90)],
            *[Option(f"within:{days}", f"in the last {days} days") for days in (1, 7, 30)],
        ],
        test=test,
        takes=says_days,
        labels=lambda values: {value: say_days(value) for value in values},
        single=True,
    )


def says_days(value: str) -> bool:
    kind, _colon, days = value.partition(":")
    return kind in ("older", "within") and days.isascii() and days.isdigit() and len(days) <= 4


def say_days(value: str) -> str:
    kind, _colon, days = value.partition(":")
    return {"older": f"more than {days} days ago", "within": f"in the last {days} days"}.get(kind, kind)


NEXT_STEPS = [
    Option("none", "none"),
    Option("overdue", "overdue"),
    Option("today", "today"),
    Option("week", "in the next 7 days"),
]


def next_step_filter(open_rows: Q) -> Choice:
    """Whether there is a next step, and when. Closed rows need none: ``open_rows`` are those that do."""

    def test(values: Sequence[str], asker: Asker) -> Q:
        due: dict[str, Q] = {
            "none": Q(next_step_at__isnull=True),
            "overdue": Q(next_step_at__lt=asker.at),
            "today": Q(next_step_at__gte=asker.day_in(0), next_step_at__lt=asker.day_in(1)),
            "week": Q(next_step_at__gte=asker.at, next_step_at__lt=asker.day_in(8)),
        }
        return open_rows & reduce(or_, (due[value] for value in values))

    return Choice(key="next", label="Next step", options=lambda: NEXT_STEPS, test=test)


def archived_filter() -> Choice:
    return Choice(
        key="archived",
        label="Archived",
        options=lambda: [Option("only", "only archived"), Option("with", "archived too")],
        test=lambda values, asker: Q() if "with" in values else Q(archived_at__isnull=False),
        single=True,
    )


def humanised(values: Iterable[str]) -> list[Option]:
    return [Option(value, value.replace("_", " ")) for value in values]


def state_filter(open_rows: Q, *, opened: str = "Open", closed: str = "Closed") -> Choice:
    def test(values: Sequence[str], asker: Asker) -> Q:
        if {"open", "closed"} <= set(values):
            return Q()
        return open_rows if "open" in values else ~open_rows

    options = [Option("open", opened), Option("closed", closed)]
    return Choice(key="state", label="State", options=lambda: options, test=test)
