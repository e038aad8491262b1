"""Which answer stands in the form that merges two leads."""

from django import template

from desk.forms.merging import MergeForm

register = template.Library()


@register.filter
def chosen(form: MergeForm, name: str) -> int:
    """The id of the lead chosen for "stays" or for a field."""
    return form.chosen(name)
