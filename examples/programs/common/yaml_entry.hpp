// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <Eigen/Core>
#include <yaml-cpp/yaml.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace programs {

/// A value in a YAML or JSON file, with the key that leads to it: `attention_config.num_heads`. Whatever is
/// wrong with it becomes a usage_error that names the file, the line and the key.
class yaml_entry {
  public:
    /// The mapping of keys to values that a file holds.
    explicit yaml_entry(const std::string& file);

    [[noreturn]] void fail(const std::string& reason) const;

    /// Whether it is there, and not null.
    bool given() const { return node_.IsDefined() && !node_.IsNull(); }

    /// The value of a key, which may be missing or null; of what is not given itself, nothing is.
    yaml_entry optional(const std::string& name) const;
    yaml_entry required(const std::string& name) const;

    /// A misspelt key would silently leave its default in place.
    void refuse_keys_but(std::initializer_list<std::string_view> known) const;

    std::string word() const;
    double number() const;  ///< finite
    double number_in(double least, double most, const char* range) const;
    Eigen::Index count(Eigen::Index least, Eigen::Index most) const;
    std::vector<yaml_entry> list() const;

  private:
    yaml_entry(std::string file, std::string key, const YAML::Node& node);
    void check_is_map() const;
    std::string path(const std::string& name) const { return key_.empty() ? name : key_ + "." + name; }

    std::string file_;
    std::string key_;
    YAML::Node node_;
};

}  // namespace programs
