from datetime import UTC, datetime, timedelta

import pytest
from django.template import Context, Template

from leads.lifecycle import Stage
from leads.templatetags import stages

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def rendered(source: str, **context: object) -> str:
    return Template("{% load stages %}" + source).render(Context(context)).strip()


def test_stage_pill_says_stage_and_side():
    assert rendered("{% stage_pill 'offered' %}") == (
        '<span class="stage" data-stage="offered" data-side="waiting" title="Waiting for sales">'
        'Waiting for sales<span class="visually-hidden">, waiting for sales</span></span>'
    )


@pytest.mark.parametrize("stage", list(Stage))
def test_every_stage_has_label_and_side(stage):
    assert stages.stage_label(stage.value) == stage.label
    assert stages.side_of(stage.value) in {"marketing", "waiting", "sales", "closed"}


def test_stage_path_shows_dates_only_for_what_happened():
    steps = [
        {"stage": "inquiry", "state": "done", "at": NOON - timedelta(days=20), "length": timedelta(days=18)},
        {"stage": "mql", "state": "now", "at": NOON - timedelta(days=2), "length": timedelta(days=2)},
        {"stage": "offered", "state": "ahead", "at": None, "length": None},
    ]

    html = rendered("{% stage_path steps %}", steps=steps)

    assert html.count("<time") == 2
    assert '<li class="stage-step now" data-stage="mql" aria-current="step">' in html
    assert "2 Nov 2026</time>, 18 d" in html


def test_funnel_bars_share_one_zero_and_drop_no_rate():
    rows = [
        {"stage": "mql", "count": 640, "href": "/leads/?stage=mql"},
        {"stage": "accepted", "count": 160, "rate": 0.25, "rate_low": 0.22, "rate_high": 0.29},
        {"stage": "qualified", "count": 0, "rate": None, "rate_low": None, "rate_high": None},
    ]

    html = rendered("{% funnel_bars rows %}", rows=rows)

    assert 'width="100.00%"' in html
    assert 'width="25.00%"' in html
    assert "likely 22–29 %" in html
    assert '<span class="rate">–</span>' in html
    assert '<a href="/leads/?stage=mql">640</a>' in html
