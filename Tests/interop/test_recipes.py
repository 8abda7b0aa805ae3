"""Kazoo's recipes: what people build on a ZooKeeper, between several clients."""

import threading

import pytest
from kazoo.exceptions import LockTimeout
from kazoo.recipe.barrier import Barrier, DoubleBarrier
from kazoo.recipe.cache import TreeCache, TreeEvent
from kazoo.recipe.counter import Counter
from kazoo.recipe.election import Election
from kazoo.recipe.lock import Lock, Semaphore
from kazoo.recipe.partitioner import SetPartitioner
from kazoo.recipe.party import Party, ShallowParty
from kazoo.recipe.queue import LockingQueue, Queue


def test_a_lock_is_held_by_one_client_at_a_time(another, in_thread):
    inside, most = [], []
    guard = threading.Lock()

    def contend(client):
        for _ in range(5):
            with Lock(client, "/lock"):
                with guard:
                    inside.append(client)
                    most.append(len(inside))
                with guard:
                    inside.remove(client)

    tasks = [in_thread(contend, another()) for _ in range(4)]
    for task in tasks:
        task.result()
    assert len(most) == 20
    assert max(most) == 1


def test_a_lock_passes_on_when_its_holders_session_ends(zk, another, in_thread):
    holder = another()
    holder.Lock("/lock", "holder").acquire()
    waiting = zk.Lock("/lock", "waiter")
    with pytest.raises(LockTimeout):
        waiting.acquire(timeout=0.3)
    task = in_thread(waiting.acquire)
    holder.stop()
    assert task.result()
    assert waiting.contenders() == ["waiter"]


def test_readers_share_a_lock_and_a_writer_does_not(zk, another):
    one, two, writer = zk.ReadLock("/rw"), another().ReadLock("/rw"), another().WriteLock("/rw")
    assert one.acquire(timeout=5)
    assert two.acquire(timeout=5)
    with pytest.raises(LockTimeout):
        writer.acquire(timeout=0.3)
    one.release()
    two.release()
    assert writer.acquire(timeout=5)
    with pytest.raises(LockTimeout):
        one.acquire(timeout=0.3)
    writer.release()


def test_a_semaphore_admits_as_many_as_it_has_leases(another):
    semaphores = [Semaphore(another(), "/semaphore", max_leases=2) for _ in range(3)]
    assert semaphores[0].acquire(timeout=5)
    assert semaphores[1].acquire(timeout=5)
    with pytest.raises(LockTimeout):
        semaphores[2].acquire(timeout=0.3)
    semaphores[0].release()
    assert semaphores[2].acquire(timeout=5)


def test_an_election_has_one_leader_and_the_next_follows(another, in_thread):
    leading, resign = [], [threading.Event() for _ in range(3)]
    became = threading.Semaphore(0)

    def lead(number):
        leading.append(number)
        became.release()
        assert resign[number].wait(15)

    tasks = []
    for number in range(3):
        election = Election(another(), "/election", str(number))
        tasks.append(in_thread(election.run, lead, number))
    for _ in range(3):
        assert became.acquire(timeout=15)
        resign[leading[-1]].set()
    for task in tasks:
        task.result()
    assert sorted(leading) == [0, 1, 2]


def test_a_queue_hands_out_entries_in_order_and_by_priority(zk, another):
    queue = Queue(zk, "/queue")
    for entry in (b"one", b"two", b"three"):
        queue.put(entry)
    queue.put(b"urgent", priority=10)
    assert len(queue) == 4
    consumer = Queue(another(), "/queue")
    assert [consumer.get() for _ in range(5)] == [b"urgent", b"one", b"two", b"three", None]


def test_a_locking_queue_gives_an_entry_to_one_consumer(zk, another):
    producer = LockingQueue(zk, "/queue")
    producer.put_all([b"a", b"b"])
    one, two = LockingQueue(another(), "/queue"), LockingQueue(another(), "/queue")
    assert one.get(timeout=5) == b"a"
    assert two.get(timeout=5) == b"b"
    assert one.consume() and two.consume()
    assert len(producer) == 0


def test_a_counter_loses_no_increment_of_concurrent_clients(another, in_thread):
    def count(client):
        counter = Counter(client, "/counter")
        for _ in range(10):
            counter += 1

    tasks = [in_thread(count, another()) for _ in range(3)]
    for task in tasks:
        task.result()
    assert Counter(another(), "/counter").value == 30


def test_a_barrier_holds_until_it_is_removed(zk, another, in_thread):
    barrier = Barrier(zk, "/barrier")
    barrier.create()
    waiting = Barrier(another(), "/barrier")
    assert not waiting.wait(timeout=0.2)
    task = in_thread(waiting.wait, 10)
    barrier.remove()
    assert task.result()


def test_a_double_barrier_lets_all_in_and_all_out_together(another, in_thread):
    entered = []

    def go(number, client):
        barrier = DoubleBarrier(client, "/double", 3)
        barrier.enter()
        entered.append(number)
        barrier.leave()
        return len(entered)

    tasks = [in_thread(go, number, another()) for number in range(3)]
    assert [task.result() for task in tasks] == [3, 3, 3]


@pytest.mark.parametrize("kind", [Party, ShallowParty])
def test_a_party_counts_who_is_there(zk, another, kind):
    guest, host = kind(another(), "/party", "guest"), kind(zk, "/party", "host")
    host.join()
    guest.join()
    assert len(host) == 2
    assert set(host) == {"host", "guest"}
    guest.leave()
    assert list(host) == ["host"]


def test_a_set_is_partitioned_without_overlap_and_again_when_one_leaves(
        another, in_thread, eventually):
    everything = {f"shard{number}" for number in range(6)}
    leave = [threading.Event(), threading.Event()]
    shares = [set(), set()]

    def take_part(number, client):
        mine = SetPartitioner(
            client, "/partition", sorted(everything), identifier=str(number), time_boundary=0.3)
        while not leave[number].is_set():
            if mine.acquired:
                shares[number] = set(mine)
                leave[number].wait(0.02)
                continue
            shares[number] = set()
            assert not mine.failed
            if mine.release:
                mine.release_set()
            else:
                mine.wait_for_acquire(0.5)
        shares[number] = set()
        mine.finish()

    tasks = [in_thread(take_part, number, another()) for number in range(2)]
    eventually(
        lambda: all(shares) and shares[0] | shares[1] == everything and not shares[0] & shares[1],
        limit_s=20, what="the partition")
    leave[1].set()
    tasks[1].result()
    eventually(lambda: shares[0] == everything, limit_s=20, what="the new partition")
    leave[0].set()
    tasks[0].result()


def test_a_tree_cache_follows_a_whole_subtree(zk, another, eventually):
    zk.ensure_path("/cached/a/b")
    events = []
    cache = TreeCache(another(), "/cached")
    cache.listen(lambda event: events.append(event.event_type))
    cache.start()
    eventually(lambda: TreeEvent.INITIALIZED in events, what="the first load")
    zk.set("/cached/a/b", b"value")
    zk.create("/cached/new", b"n")
    eventually(lambda: getattr(cache.get_data("/cached/a/b"), "data", None) == b"value")
    eventually(lambda: cache.get_data("/cached/new"))
    assert sorted(cache.get_children("/cached")) == ["a", "new"]
    zk.delete("/cached/a", recursive=True)
    eventually(lambda: cache.get_data("/cached/a") is None, what="the removal")
    cache.close()


def test_a_data_watch_sees_every_state_from_absent_to_deleted(zk, eventually):
    seen = []
    zk.DataWatch("/a", lambda data, stat: seen.append(data))
    for step in (
        lambda: zk.create("/a", b"1"), lambda: zk.set("/a", b"2"), lambda: zk.delete("/a"),
    ):
        before = len(seen)
        step()
        eventually(lambda: len(seen) > before, what="the next call")
    assert seen == [None, b"1", b"2", None]


def test_a_children_watch_sees_members_come_and_go(zk, eventually):
    seen = []
    zk.create("/p", b"")
    zk.ChildrenWatch("/p", lambda children: seen.append(sorted(children)))
    zk.create("/p/a", b"")
    eventually(lambda: seen[-1] == ["a"])
    zk.create("/p/b", b"")
    eventually(lambda: seen[-1] == ["a", "b"])
    zk.delete("/p/a")
    eventually(lambda: seen[-1] == ["b"])
    assert seen[0] == []
