"""The outbox loses nothing: rolled back, late, doubled, in another cluster."""

from threading import Event, Thread
from types import SimpleNamespace

import pytest
from django.db import connection, transaction

from crm import outbox
from crm.models import Change, Cursor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def seen(monkeypatch, settings):
    """A consumer that remembers what it was given."""
    consumer = SimpleNamespace(batches=[], rebuilt=0)
    consumer.apply_changes = lambda changes: consumer.batches.append(
        {topic: set(ids) for topic, ids in changes.items()}
    )

    def rebuild():
        consumer.rebuilt += 1

    consumer.rebuild = rebuild
    settings.OUTBOX_CONSUMERS = {"test": "nowhere"}
    monkeypatch.setattr(outbox, "room_of", lambda _: consumer)
    outbox.drain("test")
    consumer.rebuilt = 0
    return consumer


def record(*ids, topic="lead"):
    with transaction.atomic():
        outbox.record_change(topic, ids)


def test_a_batch_is_collapsed_to_distinct_ids_and_read_once(seen):
    record(1, 2, 2)
    record(2, topic="opportunity")
    assert (outbox.drain("test"), outbox.drain("test")) == (4, 0)
    assert seen.batches == [{"lead": {1, 2}, "opportunity": {2}}]


def test_several_topics_are_noted_in_one_statement(seen, django_assert_num_queries):
    with transaction.atomic(), django_assert_num_queries(1):
        outbox.record_changes(handoff=[7], lead=[1, 2])
    assert outbox.drain("test") == 3
    assert seen.batches == [{"handoff": {7}, "lead": {1, 2}}]


def test_a_batch_may_be_cut_inside_a_transaction(seen):
    record(*range(1, 8))
    while outbox.drain("test", limit=3):
        pass
    assert seen.batches == [{"lead": {1, 2, 3}}, {"lead": {4, 5, 6}}, {"lead": {7}}]


def test_a_failing_consumer_keeps_its_place(seen):
    record(1)
    good = seen.apply_changes

    def fail(_):
        raise RuntimeError

    seen.apply_changes = fail
    with pytest.raises(RuntimeError):
        outbox.drain("test")
    seen.apply_changes = good
    outbox.drain("test")
    assert seen.batches == [{"lead": {1}}]


def test_what_a_slow_writer_wrote_first_is_not_skipped(seen):
    """A plain id cursor would pass over the slow transaction's row for ever."""
    wrote, may_commit = Event(), Event()

    def slow_writer():
        with transaction.atomic():
            outbox.record_change("lead", [1])
            wrote.set()
            may_commit.wait(10)
        connection.close()

    writer = Thread(target=slow_writer)
    writer.start()
    wrote.wait(10)
    record(2)
    assert outbox.drain("test") == 0
    may_commit.set()
    writer.join()
    outbox.drain("test")
    assert seen.batches == [{"lead": {1, 2}}]


def test_a_rolled_back_change_is_never_seen(seen):
    with transaction.atomic():
        outbox.record_change("lead", [1])
        transaction.set_rollback(True)
    record(2)
    outbox.drain("test")
    assert seen.batches == [{"lead": {2}}]


def test_two_drains_at_once_do_not_double(seen):
    record(1)
    holding, may_go = Event(), Event()

    def hold():
        with outbox.consumer_lock("test"):
            holding.set()
            may_go.wait(10)
        connection.close()

    other = Thread(target=hold)
    other.start()
    holding.wait(10)
    assert outbox.drain("test") == 0
    may_go.set()
    other.join()
    assert outbox.drain("test") == 1


def test_another_cluster_forgets_the_outbox_and_rebuilds(seen):
    record(1)
    Cursor.objects.update(system_identifier="the cluster of the backup", xid=2**40)
    outbox.drain("test")
    assert (seen.rebuilt, seen.batches, Change.objects.count()) == (1, [], 0)
    record(2)
    outbox.drain("test")
    assert seen.batches == [{"lead": {2}}]


def test_prune_removes_only_what_every_consumer_read(seen):
    record(1)
    outbox.drain("test")
    record(2)
    assert outbox.prune() == 1
    assert list(Change.objects.values_list("object_id", flat=True)) == [2]


def test_lag_and_currency_tell_how_old_the_figures_are(seen):
    assert outbox.lag() == {"test": 0}
    record(1)
    assert outbox.lag()["test"] > 0
    outbox.drain("test")
    assert Cursor.objects.get(pk="test").current_at is not None


def test_with_redis_away_a_change_is_still_recorded_and_found(seen, stop_redis):
    stop_redis()
    record(1)
    assert outbox.drain("test") == 1


def test_a_consumer_that_fails_does_not_keep_the_others_from_their_changes(seen, monkeypatch, settings):
    settings.OUTBOX_CONSUMERS = {"broken": "nowhere", "test": "nowhere"}
    good = outbox.room_of

    def fail(*_):
        raise RuntimeError

    broken = SimpleNamespace(apply_changes=fail, rebuild=lambda: None)
    monkeypatch.setattr(outbox, "room_of", lambda name: broken if name == "broken" else good(name))
    record(1)

    with pytest.raises(ExceptionGroup):
        outbox.drain_all()

    assert seen.batches == [{"lead": {1}}]
    assert outbox.lag()["broken"] > 0


def test_a_rebuild_asked_for_while_another_runs_is_still_to_be_done(seen):
    def rebuild():
        seen.rebuilt += 1
        if seen.rebuilt == 1:
            outbox.want_rebuild("test")

    seen.rebuild = rebuild
    outbox.want_rebuild("test")
    outbox.drain("test")
    assert seen.rebuilt == 1
    outbox.drain("test")
    outbox.drain("test")
    assert seen.rebuilt == 2


def test_a_drain_leaves_a_running_rebuild_alone(seen):
    outbox.want_rebuild("test")
    record(1)
    holding, may_go = Event(), Event()

    def hold():
        with outbox.consumer_lock("test"):
            holding.set()
            may_go.wait(10)
        connection.close()

    other = Thread(target=hold)
    other.start()
    holding.wait(10)
    assert (outbox.drain("test"), seen.rebuilt) == (0, 0)
    may_go.set()
    other.join()
    assert (outbox.drain("test"), seen.rebuilt) == (1, 1)
