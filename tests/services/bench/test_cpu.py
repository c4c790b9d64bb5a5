"""CPU time is that of a process and of all it started, ended or not."""

import os
import subprocess
import sys

from services.runtime.bench import cpu

_BURN = "import time\nwhile time.process_time() < 0.15: pass\n"


def test_what_a_child_spent_counts_as_its_parents_also_when_it_has_ended() -> None:
    before_s = cpu.tree_s(os.getpid())
    own_before_s = cpu.own_s(os.getpid())

    subprocess.run([sys.executable, "-c", _BURN], check=True)

    assert cpu.tree_s(os.getpid()) - before_s >= 0.1
    assert cpu.own_s(os.getpid()) - own_before_s < 0.1


def test_what_a_living_grandchild_spent_counts() -> None:
    tell = "import sys\nsys.stdout.write('burnt\\n')\nsys.stdout.flush()\ninput()\n"
    script = (
        "import subprocess, sys\n"
        f"subprocess.run([sys.executable, '-c', {_BURN + tell!r}], check=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()

        tree_s, own_s = cpu.tree_s(child.pid), cpu.own_s(child.pid)
        child.communicate(b"\n")

    assert tree_s - own_s >= 0.1


def test_a_process_that_is_gone_spent_nothing_more() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()

    assert cpu.tree_s(child.pid) == 0.0
    assert cpu.own_s(child.pid) == 0.0


def test_the_supervisors_share_is_without_what_it_supervises() -> None:
    with subprocess.Popen([sys.executable, "-c", _BURN]) as child:
        child.wait()
    me = os.getpid()

    spent = cpu.spent_s({"supervisor": me, "engine": me})

    assert spent["engine"] - spent["supervisor"] >= 0.1
