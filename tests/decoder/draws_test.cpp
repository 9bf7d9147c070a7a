// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// Every object that is drawn is the same for the same seed on every machine: its bits are pinned.
#include "../catch.hpp"
#include "decoder_fixtures.hpp"

#include <cesaro/decoder/draws.hpp>
#include <cesaro/decoder/initialization.hpp>
#include <cesaro/decoder/jacobian_norms.hpp>
#include <cesaro/random_sign_profile.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>

using namespace cesaro;
using namespace cesaro_test;

namespace {

/// FNV-1a of 64 bits over words of 64 bits, lowest byte first.
class hash {
  public:
    void add(std::uint64_t word) {
        for (int shift = 0; shift < 64; shift += 8) {
            value_ ^= word >> shift & 0xff;
            value_ *= 0x100000001b3;
        }
    }
    std::uint64_t value() const { return value_; }

  private:
    std::uint64_t value_ = 0xcbf29ce484222325;
};

template <class Derived>
std::uint64_t hash_of(const Eigen::DenseBase<Derived>& floats) {
    hash h;
    for (Eigen::Index i = 0; i < floats.rows(); ++i)
        for (Eigen::Index j = 0; j < floats.cols(); ++j)
            h.add(std::bit_cast<std::uint32_t>(float(floats.coeff(i, j))));
    return h.value();
}

std::uint64_t hash_of(const std::vector<Eigen::Index>& ids) {
    hash h;
    for (const Eigen::Index id : ids)
        h.add(std::uint64_t(id));
    return h.value();
}

}  // namespace

TEST_CASE("weights of a seed, tensor by tensor") {
    decoder_config config = tiny_config("gpt2");
    config.width = 24;
    config.head_width = 12;
    config.intermediate = 40;
    config.vocab_size = 50000;  // more than one piece of 2^16 entries
    const auto model = initialize_decoder<float>(config, 2026);
    const auto& weights = model.weights();
    const auto& block = weights.blocks[1];
    CHECK(hash_of(weights.token_embedding) == 0x87d2342197f32814);
    CHECK(hash_of(weights.position_embedding) == 0xc0af395918ec21e8);
    CHECK(hash_of(block.query_key_value.matrix) == 0x23b7366d9c33e930);
    CHECK(hash_of(block.attention_output.matrix) == 0x7f4bd16648fc4498);
    CHECK(hash_of(block.feed_forward_input.matrix) == 0x8fd287d97dffc485);
    CHECK(hash_of(block.feed_forward_output.matrix) == 0x94d4657b8d493f0e);
}

TEST_CASE("token ids, seeds of draws, probes and signs of a seed") {
    CHECK(hash_of(uniform_token_ids(1000, 50257, 2026)) == 0x50da5798f5926c44);
    const draw_seeds seeds(2026, 7);
    CHECK(seeds.weights == 0x5e97fd066f330031);
    CHECK(seeds.tokens == 0x6c71aa70af0e08b8);

    jacobian_probes probes;
    probes.seed = 2026;
    const auto model = initialize_decoder<float>(tiny_config("llama"), 1);
    const Eigen::VectorXf h = Eigen::VectorXf::Ones(32);
    const auto cotangents = detail::last_position_cotangents("", model, probes, 3, h, 2, 5, 4);
    for (Eigen::Index p = 0; p < 4; ++p)
        CHECK(cotangents.col(2 * p).isZero(0));
    CHECK(hash_of(cotangents) == 0xafa0b1e46f996d68);

    // one position: each layer multiplies by 1 ± 1/2 and 1 ± 1/4, and the sum of the squares is exact
    const position_gains<double> gains{Eigen::MatrixXd::Constant(1, 5, 0.5),
                                       Eigen::MatrixXd::Constant(1, 5, 0.25)};
    CHECK(random_sign_profile(gains, 64, 2026).profile[0] == Approx(1.76888052).epsilon(1e-8));
}
