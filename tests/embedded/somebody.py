"""A process that uses the embedded servers until its input ends. Arguments: root, purpose."""

import json
import sys
from pathlib import Path

from justdriving.embedded import database_settings, redis_urls


def main() -> None:
    root, purpose = sys.argv[1:]
    database = database_settings(Path(root), purpose=purpose)
    urls = redis_urls(Path(root), purpose=purpose)
    sys.stdout.write(json.dumps({"database": database, "urls": urls}) + "\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
