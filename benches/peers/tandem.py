"""The tandem of benches/tandem.rs on SimPy (pip install simpy==4.1.1): requests a second of processor time."""

import random
import time

import simpy

RATE, SECONDS = 800.0, 25.0


def request(env, service, database, luck):
    timer = env.timeout(1.0)
    with service.request() as server:
        yield server
        yield env.timeout(luck.expovariate(1 / 0.005))
    yield env.timeout(0.0002)
    if luck.random() < 0.2:
        with database.request() as connection:
            yield connection
            yield env.timeout(luck.expovariate(1 / 0.020))
    return timer


def arrivals(env, service, database, luck, answered):
    while True:
        env.process(request(env, service, database, luck)).callbacks.append(lambda _: answered.append(1))
        yield env.timeout(luck.expovariate(RATE))


def main():
    best = 0.0
    for _ in range(3):
        env, luck, answered = simpy.Environment(), random.Random(1), []
        service, database = simpy.Resource(env, 8), simpy.Resource(env, 16)
        env.process(arrivals(env, service, database, luck, answered))
        since = time.process_time()
        env.run(until=SECONDS)
        best = max(best, len(answered) / (time.process_time() - since))
    print(f"SimPy {simpy.__version__}: {best / 1e6:.3f} million requests/s")


if __name__ == "__main__":
    main()
