// A refusal of the emulated service: the HTTP status and the fields of its documented error body.
#pragma once

#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace cosell::emulator::partner_center {

struct Problem {
  int status = 400;
  std::string code = "invalidRequest";
  std::string message;
  std::string target;      // JSON pointer of the field ("/details/currency"), or a query option ("$filter")
  std::string inner_code;  // more specific, may be empty
};

template <class T>
using Outcome = tl::expected<T, Problem>;
using Check = std::optional<Problem>;

inline Problem invalid(std::string target, std::string message, std::string inner_code = "") {
  Problem problem;
  problem.message = std::move(message);
  problem.target = std::move(target);
  problem.inner_code = std::move(inner_code);
  return problem;
}

inline Problem refused(int status, std::string code, std::string message) {
  Problem problem;
  problem.status = status;
  problem.code = std::move(code);
  problem.message = std::move(message);
  return problem;
}

}  // namespace cosell::emulator::partner_center
