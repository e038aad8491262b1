"""The lists by name."""

from desk.lists.campaigns import CAMPAIGNS
from desk.lists.content import CONTENT
from desk.lists.definition import ListDefinition
from desk.lists.leads import LEADS
from desk.lists.opportunities import OPPORTUNITIES
from desk.lists.own import with_own_fields
from desk.lists.people import COMPANIES, CONTACTS
from desk.lists.tasks import TASKS

LISTS = {each.key: each for each in (LEADS, CONTACTS, COMPANIES, OPPORTUNITIES, CAMPAIGNS, CONTENT, TASKS)}


def list_of(key: str) -> ListDefinition:
    """The list with the fields of one's own that there are now."""
    return with_own_fields(LISTS[key])
