"""Whether the time of a refused sign-in tells who exists (AC-082): unknown, deactivated and wrong, 200 tries each."""

import time
from itertools import combinations
from random import Random
from statistics import median

from bench.arithmetic import differ, rank_chance
from bench.client import Client
from bench.lab import Lab
from bench.machine import on_core
from bench.outcome import Measured
from bench.processes import Broken
from bench.seeding import ADAM, ALICE, PASSWORD

TRIES = 200
# Who, and with which password: the deactivated person's own is right.
_CLASSES = {
    "unknown": ("charlie@acme.example", PASSWORD),
    "deactivated": (ADAM, PASSWORD),
    "wrong": (ALICE, f"not the {PASSWORD}"),
}

Times = dict[str, list[float]]


def pairs_told_apart(lab: Lab) -> Measured:
    """How many of the three pairs of classes differ clearly; the medians in milliseconds are in the note."""
    web = lab.web(lab.sqlite(), "sqlite")
    with on_core(lab.cores.load):
        times = _try_all(Client(web.port))
    pairs = list(combinations(times.items(), 2))
    apart = sum(differ(some, others) for (_, some), (_, others) in pairs)
    medians = ", ".join(f"{name} {median(taken) * 1000:.2f} ms" for name, taken in times.items())
    chances = ", ".join(f"{one}/{other} p={rank_chance(some, others):.3f}" for (one, some), (other, others) in pairs)
    return Measured([apart], note=f"{medians}; {chances}")


def _try_all(client: Client) -> Times:
    """The times in seconds, the classes mixed, so that a slow moment hits all of them."""
    hidden = client.get("/sign-in").hidden()
    order = [name for name in _CLASSES for _ in range(TRIES)]
    Random(82).shuffle(order)
    times: Times = {name: [] for name in _CLASSES}
    for name in [*_CLASSES, *order]:
        times[name].append(_try(client, hidden, *_CLASSES[name]))
    client.close()
    # The first of each class warmed everything up.
    return {name: taken[1:] for name, taken in times.items()}


def _try(client: Client, hidden: dict[str, str], email: str, password: str) -> float:
    started = time.perf_counter()
    reply = client.post_form("/sign-in", {**hidden, "email": email, "password": password})
    taken = time.perf_counter() - started
    if reply.status != 422:
        raise Broken(f"a refused sign-in is answered with {reply.status}")
    return taken
