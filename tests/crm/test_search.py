import pytest

from crm.models import User
from crm.search import every_word
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("text", "found"),
    [("ada", ["ada"]), ("  demo ADA ", ["ada"]), ("ada bob", []), ("demo", ["ada", "bob"]), ("", ["ada", "bob"])],
)
def test_every_word_is_found_somewhere(text, found):
    for name in ("ada", "bob"):
        make_user(name)
    rows = User.objects.filter(every_word(text, "first_name__icontains", "email__icontains")).order_by("pk")
    assert [row.get_short_name().lower() for row in rows] == found
