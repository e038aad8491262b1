from datetime import UTC, datetime, timedelta

import pytest
from django import forms
from django.template import Context, Template
from django.test import RequestFactory

from crm.models import User
from crm.templatetags import tandem

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def rendered(source: str, **context: object) -> str:
    return Template("{% load tandem %}" + source).render(Context(context)).strip()


class CampaignForm(forms.Form):
    name = forms.CharField(help_text="As people know it.")
    budget = forms.DecimalField(required=False)
    channel = forms.ChoiceField(choices=[("email", "E-mail")])
    is_running = forms.BooleanField(label="Running", required=False)
    kind = forms.ChoiceField(choices=[("s", "Strategic"), ("t", "Tactical")], widget=forms.RadioSelect)


def test_moment_keeps_the_exact_time_beside_the_words():
    html = rendered("{% moment at now %}", at=NOON - timedelta(minutes=12), now=NOON)

    assert html == '<time datetime="2026-11-22T11:48:00+00:00" title="22 Nov 2026, 11:48">12 min ago</time>'


def test_clock_carries_what_the_browser_needs_to_go_on():
    html = rendered(
        "{% clock start due now %}", start=NOON - timedelta(hours=3), due=NOON + timedelta(hours=1), now=NOON
    )

    assert html == (
        '<time class="clock" data-clock datetime="2026-11-22T09:00:00+00:00" data-due="2026-11-22T13:00:00+00:00" '
        'data-from="2026-11-22T00:00:00+00:00" data-to="2026-11-23T00:00:00+00:00" data-day="Sun 13:00" '
        'data-state="soon" title="Due Sunday, 22 Nov 2026, 13:00">1 h left</time>'
    )


def test_time_bar_divides_the_whole_among_three_sides():
    html = rendered("{% time_bar m w s %}", m=timedelta(days=6), w=timedelta(days=1), s=timedelta(days=3))

    assert 'data-side="marketing" x="0%" width="60.00%"' in html
    assert 'data-side="waiting" x="60.00%" width="10.00%"' in html
    assert 'data-side="sales" x="70.00%" width="30.00%"' in html
    assert 'aria-label="Marketing 6 d, Waiting 24 h, Sales 3 d"' in html


def test_time_bar_of_a_new_lead_is_empty():
    assert 'width="0%"' in rendered("{% time_bar m None None %}", m=timedelta(0))


def test_bars_share_one_zero():
    html = rendered("{% bars rows %}", rows=[{"label": "Students", "count": 20}, {"label": "Too small", "count": 5}])

    assert ('width="100.00%"' in html, 'width="25.00%"' in html) == (True, True)
    assert "Students" in rendered("{% bars rows %}", rows=[{"label": "Students", "count": 0}])


def test_whisker_is_silent_without_counts():
    assert rendered("{% whisker None None None %}") == ""
    assert 'x1="12.00%" x2="19.00%"' in rendered("{% whisker 0.15 0.12 0.19 %}")


@pytest.mark.parametrize(
    ("who", "letters"),
    [("Rob van Dyk", "RD"), ("ada", "A"), ("rob@demo.test", "RD"), ("", "?"), (None, "?")],
)
def test_initials(who, letters):
    assert tandem.initials(who) == letters


def test_person_is_escaped_and_nobody_is_a_dash():
    html = rendered("{% person who %}", who=User(first_name="<Ada>", last_name="Byron"))

    assert "<span>&lt;Ada&gt; Byron</span>" in html
    assert rendered("{% person None %}") == "–"


def test_icon_without_a_word_beside_it_has_a_label():
    assert rendered('{% icon "phone" %}') == '<i class="ti ti-phone" aria-hidden="true"></i>'
    assert 'role="img" aria-label="Call"' in rendered('{% icon "phone" "Call" %}')


@pytest.mark.parametrize(
    ("address", "place"),
    [("/", "Today"), ("/tasks/", "Today"), ("/companies/4/", "Leads"), ("/imports/", "Leads"), ("/settings/", None)],
)
def test_navigation_marks_the_place_an_address_belongs_to(address, place):
    places = tandem.navigation(Context({"request": RequestFactory().get(address)}))

    assert [p["label"] for p in places if p["is_current"]] == ([place] if place else [])
    assert len(places) == 7


def test_sort_header_turns_the_order_and_keeps_the_filters():
    def header(query: str) -> str:
        return rendered('{% sort_header "score" "Score" %}', request=RequestFactory().get("/leads/" + query))

    assert 'aria-sort="none"><a href="?stage=mql&amp;ordering=score">' in header("?stage=mql&cursor=abc")
    assert 'aria-sort="ascending"><a href="?ordering=-score">' in header("?ordering=score")
    assert 'aria-sort="descending"><a href="?ordering=score">' in header("?ordering=-score")


def test_query_leaves_empty_values_out():
    assert rendered('{% query stage="mql" owner=None q="" n=0 %}') == "?stage=mql&amp;n=0"


def test_field_ties_label_help_and_error_to_the_control():
    form = CampaignForm({"name": "", "channel": "email", "kind": "s"})

    html = rendered("{% field form.name %}", form=form)

    assert '<label class="form-label" for="id_name">Name</label>' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'class="form-control is-invalid"' in html
    assert 'id="id_name_error"' in html
    assert 'id="id_name_helptext">As people know it.' in html


def test_field_looks_like_what_it_is():
    form = CampaignForm()

    assert "(optional)" in rendered("{% field form.budget %}", form=form)
    assert 'class="form-select"' in rendered("{% field form.channel %}", form=form)
    assert 'class="form-check-input"' in rendered("{% field form.is_running %}", form=form)
    assert "<legend>Kind</legend>" in rendered("{% field form.kind %}", form=form)
    assert 'data-key="b" autofocus' in rendered("{% control form.budget data_key='b' autofocus=True %}", form=form)


def test_idempotency_key_is_new_each_time():
    assert rendered("{% idempotency_key %}") != rendered("{% idempotency_key %}")


def test_message_brings_its_undo_address():
    assert tandem.undo_url("sticky undo:/inbox/7/undo/") == "/inbox/7/undo/"
    assert tandem.undo_url("") == tandem.undo_url(None) == ""
