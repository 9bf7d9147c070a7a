// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "files/files.hpp"

#include <cesaro/files/config_json.hpp>
#include <cesaro/files/model_outline.hpp>

#include <string>
#include <vector>

using cesaro::model_outline;
using cesaro::parse_model_outline;
using namespace cesaro_test;
using namespace std::string_literals;

namespace {

/// "0 5 - 0": the window of each layer, or that it does not attend.
std::string layers(const model_outline& outline) {
    std::string text;
    for (const cesaro::layer_config& layer : outline.layers) {
        if (!text.empty()) text.append(" ");
        text.append(layer.attends ? std::to_string(layer.window) : "-");
    }
    return text;
}
std::string layers(const std::string& type, const std::string& keys) {
    const std::string text = R"({"model_type":")" + type + "\"," + keys + "}";
    INFO(text);
    return layers(parse_model_outline(text));
}
std::string error(const std::string& text) {
    return error_of([&] { parse_model_outline(text, "c.json"); });
}

}  // namespace

TEST_CASE("which layers attend, under every name that says so") {
    const std::string four = R"("num_hidden_layers":4,)";
    CHECK(layers("x", R"("num_hidden_layers":2)") == "0 0");
    CHECK(layers("x", four + R"("layer_types":["full_attention","mamba","linear_attention","conv"])") ==
          "0 - - -");
    CHECK(layers("x", four + R"("layers_block_type":["mamba","moe","attention","hybrid"])") == "- - 0 0");
    CHECK(layers("x", four + R"("hybrid_override_pattern":"M-*E")") == "- - 0 -");
    CHECK(layers("x", R"("num_hidden_layers":3,"block_configs":[{"attention":{"no_op":true}},)"
                      R"({"attention":{"no_op":false,"window_length":7}},)"
                      R"({"attention":{"replace_with_linear":true}}])") == "- 7 -");
    CHECK(layers("x", R"("num_hidden_layers":6,"attn_layer_period":3,"attn_layer_offset":1)") ==
          "- 0 - - 0 -");
    CHECK(layers("x", four + R"("full_attention_interval":2)") == "- 0 - 0");
    CHECK(layers("x", four + R"("attn_layer_indices":[0,3])") == "0 - - 0");
    CHECK(layers("x", four + R"("full_attn_idxs":[2])") == "- - 0 -");
    CHECK(layers("x", four + R"("attn_type_list":[0,0,0,1])") == "- - - 0");
    CHECK(layers("x", four + R"("linear_attn_config":{"full_attn_layers":[4],"kda_layers":[1,2,3]})") ==
          "- - - 0");
    CHECK(layers("x", four + R"("block_types":["recurrent","recurrent","attention"])") == "- - 0 -");
    CHECK(layers("mamba", R"("n_layer":2)") == "- -");
    CHECK(layers("rwkv6", R"("n_layer":2)") == "- -");
    CHECK(layers(parse_model_outline(R"({"d_model":8,"n_layer":2,"ssm_cfg":{}})")) == "- -");
    CHECK(layers(parse_model_outline(R"({"n_layer":2,"ssm_cfg":{},"attn_layer_idx":[1]})")) == "- 0");
    // of a family of the table, too
    CHECK(layers("llama", four + R"("hybrid_override_pattern":"M-*E")") == "- - 0 -");
    CHECK(layers("qwen2", R"("num_hidden_layers":2,"layer_types":["linear_attention","full_attention"])") ==
          "- 0");
}

TEST_CASE("which window layers see, under every name that says so") {
    const std::string four = R"("num_hidden_layers":4,)";
    const std::string window = R"("num_hidden_layers":4,"sliding_window":9,)";
    CHECK(layers("x", R"("num_hidden_layers":2,"sliding_window":9)") == "9 9");
    CHECK(layers("x", R"("num_hidden_layers":2,"sliding_window":null)") == "0 0");
    CHECK(layers("x", window + R"("use_sliding_window":false)") == "0 0 0 0");
    CHECK(layers("x", window + R"("use_sliding_window":true,"max_window_layers":3)") == "0 0 0 9");
    CHECK(layers("x", window + R"("max_window_layers":3)") == "9 9 9 9");
    CHECK(layers("x", window + R"("sliding_window_pattern":2)") == "9 0 9 0");
    CHECK(layers("x", window + R"("sliding_window_pattern":"LLG")") == "9 9 0 9");
    CHECK(
        layers("x", window + R"("layer_types":["sliding_attention","full_attention","mamba","attention"])") ==
        "9 0 - 0");
    CHECK(layers("x", four + R"("attention_window_size":5,"block_types":["recurrent","attention"])") ==
          "- 5 - 5");
    CHECK(layers("x", four + R"("attention_chunk_size":6)") == "6 6 6 0");
    CHECK(layers("x", R"("num_hidden_layers":2,"attention_chunk_size":6,)"
                      R"("layer_types":["chunked_attention","full_attention"])") == "6 0");
}

TEST_CASE("families of the table see their own windows, whatever their blocks are") {
    CHECK(layers("mistral", R"("num_hidden_layers":2)") == "4096 4096");
    CHECK(layers("mistral", R"("num_hidden_layers":2,"sliding_window":null)") == "0 0");
    CHECK(layers("qwen2", R"("num_hidden_layers":2,"sliding_window":9)") == "0 0");
    CHECK(layers("qwen2", R"("num_hidden_layers":2,"sliding_window":9,"use_sliding_window":true,)"
                          R"("max_window_layers":2)") == "0 0");
    CHECK(layers("qwen2", R"("num_hidden_layers":2,"sliding_window":9,)"
                          R"("layer_types":["sliding_attention","full_attention"])") == "0 0");
    CHECK(layers("qwen2_moe", R"("num_hidden_layers":4,"use_sliding_window":true,"max_window_layers":3)") ==
          "4096 0 4096 0");
    CHECK(layers("gemma2", R"("num_hidden_layers":3)") == "4096 0 4096");
    CHECK(layers("gemma3_text", R"("num_hidden_layers":7,"sliding_window":8)") == "8 8 8 8 8 0 8");
    CHECK(layers("gpt_neo", R"("num_layers":3)") == "0 256 0");
    CHECK(layers("gpt_oss", R"("num_hidden_layers":3)") == "128 0 128");
    CHECK(layers("olmo3", R"("num_hidden_layers":5)") == "4096 4096 4096 0 4096");
    CHECK(layers("llama", R"("num_hidden_layers":2,"sliding_window":9)") == "0 0");
    // blocks that cannot be described
    CHECK(layers("opt", R"("num_hidden_layers":2,"do_layer_norm_before":false,"word_embed_proj_dim":3)") ==
          "0 0");
    CHECK(layers("llama", R"("num_hidden_layers":2,"rope_scaling":{"type":"ntk"},"hidden_act":"relu2")") ==
          "0 0");
    CHECK(layers("gpt2", R"("n_layer":2,"attention_head_type":"multiquery",)"
                         R"("architectures":["GPT2LMHeadCustomModel"])") == "0 0");
}

TEST_CASE("the layers of a description are those of its outline") {
    for (
        const std::string keys :
        {R"({"model_type":"mistral","num_hidden_layers":3,"num_attention_heads":8,"hidden_size":16,"vocab_size":5})",
         R"({"model_type":"gemma2","num_hidden_layers":3,"num_attention_heads":8,"hidden_size":16,"vocab_size":5})",
         R"({"model_type":"qwen2","num_hidden_layers":3,"num_attention_heads":8,"hidden_size":16,"vocab_size":5,)"
         R"("num_key_value_heads":8,"use_sliding_window":true,"max_window_layers":1})"}) {
        INFO(keys);
        const auto config = cesaro::parse_decoder_config(keys);
        CHECK(layers(cesaro::outline_of(config)) == layers(parse_model_outline(keys)));
        CHECK(cesaro::outline_of(config).context == parse_model_outline(keys).context);
        CHECK(cesaro::outline_of(config).model_type == config.model_type);
    }
}

TEST_CASE("depth and context under all of their names") {
    for (const char* const key :
         {"num_hidden_layers", "n_layer", "n_layers", "num_layers", "num_transformer_layers"})
        CHECK(parse_model_outline("{\""s + key + "\":3}").layers.size() == 3);
    for (const char* const key :
         {"max_position_embeddings", "n_positions", "n_ctx", "max_seq_len", "seq_length",
          "max_sequence_length", "max_seq_length", "max_context_length", "context_length"}) {
        INFO(key);
        CHECK(parse_model_outline("{\"n_layer\":1,\""s + key + "\":77}").context == 77);
        CHECK(contains(error("{\"n_layer\":1,\""s + key + "\":0}"),
                       "key '"s + key + "' = 0 must be at least 1"));
    }
    CHECK(!parse_model_outline(R"({"n_layer":1})").context);
    CHECK(!parse_model_outline(R"({"n_layer":1,"model_type":"bloom"})").context);
    CHECK(parse_model_outline(R"({"n_layer":1,"model_type":"bloom","seq_length":8})").context == 8);
    CHECK(parse_model_outline(R"({"num_hidden_layers":1,"model_type":"llama"})").context == 2048);
    CHECK(parse_model_outline(R"({"n_layer":1,"model_type":"gpt2"})").context == 1024);
    CHECK(contains(error(R"({"n_layer":1,"model_type":"gpt2","n_positions":0})"), "= 0 must be at least 1"));
    CHECK(contains(error(R"({"n_layer":0})"), "key 'n_layer' = 0 must be at least 1"));
    CHECK(contains(error(R"({"n_layer":0,"model_type":"gpt2"})"), "key 'n_layer' = 0 must be at least 1"));
    CHECK(contains(error(R"({"n_layer":1048577})"), "'n_layer' must be at most 2^20"));
    CHECK(contains(error(R"({"n_layer":1048577,"model_type":"gpt2"})"), "must be at most 2^20"));
    CHECK(contains(error("{}"), "key 'num_hidden_layers' (or n_layer) is missing"));
    CHECK(contains(error(R"({"model_type":"llama"})"), "key 'num_hidden_layers' is missing"));
}

TEST_CASE("what is no decoder is refused by what says so") {
    const std::string encoder = "is an encoder: every token sees every other, full_operator answers";
    for (const char* const type : {"bert", "esm", "roberta", "modernbert", "deberta-v2", "vit"}) {
        const std::string text = "{\"model_type\":\""s + type + "\",\"num_hidden_layers\":2}";
        CHECK(error(text) ==
              "cesaro::parse_model_outline: c.json: key 'model_type' = '"s + type + "' " + encoder);
        CHECK(error_of([&] { cesaro::parse_decoder_config(text, "c.json"); }) ==
              "cesaro::parse_decoder_config: c.json: key 'model_type' = '"s + type + "' " + encoder);
    }
    CHECK(
        parse_model_outline(R"({"model_type":"bert","num_hidden_layers":2,"is_decoder":true})").attending() ==
        2);
    for (const char* const type : {"t5", "mt5", "bart", "whisper"})
        CHECK(contains(error("{\"model_type\":\""s + type + "\",\"num_layers\":2}"),
                       "key 'model_type' = '"s + type + "' is an encoder-decoder"));
    CHECK(contains(error(R"({"model_type":"x","n_layer":2,"is_encoder_decoder":true})"),
                   "key 'is_encoder_decoder' = true: this is an encoder-decoder"));
    const auto with = [](const std::string& keys) {
        return R"({"model_type":"llama","num_hidden_layers":2,)" + keys + "}";
    };
    CHECK(contains(error(with(R"("is_causal":false)")), "key 'is_causal' = false: this " + encoder));
    CHECK(contains(error(with(R"("use_bidirectional_attention":true)")),
                   "key 'use_bidirectional_attention' = true: this " + encoder));
    CHECK(error(with(R"("use_bidirectional_attention":"vision")")) == "nothing was thrown");
    CHECK(error(with(R"("use_bidirectional_attention":false,"is_causal":true)")) == "nothing was thrown");
    for (const char* const name :
         {"LlamaEncoderModel", "LlamaBidirectionalModel", "LlamaForMaskedLM", "LlamaBiModel"})
        CHECK(contains(error(with("\"architectures\":[\""s + name + "\"]")),
                       "key 'architectures' = '"s + name + "' " + encoder));
    for (const char* const name :
         {"LlamaForCausalLMEagle3", "LlamaMedusaModel", "DraftModel", "DeepSeekMTPModel"})
        CHECK(contains(error(with("\"architectures\":[\""s + name + "\"]")),
                       "key 'architectures' = '"s + name + "' is a draft head"));
    CHECK(contains(error(with(R"("draft_vocab_size":7)")), "key 'draft_vocab_size' says draft head"));
    CHECK(contains(error(R"({"text_config":{"model_type":"t5","num_layers":2}})"),
                   "key 'text_config.model_type'"));
}

TEST_CASE("lists with an item for each layer have as many, and items that are known") {
    const auto two = [](const std::string& keys) { return error(R"({"n_layer":2,)" + keys + "}"); };
    for (const std::string key : {"layer_types", "layers_block_type", "block_configs", "attn_type_list"})
        CHECK(contains(two("\"" + key + "\":[]"), "key '" + key + "' has 0 items for 2 layers"));
    CHECK(contains(two(R"("hybrid_override_pattern":"M*M")"), "has 3 items for 2 layers"));
    CHECK(contains(two(R"("hybrid_override_pattern":"M?")"),
                   "has a layer '?', which is none of M, *, - and E"));
    CHECK(contains(two(R"("block_configs":[{"attention":{"no_op":1}},{}])"),
                   "key 'block_configs.attention.no_op' = '1' is neither true nor false"));
    CHECK(contains(two(R"("attn_layer_period":0)"), "= 0 must be at least 1"));
    CHECK(contains(error(R"({"model_type":"gpt_neo","num_layers":2,"attention_types":[[["global"],1]]})"),
                   "key 'attention_types' has 1 items for 2 layers"));
    CHECK(contains(error(R"({"model_type":"gpt_neo","num_layers":2,"attention_types":[[["x"],2]]})"),
                   "= 'x' is neither global nor local"));
    CHECK(contains(error(R"({"model_type":"gpt_neo","num_layers":2,"attention_types":[["x"]]})"),
                   "is no list of kinds and a number"));
    CHECK(contains(
        error(R"({"model_type":"gpt_neo","num_layers":2,"attention_types":[[["local"],999999999999]]})"),
        "items for 2 layers"));
}

TEST_CASE("what influence leaves out of a decoder is said") {
    const auto notes = [](const std::string& keys, Eigen::Index tokens) {
        std::string all;
        for (const std::string& note : parse_model_outline("{" + keys + "}").notes_on(tokens))
            all += note + '\n';
        return all;
    };
    CHECK(notes(R"("n_layer":2)", 1 << 30).empty());
    const std::string window = R"("n_layer":2,"sliding_window":9,"n_positions":50)";
    CHECK(notes(window, 9).empty());
    CHECK(notes(window, 10) ==
          "layers are taken to see the whole past; this model's sliding window is 9 tokens\n");
    CHECK(notes(window, 51) ==
          "51 tokens are more than the 50 that this model was built to read\n"
          "layers are taken to see the whole past; this model's sliding window is 9 tokens\n");
    CHECK(notes(R"("n_layer":3,"sliding_window":9,"sliding_window_pattern":3)", 20) ==
          "layers are taken to see the whole past; in 2 of this model's 3 the sliding window is 9 tokens\n");
    CHECK(notes(R"("n_layer":2,"hybrid_override_pattern":"M*")", 5) ==
          "1 of 2 layers do not attend: they move nothing from one position to another\n");
    CHECK(notes(R"("model_type":"gpt2","n_layer":2,"n_positions":8)", 9) ==
          "9 tokens are more than the 8 positions that this model has learned\n");
    CHECK(contains(notes(R"("model_type":"bloom","n_layer":2)", 5), "ALiBi"));
    CHECK(contains(notes(R"("n_layer":2,"alibi":true)", 5), "ALiBi"));
    CHECK(contains(notes(R"("n_layer":2,"attention_chunk_size":4)", 5), "its chunks of attention"));
    CHECK(notes(R"("text_config":{"model_type":"llama","num_hidden_layers":2})", 5) ==
          "the decoder of text is read, in text_config\n");
    CHECK(contains(notes(R"("n_layer":2,"block_configs":[{"attention":{"window_length":3}},)"
                         R"({"attention":{"window_length":4}}])",
                         9),
                   "sliding window is 3 to 4 tokens"));
}

TEST_CASE("an outline has the name of its file, or of its directory") {
    const std::filesystem::path models = std::filesystem::path(CESARO_TEST_DATA) / "models";
    const model_outline mistral = cesaro::read_model_outline(models / "mistral-7b.json");
    CHECK(mistral.name == "mistral-7b");
    CHECK(mistral.model_type == "mistral");
    CHECK(mistral.context == 32768);
    CHECK(mistral.attending() == 32);
    const scratch_directory directory;
    std::filesystem::create_directory(directory / "model");
    write_file(directory / "model" / "config.json", R"({"n_layer":2})");
    CHECK(cesaro::read_model_outline(directory / "model").name == "model");
    CHECK(cesaro::read_model_outline(directory / "model" / "config.json").name == "model");
    CHECK(error_of([&] { cesaro::read_model_outline(directory / "none.json"); }) ==
          "cesaro::read_model_outline: " + (directory / "none.json").string() +
              ": cannot be opened: No such file or directory");
    CHECK(contains(error("{\"n_layer\":1,\n\"x\":NaN}"), "c.json: line 2: NaN is no number of JSON"));
}
