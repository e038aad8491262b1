"""Words of the models that foretell what becomes of leads."""

from django import template

from scoring.model_card import headline as headline_of
from scoring.model_card import known_outcomes
from scoring.models import Target, TrainedModel
from scoring.watching import ModelState, state_of

register = template.Library()


@register.simple_tag
def prediction_states() -> list[ModelState]:
    """Where prediction of each target stands; three queries each."""
    return [state_of(target) for target in Target]


@register.filter
def headline(state: ModelState) -> str:
    return headline_of(state)


@register.filter
def outcomes(model: TrainedModel) -> str:
    """ "31 accepted, 55 refused"."""
    return known_outcomes(model)
