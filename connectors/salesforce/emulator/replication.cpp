// getUpdated and getDeleted: which records changed or went within a window, and up to when the answer is complete.
#include <algorithm>

#include "base/text.h"
#include "connectors/salesforce/emulator/api.h"

namespace cosell::emulator::salesforce {

namespace {

struct Window {
  Instant start;
  Instant end;
};

Instant whole_minute(Instant t) { return {t.ms - ((t.ms % 60'000) + 60'000) % 60'000}; }

Answer bad_date(const std::string& sentence) { return refuse(400, "INVALID_REPLICATION_DATE", sentence); }

tl::expected<Window, Answer> window_of(const Call& call, Duration reach) {
  const auto start = parse_instant(call.parameter("start"));
  const auto end = parse_instant(call.parameter("end"));
  if (!start || !end)
    return tl::unexpected<Answer>(refuse(400, "INVALID_FIELD", "start and end must be date-times with an offset"));
  const Window w{whole_minute(*start), whole_minute(*end)};
  if (w.start >= w.end)
    return tl::unexpected<Answer>(bad_date("startDate must be at least one minute greater than endDate"));
  if (call.now - w.start > reach) {
    return tl::unexpected<Answer>(
        bad_date("startDate cannot be more than " + std::to_string(reach.ms / 86'400'000) + " days ago"));
  }
  return w;
}

// Changes of transactions that are still open may come later with an older stamp.
Instant latest_covered(const Call& call, Instant end) {
  Instant covered = std::min(end, whole_seconds(call.now));
  for (const Transaction& t : call.state.model.transactions()) covered = std::min(covered, whole_seconds(t.begun));
  return covered;
}

// Both boundaries count.
bool inside(const Window& w, Instant t) { return t >= w.start && t <= w.end; }

}  // namespace

Answer updated(Call& call, const Object& object) {
  if (!object.replicateable)
    return refuse(400, "INVALID_TYPE_FOR_OPERATION", "object type " + object.name + " is not replicable");
  const auto window = window_of(call, days(30));
  if (!window) return window.error();
  const Table& table = call.state.model.table(object);
  Json ids = Json::array();
  for (const std::uint32_t position : table.since(window->start)) {
    const RowPtr& row = table.rows()[position];
    if (!row->deleted && inside(*window, row->stamp)) ids.push_back(to_18(row->id));
  }
  Answer answer;
  answer.body = Json{{"ids", std::move(ids)}, {"latestDateCovered", stamp_text(latest_covered(call, window->end))}};
  return answer;
}

Answer deleted(Call& call, const Object& object) {
  if (!object.replicateable)
    return refuse(400, "INVALID_TYPE_FOR_OPERATION", "object type " + object.name + " is not replicable");
  const auto window = window_of(call, days(15));
  if (!window) return window.error();
  Json list = Json::array();
  for (const RowPtr& row : call.state.model.table(object).rows()) {
    if (row == nullptr || !row->deleted || !inside(*window, row->deleted_at)) continue;
    list.push_back(Json{{"id", to_18(row->id)}, {"deletedDate", stamp_text(row->deleted_at)}});
  }
  const Instant earliest = std::max(call.state.options.created, call.now - days(15));
  Answer answer;
  answer.body = Json{{"deletedRecords", std::move(list)},
                     {"earliestDateAvailable", stamp_text(whole_seconds(earliest))},
                     {"latestDateCovered", stamp_text(latest_covered(call, window->end))}};
  return answer;
}

}  // namespace cosell::emulator::salesforce
