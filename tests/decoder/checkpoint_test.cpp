// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "decoder/files.hpp"
#include "scalars.hpp"

#include <cesaro/decoder/checkpoint.hpp>
#include <cesaro/decoder/read_config.hpp>

#include <limits>

using cesaro::decoder_config;
using cesaro::decoder_weights;
using cesaro::load_weights;
using cesaro::save_weights;
using cesaro::tensor;
using cesaro::tensor_map;
using namespace cesaro_test;

namespace {

const decoder_config gpt2 = cesaro::parse_decoder_config(
    R"({"model_type":"gpt2","n_layer":2,"n_head":2,"n_embd":4,"n_inner":6,"n_positions":5,"vocab_size":7})");
const decoder_config qwen2 = cesaro::parse_decoder_config(
    R"({"model_type":"qwen2","num_hidden_layers":2,"num_attention_heads":4,"num_key_value_heads":2,"head_dim":6,
        "hidden_size":8,"intermediate_size":10,"vocab_size":7})");
const decoder_config llama = cesaro::parse_decoder_config(
    R"({"model_type":"llama","num_hidden_layers":1,"num_attention_heads":2,"hidden_size":4,"intermediate_size":3,
        "vocab_size":3})");

/// Different numbers everywhere.
template <class Real>
decoder_weights<Real> numbered_weights(const decoder_config& config) {
    auto weights = cesaro::zero_weights<Real>(config);
    int next = 0;
    cesaro::for_each_tensor(config, weights, [&next](auto view) {
        for (Eigen::Index i = 0; i < view.values.rows(); ++i) {
            for (Eigen::Index j = 0; j < view.values.cols(); ++j)
                view.values(i, j) = Real(++next) / Real(8);
        }
    });
    return weights;
}

/// The number of entries that differ.
template <class Real>
int differences(const decoder_config& config, const decoder_weights<Real>& a,
                const decoder_weights<Real>& b) {
    std::vector<Real> entries;
    const auto collect = [&entries](const auto& view) {
        for (Eigen::Index i = 0; i < view.values.rows(); ++i) {
            for (Eigen::Index j = 0; j < view.values.cols(); ++j)
                entries.push_back(view.values(i, j));
        }
    };
    cesaro::for_each_tensor(config, a, collect);
    const std::size_t half = entries.size();
    cesaro::for_each_tensor(config, b, collect);
    REQUIRE(entries.size() == 2 * half);
    int count = 0;
    for (std::size_t i = 0; i < half; ++i)
        count += entries[i] != entries[half + i];
    return count;
}

tensor_map<float> saved_tensors(const decoder_config& config) {
    const scratch_directory directory;
    save_weights(directory.path(), config, numbered_weights<float>(config));
    return cesaro::load_safetensors(directory.path());
}

std::string load_error(const decoder_config& config, const tensor_map<float>& tensors) {
    const scratch_directory directory;
    cesaro::save_safetensors(directory / "model.safetensors", tensors);
    return error_of([&] { load_weights<float>(directory.path(), config); });
}

void rename_all(tensor_map<float>& tensors, const std::string& from, const std::string& to) {
    tensor_map<float> renamed;
    for (auto& [name, t] : tensors) {
        REQUIRE(name.starts_with(from));
        renamed[to + name.substr(from.size())] = t;
    }
    tensors = renamed;
}

}  // namespace

TEMPLATE_TEST_CASE("saved weights are loaded again", "", float, double, long double) {
    using Real = TestType;
    for (const decoder_config& config : {gpt2, qwen2, llama}) {
        const scratch_directory directory;
        const auto weights = numbered_weights<Real>(config);
        save_weights(directory / "new" / "model", config, weights);
        CHECK(differences(config, load_weights<Real>(directory / "new" / "model", config), weights) == 0);
        CHECK(differences(config, cesaro::zero_weights<Real>(config), weights) > 100);
    }
}

TEST_CASE("names, shapes and layout are those of Hugging Face") {
    using shape = std::vector<Eigen::Index>;
    const auto g = saved_tensors(gpt2);
    CHECK(g.size() == 2 + 2 * 12 + 2);
    CHECK(g.at("wte.weight").shape == shape{7, 4});
    CHECK(g.at("wpe.weight").shape == shape{5, 4});
    CHECK(g.at("h.1.ln_1.weight").shape == shape{4});
    CHECK(g.at("h.1.ln_2.bias").shape == shape{4});
    CHECK(g.at("h.1.attn.c_attn.weight").shape == shape{4, 12});  // inputs x outputs
    CHECK(g.at("h.1.attn.c_attn.bias").shape == shape{12});
    CHECK(g.at("h.1.attn.c_proj.weight").shape == shape{4, 4});
    CHECK(g.at("h.1.attn.c_proj.bias").shape == shape{4});
    CHECK(g.at("h.1.mlp.c_fc.weight").shape == shape{4, 6});
    CHECK(g.at("h.1.mlp.c_fc.bias").shape == shape{6});
    CHECK(g.at("h.1.mlp.c_proj.weight").shape == shape{6, 4});
    CHECK(g.at("ln_f.bias").shape == shape{4});

    const auto q = saved_tensors(qwen2);
    CHECK(q.size() == 1 + 2 * 12 + 1);
    CHECK(q.at("model.embed_tokens.weight").shape == shape{7, 8});
    CHECK(q.at("model.layers.1.input_layernorm.weight").shape == shape{8});
    CHECK(q.at("model.layers.1.self_attn.q_proj.weight").shape == shape{24, 8});  // outputs x inputs
    CHECK(q.at("model.layers.1.self_attn.q_proj.bias").shape == shape{24});
    CHECK(q.at("model.layers.1.self_attn.k_proj.weight").shape == shape{12, 8});
    CHECK(q.at("model.layers.1.self_attn.v_proj.bias").shape == shape{12});
    CHECK(q.at("model.layers.1.self_attn.o_proj.weight").shape == shape{8, 24});
    CHECK(q.at("model.layers.1.post_attention_layernorm.weight").shape == shape{8});
    CHECK(q.at("model.layers.1.mlp.gate_proj.weight").shape == shape{10, 8});
    CHECK(q.at("model.layers.1.mlp.up_proj.weight").shape == shape{10, 8});
    CHECK(q.at("model.layers.1.mlp.down_proj.weight").shape == shape{8, 10});
    CHECK(q.at("model.norm.weight").shape == shape{8});
    CHECK(saved_tensors(llama).size() == 1 + 9 + 1);
}

TEST_CASE("each tensor lands where the forward pass looks for it") {
    auto tensors = saved_tensors(gpt2);
    const auto at = [&tensors](const std::string& name, Eigen::Index i) {
        return tensors.at(name).values[i];
    };
    const scratch_directory directory;
    cesaro::save_safetensors(directory / "model.safetensors", tensors);
    const auto g = load_weights<float>(directory.path(), gpt2).blocks[1];
    // Output 5 of input 3 is entry [3, 5] of the checkpoint.
    CHECK(g.query_key_value.matrix(5, 3) == at("h.1.attn.c_attn.weight", 3 * 12 + 5));
    CHECK(g.query_key_value.bias[5] == at("h.1.attn.c_attn.bias", 5));
    CHECK(g.attention_output.matrix(1, 3) == at("h.1.attn.c_proj.weight", 3 * 4 + 1));
    CHECK(g.feed_forward_input.matrix(5, 2) == at("h.1.mlp.c_fc.weight", 2 * 6 + 5));
    CHECK(g.feed_forward_output.matrix(2, 5) == at("h.1.mlp.c_proj.weight", 5 * 4 + 2));
    CHECK(g.attention_norm.gain[2] == at("h.1.ln_1.weight", 2));
    CHECK(g.feed_forward_norm.bias[2] == at("h.1.ln_2.bias", 2));

    tensors = saved_tensors(qwen2);
    cesaro::save_safetensors(directory / "model.safetensors", tensors);
    const auto q = load_weights<float>(directory.path(), qwen2).blocks[1];
    const std::string layer = "model.layers.1.";
    CHECK(q.query_key_value.matrix(23, 7) == at(layer + "self_attn.q_proj.weight", 23 * 8 + 7));
    CHECK(q.query_key_value.matrix(24, 7) == at(layer + "self_attn.k_proj.weight", 7));
    CHECK(q.query_key_value.matrix(36, 7) == at(layer + "self_attn.v_proj.weight", 7));
    CHECK(q.query_key_value.bias[36] == at(layer + "self_attn.v_proj.bias", 0));
    CHECK(q.attention_output.matrix(7, 22) == at(layer + "self_attn.o_proj.weight", 7 * 24 + 22));
    CHECK(q.feed_forward_input.matrix(9, 2) == at(layer + "mlp.gate_proj.weight", 9 * 8 + 2));
    CHECK(q.feed_forward_input.matrix(10, 2) == at(layer + "mlp.up_proj.weight", 2));
    CHECK(q.feed_forward_output.matrix(3, 9) == at(layer + "mlp.down_proj.weight", 3 * 10 + 9));
    CHECK(q.feed_forward_norm.gain[2] == at(layer + "post_attention_layernorm.weight", 2));
}

TEST_CASE("other spellings of the same checkpoint") {
    const tensor<float> extra{{1}, Eigen::VectorXf::Ones(1)};
    auto tensors = saved_tensors(gpt2);
    rename_all(tensors, "", "transformer.");
    CHECK(load_error(gpt2, tensors) == "nothing was thrown");
    tensors["lm_head.weight"] = tensors["transformer.h.0.attn.bias"] =
        tensors["transformer.h.1.attn.masked_bias"] = extra;
    CHECK(load_error(gpt2, tensors) == "nothing was thrown");
    tensors["wte.weight"] = tensors["transformer.wte.weight"];
    CHECK(contains(load_error(gpt2, tensors), "tensor 'wte.weight'"));
    tensors = saved_tensors(qwen2);
    rename_all(tensors, "model.", "");
    tensors["lm_head.weight"] = tensors["layers.0.self_attn.rotary_emb.inv_freq"] = extra;
    CHECK(load_error(qwen2, tensors) == "nothing was thrown");
}

TEST_CASE("a checkpoint in shards") {
    const scratch_directory directory;
    const auto weights = numbered_weights<float>(qwen2);
    tensor_map<float> shards[2];
    std::string map;
    for (const auto& [name, t] : saved_tensors(qwen2)) {
        const int shard = int(map.size() % 2);
        shards[shard][name] = t;
        map += (map.empty() ? "\"" : ",\"") + name + "\":\"" + std::to_string(shard) + ".safetensors\"";
    }
    REQUIRE(!shards[0].empty());
    REQUIRE(!shards[1].empty());
    cesaro::save_safetensors(directory / "0.safetensors", shards[0]);
    cesaro::save_safetensors(directory / "1.safetensors", shards[1]);
    write_file(directory / "model.safetensors.index.json", "{\"weight_map\":{" + map + "}}");
    CHECK(differences(qwen2, load_weights<float>(directory.path(), qwen2), weights) == 0);
}

TEST_CASE("a checkpoint of another network names the tensor") {
    const auto good = saved_tensors(gpt2);
    for (const auto& [name, t] : good) {
        auto bad = good;
        bad.erase(name);
        CHECK(contains(load_error(gpt2, bad), "tensor '" + name + "' is missing"));
        bad[name] = {{t.values.size(), 1}, t.values};
        CHECK(contains(load_error(gpt2, bad), "tensor '" + name + "' has shape ["));
        bad[name] = t;
        bad[name].values[t.values.size() - 1] = std::numeric_limits<float>::quiet_NaN();
        CHECK(contains(load_error(gpt2, bad), "tensor '" + name + "' holds a value that is not finite"));
    }
    auto transposed = good;
    transposed["h.0.attn.c_attn.weight"].shape = {12, 4};
    CHECK(contains(load_error(gpt2, transposed),
                   "tensor 'h.0.attn.c_attn.weight' has shape [12, 4] where the config asks for [4, 12]"));
    auto deeper = good;
    deeper["h.2.ln_1.weight"] = good.at("h.1.ln_1.weight");
    CHECK(contains(load_error(gpt2, deeper), "tensor 'h.2.ln_1.weight' is no part of the decoder"));
    auto biased = saved_tensors(llama);
    biased["model.layers.0.self_attn.q_proj.bias"] = {{4}, Eigen::VectorXf::Ones(4)};
    CHECK(contains(load_error(llama, biased), "tensor 'model.layers.0.self_attn.q_proj.bias' is no part"));
    CHECK(contains(load_error(llama, good), "is no part of the decoder"));
    CHECK(contains(load_error(gpt2, {}), "is missing"));
}

TEST_CASE("a truncated checkpoint") {
    const scratch_directory directory;
    save_weights(directory.path(), llama, numbered_weights<float>(llama));
    const std::string file = read_file(directory / "model.safetensors");
    for (std::size_t size = 0; size < file.size(); size += 13) {
        write_file(directory / "model.safetensors", std::string_view(file).substr(0, size));
        CHECK_THROWS_AS(load_weights<float>(directory.path(), llama), std::runtime_error);
    }
}

TEST_CASE("weights that cannot be saved leave nothing behind") {
    const scratch_directory directory;
    auto weights = numbered_weights<double>(llama);
    weights.final_norm.gain[3] = 1e300;
    CHECK_THROWS_AS(save_weights(directory.path(), llama, weights), std::domain_error);
    CHECK(directory.entries() == 0);
    write_file(directory / "file", "");
    weights.final_norm.gain[3] = 1;
    CHECK(contains(error_of([&] { save_weights(directory / "file" / "x", llama, weights); }),
                   "cannot be made"));
}
