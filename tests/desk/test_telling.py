"""desk/telling.py: what happened, in a line."""

import pytest

from campaigns.models import Asset
from desk.telling import ordinal_word, touch_line, touch_origin, verdict_line
from feedback.verdicts import accept_handoff
from leads.models import Touch
from tests.factories import HOUR, MONDAY, make_campaign, make_handoff, pass_on


def test_ordinal_words():
    assert [ordinal_word(number) for number in (1, 2, 3, 4, 11, 12, 22, 113)] == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "22nd", "113th",
    ]  # fmt: skip


@pytest.mark.django_db
def test_a_touch_names_its_content_else_its_campaign():
    webinar, recording = make_campaign("Spring webinar"), Asset(name="Recording")
    told = [
        (touch_line(touch), touch_origin(touch))
        for touch in (
            Touch(kind="attend", campaign=webinar, channel="webinar"),
            Touch(kind="visit", campaign=webinar, asset=recording),
            Touch(kind="download", asset=recording, channel="email"),
            Touch(kind="reply", channel="email"),
        )
    ]
    assert told == [
        ("Attended “Spring webinar”", ""),
        ("Visited “Recording”", "Spring webinar"),
        ("Downloaded “Recording”", "E-mail"),
        ("Replied", ""),
    ]


@pytest.mark.django_db
def test_verdicts_name_who_gave_them_or_who_did_not(rob):
    taken, missed = make_handoff(to=rob), make_handoff(to=rob)
    accept_handoff(taken, by=rob, at=MONDAY + HOUR)
    pass_on(missed, at=MONDAY + HOUR)
    assert [verdict_line(taken), verdict_line(missed)] == ["Rob accepted this", "No answer from Rob in time"]
