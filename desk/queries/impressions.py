"""The strip that asks sales for one tap (templates/desk/tap.html): which question comes next, and its chips."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Max

from campaigns.models import Asset
from crm.models import User
from feedback.impressions import may_say
from feedback.models import Impression, Moment, Quality, Question
from leads.models import Activity, Lead, Opportunity, PickList, Touch
from leads.pick_values import offered_values
from leads.united import united_ids

# As many as there are keys for.
MOST_CHIPS = 9
MET_LATELY = 50


@dataclass(frozen=True)
class Chip:
    """One answer. ``is_chosen``: what this person said before."""

    value: str
    label: str
    is_chosen: bool = False


@dataclass(frozen=True)
class Tap:
    """One question to one person. ``skip_to``: the one after it, "" after the last; ``can_search``: any content."""

    lead: Lead
    opportunity: Opportunity | None
    moment: Moment
    question: Question
    chips: Sequence[Chip]
    skip_to: str

    @property
    def can_search(self) -> bool:
        return self.question == Question.CONTENT


def tap_for(
    lead: Lead, moment: str, user: User, *, opportunity: Opportunity | None = None, question: str = ""
) -> Tap | None:
    """The first question that ``user`` has not answered for this moment, or the ``question`` asked for.

    None when all are answered, and for whoever may not say.
    """
    if moment not in Moment.values or lead.merged_into_id or not may_say(user, lead, opportunity):
        return None
    said = {row.question: row for row in said_by(user, lead, moment)}
    open_questions = [each for each in Question if each.value not in said]
    wanted = Question(question) if question in Question.values else next(iter(open_questions), None)
    if wanted is None:
        return None
    before = said.get(wanted.value)
    chips = CHIPS[wanted](lead, before)
    later = [each for each in open_questions if list(Question).index(each) > list(Question).index(wanted)]
    if not chips and wanted != Question.CONTENT:
        # Nothing to choose from: no list of themes is kept.
        return None
    return Tap(lead, opportunity, Moment(moment), wanted, chips, later[0].value if later else "")


def said_by(user: User, lead: Lead, moment: str) -> list[Impression]:
    rows = Impression.objects.filter(lead=lead, episode=lead.episode, moment=moment, by=user)
    return list(rows.select_related("asset"))


def quality_chips(_lead: Lead, said: Impression | None) -> list[Chip]:
    chosen = said.quality if said else None
    return [Chip(str(each.value), str(each.label), each == chosen) for each in reversed(Quality)]


def content_chips(lead: Lead, said: Impression | None) -> list[Chip]:
    """What the buyer met or was shown, the latest first, and what was said before."""
    family = united_ids(lead)
    latest = [
        rows.filter(lead__in=family, asset__isnull=False).order_by().values_list("asset").annotate(last=Max("at"))
        for rows in (Touch.objects.effective(), Activity.objects.all())
    ]
    found = latest[0].union(latest[1]).order_by("-last")[:MET_LATELY]
    ids = [said.asset_id] if said else []
    ids = list(dict.fromkeys([*ids, *(pk for pk, _last in found)]))[:MOST_CHIPS]
    assets = Asset.objects.filter(archived_at__isnull=True).in_bulk(ids)
    chosen = said.asset_id if said else None
    return [Chip(str(pk), str(assets[pk]), pk == chosen) for pk in ids if pk in assets]


def theme_chips(_lead: Lead, said: Impression | None) -> list[Chip]:
    chosen = said.theme if said else ""
    values = dict.fromkeys([*([chosen] if chosen else []), *offered_values(PickList.THEME)])
    return [Chip(value, value, value == chosen) for value in list(values)[:MOST_CHIPS]]


CHIPS = {Question.QUALITY: quality_chips, Question.CONTENT: content_chips, Question.THEME: theme_chips}
