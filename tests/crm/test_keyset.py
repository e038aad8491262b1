import pytest
from django.http import QueryDict

from crm.keyset import count_up_to, count_words, page_of
from crm.models import User
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def five() -> list[int]:
    return [make_user(name).pk for name in ("ada", "ben", "cid", "dora", "eve")]


def ids(query: str) -> tuple[list[int], str, str]:
    page = page_of(User.objects.all(), QueryDict(query), size=2)
    return [row.pk for row in page.rows], page.newer_url, page.older_url


def test_page_of_walks_to_the_end_and_back(five):
    one, two, three, four, fifth = five

    assert ids("") == ([fifth, four], "", f"?after={four}")
    assert ids(f"after={four}") == ([three, two], f"?before={three}", f"?after={two}")
    assert ids(f"after={two}") == ([one], f"?before={one}", "")
    assert ids(f"before={one}") == ([three, two], f"?before={three}", f"?after={two}")
    assert ids(f"before={three}") == ([fifth, four], "", f"?after={four}")


def test_page_of_keeps_filters_and_forgets_the_old_place(five):
    assert ids(f"q=a&after={five[3]}")[1:] == (f"?q=a&before={five[2]}", f"?q=a&after={five[1]}")


@pytest.mark.parametrize("nonsense", ["after=x", "after=-1", "after=", "before=99999999999999999999", "after=²"])
def test_page_of_shows_the_first_page_for_nonsense(five, nonsense):
    assert ids(nonsense)[0] == [five[4], five[3]]


def test_count_up_to_stops_one_beyond_the_limit(five):
    assert [count_up_to(User.objects.all(), limit) for limit in (10, 5, 4, 2)] == [5, 5, 5, 3]
    assert [count_words(5, 4), count_words(1284)] == ["more than 4", "1,284"]
