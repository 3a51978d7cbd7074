// Comparing the referrals that pairs of one organisation take.
#include "cli/pairs_apart.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <vector>

#include "base/text.h"
#include "cli/workplace.h"
#include "connectors/registry.h"

namespace cosell::cli {

namespace {

using Locations = std::set<std::string>;

struct Taker {
  std::string name;
  const mapping::Mapping& mapping;
  bool takes_all() const { return mapping.locations().empty(); }
};

std::string common(const Locations& a, const Locations& b) {
  std::vector<std::string> both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  return text::join(both, ", ");
}

std::string quoted(const std::string& name) { return "\"" + name + "\""; }

std::optional<Overlap> overlap_of(const Taker& one, const Taker& other) {
  const std::string same = "The pairs " + quoted(one.name) + " and " + quoted(other.name) +
                           " work with the same organisation in " + partner_center_system().display_name + ", and ";
  const std::string harm = ": its deals would be made in both CRMs, and who closes one of the two closes the other.";
  const std::string remedy =
      "Name in the mapping of each pair the locations that are its own: \"referrals\": { \"belongs\": { \"locations\": "
      "[\"…\"] } } (docs/operations.md, \"A second pair\").";
  if (one.takes_all() && other.takes_all()) return Overlap{same + "both take every referral of it" + harm, remedy};
  if (one.takes_all() || other.takes_all()) {
    const Taker& all = one.takes_all() ? one : other;
    const Taker& some = one.takes_all() ? other : one;
    return Overlap{same + quoted(all.name) + " takes every referral of it, also those of " + quoted(some.name) + harm,
                   remedy};
  }
  const std::string taken_by_both = common(one.mapping.locations(), other.mapping.locations());
  if (!taken_by_both.empty()) {
    return Overlap{same + "both take the referrals of location " + taken_by_both + harm, remedy};
  }
  for (const auto& [from, to] : {std::pair(&one, &other), std::pair(&other, &one)}) {
    const std::string taken = common(from->mapping.locations_of_new_referrals(), to->mapping.locations());
    if (taken.empty()) continue;
    return Overlap{same + quoted(from->name) + " creates referrals for location " + taken + ", which " +
                       quoted(to->name) + " takes" + harm,
                   "Name as \"location\" in the \"fields\" of each mapping only locations of its own pair "
                   "(docs/operations.md, \"A second pair\")."};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Overlap> overlap_with_another_pair(const Config& config, const PairConfig& pair,
                                                 const mapping::Mapping& in_use) {
  bool before = true;  // the two are named in the order of the configuration
  for (const PairConfig& other : config.pairs) {
    if (other.name == pair.name) {
      before = false;
      continue;
    }
    if (!partner_center_system().same_organization(pair.partner_center, other.partner_center)) continue;
    const auto loaded = load_mapping(other.mapping);
    if (!loaded || !loaded->mapping) continue;
    const Taker here{pair.name, in_use};
    const Taker there{other.name, *loaded->mapping};
    auto overlap = before ? overlap_of(there, here) : overlap_of(here, there);
    if (overlap) return overlap;
  }
  return std::nullopt;
}

}  // namespace cosell::cli
