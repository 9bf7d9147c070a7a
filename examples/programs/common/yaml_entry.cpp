// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "yaml_entry.hpp"

#include "program.hpp"
#include "text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace programs {

using Eigen::Index;

namespace {

std::string line_of(const YAML::Mark& mark) {
    return mark.is_null() ? "" : fmt::format(" line {}", mark.line + 1);
}

std::vector<YAML::Node> read_documents(const std::string& file) {
    const std::string text = read_text(file);
    try {
        return YAML::LoadAll(text);
    } catch (const YAML::Exception& error) {
        throw usage_error(
            fmt::format("'{}'{}: neither YAML nor JSON: {}", file, line_of(error.mark), error.msg));
    }
}

}  // namespace

yaml_entry::yaml_entry(const std::string& file) : file_(file) {
    const std::vector<YAML::Node> documents = read_documents(file);
    if (documents.size() > 1)
        yaml_entry(file, "", documents[1]).fail("a second document, or text after the end");
    if (documents.empty() || !documents[0].IsMap())
        throw usage_error(fmt::format("'{}': neither YAML nor JSON with keys and values", file));
    node_.reset(documents[0]);
}

yaml_entry::yaml_entry(std::string file, std::string key, const YAML::Node& node)
    : file_(std::move(file)), key_(std::move(key)), node_(node) {}

void yaml_entry::fail(const std::string& reason) const {
    const std::string line = node_.IsDefined() ? line_of(node_.Mark()) : "";
    throw usage_error(fmt::format("'{}'{}: {}{}{}", file_, line, key_, key_.empty() ? "" : " ", reason));
}

void yaml_entry::check_is_map() const {
    if (!node_.IsMap()) fail("must be a mapping of keys to values");
}

yaml_entry yaml_entry::optional(const std::string& name) const {
    YAML::Node found(YAML::NodeType::Undefined);
    if (!given()) return {file_, path(name), found};
    check_is_map();
    for (const auto& pair : node_) {
        if (!pair.first.IsScalar() || pair.first.Scalar() != name) continue;
        if (found.IsDefined()) yaml_entry(file_, path(name), pair.first).fail("is given twice");
        found.reset(pair.second);
    }
    return {file_, path(name), found};
}

yaml_entry yaml_entry::required(const std::string& name) const {
    yaml_entry value = optional(name);
    if (!value.given()) throw usage_error(fmt::format("'{}': {} is missing", file_, value.key_));
    return value;
}

void yaml_entry::refuse_keys_but(std::initializer_list<std::string_view> known) const {
    if (!given()) return;
    check_is_map();
    for (const auto& pair : node_) {
        const std::string name = pair.first.IsScalar() ? pair.first.Scalar() : "";
        if (std::find(known.begin(), known.end(), name) != known.end()) continue;
        yaml_entry(file_, path(name), pair.first)
            .fail(fmt::format("is not one of the keys {}", fmt::join(known, ", ")));
    }
}

std::string yaml_entry::word() const {
    if (!node_.IsScalar()) fail("must be a word");
    return node_.Scalar();
}

double yaml_entry::number() const {
    if (!node_.IsScalar()) fail("must be a number");
    double value = std::nan("");
    try {
        value = parse_number("", node_.Scalar());
    } catch (const usage_error&) {
        fail(fmt::format("= '{}' must be a number", node_.Scalar()));
    }
    if (!std::isfinite(value)) fail(fmt::format("= {} must be finite", node_.Scalar()));
    return value;
}

double yaml_entry::number_in(double least, double most, const char* range) const {
    const double value = number();
    if (!(value >= least && value <= most)) fail(fmt::format("= {} must {}", value, range));
    return value;
}

Index yaml_entry::count(Index least, Index most) const {
    if (!node_.IsScalar()) fail("must be a whole number");
    try {
        return parse_count("", node_.Scalar(), least, most);
    } catch (const usage_error&) {
        fail(fmt::format("= {} must be a whole number in [{}, {}]", node_.Scalar(), least, most));
    }
}

std::vector<yaml_entry> yaml_entry::list() const {
    if (!node_.IsSequence()) fail("must be a list");
    std::vector<yaml_entry> items;
    for (std::size_t i = 0; i < node_.size(); ++i)
        items.push_back({file_, fmt::format("{}[{}]", key_, i), node_[i]});
    return items;
}

}  // namespace programs
