"""The instruments that the measures compare; each gives (wall, cpu) in ns."""

import json
import os
import re
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def compile_spin(work, mode, number):
    path = os.path.join(work, "%s-%d" % (mode.lower(), number))
    subprocess.run([os.environ.get("CC", "cc"), "-O2", "-static", "-DMODE=" + mode,
                    "-DNUMBER=%d" % number, "-o", path, os.path.join(HERE, "spin.c")],
                   check=True)
    return path


class Asked:
    """A program that measures once for each line that it gets."""

    def __init__(self, argv):
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def ask(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Bare(Asked):
    def __init__(self, work, program):
        path = os.path.join(work, "bare")
        if not os.path.exists(path):
            subprocess.run([os.environ.get("CC", "cc"), "-O2", "-o", path,
                            os.path.join(HERE, "bare.c")], check=True)
        super().__init__([path, program])

    def run(self):
        wall, cpu = self.ask().split()
        return float(wall), float(cpu)


class Trial(Asked):
    """As the gate runs it; around: what a trial takes beside its wall."""

    def __init__(self, program, *options):
        tree, name = os.path.split(program)
        super().__init__(["pacegate-runner", "--exec", "--again", "--tree", tree,
                          *options, "--", "/t/" + name])
        self.process.stdout.readline()
        self.around = []

    def run(self):
        got = json.loads(self.ask())
        assert got["outcome"] == "ok", got
        metrics = got["metrics"]
        self.around.append(got["whole_ns"] - metrics["wall"])
        self.points = len(got.get("course", {}).get("time", []))
        return metrics["wall"], metrics["cpu"]


def hyperfine(work, program, runs):
    path = os.path.join(work, "hyperfine.json")
    subprocess.run(["hyperfine", "-N", "--style", "none", "--warmup", "1", "--runs",
                    str(runs), "--export-json", path, program], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(path) as file:
        got = json.load(file)["results"][0]
    return [t * 1e9 for t in got["times"]], (got["user"] + got["system"]) * 1e9


def perf_stat(program):
    done = subprocess.run(["perf", "stat", "-e", "task-clock", program], text=True,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          env=dict(os.environ, LC_ALL="C"))
    return float(re.search(r"([0-9.]+) seconds time elapsed", done.stderr)[1]) * 1e9


def quartiles(values):
    return statistics.quantiles(values, n=4, method="inclusive")


def arguments():
    return sys.argv[1], [int(a) for a in sys.argv[2:]]
