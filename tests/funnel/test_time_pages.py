"""The pages velocity, cohorts and attempts: the sentence, what is missing, and that they never fail."""

from datetime import timedelta

import pytest
from django.utils import timezone

from funnel.models import FigureSettings
from leads.models import Activity
from tests.factories import make_team, make_user
from tests.funnel.histories import count_figures, make_history

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def history(db):
    """Forty leads of the last half year: won, lost, open, called; two stand still."""
    rob = make_user("rob", team=make_team())
    now = timezone.now()
    for number in range(40):
        began = now - (180 - number) * DAY
        accepted = began + (2 + number % 5) * DAY
        steps = [("inquiry", began), ("mql", began + DAY), ("offered", began + DAY), ("accepted", accepted)]
        if number % 2:
            steps += [("opportunity", began + 20 * DAY), ("customer" if number % 4 == 1 else "lost", began + 40 * DAY)]
        lead = make_history(*steps, owner=rob, source=["web", "fair"][number % 2])
        for call in range(number % 4 + 1):
            outcome = "reached" if call == 2 else "no_answer"
            Activity.objects.create(
                lead=lead, at=began + (8 + call) * DAY, by=rob, kind="call", direction="outbound", outcome=outcome
            )
    count_figures()
    return rob


def page(client, name, **asked):
    answer = client.get(f"/dashboards/{name}/", asked)
    assert answer.status_code == 200, (name, asked)
    return answer


def face_of(answer):
    return answer.context["face"]


def test_velocity_says_whose_time_it_was_and_where_it_stalls(history, client_for, mia):
    face = face_of(page(client_for(mia), "velocity"))

    assert face.sentence.endswith("20 leads stand still in Accepted (SAL): longer than nine in ten won ones did.")
    assert " of the time is sales’; half of the leads spend " in face.sentence
    assert [row["measure"] for row in face.more["sides"]] == ["marketing", "waiting", "sales"]
    stays = {stay.row["measure"]: stay for stay in face.more["stays"]}
    assert stays["mql"].median == 0
    assert 0 < stays["accepted"].median <= 100
    assert stays["qualified"].is_thin


def test_cohorts_compare_like_with_like(history, client_for, mia):
    answer = page(client_for(mia), "cohorts", cut="all", **{"from": "2020-01-01", "to": "2031-01-01"})
    face = face_of(answer)
    assert face.sentence == "At 162 days, 25 % (likely 13–39 %) of the leads are won."
    [line] = face.more["lines"]
    assert (line.size, line.running, line.cells[0].text) == (40, 0.5, "0 %")

    face = face_of(page(client_for(mia), "cohorts", dimension="source"))
    assert (
        face.sentence == "At 120 days, leads of fair have won 50 % (likely 27–69 %), those of web 0 % (likely 0–16 %)."
    )


def test_cohorts_of_people_are_put_in_no_order_unless_that_is_wanted(history, client_for, mia):
    other = make_user("rosa")
    for number in range(40):
        make_history(("inquiry", timezone.now() - (165 + number // 4) * DAY), owner=other)
    count_figures()
    browser = client_for(mia)

    assert "nobody is put in an order" in face_of(page(browser, "cohorts", dimension="owner")).sentence
    FigureSettings.get()
    FigureSettings.objects.update(ranks_people=True)
    assert "leads of Rob have won 25 %" in face_of(page(browser, "cohorts", dimension="owner")).sentence


def test_attempts_say_the_chance_of_reaching_them(history, client_for, mia):
    face = face_of(page(client_for(mia), "attempts"))

    assert face.sentence == (
        "The chance of reaching them at call 3 is 100 % (likely 84–100 %); by then 67 % are reached. Nine in ten who "
        "can be reached are reached by call 3."
    )
    [rep] = face.more["reps"]
    assert (rep.name, rep.tried, rep.reached, rep.gives_up, rep.gap) == ("Rob", 40, "50 %", "1 attempt", "24 h")
    assert [(one.label, one.share) for one in face.more["channels"]] == [("Call", "100 %")]


@pytest.mark.parametrize("name", ["velocity", "cohorts", "attempts"])
def test_no_data_says_what_is_missing(name, client_for, mia):
    count_figures()
    face = face_of(page(client_for(mia), name))
    assert (face.sentence, face.missing.startswith("0 of 10")) == ("", True)


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("velocity", {"dimension": "source"}),
        ("velocity", {"visits": "latest", "basis": "period"}),
        ("velocity", {"dimension": "month", "compare": "1"}),
        ("cohorts", {"cut": "month", "compare": "1"}),
        ("cohorts", {"dimension": "region"}),
        ("cohorts", {"dimension": "team", "unit": "episodes"}),
        ("attempts", {"by": "stage"}),
        ("attempts", {"by": "week", "dimension": "source"}),
        ("attempts", {"dimension": "owner", "score": "A"}),
        ("attempts", {"dimension": "month", "compare": "1"}),
    ],
)  # fmt: skip
def test_every_cut_has_a_page_and_a_file(name, asked, history, client_for, mia):
    browser = client_for(mia)
    page(browser, name, **asked)
    asked.pop("compare", None)
    assert browser.get(f"/api/v1/reports/{name}/", {**asked, "format": "csv"}).status_code == 200
    assert browser.get(f"/api/v1/reports/{name}/", asked).status_code == 200
