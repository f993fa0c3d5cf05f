"""Jobs in children of the warm process behave as jobs of their own: pytest plays Snakemake."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ganaug import warm
from tests.workflow.processes import alive, children_of, kill

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is no warm process on other systems")

LIBRARY = Path(warm.__file__).parent
PATIENCE_SECONDS = 120.0
TELL = """
import json, os, sys
import numpy
print(json.dumps({
    "parent": os.getppid(), "folder": os.getcwd(), "arguments": sys.argv, "main": __name__, "file": __file__,
    "variables": {name: value for name, value in os.environ.items() if name not in ("GANAUG_WARM", "_")},
    "mask": os.umask(0), "input": sys.stdin.read(), "threads": len(os.listdir("/proc/self/task")),
    "descriptors": len(os.listdir("/proc/self/fd")),
}))
print("told", file=sys.stderr)
"""


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    """The warm process of this run of pytest."""
    old = os.environ.pop(warm.VARIABLE, None)
    before = children_of(os.getpid())
    warm.start(threads=1)
    (pid,) = set(children_of(os.getpid())) - set(before)
    yield pid
    warm.stop()
    assert not alive(pid)
    assert warm.VARIABLE not in os.environ
    if old is not None:
        os.environ[warm.VARIABLE] = old


def script(folder: Path, body: str) -> Path:
    """A job whose body is ``body``, as Snakemake writes it."""
    lines = [f"import sys; sys.path.append({str(LIBRARY.parent)!r})", "from ganaug.job import job"]
    lines += ["with job('logs/a.log', warm=True):", *(f"    {line}" for line in body.strip().splitlines())]
    path = folder / "script.py"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def start(path: Path, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(path)],
        cwd=path.parent,
        env={**os.environ, **dict.fromkeys(warm.THREADS, "1"), **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def told(path: Path, **environment: str) -> tuple[int, str, str]:
    """The status of a job, and what it said on stdout and stderr."""
    job = start(path, **environment)
    out, err = job.communicate("asked")
    return job.returncode, out, err


def test_it_is_cold_until_a_job_asks() -> None:
    """In a process of its own, which then ends: so does the warm process."""
    code = "from ganaug import warm; import os; warm.start(threads=1); print(warm._held[0].pid, flush=True); input()"
    environment = {name: value for name, value in os.environ.items() if name != warm.VARIABLE}
    main = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**environment, "PYTHONPATH": str(LIBRARY.parent)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert main.stdout
    pid = int(main.stdout.readline())
    wait_for(lambda: b"ganaug.warm" in Path(f"/proc/{pid}/cmdline").read_bytes())
    wait_for(lambda: "_ctypes" in maps(pid))
    assert "torch" not in maps(pid)
    main.kill()
    main.wait()
    wait_for(lambda: not alive(pid))


def maps(pid: int) -> str:
    return Path(f"/proc/{pid}/maps").read_text(encoding="utf-8", errors="replace")


def test_a_child_finds_what_a_job_finds(server: int, tmp_path: Path) -> None:
    path = script(tmp_path, TELL)
    odd = {"OF_A_JOB": "a\udcff\nb"}
    mine, off = told(path, **odd), told(path, GANAUG_WARM="off", **odd)
    assert mine[0] == off[0] == 0
    assert mine[2] == off[2] == "told\n"
    ours, theirs = json.loads(mine[1]), json.loads(off[1])
    assert ours.pop("parent") == server
    assert theirs.pop("parent") == os.getpid()
    assert ours == theirs
    assert ours["variables"]["OF_A_JOB"] == "a\udcff\nb"
    assert ours["threads"] == 1
    assert (tmp_path / "logs/a.log").read_text().startswith("finished in ")


def test_the_imports_are_done_and_the_library_is_not(server: int, tmp_path: Path) -> None:
    path = script(tmp_path, "")
    path.write_text(f"import sys\nif 'torch' in sys.modules: print(sorted(sys.modules))\n{path.read_text()}    pass\n")
    status, out, err = told(path)
    assert status == 0, err
    there = set(out[2:-3].split("', '"))
    assert set(warm.PRELOADED) < there
    assert not [name for name in there if name.startswith(("ganaug", "matplotlib", "pandas"))]
    assert len(list(Path(f"/proc/{server}/task").iterdir())) == 1


def test_an_edit_of_the_library_holds_for_the_next_job(server: int, tmp_path: Path) -> None:
    shutil.copytree(LIBRARY, tmp_path / "ganaug")
    path = script(tmp_path, "from ganaug.errors import NEW\nprint(NEW)")
    (tmp_path / "ganaug/errors.py").write_text((LIBRARY / "errors.py").read_text() + "\nNEW = 1\n")
    assert told(path)[:2] == (0, "1\n")
    (tmp_path / "ganaug/errors.py").write_text((LIBRARY / "errors.py").read_text() + "\nNEW = 'two'\n")
    assert told(path)[:2] == (0, "two\n")


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ("from ganaug.errors import UserError\nraise UserError('x: y; z')", 1, "ganaug: x: y; z\n"),
        ("raise KeyError('odd')", 1, "KeyError: 'odd'\n"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", 128 + signal.SIGSEGV, ""),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 128 + signal.SIGKILL, ""),
    ],
)
def test_a_failure_is_the_failure_of_the_job(server: int, tmp_path: Path, body: str, status: int, said: str) -> None:
    code, out, err = told(script(tmp_path, body))
    assert (code, out) == (status, "")
    assert err.endswith(said)
    assert told(script(tmp_path, "print('next')"))[:2] == (0, "next\n")


SLEEP = """
import os, subprocess, time
from pathlib import Path
below = subprocess.Popen(["sleep", "1000"])
Path("pids.tmp").write_text(f"{os.getpid()} {below.pid} {os.getppid()}")
Path("pids.tmp").rename("pids")
time.sleep(1000)
"""


def sleeping(folder: Path) -> tuple[subprocess.Popen[str], list[int]]:
    """A job that sleeps: itself, and its child of the warm process, what that started, and the warm process."""
    job = start(script(folder, SLEEP))
    wait_for((folder / "pids").exists)
    return job, [int(pid) for pid in (folder / "pids").read_text().split()]


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGTERM, 128 + 15), (signal.SIGINT, 1), (signal.SIGHUP, 128 + 1), (signal.SIGKILL, -9)],
)
def test_a_signal_to_a_job_reaches_all_of_it(server: int, tmp_path: Path, number: int, status: int) -> None:
    job, (child, below, parent) = sleeping(tmp_path)
    assert parent == server
    job.send_signal(number)
    _, err = job.communicate()
    assert job.returncode == status
    wait_for(lambda: not alive(child) and not alive(below))
    assert ("KeyboardInterrupt" in err) == (number == signal.SIGINT)


def test_the_lock_of_a_job_is_free_when_it_is_gone(server: int, tmp_path: Path) -> None:
    job, _ = sleeping(tmp_path)
    waiting = start(script(tmp_path, "print('mine')"))
    assert waiting.stderr
    assert waiting.stderr.readline() == "ganaug: a: the same job of an earlier run is still at work; waiting for it\n"
    job.kill()
    assert waiting.communicate()[0] == "mine\n"
    assert waiting.returncode == 0
    job.communicate()


def test_jobs_of_other_threads_or_of_elsewhere_run_by_themselves(server: int, tmp_path: Path) -> None:
    path = script(tmp_path, "import os; print(os.getppid())")
    assert int(told(path)[1]) == server
    assert int(told(path, OMP_NUM_THREADS="2")[1]) == os.getpid()
    assert int(told(path, GANAUG_WARM="of another machine")[1]) == os.getpid()
    # As a cluster on this machine starts jobs: from a process that is none of Snakemake's.
    environment = {**os.environ, **dict.fromkeys(warm.THREADS, "1")}
    orphan = f"(sleep 0.5; {sys.executable} {path} > out.tmp; mv out.tmp out) &"
    subprocess.run(["setsid", "sh", "-c", orphan], cwd=tmp_path, env=environment, check=True)
    wait_for((tmp_path / "out").exists)
    assert int((tmp_path / "out").read_text()) != server


def test_nothing_outlives_the_run(tmp_path: Path) -> None:
    """Snakemake is killed, or the warm process is: in both cases the job is."""
    for victim in ("run", "warm process"):
        folder = tmp_path / victim
        folder.mkdir()
        path = script(folder, SLEEP)
        code = "import subprocess, sys; from ganaug import warm; warm.start(threads=1); "
        code += f"print(subprocess.run([sys.executable, {str(path)!r}]).returncode)"
        environment = {name: value for name, value in os.environ.items() if name != warm.VARIABLE}
        environment |= {**dict.fromkeys(warm.THREADS, "1"), "PYTHONPATH": str(LIBRARY.parent)}
        main = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        wait_for((folder / "pids").exists)
        child, below, own = map(int, (folder / "pids").read_text().split())
        everybody = children_of(main.pid)
        assert {child, below, own} < set(everybody)
        kill([main.pid if victim == "run" else own])
        wait_for(lambda child=child, own=own: not alive(child) and not alive(own))
        if victim == "warm process":
            kill([below])  # as it would live on had it been started by a job of its own
        out, err = main.communicate()
        wait_for(lambda everybody=everybody: not any(map(alive, everybody)))
        if victim == "warm process":
            assert out == "1\n"
            assert err == "ganaug: the process that ran this job was killed; run again\n"
