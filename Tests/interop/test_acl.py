"""Access control: what each permission guards, and who counts as whom."""

import pytest
from kazoo.exceptions import AuthFailedError, BadVersionError, InvalidACLError, NoAuthError
from kazoo.security import (
    ACL, CREATOR_ALL_ACL, OPEN_ACL_UNSAFE, READ_ACL_UNSAFE, Id, make_acl, make_digest_acl)
from support.jute import Writer
from support.wire import Err, Flag, Op, create_body


def test_the_default_acl_is_open_to_the_world(zk):
    zk.create("/a", b"")
    acls, stat = zk.get_acls("/a")
    assert acls == OPEN_ACL_UNSAFE
    assert stat.aversion == 0


def test_set_acls_raises_the_acl_version_only(zk):
    zk.create("/a", b"")
    zk.set_acls("/a", READ_ACL_UNSAFE + make_admin(), version=0)
    stat = zk.exists("/a")
    assert (stat.aversion, stat.version, stat.cversion) == (1, 0, 0)
    with pytest.raises(BadVersionError):
        zk.set_acls("/a", OPEN_ACL_UNSAFE, version=0)


def test_a_digest_guards_every_permission_on_its_own(zk, another):
    zk.add_auth("digest", "owner:secret")
    zk.create("/a", b"data", acl=[make_digest_acl("owner", "secret", all=True)])
    zk.create("/a/child", b"")
    stranger = another()
    for attempt in (
        lambda: stranger.get("/a"), lambda: stranger.get_children("/a"),
        lambda: stranger.set("/a", b""), lambda: stranger.create("/a/new", b""),
        lambda: stranger.delete("/a/child"), lambda: stranger.set_acls("/a", OPEN_ACL_UNSAFE),
    ):
        with pytest.raises(NoAuthError):
            attempt()
    stranger.add_auth("digest", "owner:secret")
    assert stranger.get("/a")[0] == b"data"
    stranger.delete("/a/child")


def test_a_wrong_password_is_accepted_and_opens_nothing(zk, another):
    zk.add_auth("digest", "owner:secret")
    zk.create("/a", b"", acl=CREATOR_ALL_ACL)
    stranger = another()
    stranger.add_auth("digest", "owner:guess")
    with pytest.raises(NoAuthError):
        stranger.get("/a")


def test_the_auth_scheme_stands_for_whoever_creates(zk):
    zk.add_auth("digest", "owner:secret")
    zk.create("/a", b"", acl=CREATOR_ALL_ACL)
    acls, _ = zk.get_acls("/a")
    assert acls == [make_digest_acl("owner", "secret", all=True)]


def test_the_auth_scheme_without_any_identity_is_an_invalid_acl(zk):
    with pytest.raises(InvalidACLError):
        zk.create("/a", b"", acl=CREATOR_ALL_ACL)


def test_one_session_can_have_several_identities(zk):
    zk.add_auth("digest", "one:1")
    zk.add_auth("digest", "two:2")
    zk.create("/a", b"", acl=CREATOR_ALL_ACL)
    assert {acl.id.id.split(":")[0] for acl in zk.get_acls("/a")[0]} == {"one", "two"}


@pytest.mark.parametrize("address, allowed", [
    ("127.0.0.1", True), ("127.0.0.0/8", True), ("10.0.0.0/8", False), ("127.0.0.2", False)])
def test_an_ip_acl_admits_addresses_of_its_net(zk, address, allowed):
    zk.create("/a", b"x", acl=[make_acl("ip", address, read=True)] + make_admin())
    if allowed:
        assert zk.get("/a")[0] == b"x"
    else:
        with pytest.raises(NoAuthError):
            zk.get("/a")


def test_a_read_only_znode_can_be_read_and_not_written(zk):
    zk.create("/a", b"x", acl=READ_ACL_UNSAFE)
    assert zk.get("/a")[0] == b"x"
    with pytest.raises(NoAuthError):
        zk.set("/a", b"y")
    with pytest.raises(NoAuthError):
        zk.create("/a/child", b"")


def test_delete_is_a_permission_of_the_parent(zk):
    zk.create("/p", b"", acl=[make_acl("world", "anyone", read=True, create=True, admin=True)])
    zk.create("/p/c", b"")
    with pytest.raises(NoAuthError):
        zk.delete("/p/c")


@pytest.mark.parametrize("acl", [
    [], [(31, "unheard-of", "x")], [(31, "world", "someone")], [(31, "ip", "not an address")],
    [(31, "digest", "no colon")],
])
def test_an_acl_that_means_nothing_is_refused(raw, root, acl):
    client = raw()
    assert client.create(f"{root}/a", acl=acl).err == Err.INVALID_ACL
    assert client.exists(f"{root}/a").err == Err.NO_NODE


def test_an_unknown_auth_scheme_fails_and_ends_the_connection(another):
    stranger = another()
    with pytest.raises(AuthFailedError):
        stranger.add_auth("unheard-of", "x")


def test_a_failing_part_of_a_transaction_reports_no_auth(zk):
    zk.create("/a", b"", acl=READ_ACL_UNSAFE)
    transaction = zk.transaction()
    transaction.create("/b", b"")
    transaction.set_data("/a", b"")
    results = transaction.commit()
    assert isinstance(results[1], NoAuthError)
    assert zk.exists("/b") is None


def test_a_guarded_parent_hides_nothing_of_an_open_child(zk, another):
    zk.add_auth("digest", "owner:secret")
    zk.create("/p", b"", acl=CREATOR_ALL_ACL)
    zk.create("/p/open", b"x", acl=OPEN_ACL_UNSAFE)
    assert another().get("/p/open")[0] == b"x"


@pytest.mark.ours_only("3.8 answers exists without asking the ACL (ZOOKEEPER-2590, fixed in 3.9.2)")
def test_exists_needs_read_permission(zk, another):
    zk.add_auth("digest", "owner:secret")
    zk.create("/a", b"", acl=CREATOR_ALL_ACL)
    with pytest.raises(NoAuthError):
        another().exists("/a")


def test_acl_entries_come_back_in_the_order_they_were_given(raw, root):
    client = raw()
    acl = [(1, "ip", "10.0.0.1"), (31, "world", "anyone"), (2, "ip", "10.0.0.2")]
    assert client.call(Op.CREATE, create_body(f"{root}/a", b"", Flag.PERSISTENT, acl)).err == 0
    body = client.call(Op.GET_ACL, Writer().string(f"{root}/a").bytes).body
    assert [(body.int(), body.string(), body.string()) for _ in range(body.int())] == acl


def make_admin():
    return [ACL(perms=16, id=Id("world", "anyone"))]
