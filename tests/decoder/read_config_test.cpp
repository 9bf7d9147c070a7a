// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "decoder/files.hpp"

#include <cesaro/decoder/read_config.hpp>

#include <vector>

using cesaro::decoder_config;
using cesaro::decoder_family;
using cesaro::parse_decoder_config;
using cesaro::position_encoding;
using cesaro::read_decoder_config;
using namespace cesaro_test;
using namespace std::string_literals;

namespace {

const std::filesystem::path models = std::filesystem::path(CESARO_TEST_DATA) / "models";

/// The smallest configs, with further members.
std::string gpt2(const std::string& more = "") {
    return R"({"model_type":"gpt2","n_layer":2,"n_head":3,"n_embd":12,"n_positions":16,"vocab_size":7)" +
           more + "}";
}
std::string llama(const std::string& more = "", const std::string& type = "llama") {
    return R"({"model_type":")" + type +
           R"(","num_hidden_layers":2,"num_attention_heads":4,"hidden_size":16,)" +
           R"("intermediate_size":20,"vocab_size":7)" + more + "}";
}
std::string qwen2(const std::string& more) {
    return llama(R"(,"num_key_value_heads":2)" + more, "qwen2");
}

std::string without(std::string text, const std::string& member) {
    const std::size_t at = text.find(member);
    REQUIRE(at != std::string::npos);
    return text.erase(at, member.size());
}

std::string error(const std::string& text) {
    return error_of([&] { parse_decoder_config(text, "c.json"); });
}

/// All members, to compare.
std::vector<double> sizes(const decoder_config& c) {
    return {double(c.layers),         double(c.width),
            double(c.heads),          double(c.kv_heads),
            double(c.head_width),     double(c.intermediate),
            double(c.vocab_size),     double(c.max_positions),
            double(c.sliding_window), double(c.first_windowed_layer),
            c.norm_epsilon,           c.rope_theta,
            c.initializer_range};
}

}  // namespace

TEST_CASE("published configs") {
    const auto check = [](const std::string& file, decoder_family family,
                          const std::vector<double>& expected) {
        INFO(file);
        const decoder_config c = read_decoder_config(models / file);
        CHECK(c.family == family);
        CHECK(c.positions ==
              (family == decoder_family::gpt2 ? position_encoding::learned : position_encoding::rope));
        CHECK(sizes(c) == expected);
    };
    check("gpt2.json", decoder_family::gpt2,
          {12, 768, 12, 12, 64, 3072, 50257, 1024, 0, 0, 1e-5, 10000, 0.02});
    check("llama-3.1-70b.json", decoder_family::llama,
          {80, 8192, 64, 8, 128, 28672, 128256, 131072, 0, 0, 1e-5, 500000, 0.02});
    check("mistral-7b.json", decoder_family::mistral,
          {32, 4096, 32, 8, 128, 14336, 32000, 32768, 4096, 0, 1e-5, 10000, 0.02});
    check("qwen2-0.5b.json", decoder_family::qwen2,
          {24, 896, 14, 2, 64, 4864, 151936, 131072, 0, 0, 1e-6, 1000000, 0.02});
    check("smollm2-135m.json", decoder_family::llama,
          {30, 576, 9, 3, 64, 1536, 49152, 8192, 0, 0, 1e-5, 100000, 0.041666666666666664});
}

TEST_CASE("absent keys have the defaults of their family") {
    CHECK(sizes(parse_decoder_config(gpt2())) ==
          std::vector<double>{2, 12, 3, 3, 4, 48, 7, 16, 0, 0, 1e-5, 10000, 0.02});
    CHECK(sizes(parse_decoder_config(llama())) ==
          std::vector<double>{2, 16, 4, 4, 4, 20, 7, 2048, 0, 0, 1e-6, 10000, 0.02});
    CHECK(sizes(parse_decoder_config(llama(R"(,"num_key_value_heads":1)", "mistral"))) ==
          std::vector<double>{2, 16, 4, 1, 4, 20, 7, 131072, 4096, 0, 1e-6, 10000, 0.02});
    CHECK(sizes(parse_decoder_config(qwen2(""))) ==
          std::vector<double>{2, 16, 4, 2, 4, 20, 7, 32768, 0, 0, 1e-6, 10000, 0.02});
    CHECK(parse_decoder_config(llama(R"(,"num_key_value_heads":null)", "mistral")).kv_heads == 4);
    CHECK(contains(error(llama("", "mistral")), "kv_heads = 8"));  // that family's default does not divide 4
}

TEST_CASE("optional keys") {
    CHECK(parse_decoder_config(gpt2(R"(,"n_inner":31)")).intermediate == 31);
    CHECK(parse_decoder_config(gpt2(R"(,"n_inner":null)")).intermediate == 48);
    CHECK(parse_decoder_config(gpt2(R"(,"layer_norm_epsilon":1e-6,"initializer_range":5E-1)"))
              .initializer_range == 0.5);
    CHECK(parse_decoder_config(gpt2(R"(,"activation_function":"gelu_pytorch_tanh")")).width == 12);
    CHECK(parse_decoder_config(without(gpt2(R"(,"n_ctx":9)"), R"("n_positions":16,)")).max_positions == 9);
    CHECK(parse_decoder_config(llama(R"(,"head_dim":6)")).head_width == 6);
    CHECK(parse_decoder_config(llama(R"(,"head_dim":null)")).head_width == 4);
    CHECK(parse_decoder_config(llama(R"(,"rope_scaling":null,"rope_theta":5e5)")).rope_theta == 500000);
    CHECK(parse_decoder_config(llama(R"(,"rope_parameters":{"rope_type":"default","rope_theta":7.5})"))
              .rope_theta == 7.5);
    CHECK(parse_decoder_config(
              without(gpt2(R"(,"architectures":["GPT2LMHeadModel"])"), R"("model_type":"gpt2",)"))
              .family == decoder_family::gpt2);
    CHECK(
        parse_decoder_config(llama(R"(,"unknown":{"deep":[1,{"x":null}]},"attention_bias":false)")).layers ==
        2);
}

TEST_CASE("sliding windows") {
    const auto mistral = [](const std::string& more) {
        return parse_decoder_config(llama(R"(,"num_key_value_heads":2)" + more, "mistral"));
    };
    CHECK(mistral(R"(,"sliding_window":5)").sliding_window == 5);
    CHECK(mistral(R"(,"sliding_window":null)").sliding_window == 0);
    CHECK(parse_decoder_config(qwen2(R"(,"sliding_window":5)")).sliding_window == 0);
    CHECK(parse_decoder_config(qwen2(R"(,"sliding_window":5,"use_sliding_window":false)")).sliding_window ==
          0);
    const auto windowed =
        parse_decoder_config(qwen2(R"(,"sliding_window":5,"use_sliding_window":true,"max_window_layers":1)"));
    CHECK(windowed.window(0) == 0);
    CHECK(windowed.window(1) == 5);
    CHECK(parse_decoder_config(qwen2(R"(,"use_sliding_window":true)")).first_windowed_layer == 28);
    const std::string types =
        R"(,"sliding_window":5,"use_sliding_window":true,"max_window_layers":1,"layer_types":)";
    CHECK(parse_decoder_config(qwen2(types + R"(["full_attention","sliding_attention"])")).window(1) == 5);
    CHECK(contains(error(qwen2(types + R"(["sliding_attention","full_attention"])")),
                   "at layer 0 does not agree"));
    CHECK(contains(error(qwen2(types + R"(["full_attention","chunked_attention"])")),
                   "at layer 1 does not agree"));
}

TEST_CASE("unsupported networks") {
    for (const char* const type : {"bert", "t5", "bart", "bloom", "mpt", "falcon", "mixtral", "qwen2_moe",
                                   "gpt_neox", "GPT2", "", "gpt2\nx"}) {
        INFO(type);
        std::string escaped(type);
        if (const auto at = escaped.find('\n'); at != std::string::npos) escaped.replace(at, 1, "\\n");
        CHECK(contains(error(llama("", escaped)), "c.json: key 'model_type' = '"));
        CHECK(contains(error(llama("", escaped)), "is not supported; gpt2, llama, mistral and qwen2 are"));
    }
    for (const char* const architecture : {"BertModel", "GPT2DoubleModel", "Qwen2MoeForCausalLM", ""}) {
        INFO(architecture);
        CHECK(contains(error(R"({"architectures":[")"s + architecture + "\"]}"), "key 'architectures' = '"));
    }
    CHECK(contains(error("{}"), "key 'model_type' is missing"));
    CHECK(contains(error(R"({"architectures":[]})"), "key 'model_type' is missing"));
    for (const char* const key : {"num_local_experts", "num_experts", "n_routed_experts"}) {
        CHECK(contains(error(llama(",\""s + key + "\":8")), "key '"s + key + "' says mixture of experts"));
        CHECK(error(llama(",\""s + key + "\":null")) == "nothing was thrown");
    }
    for (const char* const key : {"is_encoder_decoder", "alibi", "attention_bias", "mlp_bias"}) {
        CHECK(contains(error(llama(",\""s + key + "\":true")), "key '"s + key + "' = true is not supported"));
        CHECK(contains(error(llama(",\""s + key + "\":1")),
                       "key '"s + key + "' = '1' is neither true nor false"));
    }
    CHECK(contains(error(gpt2(R"(,"add_cross_attention":true)")), "key 'add_cross_attention' = true"));
    CHECK(contains(error(gpt2(R"(,"scale_attn_by_inverse_layer_idx":true)")), "= true is not supported"));
    CHECK(contains(error(gpt2(R"(,"scale_attn_weights":false)")), "= false is not supported"));
    CHECK(
        contains(error(gpt2(R"(,"activation_function":"gelu")")), "'gelu' is not supported, only gelu_new"));
    CHECK(contains(error(llama(R"(,"hidden_act":"gelu")")), "'gelu' is not supported, only silu"));
    CHECK(contains(error(llama(R"(,"rope_scaling":{"rope_type":"llama3"})")),
                   "of type 'llama3' is not supported"));
    CHECK(
        contains(error(llama(R"(,"rope_scaling":{"type":"linear"})")), "of type 'linear' is not supported"));
}

TEST_CASE("missing, doubled and wrong keys are named") {
    for (const char* const member :
         {R"("n_layer":2,)", R"("n_head":3,)", R"("n_embd":12,)", R"("n_positions":16,)"}) {
        const std::string text = without(gpt2(), member);
        const std::string key = std::string(member).substr(1, std::string(member).find(':') - 2);
        CHECK(error(text) == "cesaro::read_decoder_config: c.json: key '" + key + "' is missing");
    }
    CHECK(contains(error(without(gpt2(), R"(,"vocab_size":7)")), "key 'vocab_size' is missing"));
    for (const char* const member : {R"("num_hidden_layers":2,)", R"("num_attention_heads":4,)",
                                     R"("hidden_size":16,)", R"("intermediate_size":20,)"}) {
        CHECK(contains(error(without(llama(), member)), "' is missing"));
    }
    CHECK(contains(error(gpt2(R"(,"n_layer":2)")), "duplicate key 'n_layer'"));
    for (const char* const value :
         {"-1", "1.5", "1e2", "true", "\"x\"", "[1]", "{}", "99999999999999999999"}) {
        INFO(value);
        CHECK(contains(error(gpt2(",\"n_inner\":"s + value)), "key 'n_inner' = '"));
        CHECK(contains(error(gpt2(",\"n_inner\":"s + value)), "is no natural number"));
    }
    for (const char* const value :
         {"true", "1e999", "\"nan\"", "\"inf\"", "\"1 \"", "\" 1\"", "[1]", "{}", "\"\""}) {
        INFO(value);
        CHECK(contains(error(llama(",\"rms_norm_eps\":"s + value)), "is no finite number"));
    }
}

TEST_CASE("values that make no decoder") {
    CHECK(contains(error(llama(R"(,"num_key_value_heads":3)")), "must be a multiple of kv_heads = 3"));
    CHECK(contains(
        error(R"({"model_type":"gpt2","n_layer":1,"n_head":5,"n_embd":12,"n_positions":1,"vocab_size":1})"),
        "c.json: the width 12 does not divide into 5 heads"));
    CHECK(contains(
        error(R"({"model_type":"gpt2","n_layer":1,"n_head":0,"n_embd":12,"n_positions":1,"vocab_size":1})"),
        "c.json: cesaro::decoder_config: heads = 0"));
    CHECK(contains(error(llama(R"(,"head_dim":3)")), "must be even for RoPE"));
    CHECK(contains(error(llama(R"(,"rope_theta":-1)")), "rope_theta = -1"));
    CHECK(contains(error(llama(R"(,"rms_norm_eps":-1)")), "norm_epsilon = -1"));
    CHECK(contains(error(R"({"model_type":"gpt2","n_layer":1,"n_head":1,"n_embd":9223372036854775807,)"s +
                         R"("n_positions":1,"vocab_size":1})"),
                   "width = 9223372036854775807"));
}

TEST_CASE("what is no JSON object, no file or no text") {
    CHECK(contains(error(""), "c.json: is not a JSON object"));
    CHECK(contains(error("[]"), "c.json: is not a JSON object"));
    CHECK(contains(error("{\n\"model_type\": gpt2}"), "c.json: line 2: invalid JSON"));
    CHECK(contains(error(gpt2() + "x"), "invalid JSON"));
    CHECK(contains(error("{\"a\":" + std::string(1'000'000, '[')), "nests deeper than 64"));
    const scratch_directory directory;
    CHECK(contains(error_of([&] { read_decoder_config(directory.path()); }),
                   "config.json: cannot be opened: No such"));
    write_file(directory / "config.json", gpt2());
    CHECK(read_decoder_config(directory.path()).width == 12);
    CHECK(read_decoder_config(directory / "config.json").width == 12);
}
