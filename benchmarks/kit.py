"""How long the contract kit takes, quick and full, in-process and by its command against a server on a socket.

    python -m benchmarks.kit [--quick]

By its command the seconds are those of a user, its start and its reports included. "CPU" is what the kit itself
spends, and in-process the simulator too. The first line says how fast the machine is at the moment: shared cores
change their speed by a factor of two.
"""

import argparse
import os
import resource
import subprocess
import sys
import time
from contextlib import ExitStack

from benchmarks.served import command_of, simulator
from tests.kit.in_process import checked, told
from tests.kit.in_process import simulator as in_process

TURNS = 20_000_000
MOST_SECONDS = {"quick": 30, "full": 300}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="only the quick form")
    forms = ("quick",) if parser.parse_args().quick else ("quick", "full")
    late = False
    print(f"A turn of an empty loop: {_turn():.0f} ns.\n")
    print("| form | where | checks passed | requests | s | CPU s |\n| --- | --- | --- | --- | --- | --- |")
    for form in forms:
        for where, measured in (("in-process", _in_process), ("socket", _by_command)):
            done, seconds, cpu = measured(form == "quick")
            late |= seconds > MOST_SECONDS[form]
            print(f"| {form} | {where} | {done} | {seconds:.1f} | {cpu:.1f} |", flush=True)
    sys.exit(1 if late else 0)


def _turn() -> float:
    began = time.perf_counter()
    for _ in range(TURNS):
        pass
    return (time.perf_counter() - began) / TURNS * 1e9


def _in_process(quick: bool) -> tuple[str, float, float]:
    began, spent = time.perf_counter(), time.process_time()
    with in_process() as there:
        results = checked(there, quick=quick)
    if told(results):
        sys.exit("\n".join(told(results)))
    return f"{len(results.passed)} | {results.requests}", time.perf_counter() - began, time.process_time() - spent


def _by_command(quick: bool) -> tuple[str, float, float]:
    command = [command_of()[0], "check-server", *(["--quick"] if quick else [])]
    with ExitStack() as stack:
        server = simulator(stack, cores=",".join(map(str, sorted(os.sched_getaffinity(0)))))
        began, spent = time.perf_counter(), _children()
        command.append(f"http://127.0.0.1:{server.port}")
        ended = subprocess.run(command, check=False, capture_output=True, text=True)
        seconds, cpu = time.perf_counter() - began, _children() - spent
    if ended.returncode:
        sys.exit(ended.stdout[-2000:] + ended.stderr[-2000:])
    words = " ".join(ended.stdout.split()).rpartition(" findings, ")[2].split()
    return f"{words[0]} | {words[6]}", seconds, cpu


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
