// Texts that have broken programs before: each with a name, so that a failed test says which.
#pragma once

#include <string>
#include <vector>

namespace cosell::conformance {

struct AwkwardText {
  std::string name;
  std::string text;
  bool may_be_refused = false;   // control characters and the like
  std::size_t safe_prefix = 24;  // bytes that go into a title as well; never in the middle of a character
};

const std::vector<AwkwardText>& awkward_texts();

}  // namespace cosell::conformance
