"""What can be done from the search, by whom, and by which words it is found."""

import pytest
from django.urls import reverse

from desk.search.actions import ACTIONS, actions_for

pytestmark = pytest.mark.django_db
ADMINS = {"Settings", "Add a person", "Teams", "Organisation"}


def labels(user, text=""):
    return [action.label for action in actions_for(user, text)]


@pytest.mark.parametrize("text", ["new campaign", "NEW CAMP", "campaign new", "add campaign", "create camp"])
def test_action_is_found_by_its_label_and_by_other_words(mia, text):
    assert labels(mia, text) == ["New campaign"]


def test_text_that_names_no_action_finds_none(mia):
    assert labels(mia, "lovelace") == []


def test_action_is_offered_only_to_who_may_do_it(mia, rob, ada, max_):
    assert "New campaign" in labels(mia)
    assert "New campaign" not in labels(rob)
    assert "New campaign" not in labels(max_)
    for person in (mia, rob, max_):
        assert not ADMINS & set(labels(person))
    assert set(labels(ada)) >= ADMINS


def test_who_is_offered_an_action_gets_its_page(mia, rob, ada, max_, client_for):
    for person in (mia, rob, ada, max_):
        client = client_for(person)
        answers = {action.label: client.get(action.url).status_code for action in actions_for(person)}
        assert answers == dict.fromkeys(labels(person), 200)


def test_the_pages_of_the_loop_are_found_by_who_may_use_them(mia, rob, max_):
    pages = {"Go to Alignment", "Go to Feedback", "Go to Requests", "Go to Content"}
    for person in (mia, rob, max_):
        assert pages <= set(labels(person))
    assert ["Routing" in labels(person) for person in (mia, rob, max_)] == [False, False, True]
    assert labels(max_, "routing rules") == ["Routing"]


def test_palette_offers_actions_beside_records(mia, client_for):
    html = client_for(mia).get(reverse("desk:search-palette"), {"q": "inbox"}).content.decode()

    assert 'href="/inbox/"' in html
    assert "Nothing found" not in html


def test_labels_are_unique():
    assert len({action.label for action in ACTIONS}) == len(ACTIONS)
