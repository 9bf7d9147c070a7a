# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
"""What a configuration is made of, and decoders measured."""

import errno
import json
import os
import pathlib

from . import _core


def read_config(config):
    """The description of a decoder, from what Hugging Face's transformers call its configuration.

    Parameters
    ----------
    config : path, dict, object with ``to_dict()``, or DecoderConfig
        A ``config.json``, the directory of one, its contents, or a ``PretrainedConfig``.

    Returns
    -------
    DecoderConfig

    Examples
    --------
    >>> cesaro.read_config({"model_type": "gpt2", "n_layer": 24, "n_embd": 1024, "n_head": 16,
    ...                     "n_positions": 1024, "vocab_size": 50257}).layers
    24
    """
    if isinstance(config, _core.DecoderConfig):
        return config
    if hasattr(config, "to_dict"):
        config = config.to_dict()
    if isinstance(config, dict):
        return _core._parse_config(json.dumps(config, default=str), "the configuration")
    if not isinstance(config, (str, os.PathLike)):
        raise TypeError("cesaro.read_config: a path, a dict or an object with to_dict() is expected, not "
                        + type(config).__name__)
    if "\0" in str(config):
        raise ValueError("cesaro.read_config: a path has no null character")
    return _core._read_config(_existing(config))


_WITHOUT_TOKEN = ("exact", "ones", "norm", "argmax-probability")
_OF_TOKEN = ("logit", "log-probability")


def _measured_kind(config, probes, seed, normalized, average):
    kind, count, token = "gaussian", probes, 0
    if isinstance(probes, str):
        kind, _, of = probes.partition("=")
        count = 1
        if kind in _OF_TOKEN and of.isdecimal() and int(of) < config.vocab_size:
            token = int(of)
        elif probes not in _WITHOUT_TOKEN:
            choices = [repr(name) for name in _WITHOUT_TOKEN] + [f"'{name}=ID'" for name in _OF_TOKEN]
            raise ValueError(f"cesaro.jacobian_norms: probes = {probes!r} must be a number, {', '.join(choices)}, "
                             f"an ID below {config.vocab_size}")
    if average not in ("rms", "normalized"):
        raise ValueError(f"cesaro.jacobian_norms: average = {average!r} must be 'rms' or 'normalized'")
    return _core._MeasuredKind(kind, count, token, seed, normalized, average == "normalized")


def _is_state_dict(weights):
    return hasattr(weights, "keys") and hasattr(weights, "__getitem__")


def _array(tensor):
    """A tensor of NumPy, or of PyTorch on whatever device, in its own type where NumPy has that."""
    import numpy

    if hasattr(tensor, "detach"):
        tensor = tensor.detach().cpu()
        try:
            return tensor.numpy()
        except TypeError:  # bfloat16
            return tensor.float().numpy()
    return numpy.asarray(tensor)


def _existing(path):
    path = pathlib.Path(path)
    if not path.exists():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    return path


def _model(config, weights, function="jacobian_norms"):
    if not _is_state_dict(weights):
        return _core._model_of_file(config, _existing(weights))
    names = list(weights.keys())
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"cesaro.{function}: the name of a tensor is text, not {name!r}")
    return _core._model_of_arrays(config, names, lambda name: _array(weights[name]))


def _check_prompt(function, tokens, token_ids):
    if token_ids is None and tokens is None:
        raise TypeError(f"cesaro.{function}: tokens or token_ids must be given")
    if token_ids is not None and tokens is not None:
        raise TypeError(f"cesaro.{function}: tokens and token_ids are both given")


def jacobian_norms(config, tokens=None, draws=1, probes=8, seed=0, *, weights=None, token_ids=None, normalized=True,
                   average="rms"):
    """Norms of the Jacobian of the last position's final hidden state by the input embeddings, measured.

    ``sqrt(E |dh[n] / dx[m]|_F**2)`` for every position m: of decoders whose weights are drawn as their family
    draws them, or of one with weights of its own. Computed in single precision.

    Parameters
    ----------
    config : DecoderConfig, or what read_config takes
    tokens : int, optional
        The length of the context; needless where `token_ids` are given.
    draws : int
        Drawn decoders, each with a prompt of random tokens of its own; of given weights, prompts.
    probes : int or str
        Random vectors that are pulled back per draw; or "exact", all basis vectors; or what is differentiated
        instead of the hidden state: "ones", the sum of its entries, "norm", its norm, or of the next token
        "logit=ID", "log-probability=ID" or "argmax-probability".
    seed : int
        Of everything random.
    weights : path or dict of arrays, optional
        A checkpoint (a safetensors file, or its directory), or tensors by their names in one, as
        ``model.state_dict()``: of NumPy or PyTorch, in float16, bfloat16, float32 or float64, which is rounded.
    token_ids : array_like of int, shape (tokens,) or, with weights, (prompts, tokens), optional
        Instead of random tokens.
    normalized : bool
        Whether the final normalisation takes part.
    average : {"rms", "normalized"}
        Over draws: the root of the mean square, or the mean of profiles that sum to one.

    Returns
    -------
    ProfileEstimate
        The norms and their standard error, shape (tokens,) each.

    Examples
    --------
    >>> small = {"model_type": "gpt2", "n_layer": 2, "n_embd": 32, "n_head": 2, "n_positions": 64,
    ...          "vocab_size": 100}
    >>> norms, error = cesaro.jacobian_norms(small, tokens=16, draws=4)
    >>> norms.shape
    (16,)
    """
    config = read_config(config)
    what = _measured_kind(config, probes, seed, normalized, average)
    _check_prompt("jacobian_norms", tokens, token_ids)
    arguments = (tokens or 0, token_ids, draws, what)
    if weights is None:
        return _core._untrained_norms(config, *arguments)
    return _core._model_norms(_model(config, weights), *arguments)


def draw_weights(config, seed=0):
    """The weights of an untrained decoder, drawn as its family draws them.

    Parameters
    ----------
    config : DecoderConfig, or what read_config takes
    seed : int

    Returns
    -------
    dict of ndarray
        In single precision, by their names in checkpoints of transformers.

    Examples
    --------
    >>> small = {"model_type": "gpt2", "n_layer": 2, "n_embd": 32, "n_head": 2, "n_positions": 64,
    ...          "vocab_size": 100}
    >>> cesaro.draw_weights(small)["wte.weight"].shape
    (100, 32)
    """
    return _core._draw_weights(read_config(config), seed)


def layer_report(config, tokens=None, seed=0, *, weights=None, token_ids=None):
    """What every layer and head of a decoder does with a prompt: how much it adds, and where it looks.

    Of a decoder whose weights are drawn, or of one with weights of its own, in single precision. The shares
    ``|a| / (|x| + |a|)``, a what a branch adds to the residual stream x, are coefficients for `rollout`.

    Parameters
    ----------
    config : DecoderConfig, or what read_config takes
    tokens : int, optional
        The length of the context; needless where `token_ids` are given.
    seed : int
        Of everything random.
    weights : path or dict of arrays, optional
        As `jacobian_norms` takes them.
    token_ids : array_like of int, shape (tokens,), optional
        Instead of random tokens.

    Returns
    -------
    dict of ndarray
        Of shape (layers,): ``attention_share`` and ``feed_forward_share`` at the last token, and their means over
        tokens, ``mean_attention_share`` and ``mean_feed_forward_share``. Of shape (layers, heads), A being the
        attention of the last token: ``tokens_seen``, ``1 / sum(A**2)``; ``mean_distance``; ``uniformity``, the
        cosine between A and uniform attention; ``first_token``, the mean weight on the first token over all
        queries; ``output_norm``, of what a head gives, over the mean of its layer's heads.

    Examples
    --------
    >>> small = {"model_type": "gpt2", "n_layer": 2, "n_embd": 32, "n_head": 2, "n_positions": 64,
    ...          "vocab_size": 100}
    >>> cesaro.layer_report(small, tokens=16)["uniformity"].shape
    (2, 2)
    """
    config = read_config(config)
    _check_prompt("layer_report", tokens, token_ids)
    model = _core._drawn_model(config, seed) if weights is None else _model(config, weights, "layer_report")
    return _core._layer_report(model, tokens or 0, token_ids, seed)


def prompt_loss(config, weights, token_ids):
    """The mean negative log-likelihood of a prompt's tokens after the first, in nats per token.

    About ``log(config.vocab_size)`` of a network that knows nothing, more of one that was loaded wrongly.

    Parameters
    ----------
    config : DecoderConfig, or what read_config takes
    weights : path or dict of arrays
        As `jacobian_norms` takes them.
    token_ids : array_like of int, shape (tokens,)
        At least two.

    Returns
    -------
    float

    Examples
    --------
    >>> small = {"model_type": "gpt2", "n_layer": 2, "n_embd": 32, "n_head": 2, "n_positions": 64,
    ...          "vocab_size": 100}
    >>> round(cesaro.prompt_loss(small, cesaro.draw_weights(small), [1, 2, 3]), 1)
    4.6
    """
    config = read_config(config)
    return _core._prompt_loss(_model(config, weights, "prompt_loss"), token_ids)
