// The $filter expressions that the emulated service understands: the documented fields with eq, and, any and
// parentheses; more only where a switch allows it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/partner_center/emulator/call.h"
#include "connectors/partner_center/emulator/problem.h"

namespace cosell::emulator::partner_center {

class Filter {
 public:
  // An empty text gives a filter that every referral passes.
  static Outcome<Filter> read(std::string_view text, const Switches& settings);

  bool passes(const Referral& referral) const;
  // The engagement that every hit must belong to, so that the list need not look at all referrals.
  std::optional<std::string> engagement_id() const;
  // Every hit was updated at or after this time (ticks).
  std::optional<std::int64_t> updated_from() const;

 private:
  friend class FilterReader;
  enum class Kind { everything, both, either, negated, text_equals, team_email, updated };
  struct Node {
    Kind kind = Kind::everything;
    std::string field;        // text_equals
    std::string op;           // updated: eq, ge, gt, le, lt
    std::string text;         // text_equals, team_email
    std::int64_t ticks = 0;   // updated
    std::vector<Node> parts;  // both, either, negated
  };
  static bool passes(const Node& node, const Referral& referral);

  Node root_;
};

}  // namespace cosell::emulator::partner_center
