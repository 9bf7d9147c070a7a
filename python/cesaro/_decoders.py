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


def _probes(probes):
    if probes in ("exact", "ones") and isinstance(probes, str):
        return probes, 1
    if isinstance(probes, str):
        raise ValueError(f"cesaro.jacobian_norms: probes = {probes!r} must be a number, 'exact' or 'ones'")
    return "gaussian", probes


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


def _model(config, weights):
    if not _is_state_dict(weights):
        return _core._model_of_file(config, _existing(weights))
    names = list(weights.keys())
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"cesaro.jacobian_norms: the name of a tensor is text, not {name!r}")
    return _core._model_of_arrays(config, names, lambda name: _array(weights[name]))


def jacobian_norms(config, tokens=None, draws=1, probes=8, seed=0, *, weights=None, token_ids=None, normalized=True):
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
    probes : int, "exact" or "ones"
        Random vectors that are pulled back per draw, all basis vectors, or the vector of ones.
    seed : int
        Of everything random.
    weights : path or dict of arrays, optional
        A checkpoint (a safetensors file, or its directory), or tensors by their names in one, as
        ``model.state_dict()``: of NumPy or PyTorch, in float16, bfloat16, float32 or float64, which is rounded.
    token_ids : array_like of int, shape (tokens,) or, with weights, (prompts, tokens), optional
        Instead of random tokens.
    normalized : bool
        Whether the final normalisation takes part.

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
    kind, count = _probes(probes)
    if token_ids is None and tokens is None:
        raise TypeError("cesaro.jacobian_norms: tokens or token_ids must be given")
    if token_ids is not None and tokens is not None:
        raise TypeError("cesaro.jacobian_norms: tokens and token_ids are both given")
    tokens = 0 if tokens is None else tokens
    arguments = (tokens, token_ids, draws, kind, count, seed, normalized)
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
