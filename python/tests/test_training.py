# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
"""The networks and tasks of examples/python/train_tiny.py, which docs/training.md is made with."""

import pathlib
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")
sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "examples/python"))
import train_tiny  # noqa: E402


def network(family, seed=3, **changes):
    config = train_tiny.FAMILIES[family] | changes
    return (train_tiny.GPT2 if family == "gpt2" else train_tiny.Llama)(config, seed)


def prompts(task, count, seed=5):
    return train_tiny.TASKS[task](count, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("family", train_tiny.FAMILIES)
def test_profiles_are_those_of_the_network_that_is_trained(family):
    model = network(family)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    random = torch.Generator().manual_seed(1)
    ids = prompts("recall", 2)[0][:, 44:64]
    for steps in (0, 5):
        for _ in range(steps):
            train_tiny.learn(model, optimizer, 40, *train_tiny.recall(4, random)[:2])
        norms = train_tiny.norms_of(train_tiny.FAMILIES[family], model.numpy(), ids.numpy())
        for prompt, measured in zip(ids, norms):
            x = model.embed(prompt[None]).detach()
            jacobian = torch.autograd.functional.jacobian(lambda y: model.last_hidden(y)[0, -1], x)[:, 0]
            np.testing.assert_allclose(measured, jacobian.square().sum(dim=(0, 2)).sqrt(), rtol=1e-5)


def test_without_rope_a_layer_does_not_know_the_order():
    ids = prompts("recency", 4)[0][:, :20]
    turned = torch.cat((ids[:, :-1].flip(1), ids[:, -1:]), dim=1)
    for family, least, most in (("llama", 1e-2, 10), ("llama, RoPE off", 0, 1e-5)):
        model = network(family, num_hidden_layers=1)
        with torch.no_grad():
            change = (model(ids)[:, -1] - model(turned)[:, -1]).abs().max()
        assert least <= change <= most


def test_rope_on_and_off_begin_as_one():
    on, off = network("llama"), network("llama, RoPE off")
    assert all(torch.equal(on.tensors[name], tensor) for name, tensor in off.tensors.items())


@pytest.mark.parametrize("task", train_tiny.TASKS)
def test_answers_stand_where_they_are_said_to(task):
    ids, known, answers = prompts(task, 200)
    assert ids.shape == (200, train_tiny.TOKENS + 1) and known.shape == (200, train_tiny.TOKENS)
    assert known[:, -1].all()
    assert 0 <= ids.min() and ids.max() < train_tiny.VOCABULARY
    source = ids.gather(1, answers[:, None])[:, 0]
    if task == "recency":
        following = dict(zip(ids[known.nonzero(as_tuple=True)].tolist(), ids[:, 1:][known].tolist()))
        assert [following[token] for token in source.tolist()] == ids[:, -1].tolist()
        assert sorted(following.values()) == list(range(train_tiny.VOCABULARY))
    else:
        assert torch.equal(source, ids[:, -1])
    if task == "copy":
        assert all(len(set(row[:32])) == 32 and row[:32] == row[33:] for row in ids.tolist())
    if task == "recall":
        for row, answer in zip(ids.tolist(), answers.tolist()):
            for m in range(57, 64, 2):
                assert [token for token in row[:57] if 8 <= token < 56 and (token - 8) // 6 == row[m]] == [row[m + 1]]
            assert answer < 57
        assert len(set(answers.tolist())) > 50  # anywhere


def test_weights_of_a_step_are_kept(tmp_path):
    steps = list(train_tiny.train("llama", "recency", 0, prompts=1, directory=tmp_path / "run"))
    assert [step[0] for step in steps] == [0]
    weights = dict(np.load(tmp_path / "run" / "step-0.npz"))
    config = train_tiny.cesaro.read_config(tmp_path / "run")
    ids = prompts("recency", 256, seed=1001)[0][0, :-1].numpy()  # as train() draws them
    profile = train_tiny.cesaro.jacobian_norms(config, weights=weights, token_ids=ids, probes="exact").profile
    np.testing.assert_allclose(profile / profile.sum(), steps[0][3], rtol=1e-5)
