#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
"""untrained_decoder beside PyTorch, family by family: a checkpoint of random weights, biases and gains is
loaded, run forward and backward, and saved again; the last hidden state and the Jacobian norms are to be those
of torch_decoders.py to 1e-5 of their greatest entry.

usage: oracle_test.py PROGRAM FAMILIES [NAME...]     exit status 77: PyTorch or NumPy is not installed
"""
import copy
import importlib.util
import json
import math
import pathlib
import subprocess
import sys
import tempfile
import zlib

TOLERANCE = 1e-5
TOKENS = 20
SKIPPED = 77

# What the files of tests/data/families do not say: other values of the same keys, and other types of RoPE.
YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64}
VARIANTS = {
    "gpt2 by layer": ("gpt2", {"scale_attn_by_inverse_layer_idx": True, "n_inner": 200}),
    "gpt2 without scale": ("gpt2", {"scale_attn_weights": False, "activation_function": "relu"}),
    "gpt_bigcode multi-head": ("gpt_bigcode", {"multi_query": False}),
    "gpt_neox without bias": ("gpt_neox", {"attention_bias": False, "hidden_act": "gelu_new", "rotary_pct": 1.0}),
    "opt without bias": ("opt", {"enable_bias": False, "layer_norm_elementwise_affine": False}),
    "bloom 8 heads": ("bloom", {"n_head": 8}),
    "mpt 8 heads": ("mpt", {"n_heads": 8, "attn_config": {"alibi": True, "alibi_bias_max": 6}}),
    "mpt clipped": ("mpt", {"attn_config": {"alibi": True, "clip_qkv": 1.5, "softmax_scale": 0.3}}),
    "falcon_rw 8 heads": ("falcon_rw", {"num_attention_heads": 8, "multi_query": True}),
    "falcon_40b one norm": ("falcon_40b", {"num_ln_in_parallel_attn": 1, "ffn_hidden_size": 200}),
    "llama biases": ("llama", {"attention_bias": True, "mlp_bias": True, "hidden_act": "gelu"}),
    "llama wide heads": ("llama", {"head_dim": 24, "num_key_value_heads": 2}),
    "llama linear": ("llama", {"rope_scaling": {"type": "linear", "factor": 2.5}}),
    "llama dynamic": ("llama", {"rope_scaling": {"type": "dynamic", "factor": 2.0}, "max_position_embeddings": 12}),
    "llama yarn": ("llama", {"rope_scaling": {**YARN, "attention_factor": 1.3, "beta_fast": 8}}),
    "mistral without window": ("mistral", {"sliding_window": None, "head_dim": 24}),
    "qwen2 by types": (
        "qwen2",
        {"layer_types": ["full_attention", "sliding_attention", "full_attention"] * 2, "max_window_layers": None},
    ),
    "qwen3 yarn": ("qwen3", {"rope_scaling": {**YARN, "truncate": False}, "attention_bias": True}),
    "gemma2 narrow cap": ("gemma2", {"attn_logit_softcapping": 1.5, "query_pre_attn_scalar": 20}),
    "gemma3 linear": ("gemma3_text", {"rope_scaling": {"rope_type": "linear", "factor": 8.0}}),
    "gemma3 by types": (
        "gemma3_text",
        {
            "layer_types": ["sliding_attention", "full_attention"] * 3,
            "rope_parameters": {
                "full_attention": {"rope_type": "linear", "factor": 4.0, "rope_theta": 50000.0},
                "sliding_attention": {"rope_type": "default", "rope_theta": 300.0},
            },
        },
    ),
    "phi3 beyond its context": ("phi3", {"original_max_position_embeddings": 12, "sliding_window": 9}),
    "olmo clipped": ("olmo", {"clip_qkv": 1.5, "num_key_value_heads": 2}),
    "olmo2 grouped": ("olmo2", {"num_key_value_heads": 2, "attention_bias": True}),
    "stablelm norms": ("stablelm", {"qk_layernorm": True, "num_key_value_heads": 2, "use_qkv_bias": False}),
    "stablelm parallel": ("stablelm", {"use_parallel_residual": True, "partial_rotary_factor": 0.5}),
    "starcoder2 without bias": ("starcoder2", {"use_bias": False, "sliding_window": None}),
    "granite biases": ("granite", {"attention_bias": True, "mlp_bias": True, "attention_multiplier": 0.2}),
    "smollm3 windows": ("smollm3", {"use_sliding_window": True, "sliding_window": 6, "no_rope_layers": None}),
    "mixtral window": ("mixtral", {"sliding_window": 8, "num_experts_per_tok": 3}),
    "qwen2_moe mixed": (
        "qwen2_moe",
        {"norm_topk_prob": True, "decoder_sparse_step": 2, "use_sliding_window": True, "max_window_layers": 4},
    ),
    "qwen3_moe plain": (
        "qwen3_moe",
        {"norm_topk_prob": False, "mlp_only_layers": [0, 3], "use_sliding_window": True, "sliding_window": 6},
    ),
    "gpt_oss without attention biases": ("gpt_oss", {"attention_bias": False, "num_experts_per_tok": 2}),
    "deepseek_v2 greedy": (
        "deepseek_v2",
        {"q_lora_rank": None, "topk_method": "greedy", "rope_scaling": None, "n_shared_experts": None},
    ),
    "deepseek_v3 halves": (
        "deepseek_v3",
        {"rope_interleave": False, "norm_topk_prob": False, "topk_group": 1, "first_k_dense_replace": 3},
    ),
}

DIVISORS = {
    4: """hidden_size n_embd d_model n_inner intermediate_size ffn_dim ffn_hidden_size word_embed_proj_dim
    rotary_dim moe_intermediate_size shared_expert_intermediate_size q_lora_rank kv_lora_rank""".split(),
    2: "num_attention_heads head_dim qk_nope_head_dim qk_rope_head_dim v_head_dim".split(),
}
WINDOWS = ("sliding_window", "window_size")
EPSILONS = ("layer_norm_epsilon", "layer_norm_eps", "rms_norm_eps", "norm_epsilon")


def reduced(config, changes):
    """A quarter of the width, a small vocabulary, windows shorter than the prompt, and epsilons that tell; then
    the changes."""
    small = copy.deepcopy(config)
    for divisor, keys in DIVISORS.items():
        small.update({key: small[key] // divisor for key in keys if small.get(key)})
    small.update({key: 7 for key in WINDOWS if small.get(key)})
    small.update({key: 0.01 for key in EPSILONS if key in small})
    small["vocab_size"] = 300
    if small.get("num_key_value_heads"):
        small["num_key_value_heads"] = min(small["num_key_value_heads"], small["num_attention_heads"])
    scaling = small.get("rope_scaling") or {}
    scaling.update({key: scaling[key][::2] for key in ("short_factor", "long_factor") if key in scaling})
    small.update(changes)
    return small


def random_tensor(name, shape, rng):
    """Nothing at its initial value. Matrices keep activations of order one; embeddings and latents are smaller,
    so that the epsilons which no key says tell as well."""
    x = rng.standard_normal(shape)
    if "sinks" in name:
        return x
    if "correction" in name:
        return 0.1 * x
    if "embed" in name or "wte" in name or "wpe" in name:
        return 0.2 * x if "norm" not in name else 1 + 0.3 * x
    if name.endswith("bias"):
        return 0.2 * x
    if len(shape) == 1:
        return 1 + 0.3 * x
    fan_in = shape[-2] if len(shape) == 3 or "c_attn" in name else shape[-1]
    return x * ((0.05 if "_a_proj" in name else 0.8) / math.sqrt(fan_in))


def run(program, *arguments):
    result = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise ValueError(f"untrained_decoder {' '.join(map(str, arguments))}: {result.stderr.strip()}")


def difference(ours, theirs):
    """The greatest difference relative to the greatest entry."""
    theirs = theirs.numpy()
    return abs(ours - theirs).max() / abs(theirs).max()


def compare(program, config, seed, scratch):
    """Relative differences by name."""
    import numpy as np
    import torch_decoders as oracle

    rng = np.random.default_rng(seed)
    drawn, given, saved = (scratch / name for name in ("drawn", "given", "saved"))
    given.mkdir()
    (given / "config.json").write_text(json.dumps(config))
    (scratch / "ids.txt").write_text(" ".join(map(str, ids := rng.integers(0, 300, TOKENS).tolist())))
    run(program, "--config", given / "config.json", "--tokens", 4, "--probes", 1, "--save", drawn)
    names = oracle.read_safetensors(drawn / "model.safetensors")
    arrays = {name: random_tensor(name, array.shape, rng).astype("<f4") for name, array in names.items()}
    oracle.write_safetensors(given / "model.safetensors", arrays)
    run(program, "--weights", given, "--token-ids", scratch / "ids.txt", "--probes", "exact", "--save", saved)

    x, h = oracle.last_hidden_state(config, arrays, ids)
    norms = oracle.jacobian_norms(config, arrays, x)
    again = oracle.read_safetensors(saved / "model.safetensors")
    if set(again) != set(arrays):
        raise ValueError("what is saved has other tensors than what was loaded")
    _, rewritten = oracle.last_hidden_state(json.loads((saved / "config.json").read_text()), again, ids)
    ours = oracle.read_safetensors(saved / "inputs.safetensors")
    return {
        "input": difference(ours["x_in"], x),
        "hidden": difference(ours["last_hidden_state"], h),
        "Jacobian": difference(ours["jacobian_norms"], norms),
        "saved": difference(rewritten.numpy(), h),
    }


def main():
    missing = [name for name in ("numpy", "torch") if importlib.util.find_spec(name) is None]
    if missing:
        print(f"skipped: Python lacks {' and '.join(missing)} (Debian: python3-torch, python3-numpy)")
        return SKIPPED
    import torch

    torch.set_num_threads(1)
    program, families = sys.argv[1], pathlib.Path(sys.argv[2])
    cases = {path.stem: (path.stem, {}) for path in sorted(families.glob("*.json"))} | VARIANTS
    chosen = sys.argv[3:] or list(cases)
    failed = []
    print(f"{'family':34} {'input':>9} {'hidden':>9} {'Jacobian':>9} {'saved':>9}")
    for name in chosen:
        family, changes = cases[name]
        config = reduced(json.loads((families / f"{family}.json").read_text()), changes)
        with tempfile.TemporaryDirectory() as scratch:
            try:
                found = compare(program, config, zlib.crc32(name.encode()), pathlib.Path(scratch))
            except (KeyError, RuntimeError, ValueError) as error:
                print(f"{name:34} {type(error).__name__}: {error}", flush=True)
                failed.append(name)
                continue
        good = all(value <= TOLERANCE for value in found.values())
        print(f"{name:34}", *(f"{value:9.1e}" for value in found.values()), "" if good else " wrong", flush=True)
        if not good:
            failed.append(name)
    if failed:
        print(f"{len(failed)} of {len(chosen)} disagree: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
