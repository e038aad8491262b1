"""funnel/queries.py: the leads behind a number."""

from datetime import date

import pytest

from funnel.queries import leads_behind
from funnel.reports.question import Question
from funnel.selection import Selection
from tests.factories import MONDAY
from tests.funnel.histories import count_figures, day, make_history

pytestmark = pytest.mark.django_db
YEAR = Question(date(2026, 1, 1), date(2027, 1, 1))


def test_leads_behind_come_in_pages_newest_first():
    leads = [make_history(("inquiry", day(1)), ("mql", day(2))) for _ in range(5)]
    make_history(("inquiry", day(1)))
    count_figures()
    seen, after = [], ""
    for rest in (2, 2, 1):
        page = leads_behind(Selection(YEAR, "mql"), at=MONDAY, after=after, size=2)
        assert (page.total, len(page.rows)) == (5, rest)
        seen += [lead for lead, _fact in page.rows]
        after = page.next
    assert (seen, after) == (leads[::-1], "")


@pytest.mark.parametrize("many", [1, 3])
def test_a_page_of_leads_costs_the_same_queries_however_many_it_shows(many, django_assert_num_queries):
    for _ in range(many):
        make_history(("inquiry", day(1)))
    count_figures()
    with django_assert_num_queries(3):
        for lead, fact in leads_behind(Selection(YEAR, "inquiry"), at=MONDAY).rows:
            assert [str(lead), lead.owner, lead.team, lead.campaign, lead.score, fact.way][-1] == "open"
