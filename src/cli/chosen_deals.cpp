// Choosing deals, and carrying out a command about one.
#include "cli/chosen_deals.h"

#include "cli/find_deal.h"
#include "cli/hand_over.h"
#include "cli/inbox.h"

namespace cosell::cli {

using store::DealRow;

Result<std::vector<DealRow>> all_deals(store::Store& store, const std::function<bool(const DealRow&)>& which) {
  std::vector<DealRow> out;
  store::DealFilter filter;
  filter.include_skipped = false;
  while (true) {
    auto rows = store.deals(filter);
    if (!rows) return rows.error();
    if (rows->empty()) return out;
    filter.after = rows->back().id;
    for (DealRow& row : *rows) {
      if (which(row)) out.push_back(std::move(row));
    }
  }
}

Result<std::vector<DealRow>> named_deals(const engine::Pair& pair, const std::vector<std::string>& names) {
  std::vector<DealRow> out;
  for (const std::string& name : names) {
    auto row = find_deal(pair, name);
    if (!row) return row.error();
    out.push_back(std::move(*row));
  }
  return out;
}

std::vector<DealId> ids_of(const std::vector<DealRow>& rows) {
  std::vector<DealId> ids;
  for (const DealRow& row : rows) ids.push_back(row.id);
  return ids;
}

Object arguments_for(const std::vector<DealRow>& rows) {
  json::Value ids = json::Value::array();
  for (const DealRow& row : rows) ids.append(json::Value::integer(row.id.value));
  return std::move(Object().value("deals", std::move(ids)));
}

Result<bool> open_or_share(Workplace& place) {
  auto opened = place.open_store(StoreMode::exclusive, false);
  if (opened) return true;
  if (opened.error().kind != ErrorClass::store_busy) return opened.error();
  if (auto shared = place.open_store(StoreMode::shared, false); !shared) return shared.error();
  return false;
}

PairAnswer carry_out_on_deal(Session& session, const PairConfig& config, const std::string& deal,
                             const DealCommand& command) {
  auto made = Workplace::make(session, config, Workplace::Login::not_needed);
  if (!made) return failed(session, &config, made.error());
  Workplace& place = **made;
  auto own = open_or_share(place);
  if (!own) return failed(session, &config, own.error());
  auto row = find_deal(place.pair(), deal);
  if (!row) return failed(session, &config, row.error());
  Object arguments = arguments_for({*row});
  if (command.complete) {
    if (auto done = command.complete(place.pair(), *row, arguments); !done)
      return failed(session, &config, done.error());
  }
  const json::Value all = arguments.done();
  if (!*own && !command.only_looks) return hand_over(session, place, command.name, all, 1);
  auto told = carry_out(place, command.name, all);
  if (!told) return failed(session, &config, told.error());
  session.output.line(told->text);
  PairAnswer answer;
  answer.json = std::move(told->report);
  return answer;
}

}  // namespace cosell::cli
