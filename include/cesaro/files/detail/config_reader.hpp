// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/files/detail/file.hpp>
#include <cesaro/files/detail/json.hpp>

#include <Eigen/Core>

#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cesaro::detail {

/// The names by which a key goes, the usual one first.
using key_names = std::initializer_list<const char*>;

/// An object of a Hugging Face config.json: its keys, by type. A key that is null counts as absent. It
/// remembers which keys were asked for.
class config_reader {
  public:
    /// \param object must outlive the reader
    /// \param path names the object's place in messages: "", or "text_config."
    config_reader(file_context context, const json& object, std::string path = {})
        : context_(std::move(context)), object_(&object), path_(std::move(path)) {}

    [[noreturn]] void fail(const std::string& problem) const { context_.fail(problem); }
    [[noreturn]] void fail(const std::string& key, const std::string& problem) const {
        fail("key '" + path_ + key + "' " + problem);
    }
    [[noreturn]] void wrong(const std::string& key, const json& value, const std::string& problem) const {
        fail(key, shown(value) + problem);
    }
    /// The value as a message shows it: "= 'gelu' ".
    static std::string shown(const json& value) {
        const auto text = json_text(value);
        return "= '" + (text ? printable(*text) : json_shown(value)) + "' ";
    }

    const json* find(const std::string& key) const {
        asked_.insert(key);
        const json* const value = field(*object_, key);
        return value == nullptr || value->data() == "null" ? nullptr : value;
    }
    bool has(const std::string& key) const { return find(key) != nullptr; }
    bool is_null(const std::string& key) const { return object_->count(key) == 1 && !has(key); }
    bool was_asked_for(const std::string& key) const { return asked_.contains(key); }

    /// The first of the names that is there and not null, else null.
    const char* first(key_names keys) const {
        for (const char* const key : keys)
            if (has(key)) return key;
        return nullptr;
    }

    std::optional<Eigen::Index> natural(const std::string& key) const {
        const json* const value = find(key);
        return value == nullptr ? std::nullopt : std::optional(natural(key, *value));
    }
    Eigen::Index natural(const std::string& key, const json& value) const {
        const auto number = json_natural(value);
        if (!number || !std::in_range<Eigen::Index>(*number))
            quoted(key, value, "is no natural number written in digits");
        return Eigen::Index(*number);
    }
    std::optional<double> real(const std::string& key) const {
        const json* const value = find(key);
        return value == nullptr ? std::nullopt : std::optional(real(key, *value));
    }
    double real(const std::string& key, const json& value) const {
        const auto number = json_real(value);
        if (!number) quoted(key, value, "is no finite number");
        return *number;
    }
    std::optional<bool> boolean(const std::string& key) const {
        const json* const value = find(key);
        return value == nullptr ? std::nullopt : std::optional(boolean(key, *value));
    }
    bool boolean(const std::string& key, const json& value) const {
        if (value.data() != "true" && value.data() != "false")
            quoted(key, value, "is neither true nor false");
        return value.data() == "true";
    }
    std::optional<std::string> text(const std::string& key) const {
        const json* const value = find(key);
        if (value == nullptr) return std::nullopt;
        auto string = json_text(*value);
        if (!string) quoted(key, *value, "is no text");
        return string;
    }

    /// The items of a list, if it is there.
    std::vector<const json*> list(const std::string& key) const {
        std::vector<const json*> items;
        const json* const value = find(key);
        if (value == nullptr) return items;
        if (!is_list(*value)) quoted(key, *value, "is no list");
        for (const auto& [empty, item] : *value)
            items.push_back(&item);
        return items;
    }
    std::vector<double> reals(const std::string& key) const {
        std::vector<double> numbers;
        for (const json* const item : list(key))
            numbers.push_back(real(key, *item));
        return numbers;
    }
    std::vector<Eigen::Index> naturals(const std::string& key) const {
        std::vector<Eigen::Index> numbers;
        for (const json* const item : list(key))
            numbers.push_back(natural(key, *item));
        return numbers;
    }
    /// The items of a list with one for each layer, as text; none when it is absent.
    std::vector<std::string> per_layer(const std::string& key, Eigen::Index layers) const {
        std::vector<std::string> items;
        for (const json* const item : list(key))
            items.push_back(json_text(*item).value_or(json_shown(*item)));
        if (has(key)) check_per_layer(key, Eigen::Index(items.size()), layers);
        return items;
    }
    void check_per_layer(const std::string& key, Eigen::Index items, Eigen::Index layers) const {
        if (items == layers) return;
        fail(key, "has " + std::to_string(items) + " items for " + std::to_string(layers) + " layers");
    }

    /// The object under a key, if it is there.
    std::optional<config_reader> object(const std::string& key) const {
        const json* const value = find(key);
        if (value == nullptr) return std::nullopt;
        if (!value->data().empty() || (is_list(*value) && !value->empty()))
            quoted(key, *value, "is no object");
        return config_reader(context_, *value, path_ + key + ".");
    }

    /// An item of the list under a key, as an object.
    config_reader within(const std::string& key, const json& item) const {
        return {context_, item, path_ + key + "."};
    }

  private:
    [[noreturn]] void quoted(const std::string& key, const json& value, const std::string& problem) const {
        fail(key, "= '" + json_shown(value) + "' " + problem);
    }

    file_context context_;
    const json* object_;
    std::string path_;
    mutable std::set<std::string, std::less<>> asked_ = {};
};

}  // namespace cesaro::detail
