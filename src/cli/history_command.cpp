// `cosell deals history`: everything that was seen, decided and written for one deal, with what changed from what.
#include "base/text.h"
#include "cli/commands.h"
#include "cli/find_deal.h"
#include "cli/removed_entries.h"
#include "cli/wording.h"
#include "cli/workplace.h"
#include "reconcile/reconcile.h"

namespace cosell::cli {

namespace {

using store::JournalEntry;
using store::JournalKind;
using store::Side;

struct Change {
  std::string what;
  std::string before;
  std::string after;
};

std::string reason_in_words(const std::string& name) {
  for (int i = 0; i <= static_cast<int>(reconcile::Reason::chosen_by_person); ++i) {
    const auto reason = static_cast<reconcile::Reason>(i);
    if (name == reconcile::name_of(reason)) return reconcile::explain(reason);
  }
  return text::replace_all(name, "_", " ");
}

std::string kind_text(JournalKind kind) {
  switch (kind) {
    case JournalKind::observed:
      return "seen";
    case JournalKind::decided:
      return "decided";
    case JournalKind::intended:
      return "planned";
    case JournalKind::outcome:
      return "result";
    case JournalKind::linked:
      return "linked";
    case JournalKind::waiting:
      return "state";
    case JournalKind::person:
      return "person";
    case JournalKind::mapping:
      return "mapping";
    case JournalKind::run:
      break;
  }
  return "sync";
}

class History {
 public:
  History(Session& session, Workplace& place) : session_(session), place_(place) {}

  Result<json::Value> tell(DealId deal, int limit) {
    std::vector<JournalEntry> all;
    std::int64_t after = 0;
    while (true) {
      auto entries = place_.store().history(deal, after, 500);
      if (!entries) return entries.error();
      if (entries->empty()) break;
      after = entries->back().sequence;
      for (auto& entry : *entries) all.push_back(std::move(entry));
    }
    const std::size_t most = limit > 0 ? static_cast<std::size_t>(limit) : all.size();
    json::Value list = json::Value::array();
    for (std::size_t i = all.size() > most ? all.size() - most : 0; i < all.size(); ++i) {
      auto told = tell_one(all[i]);
      if (!told) return told.error();
      list.append(std::move(*told));
    }
    return list;
  }

 private:
  std::string where(const json::Value& payload) const {
    const std::string side = payload.text_of("side");
    if (side == store::name_of(Side::crm)) return place_.pair().title(Side::crm);
    if (side == store::name_of(Side::partner_center)) return place_.pair().title(Side::partner_center);
    return side == "microsoft" ? "Microsoft" : "";
  }

  Result<Columns> image(const json::Value& payload, const char* name) {
    const json::Value* v = payload.find(name);
    const auto id = v == nullptr ? std::nullopt : v->as_integer();
    if (!id || *id == 0) return Columns{};
    return place_.store().image(ImageId(*id));
  }

  // What one observation showed differently from the one before; nothing for the first.
  Result<std::vector<Change>> changes_seen(const json::Value& payload) {
    auto before = image(payload, "before");
    if (!before) return before.error();
    auto after = image(payload, "after");
    if (!after) return after.error();
    std::vector<Change> changes;
    if (before->empty()) return changes;
    Columns all = *before;
    all.add_missing(*after);
    const bool crm = payload.text_of("side") == store::name_of(Side::crm);
    for (const auto& entry : all) {
      const Value& was = column(*before, entry.first);
      const Value& is = column(*after, entry.first);
      if (same_value(was, is)) continue;
      const auto field = crm ? std::nullopt : field_from(entry.first);
      changes.push_back({field ? info(*field).label : entry.first, display(was), display(is)});
    }
    return changes;
  }

  // Why a decision left a field alone; what travels is in the summary.
  static std::vector<std::string> held_back(const json::Value& payload) {
    std::vector<std::string> out;
    const json::Value* fields = payload.find("fields");
    if (fields == nullptr) return out;
    for (const json::Value& f : fields->items()) {
      const std::string verdict = f.text_of("verdict");
      const bool held = verdict == reconcile::name_of(reconcile::Verdict::held) ||
                        verdict == reconcile::name_of(reconcile::Verdict::conflict);
      if (!held) continue;
      const std::string name = f.text_of("field");
      const auto field = field_from(name);
      out.push_back((field ? std::string(info(*field).label) : name) +
                    " waits: " + reason_in_words(f.text_of("reason")));
    }
    return out;
  }

  Result<void> tell_observed(const json::Value& payload, Object& o) {
    auto changes = changes_seen(payload);
    if (!changes) return changes.error();
    json::Value list = json::Value::array();
    for (const Change& c : *changes) {
      session_.output.line(indent_ + c.what + ": " + shortened(c.before, 60) + " → " + shortened(c.after, 60));
      list.append(Object().text("what", c.what).text("before", c.before).text("after", c.after).done());
    }
    o.value("changes", std::move(list));
    return {};
  }

  void tell_outcome(const json::Value& payload, Object& o) {
    const std::string detail = payload.text_of("error_detail");
    if (!detail.empty()) session_.output.line(indent_ + "it said: " + shortened(detail, 200));
    if (!payload.text_of("state").empty()) o.text("state", payload.text_of("state"));
    const std::string request = payload.text_of("request_id");
    if (request.empty()) return;
    o.text("request_id", request);
    if (!payload.text_of("error").empty()) session_.output.line(indent_ + "request id: " + request);
  }

  Result<json::Value> tell_one(const JournalEntry& entry) {
    const auto parsed = json::read(entry.payload.empty() ? "{}" : entry.payload);
    const json::Value payload = parsed ? *parsed : json::Value::object();
    const bool error = entry.kind == JournalKind::outcome && !payload.text_of("error").empty();
    const bool observed = entry.kind == JournalKind::observed;
    const Style style = error ? Style::bad : observed ? Style::strong : Style::plain;
    session_.output.line(
        to_string_seconds(entry.at) + "  " + padded(kind_text(entry.kind), 9) +
        session_.output.styled(entry.summary.empty() ? "(erased)" : shortened(entry.summary, 240), style));
    Object o;
    o.number("entry", entry.sequence).text("at", to_string(entry.at)).text("kind", store::name_of(entry.kind));
    o.text("summary", entry.summary);
    if (!where(payload).empty()) o.text("where", where(payload));
    if (observed) {
      if (auto done = tell_observed(payload, o); !done) return done.error();
    } else if (entry.kind == JournalKind::outcome) {
      tell_outcome(payload, o);
    } else {
      for (const std::string& line : held_back(payload)) session_.output.line(indent_ + line);
      if (const json::Value* fields = payload.find("fields")) o.value("fields", *fields);
    }
    return o.done();
  }

  Session& session_;
  Workplace& place_;
  const std::string indent_ = std::string(31, ' ');
};

PairAnswer history_pair(Session& session, const PairConfig& config, const std::string& deal, int limit) {
  auto made = Workplace::make(session, config, Workplace::Login::not_needed);
  if (!made) return failed(session, &config, made.error());
  if (auto opened = (*made)->open_store(StoreMode::shared, false); !opened) {
    return failed(session, &config, opened.error());
  }
  auto row = find_deal((*made)->pair(), deal);
  if (!row) return failed(session, &config, row.error());
  session.output.line(session.output.styled(row->title, Style::strong) + "  " + short_id(*row));
  auto removed = removed_entries_note((*made)->pair(), row->id);
  if (!removed) return failed(session, &config, removed.error());
  if (!removed->empty()) session.output.line(*removed);
  auto told = History(session, **made).tell(row->id, limit);
  if (!told) return failed(session, &config, told.error());
  PairAnswer answer;
  answer.json = json_of(*row);
  if (!removed->empty()) answer.json.set("removed", json::Value::string(*removed));
  answer.json.set("history", std::move(*told));
  return answer;
}

}  // namespace

int deals_history_command(Session& session, const HistoryOptions& options) {
  if (!options.at.empty() || !options.field.empty()) return deals_past_command(session, options);
  return for_each_pair(session, pair_that_knows(session, options.pair, options.deal), [&](const PairConfig& config) {
    return history_pair(session, config, options.deal, options.limit);
  });
}

}  // namespace cosell::cli
