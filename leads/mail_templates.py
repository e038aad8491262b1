"""What an e-mail begins with: templates of everybody and one's own."""

from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet

from crm.access import manages, require
from crm.editing import make, put
from crm.models import User
from crm.positions import last_position, move
from leads.mailing import check_gaps
from leads.models import MailTemplate

REFUSED = "Only managers change the templates of everybody; your own are yours."

# What a new installation starts with.
FIRST = (
    ("First contact", "{company} and us", """\
Hello {first_name},

thank you for your interest. I am {my_name}, and I look after {company} from now on.

What made you look for something new, and what should be better in half a year? A quarter of an hour on the telephone \
is enough to find out whether we can help. Which day suits you this week?

Best regards
{my_name}"""),
    ("After no answer", "Shall we talk, {first_name}?", """\
Hello {first_name},

I tried to reach you and did not get through. Three words help me not to be a nuisance:

1: Yes, please call me on …
2: Not now, write again in …
3: No, thank you.

Best regards
{my_name}"""),
    ("Material you asked for", "What you asked for", """\
Hello {first_name},

here is what you asked for, with a link at the end of this mail. The first two pages answer most questions.

I will call you in two days to hear what you think, unless another day is better.

Best regards
{my_name}"""),
)  # fmt: skip


def templates_for(user: User) -> QuerySet[MailTemplate]:
    """What this person may begin an e-mail with: everybody's, then their own."""
    mine = MailTemplate.objects.filter(Q(owner__isnull=True) | Q(owner=user), retired=False)
    return mine.order_by(F("owner_id").asc(nulls_first=True), "position", "id")


def may_write_template(user: User, template: MailTemplate) -> bool:
    return template.owner_id == user.pk if template.owner_id else manages(user)


@transaction.atomic
def create_template(*, by: User, for_all: bool = False, **fields: Any) -> MailTemplate:
    """A new template, one's own or everybody's. Raises NotAllowed, BusinessError `unknown_gap`, ValidationError."""
    owner = None if for_all else by
    require(owner is not None or manages(by), REFUSED)
    check_words(fields)
    position = last_position(MailTemplate.objects.filter(owner=owner))
    return make(MailTemplate(owner=owner, position=position, **fields))


@transaction.atomic
def edit_template(template: MailTemplate, *, by: User, **fields: Any) -> MailTemplate:
    """Change a template or retire it."""
    template = MailTemplate.objects.select_for_update().get(pk=template.pk)
    require(may_write_template(by, template), REFUSED)
    check_words(fields)
    if fresh := put(template, fields):
        template.save(update_fields=[*fresh, "updated_at"])
    return template


@transaction.atomic
def move_template(template: MailTemplate, *, by: User, step: int) -> None:
    """Up (-1) or down (1) among everybody's, or among one's own."""
    require(may_write_template(by, template), REFUSED)
    move(MailTemplate.objects.filter(owner=template.owner), template.pk, step=step)


def check_words(fields: dict[str, Any]) -> None:
    for name in ("subject", "text"):
        check_gaps(str(fields.get(name, "")))


def seed_templates(**_signal: Any) -> None:
    """Fill an empty table, after `migrate`; one that people have edited is left alone."""
    if not MailTemplate.objects.exists():
        MailTemplate.objects.bulk_create(
            MailTemplate(name=name, subject=subject, text=text, position=position)
            for position, (name, subject, text) in enumerate(FIRST)
        )
