"""A process that has the slow imports behind it, and forks a child for every job that would repeat them.

Importing torch and scikit-learn costs a job more than a short training does. Snakemake's main process starts one
process for its run (`start`); a job asks it to run its script (`hand_over`), waits, and leaves with the same status.
To Snakemake nothing differs: a job is a process with its own files, log and failure. Where there is no such process
(another machine, another environment, a script that is run by hand, any system but Linux) a job runs by itself.

The modules of this library are not among the imports: every child reads its own, as any job does.
"""

from __future__ import annotations

import ctypes
import gc
import hashlib
import json
import os
import runpy
import secrets
import selectors
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import NoReturn

# Set to `off`, every job runs by itself.
VARIABLE = "GANAUG_WARM"
PRELOADED = (
    "snakemake.logging",
    "snakemake.iocontainers",
    "torch",
    "safetensors.torch",
    "sklearn.metrics",
    "tqdm",
)
# What libraries read once, when they are imported. Snakemake sets all of them to the threads of a job.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
FORWARDED = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
STARTED = b"+"
PR_SET_PDEATHSIG = 1

_held: list[subprocess.Popen[bytes]] = []


def start(threads: int) -> None:
    """Start the warm process of this run, for jobs of so many ``threads``; it imports nothing until a job asks.

    It ends with this process, however that ends: it reads from a pipe whose other end nobody else has.
    """
    if sys.platform != "linux" or VARIABLE in os.environ:
        return
    settings = dict.fromkeys(THREADS, str(threads))
    token = secrets.token_hex(16)
    path = [str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    with socket.socket(socket.AF_UNIX) as listener:
        # Jobs may connect from here on; they wait until the process is there.
        listener.bind(_address(token, settings))
        listener.listen(1024)
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "ganaug.warm", str(listener.fileno()), str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env={**os.environ, **settings, "PYTHONPATH": os.pathsep.join(path)},
            pass_fds=[listener.fileno()],
            start_new_session=True,  # Ctrl-C comes to the jobs by way of those who asked for them
        )
    _held.append(process)
    os.environ[VARIABLE] = token


def stop() -> None:
    """End the warm process of this run, if there is one."""
    while _held:
        process = _held.pop()
        os.environ.pop(VARIABLE, None)
        process.communicate()


def hand_over() -> None:
    """Have the warm process run this script, and leave with its status; come back where there is none."""
    token = os.environ.get(VARIABLE)
    if not token:
        return
    with socket.socket(socket.AF_UNIX) as server:
        try:
            server.connect(_address(token, os.environ))
            if _peer(server)[1] != os.getuid():
                return
            with tempfile.TemporaryFile("w") as request:
                asked = {"argv": sys.argv, "path": sys.path, "folder": str(Path.cwd()), "environment": dict(os.environ)}
                json.dump(asked, request)
                request.flush()
                socket.send_fds(server, [b"\0"], [0, 1, 2, request.fileno()])
            if server.recv(1) != STARTED:
                return
        except OSError:
            return

        def forward(number: int, _: FrameType | None) -> None:
            with suppress(OSError):
                server.sendall(bytes([number]))

        for number in FORWARDED:
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, forward)
        answer = server.recv(16)
    if not answer:
        sys.exit("ganaug: the process that ran this job was killed; run again")
    status = int(answer)
    sys.exit(status if status >= 0 else 128 - status)


def _address(token: str, environment: Mapping[str, str]) -> str:
    """Where the warm process of a run listens: a job of another Python, or of other threads, finds nobody there.

    It is no file (a name that begins with a zero byte): nothing is left of it, and no path is too long.
    """
    key = json.dumps([token, sys.prefix, [environment.get(name) for name in THREADS]])
    return "\0ganaug-" + hashlib.sha256(key.encode()).hexdigest()


def _peer(connection: socket.socket) -> tuple[int, int]:
    """The process and the user at the other end."""
    form = "3i"
    pid, user, _ = struct.unpack(
        form, connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize(form))
    )
    return pid, user


def _descends(pid: int, ancestor: int) -> bool:
    """Whether ``ancestor`` started ``pid``, itself or through others."""
    with suppress(OSError):
        while pid not in (0, 1, ancestor):
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
            pid = int(stat.rpartition(")")[2].split()[1])
    return pid == ancestor


@dataclass(frozen=True)
class Warm:
    """The warm process: one thread that waits for jobs, signals for them, and their ends.

    Attributes:
        listener: where jobs connect.
        run: the Snakemake whose jobs may: one that a cluster started on the same machine runs where it was put.
        jobs: the connection of every job that runs, by the process of the child.
    """

    listener: socket.socket
    run: int
    selector: selectors.DefaultSelector = field(default_factory=selectors.DefaultSelector)
    jobs: dict[int, socket.socket] = field(default_factory=dict)

    def serve(self) -> list[int]:
        """Fork children until Snakemake ends. Comes back in the children alone, with the descriptors of a job."""
        wake, woken = socket.socketpair()
        wake.setblocking(False)
        signal.set_wakeup_fd(wake.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for source in (sys.stdin, self.listener, woken):
            self.selector.register(source, selectors.EVENT_READ)
        while True:
            for key, _ in self.selector.select():
                source = key.fileobj
                if source is sys.stdin:
                    self.end()
                elif source is self.listener:
                    self.selector.register(self.listener.accept()[0], selectors.EVENT_READ)
                elif source is woken:
                    woken.recv(4096)
                    self.reap()
                elif isinstance(source, socket.socket) and source.fileno() >= 0:
                    pid = next((pid for pid, connection in self.jobs.items() if connection is source), None)
                    if pid is not None:
                        pass_on(source, pid)
                    elif given := self.fork(source):
                        wake.close()
                        return given

    def fork(self, connection: socket.socket) -> list[int]:
        """Start the job that asks: the descriptors it handed over in the child, nothing in the parent."""
        descriptors: list[int] = []
        with suppress(OSError):
            descriptors = socket.recv_fds(connection, 1, 4)[1]
        pid, user = _peer(connection)
        if len(descriptors) != 4 or user != os.getuid() or not _descends(pid, self.run):
            self.close(connection)
        else:
            preload()
            server, child = os.getpid(), os.fork()
            if child == 0:
                self.leave(server)
                return descriptors
            with suppress(OSError):
                os.setpgid(child, child)
            self.jobs[child] = connection
            with suppress(OSError):
                connection.sendall(STARTED)
        for descriptor in descriptors:
            os.close(descriptor)
        return []

    def leave(self, server: int) -> None:
        """Make the child a process of its own that dies with ``server``."""
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != server:
            os._exit(1)
        os.setpgid(0, 0)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for key in list(self.selector.get_map().values()):
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
        self.selector.close()

    def reap(self) -> None:
        """Tell those who wait how their jobs ended."""
        while self.jobs:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            connection = self.jobs.pop(pid)
            with suppress(OSError):
                connection.sendall(str(os.waitstatus_to_exitcode(status)).encode())
            self.close(connection)

    def close(self, connection: socket.socket) -> None:
        self.selector.unregister(connection)
        connection.close()

    def end(self) -> NoReturn:
        """Snakemake is gone: nobody would record what its jobs make."""
        for pid in self.jobs:
            os.killpg(pid, signal.SIGKILL)
        os._exit(0)


def pass_on(connection: socket.socket, pid: int) -> None:
    """Send a job, and what it started, the signal that came to who asked for it: SIGKILL where that one is gone."""
    try:
        asked = connection.recv(1)
    except OSError:
        asked = b""
    os.killpg(pid, asked[0] if asked else signal.SIGKILL)


def preload() -> None:
    """Import what is slow, once."""
    if "torch" in sys.modules:
        return
    # scikit-learn imports pandas where it is installed, which takes long and starts a thread; no job needs it.
    sys.modules["pandas"] = None  # type: ignore[assignment]
    for name in PRELOADED:
        __import__(name)
    del sys.modules["pandas"]
    # Objects that the collector does not touch stay shared with the children.
    gc.collect()
    gc.freeze()


def run(descriptors: list[int]) -> NoReturn:
    """Run the script of a job as its own process would, and end."""
    for target, descriptor in enumerate(descriptors[:3]):
        os.dup2(descriptor, target)
        os.close(descriptor)
    with os.fdopen(descriptors[3], encoding="utf-8") as request:
        request.seek(0)
        asked = json.load(request)
    sys.stdout.reconfigure(line_buffering=sys.stdout.isatty())  # type: ignore[union-attr]
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update({name: value for name, value in asked["environment"].items() if name != VARIABLE})
    tempfile.tempdir = None
    sys.argv[:], sys.path[:] = asked["argv"], asked["path"]
    for name in [name for name in sys.modules if name.partition(".")[0] == "ganaug"]:
        del sys.modules[name]
    status = 0
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
    except SystemExit as left:
        status = int(bool(left.code))
    except BaseException:
        sys.excepthook(*sys.exc_info())
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    # Taking the interpreter down with torch in it takes half a second, and no job waits for anything there.
    os._exit(status)


if __name__ == "__main__":
    run(Warm(listener=socket.socket(fileno=int(sys.argv[1])), run=int(sys.argv[2])).serve())
