"""A rapl-export that runs, with its input in the tester's hands."""
import http.client
import os
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.environ["ROOT"], "tests", "bad"))
import write_stream  # noqa: E402

PATIENCE = 120  # s until a test gives up; nothing waits for it otherwise
CHANNELS = [write_stream.channel(c + ",f32,gauge")
            for c in ["idle,W"] + write_stream.PREDICTION] + [
                write_stream.channel("part,1,u8,gauge")]
tests = 0


def ok(good, name, why=""):
    global tests
    tests += 1
    print(("ok" if good else "not ok") + f" {tests} - {name}", flush=True)
    if not good and why != "":
        print("# " + str(why)[:2000].replace("\n", "\n# "), flush=True)
    return good


def until(what, name):
    """Ask again and again until it is so."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if what():
            return ok(True, name)
        time.sleep(0.02)
    return ok(False, name)


class Exporter:
    def __init__(self, *options, listen=("127.0.0.1:0",)):
        self.words = open("words", "w+")
        ears = [word for at in listen for word in ("--listen", at)]
        self.p = subprocess.Popen(
            ["rapl-export", *ears, *options], stdin=subprocess.PIPE,
            stderr=self.words, bufsize=0)
        self.segment, self.last = None, 0
        self.at = []
        while len(self.at) < len(listen) and self.p.poll() is None:
            self.words.seek(0)
            self.at = [line.split()[1] for line in self.words
                       if line.endswith("/metrics\n")]
            time.sleep(0.01)

    def said(self):
        self.words.seek(0)
        return self.words.read()

    def port(self):
        return int(self.at[0].split(":")[2].split("/")[0])

    def ask(self, path="/metrics", method="GET", body=None, host="127.0.0.1"):
        c = http.client.HTTPConnection(host, self.port(), timeout=PATIENCE)
        c.request(method, path, body)
        r = c.getresponse()
        text = r.read().decode()
        c.close()
        return r.status, dict(r.getheaders()), text

    def metrics(self):
        """Value by series."""
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1])
                for line in self.ask()[2].splitlines() if line[0] != "#"}

    def begin(self, **meta):
        if self.segment:
            self.segment.end(None)
        self.segment = write_stream.Segment(self.p.stdin)
        self.segment.header(3, 1, CHANNELS,
                            {"targets": "package", "model_sha256": "ab" * 32,
                             **meta}, None)

    def feed(self, watts, ahead=0, dt=1, idle="nan", measured="nan"):
        """A sample of now, or of so many seconds ahead."""
        if not self.segment:
            self.begin()
        self.last = max(self.last + 1, time.time_ns() + ahead * 10**9)
        self.segment.block([[self.last, idle, watts, watts - 1, watts + 1, 1,
                             measured, dt, 0]], CHANNELS, None)

    def fd_count(self):
        return len(os.listdir(f"/proc/{self.p.pid}/fd"))

    def end(self, how=signal.SIGTERM):
        """Stop it, by a signal or, with None, by the end of its input."""
        if how is None:
            self.segment.end(None)
            self.p.stdin.close()
        else:
            self.p.send_signal(how)
        code = self.p.wait(PATIENCE)
        if how is not None:
            self.p.stdin.close()
        return code
