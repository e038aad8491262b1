"""One condition of a rule, an exclusion or a raised hand as SQL: how a column of each type is compared."""

from typing import Any

from psycopg2 import sql

from scoring.fields import LIST_OPERATORS, Type
from scoring.rules import Condition

CONDITIONS: dict[Type, dict[str, str]] = {
    Type.TEXT: {
        "is": "lower({column}) = {value}",
        "is_not": "coalesce(lower({column}), '') <> {value}",
        "in": "lower({column}) = ANY({value})",
        "not_in": "NOT coalesce(lower({column}) = ANY({value}), false)",
        "contains": "strpos(lower({column}), {value}) > 0",
    },
    Type.NUMBER: {"at_least": "{column} >= {value}", "at_most": "{column} <= {value}", "is": "{column} = {value}"},
    Type.FLAG: {"is": "coalesce({column}, false) = {value}"},
    Type.RECORD: {"is": "{column} = {value}", "in": "{column} = ANY({value})"},
    # Days are compared as the texts they are: they sort as days do.
    Type.DATE: {
        "is": "{column} = {value}",
        "from": '({column}) COLLATE "C" >= {value}',
        "before": '({column}) COLLATE "C" < {value}',
    },
    # Most have none, and small letters cost.
    Type.TAGS: {
        "contains": "(cardinality({column}) > 0 AND {value} = ANY(lower({column}::text)::text[]))",
        "in": "(cardinality({column}) > 0 AND lower({column}::text)::text[] && {value})",
        "not_in": "NOT coalesce(cardinality({column}) > 0 AND lower({column}::text)::text[] && {value}, false)",
    },
}


def comparison(condition: Condition, value: sql.Composable) -> sql.Composable:
    """Whether the condition holds, where ``value`` stands for what `value_of` gives; false and null: it does not.

    A column that holds one of a few words has them in small letters as it is.
    """
    column = condition.column
    template = CONDITIONS[column.type][condition.operator]
    one_of_a_few = column.type is Type.TEXT and column.choices and not column.is_custom
    template = template.replace("lower({column})", "{column}") if one_of_a_few else template
    return sql.SQL(template).format(column=column.expression, value=value)


def value_of(condition: Condition) -> Any:
    """The value to compare with; text is compared in small letters."""
    value = condition.value
    if condition.column.type not in (Type.TEXT, Type.TAGS):
        return value
    return [text.lower() for text in value] if condition.operator in LIST_OPERATORS else value.lower()
