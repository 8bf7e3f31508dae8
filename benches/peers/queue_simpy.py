"""M/M/10 at rho 0.9 in SimPy: `queue_simpy.py CUSTOMERS`."""

import random
import resource
import sys
import time

import simpy

CUSTOMERS = int(sys.argv[1])
waits = 0.0
served = 0


def customer(env, servers, draw):
    global waits, served
    came = env.now
    with servers.request() as request:
        yield request
        waits += env.now - came
        yield env.timeout(draw.expovariate(1.0))
    served += 1


def arrivals(env, servers, draw):
    for _ in range(CUSTOMERS):
        yield env.timeout(draw.expovariate(9.0))
        env.process(customer(env, servers, draw))


env = simpy.Environment()
servers = simpy.Resource(env, 10)
env.process(arrivals(env, servers, random.Random(1)))
before = time.process_time()
env.run()
cpu = time.process_time() - before
assert served == CUSTOMERS, served
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(f"{served / cpu:.0f} {waits / served:.4f} {memory:.0f}")
