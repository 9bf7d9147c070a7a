# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
"""The decoders of tests/data/families in PyTorch, written from the papers and from what the modules of
Hugging Face transformers are called and compute: a second opinion on the forward pass, its derivative, the
layouts of stored tensors and the meaning of the keys of a config.json. One class per family, in double
precision.
"""
import json
import math
import pathlib
import struct

import numpy as np
import torch
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)


# --- Files ---


def read_safetensors(path):
    """Tensors by name; F32 only."""
    data = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = np.frombuffer(data[begin:end], "<f4").reshape(entry["shape"])
    return tensors


def write_safetensors(path, tensors):
    header, offset = {}, 0
    for name, array in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [offset, offset + 4 * array.size]}
        offset += 4 * array.size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for array in tensors.values():
            out.write(np.ascontiguousarray(array, "<f4").tobytes())


class Weights:
    """Stored tensors in double precision; remembers which of them were used."""

    def __init__(self, arrays):
        self.arrays = arrays
        self.used = set()

    def __getitem__(self, name):
        self.used.add(name)
        return torch.from_numpy(self.arrays[name].astype(np.float64))

    def unused(self):
        return sorted(set(self.arrays) - self.used)


# --- Activations and rotations ---


def gelu_tanh(x):
    return F.gelu(x, approximate="tanh")


ACTIVATIONS = {
    "gelu": F.gelu,
    "gelu_new": gelu_tanh,
    "gelu_pytorch_tanh": gelu_tanh,
    "gelu_fast": gelu_tanh,
    "relu": F.relu,
    "silu": F.silu,
}


def yarn_mscale(factor, mscale=1.0):
    return 1.0 if factor <= 1 else 0.1 * mscale * math.log(factor) + 1


def rope_frequencies(theta, dim, scaling, tokens, max_positions, original=None):
    """Angles per position of each pair, and what cosines and sines are multiplied by.
    YaRN: arXiv 2309.00071; LongRoPE: arXiv 2402.13753; the others as in transformers."""
    pairs = np.arange(0, dim, 2) / dim
    kind = (scaling or {}).get("rope_type", (scaling or {}).get("type", "default"))
    if kind == "dynamic":
        factor = scaling["factor"]
        length = max(tokens, max_positions)
        theta = theta * (factor * length / max_positions - (factor - 1)) ** (dim / (dim - 2))
    frequencies = theta**-pairs
    if kind in ("default", "dynamic", "mrope"):
        return frequencies, 1.0
    if kind == "linear":
        return frequencies / scaling["factor"], 1.0
    if kind == "llama3":
        low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
        turns = scaling["original_max_position_embeddings"] * frequencies / (2 * math.pi)
        smooth = np.clip((turns - low) / (high - low), 0, 1)
        return frequencies * (smooth + (1 - smooth) / scaling["factor"]), 1.0
    if kind == "yarn":
        factor = scaling["factor"]
        positions = scaling.get("original_max_position_embeddings") or max_positions

        def pair_with(rotations):
            return dim * math.log(positions / (rotations * 2 * math.pi)) / (2 * math.log(theta))

        low, high = pair_with(scaling.get("beta_fast") or 32), pair_with(scaling.get("beta_slow") or 1)
        if scaling.get("truncate", True):
            low, high = math.floor(low), math.ceil(high)
        low, high = max(low, 0), min(high, dim - 1)
        high += 0.001 if low == high else 0
        ramp = np.clip((np.arange(dim // 2) - low) / (high - low), 0, 1)
        attention = scaling.get("attention_factor")
        if attention is None:
            mscale, all_dim = scaling.get("mscale"), scaling.get("mscale_all_dim")
            attention = yarn_mscale(factor)
            if mscale and all_dim:
                attention = yarn_mscale(factor, mscale) / yarn_mscale(factor, all_dim)
        return frequencies * (1 - ramp) + frequencies / factor * ramp, attention
    if kind == "longrope":
        original = original or scaling.get("original_max_position_embeddings") or max_positions
        factors = scaling["long_factor" if tokens > original else "short_factor"]
        attention = scaling.get("attention_factor")
        if attention is None:
            factor = max_positions / original
            attention = math.sqrt(1 + math.log(factor) / math.log(original)) if factor > 1 else 1.0
        return frequencies / np.array(factors), attention
    raise ValueError(f"rope_type {kind}")


def rotate_halves(x, cos, sin):
    """Pairs (i, i + half); x [..., tokens, dim]."""
    a, b = x.chunk(2, dim=-1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], dim=-1)


def rotate_neighbours(x, cos, sin):
    """Pairs (2i, 2i + 1)."""
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack([a * cos - b * sin, b * cos + a * sin], dim=-1).flatten(-2)


# --- Decoders ---


class Decoder:
    """embed(ids) is what enters the first layer, run(x) the last hidden state; x [batch, tokens, width]."""

    base = "model."

    def __init__(self, config, weights):
        self.c = config
        self.w = weights
        self.layers = self.get("num_hidden_layers", "n_layer", "n_layers", "num_layers")
        self.heads = self.get("num_attention_heads", "n_head", "n_heads", "num_heads")
        self.width = self.get("hidden_size", "n_embd", "d_model")

    def get(self, *keys, default=None):
        for key in keys:
            if self.c.get(key) is not None:
                return self.c[key]
        return default

    def weight(self, name):
        return self.w[self.base + name]

    def linear(self, x, name, bias=False):
        y = x @ self.weight(name + ".weight").T
        return y + self.weight(name + ".bias") if bias else y

    def layer_norm(self, x, name, eps, bias=True):
        shape = x.shape[-1:]
        return F.layer_norm(x, shape, self.weight(name + ".weight"), self.weight(name + ".bias") if bias else None, eps)

    def rms_norm(self, x, name, eps, shift=0.0):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * (self.weight(name + ".weight") + shift)

    def split(self, x, heads):
        """[batch, tokens, heads * dim] to [batch, heads, tokens, dim]."""
        return x.unflatten(-1, (heads, -1)).transpose(1, 2)

    def merge(self, x):
        return x.transpose(1, 2).flatten(2)

    def attend(self, q, k, v, scale, window=None, bias=None, cap=None, sinks=None):
        """Queries [batch, heads, tokens, dim]; each head of keys and values serves as many of queries."""
        groups = q.shape[1] // k.shape[1]
        k = k.repeat_interleave(groups, dim=1)
        v = v.repeat_interleave(groups, dim=1)
        scores = q @ k.transpose(-1, -2) * scale
        if cap:
            scores = cap * torch.tanh(scores / cap)
        if bias is not None:
            scores = scores + bias
        tokens = q.shape[2]
        distance = torch.arange(tokens)[:, None] - torch.arange(tokens)[None, :]
        hidden = distance < 0
        if window:
            hidden = hidden | (distance >= window)
        scores = scores.masked_fill(hidden, -math.inf)
        if sinks is None:
            return torch.softmax(scores, dim=-1) @ v
        extra = sinks[None, :, None, None].expand(*scores.shape[:3], 1)
        return torch.softmax(torch.cat([scores, extra], dim=-1), dim=-1)[..., :-1] @ v

    def angles(self, theta, dim, scaling, tokens):
        frequencies, factor = rope_frequencies(
            theta,
            dim,
            scaling,
            tokens,
            self.get("max_position_embeddings", "n_positions"),
            self.get("original_max_position_embeddings"),
        )
        angle = torch.arange(tokens, dtype=torch.float64)[:, None] * torch.from_numpy(frequencies)[None, :]
        return angle.cos() * factor, angle.sin() * factor

    def rotate_part(self, x, dim, rotate, theta, scaling=None):
        """The first dim entries of each head are rotated."""
        cos, sin = self.angles(theta, dim, scaling, x.shape[-2])
        return torch.cat([rotate(x[..., :dim], cos, sin), x[..., dim:]], dim=-1)

    def run(self, x):
        for i in range(self.layers):
            x = self.layer(x, i)
        return self.final(x)


class GPT2(Decoder):
    base = "transformer."

    def __init__(self, config, weights):
        super().__init__(config, weights)
        self.eps = self.get("layer_norm_epsilon", default=1e-5)
        self.act = ACTIVATIONS[self.get("activation_function", default="gelu_new")]
        if "wte.weight" in weights.arrays:  # GPT-2 was published without the prefix
            self.base = ""

    def embed(self, ids):
        return self.weight("wte.weight")[ids] + self.weight("wpe.weight")[: len(ids)]

    def conv1d(self, x, name):
        return x @ self.weight(name + ".weight") + self.weight(name + ".bias")

    def scale(self, i):
        scale = (self.width // self.heads) ** -0.5 if self.get("scale_attn_weights", default=True) else 1.0
        return scale / (i + 1) if self.get("scale_attn_by_inverse_layer_idx", default=False) else scale

    def attention(self, x, i):
        q, k, v = self.conv1d(x, f"h.{i}.attn.c_attn").chunk(3, dim=-1)
        y = self.attend(*(self.split(z, self.heads) for z in (q, k, v)), self.scale(i))
        return self.conv1d(self.merge(y), f"h.{i}.attn.c_proj")

    def mlp(self, x, i):
        return self.conv1d(self.act(self.conv1d(x, f"h.{i}.mlp.c_fc")), f"h.{i}.mlp.c_proj")

    def layer(self, x, i):
        x = x + self.attention(self.layer_norm(x, f"h.{i}.ln_1", self.eps), i)
        return x + self.mlp(self.layer_norm(x, f"h.{i}.ln_2", self.eps), i)

    def final(self, x):
        return self.layer_norm(x, "ln_f", self.eps)


class GPTBigCode(GPT2):
    def conv1d(self, x, name):
        return self.linear(x, name, bias=True)

    def attention(self, x, i):
        head = self.width // self.heads
        fused = self.conv1d(x, f"h.{i}.attn.c_attn")
        if self.get("multi_query", default=True):
            q, k, v = fused.split([self.width, head, head], dim=-1)
            q, k, v = self.split(q, self.heads), self.split(k, 1), self.split(v, 1)
        else:
            q, k, v = self.split(fused, self.heads).split(head, dim=-1)
        return self.conv1d(self.merge(self.attend(q, k, v, self.scale(i))), f"h.{i}.attn.c_proj")


class GPTNeo(GPTBigCode):
    def attention(self, x, i):
        kinds = []
        for names, times in self.get("attention_types"):
            kinds += list(names) * times
        name = f"h.{i}.attn.attention."
        q, k, v = (self.split(self.linear(x, name + p), self.heads) for p in ("q_proj", "k_proj", "v_proj"))
        y = self.attend(q, k, v, 1.0, self.get("window_size") if kinds[i] == "local" else None)
        return self.linear(self.merge(y), name + "out_proj", bias=True)


class GPTJ(GPTBigCode):
    def embed(self, ids):
        return self.weight("wte.weight")[ids]

    def attention(self, x, i):
        dim = self.get("rotary_dim", default=64)
        q, k, v = (self.split(self.linear(x, f"h.{i}.attn." + p), self.heads) for p in ("q_proj", "k_proj", "v_proj"))
        q, k = (self.rotate_part(z, dim, rotate_neighbours, 10000.0) for z in (q, k))
        y = self.attend(q, k, v, q.shape[-1] ** -0.5)
        return self.linear(self.merge(y), f"h.{i}.attn.out_proj")

    def layer(self, x, i):
        y = self.layer_norm(x, f"h.{i}.ln_1", self.eps)
        inner = self.act(self.linear(y, f"h.{i}.mlp.fc_in", bias=True))
        return x + self.attention(y, i) + self.linear(inner, f"h.{i}.mlp.fc_out", bias=True)


class GPTNeoX(Decoder):
    base = "gpt_neox."

    def embed(self, ids):
        return self.weight("embed_in.weight")[ids]

    def attention(self, x, i):
        head = self.width // self.heads
        bias = self.get("attention_bias", default=True)
        name = f"layers.{i}.attention."
        fused = self.split(self.linear(x, name + "query_key_value", bias), self.heads)
        q, k, v = fused.split(head, dim=-1)
        dim = int(head * self.get("rotary_pct", default=0.25))
        theta = self.get("rotary_emb_base", default=10000)
        q, k = (self.rotate_part(z, dim, rotate_halves, theta, self.get("rope_scaling")) for z in (q, k))
        return self.linear(self.merge(self.attend(q, k, v, head**-0.5)), name + "dense", bias)

    def mlp(self, x, i):
        y = ACTIVATIONS[self.get("hidden_act", default="gelu")](
            self.linear(x, f"layers.{i}.mlp.dense_h_to_4h", bias=True)
        )
        return self.linear(y, f"layers.{i}.mlp.dense_4h_to_h", bias=True)

    def layer(self, x, i):
        eps = self.get("layer_norm_eps", default=1e-5)
        attention = self.attention(self.layer_norm(x, f"layers.{i}.input_layernorm", eps), i)
        parallel = self.get("use_parallel_residual", default=True)
        y = x if parallel else x + attention
        mlp = self.mlp(self.layer_norm(y, f"layers.{i}.post_attention_layernorm", eps), i)
        return x + attention + mlp

    def final(self, x):
        return self.layer_norm(x, "final_layer_norm", self.get("layer_norm_eps", default=1e-5))


class OPT(Decoder):
    base = "model.decoder."

    def embed(self, ids):
        positions = self.weight("embed_positions.weight")[2 : 2 + len(ids)]  # two rows for padding come first
        return self.weight("embed_tokens.weight")[ids] + positions

    def norm(self, x, name):
        if self.get("layer_norm_elementwise_affine", default=True):
            return self.layer_norm(x, name, 1e-5)
        return F.layer_norm(x, x.shape[-1:], eps=1e-5)

    def layer(self, x, i):
        bias = self.get("enable_bias", default=True)
        name = f"layers.{i}."
        y = self.norm(x, name + "self_attn_layer_norm")
        q, k, v = (
            self.split(self.linear(y, name + "self_attn." + p, bias), self.heads) for p in ("q_proj", "k_proj", "v_proj")
        )
        y = self.merge(self.attend(q, k, v, q.shape[-1] ** -0.5))
        x = x + self.linear(y, name + "self_attn.out_proj", bias)
        act = ACTIVATIONS[self.get("activation_function", default="relu")]
        y = act(self.linear(self.norm(x, name + "final_layer_norm"), name + "fc1", bias))
        return x + self.linear(y, name + "fc2", bias)

    def final(self, x):
        return self.norm(x, "final_layer_norm")


def bloom_slopes(heads):
    """arXiv 2108.12409, as BLOOM has it for any number of heads."""
    lower = 2 ** int(math.floor(math.log2(heads)))
    base = 2.0 ** (-8.0 / lower)
    slopes = [base ** (h + 1) for h in range(lower)]
    odd = 2.0 ** (-4.0 / lower)
    return torch.tensor(slopes + [odd ** (2 * h + 1) for h in range(heads - lower)])


def mpt_slopes(heads, most):
    upper = 2 ** int(math.ceil(math.log2(heads)))
    slopes = [2.0 ** (-(h + 1) * most / upper) for h in range(upper)]
    if upper != heads:
        slopes = (slopes[1::2] + slopes[0::2])[:heads]
    return torch.tensor(slopes)


def alibi(slopes, tokens):
    return slopes[:, None, None] * torch.arange(tokens)[None, None, :]


class Bloom(Decoder):
    base = "transformer."

    def __init__(self, config, weights):
        super().__init__(config, weights)
        self.eps = self.get("layer_norm_epsilon", default=1e-5)

    def embed(self, ids):
        return self.layer_norm(self.weight("word_embeddings.weight")[ids], "word_embeddings_layernorm", self.eps)

    def layer(self, x, i):
        name = f"h.{i}."
        y = self.layer_norm(x, name + "input_layernorm", self.eps)
        fused = self.linear(y, name + "self_attention.query_key_value", bias=True)
        q, k, v = fused.unflatten(-1, (self.heads, 3, -1)).permute(3, 0, 2, 1, 4)
        y = self.attend(q, k, v, q.shape[-1] ** -0.5, bias=alibi(bloom_slopes(self.heads), x.shape[1]))
        x = x + self.linear(self.merge(y), name + "self_attention.dense", bias=True)
        y = self.layer_norm(x, name + "post_attention_layernorm", self.eps)
        y = gelu_tanh(self.linear(y, name + "mlp.dense_h_to_4h", bias=True))
        return x + self.linear(y, name + "mlp.dense_4h_to_h", bias=True)

    def final(self, x):
        return self.layer_norm(x, "ln_f", self.eps)


class Falcon(Decoder):
    base = "transformer."

    def embed(self, ids):
        return self.weight("word_embeddings.weight")[ids]

    def attention(self, x, i):
        head = self.width // self.heads
        bias = self.get("bias", default=False)
        name = f"h.{i}.self_attention."
        fused = self.linear(x, name + "query_key_value", bias)
        if self.get("new_decoder_architecture", default=False):
            groups = self.get("num_kv_heads", "n_head_kv", default=self.heads)
            fused = fused.unflatten(-1, (groups, self.heads // groups + 2, head))
            q = fused[..., :-2, :].flatten(2, 3).transpose(1, 2)
            k, v = (fused[..., j, :].transpose(1, 2) for j in (-2, -1))
        elif self.get("multi_query", default=True):
            fused = fused.unflatten(-1, (self.heads + 2, head)).transpose(1, 2)
            q, k, v = fused[:, :-2], fused[:, [-2]], fused[:, [-1]]
        else:
            q, k, v = fused.unflatten(-1, (self.heads, 3, head)).permute(3, 0, 2, 1, 4)
        positions = None
        if self.get("alibi", default=False):
            positions = alibi(bloom_slopes(self.heads), x.shape[1]) / math.sqrt(head)
        else:
            theta = self.get("rope_theta", default=10000.0)
            q, k = (self.rotate_part(z, head, rotate_halves, theta, self.get("rope_scaling")) for z in (q, k))
        y = self.attend(q, k, v, head**-0.5, bias=positions)
        return self.linear(self.merge(y), name + "dense", bias)

    def mlp(self, x, i):
        bias = self.get("bias", default=False)
        y = ACTIVATIONS[self.get("activation", default="gelu")](self.linear(x, f"h.{i}.mlp.dense_h_to_4h", bias))
        return self.linear(y, f"h.{i}.mlp.dense_4h_to_h", bias)

    def layer(self, x, i):
        eps = self.get("layer_norm_epsilon", default=1e-5)

        def norm(z, name):
            return self.layer_norm(z, f"h.{i}.{name}", eps)

        renewed = self.get("new_decoder_architecture", default=False)
        if renewed and self.get("num_ln_in_parallel_attn", default=2) == 2:
            return x + self.attention(norm(x, "ln_attn"), i) + self.mlp(norm(x, "ln_mlp"), i)
        y = norm(x, "input_layernorm")
        if renewed or self.get("parallel_attn", default=True):
            return x + self.attention(y, i) + self.mlp(y, i)
        x = x + self.attention(y, i)
        return x + self.mlp(norm(x, "post_attention_layernorm"), i)

    def final(self, x):
        return self.layer_norm(x, "ln_f", self.get("layer_norm_epsilon", default=1e-5))


class Mpt(Decoder):
    base = "transformer."

    def embed(self, ids):
        return self.weight("wte.weight")[ids]

    def norm(self, x, name):
        return self.layer_norm(x, name, self.get("layer_norm_epsilon", default=1e-5), bias=False)

    def layer(self, x, i):
        options = self.get("attn_config", default={})
        name = f"blocks.{i}."
        fused = self.linear(self.norm(x, name + "norm_1"), name + "attn.Wqkv")
        if options.get("clip_qkv"):
            fused = fused.clamp(-options["clip_qkv"], options["clip_qkv"])
        q, k, v = (self.split(z, self.heads) for z in fused.chunk(3, dim=-1))
        scale = options.get("softmax_scale") or q.shape[-1] ** -0.5
        positions = alibi(mpt_slopes(self.heads, options.get("alibi_bias_max", 8)), x.shape[1])
        y = self.attend(q, k, v, scale, bias=positions)
        x = x + self.linear(self.merge(y), name + "attn.out_proj")
        y = F.gelu(self.linear(self.norm(x, name + "norm_2"), name + "ffn.up_proj"))
        return x + self.linear(y, name + "ffn.down_proj")

    def final(self, x):
        return self.norm(x, "norm_f")


class Llama(Decoder):
    """What later families change are the methods."""

    theta = 10000.0
    epsilon = 1e-6

    def __init__(self, config, weights):
        super().__init__(config, weights)
        self.eps = self.get("rms_norm_eps", default=self.epsilon)
        self.kv_heads = self.get("num_key_value_heads", default=self.heads)
        self.head = self.get("head_dim", default=self.width // self.heads)

    def embed(self, ids):
        return self.weight("embed_tokens.weight")[ids]

    def norm(self, x, name):
        return self.rms_norm(x, name, self.eps)

    def attention_bias(self):
        bias = self.get("attention_bias", default=False)
        return bias, bias

    def window(self, i):
        return None

    def scale(self):
        return self.head**-0.5

    def attend_options(self, i):
        return {}

    def qkv(self, x, name):
        bias, _ = self.attention_bias()
        return [self.linear(x, name + p, bias) for p in ("q_proj", "k_proj", "v_proj")]

    def rotary_dim(self):
        return int(self.head * self.get("partial_rotary_factor", default=1.0))

    def rotate(self, x, i):
        theta = self.get("rope_theta", default=self.theta)
        return self.rotate_part(x, self.rotary_dim(), rotate_halves, theta, self.get("rope_scaling"))

    def heads_of(self, q, k, name):
        """Queries and keys in heads, normalised where the family does so."""
        return self.split(q, self.heads), self.split(k, self.kv_heads)

    def attention(self, x, i):
        name = f"layers.{i}.self_attn."
        q, k, v = self.qkv(x, name)
        q, k = self.heads_of(q, k, name)
        v = self.split(v, self.kv_heads)
        y = self.attend(
            self.rotate(q, i), self.rotate(k, i), v, self.scale(), self.window(i), **self.attend_options(i)
        )
        return self.linear(self.merge(y), name + "o_proj", self.attention_bias()[1])

    def act(self, x):
        return ACTIVATIONS[self.get("hidden_act", default="silu")](x)

    def gated(self, x, name, bias=False):
        inner = self.act(self.linear(x, name + "gate_proj", bias)) * self.linear(x, name + "up_proj", bias)
        return self.linear(inner, name + "down_proj", bias)

    def mlp(self, x, i):
        return self.gated(x, f"layers.{i}.mlp.", self.get("mlp_bias", default=False))

    def layer(self, x, i):
        x = x + self.attention(self.norm(x, f"layers.{i}.input_layernorm"), i)
        return x + self.mlp(self.norm(x, f"layers.{i}.post_attention_layernorm"), i)

    def final(self, x):
        return self.norm(x, "norm")


class Mistral(Llama):
    def window(self, i):
        return self.c.get("sliding_window", 4096)


class Qwen2(Llama):
    def attention_bias(self):
        return True, False

    def window(self, i):
        if not self.get("use_sliding_window", default=False):
            return None
        slides = i >= self.get("max_window_layers", default=28)
        if self.get("layer_types"):
            slides = self.c["layer_types"][i] == "sliding_attention"
        return self.get("sliding_window", default=4096) if slides else None


class Qwen3(Qwen2):
    attention_bias = Llama.attention_bias

    def heads_of(self, q, k, name):
        q, k = super().heads_of(q, k, name)
        return self.norm(q, name + "q_norm"), self.norm(k, name + "k_norm")


class Gemma(Llama):
    def embed(self, ids):
        return self.weight("embed_tokens.weight")[ids] * math.sqrt(self.width)

    def norm(self, x, name):
        return self.rms_norm(x, name, self.eps, shift=1.0)

    def act(self, x):
        return gelu_tanh(x)


class Gemma2(Gemma):
    def windowed(self, i):
        return self.c["layer_types"][i] == "sliding_attention" if self.get("layer_types") else i % 2 == 0

    def window(self, i):
        return self.get("sliding_window", default=4096) if self.windowed(i) else None

    def scale(self):
        return self.get("query_pre_attn_scalar", default=256) ** -0.5

    def attend_options(self, i):
        return {"cap": self.c.get("attn_logit_softcapping", 50.0)}

    def layer(self, x, i):
        name = f"layers.{i}."
        y = self.attention(self.norm(x, name + "input_layernorm"), i)
        x = x + self.norm(y, name + "post_attention_layernorm")
        y = self.mlp(self.norm(x, name + "pre_feedforward_layernorm"), i)
        return x + self.norm(y, name + "post_feedforward_layernorm")


class Gemma3(Gemma2):
    theta = 1000000.0

    def windowed(self, i):
        if self.get("layer_types"):
            return self.c["layer_types"][i] == "sliding_attention"
        return (i + 1) % self.get("sliding_window_pattern", default=6) != 0

    def attend_options(self, i):
        return {"cap": self.c.get("attn_logit_softcapping")}

    def heads_of(self, q, k, name):
        q, k = super().heads_of(q, k, name)
        return self.norm(q, name + "q_norm"), self.norm(k, name + "k_norm")

    def rotate(self, x, i):
        parameters = self.get("rope_parameters", default={})
        if "full_attention" in parameters:
            own = parameters["sliding_attention" if self.windowed(i) else "full_attention"]
            return self.rotate_part(x, self.head, rotate_halves, own["rope_theta"], own)
        if self.windowed(i):
            return self.rotate_part(x, self.head, rotate_halves, self.get("rope_local_base_freq", default=10000.0))
        return super().rotate(x, i)


class Phi3(Llama):
    def qkv(self, x, name):
        kv = self.kv_heads * self.head
        return self.linear(x, name + "qkv_proj").split([self.heads * self.head, kv, kv], dim=-1)

    def window(self, i):
        return self.get("sliding_window")

    def mlp(self, x, i):
        gate, up = self.linear(x, f"layers.{i}.mlp.gate_up_proj").chunk(2, dim=-1)
        return self.linear(self.act(gate) * up, f"layers.{i}.mlp.down_proj")


class Phi(Llama):
    def norm(self, x, name):
        return self.layer_norm(x, name, self.get("layer_norm_eps", default=1e-5))

    def rotary_dim(self):
        return int(self.head * self.get("partial_rotary_factor", default=0.5))

    def layer(self, x, i):
        name = f"layers.{i}."
        z = self.norm(x, name + "input_layernorm")
        q, k, v = (self.linear(z, name + "self_attn." + p, bias=True) for p in ("q_proj", "k_proj", "v_proj"))
        q, k, v = self.split(q, self.heads), self.split(k, self.kv_heads), self.split(v, self.kv_heads)
        y = self.merge(self.attend(self.rotate(q, i), self.rotate(k, i), v, self.scale()))
        attention = self.linear(y, name + "self_attn.dense", bias=True)
        act = ACTIVATIONS[self.get("hidden_act", default="gelu_new")]
        return x + attention + self.linear(
            act(self.linear(z, name + "mlp.fc1", bias=True)), name + "mlp.fc2", bias=True
        )

    def final(self, x):
        return self.norm(x, "final_layernorm")


class Olmo(Llama):
    def norm(self, x, name):
        return F.layer_norm(x, x.shape[-1:], eps=1e-5)

    def qkv(self, x, name):
        clip = self.get("clip_qkv")
        fused = super().qkv(x, name)
        return [z.clamp(-clip, clip) for z in fused] if clip else fused


class Olmo2(Llama):
    epsilon = 1e-5

    def heads_of(self, q, k, name):
        return super().heads_of(self.norm(q, name + "q_norm"), self.norm(k, name + "k_norm"), name)

    def layer(self, x, i):
        x = x + self.norm(self.attention(x, i), f"layers.{i}.post_attention_layernorm")
        return x + self.norm(self.mlp(x, i), f"layers.{i}.post_feedforward_layernorm")


class Olmo3(Olmo2):
    def windowed(self, i):
        return self.c["layer_types"][i] == "sliding_attention" if self.get("layer_types") else (i + 1) % 4 != 0

    def window(self, i):
        return self.get("sliding_window", default=4096) if self.windowed(i) else None

    def rotate(self, x, i):
        if self.windowed(i):
            return self.rotate_part(x, self.head, rotate_halves, self.get("rope_theta", default=500000.0))
        return super().rotate(x, i)


class StableLm(Llama):
    def norm(self, x, name):
        return self.layer_norm(x, name, self.get("layer_norm_eps", default=1e-5))

    def attention_bias(self):
        return self.get("use_qkv_bias", default=False), False

    def rotary_dim(self):
        return int(self.head * self.get("partial_rotary_factor", default=0.25))

    def heads_of(self, q, k, name):
        q, k = super().heads_of(q, k, name)
        if not self.get("qk_layernorm", default=False):
            return q, k
        eps = self.get("layer_norm_eps", default=1e-5)

        def each(x, norms):
            heads = (self.layer_norm(x[:, h], f"{name}{norms}.norms.{h}", eps, bias=False) for h in range(x.shape[1]))
            return torch.stack(list(heads), dim=1)

        return each(q, "q_layernorm"), each(k, "k_layernorm")

    def layer(self, x, i):
        if not self.get("use_parallel_residual", default=False):
            return super().layer(x, i)
        y = self.norm(x, f"layers.{i}.input_layernorm")
        return x + self.attention(y, i) + self.mlp(y, i)


class Starcoder2(Llama):
    def norm(self, x, name):
        return self.layer_norm(x, name, self.get("norm_epsilon", default=1e-5))

    def attention_bias(self):
        bias = self.get("use_bias", default=True)
        return bias, bias

    def window(self, i):
        return self.get("sliding_window")

    def mlp(self, x, i):
        bias = self.get("use_bias", default=True)
        act = ACTIVATIONS[self.get("hidden_act", default="gelu_pytorch_tanh")]
        return self.linear(act(self.linear(x, f"layers.{i}.mlp.c_fc", bias)), f"layers.{i}.mlp.c_proj", bias)


class Granite(Llama):
    def embed(self, ids):
        return super().embed(ids) * self.get("embedding_multiplier", default=1.0)

    def scale(self):
        return self.get("attention_multiplier", default=1.0)

    def layer(self, x, i):
        r = self.get("residual_multiplier", default=1.0)
        x = x + r * self.attention(self.norm(x, f"layers.{i}.input_layernorm"), i)
        return x + r * self.mlp(self.norm(x, f"layers.{i}.post_attention_layernorm"), i)


class SmolLM3(Llama):
    theta = 2000000.0

    def rotated(self, i):
        flags = self.get("no_rope_layers")  # 1 where a layer does have RoPE
        return bool(flags[i]) if flags else (i + 1) % self.get("no_rope_layer_interval", default=4) != 0

    def rotate(self, x, i):
        return super().rotate(x, i) if self.rotated(i) else x

    def window(self, i):
        if not self.get("use_sliding_window", default=False):
            return None
        slides = self.c["layer_types"][i] == "sliding_attention" if self.get("layer_types") else not self.rotated(i)
        return self.get("sliding_window") if slides else None


def chosen_mask(scores, count):
    """1 at the `count` greatest entries of the last dimension."""
    return torch.zeros_like(scores).scatter(-1, scores.topk(count, dim=-1).indices, 1.0)


class Mixtral(Llama):
    theta = 1000000.0
    epsilon = 1e-5

    def window(self, i):
        return self.get("sliding_window")

    def mlp(self, x, i):
        name = f"layers.{i}.block_sparse_moe."
        p = torch.softmax(self.linear(x, name + "gate"), dim=-1)
        p = p * chosen_mask(p, self.get("num_experts_per_tok", default=2))
        p = p / p.sum(-1, keepdim=True)
        y = 0
        for e in range(self.get("num_local_experts", default=8)):
            inner = self.act(self.linear(x, f"{name}experts.{e}.w1")) * self.linear(x, f"{name}experts.{e}.w3")
            y = y + p[..., e, None] * self.linear(inner, f"{name}experts.{e}.w2")
        return y


class Qwen2Moe(Qwen2):
    def attention_bias(self):
        return self.get("qkv_bias", default=True), False

    def window(self, i):
        if not self.get("use_sliding_window", default=False):
            return None
        slides = i < self.get("max_window_layers", default=28) and i % 2 == 0
        return self.get("sliding_window", default=4096) if slides else None

    def routed(self, x, name):
        p = torch.softmax(self.linear(x, name + "gate"), dim=-1)
        p = p * chosen_mask(p, self.get("num_experts_per_tok"))
        if self.get("norm_topk_prob", default=False):
            p = p / p.sum(-1, keepdim=True)
        return sum(p[..., e, None] * self.gated(x, f"{name}experts.{e}.") for e in range(self.get("num_experts")))

    def shared(self, x, name):
        return torch.sigmoid(self.linear(x, name + "shared_expert_gate")) * self.gated(x, name + "shared_expert.")

    def mlp(self, x, i):
        name = f"layers.{i}.mlp."
        sparse = (i + 1) % self.get("decoder_sparse_step", default=1) == 0
        if i in self.get("mlp_only_layers", default=[]) or not sparse:
            return self.gated(x, name)
        return self.routed(x, name) + self.shared(x, name)


class Qwen3Moe(Qwen2Moe):
    attention_bias = Llama.attention_bias

    def window(self, i):
        return self.get("sliding_window") if self.get("use_sliding_window", default=False) else None

    def heads_of(self, q, k, name):
        q, k = super().heads_of(q, k, name)
        return self.norm(q, name + "q_norm"), self.norm(k, name + "k_norm")

    def shared(self, x, name):
        return 0


class GptOss(Llama):
    theta = 150000.0
    epsilon = 1e-5

    def attention_bias(self):
        bias = self.get("attention_bias", default=True)
        return bias, bias

    def window(self, i):
        slides = self.c["layer_types"][i] == "sliding_attention" if self.get("layer_types") else i % 2 == 0
        return self.get("sliding_window", default=128) if slides else None

    def attend_options(self, i):
        return {"sinks": self.weight(f"layers.{i}.self_attn.sinks")}

    def mlp(self, x, i):
        name = f"layers.{i}.mlp."
        logits = self.linear(x, name + "router", bias=True)
        mask = chosen_mask(logits, self.get("num_experts_per_tok", default=4))
        p = torch.softmax(logits.masked_fill(mask == 0, -math.inf), dim=-1)
        both = torch.einsum("bti,eio->bteo", x, self.weight(name + "experts.gate_up_proj"))
        both = both + self.weight(name + "experts.gate_up_proj_bias")
        gate, up = both[..., 0::2].clamp(max=7.0), both[..., 1::2].clamp(-7.0, 7.0)
        inner = gate * torch.sigmoid(1.702 * gate) * (up + 1)
        out = torch.einsum("bteo,eoi->btei", inner, self.weight(name + "experts.down_proj"))
        return (p[..., None] * (out + self.weight(name + "experts.down_proj_bias"))).sum(-2)


class DeepseekV2(Llama):
    def scale(self):
        scale = (self.get("qk_nope_head_dim") + self.get("qk_rope_head_dim")) ** -0.5
        scaling = self.get("rope_scaling", default={})
        if scaling.get("mscale_all_dim"):  # as in the publisher's class
            scale *= yarn_mscale(scaling["factor"], scaling["mscale_all_dim"]) ** 2
        return scale

    def rotate(self, x, i):
        dim = self.get("qk_rope_head_dim")
        rotate = rotate_neighbours if self.get("rope_interleave", default=True) else rotate_halves
        return self.rotate_part(x, dim, rotate, self.get("rope_theta", default=10000.0), self.get("rope_scaling"))

    def attention(self, x, i):
        name = f"layers.{i}.self_attn."
        nope, rope, rank = self.get("qk_nope_head_dim"), self.get("qk_rope_head_dim"), self.get("kv_lora_rank")
        if self.get("q_lora_rank"):
            q = self.rms_norm(self.linear(x, name + "q_a_proj"), name + "q_a_layernorm", 1e-6)
            q = self.linear(q, name + "q_b_proj")
        else:
            q = self.linear(x, name + "q_proj")
        q_plain, q_rotated = self.split(q, self.heads).split([nope, rope], dim=-1)
        latent, k_rotated = self.linear(x, name + "kv_a_proj_with_mqa").split([rank, rope], dim=-1)
        latent = self.rms_norm(latent, name + "kv_a_layernorm", 1e-6)
        up = self.split(self.linear(latent, name + "kv_b_proj"), self.heads)
        k_plain, v = up.split([nope, self.get("v_head_dim")], dim=-1)
        k_rotated = self.rotate(k_rotated[:, None], i).expand(-1, self.heads, -1, -1)
        q = torch.cat([q_plain, self.rotate(q_rotated, i)], dim=-1)
        k = torch.cat([k_plain, k_rotated], dim=-1)
        return self.linear(self.merge(self.attend(q, k, v, self.scale())), name + "o_proj")

    def route(self, x, name):
        p = torch.softmax(self.linear(x, name + "gate"), dim=-1)
        choice = p
        if self.get("topk_method", default="greedy") == "group_limited_greedy":
            groups = p.unflatten(-1, (self.get("n_group"), -1))
            mask = chosen_mask(groups.max(-1).values, self.get("topk_group"))
            choice = (groups * mask[..., None]).flatten(-2)
        return p * chosen_mask(choice, self.get("num_experts_per_tok")) * self.get("routed_scaling_factor", default=1.0)

    def mlp(self, x, i):
        name = f"layers.{i}.mlp."
        if i < self.get("first_k_dense_replace", default=0):
            return self.gated(x, name)
        p = self.route(x, name)
        y = sum(p[..., e, None] * self.gated(x, f"{name}experts.{e}.") for e in range(self.get("n_routed_experts")))
        return y + self.gated(x, name + "shared_experts.") if self.get("n_shared_experts") else y


class DeepseekV3(DeepseekV2):
    def route(self, x, name):
        scores = torch.sigmoid(self.linear(x, name + "gate"))
        groups = (scores + self.weight(name + "gate.e_score_correction_bias")).unflatten(-1, (self.get("n_group"), -1))
        mask = chosen_mask(groups.topk(2, dim=-1).values.sum(-1), self.get("topk_group"))
        choice = groups.masked_fill(mask[..., None] == 0, -math.inf).flatten(-2)
        p = scores * chosen_mask(choice, self.get("num_experts_per_tok"))
        if self.get("norm_topk_prob", default=True):
            p = p / p.sum(-1, keepdim=True)
        return p * self.get("routed_scaling_factor", default=2.5)


FAMILIES = {
    "gpt2": GPT2,
    "gpt_bigcode": GPTBigCode,
    "gpt_neo": GPTNeo,
    "gptj": GPTJ,
    "gpt_neox": GPTNeoX,
    "opt": OPT,
    "bloom": Bloom,
    "falcon": Falcon,
    "mpt": Mpt,
    "llama": Llama,
    "mistral": Mistral,
    "qwen2": Qwen2,
    "qwen3": Qwen3,
    "gemma": Gemma,
    "gemma2": Gemma2,
    "gemma3_text": Gemma3,
    "phi3": Phi3,
    "phi": Phi,
    "olmo": Olmo,
    "olmo2": Olmo2,
    "olmo3": Olmo3,
    "stablelm": StableLm,
    "starcoder2": Starcoder2,
    "granite": Granite,
    "smollm3": SmolLM3,
    "mixtral": Mixtral,
    "qwen2_moe": Qwen2Moe,
    "qwen3_moe": Qwen3Moe,
    "gpt_oss": GptOss,
    "deepseek_v2": DeepseekV2,
    "deepseek_v3": DeepseekV3,
}


def last_hidden_state(config, arrays, ids):
    """What enters the first layer and the last hidden state, [tokens, width]; every tensor must be used."""
    weights = Weights(arrays)
    model = FAMILIES[config["model_type"]](config, weights)
    with torch.no_grad():
        x = model.embed(ids)
        h = model.run(x[None])[0]
    if weights.unused():
        raise ValueError(f"tensors that are no part of the model: {', '.join(weights.unused()[:4])}")
    return x, h


def jacobian_norms(config, arrays, x):
    """Norms of the Jacobian of the last token's hidden state by each token's input: all basis vectors at once,
    a copy of the input for each."""
    model = FAMILIES[config["model_type"]](config, Weights(arrays))
    copies = x.expand(x.shape[-1], *x.shape).clone().requires_grad_()
    model.run(copies)[:, -1].diagonal().sum().backward()
    return copies.grad.pow(2).sum(dim=(0, 2)).sqrt()
