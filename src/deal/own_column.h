// A column of a CRM that exists for the bridge's sake, described so that a connector can create it: what it is for,
// what it holds, and the words that people read beside it. Which columns these are, the mapping says; how one is
// created, the connector knows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cosell {

enum class ColumnKind : std::uint8_t {
  text,       // one line
  long_text,  // several lines
  tick,       // yes or no
  instant,
  link,   // an address of the web
  choice  // one of `choices`
};

struct OwnColumn {
  struct Choice {
    std::string value;  // what the column holds: an API name, an option's number, a text
    std::string label;
  };

  std::string name;   // as the CRM names it: "Cosell_State__c", "cosell_state"
  std::string label;  // for people
  std::string help;   // one sentence for the seller who meets it
  ColumnKind kind = ColumnKind::text;
  int length = 255;  // of a text, in characters
  // It carries the referral's id: no two records may share a value, and records are found by it.
  bool key = false;
  std::vector<Choice> choices = {};
};

}  // namespace cosell
