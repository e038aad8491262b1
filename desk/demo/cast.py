"""Who works here: two sales teams, one marketing team, an administrator."""

from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth.hashers import make_password

from crm.models import Role, Side, Team, User

PASSWORD = "tandem-demo"  # noqa: S105, the documented password of the demo
WORKING_HOURS = {day: ["08:00", "18:00"] for day in ("mon", "tue", "wed", "thu", "fri")}

# Median hours until somebody answers a hand-off.
PROMPT, LATE = 4.0, 46.0
# (first name, last name, mailbox, median hours to answer)
NORTH = [
    ("Rob", "Hansen", "rep", 3.0),
    ("Rosa", "Keller", "rep2", 2.5),
    ("Lars", "Nyqvist", "lars.nyqvist", 5.0),
    ("Freya", "Holm", "freya.holm", 4.0),
]
SOUTH = [
    ("Anna", "Huber", "anna.huber", 3.5),
    ("Marco", "Bianchi", "marco.bianchi", 4.5),
    ("Gustav", "Brandt", "gustav.brandt", LATE),
    ("Elif", "Aydin", "elif.aydin", 3.0),
]
NAMED = {"marketer", "marketing.manager", "rep", "rep2", "sales.manager", "admin"}
NORTHERN = ("Sweden", "Denmark", "Netherlands", "United Kingdom", "Poland")
SOUTHERN = ("Germany", "Austria", "Switzerland", "France", "Italy")


@dataclass
class Cast:
    """The people of the demo, by what they do."""

    mia: User
    milo: User
    nora: User
    max: User
    ada: User
    north: Team
    south: Team
    reps: dict[int, list[User]]
    hours_to_answer: dict[int, float] = field(default_factory=dict)

    def team_for(self, country: str) -> Team:
        return self.north if country in NORTHERN else self.south

    @property
    def gustav(self) -> User:
        return next(rep for rep in self.reps[self.south.pk] if self.hours_to_answer[rep.pk] == LATE)


def hire(began_at: datetime) -> Cast:
    """Write teams and people. Only the six people of the documentation can log in."""
    encoded = make_password(PASSWORD)
    north, south = make_team("North", Side.SALES, "Northern Europe"), make_team("South", Side.SALES, "Central Europe")
    marketing = make_team("Marketing", Side.MARKETING, "")

    def person(first: str, last: str, box: str, role: Role, team: Team | None = None) -> User:
        return User.objects.create(
            email=f"{box}@demo.test", first_name=first, last_name=last, role=role, team=team, is_sample=True,
            started_on=began_at.date(), password=encoded if box in NAMED else make_password(None),
        )  # fmt: skip

    mia = person("Mia", "Brandt", "marketer", Role.MARKETER, marketing)
    nora = person("Nora", "Lindqvist", "marketing.manager", Role.MANAGER, marketing)
    hours: dict[int, float] = {}
    reps: dict[int, list[User]] = {}
    for team, people in ((north, NORTH), (south, SOUTH)):
        reps[team.pk] = [person(first, last, box, Role.REP, team) for first, last, box, _ in people]
        hours |= {rep.pk: row[3] for rep, row in zip(reps[team.pk], people, strict=True)}
    boss = person("Max", "Sommer", "sales.manager", Role.MANAGER)
    Team.objects.filter(pk__in=[north.pk, south.pk]).update(manager=boss)
    Team.objects.filter(pk=marketing.pk).update(manager=nora)
    north.manager = south.manager = boss
    return Cast(
        mia=mia, milo=person("Milo", "Fischer", "milo.fischer", Role.MARKETER, marketing), nora=nora, max=boss,
        ada=person("Ada", "Novak", "admin", Role.ADMIN), north=north, south=south, reps=reps, hours_to_answer=hours,
    )  # fmt: skip


def make_team(name: str, kind: Side, region: str) -> Team:
    return Team.objects.create(name=name, kind=kind, region=region, working_hours=WORKING_HOURS, is_sample=True)
