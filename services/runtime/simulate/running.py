"""Many simulations at once: each policy with each seed, on the cores that are free."""

import multiprocessing
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures import wait as wait_for
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.sharedctypes import SynchronizedArray
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from acd.simulation.figures import Figures
from acd.simulation.run import simulate
from acd.simulation.scenario import Scenario
from services.runtime.errors import RuntimeProblem
from services.runtime.simulate.policies import policy

_LOOK_S = 0.2
_passed: "SynchronizedArray[float] | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One scenario under one policy from one seed."""

    scenario: Scenario
    policy: str
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a job came to, and what it cost."""

    job: Job
    figures: Figures
    answered_within: tuple[float, ...]
    """Share of calls answered within 0, 1 … seconds, in percent."""
    busy: Mapping[str, tuple[int, float]]
    """Calls and occupancy, in percent, of agents of whom the scenario tells more."""
    calls: int
    cpu_s: float


CURVE_S = 61
"""The curve of waits goes up to here."""


class Finished(Protocol):
    """Where finished jobs are found again."""

    def find(self, job: Job) -> Ran | None:
        """Return what a job came to; None if it is to be run."""

    def keep(self, ran: Ran) -> None:
        """Take in a job that is finished."""


class SimulationDied(RuntimeProblem):
    """A process that simulated was ended by somebody else."""

    def __init__(self, finished: int, jobs: int) -> None:
        """Say how far it came.

        Args:
            finished: Jobs that are done.
            jobs: All of them.
        """
        super().__init__(
            f"simulations: a process was killed after {finished} of {jobs}, by the"
            " system when memory is short; fewer at once by --cores would do"
        )
        self.finished, self.jobs = finished, jobs


def run_all(
    jobs: Sequence[Job],
    *,
    title: str,
    cores: int | None = None,
    quiet: bool = False,
    finished: Finished | None = None,
) -> list[Ran]:
    """Run jobs on all cores, with a bar on stderr, and return them in their order.

    Args:
        jobs: What is to be run.
        title: What the bar is of.
        cores: How many processes at most; None: as many as this one may use.
        quiet: Without the bar.
        finished: Jobs that need not be run again, and where others are kept.

    Raises:
        SimulationDied: A process was killed from outside.
    """
    ran = {nth: one for nth, job in enumerate(jobs) if (one := _found(finished, job))}
    cores = min(len(jobs), cores or len(os.sched_getaffinity(0)))
    context = multiprocessing.get_context("spawn")
    passed = context.Array("d", [float(nth in ran) for nth in range(len(jobs))])
    with (
        _bar(quiet=quiet) as bar,
        ProcessPoolExecutor(
            cores, mp_context=context, initializer=_share, initargs=(passed,)
        ) as pool,
    ):
        task = bar.add_task(title, total=len(jobs))
        waiting: dict[Future[Ran], int] = {
            pool.submit(_run, nth, job): nth
            for nth, job in enumerate(jobs)
            if nth not in ran
        }
        while waiting:
            done, _ = wait_for(waiting, timeout=_LOOK_S)
            for future in done:
                try:
                    ran[waiting.pop(future)] = future.result()
                except BrokenProcessPool as reason:
                    raise SimulationDied(len(ran), len(jobs)) from reason
                if finished is not None:
                    finished.keep(future.result())
            bar.update(task, completed=sum(passed[:]))
    return [ran[nth] for nth in range(len(jobs))]


def _found(finished: Finished | None, job: Job) -> Ran | None:
    return None if finished is None else finished.find(job)


def _bar(*, quiet: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=quiet,
        transient=True,
    )


def _share(passed: "SynchronizedArray[float]") -> None:
    """Let a process tell how far it is."""
    global _passed
    _passed = passed


def _run(nth: int, job: Job) -> Ran:
    ran = run_one(job, nth=nth)
    if _passed is not None:
        _passed[nth] = 1.0
    return ran


def run_one(job: Job, *, nth: int = 0) -> Ran:
    """Run a job here and now."""

    def tell(share: float) -> None:
        if _passed is not None:
            _passed[nth] = share

    chosen = policy(job.policy)
    since_s = time.process_time()
    result = simulate(
        chosen.of(job.scenario),
        seed=job.seed,
        make=chosen.make,
        clock=time.perf_counter,
        passed=tell,
    )
    cpu_s = time.process_time() - since_s
    told_of = {it.agent_id for it in job.scenario.changes}
    told_of |= {it.agent_id for it in job.scenario.early}
    return Ran(
        job=job,
        figures=result.figures,
        answered_within=curve(result.tally.waits_s(), result.figures),
        busy={
            agent_id: (agent.calls, agent.occupancy)
            for agent_id, agent in result.tally.agents.items()
            if agent_id in told_of
        },
        calls=result.arrived,
        cpu_s=cpu_s,
    )


def curve(waits_s: Sequence[float], figures: Figures) -> tuple[float, ...]:
    """Return the share of calls answered within 0, 1 … seconds, in percent."""
    counts = [0] * CURVE_S
    for waited_s in waits_s:
        if waited_s < CURVE_S - 1:
            counts[int(waited_s) + (waited_s > int(waited_s))] += 1
    reached, curve = 0, []
    for count in counts:
        reached += count
        curve.append(reached / max(1, figures.whole.offered) * 100)
    return tuple(curve)
