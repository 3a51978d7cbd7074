// Everything that reads bytes from outside, each under a name: what the fuzzers run, and what the mangled examples of
// mangle_test.cpp run as an ordinary test.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "deal/columns.h"

namespace cosell::fuzz {

struct Target {
  std::string name;     // "salesforce_page"
  std::string request;  // that an error has to name; "" for readers that answer no error of the contract
  std::string example;  // what the reader expects, so that mangling begins near sense
  // The error, or nothing when the input was understood. Must not throw, crash, or read for ever.
  std::function<std::optional<Error>(std::string_view input)> read;
};

const std::vector<Target>& targets();
const Target* find_target(std::string_view name);

// What a reader did wrong with the input, as a sentence; "" for one that understood it, or refused it with bad_response
// and the request's name.
std::string complaint(const Target& target, std::string_view input);

// What a side showed has to come back from the store as it was: an error of ours when it does not.
std::optional<Error> kept_as_shown(const Columns& columns);

}  // namespace cosell::fuzz
