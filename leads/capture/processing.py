"""From stored answers to leads: safe twice, late and side by side; what failed is tried again, then shown as failed."""

import logging
from datetime import datetime
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Lower

from crm.models import User
from leads.capture.answers import Answer, Refused, origin_of, read_answer
from leads.capture.receiving import kick
from leads.identity import normal_email
from leads.models import Lead, Submission, SubmissionStatus, TouchBy, TouchKind
from leads.responses import add_response, contact_behind, keep_message
from leads.transitions import capture_lead

log = logging.getLogger(__name__)

ATTEMPTS = 3
BATCH = 500
# Of one person's leads.
LOOKED_AT = 20
# Of two answers of the same person at once the second waits, and finds the lead of the first.
ONE_PERSON = "SELECT pg_advisory_xact_lock(7416303, hashtext(%s))"
SENT_TWICE = "The same answer came twice; the first one counts."
KNOWN = "Added to the lead that is there."


def process_submissions(*, at: datetime, limit: int = BATCH) -> int:
    """Process what waits, oldest first, each in a transaction of its own; gives the number looked at.

    Another worker's rows are left to it. What fails waits for the next run.
    """
    done, last = 0, 0
    while done < limit and (last := process_next(after=last, at=at)):
        done += 1
    if done == limit:
        kick()
    return done


@transaction.atomic
def process_next(*, after: int, at: datetime) -> int:
    """Process the first waiting answer above this id; gives its id, 0 when none waits."""
    waiting = Submission.objects.filter(status=SubmissionStatus.RECEIVED, pk__gt=after).order_by("pk")
    found = (
        waiting.select_for_update(skip_locked=True, of=("self",))
        .select_related("form__owner", "form__campaign")
        .first()
    )
    if found is None:
        return 0
    try:
        with transaction.atomic():
            process(found, at=at)
    except OperationalError:
        raise  # the database went away, which says nothing about this answer
    except Refused as refusal:
        settle(found, SubmissionStatus.REFUSED, at=at, reason=str(refusal))
    except Exception:
        log.exception("submission %s failed", found.pk)
        note_failure(found, at=at)
    return found.pk


def process(submission: Submission, *, at: datetime) -> None:
    """Make a lead of it, or a touch on the open lead of the same e-mail. Raises Refused."""
    answer = read_answer(submission.payload)
    known = known_lead(answer.person.get("email", ""))
    if known and is_repeat(submission, known):
        settle(submission, SubmissionStatus.DUPLICATE, at=at, lead=known, reason=SENT_TWICE)
    elif known and known.is_open:
        touch = touch_of(answer, submission)
        add_response(
            known, by=None, at=submission.received_at, touch=touch, known=answer.person, message=answer.message
        )
        settle(submission, SubmissionStatus.DUPLICATE, at=at, lead=known, reason=KNOWN)
    else:
        settle(submission, SubmissionStatus.PROCESSED, at=at, lead=make_lead(answer, submission, before=known))


def known_lead(email: str) -> Lead | None:
    """The lead with this e-mail: the newest open one, else the newest; held against a second answer at once."""
    if not email:
        return None
    mail = normal_email(email)
    with connection.cursor() as sql:
        sql.execute(ONE_PERSON, [mail])
    leads = (
        Lead.objects.exclude(email="").alias(mail=Lower("email")).filter(mail=mail, merged_into=None, archived_at=None)
    )
    newest = leads.select_related("contact__company").order_by((F("id") + 0).desc())[:LOOKED_AT]
    return max(newest, key=lambda lead: (lead.is_open, lead.pk), default=None)


def is_repeat(submission: Submission, lead: Lead) -> bool:
    """Whether the very same answer, its stamp included, came before."""
    earlier = Submission.objects.filter(lead=lead, form=submission.form, payload=submission.payload)
    return earlier.exclude(pk=submission.pk).exists()


def make_lead(answer: Answer, submission: Submission, *, before: Lead | None) -> Lead:
    """A new lead; of somebody who was one ``before`` it is of the same contact."""
    form, origin = submission.form, origin_of(answer, submission.form)
    contact = contact_behind(before, answer.person.get("email", ""))
    lead = capture_lead(
        by=None, at=submission.received_at, touch=touch_of(answer, submission),
        contact=contact, company=contact.company if contact else None,
        campaign=origin.campaign, channel=origin.channel, source=origin.source, segment=form.segment,
        **owner_of(form.owner), **answer.person,
    )  # fmt: skip
    if answer.message:
        keep_message(lead, answer.message, by=None, at=submission.received_at)
    return lead


def owner_of(owner: User | None) -> dict[str, Any]:
    """Who gets the form's leads: nobody when that person has left."""
    return {"owner": owner, "team": owner.team} if owner and owner.is_active else {}


def touch_of(answer: Answer, submission: Submission) -> dict[str, Any]:
    origin = origin_of(answer, submission.form)
    return {
        "kind": TouchKind.FORM, "by": TouchBy.BUYER, "campaign": origin.campaign, "channel": origin.channel,
        "asset": submission.form.asset, "utm": answer.utm, "raised_hand": answer.raised_hand,
    }  # fmt: skip


def settle(
    submission: Submission, status: SubmissionStatus, *, at: datetime, lead: Lead | None = None, reason: str = ""
) -> None:
    submission.status, submission.lead, submission.reason = status, lead, reason[:300]
    submission.attempts, submission.processed_at = submission.attempts + 1, at
    submission.save(update_fields=["status", "lead", "reason", "attempts", "processed_at"])


def note_failure(submission: Submission, *, at: datetime) -> None:
    """It waits for another attempt, or has failed for good."""
    if submission.attempts + 1 >= ATTEMPTS:
        reason = f"It failed {ATTEMPTS} times; the log of the server says why. Nothing that was sent is lost."
        settle(submission, SubmissionStatus.FAILED, at=at, reason=reason)
    else:
        submission.attempts += 1
        submission.save(update_fields=["attempts"])


@transaction.atomic
def retry_submissions(submissions: QuerySet[Submission]) -> int:
    """Have refused and failed answers processed again, all of ``submissions`` that still hold what was sent."""
    asked = submissions.filter(status__in=[SubmissionStatus.FAILED, SubmissionStatus.REFUSED]).exclude(payload={})
    count = asked.update(status=SubmissionStatus.RECEIVED, attempts=0, reason="", processed_at=None)
    if count:
        transaction.on_commit(kick, robust=True)
    return count


def blank_submissions(*, before: datetime) -> int:
    """Forget what was sent before that moment; what became of it stays."""
    old = (
        Submission.objects.filter(received_at__lt=before).exclude(payload={}).exclude(status=SubmissionStatus.RECEIVED)
    )
    return old.update(payload={}, ip_address=None, user_agent="")
