"""desk/views/lead_score.py: why a lead has its score and its chances, for everybody alike."""

import json
import re
from datetime import date
from math import exp, log

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from desk.queries.lead_score import Reason, chances_of
from feedback.models import SignedStatus
from feedback.verdicts import accept_handoff
from leads.models import Lead, LeadPrediction
from leads.touches import record_touch
from scoring.models import Definition, Target
from scoring.predicting import predict_leads
from scoring.promising import quality_by_model
from scoring.training import train
from tests.factories import DAY, HOUR, MONDAY, make_campaign, make_handoff, make_lead, make_mql
from tests.scoring.cards import did, fit, when
from tests.scoring.histories import told_histories

pytestmark = pytest.mark.django_db
LATER = MONDAY + 420 * DAY
RAIL = {"HX-Request": "true", "HX-Target": "lead-chances"}
PANEL = {"HX-Request": "true", "HX-Target": "panel-body"}
RULES = [fit("country", "Sweden", 12), did("form", 20, cap=30), did("open", 1)]
THRESHOLDS = {"fit": {"A": 12, "B": 8, "C": 4}, "engagement": {"1": 30, "2": 12, "3": 4}, "mql": 40}


@pytest.fixture
def lead():
    """12 points of fit, and 30 of forms (two at 20, at most 30) that are 15 now."""
    at = timezone.now() - 30 * DAY
    lead = make_lead(country="Sweden", first_name="Ada", last_name="Byrne", at=at - 60 * DAY)
    for _ in range(2):
        record_touch(lead, kind="form", at=at)
    return lead


@pytest.fixture
def model(rob):
    leads = told_histories(rob)
    for lead in leads:
        lead.custom = {}
    Lead.objects.bulk_update(leads, ["custom"])
    model = train(Target.ACCEPTANCE, by=None, at=LATER)
    assert model.status == "published"
    return model


def in_force(version=4, status=SignedStatus.ACTIVE, since=date(2025, 1, 1), **more):
    return Definition.objects.create(
        name="Test", version=version, status=status, effective_from=since, rules=RULES, thresholds=THRESHOLDS, **more
    )


def text(client, lead, **headers):
    response = client.get(f"/leads/{lead.pk}/score/", headers=headers)
    assert response.status_code == 200
    return re.sub(r"\s+", " ", response.content.decode())


def points(page):
    """The figures of the sum, the score last."""
    table = page[page.index('<table class="score-sum">') : page.index("</table>")]
    return [float(figure) for figure in re.findall(r'<td class="num">\+?(-?[\d.]+)</td>', table)]


# The sum


def test_the_rules_add_up_to_the_score_before_everybody(client_for, mia, rob, max_, lead):
    in_force()
    pages = [text(client_for(user), lead) for user in (mia, rob, max_)]
    for page in pages:
        assert points(page) == [12.0, 15.0, 27.0]
        assert "2 times, last 30 d ago; at most 30; 30 points when it happened" in page
        assert "an MQL takes 40 points" in page
        assert "Engagement halves every 30 days. By" in page
        assert "definition v4" in page


def test_an_exclusion_is_said_and_takes_everything_away(client_for, rob, lead):
    in_force(exclusions=[when("country", "Sweden")])
    page = text(client_for(rob), lead)
    assert points(page) == [12.0, 15.0, -27.0, 0.0]
    assert "it shows no score and never becomes an MQL by itself" in page
    rail = client_for(rob).get(f"/leads/{lead.pk}/").content.decode()
    assert "Excluded: Country: Sweden" in rail or "Excluded: Country is Sweden" in rail


def test_a_raised_hand_is_said(client_for, rob, lead):
    in_force(hand_raises=[when("kind", "form")])
    record_touch(lead, kind="form", at=timezone.now() - 2 * HOUR)
    page = text(client_for(rob), lead)
    assert "2 h ago: a raised hand qualifies at once" in page
    assert "qualifies at once" in client_for(rob).get(f"/leads/{lead.pk}/").content.decode()


def test_a_lead_without_points_says_so(client_for, rob):
    page = text(client_for(rob), make_lead())
    assert "No rule gave points yet." in page


# Its life


def test_the_line_of_its_life_has_mqls_breaks_and_a_table(client_for, rob):
    now = timezone.now()
    in_force(version=3, status=SignedStatus.RETIRED, since=(now - 200 * DAY).date())
    in_force(since=(now - 20 * DAY).date())
    lead = make_mql(country="Sweden", at=now - 60 * DAY)
    record_touch(lead, kind="form", at=now - 40 * DAY)
    page = text(client_for(rob), lead)
    option = json.loads(re.search(r'<script id="score-line-data" type="application/json">(.*?)</script>', page)[1])
    (line,) = option["series"]
    assert [mark["label"]["formatter"] for mark in line["markLine"]["data"]] == ["v4", "MQL"]
    assert max(score for _at, score in line["data"]) >= 30
    assert "definition v4 comes into force" in page
    assert "became MQL" in page or "Highest" in page


# The chances


def test_without_a_model_one_grey_line_says_why(client_for, rob, lead):
    for page in (text(client_for(rob), lead), client_for(rob).get(f"/leads/{lead.pk}/").content.decode()):
        assert "no model is published" in page
        assert "Likely to be" not in page


def test_the_rail_loads_the_reasons_afterwards_and_the_chance_stands_there_at_once(client_for, rob, lead):
    LeadPrediction.objects.create(lead=lead, acceptance=0.62, win=0.14, predicted_at=MONDAY)
    page = client_for(rob).get(f"/leads/{lead.pk}/").content.decode()
    assert f'hx-get="/leads/{lead.pk}/score/"' in page
    for words in ("Likely to be won", "14 %", "Likely to be accepted by sales", "62 %"):
        assert words in page


def test_a_chance_is_taken_apart_and_adds_up(client_for, rob, model):
    lead = make_lead(country="Germany", at=LATER - DAY)
    predict_leads([lead.pk], at=LATER)
    (chance,) = chances_of(lead, at=LATER)
    parts = sum(reason.log_odds for reason in chance.reasons) + (chance.rest.log_odds if chance.rest else 0)
    assert chance.base + parts == pytest.approx(log(chance.share / (1 - chance.share)), abs=1e-9)
    assert chance.typical == pytest.approx(1 / (1 + exp(-chance.base)))
    assert 0 <= chance.low < chance.high <= 1
    assert chance.reasons[0].length == 100

    page = text(client_for(rob), lead)
    assert "Likely to be accepted by sales" in page
    assert "Country: Germany" in page
    assert "/scoring/model/acceptance/" in page
    rail = text(client_for(rob), lead, **RAIL)
    assert ("<html" in rail, 'id="lead-chances"' in rail, "Country: Germany" in rail) == (False, True, True)
    assert rail.count("<tr") == 3


def test_the_panel_is_the_same_without_the_page(client_for, rob, lead):
    in_force()
    panel = text(client_for(rob), lead, **PANEL)
    assert "<html" not in panel
    assert points(panel) == [12.0, 15.0, 27.0]


@pytest.mark.parametrize(
    ("log_odds", "words"),
    [(1.2, "raises it a lot"), (0.4, "raises it"), (0.1, "raises it a little"), (-0.9, "lowers it a lot"),
     (-0.3, "lowers it"), (-0.05, "lowers it a little")],
)  # fmt: skip
def test_log_odds_in_plain_words(log_odds, words):
    assert Reason("Country", log_odds, 10).words == words


def test_the_page_of_a_lead_asks_no_model(client_for, rob, lead):
    """Taking a model apart may take a moment; the lead stands there before."""
    LeadPrediction.objects.create(lead=lead, acceptance=0.62, predicted_at=MONDAY)
    with CaptureQueriesContext(connection) as asked:
        client_for(rob).get(f"/leads/{lead.pk}/")
    assert not [query for query in asked if "scoring_trainedmodel" in query["sql"]]


def test_what_many_touches_cost_is_what_one_costs(client_for, rob, lead):
    in_force()
    client = client_for(rob)
    text(client, lead)
    with CaptureQueriesContext(connection) as few:
        text(client, lead)
    for number in range(30):
        record_touch(lead, kind="open", at=timezone.now() - number * DAY)
    with CaptureQueriesContext(connection) as many:
        text(client, lead)
    assert len(many) == len(few) <= 25


def test_an_inbox_card_says_the_chance_in_a_line(client_for, rob, mia):
    handoff = make_handoff(to=rob, by=mia)
    client = client_for(rob)
    assert "Of leads like this" not in client.get(f"/inbox/?open={handoff.pk}").content.decode()
    LeadPrediction.objects.create(lead=handoff.lead, acceptance=0.62, win=0.14, predicted_at=MONDAY)
    assert "Of leads like this 62 % are accepted, 14 % won" in client.get(f"/inbox/?open={handoff.pk}").content.decode()


# A campaign against what the model expected


def test_a_campaign_is_held_against_the_model_where_one_is_published(client_for, mia, rob, model):
    campaign = make_campaign("Fair", owner=mia)
    mine = Lead.objects.filter(handoffs__status="accepted")[:30].values_list("pk", flat=True)
    theirs = Lead.objects.filter(handoffs__status="rejected")[:10].values_list("pk", flat=True)
    Lead.objects.filter(pk__in=[*mine, *theirs]).update(campaign=campaign)

    found = quality_by_model(campaign.pk, model)
    assert (found.accepted, found.judged) == (30, 40)
    assert 10 < found.expected < 30  # more were taken than such leads give: they were chosen
    assert found.value == pytest.approx(35 / (found.expected + 5))

    client = client_for(mia)
    page = client.get(f"/campaigns/{campaign.pk}/").content.decode()
    assert f'hx-get="/campaigns/{campaign.pk}/quality/"' in page
    assert "where the score promised" not in page
    later = client.get(f"/campaigns/{campaign.pk}/quality/", headers={"HX-Request": "true"}).content.decode()
    assert "30 accepted where" in later
    assert "better than such leads do" in later
    assert (
        "30 accepted where" in client.get(f"/campaigns/{campaign.pk}/quality/").content.decode()
    )  # without JavaScript


def test_without_a_model_the_score_says_what_was_promised(client_for, mia, rob):
    campaign = make_campaign("Fair", owner=mia)
    accept_handoff(make_handoff(to=rob, lead=make_mql(campaign=campaign)), by=rob, at=MONDAY + HOUR)
    page = client_for(mia).get(f"/campaigns/{campaign.pk}/").content.decode()
    assert "where the score promised" in page
    assert "/quality/" not in page
