// Telling the past of a deal from its journal.
#include "engine/past.h"

#include <set>

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

ImageId image_in(const json::Value& payload, const char* name) {
  const json::Value* image = payload.find(name);
  return ImageId(image == nullptr ? 0 : image->as_integer().value_or(0));
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
  const auto lacking = lacks_its_beginning(pair, deal);
  if (!lacking) return lacking.error();
  std::set<Side> told;
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
      const ImageId image = image_in(*payload, "after");
      if (!side || !image.valid()) continue;
      Showing showing;
      showing.at = entry.at;
      showing.side = *side;
      showing.image = image;
      showing.before = image_in(*payload, "before");
      showing.by_bridge = !seen;
      showing.entry = entry.sequence;
      showing.cause = entry.summary;
      showing.by = payload->text_of("by");
      if (!seen) showing.reasons = decided;
      showing.after_gap = told.insert(*side).second && *lacking && !showing.before.valid();
      out.push_back(std::move(showing));
    }
  }
}

Result<bool> lacks_its_beginning(const Pair& pair, DealId deal) {
  auto first = pair.store->history(deal, 0, 1);
  if (!first) return first.error();
  if (first->empty()) return true;  // a deal is never without its first entry
  const JournalEntry& entry = first->front();
  const auto payload = json::read(entry.payload.empty() ? "{}" : entry.payload);
  const bool begins = entry.kind == JournalKind::observed && payload && side_in(*payload) &&
                      image_in(*payload, "after").valid() && !image_in(*payload, "before").valid();
  return !begins;
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

namespace {

Result<Value> value_of(const Pair& pair, Side side, ImageId image, Field field) {
  auto columns = pair.store->image(image);
  if (!columns) return columns.error();
  if (side == Side::crm) return pair.mapping->read(*columns).deal.get(field);
  return referral_deal(*columns, {}).get(field);
}

}  // namespace

Result<Value> value_in(const Pair& pair, const Showing& showing, Field field) {
  return value_of(pair, showing.side, showing.image, field);
}

Result<std::vector<PastValue>> values_of(const Pair& pair, const std::vector<Showing>& showings, Field field,
                                         std::optional<Instant> until) {
  std::vector<PastValue> out;
  std::map<Side, Value> last;
  for (const Showing& showing : showings) {
    if (until && showing.at > *until) break;
    auto value = value_in(pair, showing, field);
    if (!value) return value.error();
    if (last.count(showing.side) == 0 && showing.before.valid()) {
      // What went before was pruned; what this side showed until then is known all the same.
      auto before = value_of(pair, showing.side, showing.before, field);
      if (!before) return before.error();
      last[showing.side] = std::move(*before);
    }
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
    one.before_is_known = !first || !showing.after_gap;
    one.value = *value;
    one.why = why(pair, showing, field);
    one.entry = showing.entry;
    out.push_back(std::move(one));
    last[showing.side] = *value;
  }
  return out;
}

}  // namespace cosell::engine
