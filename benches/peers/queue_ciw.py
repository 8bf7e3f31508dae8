"""M/M/10 at rho 0.9 in Ciw: `queue_ciw.py CUSTOMERS`."""

import resource
import sys
import time

import ciw

CUSTOMERS = int(sys.argv[1])
network = ciw.create_network(
    arrival_distributions=[ciw.dists.Exponential(9.0)],
    service_distributions=[ciw.dists.Exponential(1.0)],
    number_of_servers=[10],
)
ciw.seed(1)
simulation = ciw.Simulation(network)
before = time.process_time()
simulation.simulate_until_max_customers(CUSTOMERS, method="Finish")
cpu = time.process_time() - before
waits = [record.waiting_time for record in simulation.get_all_records()]
assert len(waits) == CUSTOMERS, len(waits)
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(f"{CUSTOMERS / cpu:.0f} {sum(waits) / len(waits):.4f} {memory:.0f}")
