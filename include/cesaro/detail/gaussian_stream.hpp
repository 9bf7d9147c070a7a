// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/random.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <initializer_list>

namespace cesaro::detail {

/// The layers of equal area \f$v\f$ that cover \f$f(x) = e^{-x^2/2}\f$, \f$x \ge 0\f$: layer \f$i \ge 1\f$ is
/// \f$[0, x_i] \times [f(x_i), f(x_{i+1})]\f$, the lowest \f$[0, r] \times [0, f(r)]\f$ and the tail, drawn as if
/// \f$x_0 = v / f(r)\f$ were its width. What lies left of \f$x_{i+1}\f$ lies under the curve.
///
/// Source: Marsaglia, Tsang, J. Stat. Softw. 5(8), 2000; r of Doornik, An improved ziggurat method, 2005.
struct ziggurat {
    static constexpr int layers = 256;
    static constexpr double r = 3.6541528853610088;

    std::array<double, layers + 1> x{}, y{};  ///< edges and the curve there; y[0] is the axis
    std::array<float, layers> width{};  ///< \f$x_i 2^{-24}\f$: a place is an odd number below \f$2^{24}\f$
    std::array<std::int32_t, layers> inside{};  ///< places below this one lie under the curve

    ziggurat() {
        const double v = r * curve(r) + std::sqrt(std::acos(-1.) / 2) * std::erfc(r / std::sqrt(2.));
        x[0] = v / curve(r);
        x[1] = r;
        for (std::size_t i = 1; i + 1 < layers; ++i)
            x[i + 1] = std::sqrt(-2 * std::log(curve(x[i]) + v / x[i]));
        for (std::size_t i = 1; i <= layers; ++i)
            y[i] = curve(x[i]);
        for (std::size_t i = 0; i < layers; ++i) {
            width[i] = float(std::ldexp(x[i], -24));
            inside[i] = std::int32_t(std::ldexp(x[i + 1] / x[i], 24));
        }
    }

    static double curve(double x) { return std::exp(-x * x / 2); }
    static const ziggurat& table() {
        static const ziggurat the_table;
        return the_table;
    }
};

/// Words by their places: the place, in steps of the golden ratio, through a mixing function of 64 bits with a key
/// before and one between its multiplications.
///
/// Source: Salmon, Moraes, Dror, Shaw, Parallel random numbers: as easy as 1, 2, 3, SC 2011, for the idea; Steele,
/// Lea, Flood, Fast splittable pseudorandom number generators, OOPSLA 2014, for the function.
class word_stream {
  public:
    explicit word_stream(random_engine& engine) : first_key_(engine()), second_key_(engine()) {}
    [[nodiscard]] std::uint64_t operator[](std::uint64_t place) const {
        std::uint64_t z = first_key_ + place * 0x9e3779b97f4a7c15u;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u ^ second_key_;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }

  private:
    std::uint64_t first_key_, second_key_;
};

/// Independent standard Gaussian numbers of 24 bits by their places: number i of the stream of a seed and words is
/// a function of these alone, in whatever order and on however many threads they are drawn. The same on every
/// machine, but for a number in some \f$10^{14}\f$, of the tail, where the standard library's logarithms differ.
///
/// Cost: half a word and a look into a table a number; 1.5 in a hundred take a second and third word.
class gaussian_stream {
  public:
    gaussian_stream(std::uint64_t seed, std::initializer_list<std::uint64_t> words)
        : gaussian_stream(random_stream(seed, words)) {}

    /// values[i] = the number at place first + i times `deviation`, in double, rounded to Real.
    template <class Real>
    void fill(std::uint64_t first, std::size_t size, double deviation, Real* values) const {
        std::array<float, block> numbers;
        for (std::size_t done = 0; done < size;) {
            const std::size_t skipped = std::size_t((first + done) % block);
            const std::size_t taken = std::min(size - done, block - skipped);
            draw_block(first + done - skipped, skipped, skipped + taken, numbers);
            for (std::size_t i = 0; i < taken; ++i)
                values[done + i] = Real(double(numbers[skipped + i]) * deviation);
            done += taken;
        }
    }

  private:
    static constexpr std::size_t block = 256;
    static constexpr std::uint64_t spare_words = 64;  ///< of one number

    explicit gaussian_stream(random_engine engine) : words_(engine), spare_(engine) {}

    /// Numbers [begin, end) of the block at `place`, an even one.
    void draw_block(std::uint64_t place, std::size_t begin, std::size_t end,
                    std::array<float, block>& numbers) const {
        const ziggurat& table = ziggurat::table();
        std::array<std::uint32_t, block> words;
        for (std::size_t i = 0; i < block / 2; ++i) {
            const std::uint64_t both = words_[place / 2 + i];
            words[2 * i] = std::uint32_t(both);
            words[2 * i + 1] = std::uint32_t(both >> 32);
        }
        std::array<unsigned char, block> outside;
        for (std::size_t i = 0; i < block; ++i) {
            const std::size_t layer = words[i] % ziggurat::layers;
            const std::int32_t in_layer = place_in_layer(words[i]);
            numbers[i] = float(in_layer) * table.width[layer];
            outside[i] = std::abs(in_layer) >= table.inside[layer];
        }
        const auto next_outside = [&](std::size_t i) {
            const void* found = std::memchr(outside.data() + i, 1, end - i);
            return found ? std::size_t(static_cast<const unsigned char*>(found) - outside.data()) : end;
        };
        for (std::size_t i = next_outside(begin); i < end; i = next_outside(i + 1))
            numbers[i] = draw_slowly(place + i, words[i]);
    }

    /// An odd number between \f$-2^{24}\f$ and \f$2^{24}\f$.
    static std::int32_t place_in_layer(std::uint32_t word) { return (std::int32_t(word) >> 8) * 2 + 1; }

    /// The number at a place whose word lies beside the curve, or may do so.
    [[nodiscard]] float draw_slowly(std::uint64_t place, std::uint32_t word) const {
        const ziggurat& table = ziggurat::table();
        std::uint64_t next = place * spare_words;
        const auto uniform = [&] { return (double(spare_[next++] >> 11) + 0.5) * 0x1p-53; };
        for (;; word = std::uint32_t(spare_[next++])) {
            const std::size_t layer = word % ziggurat::layers;
            const std::int32_t in_layer = place_in_layer(word);
            const float number = float(in_layer) * table.width[layer];
            if (std::abs(in_layer) < table.inside[layer]) return number;
            if (layer == 0) {
                double past, bound;
                do {
                    past = -std::log(uniform()) / ziggurat::r;
                    bound = -2 * std::log(uniform());
                } while (bound < past * past);
                return float(std::copysign(ziggurat::r + past, in_layer));
            }
            const double height = table.y[layer] + uniform() * (table.y[layer + 1] - table.y[layer]);
            if (height < ziggurat::curve(double(number))) return number;
        }
    }

    word_stream words_, spare_;
};

}  // namespace cesaro::detail
