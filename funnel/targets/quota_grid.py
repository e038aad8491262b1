"""The grid in which a manager fills in quotas: people and teams down, this quarter and the next across."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.db import transaction

from crm.fiscal import Span, fiscal_quarter, following
from crm.models import Team, User
from crm.requests import id_of
from funnel.models import Quota, QuotaMeasure
from funnel.targets.quotas import MONEY, asked, may_set, of_quarter, remove_quota, set_quota, teams_to_set

MOST_PEOPLE = 200
MOST = Decimal(10) ** 12
MOST_RAMP = 24


@dataclass(frozen=True)
class Cell:
    """A quota that may be there. ``name``: of its field; ``typed``: what the person sent, where it was wrong."""

    name: str
    quota: Quota | None
    quarter: Span
    may_write: bool
    typed: str | None = None
    error: str = ""
    # What those below it add up to: people of a team, teams of the organisation.
    below: Decimal | None = None

    @property
    def amount(self) -> Decimal | None:
        return self.quota.amount if self.quota else None

    @property
    def text(self) -> str:
        """As it stands in the field: no needless decimals."""
        if self.typed is not None:
            return self.typed
        return "" if self.amount is None else plain(self.amount)

    @property
    def was(self) -> str:
        return "" if self.amount is None else plain(self.amount)

    @property
    def ramped(self) -> Decimal | None:
        """What is asked of somebody new, where that is less."""
        if self.quota is None:
            return None
        effective = asked(self.quota, self.quarter)
        return effective if effective is not None and effective < self.quota.amount else None


@dataclass(frozen=True)
class Line:
    """The cells of the organisation, a team or a person, one a quarter."""

    label: str
    kind: str  # everybody, team, person
    cells: tuple[Cell, ...]
    note: str = ""


@dataclass(frozen=True)
class Grid:
    measure: str
    quarters: tuple[Span, ...]
    lines: tuple[Line, ...]
    ramp_months: int
    errors: int = 0

    @property
    def is_money(self) -> bool:
        return self.measure in MONEY

    @property
    def is_empty(self) -> bool:
        return not any(cell.quota for line in self.lines for cell in line.cells)

    @property
    def label(self) -> str:
        return str(QuotaMeasure(self.measure).label)


def plain(amount: Decimal) -> str:
    whole = amount.to_integral_value()
    return str(whole) if amount == whole else f"{amount.normalize():f}"


def quarters_shown(day: date) -> tuple[Span, Span]:
    """The quarter of ``day`` and the next."""
    now = fiscal_quarter(day)
    return now, following(now)


def grid_for(
    by: User, measure: str, quarters: tuple[Span, ...], typed: Mapping[str, tuple[str, str]] | None = None
) -> Grid:
    """What ``by`` sees of the quotas of a measure; ``typed``: by name of the cell what was sent and what is wrong."""
    held = {
        (one.user_id, one.team_id, one.starts_on): one
        for quarter in quarters
        for one in of_quarter(measure, quarter).select_related("user", "team")
    }
    sent = typed or {}

    def cells(name: str, user: User | None = None, team: Team | None = None) -> tuple[Cell, ...]:
        may_write = may_set(by, measure=measure, user=user, team=team)
        return tuple(
            Cell(
                f"{name}-{quarter.start}",
                held.get((user and user.pk, team and team.pk, quarter.start)),
                quarter, may_write, *sent.get(f"{name}-{quarter.start}", (None, "")),
            )
            for quarter in quarters
        )  # fmt: skip

    teams = teams_to_set(by, measure)
    people = User.objects.filter(team__in=teams, is_active=True).select_related("team")[:MOST_PEOPLE]
    lines: list[Line] = []
    of_teams = []
    for team in teams:
        own = [person for person in people if person.team_id == team.pk]
        below = [
            Line(str(person), "person", cells(f"user{person.pk}", user=person), note=note_on(person)) for person in own
        ]
        team_cells = cells(f"team{team.pk}", team=team)
        of_teams.append(team_cells)
        lines += [Line(str(team), "team", above(team_cells, [line.cells for line in below])), *below]
    everybody = Line("Everybody", "everybody", above(cells("all"), of_teams))
    ramps = [one.ramp_months for one in held.values() if one.user_id]
    wrong = sum(bool(error) for _text, error in sent.values())
    return Grid(measure, quarters, (everybody, *lines), max(ramps, default=0), wrong)


def note_on(person: User) -> str:
    return f"since {person.started_on:%b %Y}" if person.started_on else ""


def above(cells: tuple[Cell, ...], below: list[tuple[Cell, ...]]) -> tuple[Cell, ...]:
    """Each cell with what those below it add up to, where any of them is set."""
    columns = [[line[number].amount for line in below] for number in range(len(cells))]
    told = [[one for one in column if one is not None] for column in columns]
    return tuple(
        replace(cell, below=sum(column, Decimal(0)) if column else None)
        for cell, column in zip(cells, told, strict=True)
    )


def write_grid(by: User, grid: Grid, sent: Mapping[str, str]) -> tuple[int, dict[str, tuple[str, str]]]:
    """Write what was changed in the grid, all of it or nothing; gives how many, and what is wrong by cell.

    Only cells that the person changed are written, so that what somebody else set meanwhile stays.
    """
    ramp_months = min(id_of(sent.get("ramp_months", "").strip()), MOST_RAMP)
    changed = [
        cell
        for line in grid.lines
        for cell in line.cells
        if cell.may_write
        and cell.name in sent
        and (sent[cell.name].strip() != sent.get(f"was-{cell.name}", "") or is_ramped_anew(cell, ramp_months))
    ]
    amounts: dict[str, Decimal | None] = {}
    wrong: dict[str, tuple[str, str]] = {}
    for cell in changed:
        try:
            amounts[cell.name] = read_amount(sent[cell.name], is_money=grid.is_money)
        except ValueError as error:
            wrong[cell.name] = (sent[cell.name], str(error))
    if wrong:
        kept = {cell.name: (sent[cell.name], "") for cell in changed if cell.name not in wrong}
        return 0, kept | wrong
    with transaction.atomic():
        for cell in changed:
            write_cell(by, grid.measure, cell, amounts[cell.name], ramp_months)
    return len(changed), {}


def is_ramped_anew(cell: Cell, ramp_months: int) -> bool:
    quota = cell.quota
    return quota is not None and quota.user_id is not None and quota.ramp_months != ramp_months


def write_cell(by: User, measure: str, cell: Cell, amount: Decimal | None, ramp_months: int) -> None:
    if amount is None:
        if cell.quota:
            remove_quota(cell.quota, by=by)
        return
    kind, number = whose(cell.name)
    set_quota(
        by=by, measure=measure, starts_on=cell.quarter.start, ends_on=cell.quarter.last_day, amount=amount,
        user=User.objects.get(pk=number) if number and kind == "user" else None,
        team=Team.objects.get(pk=number) if number and kind == "team" else None,
        ramp_months=ramp_months,
    )  # fmt: skip


def whose(name: str) -> tuple[str, int | None]:
    """ "user7-2026-10-01" as ("user", 7), "all-2026-10-01" as ("all", None)."""
    first = name.split("-", 1)[0]
    kind = first.rstrip("0123456789")
    return kind, int(first[len(kind) :]) if first != kind else None


def read_amount(text: str, *, is_money: bool) -> Decimal | None:
    """ "60,000" or "60k" or "1.2m" as a number; None of nothing. Raises ValueError with a text for people."""
    plain_text = text.strip().lower().replace(",", "").replace(" ", "").replace("\u202f", "")
    if not plain_text:
        return None
    factor = {"k": 1_000, "m": 1_000_000}.get(plain_text[-1], 1)
    try:
        amount = Decimal(plain_text.rstrip("km")) * factor
    except ArithmeticError:
        raise ValueError("Write a number, such as 60000 or 60k.") from None
    if not amount.is_finite() or not 0 <= amount < MOST:
        raise ValueError("Write a number from 0 up.")
    if is_money and amount != round(amount, 2):
        raise ValueError("Write no more than two decimals.")
    if not is_money and amount != amount.to_integral_value():
        raise ValueError("Write a whole number.")
    return amount
