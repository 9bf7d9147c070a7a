// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "decoder/descriptions.hpp"
#include "files/files.hpp"
#include "scalars.hpp"

#include <cesaro/files/checkpoint.hpp>
#include <cesaro/files/config_json.hpp>

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
    cesaro::for_each_weight(config, weights, [&next](const std::string&, auto& array) {
        for (Eigen::Index i = 0; i < array.size(); ++i)
            array.data()[i] = Real(++next) / Real(8);
    });
    return weights;
}

/// The number of entries that differ.
template <class Real>
int differences(const decoder_config& config, const decoder_weights<Real>& a,
                const decoder_weights<Real>& b) {
    std::vector<Real> entries;
    const auto collect = [&entries](const std::string&, const auto& array) {
        entries.insert(entries.end(), array.data(), array.data() + array.size());
    };
    cesaro::for_each_weight(config, a, collect);
    const std::size_t half = entries.size();
    cesaro::for_each_weight(config, b, collect);
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

/// The nth description of a family.
decoder_config family(const std::string& name, std::size_t nth = 0) {
    for (const auto& [model_type, config] : tiny_families())
        if (model_type == name && nth-- == 0) return config;
    throw std::logic_error(name);
}

/// Two shards and their index.
void save_in_shards(const scratch_directory& directory, const tensor_map<float>& tensors) {
    tensor_map<float> shards[2];
    std::string map;
    for (const auto& [name, t] : tensors) {
        const int shard = int(map.size() % 2);
        shards[shard][name] = t;
        map += (map.empty() ? "\"" : ",\"") + name + "\":\"" + std::to_string(shard) + ".safetensors\"";
    }
    REQUIRE(!shards[0].empty());
    REQUIRE(!shards[1].empty());
    cesaro::save_safetensors(directory / "0.safetensors", shards[0]);
    cesaro::save_safetensors(directory / "1.safetensors", shards[1]);
    write_file(directory / "model.safetensors.index.json", "{\"weight_map\":{" + map + "}}");
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

TEST_CASE(
    "every family is saved and loaded again, with an unembedding or without, in one file or in shards") {
    for (const auto& [name, config] : tiny_families()) {
        for (const bool unembedding : {false, true}) {
            INFO(name);
            const scratch_directory directory;
            auto weights = numbered_weights<double>(config);
            if (unembedding) {
                weights.unembedding = -3 * weights.token_embedding;
                weights.unembedding_bias = 2 * weights.token_embedding.col(0);
            }
            save_weights(directory.path(), config, weights);
            const auto again = load_weights<double>(directory.path(), config);
            CHECK(differences(config, again, weights) == 0);
            CHECK(again.unembedding == weights.unembedding);
            CHECK(again.unembedding_bias == weights.unembedding_bias);
            // each number is stored once
            const auto tensors = cesaro::load_safetensors(directory.path());
            Eigen::Index sum = 0;
            for (const auto& [tensor_name, t] : tensors)
                sum += t.values.size();
            const scratch_directory shards;
            save_in_shards(shards, tensors);
            CHECK(differences(config, load_weights<double>(shards.path(), config), weights) == 0);
            CHECK(double(sum) == cesaro::weight_count(config) +
                                     double(weights.unembedding.size() + weights.unembedding_bias.size()));
        }
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

TEST_CASE("fused, grouped, stacked and shifted tensors land row by row") {
    const auto check = [](const decoder_config& config, const std::string& name,
                          std::vector<Eigen::Index> shape, const auto& expected) {
        const auto weights = numbered_weights<float>(config);
        const tensor_map<float> tensors = saved_tensors(config);
        REQUIRE(tensors.contains(name));
        const tensor<float>& t = tensors.at(name);
        CHECK(t.shape == shape);
        const Eigen::Index cols = shape.back();
        for (Eigen::Index i = 0; i < t.values.size(); ++i)
            CHECK(t.values[i] == expected(weights, i / cols, i % cols));
    };
    // GPT-BigCode with one key head: all queries, the key, the value
    check(family("gpt_bigcode"), "transformer.h.1.attn.c_attn.weight", {16, 8},
          [](const auto& w, auto i, auto j) { return w.blocks[1].query_key_value.matrix(i, j); });
    // GPT-NeoX, BLOOM, GPT-BigCode with many: for each head its query, key and value
    const auto by_head = [](Eigen::Index heads, Eigen::Index width) {
        return [=](const auto& w, Eigen::Index i, Eigen::Index j) {
            const Eigen::Index head = i / (3 * width);
            const Eigen::Index what = i / width % 3;
            return w.blocks[1].query_key_value.matrix(what * heads * width + head * width + i % width, j);
        };
    };
    check(family("gpt_bigcode", 1), "transformer.h.1.attn.c_attn.weight", {24, 8}, by_head(2, 4));
    check(family("gpt_neox"), "gpt_neox.layers.1.attention.query_key_value.weight", {24, 8}, by_head(2, 4));
    check(family("bloom"), "transformer.h.1.self_attention.query_key_value.weight", {18, 6}, by_head(3, 2));
    check(family("falcon"), "transformer.h.1.self_attention.query_key_value.weight", {48, 16}, by_head(4, 4));
    check(family("falcon"), "transformer.h.1.self_attention.query_key_value.bias", {48},
          [](const auto& w, auto, Eigen::Index i) {
              return w.blocks[1].query_key_value.bias[i / 4 % 3 * 16 + i / 12 * 4 + i % 4];
          });
    // Falcon 40B: for each group its two queries, key and value
    check(family("falcon", 2), "transformer.h.1.self_attention.query_key_value.weight", {32, 16},
          [](const auto& w, Eigen::Index i, Eigen::Index j) {
              const Eigen::Index group = i / 16;
              const Eigen::Index row = i % 16;
              return w.blocks[1].query_key_value.matrix(
                  row < 8 ? group * 8 + row : (row < 12 ? 16 : 24) + group * 4 + row % 4, j);
          });
    CHECK(saved_tensors(family("falcon", 2)).contains("transformer.h.0.ln_mlp.weight"));
    CHECK(saved_tensors(family("falcon", 0)).contains("transformer.h.0.post_attention_layernorm.bias"));
    CHECK(!saved_tensors(family("falcon", 1)).contains("transformer.h.0.post_attention_layernorm.bias"));
    check(family("mpt"), "transformer.blocks.1.attn.Wqkv.weight", {18, 6},
          [](const auto& w, auto i, auto j) { return w.blocks[1].query_key_value.matrix(i, j); });
    check(family("phi3"), "model.layers.1.mlp.gate_up_proj.weight", {14, 8},
          [](const auto& w, auto i, auto j) { return w.blocks[1].feed_forward_input.matrix(i, j); });
    check(family("gemma2"), "model.layers.1.pre_feedforward_layernorm.weight", {8},
          [](const auto& w, auto, auto i) { return w.blocks[1].feed_forward_norm.gain[i] - 1; });
    check(family("stablelm"), "model.layers.1.self_attn.k_layernorm.norms.1.weight", {4},
          [](const auto& w, auto, auto i) { return w.blocks[1].key_norm.gain[4 + i]; });
    check(family("opt"), "model.decoder.embed_positions.weight", {18, 8},
          [](const auto& w, auto i, auto j) { return w.position_embedding(i, j); });
    // gpt-oss: experts x inputs x outputs, gate and up by turns
    check(family("gpt_oss"), "model.layers.1.mlp.experts.gate_up_proj", {4, 8, 14},
          [](const auto& w, Eigen::Index i, Eigen::Index j) {
              return w.blocks[1].experts.input.matrix(i / 8 * 14 + j % 2 * 7 + j / 2, i % 8);
          });
    check(family("gpt_oss"), "model.layers.1.mlp.experts.gate_up_proj_bias", {4, 14},
          [](const auto& w, auto i, auto j) {
              return w.blocks[1].experts.input.bias[i * 14 + j % 2 * 7 + j / 2];
          });
    check(family("gpt_oss"), "model.layers.1.mlp.experts.down_proj", {4, 7, 8},
          [](const auto& w, auto i, auto j) {
              return w.blocks[1].experts.output.matrix(i / 7 * 8 + j, i % 7);
          });
    check(family("gpt_oss"), "model.layers.1.self_attn.sinks", {4},
          [](const auto& w, auto, auto i) { return w.blocks[1].sinks[i]; });
    check(family("mixtral"), "model.layers.1.block_sparse_moe.experts.3.w3.weight", {7, 8},
          [](const auto& w, auto i, auto j) { return w.blocks[1].experts.input.matrix(3 * 14 + 7 + i, j); });
    check(family("qwen2_moe"), "model.layers.1.mlp.experts.2.down_proj.weight", {8, 3},
          [](const auto& w, auto i, auto j) { return w.blocks[1].experts.output.matrix(2 * 8 + i, j); });
    CHECK(saved_tensors(family("qwen2_moe")).contains("model.layers.0.mlp.gate_proj.weight"));
    CHECK(saved_tensors(family("qwen2_moe")).contains("model.layers.1.mlp.shared_expert_gate.weight"));
    const auto v3 = saved_tensors(family("deepseek_v3"));
    for (const char* const name :
         {"self_attn.q_a_proj.weight", "self_attn.q_a_layernorm.weight", "self_attn.q_b_proj.weight",
          "self_attn.kv_a_proj_with_mqa.weight", "self_attn.kv_a_layernorm.weight",
          "self_attn.kv_b_proj.weight", "mlp.gate.weight", "mlp.gate.e_score_correction_bias",
          "mlp.shared_experts.up_proj.weight", "mlp.experts.5.gate_proj.weight"})
        CHECK(v3.contains("model.layers.1." + std::string(name)));
}

TEST_CASE("what a family has no names for is neither loaded nor saved") {
    decoder_config config = qwen2;
    config.scores.sinks = true;
    config.model_type = "phi3";
    const scratch_directory directory;
    CHECK_THROWS_WITH(save_weights(directory.path(), config, numbered_weights<float>(config)),
                      "cesaro::save_weights: model_type = 'phi3' must be that of a family whose tensors hold "
                      "all weights of the description");
    CHECK_THROWS_AS(load_weights<float>(directory.path(), config), std::invalid_argument);
    config.model_type = "rwkv";
    CHECK_THROWS_WITH(save_weights(directory.path(), config, numbered_weights<float>(config)),
                      "cesaro::tensor_names_of: model_type = 'rwkv' must be that of a family whose tensors "
                      "have known names");
    config.model_type.clear();  // Llama's names
    save_weights(directory.path(), config, numbered_weights<float>(config));
    CHECK(cesaro::load_safetensors(directory.path()).contains("model.layers.1.self_attn.sinks"));
    CHECK(directory.entries() == 1);
}

TEST_CASE("large tensors are written piece by piece") {
    decoder_config config = gpt2;  // transposed, more entries than a piece
    config.width = config.intermediate = 800;
    config.head_width = 400;
    config.layers = 1;
    const scratch_directory directory;
    const auto weights = numbered_weights<double>(config);
    save_weights(directory.path(), config, weights);
    const auto again = load_weights<double>(directory.path(), config);
    CHECK(again.blocks[0].query_key_value.matrix ==
          weights.blocks[0].query_key_value.matrix.cast<float>().cast<double>());
}

TEST_CASE("other spellings of the same checkpoint") {
    const tensor<float> extra{{1}, Eigen::VectorXf::Ones(1)};
    auto tensors = saved_tensors(gpt2);
    rename_all(tensors, "", "transformer.");
    CHECK(load_error(gpt2, tensors) == "nothing was thrown");
    tensors["transformer.h.0.attn.bias"] = tensors["transformer.h.1.attn.masked_bias"] = extra;
    CHECK(load_error(gpt2, tensors) == "nothing was thrown");
    tensors["wte.weight"] = tensors["transformer.wte.weight"];
    CHECK(contains(load_error(gpt2, tensors), "tensor 'wte.weight'"));
    tensors = saved_tensors(qwen2);
    rename_all(tensors, "model.", "");
    tensors["layers.0.self_attn.rotary_emb.inv_freq"] = extra;
    CHECK(load_error(qwen2, tensors) == "nothing was thrown");
    const decoder_config opt = cesaro::parse_decoder_config(
        R"({"model_type":"opt","num_hidden_layers":1,"num_attention_heads":2,"hidden_size":4,"ffn_dim":3,
            "vocab_size":3,"max_position_embeddings":4})");
    tensors = saved_tensors(opt);
    rename_all(tensors, "model.decoder.", "decoder.");
    CHECK(load_error(opt, tensors) == "nothing was thrown");
    rename_all(tensors, "decoder.", "");
    CHECK(load_error(opt, tensors) == "nothing was thrown");
    rename_all(tensors, "", "model.");
    CHECK(contains(load_error(opt, tensors), "is no part of the decoder"));
    const decoder_config neox = cesaro::parse_decoder_config(
        R"({"model_type":"gpt_neox","num_hidden_layers":1,"num_attention_heads":2,"hidden_size":16,
            "intermediate_size":3,"vocab_size":3})");
    tensors = saved_tensors(neox);
    for (const char* const constant : {"bias", "masked_bias", "rotary_emb.inv_freq"})
        tensors["gpt_neox.layers.0.attention." + std::string(constant)] = extra;
    CHECK(load_error(neox, tensors) == "nothing was thrown");
    tensors["embed_out.bias"] = {{3}, Eigen::VectorXf::Ones(3)};
    CHECK(contains(load_error(neox, tensors), "tensor 'embed_out.weight' is missing"));
}

TEST_CASE("an unembedding is loaded where there is one, and saved again") {
    for (const decoder_config& config : {gpt2, qwen2}) {
        const scratch_directory directory;
        auto weights = numbered_weights<double>(config);
        CHECK(weights.unembedding.size() == 0);
        weights.unembedding = -3 * weights.token_embedding;
        save_weights(directory.path(), config, weights);
        const auto tensors = cesaro::load_safetensors<double>(directory.path());
        CHECK(tensors.at("lm_head.weight").shape ==
              std::vector<Eigen::Index>{config.vocab_size, config.width});
        CHECK(tensors.at("lm_head.weight").values[1] == -3 * weights.token_embedding(0, 1));
        for (const auto& [name, t] : tensors)  // as transformers names the tensors of a model with a head
            CHECK(
                (name == "lm_head.weight" || name.starts_with("transformer.") || name.starts_with("model.")));
        const auto again = load_weights<double>(directory.path(), config);
        CHECK(again.unembedding == weights.unembedding);
        CHECK(differences(config, again, weights) == 0);

        auto wrong = cesaro::load_safetensors(directory.path());
        wrong["lm_head.weight"] = {{1}, Eigen::VectorXf::Ones(1)};
        CHECK(contains(load_error(config, wrong),
                       "tensor 'lm_head.weight' has shape [1] where the config asks"));
        weights.unembedding.resize(config.width, config.vocab_size);
        CHECK_THROWS_AS(save_weights(directory.path(), config, weights), std::invalid_argument);
    }
}

TEST_CASE("a checkpoint in shards") {
    const scratch_directory directory;
    const auto weights = numbered_weights<float>(qwen2);
    save_in_shards(directory, saved_tensors(qwen2));
    const auto index = directory / "model.safetensors.index.json";
    for (const auto& path : {directory.path(), index})
        CHECK(differences(qwen2, load_weights<float>(path, qwen2), weights) == 0);
    CHECK(contains(error_of([&] { load_weights<float>(directory / "0.safetensors", qwen2); }), "is missing"));
    save_weights(directory.path(), qwen2, weights);
    CHECK(differences(qwen2, load_weights<float>(directory / "model.safetensors", qwen2), weights) == 0);
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

TEST_CASE("the layer that predicts further tokens is passed over, quantised weights are refused by name") {
    const decoder_config v3 = family("deepseek_v3");
    auto tensors = saved_tensors(v3);
    const std::string after = "model.layers." + std::to_string(v3.layers) + ".";
    tensors[after + "eh_proj.weight"] = {{1, 2}, Eigen::VectorXf::Ones(2)};
    tensors[after + "embed_tokens.weight"] = {{1, 2}, Eigen::VectorXf::Ones(2)};
    const scratch_directory directory;
    cesaro::save_safetensors(directory / "model.safetensors", tensors);
    CHECK(differences(v3, load_weights<float>(directory.path(), v3), numbered_weights<float>(v3)) == 0);
    auto two = tensors;
    two["model.layers." + std::to_string(v3.layers + 1) + ".eh_proj.weight"] = {{1},
                                                                                Eigen::VectorXf::Ones(1)};
    CHECK(contains(load_error(v3, two), "eh_proj.weight' is no part of the decoder"));

    const auto with = [](const decoder_config& config, const std::string& name) {
        auto t = saved_tensors(config);
        t[name] = {{1}, Eigen::VectorXf::Ones(1)};
        return load_error(config, t);
    };
    CHECK(contains(with(llama, "model.layers.1.eh_proj.weight"), "is no part of the decoder"));
    CHECK(contains(with(family("gpt_oss"), "model.layers.0.mlp.experts.down_proj_blocks"), "MXFP4"));
    CHECK(contains(with(llama, "model.layers.0.mlp.up_proj.weight_scale_inv"), "quantised"));
}

TEST_CASE("messages name the function that was called") {
    const scratch_directory directory;
    const auto starts = [](const std::string& text, const std::string& start) {
        UNSCOPED_INFO(text);
        return text.starts_with(start);
    };
    const auto load = [&] { return error_of([&] { load_weights<float>(directory.path(), gpt2); }); };
    CHECK(starts(load(), "cesaro::load_weights: " + directory.path().string() + ": has neither"));
    write_file(directory / "model.safetensors.index.json", R"({"weight_map":{"wte.weight":"1"}})");
    CHECK(starts(load(), "cesaro::load_weights: " + (directory / "1").string() + ": cannot be opened"));
    write_file(directory / "1", "");
    CHECK(starts(load(), "cesaro::load_weights: " + (directory / "1").string() + ": is too short"));
    write_file(directory / "1", safetensors_file("{}", ""));
    CHECK(starts(load(),
                 "cesaro::load_weights: " +
                     (directory / "model.safetensors.index.json: tensor 'wte.weight' is missing").string()));
    write_file(directory / "model.safetensors", "");
    CHECK(starts(load(), "cesaro::load_weights: " + (directory / "model.safetensors").string() + ": is too"));
    auto weights = numbered_weights<double>(gpt2);
    std::filesystem::remove(directory / "model.safetensors");
    std::filesystem::create_directory(directory / "model.safetensors");
    CHECK(starts(error_of([&] { save_weights(directory.path(), gpt2, weights); }), "cesaro::save_weights: "));
    std::filesystem::remove(directory / "model.safetensors");
    decoder_config large = gpt2;
    large.vocab_size = large.width = 1 << 30;
    CHECK_THROWS_WITH(load_weights<float>(directory.path(), large),
                      Catch::Matchers::StartsWith("cesaro::load_weights: 1152921"));
    weights.final_norm.gain[0] = 1e300;
    CHECK_THROWS_WITH(save_weights(directory.path(), gpt2, weights),
                      Catch::Matchers::StartsWith("cesaro::save_weights: tensor 'ln_f.weight' = "));
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

TEST_CASE("weights of other shapes than the config's are not saved") {
    const scratch_directory directory;
    const auto rejects = [&](const decoder_config& config, const auto& change) {
        auto weights = numbered_weights<float>(config);
        change(weights);
        CHECK_THROWS_AS(save_weights(directory / "model", config, weights), std::invalid_argument);
    };
    using weights_type = decoder_weights<float>;
    for (const decoder_config& config : {gpt2, qwen2}) {
        rejects(config, [](weights_type& w) { w.token_embedding.conservativeResize(6, Eigen::NoChange); });
        rejects(config, [](weights_type& w) { w.position_embedding.resize(4, w.token_embedding.cols()); });
        rejects(config, [](weights_type& w) { w.blocks.pop_back(); });
        rejects(config, [](weights_type& w) { w.blocks[1].attention_norm.gain.resize(1); });
        rejects(config, [](weights_type& w) { w.blocks[1].feed_forward_norm.bias.resize(1); });
        rejects(config, [](weights_type& w) { w.blocks[1].query_key_value.matrix.resize(1, 8); });
        rejects(config, [](weights_type& w) { w.blocks[1].query_key_value.bias.resize(0); });
        rejects(config, [](weights_type& w) { w.blocks[1].attention_output.bias.resize(1); });
        rejects(config, [](weights_type& w) { w.blocks[1].feed_forward_input.matrix.transposeInPlace(); });
        rejects(config, [](weights_type& w) { w.blocks[1].feed_forward_output.matrix.transposeInPlace(); });
        rejects(config, [](weights_type& w) { w.final_norm.gain.resize(0); });
    }
    CHECK(directory.entries() == 0);
}
