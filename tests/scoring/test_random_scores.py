"""Whatever happened: one lead and many get one score, order is irrelevant, a merge is a union (METRICS.md L1, L2)."""

from collections import Counter
from datetime import timedelta
from math import floor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedback.models import SignedStatus
from leads.models import Lead, LeadScore, Touch
from scoring.engine import score_leads, standings_at
from scoring.explanation import explanation_of
from scoring.models import Definition
from scoring.rescoring import rebuild
from tests.factories import DAY, MONDAY, make_lead
from tests.scoring.cards import card_with, did, fit, when

pytestmark = pytest.mark.django_db
HALF_LIFE, DAILY_CAP = 30, 2
CAPS = {"form": (20, 35), "open": (3, 10), "click": (6, 15)}
RULES = [
    fit("country", "Sweden", 12),
    did("form", 20, cap=35),
    did("open", 3, cap=10, group="mail"),
    did("click", 6, cap=15, group="mail"),
    did("attend", -7),
]
THRESHOLDS = {"fit": {"A": 12, "B": 8, "C": 4}, "engagement": {"1": 30, "2": 12, "3": 4}, "mql": 25}
MORE = {
    "thresholds": THRESHOLDS,
    "daily_cap": DAILY_CAP,
    "half_life_days": HALF_LIFE,
    "hand_raises": [when("raised_hand", True)],
    "exclusions": [when("country", "Norway")],
}
CARD = card_with(*RULES, **MORE)

# (kind, minutes ago, raised a hand): within few days, so that daily caps are met.
TOUCH = st.tuples(
    st.sampled_from(["form", "open", "click", "attend", "visit"]),
    st.one_of(st.integers(0, 3 * 1440), st.integers(0, 400 * 1440)),
    st.booleans(),
)
LIFE = st.lists(TOUCH, max_size=14)
COUNTRY = st.sampled_from(["Sweden", "Norway", ""])
RANDOM = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def lead_with(life, *, country="Sweden"):
    lead = make_lead(country=country)
    write(lead.pk, life)
    return lead.pk


def write(lead, life):
    Touch.objects.bulk_create(
        Touch(lead_id=lead, kind=kind, at=MONDAY - timedelta(minutes=ago), raised_hand=raised)
        for kind, ago, raised in life
    )


def rows(leads):
    columns = (
        "fit",
        "engagement",
        "engagement_at",
        "shown",
        "grade",
        "excluded",
        "raised_at",
        "qualifies",
        "rounds_at",
    )
    found = {pk: row for pk, *row in LeadScore.objects.filter(pk__in=leads).values_list("pk", *columns)}
    return [found[lead] for lead in leads]


def scored(leads, *, card=CARD):
    LeadScore.objects.all().delete()
    score_leads(leads, card=card, at=MONDAY)
    return rows(leads)


def put_in_force(**changed):
    Definition.objects.all().delete()
    Definition.objects.create(name="Test", version=1, status=SignedStatus.ACTIVE, **{"rules": RULES, **MORE, **changed})


@RANDOM
@given(lives=st.lists(st.tuples(LIFE, COUNTRY), min_size=1, max_size=4), data=st.data())
def test_alone_among_many_rebuilt_or_asked_about_a_lead_scores_the_same_in_any_order(lives, data):
    leads = [lead_with(life, country=country) for life, country in lives]
    shuffled = [lead_with(data.draw(st.permutations(life)), country=country) for life, country in lives]
    together = scored(leads + shuffled)
    assert together[: len(leads)] == together[len(leads) :]

    LeadScore.objects.all().delete()
    for lead in leads:
        score_leads([lead], card=CARD, at=MONDAY)
    assert rows(leads) == together[: len(leads)]

    asked = {one.lead: one for one in standings_at([(lead, MONDAY) for lead in leads], card=CARD)}
    assert [(one.shown, one.grade, one.excluded, one.raised_at, one.qualifies) for one in map(asked.get, leads)] == [
        tuple(row[3:8]) for row in together[: len(leads)]
    ]


@RANDOM
@given(life=LIFE)
def test_the_score_is_what_the_formula_says(life):
    """L1: caps a rule and a group; L2: halved every half-life; frequency: so many of a kind a day, the first ones."""
    lead = lead_with(life)
    [row] = scored([lead])

    counted, days = [], Counter()
    for kind, ago, _raised in sorted(life, key=lambda touch: -touch[1]):
        day = (kind, (MONDAY - timedelta(minutes=ago)).date())
        days[day] += 1
        if days[day] <= DAILY_CAP:
            counted.append((kind, ago))
    latest = min((ago for _, ago in counted), default=0)

    def given_by(kind):
        points, cap = CAPS.get(kind, (-7, None))
        each = (points * 0.5 ** ((ago - latest) / 1440 / HALF_LIFE) for did, ago in counted if did == kind)
        total = sum(each)
        return total if cap is None else min(total, cap)

    engagement = given_by("form") + min(given_by("open") + given_by("click"), 15) + given_by("attend")
    exact = 12 + engagement * 0.5 ** (latest / 1440 / HALF_LIFE)
    assert row[1] == pytest.approx(engagement, abs=1e-5)
    assert row[3] in {max(0, min(100, floor(exact + nudge + 0.5))) for nudge in (-1e-5, 1e-5)}


@RANDOM
@given(one=LIFE, other=LIFE)
def test_a_merge_is_the_union_of_the_touches(one, other):
    survivor, duplicate, united = lead_with(one), lead_with(other), lead_with([*one, *other])
    Lead.objects.filter(pk=duplicate).update(merged_into=survivor)
    found = scored([survivor, united])
    assert found[0] == found[1]

    put_in_force()
    rebuild()
    assert LeadScore.objects.get(pk=survivor).engagement == LeadScore.objects.get(pk=united).engagement


@RANDOM
@given(life=LIFE, wrong=TOUCH, right=TOUCH)
def test_a_corrected_touch_never_happened(life, wrong, right):
    corrected, plain = lead_with([*life, wrong]), lead_with([*life, right])
    mistake = Touch.objects.filter(lead=corrected).order_by("-pk")[0]
    kind, ago, raised = right
    Touch.objects.create(
        lead_id=corrected, kind=kind, at=MONDAY - timedelta(minutes=ago), raised_hand=raised, corrects=mistake
    )
    found = scored([corrected, plain])
    assert found[0] == found[1]


@RANDOM
@given(
    lives=st.lists(st.tuples(LIFE, COUNTRY), min_size=1, max_size=3),
    half_life=st.sampled_from([7, 30, 365]),
    daily_cap=st.sampled_from([None, 1, 3]),
    points=st.integers(-20, 60).filter(bool),
)
def test_after_a_new_definition_a_rebuild_is_as_if_it_had_always_been(lives, half_life, daily_cap, points):
    for life, country in lives:
        lead_with(life, country=country)
    columns = ("pk", "fit", "engagement", "shown", "grade", "excluded", "raised_at", "qualifies")
    put_in_force()
    rebuild()
    put_in_force(rules=[*RULES[1:], fit("country", "Sweden", points)], half_life_days=half_life, daily_cap=daily_cap)
    rebuild()
    again = list(LeadScore.objects.order_by("pk").values_list(*columns))
    LeadScore.objects.all().delete()
    rebuild()
    assert again == list(LeadScore.objects.order_by("pk").values_list(*columns))


@RANDOM
@given(life=LIFE, country=COUNTRY, age=st.integers(0, 120))
def test_the_lines_of_an_explanation_add_up_to_the_score(life, country, age):
    lead, at = lead_with(life, country=country), MONDAY + age * DAY
    score_leads([lead], card=CARD, at=at)
    row = LeadScore.objects.get(pk=lead)
    told = explanation_of(Lead.objects.get(pk=lead), at=at, card=CARD)

    assert (told.score, told.grade, told.qualifies) == (row.shown, row.grade, row.qualifies)
    assert told.score == pytest.approx(sum(line.points for line in told.lines), abs=0.5 + 1e-5)
    assert told.fit + told.engagement == pytest.approx(
        row.fit + row.engagement * 0.5 ** ((at - (row.engagement_at or at)) / DAY / HALF_LIFE), abs=1e-5
    )
