"""From a file a person gives to an import that runs: keep it, check it, start it, drop it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from crm.access import require
from crm.errors import StaleState
from crm.models import User
from leads.access import may_import
from leads.importing.errors import BadMapping
from leads.importing.mapping import read_mapping, shipped_names
from leads.importing.running import forget_counts
from leads.importing.storing import forget_file, keep_file
from leads.models import Import, ImportMapping
from leads.models.imports import ImportKind, ImportStatus

WAITING = (ImportStatus.DRAFT, ImportStatus.CHECKED, ImportStatus.FAILED)


def receive_file(
    blocks: Iterable[bytes],
    *,
    name: str,
    kind: str,
    by: User | None,
    spec: dict[str, Any] | None = None,
    mapping_name: str = "",
) -> Import:
    """Keep an uploaded file as an import that has not begun. Raises UnreadableFile, NotAllowed."""
    if by:
        require(may_import(by, kind), f"You may not import {ImportKind(kind).label.lower()}.")
    path = keep_file(blocks)
    return Import.objects.create(
        kind=kind, by=by, file_name=name[-255:], path=str(path), spec=spec or {}, mapping_name=mapping_name
    )


def check_import(found: Import, spec: dict[str, Any], *, mapping_name: str = "") -> Import:
    """Have a worker read the whole file with this mapping and say what importing it would do."""
    read_mapping(spec)
    found.spec, found.mapping_name = spec, mapping_name or found.mapping_name
    return put_to_work(found, ImportStatus.CHECKING)


def start_import(found: Import, *, strict: bool) -> Import:
    """Have a worker import the file. ``strict``: all rows or none."""
    found.strict = strict
    return put_to_work(found, ImportStatus.RUNNING)


@transaction.atomic
def put_to_work(found: Import, status: ImportStatus) -> Import:
    """Claim the import for one kind of work; the second of two clicks is told that it has begun."""
    claimed = Import.objects.filter(pk=found.pk, status__in=WAITING).update(status=status)
    if claimed != 1:
        raise StaleState("This import has begun already.")
    found.status, found.rows_done, found.rows_total = status, 0, None
    found.started_at = found.heard_at = timezone.now()
    found.finished_at, found.error = None, ""
    forget_counts(found)
    found.save()
    transaction.on_commit(lambda: wake_worker(found.pk), robust=True)
    return found


def wake_worker(import_id: int) -> None:
    """Now, when the broker is there; else the sweep of beat finds it."""
    from leads.tasks import run_import

    run_import.apply_async((import_id,), retry=False)


@transaction.atomic
def drop_import(found: Import) -> None:
    """Forget a file that was not imported."""
    held = Import.objects.select_for_update().get(pk=found.pk)
    if held.status not in WAITING or held.rows_done:
        raise StaleState("Rows of this file are in already; it stays for the record.")
    path = held.path
    held.delete()
    transaction.on_commit(lambda: forget_file(path))


def forget_abandoned(*, before: datetime) -> int:
    """Forget files that nobody went on with; gives their number."""
    unused = (ImportStatus.DRAFT, ImportStatus.CHECKED)
    rows = list(Import.objects.filter(status__in=unused, updated_at__lt=before))
    for found in rows:
        drop_import(found)
    return len(rows)


def check_name(name: str, *, by: User | None) -> None:
    """A name of the product's own mappings, or of somebody else's, is taken. Raises BadMapping."""
    if name in shipped_names() or ImportMapping.objects.filter(name=name).exclude(by=by).exists():
        raise BadMapping(f"The name “{name}” is taken; choose another one.")


def save_mapping(name: str, spec: dict[str, Any], *, by: User | None) -> ImportMapping:
    """Keep a mapping under a name, in place of an own one that had it; what belongs to one file only is left out."""
    check_name(name, by=by)
    read_mapping(spec)
    own = {key: value for key, value in spec.items() if key not in ("name", "encoding", "delimiter")}
    saved, _new = ImportMapping.objects.update_or_create(
        name=name, defaults={"kind": spec["kind"], "spec": own, "by": by}
    )
    return saved
