// The names of the contract's kinds and verbs, as the store and the journal keep them; and many questions asked as one.
#include "connectors/connector.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"

namespace cosell {

const char* name_of(RecordKind k) {
  switch (k) {
    case RecordKind::opportunity:
      return "opportunity";
    case RecordKind::account:
      return "account";
    case RecordKind::contact:
      return "contact";
    case RecordKind::owner:
      return "owner";
    case RecordKind::referral:
      return "referral";
    case RecordKind::microsoft_half:
      return "microsoft_half";
    case RecordKind::registration:
      return "registration";
  }
  return "";
}

std::optional<RecordKind> record_kind_from(const std::string& name) {
  for (const RecordKind k : {RecordKind::opportunity, RecordKind::account, RecordKind::contact, RecordKind::owner,
                             RecordKind::referral, RecordKind::microsoft_half, RecordKind::registration}) {
    if (name == name_of(k)) return k;
  }
  return std::nullopt;
}

void Connector::push_each(Call& call, Batches& batches) {
  while (const auto operations = batches.next()) batches.give(push(call, *operations));
}

namespace {

// Servers compare texts without regard to case and to blanks at the end.
std::string compared(const Value& value) {
  const auto* words = std::get_if<std::string>(&value);
  return words == nullptr ? "" : text::case_folded(text::trimmed(*words));
}

std::string loosely(const Value& value) { return text::without_accents(text::trim(text_of(value))); }

bool answers(const RelatedQuery& query, const Observation& row) {
  return std::all_of(query.match.begin(), query.match.end(), [&](const auto& term) {
    const auto shown = row.columns.find(term.first);
    if (shown == row.columns.end()) return false;
    const bool texts =
        std::holds_alternative<std::string>(term.second) && std::holds_alternative<std::string>(shown->second);
    return texts ? compared(term.second) == compared(shown->second) : same_value(term.second, shown->second);
  });
}

// The texts that the queries compare with the column, by how they are compared; none where one compares with nothing.
std::map<std::string, std::string> different_texts(std::span<const RelatedQuery> queries, const std::string& column) {
  std::map<std::string, std::string> different;
  for (const RelatedQuery& q : queries) {
    const auto it = q.match.find(column);
    if (it == q.match.end() || compared(it->second).empty()) return {};
    different.emplace(compared(it->second), text_of(it->second));
  }
  return different;
}

}  // namespace

RelatedTogether::RelatedTogether(std::span<const RelatedQuery> queries) : queries_(queries) {
  if (queries.size() < 2) return;
  std::map<std::string, std::string> once;
  for (const auto& term : queries.front().match) {
    auto different = different_texts(queries, term.first);
    if (different.size() <= once.size()) continue;
    column = term.first;
    once = std::move(different);
  }
  if (column.empty()) return;
  std::set<std::string> read;
  for (const RelatedQuery& q : queries) {
    read.insert(q.columns.begin(), q.columns.end());
    for (const auto& term : q.match) read.insert(term.first);
  }
  columns.assign(read.begin(), read.end());
  for (const auto& text : once) texts.push_back(text.second);
}

std::vector<std::size_t> RelatedTogether::take(std::vector<Observation> rows,
                                               std::vector<std::vector<Observation>>& answered) const {
  std::map<std::string, std::vector<std::size_t>> asking;
  std::set<std::string> meant;  // by the loosest comparison that servers make
  for (std::size_t i = 0; i < queries_.size(); ++i) {
    asking[compared(queries_[i].match.at(column))].push_back(i);
    meant.insert(loosely(queries_[i].match.at(column)));
  }
  answered.assign(queries_.size(), {});
  std::set<std::string> strangers;
  for (const Observation& row : rows) {
    const auto shown = row.columns.find(column);
    const auto whose = shown == row.columns.end() ? asking.end() : asking.find(compared(shown->second));
    if (whose == asking.end()) {
      strangers.insert(shown == row.columns.end() ? "" : loosely(shown->second));
      continue;
    }
    for (const std::size_t i : whose->second) {
      if (answers(queries_[i], row)) answered[i].push_back(row);
    }
  }
  const bool unclear =
      std::any_of(strangers.begin(), strangers.end(), [&](const std::string& s) { return meant.count(s) == 0; });
  std::vector<std::size_t> alone;
  for (std::size_t i = 0; i < queries_.size(); ++i) {
    const bool may_be_met = unclear || strangers.count(loosely(queries_[i].match.at(column))) > 0;
    if (may_be_met && answered[i].empty()) alone.push_back(i);
  }
  return alone;
}

Result<std::vector<std::vector<Observation>>> Connector::related_to_each(Call& call,
                                                                         std::span<const RelatedQuery> queries) {
  std::vector<std::vector<Observation>> all;
  for (const RelatedQuery& query : queries) {
    auto found = related(call, query);
    if (!found) return found.error();
    all.push_back(std::move(*found));
  }
  return all;
}

const char* name_of(Verb v) { return v == Verb::create ? "create" : "update"; }

void add_together(std::vector<Finding>& findings, std::vector<Finding> columns, const std::string& what,
                  const std::string& text) {
  const auto is_fine = [](const Finding& f) { return f.level == Finding::Level::ok; };
  const auto fine = static_cast<std::size_t>(std::count_if(columns.begin(), columns.end(), is_fine));
  if (fine > 0) findings.push_back({Finding::Level::ok, what, text::count_of(fine, "column") + " " + text, ""});
  for (Finding& f : columns) {
    if (!is_fine(f)) findings.push_back(std::move(f));
  }
}

}  // namespace cosell
