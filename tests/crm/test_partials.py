"""The shared parts of the pages, as docs/front-end.md promises them."""

from datetime import UTC, datetime

from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.template.loader import render_to_string

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def part(name: str, **context: object) -> str:
    return " ".join(render_to_string(f"partials/{name}.html", context).split())


def test_empty_block_offers_one_action():
    html = part("empty", title="Nothing waits", text="You answered 14.", action_url="/leads/", action_label="My leads")

    assert "<h3>Nothing waits</h3> <p>You answered 14.</p>" in html
    assert '<a class="btn btn-quiet" href="/leads/">My leads</a>' in html
    assert "href" not in part("empty", title="Nothing waits")


def test_note_that_reports_trouble_is_announced():
    assert 'role="alert"' in part("note", level="danger", text="Rob took this at 10:42.")
    assert 'role="alert"' not in part("note", level="warning", text="Slow.")


def test_filter_chips_remove_one_filter_each():
    chips = [{"label": "Stage: MQL", "address": "?owner=3"}, {"label": "Owner: Rob", "address": "?stage=mql"}]

    html = part("filter_chips", chips=chips, clear_url="/leads/")

    assert html.count('class="chip on"') == 2
    assert '<a class="chip" href="/leads/">Clear all</a>' in html
    assert "Clear all" not in part("filter_chips", chips=chips[:1], clear_url="/leads/")
    assert part("filter_chips", chips=[]) == ""


def test_pager_ends_where_the_list_ends():
    html = part("pager", words="1,284 leads", next_url="?cursor=b")

    assert 'rel="next" href="?cursor=b"' in html
    assert 'rel="prev"' not in html


def test_message_becomes_a_toast_with_undo():
    messages = [
        Message(constants.SUCCESS, "Accepted.", extra_tags="undo:/inbox/7/undo/"),
        Message(constants.ERROR, "Rob took this at 10:42."),
    ]

    html = part("toasts", messages=messages)

    assert 'data-level="success"> <i class="ti ti-circle-check"' in html
    assert '<form method="post" action="/inbox/7/undo/">' in html
    assert 'data-level="danger" role="alert"' in html
