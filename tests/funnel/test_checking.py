"""funnel/facts/checking.py and the two commands: differences are found, named and mended."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from crm import outbox
from funnel.facts.checking import check_metrics
from funnel.facts.swapping import Replacement
from funnel.models import LeadFact, StageMetric
from leads.models import Lead
from tests.factories import make_lead
from tests.funnel.histories import day, keep_up, make_history

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lead():
    lead = make_history(("inquiry", day(0)), ("mql", day(1)), source="google")
    keep_up()
    return lead


def run(command):
    out = StringIO()
    try:
        call_command(command, stdout=out)
    except SystemExit as end:
        return end.code, out.getvalue()
    return 0, out.getvalue()


def test_true_figures_pass_and_say_what_was_compared(lead):
    assert run("check_metrics") == (
        0,
        "Compared 1 leads and 1 facts with 2 transitions, and 72 cells with the facts.\n",
    )


def test_what_is_committed_is_drained_first(lead):
    make_lead()
    assert check_metrics().differences == []
    assert LeadFact.objects.count() == 2


def test_a_wrong_cell_is_named(lead):
    StageMetric.objects.filter(dimension="source", grain="month", stage=2).update(entered=7)
    code, said = run("check_metrics")
    assert code == 1
    assert "cell {'dimension': 'source', 'grain': 'month', 'day': '2026-01-01', 'key': 'google', 'stage': 2}" in said
    assert "entered is 7, should be 1" in said
    assert "1 differences" in said


def test_a_wrong_fact_a_missing_one_and_one_too_much_are_named(lead):
    other = make_lead()
    keep_up()
    LeadFact.objects.filter(lead_id=lead.pk).update(marketing_us=5)
    LeadFact.objects.filter(lead_id=other.pk).update(lead_id=other.pk + 1)
    said = [str(difference) for difference in check_metrics().differences if difference.kind == "fact"]
    assert [text.split("{")[0] for text in said] == ["fact ", "fact missing: ", "fact too much: "]
    assert "marketing_us is 5, should be 86400000000" in said[0]


def test_an_empty_cell_is_a_difference(lead):
    StageMetric.objects.create(dimension="all", grain="day", day=day(9).date(), key="", stage=1)
    assert [difference.kind for difference in check_metrics().differences] == ["cell"]


def test_a_lead_that_does_not_stand_where_its_log_ends_is_named(lead):
    Lead.objects.filter(pk=lead.pk).update(stage="accepted")
    [difference] = check_metrics().differences
    assert str(difference) == f"lead {{'lead_id': {lead.pk}}}: stage is 'accepted', should be 'mql'"


def test_rebuilding_mends_everything(lead):
    LeadFact.objects.update(furthest=7)
    StageMetric.objects.filter(stage=2).delete()
    code, said = run("rebuild_metrics")
    assert (code, said.split(" in ")[0]) == (0, "Rebuilt 1 facts and 72 cells")
    assert run("check_metrics")[0] == 0


def schema():
    """Everything about the two tables that a migration might look for."""
    with connection.cursor() as sql:
        sql.execute("""
            SELECT c.relname, c.relkind::text, c.reloptions, pg_get_indexdef(c.oid) FROM pg_class c
            WHERE c.relname ~ 'leadfact|stagemetric' ORDER BY 1
        """)
        relations = sql.fetchall()
        sql.execute("""
            SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
            WHERE conrelid IN ('funnel_leadfact'::regclass, 'funnel_stagemetric'::regclass) ORDER BY 1, 2
        """)
        return relations, sql.fetchall()


def test_a_rebuild_leaves_the_schema_as_migrations_made_it(lead):
    before = schema()
    assert ("funnel_leadfact", "r", ["fillfactor=85"], None) in before[0]
    keep_up()
    assert schema() == before
    call_command("makemigrations", "--check", "--dry-run", "funnel", stdout=StringIO())


def test_a_rebuild_that_dies_leaves_the_old_figures_and_the_next_one_works(lead, monkeypatch):
    before = list(LeadFact.objects.values()), list(StageMetric.objects.order_by("pk").values())

    def die(replacement, sql):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Replacement, "take_over", die)
        with pytest.raises(KeyboardInterrupt):
            outbox.rebuild("funnel")
    assert (list(LeadFact.objects.values()), list(StageMetric.objects.order_by("pk").values())) == before
    keep_up()
    assert check_metrics().differences == []
