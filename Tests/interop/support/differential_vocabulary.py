"""What the random requests of the differential test are made of.

Paths are in areas:

- /open: everybody may read everything, so that watches can be set anywhere;
- /secret: lists that keep READ to some, and no watches (`differential_known.AVOIDED`);
- /limited: quotas that are enforced, and no pipelining.
"""

from .wire import Flag, Op

OPEN, SECRET, LIMITED = AREAS = ("/open", "/secret", "/limited")
NAMES = ["a", "b", "c", "d", "e", "ab", "a-", "ü", "日本", " ", "x.y", "...", "zookeeper"]
# Above this many known paths the generator deletes more than it creates.
ENOUGH_ZNODES = 300
DEEPEST = 5
USERS = ["u1:p1", "u2:p2", "u3:päss"]
SUPER_USER = "super:secret"

STANDARD, PERSISTENT, RECURSIVE = "standard", "persistent", "recursive"
CHILDREN, DATA, ANY = 1, 2, 3

BAD_PATHS = [
    "", "a", "a/b", "/a/", "//", "/open//a", "/open/.", "/open/..", "/open/./a", "/../a",
    "/open/a/", "/open/a\x00b", "/open/\x01", "/open/\x1f", "/open/\x7f", "/open/\x9f",
    "/open/\ud7ff",
    "/open/\ue000", "/open/\uf8ff", "/open/\uf900", "/open/\uffef", "/open/\ufff0", "/open/\uffff",
    "/open/\U0001f600", "/open/" + "n" * 3000, "/open" + "/d" * 300, "/open/\xa0", "/open/\x80",
]
BAD_VERSIONS = [-2, 2**31 - 1, -(2**31), 0, 1, 7]
BAD_FLAGS = [-1, 7, 8, 100, 2**31 - 1, -(2**31)]
PLAIN_FLAGS = [
    Flag.PERSISTENT, Flag.EPHEMERAL, Flag.SEQUENTIAL, Flag.EPHEMERAL_SEQUENTIAL]

ANYONE = ("world", "anyone")
READABLE_LISTS = [
    [(31, *ANYONE)], [(31, *ANYONE)], [(31, *ANYONE)], [(1, *ANYONE)], [(5, *ANYONE)],
    [(13, *ANYONE), (31, "auth", "")], [(31, "auth", ""), (1, *ANYONE)],
    [(31, "auth", "ignored"), (1, *ANYONE)],
    [(1, *ANYONE), (30, "ip", "127.0.0.1")], [(1, *ANYONE), (30, "ip", "127.0.0.0/8")],
    [(1, *ANYONE), (30, "ip", "10.0.0.0/8")], [(1, *ANYONE), (30, "ip", "0.0.0.0/0")],
    [(1, *ANYONE), (1, *ANYONE), (31, *ANYONE)], [(0, *ANYONE), (31, *ANYONE)],
    [(-1, *ANYONE)], [(95, *ANYONE)],
    [(1, *ANYONE), (30, "digest", "u1:rHwTOUxxX4mPDUtxdKHKbXdtvBI=")],
    [(1, *ANYONE), (30, "digest", ":x")], [(1, *ANYONE), (30, "digest", "a:b:")],
]
SECRET_LISTS = [
    [(31, "auth", "")], [(30, *ANYONE)], [(2, *ANYONE)], [(0, *ANYONE)], [(16, *ANYONE)],
    [(31, "ip", "127.0.0.1")], [(31, "ip", "127.0.0.1/31")], [(31, "ip", "10.1.2.3")],
    [(17, "auth", ""), (4, *ANYONE)], [(31, *ANYONE)], [(31, *ANYONE)], [(64, *ANYONE)],
    [(1, "auth", ""), (30, "digest", "u2:nope")],
]
BAD_LISTS = [
    [], [(31, "nobody", "x")], [(31, "world", "someone")], [(31, "digest", "u1")],
    [(31, "digest", "a:b:c")], [(31, "digest", "a:")], [(31, "digest", ":")], [(31, "digest", "")],
    [(31, "ip", "1.2.3")], [(31, "ip", "1.2.3.256")], [(31, "ip", "1.2.3.4/33")],
    [(31, "ip", "1.2.3.4/-1")], [(31, "ip", "1.2.3.4/")], [(31, "ip", "localhost")],
    [(31, "ip", "")], [(31, "", "")], [(31, "super", "")], [(31, "x509", "CN=x")],
    [(31, "sasl", "x")], [(31, *ANYONE), (31, "nobody", "x")], [(31, "digest", "a:b::")],
]

CREATES = (Op.CREATE, Op.CREATE2, Op.CREATE_CONTAINER, Op.CREATE_TTL)
