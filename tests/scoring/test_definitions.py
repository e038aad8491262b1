"""scoring/definitions.py: putting a signed definition into force."""

import pytest
from django.db.models import F

from crm.errors import BusinessError, NotAllowed
from crm.models import Cursor, Organisation, Role
from crm.outbox import needs_rebuild
from scoring.definitions import activate, active_card
from scoring.models import Definition
from scoring.rules import NO_CARD, InvalidDefinition
from tests.factories import MONDAY, make_team, make_user
from tests.scoring.cards import fit

pytestmark = pytest.mark.django_db
SIGNED = [{"side": "marketing", "user": 1}, {"side": "sales", "user": 2}]


@pytest.fixture
def max_():
    return make_user("max", Role.MANAGER, make_team("Sales"))


def proposed(version=1, **fields):
    rules = [fit("country", "Sweden", 10 * version)]
    return Definition.objects.create(name="Test", version=version, **{"rules": rules, "signatures": SIGNED, **fields})


def test_activate_retires_the_one_before_and_asks_for_a_rebuild(max_):
    Organisation.get()
    needs_rebuild("scoring")
    Cursor.objects.update(rebuilds_done=F("rebuilds_asked"))
    first, second = proposed(1), proposed(2)

    activate(first, by=max_, at=MONDAY)
    activate(second, by=max_, at=MONDAY)

    assert list(Definition.objects.order_by("version").values_list("status", "effective_from")) == [
        ("retired", MONDAY.date()),
        ("active", MONDAY.date()),
    ]
    assert Organisation.get().definition_version == 2
    assert Cursor.objects.get(pk="scoring").wants_rebuild
    assert [rule.points for rule in active_card().rules] == [20]


def test_activate_refuses_an_invalid_or_unsigned_definition(max_):
    with pytest.raises(InvalidDefinition):
        activate(proposed(1, rules=[fit("shoe_size", 44, 5)]), by=max_, at=MONDAY)
    with pytest.raises(BusinessError) as refused:
        activate(proposed(2, signatures=SIGNED[:1]), by=max_, at=MONDAY)
    assert refused.value.code == "unsigned"
    assert active_card() is NO_CARD


def test_only_managers_and_admins_activate():
    with pytest.raises(NotAllowed):
        activate(proposed(), by=make_user("rob"), at=MONDAY)
