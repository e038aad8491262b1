"""Controls of the rule editor that need two keys at once."""

from typing import Any

from django import template

from scoring.forms import Sheet

register = template.Library()


@register.inclusion_tag("scoring/step.html")
def step(sheet: Sheet, axis: str, grade: str) -> dict[str, Any]:
    """The least points of a grade."""
    name = f"{axis}_{grade}"
    return {"name": name, "grade": grade, "value": sheet.texts[name], "texts": sheet.errors.get(name, [])}


@register.inclusion_tag("scoring/grade_pick.html")
def grade_pick(sheet: Sheet, letter: str, number: str) -> dict[str, Any]:
    grade = letter + number
    return {"grade": grade, "chosen": grade in sheet.grades}
