import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.errors import BusinessError
from crm.models import Change
from leads.lifecycle import Stage
from leads.models import Lead
from leads.tagging import clean_tags, tag_leads, tags_in, take_back_tags
from leads.transitions import move_lead
from tests.factories import HOUR, MONDAY, make_lead, make_mql

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("typed", "tags"),
    [
        ("  hot ,  fair 2026\nhot, HOT ,", ["hot", "fair 2026"]),
        ("مهم، عميل", ["مهم", "عميل"]),
        ("重要、客户", ["重要", "客户"]),
        ("<script>alert(1)</script>, 🚀 launch", ["<script>alert(1)</script>", "🚀 launch"]),
        ("Cafe\u0301, Café", ["Café"]),
        (" , ;\n", []),
    ],
)
def test_tags_in_reads_any_script_and_each_tag_once(typed, tags):
    assert tags_in(typed) == tags


def test_five_hundred_tags_are_refused_as_a_whole(mia):
    lead = make_lead(tags=["kept"])

    with pytest.raises(BusinessError, match="These are 500 tags; a lead has at most 50") as refused:
        tag_leads([lead.pk], add=[f"tag {number}" for number in range(500)], by=mia, at=MONDAY)

    assert refused.value.code == "too_many_tags"
    assert Lead.objects.get(pk=lead.pk).tags == ["kept"]


def test_a_tag_that_is_too_long_is_refused_with_its_length():
    with pytest.raises(BusinessError, match="has 41 characters; a tag has at most 40"):
        clean_tags(["x" * 41])
    assert clean_tags(["x" * 40]) == ["x" * 40]


def test_tags_are_added_and_removed_in_any_capitals_and_told_to_the_consumers(mia):
    lead = make_lead(tags=["old"])
    Change.objects.all().delete()

    tag_leads([lead.pk], add=["New", "new", "old"], by=mia, at=MONDAY)
    tag_leads([lead.pk], remove=["OLD", "never there"], by=mia, at=MONDAY)

    present = Lead.objects.get(pk=lead.pk)
    assert (present.tags, present.version) == (["New"], 3)
    assert list(Change.objects.values_list("topic", "object_id")) == [("lead", lead.pk)] * 2
    assert [event.tags for event in present.events.order_by("pgh_id")] == [["old"], ["old", "New"]]


def test_tags_follow_the_rights_on_the_lead(mia, rob):
    lead = make_mql(owner=rob)
    for stage in (Stage.OFFERED, Stage.ACCEPTED):
        move_lead(lead, stage, by=None, at=MONDAY + HOUR)

    assert tag_leads([lead.pk], add=["hot"], by=mia, at=MONDAY).changed == []
    assert tag_leads([lead.pk], add=["hot"], by=rob, at=MONDAY).changed_ids == [lead.pk]


def test_tag_leads_names_what_each_got_and_which_were_left_alone(mia, rob):
    plain, has_one, has_both = make_lead(), make_lead(tags=["Hot"]), make_lead(tags=["hot", "fair"])
    full = make_lead(tags=[f"tag {number}" for number in range(50)])
    archived, theirs = make_lead(archived_at=MONDAY), make_lead(owner=rob)
    Lead.objects.filter(pk=theirs.pk).update(stage=Stage.ACCEPTED)
    leads = [plain, has_one, has_both, full, archived, theirs]

    deed = tag_leads([lead.pk for lead in leads], add=["hot", "fair"], by=mia, at=MONDAY)

    assert deed.changed == [
        {"id": plain.pk, "added": ["hot", "fair"], "removed": []},
        {"id": has_one.pk, "added": ["fair"], "removed": []},
    ]
    assert [(row["id"], row["why"]) for row in deed.refused] == [
        (has_both.pk, "Its tags are so already."),
        (full.pk, "It would have 52 tags; a lead has at most 50."),
        (archived.pk, "It is archived."),
        (theirs.pk, "You may change leads that are yours; this one is with somebody else."),
    ]
    assert Lead.objects.get(pk=has_one.pk).tags == ["Hot", "fair"]


def test_take_back_tags_leaves_other_tags_that_came_and_went_since(mia):
    first, second = make_lead(tags=["old"]), make_lead()
    deed = tag_leads([first.pk, second.pk], add=["hot"], remove=["old"], by=mia, at=MONDAY)
    tag_leads([first.pk], add=["later"], by=mia, at=MONDAY)
    tag_leads([second.pk], remove=["hot"], by=mia, at=MONDAY)

    undone = take_back_tags(deed, by=mia, at=MONDAY + HOUR)

    assert Lead.objects.get(pk=first.pk).tags == ["later", "old"]
    assert undone.refused == [{"id": second.pk, "why": "Its tags are so already."}]


def test_tag_leads_costs_the_same_for_one_and_for_fifty(mia):
    def queries(count):
        leads = [make_lead(owner=mia, tags=[f"own {number}"]).pk for number in range(count)]
        with CaptureQueriesContext(connection) as asked:
            assert len(tag_leads(leads, add=["hot"], by=mia, at=MONDAY).changed) == count
        return len(asked)

    assert queries(1) == queries(50)
