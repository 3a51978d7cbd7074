// `cosell deals history D --at TIME --field F`: the value of any field on either side at any time, and why.
#include "base/text.h"
#include "cli/choices.h"
#include "cli/commands.h"
#include "cli/find_deal.h"
#include "cli/removed_entries.h"
#include "cli/when.h"
#include "cli/wording.h"
#include "cli/workplace.h"
#include "engine/past.h"

namespace cosell::cli {

namespace {

using engine::PastValue;
using store::Side;

class Past {
 public:
  // `lacking`: older entries of the deal were removed.
  Past(Session& session, Workplace& place, std::vector<engine::Showing> showings, std::optional<Instant> at,
       bool lacking)
      : session_(session), place_(place), showings_(std::move(showings)), at_(at), lacking_(lacking) {}

  // Every value that the field had.
  Result<json::Value> tell_field(Field field) {
    auto values = engine::values_of(place_.pair(), showings_, field, at_);
    if (!values) return values.error();
    Table table({"Since (UTC)", "Where", "Value", "Before", "Why"});
    table.last_is_sentence();
    json::Value list = json::Value::array();
    for (const PastValue& v : *values) {
      table.row({to_string_seconds(v.at), place_.pair().title(v.side), shortened(display(v.value), 48),
                 v.before_is_known ? shortened(display(v.before), 32) : not_known, v.why});
      list.append(json_of_value(field, v));
    }
    if (table.empty()) {
      const std::string what = lacking_ ? "What the " + std::string(info(field).label) + " was is not known"
                                        : "The " + std::string(info(field).label) + " had no value on either side";
      session_.output.line(what + (at_ ? " until then." : "."));
    } else {
      table.print(session_.output);
    }
    return list;
  }

  // What both sides showed then.
  Result<json::Value> tell_moment() {
    session_.output.line("As it was at " + to_string_seconds(*at_) + ":");
    const auto& pair = place_.pair();
    Table table({"Field", pair.title(Side::crm), "since, why", pair.title(Side::partner_center), "since, why"});
    json::Value list = json::Value::array();
    for (const FieldInfo& f : all_fields()) {
      if (!f.shared) continue;
      auto values = engine::values_of(pair, showings_, f.field, at_);
      if (!values) return values.error();
      std::map<Side, const PastValue*> last;
      for (const PastValue& v : *values) last[v.side] = &v;
      if (last.empty()) continue;
      std::vector<std::string> cells = {f.label};
      for (const Side side : {Side::crm, Side::partner_center}) {
        const auto it = last.find(side);
        cells.push_back(it != last.end() ? shortened(display(it->second->value), 40) : lacking_ ? not_known : "");
        cells.push_back(it == last.end() ? "" : to_string_minutes(it->second->at) + ", " + it->second->why);
        if (it != last.end()) list.append(json_of_value(f.field, *it->second));
      }
      table.row(std::move(cells));
    }
    if (table.empty()) {
      session_.output.line(lacking_ ? "What both sides showed then is not known."
                                    : "Neither side showed this deal by then.");
    } else {
      table.print(session_.output);
    }
    return list;
  }

 private:
  static json::Value json_of_value(Field field, const PastValue& v) {
    return Object()
        .text("field", info(field).name)
        .text("side", store::name_of(v.side))
        .text("since", to_string_seconds(v.at))
        .text("value", display(v.value))
        .text("before", display(v.before))
        .flag("before_is_known", v.before_is_known)
        .text("why", v.why)
        .number("entry", v.entry)
        .done();
  }

  static inline const std::string not_known = "(not known)";
  Session& session_;
  Workplace& place_;
  std::vector<engine::Showing> showings_;
  std::optional<Instant> at_;
  bool lacking_;
};

PairAnswer past_pair(Session& session, const PairConfig& config, const HistoryOptions& options,
                     std::optional<Field> field) {
  auto at = when_of("--at", options.at, session.clock().now());
  if (!at) return failed(session, &config, at.error());
  auto made = Workplace::make(session, config, Workplace::Login::not_needed);
  if (!made) return failed(session, &config, made.error());
  if (auto opened = (*made)->open_store(StoreMode::shared, false); !opened) {
    return failed(session, &config, opened.error());
  }
  auto row = find_deal((*made)->pair(), options.deal);
  if (!row) return failed(session, &config, row.error());
  session.output.line(session.output.styled(row->title, Style::strong) + "  " + short_id(*row));
  auto showings = engine::showings((*made)->pair(), row->id);
  if (!showings) return failed(session, &config, showings.error());
  auto removed = removed_entries_note((*made)->pair(), row->id);
  if (!removed) return failed(session, &config, removed.error());
  if (!removed->empty()) session.output.line(*removed);
  Past past(session, **made, std::move(*showings), *at, !removed->empty());
  auto told = field ? past.tell_field(*field) : past.tell_moment();
  if (!told) return failed(session, &config, told.error());
  PairAnswer answer;
  answer.json = json_of(*row);
  if (!removed->empty()) answer.json.set("removed", json::Value::string(*removed));
  answer.json.set("values", std::move(*told));
  return answer;
}

}  // namespace

int deals_past_command(Session& session, const HistoryOptions& options) {
  std::optional<Field> field;
  if (!options.field.empty()) {
    const auto named = field_named(options.field);
    if (!named) return failed(session, nullptr, named.error()).code;
    field = *named;
  }
  return for_each_pair(session, pair_that_knows(session, options.pair, options.deal),
                       [&](const PairConfig& config) { return past_pair(session, config, options, field); });
}

}  // namespace cosell::cli
