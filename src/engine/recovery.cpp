// What an incident of a side cost, worked out in the first run after it.
#include "engine/recovery.h"

#include "base/json.h"

namespace cosell::engine {

namespace {

// Deals of Microsoft's that are first seen as expired since a side could not be used.
Result<json::Value> deadlines_lost(const Pair& pair, Instant since) {
  auto list = json::Value::array();
  store::DealFilter filter;
  while (true) {
    auto rows = pair.store->deals(filter);
    if (!rows) return rows.error();
    if (rows->empty()) return list;
    filter.after = rows->back().id;
    for (const auto& row : *rows) {
      if (!row.partner_center.image.valid() || row.partner_center.seen_at < since) continue;
      auto image = pair.store->image(row.partner_center.image);
      if (!image) return image.error();
      const auto* standing = std::get_if<Standing>(&column(*image, info(Field::standing).name));
      const auto* at = std::get_if<Instant>(&column(*image, info(Field::expires_at).name));
      if (standing == nullptr || standing->substatus != Substatus::expired) continue;
      auto one = json::Value::object();
      one.set("deal", json::Value::string(row.title));
      one.set("referral_id", json::Value::string(row.partner_center.record_id));
      const auto* closed = std::get_if<Instant>(&column(*image, info(Field::closed_at).name));
      const Instant expired_at = at != nullptr ? *at : closed != nullptr ? *closed : row.partner_center.seen_at;
      one.set("expired_at", json::Value::string(to_string_minutes(expired_at)));
      list.append(std::move(one));
    }
  }
}

}  // namespace

Result<void> note_recovery(const Pair& pair, const Recovery& recovery) {
  const auto ended = json::read(recovery.incident);
  const auto since = ended ? parse_instant(ended->text_of("since")) : std::nullopt;
  if (!since) return {};
  auto lost = deadlines_lost(pair, *since);
  if (!lost) return lost.error();
  auto object = json::Value::object();
  object.set("side", json::Value::string(store::name_of(recovery.side)));
  object.set("since", json::Value::string(to_string(*since)));
  object.set("until", json::Value::string(to_string(pair.clock->now())));
  object.set("message", json::Value::string(ended->text_of("message")));
  object.set("caught_up", json::Value::integer(recovery.deals_with_writes));
  object.set("deadlines_lost", std::move(*lost));
  store::JournalEntry entry;
  entry.at = pair.clock->now();
  entry.run = recovery.run;
  entry.kind = store::JournalKind::run;
  entry.summary =
      pair.title(recovery.side) + " can be used again; it could not since " + to_string_minutes(*since) + " UTC";
  entry.payload = json::canonical(object);
  if (auto noted = pair.store->journal(entry); !noted) return noted;
  return pair.store->set_property(std::string("recovered.") + store::name_of(recovery.side), json::canonical(object));
}

}  // namespace cosell::engine
