// Finding the deal that a person means.
#include "cli/find_deal.h"

#include <algorithm>

#include "base/text.h"
#include "cli/wording.h"
#include "cli/workplace.h"
#include "engine/words.h"

namespace cosell::cli {

namespace {

using store::DealRow;
using store::Side;

constexpr int candidates_shown = 10;
constexpr const char* unknown_deal = "unknown_deal";  // rule of the error

// Parts of an address that may be an id, the whole text first.
std::vector<std::string> parts_of(const std::string& named) {
  std::vector<std::string> parts = {named};
  if (named.find("://") == std::string::npos) return parts;
  std::string part;
  for (const char c : text::percent_decode(named)) {
    const bool separates = c == '/' || c == '?' || c == '&' || c == '=' || c == '#';
    if (!separates) {
      part += c;
      continue;
    }
    if (!part.empty()) parts.push_back(part);
    part.clear();
  }
  if (!part.empty()) parts.push_back(part);
  return parts;
}

Error ambiguous(const std::string& named, const std::vector<DealRow>& rows) {
  std::string message = "\"" + named + "\" fits " + (rows.size() > candidates_shown ? "more than " : "") +
                        text::count_of(std::min<std::size_t>(rows.size(), candidates_shown), "deal") + ":";
  std::size_t shown = 0;
  for (const DealRow& row : rows) {
    if (++shown > candidates_shown) break;
    DealRow state_only = row;
    state_only.message.clear();
    message += "\n  " + short_id(row) + "  " + row.title + "  (" + engine::words::state_line(state_only) + ")";
  }
  return make_error(ErrorClass::config, message + "\nName one by its id.");
}

}  // namespace

std::string short_id(const DealRow& row) {
  return row.crm.record_id.empty() ? row.partner_center.record_id : row.crm.record_id;
}

bool AskedDeal::is(const DealRow& row) {
  if (!deal_) deal_ = find_deal(pair_, named_);
  return *deal_ && (*deal_)->id == row.id;
}

Result<void> AskedDeal::found() {
  if (!deal_) deal_ = find_deal(pair_, named_);
  if (!*deal_) return deal_->error();
  return {};
}

Result<void> AskedDeal::tell(Output& output, json::Value& answer) const {
  auto row = pair_.store->deal((*deal_)->id);
  if (!row) return row.error();
  if (!*row) return {};
  const DealRow& deal = **row;
  answer.set("deal", json_of(deal));
  const bool travels = deal.state == store::DealState::in_sync || deal.state == store::DealState::changed;
  if (travels) return {};
  output.line(output.styled(deal.title, Style::strong) + "  " + short_id(deal));
  output.line("  " + output.styled(engine::words::state_line(deal), style_of(deal)));
  if (!deal.next_step.empty()) output.line("  → " + deal.next_step);
  return {};
}

std::string pair_that_knows(Session& session, const std::string& pair, const std::string& deal) {
  if (!pair.empty() || session.config.pairs.size() == 1) return pair;
  for (const PairConfig& config : session.config.pairs) {
    auto place =
        Workplace::make(session, config, Workplace::Login::not_needed, Workplace::MappingUsed::own_told_by_command);
    const bool open = place && (*place)->open_store(StoreMode::shared, false);
    if (open && find_deal((*place)->pair(), deal)) return config.name;
  }
  return pair;
}

std::optional<PairAnswer> DealOfSomePair::look_at(Session& session, const PairConfig& config,
                                                  const Result<void>& found) {
  if (found) {
    anywhere_ = true;
    return std::nullopt;
  }
  const bool elsewhere = several_ && found.error().rule == unknown_deal && (anywhere_ || config.name != last_);
  if (!elsewhere) return failed(session, &config, found.error());
  session.output.line("It is no deal of this pair.");
  PairAnswer answer;
  answer.json.set("deal", json::Value::null());
  return answer;
}

Result<DealRow> find_deal(const engine::Pair& pair, const std::string& named) {
  for (const std::string& part : parts_of(text::trim(named))) {
    for (const Side side : {Side::crm, Side::partner_center}) {
      const RecordId id = pair.connector(side).normal_id(part);
      if (id.empty()) continue;
      auto row = pair.store->deal_by_record(side, id.value);
      if (!row) return row.error();
      if (*row) return **row;
    }
  }
  store::DealFilter filter;
  filter.name_part = text::trim(named);
  filter.limit = 500;
  if (filter.name_part.empty()) return make_error(ErrorClass::config, "Name a deal: its id, its address or its name.");
  auto rows = pair.store->deals(filter);
  if (!rows) return rows.error();
  if (rows->empty()) {
    Error error = make_error(ErrorClass::config, "No deal with this id, address or name is known: " + named +
                                                     ". If it is new, it becomes known with the next sync.");
    error.rule = unknown_deal;
    return error;
  }
  if (rows->size() == 1) return rows->front();
  std::vector<DealRow> exact;
  for (const DealRow& row : *rows) {
    if (text::equals_ignore_case(text::trim(row.title), filter.name_part)) exact.push_back(row);
  }
  if (exact.size() == 1) return exact.front();
  return ambiguous(named, exact.empty() ? *rows : exact);
}

}  // namespace cosell::cli
