"""Multi: all or nothing, and a result for each part."""

import pytest
from kazoo.exceptions import BadVersionError, NoNodeError, RolledBackError, RuntimeInconsistency
from support.wire import (
    Err, Op, create_body, multi_errors, path_version_body, path_watch_body, set_body)


def test_a_transaction_applies_every_part_and_returns_every_result(zk):
    zk.create("/old", b"")
    transaction = zk.transaction()
    transaction.create("/new", b"1")
    transaction.set_data("/new", b"2")
    transaction.check("/new", 1)
    transaction.create("/new/child", b"")
    transaction.delete("/old")
    results = transaction.commit()
    assert results[0] == "/new"
    assert results[1].version == 1
    assert results[2:] == [True, "/new/child", True]
    assert zk.get("/new")[0] == b"2"
    assert zk.exists("/old") is None


def test_all_parts_of_a_transaction_share_one_zxid(zk):
    transaction = zk.transaction()
    for name in ("a", "b", "c"):
        transaction.create(f"/{name}", b"")
    transaction.commit()
    assert len({zk.exists(f"/{name}").czxid for name in ("a", "b", "c")}) == 1


def test_a_failing_part_undoes_the_ones_before_and_names_itself(zk):
    zk.create("/there", b"")
    transaction = zk.transaction()
    transaction.create("/a", b"")
    transaction.set_data("/there", b"changed")
    transaction.check("/there", 17)
    transaction.create("/b", b"")
    results = transaction.commit()
    assert [type(result) for result in results] == [
        RolledBackError, RolledBackError, BadVersionError, RuntimeInconsistency]
    assert zk.exists("/a") is None
    assert zk.get("/there")[0] == b""
    assert zk.exists("/there").version == 0


def test_a_failed_transaction_leaves_no_trace_in_versions_or_sequence_numbers(zk):
    zk.create("/p", b"")
    before = zk.exists("/p")
    for _ in range(3):
        transaction = zk.transaction()
        transaction.create("/p/n-", b"", sequence=True)
        transaction.delete("/absent")
        results = transaction.commit()
        assert isinstance(results[1], NoNodeError)
    assert zk.exists("/p") == before
    assert zk.create("/p/n-", b"", sequence=True) == "/p/n-0000000000"


def test_a_transaction_can_create_then_delete_the_same_znode(zk):
    transaction = zk.transaction()
    transaction.create("/a", b"")
    transaction.delete("/a")
    transaction.create("/a", b"again")
    assert transaction.commit() == ["/a", True, "/a"]
    assert zk.get("/a")[0] == b"again"


def test_ephemerals_and_sequential_names_work_in_a_transaction(zk):
    transaction = zk.transaction()
    transaction.create("/e-", b"", ephemeral=True, sequence=True)
    transaction.create("/e-", b"", ephemeral=True, sequence=True)
    assert transaction.commit() == ["/e-0000000000", "/e-0000000001"]
    assert zk.exists("/e-0000000001").ephemeralOwner == zk.client_id[0]


def test_an_empty_transaction_succeeds(zk):
    assert zk.transaction().commit() == []


def test_the_error_codes_of_a_failed_multi_are_zero_then_the_error_then_inconsistency(raw, root):
    client = raw()
    reply = client.multi([
        (Op.CREATE, create_body(f"{root}/a")),
        (Op.DELETE, path_version_body(f"{root}/absent")),
        (Op.SET_DATA, set_body(f"{root}/a", b"")),
    ])
    assert multi_errors(reply.body) == [Err.OK, Err.NO_NODE, Err.RUNTIME_INCONSISTENCY]


@pytest.mark.parametrize("version, expected", [(0, Err.OK), (-1, Err.OK), (1, Err.BAD_VERSION)])
def test_check_in_a_multi_compares_the_data_version(raw, root, version, expected):
    client = raw()
    client.create(f"{root}/a")
    reply = client.multi([(Op.CHECK, path_version_body(f"{root}/a", version))])
    assert multi_errors(reply.body) == [expected]


def test_a_multi_takes_create2_and_answers_with_the_path(raw, root):
    client = raw()
    reply = client.multi([(Op.CREATE2, create_body(f"{root}/a", b"abc"))])
    # 3.8 answers as to create; later versions keep the opcode and add the stat.
    assert reply.body.int() in (Op.CREATE, Op.CREATE2)
    assert (reply.body.bool(), reply.body.int()) == (False, 0)
    assert reply.body.string() == f"{root}/a"


def test_a_read_inside_a_write_multi_costs_at_most_the_connection(raw, root):
    client = raw()
    try:
        client.multi([(Op.GET_DATA, path_watch_body(root)), (Op.CREATE, create_body(f"{root}/a"))])
    except Exception:
        pass
    client.drop()
    assert raw().exists(f"{root}/a").err == Err.NO_NODE


def test_a_multi_with_a_thousand_parts_is_one_step(raw, root):
    client = raw()
    operations = [(Op.CREATE, create_body(f"{root}/n{index}")) for index in range(1000)]
    reply = client.multi(operations)
    assert multi_errors(reply.body) == [Err.OK] * 1000
    assert len(client.children(root).body.strings()) == 1000
