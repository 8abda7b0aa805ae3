"""The data model through kazoo: every kind of znode, versions, stats and refusals."""

import shutil
import time
import zlib

import pytest
from kazoo.exceptions import (
    BadArgumentsError, BadVersionError, NoChildrenForEphemeralsError, NodeExistsError, NoNodeError,
    NotEmptyError)
from support.jute import Writer
from support.servers import ApacheZooKeeper
from support.wire import Err, Flag, Op, RawClient, create_body, path_version_body, read_stat


def test_a_created_znode_is_read_back_with_its_data_and_stat(zk):
    assert zk.create("/a", b"hello") == "/a"
    data, stat = zk.get("/a")
    assert data == b"hello"
    assert (stat.version, stat.cversion, stat.aversion) == (0, 0, 0)
    assert stat.czxid == stat.mzxid == stat.pzxid > 0
    assert stat.ctime == stat.mtime
    assert abs(stat.ctime - time.time() * 1000) < 60_000
    assert (stat.dataLength, stat.numChildren, stat.ephemeralOwner) == (5, 0, 0)


def test_create_with_stat_returns_the_same_stat_as_get(zk):
    path, stat = zk.create("/a", b"x", include_data=True)
    assert path == "/a"
    assert stat == zk.get("/a")[1]


def test_empty_and_large_values_survive_a_round_trip(zk):
    for size in (0, 1, 1000, 1_000_000):
        value = bytes(index % 251 for index in range(size))
        zk.create(f"/size{size}", value)
        assert zk.get(f"/size{size}")[0] == value


def test_unicode_names_are_kept(zk):
    names = ["grüße", "节点", "with space", "dots.and-dashes_"]
    for name in names:
        zk.create(f"/{name}", b"")
    assert sorted(zk.get_children("/")) == sorted(names)


def test_set_raises_the_version_and_keeps_the_creation_stamp(zk):
    _, created = zk.create("/a", b"1", include_data=True)
    stat = zk.set("/a", b"22")
    assert stat.version == 1
    assert stat.czxid == created.czxid
    assert stat.mzxid > created.mzxid
    assert stat.mtime >= created.mtime
    assert stat.dataLength == 2
    assert zk.get("/a") == (b"22", stat)


def test_set_and_delete_with_the_wrong_version_are_refused_and_change_nothing(zk):
    zk.create("/a", b"1")
    zk.set("/a", b"2", version=0)
    for version in (0, 2, 17):
        with pytest.raises(BadVersionError):
            zk.set("/a", b"3", version=version)
        with pytest.raises(BadVersionError):
            zk.delete("/a", version=version)
    assert zk.get("/a")[0] == b"2"
    zk.delete("/a", version=1)
    assert zk.exists("/a") is None


def test_everything_on_an_absent_znode_is_no_node(zk):
    for attempt in (
        lambda: zk.get("/absent"), lambda: zk.set("/absent", b""), lambda: zk.delete("/absent"),
        lambda: zk.get_children("/absent"), lambda: zk.get_acls("/absent"),
        lambda: zk.create("/absent/child", b""),
    ):
        with pytest.raises(NoNodeError):
            attempt()
    assert zk.exists("/absent") is None


def test_creating_a_znode_twice_is_node_exists(zk):
    zk.create("/a", b"first")
    with pytest.raises(NodeExistsError):
        zk.create("/a", b"second")
    assert zk.get("/a")[0] == b"first"


def test_a_znode_with_children_is_not_deleted(zk):
    zk.create("/a", b"")
    zk.create("/a/b", b"")
    with pytest.raises(NotEmptyError):
        zk.delete("/a")
    zk.delete("/a/b")
    zk.delete("/a")
    assert zk.exists("/a") is None


def test_children_and_the_parents_stat_follow_creates_and_deletes(zk):
    zk.create("/p", b"")
    for name in ("x", "y", "z"):
        zk.create(f"/p/{name}", b"")
    zk.delete("/p/y")
    children, stat = zk.get_children("/p", include_data=True)
    assert sorted(children) == ["x", "z"]
    assert stat.numChildren == 2
    assert stat.cversion == 4
    assert stat.version == 0
    assert stat.pzxid > zk.get("/p/z")[1].czxid


def test_a_childs_data_leaves_the_parents_stat_alone(zk):
    zk.create("/p", b"")
    zk.create("/p/c", b"")
    before = zk.exists("/p")
    zk.set("/p/c", b"new")
    assert zk.exists("/p") == before


def test_sequential_names_have_ten_digits_and_count_up_per_parent(zk):
    zk.create("/p", b"")
    names = [zk.create("/p/n-", b"", sequence=True) for _ in range(3)]
    assert names == ["/p/n-0000000000", "/p/n-0000000001", "/p/n-0000000002"]
    zk.delete(names[2])
    other = zk.create("/p/other-", b"", sequence=True)
    # A delete moves the counter as well as a create does in ZooKeeper's cversion, but not here.
    assert other == "/p/other-0000000003"
    zk.create("/q", b"")
    assert zk.create("/q/n-", b"", sequence=True) == "/q/n-0000000000"


@pytest.mark.slow
def test_a_sequence_at_its_largest_number_is_apaches(server_class, tmp_path):
    """Both servers begin with one snapshot, in which a counter is three short of its end."""
    if server_class.is_apache or shutil.which("java") is None:
        pytest.skip("compares this server with Apache")
    answers = []
    for kind in (server_class, ApacheZooKeeper):
        server = kind(tmp_path / kind.kind)
        write_apache_snapshot(server.data_dir, [
            ("", 2), ("/s", 2**31 - 3), ("/zookeeper", 1), ("/zookeeper/quota", 0)])
        server.start()
        try:
            with RawClient(server.host, server.port) as client:
                answers.append([sequential(client) for _ in range(5)] + [client.children("/s").err])
                stat = read_stat(client.exists("/s").body)
                answers[-1] += [stat.cversion, stat.num_children]
        finally:
            server.kill()
    assert answers[0] == answers[1]
    assert answers[0][:5] == [
        "/s/n2147483645", "/s/n2147483646", "/s/n2147483647", Err.NODE_EXISTS, Err.NODE_EXISTS]


def sequential(client):
    reply = client.create("/s/n", flags=Flag.SEQUENTIAL)
    return reply.err or reply.body.string()


def write_apache_snapshot(data_dir, znodes):
    """As Apache writes them: header, sessions, access lists, znodes, checksum."""
    body = Writer().raw(b"ZKSN").int(2).long(-1).int(0).int(0)
    for path, created in znodes:
        body.string(path).buffer(b"").long(-1)
        # czxid, mzxid, ctime, mtime; version, cversion, aversion; owner, pzxid
        body.long(1).long(1).long(0).long(0).int(0).int(created).int(0).long(0).long(1)
    body.string("/")
    body.long(zlib.adler32(bytes(body.bytes))).string("/")
    (data_dir / "version-2").mkdir(parents=True)
    (data_dir / "version-2" / "snapshot.1").write_bytes(body.bytes)


@pytest.mark.ours_only("it counts only what is applied")
def test_pipelined_creations_do_not_pass_a_hard_quota(new_server):
    server = new_server({"enforceQuota": "true"})
    with RawClient(server.host, server.port) as client:
        for path, data in (
            ("/q", b""), ("/zookeeper/quota/q", b""),
            ("/zookeeper/quota/q/zookeeper_limits", b"count=-1,bytes=-1=;countHardLimit=50"),
            ("/zookeeper/quota/q/zookeeper_stats", b"count=0,bytes=0"),
        ):
            assert client.create(path, data).err == Err.OK
        for number in range(500):
            client.send(Op.CREATE, create_body(f"/q/n{number}"))
        errors = [client.read_reply().err for _ in range(500)]
        assert errors == [Err.OK] * 49 + [Err.QUOTA_EXCEEDED] * 451
        assert client.get("/zookeeper/quota/q/zookeeper_stats").body.buffer() == b"count=50,bytes=0"


def test_a_sequential_name_can_be_only_the_number(zk):
    zk.create("/p", b"")
    assert zk.create("/p/", b"", sequence=True) == "/p/0000000000"


def test_an_ephemeral_names_its_owner_and_takes_no_children(zk):
    zk.create("/e", b"", ephemeral=True)
    assert zk.exists("/e").ephemeralOwner == zk.client_id[0]
    with pytest.raises(NoChildrenForEphemeralsError):
        zk.create("/e/child", b"")


def test_an_ephemeral_sequential_is_both(zk):
    path = zk.create("/lock-", b"", ephemeral=True, sequence=True)
    assert path == "/lock-0000000000"
    assert zk.exists(path).ephemeralOwner == zk.client_id[0]


def test_a_recursive_delete_empties_a_deep_tree(zk):
    zk.ensure_path("/a/b/c/d/e")
    zk.create("/a/b/leaf", b"")
    zk.delete("/a", recursive=True)
    assert zk.exists("/a") is None


def test_a_thousand_children_are_listed(zk):
    zk.create("/p", b"")
    pending = [zk.create_async(f"/p/child{index:04d}", b"") for index in range(1000)]
    for result in pending:
        result.get(timeout=20)
    assert sorted(zk.get_children("/p")) == [f"child{index:04d}" for index in range(1000)]
    assert zk.exists("/p").numChildren == 1000


def test_sync_answers_with_the_path(zk):
    zk.create("/a", b"")
    assert zk.sync("/a") == "/a"


def test_the_root_and_the_reserved_znodes_are_there(kazoo_of, server):
    zk = kazoo_of(server)
    assert "zookeeper" in zk.get_children("/")
    assert {"config", "quota"} <= set(zk.get_children("/zookeeper"))
    with pytest.raises((BadArgumentsError, NotEmptyError)):
        zk.delete("/")


def test_a_chroot_hides_everything_above_it(another, zk):
    zk.create("/inner", b"")
    inner = another()
    inner.chroot += "/inner"
    inner.create("/deep", b"v")
    assert zk.get("/inner/deep")[0] == b"v"
    assert inner.get_children("/") == ["deep"]


def test_a_container_goes_when_its_last_child_has_gone(raw, root, eventually):
    client = raw()
    path = f"{root}/container"
    reply = client.call(Op.CREATE_CONTAINER, create_body(path, flags=Flag.CONTAINER))
    assert reply.err == Err.OK
    assert reply.body.string() == path
    # The kind is kept where an owner would be; clients are shown no owner.
    assert read_stat(reply.body).ephemeral_owner == 0
    assert client.create(f"{path}/child").err == Err.OK
    assert client.delete(f"{path}/child").err == Err.OK
    eventually(lambda: client.exists(path).err == Err.NO_NODE, what="the container's removal")


def test_a_container_that_never_had_a_child_stays(raw, root):
    client = raw()
    path = f"{root}/container"
    assert client.call(Op.CREATE_CONTAINER, create_body(path, flags=Flag.CONTAINER)).err == 0
    # Two checks of emptied containers have passed for certain once another one has been removed.
    for probe in range(2):
        emptied = f"{root}/emptied{probe}"
        client.call(Op.CREATE_CONTAINER, create_body(emptied, flags=Flag.CONTAINER))
        client.create(f"{emptied}/child")
        client.delete(f"{emptied}/child")
        deadline = time.monotonic() + 10
        while client.exists(emptied).err == Err.OK:
            assert time.monotonic() < deadline, "an emptied container was not removed"
            time.sleep(0.05)
    assert client.exists(path).err == Err.OK


def test_a_ttl_znode_goes_after_its_time_unless_it_is_written(raw, root, eventually):
    client = raw()
    short, kept = f"{root}/short", f"{root}/kept"
    assert client.create_ttl(short, 300).err == Err.OK
    assert client.create_ttl(kept, 3_600_000).err == Err.OK
    eventually(lambda: client.exists(short).err == Err.NO_NODE, what="the TTL znode's removal")
    assert client.exists(kept).err == Err.OK


def test_a_ttl_znode_with_a_child_outlives_its_time(raw, root, eventually):
    client = raw()
    parent, probe = f"{root}/parent", f"{root}/probe"
    assert client.create_ttl(parent, 200).err == Err.OK
    assert client.create(f"{parent}/child").err == Err.OK
    assert client.create_ttl(probe, 600).err == Err.OK
    eventually(lambda: client.exists(probe).err == Err.NO_NODE, what="the younger one's removal")
    assert client.exists(parent).err == Err.OK
    assert client.delete(f"{parent}/child").err == Err.OK
    eventually(lambda: client.exists(parent).err == Err.NO_NODE, what="the parent's removal")


def test_a_sequential_ttl_znode_gets_a_number(raw, root):
    client = raw()
    reply = client.create_ttl(f"{root}/n-", 60_000, Flag.SEQUENTIAL_TTL)
    assert (reply.err, reply.body.string()) == (Err.OK, f"{root}/n-0000000000")


@pytest.mark.parametrize("ttl_ms", [0, -1, 2**40])
def test_a_ttl_out_of_range_is_bad_arguments(raw, root, ttl_ms):
    assert raw().create_ttl(f"{root}/t", ttl_ms).err == Err.BAD_ARGUMENTS


@pytest.mark.parametrize("path", [
    "", "relative", "//double", "/.", "/..", "/nul\x00", "/ctrl\x01", "/del\x7f", "/private\ue000",
    "/special\ufff0", "/beyond-the-basic-plane-\U0001f600",
])
def test_a_malformed_path_is_bad_arguments_and_the_session_lives_on(raw, path):
    client = raw()
    assert client.create(path).err == Err.BAD_ARGUMENTS
    assert client.exists("/").err == Err.OK


@pytest.mark.parametrize("path", ["/trailing/", "/a//b", "/a/./b", "/a/../b"])
def test_a_malformed_path_below_an_absent_parent_is_refused_for_either_reason(raw, path):
    client = raw()
    assert client.create(path).err in (Err.BAD_ARGUMENTS, Err.NO_NODE)
    assert client.exists("/").err == Err.OK


def test_a_create_with_flags_that_mean_nothing_is_bad_arguments(raw, root):
    client = raw()
    assert client.create(f"{root}/a", flags=99).err == Err.BAD_ARGUMENTS
    assert client.exists(f"{root}/a").err == Err.NO_NODE


def test_a_version_of_minus_one_means_any(raw, root):
    client = raw()
    client.create(f"{root}/a")
    for _ in range(3):
        assert client.set(f"{root}/a", b"x", -1).err == Err.OK
    assert client.call(Op.DELETE, path_version_body(f"{root}/a", -1)).err == Err.OK
