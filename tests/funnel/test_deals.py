"""One row an opportunity with every dimension, its money and its days; and the page of those behind a figure."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from crm.models import CurrencyRate, Organisation
from funnel.deals.chosen import Chosen, opportunities_behind, read_chosen
from funnel.deals.relation import DEAL, held, key_of, money_notes, rows, source, values_of
from funnel.facts.recompute import rebuild
from funnel.models import LeadFact
from funnel.reports.question import BadQuestion, Question
from leads.models import Company, Opportunity
from leads.models.lead import SourcedBy
from tests.factories import (
    DAY,
    MONDAY,
    make_campaign,
    make_lead,
    make_mql,
    make_opportunity,
    make_team,
    make_user,
    reason,
)

pytestmark = pytest.mark.django_db
TODAY = date(2026, 6, 1)
NOON = datetime.combine(TODAY, datetime.min.time(), MONDAY.tzinfo) + timedelta(hours=12)


def told(*deals: Opportunity, on: date = TODAY, at: datetime = NOON) -> list[dict[str, Any]]:
    wanted = {"ids": [deal.pk for deal in deals], **values_of(on)}
    return rows(f"SELECT d.* FROM {source(on, at=at)} d WHERE d.id = ANY(%(ids)s) ORDER BY d.id", wanted)


def asked(**fields: Any) -> Question:
    return Question(**{"start": date(2026, 1, 1), "end": date(2027, 1, 1), "basis": "period", **fields})


class TestDeal:
    def test_tells_what_comes_from_lead_company_owner_and_deal(self) -> None:
        max_ = make_user("max", role="manager")
        north = make_team(manager=max_, region="North")
        rob = make_user("rob", team=north)
        acme = Company.objects.create(name="Acme", country="DE", industry="Steel")
        webinar = make_campaign()
        lead = make_mql(campaign=webinar, channel="webinar", source="ads", segment="mid", country="AT")
        rebuild()
        deal = make_opportunity(lead=lead, company=acme, owner=rob, amount=Decimal(100), currency="EUR")

        [row] = told(deal)

        assert {
            name: row[name]
            for name in (
                "lead_id", "owner", "team", "manager", "campaign", "channel", "source", "segment", "country", "product",
                "industry", "region", "origin", "forecast_category", "stage", "outcome", "reason", "amount", "age_days",
            )
        } == {
            "lead_id": lead.pk, "owner": rob.pk, "team": north.pk, "manager": max_.pk, "campaign": webinar.pk,
            "channel": "webinar", "source": "ads", "segment": "mid", "country": "DE", "product": "",
            "industry": "Steel", "region": "North", "origin": "marketing", "forecast_category": "pipeline",
            "stage": "discovery", "outcome": "", "reason": "", "amount": Decimal(100), "age_days": 91,
        }  # fmt: skip

    def test_without_a_lead_is_found_by_sales_and_empty_where_a_lead_would_tell(self) -> None:
        [row] = told(make_opportunity())

        empty = (
            "campaign",
            "channel",
            "source",
            "segment",
            "country",
            "definition_version",
            "lead_id",
            "owner",
            "team",
        )
        assert {row[name] for name in empty} <= {None, ""}
        assert row["origin"] == "sales"

    def test_is_of_the_lead_that_stays_of_merged_ones(self) -> None:
        stays, merged = make_lead(source="stays"), make_lead(source="merged", sourced_by=SourcedBy.PARTNER)
        merged.merged_into = stays
        merged.save(update_fields=["merged_into"])

        [row] = told(make_opportunity(lead=merged))

        assert (row["lead_id"], row["source"], row["origin"]) == (stays.pk, "stays", "marketing")

    def test_days_are_cut_in_the_zone_of_the_organisation(self) -> None:
        Organisation.objects.update_or_create(pk=1, defaults={"time_zone": "Europe/Berlin"})
        late = datetime(2026, 1, 31, 23, 30, tzinfo=MONDAY.tzinfo)
        deal = make_opportunity(opened_at=late - 3 * DAY, outcome="won", stage="won", closed_at=late)

        [row] = told(deal)

        assert (row["opened_on"], row["closed_on"], row["days_to_close"]) == (date(2026, 1, 29), date(2026, 2, 1), 3)

    def test_tells_an_open_amount_by_the_rate_of_the_report_and_a_closed_one_by_that_of_its_close(self) -> None:
        CurrencyRate.objects.create(currency="USD", on=date(2026, 1, 1), rate=Decimal("0.5"))
        CurrencyRate.objects.create(currency="USD", on=date(2026, 5, 1), rate=Decimal("0.8"))
        dollars = {"amount": Decimal(100), "currency": "USD"}
        won = make_opportunity(outcome="won", stage="won", closed_at=MONDAY, **dollars)
        still_open = make_opportunity(**dollars)
        odd = make_opportunity(amount=Decimal(100), currency="JPY")

        assert [row["amount"] for row in told(won, still_open, odd)] == [Decimal(50), Decimal(80), None]

    def test_what_has_no_amount_or_no_rate_is_said(self) -> None:
        make_opportunity(amount=Decimal(100), currency="JPY")
        make_opportunity()
        make_opportunity(amount=Decimal(5))

        assert money_notes(DEAL, [], values_of(TODAY)) == [
            "1 opportunity has no amount: it is counted, with value 0.",
            "1 amount in JPY has no rate on its day and is left out.",
        ]

    def test_holds_the_definition_of_the_time_round_it_was_opened_in(self) -> None:
        lead = make_mql()
        rebuild()
        LeadFact.objects.update(definition_version=3)
        LeadFact.objects.create(**again(LeadFact.objects.get()))
        first = make_opportunity(lead=lead, opened_at=MONDAY + DAY)
        second = make_opportunity(lead=lead, opened_at=MONDAY + 6 * DAY)

        assert [row["definition_version"] for row in told(first, second)] == [3, 4]


def again(fact: LeadFact) -> dict[str, Any]:
    """The next time round of the same lead, by the next definition."""
    same = {field.name: getattr(fact, field.name) for field in LeadFact._meta.concrete_fields}
    return {**same, "definition_version": 4} | {"episode": 2, "began_at": MONDAY + 5 * DAY}


class TestThen:
    def test_stands_as_the_first_change_after_that_day_found_it(self) -> None:
        deal = make_opportunity(amount=Decimal(100), expected_close=date(2026, 4, 1), opened_at=MONDAY)
        record_change_at(deal, MONDAY + 10 * DAY, amount=Decimal(200))
        record_change_at(deal, MONDAY + 20 * DAY, stage="proof", expected_close=date(2026, 5, 1))

        [before] = told(deal, on=(MONDAY + 9 * DAY).date())
        [between] = told(deal, on=(MONDAY + 10 * DAY).date())
        [after] = told(deal, on=(MONDAY + 20 * DAY).date())

        columns = ("stage", "amount", "expected_close")
        assert [tuple(row[name] for name in columns) for row in (before, between, after)] == [
            ("discovery", Decimal(100), date(2026, 4, 1)),
            ("discovery", Decimal(200), date(2026, 4, 1)),
            ("proof", Decimal(200), date(2026, 5, 1)),
        ]

    def test_is_open_until_it_was_closed_and_absent_until_it_was_opened(self) -> None:
        deal = make_opportunity(opened_at=MONDAY, stage="won", outcome="won", closed_at=MONDAY + 10 * DAY)

        assert told(deal, on=(MONDAY - DAY).date()) == []
        [open_still] = told(deal, on=(MONDAY + 9 * DAY).date())
        [closed] = told(deal, on=(MONDAY + 10 * DAY).date())
        assert (open_still["outcome"], open_still["stage"], open_still["closed_on"]) == ("", "", None)
        assert (closed["outcome"], closed["stage"]) == ("won", "won")

    def test_one_that_was_written_down_closed_is_there_from_its_close(self) -> None:
        deal = make_opportunity(opened_at=None, stage="won", outcome="won", closed_at=MONDAY)

        assert told(deal, on=(MONDAY - DAY).date()) == []
        [row] = told(deal, on=MONDAY.date())
        assert (row["outcome"], row["age_days"], row["days_to_close"]) == ("won", None, None)


def record_change_at(deal: Opportunity, at: datetime, **fields: Any) -> None:
    """Change a deal, and let its history say that it was at another time."""
    Opportunity.objects.filter(pk=deal.pk).update(**fields)
    history = Opportunity.events.rel.related_model.objects  # type: ignore[attr-defined]
    history.filter(pk=history.latest("pgh_id").pk).update(pgh_created_at=at)


class TestHeld:
    @pytest.mark.parametrize("dimension", ["owner", "team", "manager", "campaign", "definition_version", "source"])
    def test_keeps_a_missing_value(self, dimension: str) -> None:
        deal = make_opportunity()
        conditions, values = held({dimension: ""})

        found = rows(f"SELECT d.id FROM {DEAL} d WHERE {conditions[0]}", values | values_of(TODAY))

        assert found == [{"id": deal.pk}]

    def test_a_key_is_what_held_takes(self) -> None:
        rob = make_user("rob")
        make_opportunity(owner=rob)
        make_opportunity()
        keys = rows(f"SELECT {key_of('owner')} AS key FROM {DEAL} d ORDER BY 1", values_of(TODAY))

        assert [row["key"] for row in keys] == ["", str(rob.pk)]

    def test_a_quarter_is_told_by_its_first_day(self) -> None:
        make_opportunity(expected_close=date(2026, 5, 31))
        make_opportunity(expected_close=None)
        starts = {"quarters": [date(2026, 1, 1), date(2026, 4, 1), date(2026, 7, 1)]}
        key = key_of("quarter", "expected_close")

        found = rows(f"SELECT {key} AS key FROM {DEAL} d ORDER BY 1", values_of(TODAY) | starts)

        assert [row["key"] for row in found] == ["", "2026-04-01"]


class TestBehind:
    def test_lists_the_most_valuable_first_in_pages_without_end_or_doubles(self) -> None:
        deals = [make_opportunity(f"Deal {n}", amount=amount) for n, amount in enumerate([30, None, 20, 30, None, 10])]
        chosen, after, seen = Chosen(asked(), state="open"), "", []
        while True:
            page = opportunities_behind(chosen, at=NOON, after=after, size=2)
            seen += [row.opportunity.pk for row in page.rows]
            if not (after := page.next):
                break

        assert seen == [deals[n].pk for n in (3, 0, 2, 5, 4, 1)]
        assert (page.total, page.value) == (6, Decimal(90))

    def test_an_address_names_the_same_opportunities(self) -> None:
        rob = make_user("rob")
        price = reason("price", "loss")
        chosen = Chosen(
            asked(filters=(("campaign", ""), ("owner", str(rob.pk)))),
            state="lost", by="closed", stage="lost", on=date(2026, 5, 31),
            words=(("reason", price.code), ("competitor", "")),
        )  # fmt: skip

        parameters = dict(pair.split("=") for pair in chosen.query().replace("%28", "(").replace("%29", ")").split("&"))
        assert read_chosen(parameters, today=TODAY) == chosen

    @pytest.mark.parametrize(
        ("name", "value"), [("state", "half"), ("by", "yesterday"), ("only", "x"), ("on", "x"), ("stage", "x")]
    )
    def test_refuses_what_says_nothing(self, name: str, value: str) -> None:
        with pytest.raises(BadQuestion):
            read_chosen({name: value}, today=TODAY)

    @pytest.mark.parametrize("only", ["undated", "overdue", "empty", "stalled", "quiet", "forecast", "pushed"])
    def test_every_mark_can_be_asked(self, only: str) -> None:
        make_opportunity(expected_close=date(2026, 5, 1), amount=1)

        found = opportunities_behind(Chosen(asked(), state="open", only=only), at=NOON)

        assert found.total == {"overdue": 1, "quiet": 1, "forecast": 1}.get(only, 0)

    def test_counts_archived_ones(self) -> None:
        make_opportunity(archived_at=MONDAY)

        assert opportunities_behind(Chosen(asked()), at=NOON).total == 1


class TestPage:
    @pytest.mark.parametrize("count", [1, 30])
    def test_costs_the_same_queries_whatever_it_shows(
        self, client: Any, django_assert_max_num_queries: Any, count: int
    ) -> None:
        client.force_login(make_user("max", role="manager"))
        for n in range(count):
            make_opportunity(owner=make_user(f"rep{n}"), company=Company.objects.create(name=f"Company {n}"))
        client.get("/dashboards/opportunities/?state=open")

        with django_assert_max_num_queries(20):
            page = client.get("/dashboards/opportunities/?state=open")

        assert page.context["page"].total == count

    def test_says_when_nothing_is_there(self, client: Any) -> None:
        client.force_login(make_user("max", role="manager"))

        assert "No opportunity is behind this figure" in client.get("/dashboards/opportunities/?state=won").text
