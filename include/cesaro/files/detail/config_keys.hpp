// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/detail/equals.hpp>
#include <cesaro/files/detail/config_reader.hpp>
#include <cesaro/files/detail/config_writer.hpp>

#include <Eigen/Core>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cesaro::detail {

/// What a description is read for: to build the decoder, or for the outline that the influence theory needs,
/// which asks neither that every size is there nor that the block can be described.
enum class reading { whole, outline };

/// The keys of a config.json and the members of a description, by pairs: each call either reads the key into
/// the member or writes the member under the key. So one function of a family says both ways; only where a
/// member follows from several keys it asks which way it goes.
class config_keys {
  public:
    /// Of which each has an entry in the description's pattern.
    static constexpr Eigen::Index most_layers = Eigen::Index(1) << 20;

    /// \param nested the object is a text_config, which transformers writes without the keys that have their
    ///        defaults
    config_keys(const config_reader& in, reading purpose, bool nested)
        : in_(&in), purpose_(purpose), nested_(nested) {}
    explicit config_keys(config_writer& out) : out_(&out) {}

    /// Where keys are read from; null while they are written.
    const config_reader* in() const { return in_; }
    /// Where they are written to; null while they are read.
    config_writer* out() const { return out_; }
    /// The same way from an object within.
    config_keys of(const config_reader& in) const { return {in, purpose_, nested_}; }
    /// Whether the description is read so that the decoder can be built.
    bool whole() const { return in_ != nullptr && purpose_ == reading::whole; }

    /// A size that must be there, but in an outline and in a text_config, where it may be absent.
    void needed(key_names keys, Eigen::Index& member, Eigen::Index absent) {
        if (whole() && !nested_ && in_->first(keys) == nullptr) in_->fail(*keys.begin(), "is missing");
        size(keys, member, absent);
    }
    /// The depth, which only a text_config may leave out.
    void depth(key_names keys, Eigen::Index& member, Eigen::Index absent) {
        if (in_ != nullptr && !nested_ && in_->first(keys) == nullptr) in_->fail(*keys.begin(), "is missing");
        size(keys, member, absent);
        if (in_ != nullptr && member > most_layers)
            in_->fail(*keys.begin(), "= '" + std::to_string(member) + "' must be at most 2^20");
    }
    void size(key_names keys, Eigen::Index& member, Eigen::Index absent) {
        if (out_ != nullptr) return out_->add(*keys.begin(), member);
        const char* const key = in_->first(keys);
        member = key == nullptr ? absent : *in_->natural(key);
    }
    /// A size with a meaning of null, which is no default.
    void size_or_null(key_names keys, Eigen::Index& member, Eigen::Index absent, Eigen::Index null) {
        if (out_ != nullptr && equals(member, null) && null == 0)
            return out_->add_json(*keys.begin(), "null");
        size(keys, member, in_ != nullptr && in_->is_null(*keys.begin()) ? null : absent);
    }
    void real(key_names keys, double& member, double absent) {
        if (out_ != nullptr) return out_->add(*keys.begin(), member);
        const char* const key = in_->first(keys);
        member = key == nullptr ? absent : *in_->real(key);
    }
    /// A real number of which null says 0.
    void real_or_null(key_names keys, double& member, double absent) {
        if (out_ != nullptr && equals(member, 0)) return out_->add_json(*keys.begin(), "null");
        real(keys, member, in_ != nullptr && in_->is_null(*keys.begin()) ? 0 : absent);
    }
    void flag(key_names keys, bool& member, bool absent) {
        if (out_ != nullptr) return out_->add(*keys.begin(), member);
        const char* const key = in_->first(keys);
        member = key == nullptr ? absent : *in_->boolean(key);
    }
    /// A flag that says the same of several members.
    void flag(key_names keys, std::initializer_list<bool*> members, bool absent) {
        bool value = **members.begin();
        flag(keys, value, absent);
        for (bool* const member : members)
            *member = value;
    }
    /// A word for a member. Of several words for one value the first is written.
    template <class Value, std::size_t count>
    void word(key_names keys, Value& member, std::optional<Value> absent,
              const std::array<std::pair<std::string_view, Value>, count>& words) {
        if (out_ != nullptr) {
            for (const auto& [name, value] : words)
                if (value == member) return out_->add(*keys.begin(), name);
            return;  // which reading again finds out
        }
        const char* const key = in_->first(keys);
        if (key == nullptr) {
            if (absent) member = *absent;
            return;
        }
        const std::string text = *in_->text(key);
        for (const auto& [name, value] : words)
            if (text == name) return void(member = value);
        std::string known;
        for (const auto& [name, value] : words)
            known.append(known.empty() ? ", only " : ", ").append(name);
        refuse(key, "= '" + printable(text) + "' is not supported" + known);
    }

    /// A key of which only one value makes the decoder that is described.
    void only(const char* key, bool value) {
        if (in_ != nullptr && in_->boolean(key).value_or(value) != value)
            refuse(key, value ? "= false is not supported" : "= true is not supported");
    }
    void only(const char* key, double value) {
        if (in_ == nullptr || equals(in_->real(key).value_or(value), value)) return;
        std::string wanted = json_value(value);
        if (wanted.ends_with(".0")) wanted.resize(wanted.size() - 2);
        refuse(key, "= '" + json_shown(*in_->find(key)) + "' is not supported, only " + wanted);
    }
    void only(const char* key, std::string_view value) {
        if (in_ != nullptr && in_->text(key).value_or(std::string(value)) != value)
            refuse(key,
                   config_reader::shown(*in_->find(key)) + "is not supported, only " + std::string(value));
    }
    void only(const char* key, const char* value) { only(key, std::string_view(value)); }
    /// Refuses what cannot be described; an outline does not need it.
    void refuse(const std::string& key, const std::string& problem) const {
        if (whole()) in_->fail(key, problem);
    }

  private:
    const config_reader* in_ = nullptr;
    config_writer* out_ = nullptr;
    reading purpose_ = reading::whole;
    bool nested_ = false;
};

}  // namespace cesaro::detail
