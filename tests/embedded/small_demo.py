"""The demo with small programs in place of the product's. Arguments: root, port."""

import sys
from pathlib import Path

from justdriving.embedded import database_settings, demo, redis_urls
from justdriving.embedded.programs import Part

WEB = """
import http.server, socket, sys
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler, False)
server.socket = socket.socket(fileno=int(sys.argv[1]))
server.serve_forever()
"""
FAMILY = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("numbers", os.getpid(), child.pid, flush=True)
time.sleep(600)
"""


def prepare(_supervisor):
    root = Path(sys.argv[1])
    database_settings(root, purpose="test")
    redis_urls(root, purpose="test")


def load(supervisor):
    return supervisor.step("logins", [sys.executable, "-c", "print('Owner: anna')"], quiet=True)


def parts(sockets):
    return [
        Part("web", [sys.executable, "-c", WEB, str(sockets[0])], keep=sockets),
        Part("family", [sys.executable, "-u", "-c", FAMILY]),
    ]


if __name__ == "__main__":
    later = [sys.executable, "-c", "print('all told'); raise SystemExit(3)"]
    plan = demo.Plan(prepare, parts, load, afterwards=later)
    sys.exit(demo.run(plan, "localhost", int(sys.argv[2])))
