# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
"""Ctrl-C ends long calls, and what comes after works."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

PROGRAM = """
import signal
import numpy as np
import cesaro

gpt2 = {"model_type": "gpt2", "n_layer": 12, "n_embd": 768, "n_head": 12, "n_positions": 1024, "vocab_size": 50257}
small = {"model_type": "gpt2", "n_layer": 2, "n_embd": 64, "n_head": 2, "n_positions": 512, "vocab_size": 64}
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
prepared = PREPARED
expected = cesaro.influence_row(100_000, [0.5] * 8)
measured = cesaro.jacobian_norms(small, 32).profile
print("ready", flush=True)
try:
    CALL
except KeyboardInterrupt:
    print("interrupted", flush=True)
np.testing.assert_array_equal(cesaro.influence_row(100_000, [0.5] * 8), expected)
np.testing.assert_array_equal(cesaro.jacobian_norms(small, 32).profile, measured)
print("and well")
"""
CALLS = {
    "drawn": ("None", "cesaro.jacobian_norms(gpt2, 1024, draws=1000)"),
    "exact": ("None", "cesaro.jacobian_norms(gpt2, 1024, probes='exact')"),
    "many_small": ("None", "cesaro.jacobian_norms(small, 512, draws=100_000)"),
    "weights": ("cesaro.draw_weights(small)", "cesaro.jacobian_norms(small, 512, draws=100_000, weights=prepared)"),
    "elementwise": ("(cesaro.DiscreteInfluence(10**9, [0.3] * 64), np.arange(10**7))", "prepared[0].logpmf(prepared[1])"),
    "prediction": ("None", "cesaro.predict(gpt2 | {'n_layer': 3000}, 256)"),
    "histogram": ("None", "cesaro.influence_histogram(2**62, [0.3], 10)"),
    "rollout": ("[np.tri(300) / np.arange(1, 301)[:, None]] * 400", "cesaro.rollout_matrix(prepared, [0.3] * 400)"),
    "signs": ("cesaro.PositionGains(np.ones((2000, 4)))", "cesaro.random_sign_profile(prepared, 10**9)"),
    "fit": ("np.ones(10**7)", "cesaro.fit_constant_mixing(prepared, 100)"),
    "matrix": ("cesaro.WeightedKeys(np.ones(6000))", "cesaro.influence_matrix(6000, [0.3] * 64, prepared)"),
}


def processor_time(process):
    with open(f"/proc/{process.pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("prepared, call", CALLS.values(), ids=CALLS)
def test_ctrl_c(prepared, call):
    code = PROGRAM.replace("PREPARED", prepared).replace("CALL", call)
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    watchdog = threading.Timer(300, process.kill)
    watchdog.start()
    try:
        assert process.stdout.readline() == "ready\n"
        begin = processor_time(process)
        while processor_time(process) < begin + 0.5:
            assert process.poll() is None, "it ended before"
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "interrupted\n"  # and not at its end, minutes or hours later
        assert process.stdout.read() == "and well\n"
    finally:
        watchdog.cancel()
        process.kill()
        process.wait()
