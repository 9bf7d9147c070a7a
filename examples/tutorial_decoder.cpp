// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// A whole decoder, from its configuration: the prediction beside the row of the coefficients that it gives.
#include <cesaro/decoder/predicted_profile.hpp>
#include <cesaro/discrete_influence.hpp>
#include <cesaro/files/config_json.hpp>

#include <cstdio>

int main() {
    const cesaro::decoder_config config = cesaro::parse_decoder_config(R"({"model_type": "gpt2",
        "n_layer": 12, "n_embd": 768, "n_head": 12, "n_positions": 1024, "vocab_size": 50257})");
    const cesaro::predicted_profile prediction = cesaro::predict(config, 1024);
    const cesaro::discrete_influence<> row(1023, cesaro::mixing_schedule<>(prediction.alphas()));

    std::printf("%12s %12s %12s\n", "", "predicted", "row");
    std::printf("%12s %12.4f %12.4f\n", "first half", prediction.cdf(511), cdf(row, 511));
    std::printf("%12s %12.4f %12.4f\n", "last token", prediction.share(1023), pdf(row, 1023));
    std::printf("%12s %12lld %12lld\n", "median", static_cast<long long>(prediction.quantile(0.5)),
                static_cast<long long>(median(row)));
}
