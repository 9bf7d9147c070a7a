# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
"""Configurations, predictions, measurements."""

import json
import resource
import struct
import subprocess
import sys

import numpy as np
import pytest
from conftest import DATA

import cesaro

SMALL = {"model_type": "llama", "num_hidden_layers": 3, "hidden_size": 48, "num_attention_heads": 3,
         "num_key_value_heads": 1, "intermediate_size": 96, "vocab_size": 64, "max_position_embeddings": 64}
GPT2 = DATA / "models" / "gpt2.json"


class Pretrained:
    """Stands for a PretrainedConfig of transformers."""

    def to_dict(self):
        return {**SMALL, "torch_dtype": np.dtype(float)}  # what JSON has no form of is no matter


def test_configurations(tmp_path):
    config = cesaro.read_config(GPT2)
    assert (config.layers, config.width, config.heads, config.vocab_size, config.max_positions) == (12, 768, 12, 50257, 1024)
    assert config.model_type == "gpt2" and "width: 768" in repr(config) and config.describe()["width"] == 768
    assert cesaro.read_config(json.loads(GPT2.read_text())) == config == cesaro.read_config(str(GPT2))
    assert cesaro.read_config(config) is config
    (tmp_path / "config.json").write_text(json.dumps(SMALL))
    small = cesaro.read_config(tmp_path)
    assert cesaro.read_config(Pretrained()) == small == cesaro.read_config(json.loads(small.to_json()))
    assert small.window(2) == 0 and small.kv_heads == 1 and small.head_width == 16 and small.intermediate == 96
    with pytest.raises(ValueError):
        small.window(3)
    with pytest.raises(FileNotFoundError):
        cesaro.read_config(tmp_path / "absent")
    (tmp_path / "broken.json").write_text('{"model_type": ')
    for wrong in (tmp_path / "broken.json", {}, {"model_type": "nobody"}, {**SMALL, "hidden_size": -1},
                  {**SMALL, "num_hidden_layers": float("nan")}, {**SMALL, "num_hidden_layers": 10**30},
                  {"model_type": []}, "a\0b"):
        with pytest.raises(ValueError):
            cesaro.read_config(wrong)
    for wrong in (3, None, [], b"config.json"[0]):
        with pytest.raises(TypeError):
            cesaro.read_config(wrong)


def test_predictions():
    p = cesaro.predict(SMALL, 200)
    shares = p.expand()
    norms = cesaro.mean_field_profile(SMALL, 200)
    np.testing.assert_allclose(shares, norms / norms.sum(), rtol=1e-12)
    positions = np.arange(200)
    np.testing.assert_allclose(p.share(positions), shares, rtol=1e-12)
    np.testing.assert_allclose(p.cdf(positions), np.cumsum(shares), rtol=1e-12)
    levels = np.array([0.001, 0.3, 0.5, 0.99])
    np.testing.assert_array_equal(p.quantile(levels), np.searchsorted(np.cumsum(shares), levels))
    assert isinstance(p.quantile(0.5), int) and isinstance(p.share(0), float)
    assert p.tokens == 200 and p.alphas.shape == (3,) and ((0 < p.alphas) & (p.alphas < 1)).all()
    assert p.tokens_seen.shape == (3,) and ((1 < p.tokens_seen) & (p.tokens_seen <= 200)).all()
    s = p.summary()
    assert s.primacy == pytest.approx(shares[:20].sum(), rel=1e-10)
    assert p.error_estimate == 0  # positions one by one
    far = cesaro.predict(SMALL, 10**12, accuracy=1e-2)
    assert 0 < far.error_estimate <= 1e-2 and far.cdf(10**12 - 1) == 1
    with pytest.raises(MemoryError):
        far.expand()
    assert cesaro.predict(SMALL).tokens == cesaro.read_config(SMALL).max_positions
    assert cesaro.predict(SMALL, 2**53, accuracy=1).cdf(2**53 - 1) == 1
    for tokens, accuracy in ((2**53 + 1, 1), (0, 1e-3), (-1, 1e-3), (2**63, 1e-3), (10, 0), (10, float("nan"))):
        with pytest.raises(ValueError):
            cesaro.predict(SMALL, tokens, accuracy)
    gains = cesaro.mean_field_gains(SMALL, 50)
    assert gains.attention.shape == gains.feed_forward.shape == (50, 3)


def test_measured_beside_predicted():
    norms, error = cesaro.jacobian_norms(SMALL, tokens=32, draws=24, seed=1)
    assert norms.shape == error.shape == (32,) and (error > 0).all()
    predicted = cesaro.mean_field_profile(SMALL, 32)
    assert cesaro.wasserstein(norms, predicted) < 0.02
    again = cesaro.jacobian_norms(SMALL, tokens=32, draws=24, seed=1)
    np.testing.assert_array_equal(again.profile, norms)
    other = cesaro.jacobian_norms(SMALL, tokens=32, draws=24, seed=2)
    assert (other.profile != norms).all()


def save_safetensors(path, tensors):
    """The format, written down once more: a length, a header, the data; in the types of the arrays."""
    header, data = {}, b""
    for name, array in tensors.items():
        kind = {"float16": "F16", "float32": "F32", "float64": "F64"}[array.dtype.name]
        header[name] = {"dtype": kind, "shape": array.shape, "data_offsets": [len(data), len(data) + array.nbytes]}
        data += array.tobytes()
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def test_weights_of_ones_own(tmp_path):
    weights = cesaro.draw_weights(SMALL, seed=5)
    assert all(array.dtype == np.float32 for array in weights.values())
    assert max(abs(weights["model.embed_tokens.weight"]).ravel()) < 0.2
    ids = np.arange(16) % 64
    exact = cesaro.jacobian_norms(SMALL, weights=weights, token_ids=ids, probes="exact").profile
    assert exact.shape == (16,)
    save_safetensors(tmp_path / "model.safetensors", weights)
    np.testing.assert_array_equal(
        cesaro.jacobian_norms(SMALL, weights=tmp_path, token_ids=ids, probes="exact").profile, exact)
    probed = cesaro.jacobian_norms(SMALL, weights=weights, token_ids=ids, probes=400)
    assert (abs(probed.profile - exact) < 6 * probed.standard_error).all()
    two = cesaro.jacobian_norms(SMALL, weights=weights, token_ids=[ids, ids[::-1]], probes="exact").profile
    flipped = cesaro.jacobian_norms(SMALL, weights=weights, token_ids=ids[::-1], probes="exact").profile
    np.testing.assert_allclose(two, np.sqrt((exact**2 + flipped**2) / 2), rtol=1e-6)
    assert cesaro.jacobian_norms(SMALL, 8, 2, weights=weights).profile.shape == (8,)
    assert cesaro.jacobian_norms(SMALL, token_ids=ids, probes="ones", normalized=False).profile.shape == (16,)
    name = "model.layers.0.mlp.up_proj.weight"
    for wrong in ({}, {**weights, name: weights[name][1:]}, {**weights, name: np.full_like(weights[name], np.nan)},
                  {**weights, "other": np.zeros(3)}, {key: value for key, value in weights.items() if key != name}):
        with pytest.raises(ValueError):
            cesaro.jacobian_norms(SMALL, 8, weights=wrong)
    for wrong in (dict(tokens=8, token_ids=ids), {}, dict(tokens=8, weights={3: np.zeros(3)}), dict(tokens=8, weights=7),
                  dict(tokens=8, weights={name: "text"})):
        with pytest.raises(TypeError):
            cesaro.jacobian_norms(SMALL, **wrong)
    for wrong in (dict(tokens=0), dict(tokens=8, draws=0), dict(tokens=8, probes=0), dict(tokens=8, probes="all"),
                  dict(token_ids=[64]), dict(token_ids=[-1]), dict(token_ids=[0.5]), dict(token_ids=[]),
                  dict(token_ids=np.zeros((1, 1, 1))), dict(token_ids=[[1, 2], [3, 4]])):
        with pytest.raises(ValueError):
            cesaro.jacobian_norms(SMALL, **wrong)
    with pytest.raises(FileNotFoundError):
        cesaro.jacobian_norms(SMALL, 8, weights=tmp_path / "absent")


def test_types_of_weights(tmp_path, monkeypatch):
    """Arrays of a type are what a file of that type is, whatever their layout; no file is written for them."""
    drawn = cesaro.draw_weights(SMALL, seed=5)
    ids = np.arange(16) % 64
    norms = {}
    for kind in (np.float16, np.float32, np.float64):
        weights = {name: array.astype(kind) * kind(1 + 2**-9) for name, array in drawn.items()}
        save_safetensors(tmp_path / "model.safetensors", weights)
        norms[kind] = cesaro.jacobian_norms(SMALL, weights=tmp_path, token_ids=ids).profile
        with monkeypatch.context() as m:
            m.setenv("TMPDIR", str(tmp_path / "absent"))
            m.setattr("tempfile.tempdir", None)
            for change in (lambda a: a, np.asfortranarray, lambda a: np.repeat(a, 2, axis=0)[::2], lambda a: a.astype(a.dtype.newbyteorder())):
                given = {name: change(array) for name, array in weights.items()}
                np.testing.assert_array_equal(cesaro.jacobian_norms(SMALL, weights=given, token_ids=ids).profile, norms[kind])
    assert not np.array_equal(norms[np.float16], norms[np.float32])
    name = "model.layers.0.mlp.up_proj.weight"
    for kind in ("int32", "complex64", "bool", "longdouble", "U4", "O"):
        with pytest.raises(TypeError, match=f"tensor '{name}' has the dtype .*float16, bfloat16, float32 and float64 are read"):
            cesaro.jacobian_norms(SMALL, 8, weights={**drawn, name: drawn[name].astype(kind)})
    with pytest.raises(ValueError, match=f"jacobian_norms: weights: tensor '{name}' holds a value that is finite as F64"):
        cesaro.jacobian_norms(SMALL, 8, weights={**drawn, name: np.full(drawn[name].shape, 1e300)})
    with pytest.raises(ValueError, match=f"jacobian_norms: weights: tensor '{name}' has shape"):
        cesaro.jacobian_norms(SMALL, 8, weights={**drawn, name: drawn[name].T})
    mask = {"model.layers.0.attention.bias": np.ones((1, 1, 8, 8), dtype=bool)}  # old checkpoints store it
    cesaro.jacobian_norms(SMALL, 8, weights={**drawn, **mask})


class Brain:
    """Stands for a tensor of PyTorch in bfloat16, which NumPy does not have."""

    def __init__(self, array):
        self.array = array

    def detach(self):
        return self

    cpu = detach

    def numpy(self):
        raise TypeError("Got unsupported ScalarType BFloat16")

    def float(self):
        return Torch(self.array)


class Torch(Brain):
    def numpy(self):
        return self.array


def test_weights_of_pytorch():
    drawn = cesaro.draw_weights(SMALL, seed=5)
    expected = cesaro.jacobian_norms(SMALL, 8, weights=drawn).profile
    for kind in (Torch, Brain):
        given = {name: kind(array) for name, array in drawn.items()}
        np.testing.assert_array_equal(cesaro.jacobian_norms(SMALL, 8, weights=given).profile, expected)


def test_bfloat16():
    bfloat16 = pytest.importorskip("ml_dtypes").bfloat16
    weights = {name: array.astype(bfloat16) for name, array in cesaro.draw_weights(SMALL, seed=5).items()}
    wide = {name: array.astype(np.float32) for name, array in weights.items()}
    np.testing.assert_array_equal(cesaro.jacobian_norms(SMALL, 8, weights=weights).profile,
                                  cesaro.jacobian_norms(SMALL, 8, weights=wide).profile)


def test_prompts_are_embedded_one_at_a_time():
    """Memory does not grow with their number."""
    config = {"model_type": "gpt2", "n_layer": 1, "n_embd": 8, "n_head": 1, "vocab_size": 11, "n_positions": 64}
    weights = cesaro.draw_weights(config)
    cesaro.jacobian_norms(config, 64, 2, 1, weights=weights)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    cesaro.jacobian_norms(config, 64, 10_000, 1, weights=weights)  # 20 MB of embeddings
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 10_000


def run(*arguments):
    return subprocess.run([sys.executable, "-m", "cesaro", *map(str, arguments)], capture_output=True, text=True)


def fields(output):
    return {line[:16].strip(): line[17:] for line in output.splitlines()}


def test_command_line(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(SMALL))
    done = run("--config", tmp_path, "--tokens", 128)
    assert done.returncode == 0 and done.stderr == ""
    lines = fields(done.stdout)
    s = cesaro.predict(SMALL, 128).summary()
    assert lines["tokens"] == "128" and lines["first tenth"] == f"{s.primacy:.6f}" and lines["layers"] == "3"
    assert fields(run("--config", tmp_path).stdout)["tokens"] == "64"
    for wrong in (["--config", tmp_path / "absent"], ["--config", tmp_path, "--tokens", 0], ["--config", tmp_path, "--tokens", "x"], []):
        done = run(*wrong)
        assert done.returncode == 2 and done.stdout == "" and "Traceback" not in done.stderr
    assert run("--version").stdout == f"cesaro {cesaro.__version__}\n"


def test_what_is_differentiated():
    rng = np.random.default_rng(5)
    ids, target, place = [7, 3, 11, 20, 5], 9, 2
    weights = {name: value.astype(np.float64) + 0.1 * rng.standard_normal(value.shape)
               for name, value in cesaro.draw_weights(SMALL).items()}

    def log_probability(step):
        changed = {**weights, "model.embed_tokens.weight": weights["model.embed_tokens.weight"].copy()}
        changed["model.embed_tokens.weight"][ids[place]] += step
        whole = len(ids) * cesaro.prompt_loss(SMALL, changed, [*ids, target])
        return (len(ids) - 1) * cesaro.prompt_loss(SMALL, changed, ids) - whole

    steps = 0.02 * np.eye(48)
    gradient = [(log_probability(step) - log_probability(-step)) / 0.04 for step in steps]
    given = {"weights": weights, "token_ids": ids}
    norms = cesaro.jacobian_norms(SMALL, probes=f"log-probability={target}", **given).profile
    assert norms[place] == pytest.approx(np.linalg.norm(gradient), rel=0.02)
    kinds = ["norm", f"logit={target}", "argmax-probability", "ones"]
    profiles = [cesaro.jacobian_norms(SMALL, probes=kind, **given).profile for kind in kinds]
    assert all(profile.shape == (5,) and np.all(profile > 0) for profile in profiles)
    assert not any(np.allclose(profile, norms) for profile in profiles)
    for wrong in ["logit", "logit=64", "logit=-1", "logit=x", "norm=3", "most"]:
        with pytest.raises(ValueError, match=f"jacobian_norms: probes = '{wrong}'"):
            cesaro.jacobian_norms(SMALL, probes=wrong, **given)
    with pytest.raises(ValueError, match="average = 'mean'"):
        cesaro.jacobian_norms(SMALL, 8, average="mean")
    two = {"weights": weights, "token_ids": [ids, ids[::-1]], "probes": "exact"}
    one = [cesaro.jacobian_norms(SMALL, **{**two, "token_ids": prompt}).profile for prompt in two["token_ids"]]
    np.testing.assert_allclose(cesaro.jacobian_norms(SMALL, average="normalized", **two).profile,
                               np.mean([p / p.sum() for p in one], axis=0), rtol=1e-6)


def test_what_layers_do():
    report = cesaro.layer_report(SMALL, tokens=32)
    per_layer = {name: values for name, values in report.items() if name.endswith("share")}
    assert sorted(per_layer) == ["attention_share", "feed_forward_share", "mean_attention_share",
                                 "mean_feed_forward_share"]
    assert all(values.shape == (3,) for values in per_layer.values())
    assert all(values.shape == (3, 3) for name, values in report.items() if name not in per_layer)
    # At birth attention is all but uniform, and adds what is predicted, about.
    np.testing.assert_allclose(report["tokens_seen"], 32, rtol=0.01)
    np.testing.assert_allclose(report["mean_distance"], 15.5, rtol=0.02)
    np.testing.assert_allclose(report["first_token"], np.mean(1 / np.arange(1, 33)), rtol=0.05)
    np.testing.assert_allclose(report["output_norm"].mean(axis=1), 1)
    np.testing.assert_allclose(report["attention_share"], cesaro.predict(SMALL, 32).alphas, rtol=0.35)
    weights, ids = cesaro.draw_weights(SMALL, 3), [1, 2, 3]
    given = cesaro.layer_report(SMALL, weights=weights, token_ids=ids)
    assert given["tokens_seen"].max() <= 3
    double = {name: 2 * value if "o_proj" in name else value for name, value in weights.items()}
    more = cesaro.layer_report(SMALL, weights=double, token_ids=ids)["attention_share"][0]
    share = given["attention_share"][0]
    assert more / (1 - more) == pytest.approx(2 * share / (1 - share), rel=1e-5)
    with pytest.raises(TypeError, match="layer_report: tokens or token_ids"):
        cesaro.layer_report(SMALL)
    with pytest.raises(ValueError, match="layer_report: prompts in token_ids"):
        cesaro.layer_report(SMALL, token_ids=[[1, 2], [3, 4]])
    assert cesaro.prompt_loss(SMALL, weights, ids) == pytest.approx(np.log(64), rel=0.05)
    with pytest.raises(ValueError, match="prompt_loss"):
        cesaro.prompt_loss(SMALL, weights, [1])
