# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
"""What the C++ programs print, where they are built."""

import json
import os
import pathlib
import subprocess

import numpy as np
import pytest
from conftest import DATA

import cesaro

PROGRAMS = pathlib.Path(os.environ.get("CESARO_PROGRAMS", DATA.parents[1] / "build/release/examples/programs"))


def printed(program, *arguments):
    path = PROGRAMS / program
    if not path.exists():
        pytest.skip(f"{program} is not built")
    done = subprocess.run([path, *map(str, arguments), "--format", "json"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_rows():
    output = printed("influence_profile", "--tokens", 100, "--layers", 12, "--alpha", 0.3)
    np.testing.assert_allclose([entry["influence"] for entry in output["profile"]], cesaro.influence_row(100, [0.3] * 12), rtol=1e-15)


def test_rollouts():
    file = DATA / "rollout" / "mpt-7b-positional.json"
    output = printed("attention_rollout", "--config", file)
    row = cesaro.rollout_row(*cesaro.read_rollout(json.loads(file.read_text())))
    np.testing.assert_allclose([entry["influence"] for entry in output["profile"]], row, rtol=1e-12)


def test_measured_and_predicted(tmp_path):
    config = {"model_type": "gpt2", "n_layer": 2, "n_embd": 32, "n_head": 2, "n_positions": 64, "vocab_size": 50}
    (tmp_path / "config.json").write_text(json.dumps(config))
    output = printed("untrained_decoder", "--config", tmp_path / "config.json", "--tokens", 24, "--draws", 3, "--probes", 4,
                     "--seed", 7)
    measured = cesaro.jacobian_norms(config, tokens=24, draws=3, probes=4, seed=7).profile
    np.testing.assert_allclose(output["measured"], measured / measured.sum(), rtol=1e-6)
    np.testing.assert_allclose(output["predicted"], cesaro.predict(config, 24).expand(), rtol=1e-6)
