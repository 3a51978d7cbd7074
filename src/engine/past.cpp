// Telling the past of a deal from its journal.
#include "engine/past.h"

#include "base/json.h"
#include "engine/view.h"
#include "reconcile/reconcile.h"

namespace cosell::engine {

namespace {

using store::JournalEntry;
using store::JournalKind;

std::optional<Side> side_in(const json::Value& payload) {
  const std::string name = payload.text_of("side");
  for (const Side side : {Side::crm, Side::partner_center}) {
    if (name == store::name_of(side)) return side;
  }
  return std::nullopt;
}

std::map<std::string, std::string> reasons_in(const json::Value& payload) {
  std::map<std::string, std::string> reasons;
  const json::Value* fields = payload.find("fields");
  if (fields == nullptr) return reasons;
  for (const json::Value& f : fields->items()) reasons[f.text_of("field")] = f.text_of("reason");
  return reasons;
}

std::string explained(const std::string& reason_name) {
  for (int i = 0; i <= static_cast<int>(reconcile::Reason::chosen_by_person); ++i) {
    const auto reason = static_cast<reconcile::Reason>(i);
    if (reason_name == reconcile::name_of(reason)) return reconcile::explain(reason);
  }
  return "";
}

std::string why(const Pair& pair, const Showing& showing, Field field) {
  if (!showing.by_bridge) {
    const bool first = showing.cause.rfind("First seen", 0) == 0;
    const std::string by = showing.by.empty() ? "somebody" : showing.by;
    return first ? showing.cause : "changed by " + by + " in " + pair.title(showing.side);
  }
  const auto reason = showing.reasons.find(info(field).name);
  const std::string text = reason == showing.reasons.end() ? "" : explained(reason->second);
  return "written by the bridge" + (text.empty() ? "" : ": " + text);
}

}  // namespace

Result<std::vector<Showing>> showings(const Pair& pair, DealId deal) {
  std::vector<Showing> out;
  std::map<std::string, std::string> decided;
  std::int64_t after = 0;
  while (true) {
    auto entries = pair.store->history(deal, after, 500);
    if (!entries) return entries.error();
    if (entries->empty()) return out;
    after = entries->back().sequence;
    for (const JournalEntry& entry : *entries) {
      const auto payload = json::read(entry.payload.empty() ? "{}" : entry.payload);
      if (!payload) continue;
      if (entry.kind == JournalKind::decided) decided = reasons_in(*payload);
      const bool seen = entry.kind == JournalKind::observed;
      if (!seen && entry.kind != JournalKind::outcome) continue;
      const auto side = side_in(*payload);
      const json::Value* image = payload->find("after");
      const auto id = image == nullptr ? std::nullopt : image->as_integer();
      if (!side || !id || *id == 0) continue;
      Showing showing;
      showing.at = entry.at;
      showing.side = *side;
      showing.image = ImageId(*id);
      showing.by_bridge = !seen;
      showing.entry = entry.sequence;
      showing.cause = entry.summary;
      showing.by = payload->text_of("by");
      if (!seen) showing.reasons = decided;
      out.push_back(std::move(showing));
    }
  }
}

Result<std::string> last_editor(const Pair& pair, DealId deal, Side side, Instant until) {
  auto all = showings(pair, deal);
  if (!all) return all.error();
  std::string by;
  for (const Showing& one : *all) {
    if (one.side == side && !one.by_bridge && one.at <= until) by = one.by;
  }
  return by;
}

Result<Value> value_in(const Pair& pair, const Showing& showing, Field field) {
  auto columns = pair.store->image(showing.image);
  if (!columns) return columns.error();
  if (showing.side == Side::crm) return pair.mapping->read(*columns).deal.get(field);
  return referral_deal(*columns, {}).get(field);
}

Result<std::vector<PastValue>> values_of(const Pair& pair, const std::vector<Showing>& showings, Field field,
                                         std::optional<Instant> until) {
  std::vector<PastValue> out;
  std::map<Side, Value> last;
  for (const Showing& showing : showings) {
    if (until && showing.at > *until) break;
    auto value = value_in(pair, showing, field);
    if (!value) return value.error();
    const bool first = last.count(showing.side) == 0;
    if (!first && same_value(last[showing.side], *value)) continue;
    if (first && is_blank(*value)) {
      last[showing.side] = *value;
      continue;
    }
    PastValue one;
    one.at = showing.at;
    one.side = showing.side;
    one.before = first ? Value{} : last[showing.side];
    one.value = *value;
    one.why = why(pair, showing, field);
    one.entry = showing.entry;
    out.push_back(std::move(one));
    last[showing.side] = *value;
  }
  return out;
}

}  // namespace cosell::engine
