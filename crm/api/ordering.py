"""In which order a list comes, and how to go on after a row: always ends with the id, so no row is met twice."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import F, Field, Model, Q
from django.db.models.expressions import OrderBy


@dataclass(frozen=True)
class Key:
    """One column of an order. ``path`` as the ORM names it; an empty value comes last, in either direction."""

    path: str
    descending: bool
    field: "Field[Any, Any]"
    nullable: bool

    @classmethod
    def of(cls, model: type[Model], path: str, *, descending: bool) -> "Key":
        """Raises FieldDoesNotExist for a path that leads nowhere."""
        *relations, name = path.split("__")
        nullable = bool(relations)
        for relation in relations:
            related = model._meta.get_field(relation).related_model
            if not isinstance(related, type):
                raise FieldDoesNotExist(path)
            model = related
        field = model._meta.get_field("id" if name == "pk" else name)
        if not isinstance(field, Field):
            raise FieldDoesNotExist(path)
        return cls(path, descending, field, nullable or field.null)

    def order_by(self, *, backwards: bool) -> OrderBy:
        empty = {"nulls_first" if backwards else "nulls_last": True} if self.nullable else {}
        down = self.descending != backwards
        return F(self.path).desc(**empty) if down else F(self.path).asc(**empty)

    def at(self, value: Any) -> Q:
        return Q(**{f"{self.path}__isnull": True}) if value is None else Q(**{self.path: value})

    def beyond(self, value: Any, *, backwards: bool) -> Q | None:
        """Rows that come after ``value`` in this column (before it, when backwards); None when there can be none."""
        if value is None:
            return Q(**{f"{self.path}__isnull": False}) if backwards else None
        past = Q(**{f"{self.path}__{'lt' if self.descending != backwards else 'gt'}": value})
        return past | Q(**{f"{self.path}__isnull": True}) if self.nullable and not backwards else past

    def read(self, row: Model) -> str | None:
        """The row's value, in a form that `parse` takes back exactly."""
        value: Any = row
        for name in self.path.split("__"):
            value = getattr(value, name, None)
        if value is None:
            return None
        return value.isoformat() if isinstance(value, date) else str(value)

    def parse(self, text: str | None) -> Any:
        """Raises ValidationError or ValueError for what is no value of this column."""
        return None if text is None else self.field.to_python(text)


def after(keys: list[Key], values: list[Any], *, backwards: bool) -> Q:
    """Which rows lie beyond the one with ``values``: by the first column, or equal there and by the second …"""
    condition, same = Q(pk__in=[]), Q()
    for key, value in zip(keys, values, strict=True):
        beyond = key.beyond(value, backwards=backwards)
        if beyond is not None:
            condition |= same & beyond
        same &= key.at(value)
    return condition
