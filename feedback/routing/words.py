"""What a rule says, in words: "Leads from DE or AT in Enterprise"."""

from collections.abc import Mapping, Sequence

from django.utils.translation import get_language_info

from campaigns.models import Channel
from feedback.models import RoutingRule

# A sentence names so many values of a field; the rest is counted.
MOST_VALUES_NAMED = 4
PHRASES = {
    "country": "from {}",
    "segment": "in {}",
    "product_interest": "interested in {}",
    "language": "speaking {}",
    "source": "with source {}",
    "channel": "by {}",
}


def whose(conditions: Mapping[str, Sequence[str]]) -> str:
    """ "Leads from DE or AT in Enterprise"; without a condition "Every lead"."""
    parts = [phrase.format(either(name, conditions[name])) for name, phrase in PHRASES.items() if conditions.get(name)]
    return f"Leads {' '.join(parts)}" if parts else "Every lead"


def either(name: str, values: Sequence[str]) -> str:
    named = [value_words(name, value) for value in values]
    if len(named) > MOST_VALUES_NAMED:
        return f"{', '.join(named[: MOST_VALUES_NAMED - 1])} or {len(named) - MOST_VALUES_NAMED + 1} more"
    return " or ".join(filter(None, [", ".join(named[:-1]), named[-1]]))


def value_words(name: str, value: str) -> str:
    """A channel or a language by its name, everything else as it is."""
    if name == "channel" and value in Channel.values:
        return str(Channel(value).label).lower()
    return language_name(value) if name == "language" else value


def language_name(code: str) -> str:
    """ "German" for "de"."""
    try:
        return str(get_language_info(code)["name"])
    except KeyError:
        return code


def target(rule: RoutingRule) -> str:
    """ "Team North, reps with “packaging”"."""
    to = str(rule.to_team or rule.to_user)
    return f"{to}, reps with “{rule.specialism}”" if rule.specialism else to
