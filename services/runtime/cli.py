"""The command line: one module a command, loaded only when it is asked for."""

import importlib
import importlib.util
import sys

import typer

from services.runtime.errors import RuntimeProblem

# Each command is services/runtime/commands/<name>.py with a function of that name, or
# with an ``app`` of several: a new one is one line here. Beginning with what a newcomer
# needs first.
COMMANDS = {
    "up": "start an instance and keep it running",
    "doctor": "what is there, what is missing, and what mends it",
    "demo": "have a crowd call, and count both sides",
    "call": "place a real call as a caller",
    "agent": "sign a real agent in, answer, talk, wrap up",
    "hand": "what an agent does with the call in hand: hold, pauses",
    "calls": "the calls on record",
    "health": "how each component is, and the faults there were",
    "replay": "one call as a timeline",
    "estimates": "handling times of agents, shown or worked out anew",
    "explain": "why each offer of a call was made to whom",
    "floor": "queues, skills, policies and people: checked, published, taken back",
    "prompts": "what callers hear: synthetic, recorded, missing; recordings added",
    "flow": "what callers hear and choose: checked, published, tried, taken back",
    "check": "all that is wrong with the files of floor and flows",
    "desk": "the agents' pages: built, checked, their types written",
    "live": "queues, agents and calls as they change",
    "people": "who may log in, in which roles; added, kept out, let in again",
    "recordings": "hear, hold and shred recordings; rotate their keys",
    "audit": "who heard, shredded or was refused, and whether that is whole",
    "backup": "all that an instance knows, copied while it runs",
    "restore": "a backup, brought back into a new data folder",
    "upgrade": "the engine started anew from the code of now; calls go on",
    "certificate": "an own CA and a certificate, for HTTPS",
    "test": "every check of the code, and the tests",
    "utility": "the SIMULATED utility: its texts, orders, customers and failures",
    "simulate": "a day under several policies, on a virtual clock",
    "bench": "measure what calls cost, survive, and gain by routing",
}


def build(named: str | None) -> typer.Typer:
    """Build the command line, with all commands or, quicker, with the one named."""
    app = typer.Typer(
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        help="Tieline: an open call centre for a utility's hotline.",
    )
    # With a callback, a single command keeps its name on the command line.
    app.callback()(_tieline)
    for name in (named,) if named in COMMANDS else COMMANDS:
        where = f"services.runtime.commands.{name}"
        if importlib.util.find_spec(where) is None:
            continue
        module = importlib.import_module(where)
        if isinstance(group := getattr(module, "app", None), typer.Typer):
            app.add_typer(group, name=name, help=COMMANDS[name])
            continue
        app.command(
            name,
            help=COMMANDS[name],
            context_settings=getattr(module, "CONTEXT_SETTINGS", None),
        )(getattr(module, name))
    return app


def _tieline() -> None:
    """Take no options of its own; each command has its own."""


def main() -> None:
    """Run the command line; a problem the operator can mend is told as a sentence."""
    try:
        build(sys.argv[1] if len(sys.argv) > 1 else None)(prog_name="tieline")
    except RuntimeProblem as problem:
        sys.stderr.write(f"{problem}\n")
        sys.exit(problem.exit_code)


if __name__ == "__main__":
    main()
