"""Bodies of definitions: what they say as JSON, and what programs need to write one."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from crm.api.fields import KeptField
from crm.api.serializers import Body, RecordSerializer
from crm.models import Side
from scoring.drafting import mark_of
from scoring.fields import Axis, Type
from scoring.models import Definition
from scoring.rules import ENGAGEMENT_GRADES, FIT_GRADES, GRADES, MOST_CONDITIONS, MOST_RULES

CONDITION: dict[str, Any] = {
    "field": {"type": "string", "description": "A name of `definitions/fields/`."},
    "operator": {"type": "string", "description": "One that the field knows."},
    "value": {"description": "What the field is compared with; a list for `in` and `not_in`."},
}
GIVEN: dict[str, Any] = {
    "axis": {"type": "string", "enum": list(Axis)},
    "points": {"type": "integer", "description": "From -100 to 100, not 0."},
    "cap": {"type": "integer", "nullable": True, "description": "The most that all touches together give."},
    "group": {"type": "string", "nullable": True, "description": "Rules of one group give the largest cap at most."},
}


def object_of(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    needed = {"required": list(required)} if required else {}
    return {"type": "object", "properties": properties, "additionalProperties": False, **needed}


def steps(grades: tuple[str, ...]) -> dict[str, Any]:
    return object_of({grade: {"type": "integer"} for grade in grades}, *grades)


@extend_schema_field({
    "type": "array", "maxItems": MOST_RULES,
    "items": object_of({**CONDITION, **GIVEN}, "axis", "field", "operator", "value", "points"),
})  # fmt: skip
class RulesField(KeptField):
    pass


@extend_schema_field({
    "type": "array", "maxItems": MOST_CONDITIONS, "items": object_of(CONDITION, "field", "operator", "value"),
})  # fmt: skip
class ConditionsField(KeptField):
    pass


@extend_schema_field(
    object_of({
        "fit": steps(FIT_GRADES),
        "engagement": steps(ENGAGEMENT_GRADES),
        "mql": {"type": "integer", "nullable": True, "description": "Qualifies from this score on."},
        "grades": {"type": "array", "items": {"type": "string", "enum": list(GRADES)}},
    })
)  # fmt: skip
class ThresholdsField(KeptField):
    pass


class DefinitionSerializer(RecordSerializer):
    rules = RulesField(required=False)
    thresholds = ThresholdsField(required=False)
    hand_raises = ConditionsField(required=False, help_text="Touches that qualify at once, whatever the score.")
    exclusions = ConditionsField(required=False, help_text="Who shows no score and never qualifies.")
    mark = serializers.SerializerMethodField(help_text="Send it as `seen` to be told of what others changed meanwhile.")
    agreement = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="The unfinished version of the agreement that names it."
    )

    class Meta:
        model = Definition
        fields = [
            "id", "name", "version", "status", "rules", "thresholds", "half_life_days", "daily_cap", "hand_raises",
            "exclusions", "why", "based_on", "written_by", "effective_from", "signatures", "agreement", "mark",
            "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["version", "status", "effective_from", "signatures"]
        extra_kwargs = {"name": {"required": False}}

    def get_mark(self, definition: Definition) -> str:
        return mark_of(definition)


class DraftBody(DefinitionSerializer):
    """A new version: what a copied one says, else a raised hand and nothing more; and what is sent instead."""

    copy_of = serializers.PrimaryKeyRelatedField(
        queryset=Definition.objects.all(), required=False, write_only=True, help_text="The id of the version to copy."
    )

    class Meta(DefinitionSerializer.Meta):
        fields = [*DefinitionSerializer.Meta.fields, "copy_of"]


class EditBody(DefinitionSerializer):
    seen = serializers.CharField(
        required=False, write_only=True, help_text="The `mark` of what you read; 409 if it has changed since."
    )

    class Meta(DefinitionSerializer.Meta):
        fields = [*DefinitionSerializer.Meta.fields, "seen"]


class ProposeBody(Body):
    effective_from = serializers.DateField(
        required=False, help_text="The day it comes into force once both sides signed; left out: at once."
    )
    why = serializers.CharField(required=False, max_length=4_000, help_text="What is to become better with it.")


class SignDefinitionBody(Body):
    side = serializers.ChoiceField(
        choices=Side.choices, required=False, help_text="Needed only of who heads both sides."
    )


class FieldSerializer(serializers.Serializer[Any]):
    """A field that conditions may name."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    type = serializers.ChoiceField(choices=list(Type))
    operators = serializers.DictField(child=serializers.CharField(), help_text="How each reads in a sentence.")
    choices = serializers.DictField(child=serializers.CharField(), help_text="The values it can have; empty: any.")
    whole = serializers.BooleanField(help_text="A number that is a count.")
    own = serializers.BooleanField(help_text="One of the team's own fields.")


class FieldsSerializer(serializers.Serializer[Any]):
    """By axis: exclusions name those of `fit`, raised hands those of `engagement`."""

    fit = FieldSerializer(many=True)
    engagement = FieldSerializer(many=True)


class PlaceSerializer(serializers.Serializer[Any]):
    place = serializers.CharField(help_text="Such as `rules[2].field`.")
    text = serializers.CharField()


class DefinitionCheckSerializer(serializers.Serializer[Any]):
    problems = PlaceSerializer(many=True, help_text="What keeps it from being proposed.")
    warnings = PlaceSerializer(many=True, help_text="What is odd about it.")


class ChangeSerializer(serializers.Serializer[Any]):
    part = serializers.CharField()
    part_label = serializers.CharField()
    kind = serializers.ChoiceField(choices=["added", "removed", "changed"])
    label = serializers.CharField()  # type: ignore[assignment]
    before = serializers.CharField(help_text="In words; empty for what is added.")
    after = serializers.CharField(help_text="In words; empty for what is removed.")


class ComparisonSerializer(serializers.Serializer[Any]):
    definition = serializers.IntegerField()
    against = serializers.IntegerField()
    same = serializers.IntegerField(help_text="How many rules, raised hands and exclusions stand in both as they are.")
    changes = ChangeSerializer(many=True)
