#!/usr/bin/env python3
"""generate TESTS POINTS [SEED]: a store as `pacegate import` reads it: that many
tests of two metrics, histories of that many commits, with steps in some."""
import hashlib
import json
import random
import sys

HOSTILE = ["perf/<script>alert(1)</script>", "perf/a\u202eb", "perf/" + "x" * 400,
           "perf/\"'&"]
ENVIRONMENT = "0123456789abcdef"
START = 1767225600


def put(**record):
    print(json.dumps(record))


def name_of(number):
    return HOSTILE[number] if number < len(HOSTILE) else \
        "perf/suite-%02d/case-%d" % (number % 40, number)


def values_of(random_, points):
    level, values = random_.uniform(1e6, 1e9), []
    for index in range(points):
        if random_.random() < 2 / points:
            level *= random_.choice([0.8, 0.9, 1.1, 1.3])
        values.append(level * random_.lognormvariate(0, 0.01))
    return values


def commit_of(index):
    return hashlib.sha1(str(index).encode()).hexdigest()


def put_verdict(test, commit, time, ratio):
    metrics = [{"metric": metric, "unit": "ns", "better": "lower",
                "verdict": "regressed" if ratio > 1.05 else "pass",
                "base": 1e6, "value": 1e6 * ratio, "ratio": ratio,
                "low": ratio - .01, "high": ratio + .01, "threshold": .03,
                "severe": None, "detectable": .02, "trials": 20, "sessions": 2}
               for metric in ("wall", "cpu")]
    put(table="verdicts", commit=commit, test=test, metric="", time_s=time,
        doc={"test": test, "verdict": metrics[0]["verdict"],
             "baseline": commit_of(1), "definition": "0" * 40,
             "metrics": metrics})


def main():
    tests, points = int(sys.argv[1]), int(sys.argv[2])
    random_ = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    put(table="meta", schema=1)
    for number in range(tests):
        test = name_of(number)
        for metric in ("wall", "cpu"):
            values = values_of(random_, points)
            for index, value in enumerate(values):
                time = START + index * 600
                put(table="series", test=test, metric=metric,
                    environment=ENVIRONMENT, order=time,
                    commit=commit_of(index + 1), value=value, low=.99,
                    high=1.01, base=value, trials=20, flags=0, time_s=time)
        put_verdict(test, commit_of(points), START + points * 600,
                    1.2 if number % 97 == 5 else 1.0)


main()
