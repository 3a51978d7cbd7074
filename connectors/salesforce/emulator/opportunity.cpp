// What an opportunity derives from its own values, and the history rows that its changes leave.
#include <algorithm>
#include <cstdio>

#include "connectors/salesforce/emulator/records.h"

namespace cosell::emulator::salesforce {

namespace {

struct Forecast {
  const char* api;
  const char* label;
};
constexpr Forecast kForecasts[] = {{"Omitted", "Omitted"},        {"Pipeline", "Pipeline"}, {"BestCase", "Best Case"},
                                   {"MostLikely", "Most Likely"}, {"Forecast", "Commit"},   {"Closed", "Closed"}};

RowPtr stage_row(const State& state, const std::string& name) {
  const Object* o = state.model.schema().find("OpportunityStage");
  if (o == nullptr) return nullptr;
  const Table& table = state.model.table(*o);
  const auto positions = table.with_value(o->at("ApiName"), name);
  return positions.empty() ? nullptr : table.rows()[positions.front()];
}

void derive_stage(const State& state, const OpportunityChange& change) {
  const Object& o = *state.model.schema().find("Opportunity");
  Row& row = *change.after;
  const auto* stage = std::get_if<std::string>(&row.cell(o.at("StageName")));
  const RowPtr found = stage == nullptr ? nullptr : stage_row(state, *stage);
  const bool changed = change.before == nullptr ||
                       compare_values(change.before->cell(o.at("StageName")), row.cell(o.at("StageName"))) != 0;
  if (!changed) return;
  if (found == nullptr) {
    // A stage that the org does not have: open, and nothing is known of its probability.
    row.put(o.at("IsClosed"), false);
    row.put(o.at("IsWon"), false);
    if (!change.probability_given) row.put(o.at("Probability"), 0.0);
    if (!change.forecast_given) row.put(o.at("ForecastCategoryName"), std::string("Pipeline"));
    return;
  }
  const Object& s = *state.model.schema().find("OpportunityStage");
  row.put(o.at("IsClosed"), found->cell(s.at("IsClosed")));
  row.put(o.at("IsWon"), found->cell(s.at("IsWon")));
  if (!change.probability_given) row.put(o.at("Probability"), found->cell(s.at("DefaultProbability")));
  if (!change.forecast_given) row.put(o.at("ForecastCategoryName"), found->cell(s.at("ForecastCategoryName")));
}

void derive_fiscal(const Object& o, Row& row) {
  const auto* shown = std::get_if<Date>(&row.cell(o.at("CloseDate")));
  if (shown == nullptr) return;
  const Date close = *shown;
  const int quarter = (close.month - 1) / 3 + 1;
  row.put(o.at("FiscalYear"), static_cast<double>(close.year));
  row.put(o.at("FiscalQuarter"), static_cast<double>(quarter));
  row.put(o.at("Fiscal"), std::to_string(close.year) + " " + std::to_string(quarter));
}

double number_in(const Row& row, std::uint16_t field) {
  const auto* n = std::get_if<double>(&row.cell(field));
  return n == nullptr ? 0.0 : *n;
}

void derive_counts(const Writer& writer, const Object& o, const OpportunityChange& change) {
  Row& row = *change.after;
  if (change.before == nullptr) {
    row.put(o.at("PushCount"), 0.0);
    return;
  }
  if (compare_values(change.before->cell(o.at("StageName")), row.cell(o.at("StageName"))) != 0) {
    row.put(o.at("LastStageChangeDate"), whole_seconds(writer.now));
  }
  const auto* was = std::get_if<Date>(&change.before->cell(o.at("CloseDate")));
  const auto* is = std::get_if<Date>(&row.cell(o.at("CloseDate")));
  const bool later_month =
      was != nullptr && is != nullptr && (is->year > was->year || (is->year == was->year && is->month > was->month));
  if (later_month) row.put(o.at("PushCount"), number_in(row, o.at("PushCount")) + 1.0);
}

}  // namespace

void derive_opportunity(const Writer& writer, const OpportunityChange& change) {
  const Object& o = *writer.state.model.schema().find("Opportunity");
  Row& row = *change.after;
  const bool has_products =
      change.before != nullptr && change.before->cell(o.at("HasOpportunityLineItem")) == Value{true};
  if (has_products) row.put(o.at("Amount"), change.before->cell(o.at("Amount")));
  derive_stage(writer.state, change);
  // A copy: what is put into the row moves its cells.
  const Value label = row.cell(o.at("ForecastCategoryName"));
  for (const Forecast& f : kForecasts) {
    if (label == Value{std::string(f.label)}) row.put(o.at("ForecastCategory"), std::string(f.api));
  }
  derive_fiscal(o, row);
  derive_counts(writer, o, change);
  const bool has_amount = !is_null(row.cell(o.at("Amount")));
  const double expected = number_in(row, o.at("Amount")) * number_in(row, o.at("Probability")) / 100.0;
  row.put(o.at("ExpectedRevenue"), has_amount ? Value{round_to(expected, 2)} : Value{});
}

void record_history(Writer& writer, const Row* before, const Row& after) {
  const Object& o = *writer.state.model.schema().find("Opportunity");
  bool changed = before == nullptr;
  for (const char* field : {"StageName", "Amount", "Probability", "CloseDate"}) {
    changed = changed || compare_values(before->cell(o.at(field)), after.cell(o.at(field))) != 0;
  }
  if (!changed) return;
  std::vector<std::pair<std::string, Value>> cells = {{"OpportunityId", after.id}};
  for (const char* field : {"StageName", "Amount", "ExpectedRevenue", "CloseDate", "Probability", "ForecastCategory"}) {
    cells.emplace_back(field, after.cell(o.at(field)));
  }
  if (before != nullptr) {
    cells.emplace_back("PrevAmount", before->cell(o.at("Amount")));
    cells.emplace_back("PrevCloseDate", before->cell(o.at("CloseDate")));
  }
  put_row(writer.state, "OpportunityHistory", cells, writer.now);
}

}  // namespace cosell::emulator::salesforce
