"""What records of every room have in common: time stamps, outside identity, history, search, append-only tables."""

from collections.abc import Callable
from typing import Any, ClassVar

import pghistory
import pgtrigger
from django.contrib.postgres.search import SearchVectorField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q, Value

# Only crm/erasure.py ('erase') and the flush between tests ('test') may rewrite history; see docs/concepts.md.
REWRITE_ALLOWED = "current_setting('tandem.rewrite', true) IN ('erase', 'test')"


class Stamped(models.Model):
    """A row that knows when it was made and last changed."""

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class Sourced(models.Model):
    """A row that may come from another system, and is found again by (source system, external id)."""

    source_system = models.CharField(max_length=60, blank=True, default="")
    external_id = models.CharField(max_length=200, blank=True, default="")
    # Set on demo data only; `manage.py demo --remove` takes these rows away again.
    is_sample = models.BooleanField(default=False, editable=False)

    class Meta:
        abstract = True


class Archivable(models.Model):
    """A row that can be put away: lists, searches and forms leave it out, figures and links keep it."""

    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None


def tracked(*fields: str) -> Callable[[Any], Any]:
    """Keep what these fields held before each change, who changed it and when, as ``events`` of the row."""

    def track(model: Any) -> Any:
        return pghistory.track(
            pghistory.UpdateEvent(row=pghistory.Old, condition=pghistory.AnyChange(*fields)),
            pghistory.DeleteEvent(),
            fields=["id", *fields],
            model_name=f"{model.__name__}Event",
            obj_field=pghistory.ObjForeignKey(related_name="events"),
        )(model)

    return track


class SearchText(Func):
    """The words of some text columns, as PostgreSQL's search takes them: small letters, cut at every mark."""

    MARKS = "@._-+/,:;'\"()&"
    arg_joiner = " || ' ' || "
    template = "to_tsvector('simple'::regconfig, translate(%(expressions)s, '{}', '{}'))".format(
        MARKS.replace("'", "''"), " " * len(MARKS)
    )
    output_field: ClassVar = SearchVectorField()


def digits_of(column: str) -> Func:
    return Func(F(column), Value("[^0-9]"), Value(""), Value("g"), function="regexp_replace")


class PhoneTail(Func):
    """A telephone number backwards, as one word, so that the end of a number is the beginning of a word."""

    MARK = "tail"
    template = f"coalesce('{MARK}' || nullif(reverse(%(expressions)s), ''), '')"
    output_field: ClassVar = models.TextField()


def search_column(*fields: str, phone: str = "") -> models.GeneratedField:
    """A column kept by PostgreSQL with the words of ``fields``, and the digits of ``phone`` forwards and backwards."""
    parts: list[Any] = [F(name) for name in fields]
    if phone:
        parts += [digits_of(phone), digits_of(f"{phone}_e164"), PhoneTail(digits_of(phone))]
    return models.GeneratedField(expression=SearchText(*parts), output_field=SearchVectorField(), db_persist=True)


def unique_identity(table: str) -> models.UniqueConstraint:
    """At most one row of ``table`` for each (source system, external id)."""
    return models.UniqueConstraint(
        fields=["source_system", "external_id"],
        condition=~Q(external_id=""),
        name=f"{table}_identity",
        violation_error_message="Another record already has this source system and external id.",
    )


class KnownValue(models.CheckConstraint):
    """A column that holds one of a few values: the database sees to it, and need not be asked before each write."""

    def validate(self, model: Any, instance: Any, exclude: Any = None, using: str = "") -> None:
        condition: Any = self.condition
        [(lookup, allowed)] = condition.children
        field = lookup.removesuffix("__in")
        if field not in (exclude or ()) and getattr(instance, field) not in allowed:
            raise ValidationError({field: self.get_violation_error_message()})

    def deconstruct(self) -> Any:
        _path, args, kwargs = super().deconstruct()
        return "django.db.models.CheckConstraint", args, kwargs


def one_of(field: str, choices: type[models.TextChoices], table: str, *, blank: bool = False) -> models.CheckConstraint:
    """``field`` holds one of ``choices``, whoever writes the row."""
    allowed = [*choices.values, ""] if blank else choices.values
    return KnownValue(condition=Q(**{f"{field}__in": allowed}), name=f"{table}_{field}_known")


def currency_code(table: str) -> models.CheckConstraint:
    """``currency`` of ``table`` is a code of three capital letters, as ISO 4217 has them."""
    return models.CheckConstraint(condition=Q(currency__regex="^[A-Z]{3}$"), name=f"{table}_currency_code")


def append_only(table: str) -> list[Any]:
    """Triggers that refuse to change or remove rows of ``table``: what happened is countered, not edited."""
    refuse = f"""
        IF {REWRITE_ALLOWED} THEN RETURN {{row}}; END IF;
        RAISE EXCEPTION 'rows of {table} are append-only' USING ERRCODE = 'restrict_violation';
    """
    return [
        pgtrigger.Trigger(
            name=f"{table}_rows_stay",
            operation=pgtrigger.Update | pgtrigger.Delete,
            when=pgtrigger.Before,
            func=refuse.format(row="COALESCE(NEW, OLD)"),
        ),
        pgtrigger.Trigger(
            name=f"{table}_table_stays",
            level=pgtrigger.Statement,
            operation=pgtrigger.Update | pgtrigger.Delete | pgtrigger.Truncate,
            when=pgtrigger.Before,
            func=refuse.format(row="NULL"),
        ),
    ]
