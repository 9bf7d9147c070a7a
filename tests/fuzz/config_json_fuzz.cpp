// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "fuzz.hpp"

#include <cesaro/files/config_json.hpp>
#include <cesaro/files/describe_config.hpp>
#include <cesaro/files/model_outline.hpp>

#include <cstddef>
#include <string_view>

namespace {

bool same(const cesaro::decoder_config& a, const cesaro::decoder_config& b) {
    const auto of_a = cesaro::describe_config(a);
    const auto of_b = cesaro::describe_config(b);
    if (of_a.size() != of_b.size()) return false;
    for (std::size_t i = 0; i < of_a.size(); ++i)
        if (of_a[i].name != of_b[i].name || of_a[i].value != of_b[i].value) return false;
    return true;
}

}  // namespace

/// An accepted config is valid, has an outline of as many layers, and is written as one that reads the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    cesaro_fuzz::accept_or_refuse([&] {
        const cesaro::decoder_config config = cesaro::parse_decoder_config(text);
        config.validate();
        cesaro_fuzz::require(config.head_width > 0);
        if (config.layers > 0)
            cesaro_fuzz::require(Eigen::Index(cesaro::parse_model_outline(text).layers.size()) ==
                                 config.layers);
        cesaro_fuzz::require(same(cesaro::parse_decoder_config(cesaro::decoder_config_text(config)), config));
    });
    cesaro_fuzz::accept_or_refuse([&] {
        const cesaro::model_outline outline = cesaro::parse_model_outline(text);
        cesaro_fuzz::require(!outline.layers.empty() && (!outline.context || *outline.context > 0));
        for (const std::string& note : outline.notes_on(1000))
            cesaro_fuzz::require(!note.empty());
    });
    return 0;
}
