# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT

# A formula for Homebrew. Its syntax is checked, and nothing else: there is no Homebrew where cesaro is tested. `homepage`
# and `url` are those of the repository and of the release's archive, `sha256` that archive's; they are filled in for a tap.
class Cesaro < Formula
  desc "Cesàro-matrix theory of transformer position bias"
  homepage "REPOSITORY"
  url "REPOSITORY/archive/refs/tags/v0.2.0.tar.gz"
  sha256 "SHA256"
  license "MIT"

  depends_on "cli11" => :build
  depends_on "cmake" => :build
  depends_on "help2man" => :build
  depends_on "nlohmann-json" => :build
  depends_on "boost"
  depends_on "eigen"
  depends_on "fmt"
  depends_on "gnuplot"
  depends_on "yaml-cpp"

  def install
    system "cmake", "-S", ".", "-B", "build", "-DCESARO_BUILD_TESTS=OFF", "-DCESARO_BUILD_EXAMPLES=OFF",
                    "-DCESARO_BUILD_BENCHMARKS=OFF", "-DCESARO_OPENMP=OFF", "-DCESARO_BUILD_MAN=ON", *std_cmake_args
    system "cmake", "--build", "build"
    system "cmake", "--install", "build"
  end

  test do
    assert_match "0.068921", shell_output("#{bin}/influence_profile --tokens 1024 --layers 12 --alpha 0.2 --position 1023")
    (testpath/"test.cpp").write <<~CPP
      #include <cesaro/discrete_influence.hpp>
      int main() {
        const cesaro::discrete_influence<> row(1023, cesaro::mixing_schedule<>::constant(12, 0.2));
        return mean(row) > 288 && mean(row) < 289 ? 0 : 1;
      }
    CPP
    system ENV.cxx, "-std=c++20", "test.cpp", "-I#{include}", "-I#{Formula["eigen"].opt_include}/eigen3",
                    "-I#{Formula["boost"].opt_include}", "-o", "test"
    system "./test"
  end
end
