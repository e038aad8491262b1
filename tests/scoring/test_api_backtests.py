"""Back-tests over the API: started for a definition, read while they run and when they are done."""

import pytest

from crm.models import Role
from scoring import tasks
from scoring.backtesting import run
from scoring.models import Backtest
from tests.api import Caller
from tests.factories import HOUR, MONDAY, make_lead, make_team, make_user
from tests.scoring.cards import did
from tests.scoring.test_backtesting import make_definition, touch

pytestmark = pytest.mark.django_db
WEEKS = {"starts_on": "2026-03-02", "ends_on": "2026-03-30"}


@pytest.fixture(autouse=True)
def queued(monkeypatch):
    found = []
    monkeypatch.setattr(tasks.run_backtest, "apply_async", lambda arguments, **_: found.append(*arguments))
    return found


@pytest.fixture
def manager(db):
    return Caller(make_user("mona", Role.MANAGER, make_team("Marketing", kind="marketing")))


@pytest.fixture
def draft(db):
    make_definition(1, did("form", 60), status="active")
    return make_definition(2, did("form", 60), did("visit", 60))


def at(draft):
    return f"definitions/{draft.pk}/backtest/"


def test_it_is_started_and_read_when_it_is_done(manager, draft):
    lead = make_lead(at=MONDAY)
    touch(lead, "visit", MONDAY + HOUR)
    assert manager.get(at(draft)).status_code == 404

    started = manager.post(at(draft), WEEKS)
    assert (started.status_code, started.json()["status"], started.json()["sentence"]) == (202, "waiting", "")
    assert manager.post(at(draft), WEEKS).json()["id"] == started.json()["id"]

    run(Backtest.objects.get())
    found = manager.get(at(draft)).json()
    assert (found["status"], found["void"], found["leads_done"], found["leads_in_all"]) == ("done", False, 1, 1)
    assert found["sentence"] == (
        "v2 would have given 0.2 MQLs a week instead of 0; it would have taken in 1 other lead (1 that nobody tried)."
    )
    assert found["result"]["fates"]["untried"]["added"] == 1
    assert manager.get(f"backtests/{found['id']}/").json() == found
    [row] = manager.get("backtest-leads/", backtest=found["id"], reach__gte=50).json()["results"]
    assert (row["lead"], row["fate"], row["reach"]) == (lead.pk, "untried", 60)


def test_only_managers_start_one(draft):
    rep = Caller(make_user("rob", Role.REP, make_team("North")))
    assert rep.post(at(draft)).status_code == 403
    assert rep.get("backtests/").status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"starts_on": "2026-03-03", "ends_on": "2026-03-30"}, 422),
        ({"starts_on": "2026-03-02"}, 422),
        ({"starts_on": "2026-03-02", "ends_on": "2027-03-01"}, 422),
        ({"starts_on": "soon", "ends_on": "2026-03-30"}, 400),
        ({"against": 99}, 400),
        ({"weeks": 4}, 400),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(manager, draft, body, status):
    assert manager.post(at(draft), body).status_code == status
    assert not Backtest.objects.exists()


def test_another_version_is_named_to_compare_with(manager, draft):
    third = make_definition(3, did("form", 70))
    assert manager.post(at(draft), {**WEEKS, "against": third.pk}).json()["against"] == third.pk
