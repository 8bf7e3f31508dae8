"""Our engine, SimPy and Ciw on the same M/M/10 at rho 0.9, in turns.

    python3 benches/peers/compare.py [ROUNDS]

Installs both peers, from the package index, into a virtual environment under the
build folder, builds the bench of `sim`, and prints medians over the rounds (3) of
customers a second of CPU time. The exact mean wait is 0.6687 service times.
"""

import json
import os
import re
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
EXACT = 0.6687
PEERS = {"SimPy": ("queue_simpy.py", 100_000), "Ciw": ("queue_ciw.py", 60_000)}


def environment():
    """The Python of a virtual environment with both peers, and their versions."""
    folder = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "peers"
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    install = [python, "-m", "pip", "install", "--quiet", "simpy", "ciw"]
    subprocess.run(install, check=True)
    listed = subprocess.run(
        [python, "-m", "pip", "list", "--format=json"], check=True, capture_output=True, text=True
    )
    versions = {it["name"].lower(): it["version"] for it in json.loads(listed.stdout)}
    return python, versions


def ours():
    command = ["cargo", "bench", "--quiet", "-p", "sim", "--bench", "ratios", "--", "queue", "2"]
    ran = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    told = re.search(r"median (\d+), .* mean wait ([\d.]+); ([\d.]+) MiB", ran.stdout)
    return [float(it) for it in told.groups()]


def theirs(python, script, customers):
    command = [python, HERE / script, str(customers)]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    return [float(it) for it in ran.stdout.split()]


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    python, versions = environment()
    ours()  # Built before anything is measured.
    runs = {"branchlab": []} | {name: [] for name in PEERS}
    for _ in range(rounds):
        runs["branchlab"].append(ours())
        for name, (script, customers) in PEERS.items():
            runs[name].append(theirs(python, script, customers))
    print(f"{rounds} rounds; medians\n")
    print("| what | customers/s of CPU | mean wait | peak MiB | ours : theirs |")
    print("|---|---|---|---|---|")
    for name, found in runs.items():
        rate, wait, memory = (statistics.median(it) for it in zip(*found))
        assert abs(wait / EXACT - 1) < 0.15, (name, wait)
        ratios = [own[0] / it[0] for own, it in zip(runs["branchlab"], found)]
        version = versions.get(name.lower(), "")
        ratio = f"{statistics.median(ratios):.0f}" if version else ""
        print(f"| {name} {version} | {rate:.0f} | {wait:.3f} | {memory:.0f} | {ratio} |")


main()
