// `cosell solutions`: which solutions the referrals name, since no API lists those of a company.
#include <map>

#include "cli/commands.h"
#include "cli/look_at_stores.h"
#include "cli/wording.h"
#include "cli/workplace.h"
#include "deal/deal.h"

namespace cosell::cli {

namespace {

struct Seen {
  std::string name;
  std::int64_t deals = 0;
};
using Catalogue = std::map<std::string, Seen>;  // by id

Result<void> collect(store::Store& store, Catalogue& catalogue) {
  store::DealFilter filter;
  while (true) {
    auto rows = store.deals(filter);
    if (!rows) return rows.error();
    if (rows->empty()) return {};
    filter.after = rows->back().id;
    for (const auto& row : *rows) {
      if (!row.partner_center.image.valid()) continue;
      auto image = store.image(row.partner_center.image);
      if (!image) return image.error();
      const auto* solutions = std::get_if<std::vector<Solution>>(&column(*image, info(Field::solutions).name));
      if (solutions == nullptr) continue;
      for (const Solution& s : *solutions) {
        Seen& seen = catalogue[s.id];
        ++seen.deals;
        if (seen.name.empty()) seen.name = s.name;
      }
    }
  }
}

}  // namespace

int solutions_command(Session& session, const std::string& pair) {
  Catalogue catalogue;
  if (!pair.empty() && session.config.find(pair) == nullptr) {
    return for_each_pair(session, pair, [](const PairConfig&) { return PairAnswer{}; });
  }
  const LookedAt looked =
      look_at_stores(session, pair, [&](Workplace& place) { return collect(place.store(), catalogue); });
  Table table({"Solution", "Name", "Deals"});
  json::Value list = json::Value::array();
  for (const auto& [id, seen] : catalogue) {
    table.row({id, seen.name, std::to_string(seen.deals)});
    list.append(Object().text("id", id).text("name", seen.name).number("deals", seen.deals).done());
  }
  Output& out = session.output;
  if (out.options().json) {
    out.json(looked.with_failures(Object().value("solutions", std::move(list)).done()));
  } else if (out.options().csv) {
    table.print_csv(out);
  } else if (table.empty()) {
    if (looked.any) out.line("No referral names a solution yet.");
  } else {
    table.print(out);
  }
  return looked.code;
}

}  // namespace cosell::cli
