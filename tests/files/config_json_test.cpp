// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "files/files.hpp"

#include <cesaro/files/config_json.hpp>

#include <limits>
#include <vector>

using cesaro::decoder_config;
using cesaro::parse_decoder_config;
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

/// The sizes and numbers of the decoders of before, to compare; the base of RoPE, 0 without it.
std::vector<double> sizes(const decoder_config& c) {
    return {double(c.layers),
            double(c.width),
            double(c.heads),
            double(c.kv_heads),
            double(c.head_width),
            double(c.intermediate),
            double(c.vocab_size),
            double(c.max_positions),
            double(c.layers > 0 ? c.window(c.layers - 1) : 0),
            c.norm.epsilon,
            c.rope ? c.rope->theta : 0,
            c.initializer_range};
}

/// All members, as text.
std::string text_of(const decoder_config& c) {
    std::string text;
    for (const auto& [name, value] : cesaro::describe_config(c))
        text.append(name).append(" ").append(value).append("\n");
    return text;
}

}  // namespace

TEST_CASE("published configs") {
    const auto check = [](const std::string& file, const std::string& type,
                          const std::vector<double>& expected) {
        INFO(file);
        const decoder_config c = read_decoder_config(models / file);
        CHECK(c.model_type == type);
        CHECK(c.learned_positions == (type == "gpt2"));
        CHECK(sizes(c) == expected);
    };
    check("gpt2.json", "gpt2", {12, 768, 12, 12, 64, 3072, 50257, 1024, 0, 1e-5, 0, 0.02});
    check("llama-3.1-70b.json", "llama",
          {80, 8192, 64, 8, 128, 28672, 128256, 131072, 0, 1e-5, 500000, 0.02});
    check("mistral-7b.json", "mistral", {32, 4096, 32, 8, 128, 14336, 32000, 32768, 4096, 1e-5, 10000, 0.02});
    check("qwen2-0.5b.json", "qwen2", {24, 896, 14, 2, 64, 4864, 151936, 131072, 0, 1e-6, 1000000, 0.02});
    check("smollm2-135m.json", "llama",
          {30, 576, 9, 3, 64, 1536, 49152, 8192, 0, 1e-5, 100000, 0.041666666666666664});
}

TEST_CASE("absent keys have the defaults of their family") {
    CHECK(sizes(parse_decoder_config(gpt2())) ==
          std::vector<double>{2, 12, 3, 3, 4, 48, 7, 16, 0, 1e-5, 0, 0.02});
    CHECK(sizes(parse_decoder_config(llama())) ==
          std::vector<double>{2, 16, 4, 4, 4, 20, 7, 2048, 0, 1e-6, 10000, 0.02});
    CHECK(sizes(parse_decoder_config(llama(R"(,"num_key_value_heads":1)", "mistral"))) ==
          std::vector<double>{2, 16, 4, 1, 4, 20, 7, 131072, 4096, 1e-6, 10000, 0.02});
    CHECK(sizes(parse_decoder_config(qwen2(""))) ==
          std::vector<double>{2, 16, 4, 2, 4, 20, 7, 32768, 0, 1e-6, 10000, 0.02});
    CHECK(parse_decoder_config(llama(R"(,"num_key_value_heads":null)", "mistral")).kv_heads == 4);
    CHECK(contains(error(llama("", "mistral")), "kv_heads = 8"));  // that family's default does not divide 4
    CHECK(parse_decoder_config(without(llama(), R"("intermediate_size":20,)")).intermediate == 11008);
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
    CHECK(parse_decoder_config(llama(R"(,"rope_scaling":null,"rope_theta":5e5)")).rope->theta == 500000);
    CHECK(parse_decoder_config(llama(R"(,"rope_parameters":{"rope_type":"default","rope_theta":7.5})"))
              .rope->theta == 7.5);
    CHECK(parse_decoder_config(
              without(gpt2(R"(,"architectures":["GPT2LMHeadModel"])"), R"("model_type":"gpt2",)"))
              .model_type == "gpt2");
    CHECK(
        parse_decoder_config(llama(R"(,"unknown":{"deep":[1,{"x":null}]},"attention_bias":false)")).layers ==
        2);
}

TEST_CASE("sliding windows") {
    const auto mistral = [](const std::string& more) {
        return parse_decoder_config(llama(R"(,"num_key_value_heads":2)" + more, "mistral"));
    };
    CHECK(mistral(R"(,"sliding_window":5)").window(1) == 5);
    CHECK(mistral(R"(,"sliding_window":null)").window(1) == 0);
    CHECK(parse_decoder_config(qwen2(R"(,"sliding_window":5)")).window(1) == 0);
    CHECK(parse_decoder_config(qwen2(R"(,"sliding_window":5,"use_sliding_window":false)")).window(1) == 0);
    const auto windowed =
        parse_decoder_config(qwen2(R"(,"sliding_window":5,"use_sliding_window":true,"max_window_layers":1)"));
    CHECK(windowed.window(0) == 0);
    CHECK(windowed.window(1) == 5);
    CHECK(parse_decoder_config(qwen2(R"(,"use_sliding_window":true)")).window(1) == 0);  // from layer 28 on
    const std::string types =
        R"(,"sliding_window":5,"use_sliding_window":true,"max_window_layers":1,"layer_types":)";
    CHECK(parse_decoder_config(qwen2(types + R"(["full_attention","sliding_attention"])")).window(1) == 5);
    CHECK(contains(error(qwen2(types + R"(["sliding_attention","full_attention"])")),
                   "at layer 0 does not agree"));
    CHECK(contains(error(qwen2(types + R"(["full_attention","chunked_attention"])")),
                   "at layer 1 is not supported"));
}

TEST_CASE("the kinds of many layers are told in no more time than it takes to read them") {
    std::string text = qwen2(R"(,"sliding_window":5,"use_sliding_window":true,"max_window_layers":1048575)");
    text.replace(text.find("_layers\":2"), 10, "_layers\":1048576");
    const decoder_config last = parse_decoder_config(text);
    CHECK(last.pattern.size() == 1048576);
    CHECK(last.window(1048574) == 0);
    CHECK(last.window(1048575) == 5);
    CHECK(contains(error(R"({"model_type":"gpt_neo","num_layers":2,"num_heads":1,"hidden_size":1,)"
                         R"("vocab_size":1,"max_position_embeddings":1,)"
                         R"("attention_types":[[[],999999999999999999]]})"),
                   "has 0 items for 2 layers"));
}

TEST_CASE("a pattern is as short as it can be") {
    const auto pattern = [](const std::string& windows) {
        std::string kinds;
        for (const char c : windows)
            kinds.append(kinds.empty() ? "" : ",")
                .append(c == 'w' ? R"("sliding_attention")" : R"("full_attention")");
        std::string text = llama(",\"layer_types\":[" + kinds + "]", "gemma2");
        text.replace(text.find("_layers\":2"), 10, "_layers\":" + std::to_string(windows.size()));
        std::string found;
        for (const cesaro::layer_config& l : parse_decoder_config(text).pattern)
            found += l.window > 0 ? 'w' : 'f';
        return found;
    };
    CHECK(pattern("ffff").empty());
    CHECK(pattern("wwww") == "w");
    CHECK(pattern("wfwfw") == "wf");
    CHECK(pattern("wwfwwfw") == "wwf");
    CHECK(pattern("fwwfww") == "fww");
    CHECK(pattern("ffffw") == "ffffw");
    CHECK(pattern("fwffwfff") == "fwffwff");
}

TEST_CASE("unsupported networks") {
    for (const char* const type : {"xglm", "mamba", "qwen3_next", "GPT2", "", "gpt2\nx"}) {
        INFO(type);
        std::string escaped(type);
        if (const auto at = escaped.find('\n'); at != std::string::npos) escaped.replace(at, 1, "\\n");
        CHECK(contains(error(llama("", escaped)), "c.json: key 'model_type' = '"));
        CHECK(contains(error(llama("", escaped)), "is not supported; known are gpt2, gpt_bigcode, "));
    }
    for (const char* const architecture : {"XModel", "GPT2DoubleModel", "Qwen2NextForCausalLM", ""}) {
        INFO(architecture);
        CHECK(contains(error(R"({"architectures":[")"s + architecture + "\"]}"), "key 'architectures' = '"));
    }
    CHECK(contains(error("{}"), "key 'model_type' is missing"));
    CHECK(contains(error(R"({"architectures":[]})"), "key 'model_type' is missing"));
    for (const char* const name : {"LlamaForCausalLM", "LlamaModel", "LLaMAForCausalLM"})
        CHECK(error(llama(",\"architectures\":[\""s + name + "\"]")) == "nothing was thrown");
    for (const char* const name : {"GPT2LMHeadModel", "LlamaCustomForCausalLM", "Llama", "X\\n"})
        CHECK(contains(error(llama(",\"architectures\":[\""s + name + "\"]")),
                       "' is no decoder of model_type 'llama' that is supported"));
    CHECK(contains(error(llama(R"(,"architectures":"LlamaModel")")), "= '\"LlamaModel\"' is no list"));
    for (const char* const key : {"is_encoder_decoder", "is_causal", "attention_bias", "mlp_bias"}) {
        CHECK(contains(error(llama(",\""s + key + "\":1")),
                       "key '"s + key + "' = '1' is neither true nor false"));
    }
    CHECK(contains(error(llama(R"(,"is_encoder_decoder":true)")), "'is_encoder_decoder' = true"));
    CHECK(contains(error(gpt2(R"(,"position_embedding_type":"alibi")")), "= 'alibi' is not supported"));
    CHECK(error(gpt2(R"(,"position_embedding_type":"absolute")")) == "nothing was thrown");
}

TEST_CASE("missing, doubled and wrong keys are named") {
    for (const char* const member :
         {R"("n_layer":2,)", R"("n_head":3,)", R"("n_embd":12,)", R"("n_positions":16,)"}) {
        const std::string text = without(gpt2(), member);
        const std::string key = std::string(member).substr(1, std::string(member).find(':') - 2);
        CHECK(error(text) == "cesaro::parse_decoder_config: c.json: key '" + key + "' is missing");
    }
    CHECK(contains(error(without(gpt2(), R"(,"vocab_size":7)")), "key 'vocab_size' is missing"));
    for (const char* const member :
         {R"("num_hidden_layers":2,)", R"("num_attention_heads":4,)", R"("hidden_size":16,)"})
        CHECK(contains(error(without(llama(), member)), "' is missing"));
    CHECK(contains(error(gpt2(R"(,"n_layer":1048577)")), "is there twice"));
    CHECK(contains(error(R"({"model_type":"llama","num_hidden_layers":1048577})"),
                   "key 'num_hidden_layers' = '1048577' must be at most 2^20"));
    CHECK(contains(error(gpt2(R"(,"n_layer":2)")), "c.json: key 'n_layer' is there twice"));
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
    CHECK(contains(error(llama(R"(,"head_dim":0)")), "head_width = 0 must be at least 1"));
    CHECK(contains(error(llama(R"(,"head_dim":3)")), "must be even for RoPE"));
    CHECK(contains(error(llama(R"(,"rope_theta":-1)")), "rope.theta = -1"));
    CHECK(contains(error(llama(R"(,"rms_norm_eps":-1)")), "norm.epsilon = -1"));
    const std::string most = std::to_string(std::numeric_limits<Eigen::Index>::max());
    CHECK(contains(error(R"({"model_type":"gpt2","n_layer":1,"n_head":1,"n_embd":)" + most +
                         R"(,"n_positions":1,"vocab_size":1})"),
                   "width = " + most));
}

TEST_CASE("what is no JSON object, no file or no text") {
    CHECK(contains(error(""), "c.json: is not a JSON object"));
    CHECK(contains(error("[]"), "c.json: is not a JSON object"));
    CHECK(contains(error("{\n\"model_type\": gpt2}"), "c.json: line 2: invalid JSON"));
    CHECK(contains(error(gpt2() + "x"), "invalid JSON"));
    CHECK(contains(error("{\"a\":" + std::string(1'000'000, '[')), "nests deeper than 64"));
}

TEST_CASE("a config is found by its own path, its directory's or that of a checkpoint beside it") {
    const scratch_directory directory;
    CHECK(error_of([&] { read_decoder_config(directory.path()); }) ==
          "cesaro::read_decoder_config: " + (directory / "config.json").string() +
              ": cannot be opened: No such file or directory");
    write_file(directory / "config.json", gpt2());
    CHECK(read_decoder_config(directory.path()).width == 12);
    for (const char* const name : {"config.json", "model.safetensors", "model.safetensors.index.json"})
        CHECK(read_decoder_config(directory / name).width == 12);
    write_file(directory / "other.json", "{}");
    CHECK(contains(error_of([&] { read_decoder_config(directory / "other.json"); }),
                   "read_decoder_config: " + (directory / "other.json").string() + ": key 'model_type'"));
}

TEST_CASE("a byte order mark is read over") {
    CHECK(sizes(parse_decoder_config("\xef\xbb\xbf" + gpt2())) == sizes(parse_decoder_config(gpt2())));
    CHECK(contains(error("\xff\xfe{\0"s), "c.json: starts with the byte order mark of UTF-16"));
}

TEST_CASE("NaN and infinity, which Python writes, are named with their line") {
    for (const std::string literal : {"NaN", "Infinity", "-Infinity"}) {
        CHECK(error(gpt2(",\n\"a\":\"NaN Infinity\",\n\"b\":" + literal)) ==
              "cesaro::parse_decoder_config: c.json: line 3: " + literal + " is no number of JSON");
    }
    CHECK(contains(error(gpt2(",\n\"b\":Nan")), "line 2: invalid JSON"));
}

TEST_CASE("a list with an item for each layer has as many") {
    const auto types = [](const std::string& items) { return llama(",\"layer_types\":" + items); };
    CHECK(error(types(R"(["full_attention","full_attention"])")) == "nothing was thrown");
    CHECK(contains(error(types(R"(["full_attention"])")), "key 'layer_types' has 1 items for 2 layers"));
    CHECK(contains(error(types(R"(["full_attention","full_attention","full_attention"])")),
                   "key 'layer_types' has 3 items for 2 layers"));
    CHECK(contains(error(types("[]")), "has 0 items for 2 layers"));
    CHECK(
        contains(error(types("\"full_attention\"")), "key 'layer_types' = '\"full_attention\"' is no list"));
    CHECK(contains(error(types(R"({"0":"full_attention","1":"full_attention"})")), "= '{...}' is no list"));
    CHECK(contains(error(types(R"(["full_attention",1])")), "= '1' at layer 1 is not supported"));
    CHECK(contains(error(gpt2(R"(,"layer_types":["full_attention"])")), "has 1 items for 2 layers"));
}

TEST_CASE("what is written in quotes is no number, no truth and not null") {
    const auto quoted = [](const std::string& from, const std::string& to) {
        std::string text = gpt2(R"(,"layer_norm_epsilon":1e-5,"scale_attn_weights":true,"n_inner":null)");
        return error(text.replace(text.find(from), from.size(), to));
    };
    CHECK(contains(quoted(R"("n_layer":2)", R"("n_layer":"24")"),
                   R"(c.json: key 'n_layer' = '"24"' is no natural number)"));
    CHECK(contains(quoted("1e-5", "\"1e-5\""), R"(= '"1e-5"' is no finite number)"));
    CHECK(contains(quoted("true", "\"true\""), R"(= '"true"' is neither true nor false)"));
    CHECK(contains(quoted("null", "\"null\""), R"(key 'n_inner' = '"null"' is no natural number)"));
    CHECK(contains(quoted("\"gpt2\"", "2"), "key 'model_type' = '2' is no text"));
    CHECK(contains(quoted("\"gpt2\"", "[\"gpt2\"]"), "key 'model_type' = '[...]' is no text"));
    CHECK(parse_decoder_config(llama(R"(,"hidden_act":"si\u006cu")")).width == 16);
}

TEST_CASE("a key that is there twice is refused wherever it is") {
    CHECK(contains(error(gpt2(R"(,"x":1,"x":1)")), "c.json: key 'x' is there twice"));
    CHECK(contains(error(llama(R"(,"rope_parameters":{"rope_theta":1,"rope_theta":2})")),
                   "key 'rope_theta' is there twice in 'rope_parameters'"));
    CHECK(contains(error(gpt2(R"(,"x":[{"":1,"":2}])")), "is there twice"));
    CHECK(error(gpt2(R"(,"x":[{"a":1},{"a":1}],"y":[1,1])")) == "nothing was thrown");
}

TEST_CASE("a decoder of no layers is the identity") {
    std::string text = gpt2();
    CHECK(parse_decoder_config(text.replace(text.find(":2"), 2, ":0")).layers == 0);
}

TEST_CASE("a config that was read is saved, and read again") {
    std::vector<decoder_config> configs;
    for (const char* const file :
         {"gpt2.json", "llama-3.1-70b.json", "mistral-7b.json", "qwen2-0.5b.json", "smollm2-135m.json"})
        configs.push_back(read_decoder_config(models / file));
    for (const std::string& more : {R"(,"position_encoding":"rope")"s, R"(,"n_inner":31)"s,
                                    R"(,"position_encoding":"learned_and_rope","initializer_range":0.3)"s})
        configs.push_back(parse_decoder_config(gpt2(more)));
    configs.push_back(parse_decoder_config(llama(R"(,"position_encoding":"none","rms_norm_eps":1e-7)")));
    configs.push_back(parse_decoder_config(
        llama(R"(,"num_key_value_heads":2,"sliding_window":null,"head_dim":6)", "mistral")));
    configs.push_back(parse_decoder_config(
        qwen2(R"(,"sliding_window":5,"use_sliding_window":true,"max_window_layers":1,"rope_theta":1e6)")));
    for (const decoder_config& config : configs) {
        const scratch_directory directory;
        cesaro::save_decoder_config(directory / "new" / "model", config);
        CHECK(text_of(read_decoder_config(directory / "new" / "model")) == text_of(config));
    }
}

TEST_CASE("the config that is saved") {
    const scratch_directory directory;
    cesaro::save_decoder_config(directory.path(), parse_decoder_config(gpt2()));
    CHECK(read_file(directory / "config.json") == R"({
  "architectures": ["GPT2Model"],
  "model_type": "gpt2",
  "n_layer": 2,
  "n_head": 3,
  "n_embd": 12,
  "n_inner": 48,
  "activation_function": "gelu_new",
  "layer_norm_epsilon": 1e-05,
  "vocab_size": 7,
  "initializer_range": 0.02,
  "n_positions": 16,
  "scale_attn_weights": true,
  "scale_attn_by_inverse_layer_idx": false,
  "tie_word_embeddings": true
}
)");
    const auto saved = [&](const decoder_config& config) {
        cesaro::save_decoder_config(directory.path(), config, true);
        return read_file(directory / "config.json");
    };
    CHECK(contains(saved(parse_decoder_config(gpt2())), R"(["GPT2LMHeadModel"])"));
    const std::string untied = saved(parse_decoder_config(qwen2(R"(,"position_encoding":"none")")));
    CHECK(contains(untied, R"(["Qwen2ForCausalLM"])"));
    CHECK(contains(untied, R"("tie_word_embeddings": false)"));
    CHECK(contains(untied, R"("position_encoding": "none")"));
    CHECK(directory.entries() == 1);
    CHECK_THROWS_AS(saved({}), std::domain_error);
    write_file(directory / "file", "");
    CHECK(contains(
        error_of([&] { cesaro::save_decoder_config(directory / "file", parse_decoder_config(gpt2())); }),
        "cesaro::save_decoder_config: " + (directory / "file").string() + ": cannot be made"));
}

TEST_CASE("positions other than the family's have a key of our own") {
    const decoder_config none = parse_decoder_config(gpt2(R"(,"position_encoding":"none")"));
    CHECK(!none.learned_positions);
    CHECK(!none.rope);
    const decoder_config both = parse_decoder_config(gpt2(R"(,"position_encoding":"learned_and_rope")"));
    CHECK(both.learned_positions);
    CHECK(both.rope->theta == 10000);
    CHECK(!parse_decoder_config(gpt2(R"(,"position_encoding":"rope")")).learned_positions);
    CHECK(parse_decoder_config(llama(R"(,"position_encoding":null)")).rope);
    CHECK(!parse_decoder_config(llama(R"(,"position_encoding":"none")")).rope);
    CHECK(contains(error(gpt2(R"(,"position_encoding":"alibi")")),
                   "key 'position_encoding' = 'alibi' is none of learned, rope, learned_and_rope and none"));
    CHECK(contains(error(llama(R"(,"position_encoding":"learned")")),
                   "key 'position_encoding' = 'learned' needs a family with learned positions"));
}

TEST_CASE("a description as text") {
    decoder_config c =
        parse_decoder_config(llama(R"(,"num_key_value_heads":2,"sliding_window":5)", "mistral"));
    const std::string text = text_of(c);
    for (const char* const line :
         {"model_type \"mistral\"\n", "\nlayers 2\n", "\nwidth 16\n", "\nnorm.kind \"rms_norm\"\n",
          "\nnorm.bias false\n", "\nscores.norm \"none\"\n", "\nrope.theta 10000.0\n", "\nlocal_rope null\n",
          "\nalibi \"none\"\n", "\nlatent null\n", "\nactivation \"silu\"\n", "\nexperts null\n",
          "\ninitial_factors [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]\n",
          "\npattern [{\"attends\": true, \"window\": 5, \"rope\": true, \"experts\": false}]\n"}) {
        INFO(line);
        CHECK(contains("\n" + text, line));
    }
    c.experts.emplace().routing = cesaro::expert_routing::sigmoid;
    c.latent.emplace().rank = 3;
    c.rope->short_factors = {1.5, 2};
    for (const char* const line :
         {"\nexperts.routing \"sigmoid\"\n", "\nlatent.rank 3\n", "\nrope.short_factors [1.5, 2.0]\n"})
        CHECK(contains(text_of(c), line));
}
