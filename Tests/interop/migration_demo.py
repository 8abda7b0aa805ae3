"""Three Apache servers are replaced one by one with ours and back again, under load: see `--help`.

Exits with 0 if no session expired and no write was lost.
"""

import argparse
import logging
import shutil
import sys
import tempfile
from pathlib import Path

from support.ensemble import Ensemble
from support.migration import Migration, version
from support.mixed import APACHE, APACHE_3_9
from support.network import LOOPBACK
from support.servers import ZKNode

VERSIONS = {"3.8": APACHE, "3.9": APACHE_3_9}


def main():
    options = parse()
    # Of each connection that a server closes as it stops.
    logging.getLogger("kazoo").setLevel(logging.CRITICAL)
    if not ZKNode.binary().exists():
        sys.exit(f"{ZKNode.binary()} is not there: run tools/test.sh interop once")
    kind = VERSIONS[options.apache]
    if shutil.which("java") is None or not kind.is_here():
        sys.exit(f"Apache ZooKeeper {options.apache} is not here: run tools/test.sh interop once")
    directory = Path(tempfile.mkdtemp(prefix="zknode-migration-"))
    ensemble = Ensemble(
        None, directory, kinds=[kind] * 3, config={"tickTime": 500, "syncLimit": 6},
        network=LOOPBACK)
    try:
        ensemble.start()
        print(f"Three servers of Apache ZooKeeper {version(ensemble.members[0].server)} at "
              f"{ensemble.hosts}, four clients that write and read, and one that holds a lock and a "
              f"watch. Data in {directory}")
        Migration(ensemble, lambda line: print(line, flush=True), options.between).run()
    except (AssertionError, RuntimeError) as error:
        print(f"FAILED: {error}\n{ensemble.logs(15)}\nKept for a look: {directory}")
        return 1
    finally:
        ensemble.close()
    if not options.keep:
        shutil.rmtree(directory)
    print("PASSED")
    return 0


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument(
        "--between", type=float, default=2.0, help="seconds under load between two steps")
    parser.add_argument(
        "--apache", choices=VERSIONS, default="3.8", help="the version of Apache ZooKeeper")
    parser.add_argument("--keep", action="store_true", help="keep the data at the end")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
