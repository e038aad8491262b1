"""feedback/replies.py and feedback/mentions.py"""

import pytest

from crm.models import Notification, Role
from feedback.mentions import AmbiguousMention, mentioned_in, mentions_in
from feedback.models import Reply
from feedback.replies import BadReply, reply_to
from feedback.verdicts import reject_handoff
from tests.factories import HOUR, MONDAY, make_handoff, make_user, reason

pytestmark = pytest.mark.django_db


@pytest.fixture
def rejected(mia, rob):
    handoff = make_handoff(to=rob, by=mia)
    return reject_handoff(handoff, by=rob, at=MONDAY, reason=reason("company_size"), comment="Too small")


def told() -> list[tuple[str, str]]:
    """(whom, kind), in the order of names."""
    of_replies = Notification.objects.filter(key__startswith="reply:")
    return sorted((str(row.user), row.kind) for row in of_replies.select_related("user"))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@Rob have a look", ["Rob Smith"]),
        ("Ask @rob.smith.", ["Rob Smith"]),
        ("@rosa jung, @Rob Smith: both of you", ["Rosa Jung", "Rob Smith"]),
        ("@Rob and again @rob", ["Rob Smith"]),
        ("(@ROB)", ["Rob Smith"]),
        ("@Rob's list", ["Rob Smith"]),
        ("write to ada@rob.test", []),
        ("@robert @robin-hood @rob.jones", []),
        ("@nobody is called so, and @ is a sign", []),
        ("@Left is gone", []),
        ("@Mary Ann Lee and @Mary Ann", ["Mary Ann Lee"]),
    ],
)
def test_names_behind_the_sign(db, text, names):
    make_user("rob", last_name="Smith", email="rob.smith@demo.test")
    make_user("rosa", last_name="Jung")
    make_user("left", is_active=False)
    make_user("Mary Ann", last_name="Lee", email="mal@demo.test")

    assert [str(person) for person in mentioned_in(text)] == names


def test_one_of_two_with_the_same_first_name_is_asked_for(db):
    smith = make_user("rob", last_name="Smith", email="rob.smith@demo.test")
    jones = make_user("rob", last_name="Jones", email="rob.jones@demo.test")

    with pytest.raises(AmbiguousMention, match=r"Who is @Rob\? Write @Rob \w+ or @Rob \w+\.") as refused:
        mentioned_in("@Rob, please")
    assert set(refused.value.extra["people"]) == {smith.pk, jones.pk}
    assert mentioned_in("@Rob Jones, please") == [jones]
    assert mentioned_in("@rob.smith, please") == [smith]


def test_two_with_the_same_full_name_are_told_apart_by_their_mailbox(db):
    make_user("rob", last_name="Smith", email="rob@north.test")
    make_user("rob", last_name="Smith", email="robbie@south.test")

    with pytest.raises(AmbiguousMention, match=r"Write @rob or @robbie\."):
        mentioned_in("@Rob Smith")
    assert [person.email for person in mentioned_in("@robbie")] == ["robbie@south.test"]


def test_a_mailbox_is_meant_before_a_first_name(db):
    rob = make_user("rob")
    make_user("rob", last_name="Smith", email="smith@demo.test")

    assert mentioned_in("@rob") == [rob]


def test_places_of_names(rob, rosa):
    text = "Hello @Rob and @rosa"

    assert [text[found.start : found.end] for found in mentions_in(text, [rob, rosa])] == ["@Rob", "@rosa"]


def test_names_cost_one_query_however_many(django_assert_num_queries, rob, rosa):
    with django_assert_num_queries(1):
        assert len(mentioned_in("@rob @rosa @rob @rosa")) == 2
    with django_assert_num_queries(0):
        assert mentioned_in("No names here") == []


def test_who_is_named_is_told_and_who_takes_part(rejected, mia, rob, rosa):
    reply = reply_to(rejected, by=mia, at=MONDAY + HOUR, text="  @Rosa, do you see that too?  ")

    assert Reply.objects.get() == reply
    assert (reply.text, list(reply.mentions.all())) == ("@Rosa, do you see that too?", [rosa])
    assert told() == [("Rob", "reply"), ("Rosa", "mention")]
    notice = Notification.objects.get(user=rosa, key=f"reply:{reply.pk}")
    assert notice.title == f"Mia mentioned you: {rejected.lead}"
    assert notice.url == f"/handoffs/{rejected.pk}/replies/"


def test_nobody_is_told_twice_nor_of_their_own_words(rejected, mia, rob):
    reply_to(rejected, by=rob, at=MONDAY + HOUR, text="@Rob (that is me) says to @Mia, @mia: no")

    assert told() == [("Mia", "mention")]


def test_earlier_speakers_are_told_and_those_who_left_are_not(rejected, mia, rob, rosa):
    max_ = make_user("max", role=Role.MANAGER)
    reply_to(rejected, by=max_, at=MONDAY + HOUR, text="Why?")
    Notification.objects.all().delete()
    rob.is_active = False
    rob.save()

    reply_to(rejected, by=rosa, at=MONDAY + 2 * HOUR, text="I know them.")

    assert told() == [("Max", "reply"), ("Mia", "reply")]


def test_of_an_open_hand_off_who_is_asked_is_told(mia, rob):
    reply_to(make_handoff(to=rob, by=mia), by=mia, at=MONDAY, text="They called again.")

    assert told() == [("Rob", "reply")]


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 4_001])
def test_a_reply_says_something_of_bearable_length(rejected, mia, text):
    with pytest.raises(BadReply):
        reply_to(rejected, by=mia, at=MONDAY, text=text)
    assert not Reply.objects.exists()


def test_an_ambiguous_name_writes_nothing(rejected, mia):
    make_user("tom", last_name="Jones", email="jones@demo.test")
    make_user("tom", last_name="Smith", email="smith@demo.test")

    with pytest.raises(AmbiguousMention):
        reply_to(rejected, by=mia, at=MONDAY, text="@Tom S?")
    assert not Reply.objects.exists()
