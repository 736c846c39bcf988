"""W1 in SimPy: a process for each client. Needs `pip install simpy`.

    simpy_w1.py CLIENTS EVENTS

prints arrivals, retries, completions, rejects, CPU nanoseconds of the run, and the
peak of the resident memory in bytes; `simpy_w1.py --version` prints SimPy's version.
"""

import random
import sys
import time

import simpy

ATTEMPTS = 8


class World:
    """The bucket that all share, and the counts."""

    def __init__(self, env, clients, events):
        self.rate = 0.8 * clients
        self.level = 0.0
        self.at = 0.0
        self.arrivals = self.retries = self.completions = self.rejects = 0
        self.left = events
        self.done = env.event()

    def take(self, now):
        self.level = min(self.rate, self.level + (now - self.at) * self.rate)
        self.at = now
        if self.level >= 1.0:
            self.level -= 1.0
            return True
        self.rejects += 1
        return False

    def count(self):
        self.left -= 1
        if self.left == 0:
            self.done.succeed()


def client(env, world, draw):
    while True:
        yield env.timeout(draw.expovariate(1.0))
        world.arrivals += 1
        world.count()
        for attempt in range(ATTEMPTS):
            if world.take(env.now):
                yield env.timeout(draw.expovariate(20.0))
                world.completions += 1
                world.count()
                break
            if attempt + 1 < ATTEMPTS:
                yield env.timeout(draw.uniform(0.0, min(20.0, 0.1 * 2**attempt)))
                world.retries += 1
                world.count()


def peak():
    try:
        with open("/proc/self/status") as status:
            kilobytes = [line.split()[1] for line in status if line.startswith("VmHWM")]
        return int(kilobytes[0]) * 1024
    except (OSError, IndexError):
        return 0


def main():
    if sys.argv[1] == "--version":
        return print(simpy.__version__)
    clients, events = int(sys.argv[1]), int(sys.argv[2])
    draw = random.Random(0)
    started = time.process_time_ns()
    env = simpy.Environment()
    world = World(env, clients, events)
    for _ in range(clients):
        env.process(client(env, world, draw))
    env.run(until=world.done)
    took = time.process_time_ns() - started
    print(world.arrivals, world.retries, world.completions, world.rejects, took, peak())


main()
