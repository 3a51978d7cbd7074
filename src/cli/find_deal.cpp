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

// How well a text names a deal. The better way hides the others.
enum class Fit : std::uint8_t { none, part_of_name, name, id };

struct Fitting {
  Fit fit = Fit::none;
  std::vector<DealRow> rows;
};

Result<Fitting> fitting(const engine::Pair& pair, const std::string& named) {
  for (const std::string& part : parts_of(text::trim(named))) {
    for (const Side side : {Side::crm, Side::partner_center}) {
      const RecordId id = pair.connector(side).normal_id(part);
      if (id.empty()) continue;
      auto row = pair.store->deal_by_record(side, id.value);
      if (!row) return row.error();
      if (*row) return Fitting{Fit::id, {**row}};
    }
  }
  store::DealFilter filter;
  filter.name_part = text::trim(named);
  filter.limit = 500;
  if (filter.name_part.empty()) return make_error(ErrorClass::config, "Name a deal: its id, its address or its name.");
  auto rows = pair.store->deals(filter);
  if (!rows) return rows.error();
  if (rows->empty()) return Fitting{};
  std::vector<DealRow> exact;
  for (const DealRow& row : *rows) {
    if (text::equals_ignore_case(text::trim(row.title), filter.name_part)) exact.push_back(row);
  }
  if (!exact.empty()) return Fitting{Fit::name, std::move(exact)};
  return Fitting{Fit::part_of_name, *std::move(rows)};
}

struct Candidates {
  std::string pair;  // told where it is not ""
  std::vector<DealRow> rows;
};

bool is_left_alone(const Candidates& candidates) {
  return std::all_of(candidates.rows.begin(), candidates.rows.end(),
                     [](const DealRow& row) { return row.state == store::DealState::skipped; });
}

Error ambiguous(const std::string& named, const std::vector<Candidates>& candidates) {
  std::size_t all = 0;
  std::size_t shown = 0;
  std::string lines;
  for (const Candidates& of_pair : candidates) {
    for (const DealRow& row : of_pair.rows) {
      if (++all > candidates_shown) continue;
      ++shown;
      DealRow state_only = row;
      state_only.message.clear();
      lines += "\n  " + short_id(row) + "  " + row.title + "  (" + engine::words::state_line(state_only) + ")" +
               (of_pair.pair.empty() ? "" : "  [" + of_pair.pair + "]");
    }
  }
  return make_error(ErrorClass::config, "\"" + named + "\" fits " + (all > shown ? "more than " : "") +
                                            text::count_of(shown, "deal") + ":" + lines + "\nName one by its id" +
                                            (candidates.size() > 1 ? ", or its pair with --pair." : "."));
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

Result<std::string> pair_that_knows(Session& session, const std::string& pair, const std::string& deal) {
  if (deal.empty() || !pair.empty() || session.config.pairs.size() == 1) return pair;
  Fit best = Fit::none;
  std::vector<Candidates> candidates;
  for (const PairConfig& config : session.config.pairs) {
    auto place =
        Workplace::make(session, config, Workplace::Login::not_needed, Workplace::MappingUsed::own_told_by_command);
    if (!place || !(*place)->open_store(StoreMode::shared, false)) continue;
    auto found = fitting((*place)->pair(), deal);
    if (!found || found->rows.empty() || found->fit < best) continue;
    if (found->fit > best) candidates.clear();
    best = found->fit;
    candidates.push_back({config.name, std::move(found->rows)});
  }
  // A record that several pairs see is of the one that does not leave it alone.
  const bool has_owner = best == Fit::id && !std::all_of(candidates.begin(), candidates.end(), is_left_alone);
  if (has_owner) std::erase_if(candidates, is_left_alone);
  if (candidates.size() > 1) return ambiguous(deal, candidates);
  return candidates.empty() ? pair : candidates.front().pair;
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
  auto found = fitting(pair, named);
  if (!found) return found.error();
  if (found->rows.size() > 1) return ambiguous(named, {{"", std::move(found->rows)}});
  if (!found->rows.empty()) return found->rows.front();
  Error error = make_error(ErrorClass::config, "No deal with this id, address or name is known: " + named +
                                                   ". If it is new, it becomes known with the next sync.");
  error.rule = unknown_deal;
  return error;
}

}  // namespace cosell::cli
