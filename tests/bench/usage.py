"""Runs a Python module as `python usage.py <module> <arguments>`, and writes down at its end what the process, its threads and its
children used: usage.mjs for Python."""

import atexit
import json
import os
import resource
import runpy
import sys


def write() -> None:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    unit = 1024 if sys.platform == "darwin" else 1  # macOS counts bytes, Linux KiB
    usage = {
        "userCPUTime": sum(one.ru_utime for one in used) * 1e6,
        "systemCPUTime": sum(one.ru_stime for one in used) * 1e6,
        "maxRSS": max(one.ru_maxrss for one in used) / unit,
    }
    with open(os.environ["SHOPMETRICS_USAGE"], "w") as file:
        json.dump(usage, file)


atexit.register(write)
sys.argv = sys.argv[1:]
del sys.path[0]  # this folder
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
