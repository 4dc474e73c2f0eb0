#!/bin/sh
# One session after another with the real pacegate-runner: see runner.py.
exec python3 "$(dirname "$0")/runner.py" "$@"
