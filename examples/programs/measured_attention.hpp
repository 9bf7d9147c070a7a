// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include "common/schedule_options.hpp"

#include <cesaro/attention/matrix_operator.hpp>
#include <cesaro/files/stored_tensor.hpp>

#include <CLI/CLI.hpp>
#include <Eigen/Core>

#include <optional>
#include <string>
#include <vector>

namespace programs {

/// The options about attention that was measured elsewhere, a tensor in a file.
struct measured_options {
    std::string file;
    std::string tensor;           ///< its name; empty for the only one
    std::string fusion = "mean";  ///< of a layer's heads: mean, max, min or weights
    std::vector<std::string> head_weights;
    schedule_options mixing{.alpha = 0.5, .name = "lambda"};
    Eigen::Index first_layer = 0;
    Eigen::Index query = -1;  ///< negative for the last position
    bool bidirectional = false;
    std::optional<double> tolerance;  ///< of row sums; that of the dtype where it is not given

    /// Returns the option that names the file, which all others need.
    CLI::Option* add_to(CLI::App& app);
};

/// The layers of such a file. One is in memory at a time, its heads fused; its numbers are checked as they are
/// read. What is wrong is a usage_error or a std::runtime_error that names the file, layer, head and row.
class measured_attention {
  public:
    /// Opens the file, and checks its shape and what the options say of it.
    explicit measured_attention(const measured_options& options);

    Eigen::Index layers() const { return tensor_.shape().front(); }
    Eigen::Index heads() const { return tensor_.shape().size() == 4 ? tensor_.shape()[1] : 1; }
    Eigen::Index positions() const { return tensor_.shape().back(); }
    Eigen::Index query() const { return query_; }
    const std::vector<double>& head_weights() const { return weights_; }  ///< which sum to one

    /// lambda of the layers that take part, from the first layer of the options up.
    const Eigen::VectorXd& lambdas() const { return lambdas_; }

    /// Reads a layer.
    cesaro::matrix_operator<double> layer(Eigen::Index l);

    /// The influence of all positions on the query through the layers that take part.
    Eigen::VectorXd row();

  private:
    using row_major = cesaro::matrix_operator<double>::row_major;

    [[noreturn]] void fail(Eigen::Index layer, Eigen::Index head, Eigen::Index row,
                           const std::string& problem) const;
    void check_sums(Eigen::Index l, const Eigen::MatrixXd& sums) const;
    void normalise_rows(Eigen::Index l, row_major& fused) const;

    measured_options options_;
    cesaro::stored_tensor tensor_;
    Eigen::Index query_ = 0;
    std::vector<double> weights_;
    Eigen::VectorXd lambdas_;
    double tolerance_ = 0;
};

}  // namespace programs
