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
  return words == nullptr ? "" : text::folded(text::trim(*words));
}

bool answers(const RelatedQuery& query, const Observation& row) {
  return std::all_of(query.match.begin(), query.match.end(), [&](const auto& term) {
    const auto shown = row.columns.find(term.first);
    if (shown == row.columns.end()) return false;
    const bool texts =
        std::holds_alternative<std::string>(term.second) && std::holds_alternative<std::string>(shown->second);
    return texts ? compared(term.second) == compared(shown->second) : same_value(term.second, shown->second);
  });
}

}  // namespace

RelatedTogether::RelatedTogether(std::span<const RelatedQuery> queries) : queries_(queries) {
  if (queries.size() < 2) return;
  for (const auto& term : queries.front().match) {
    const bool everywhere = std::all_of(queries.begin(), queries.end(), [&](const RelatedQuery& q) {
      const auto it = q.match.find(term.first);
      return it != q.match.end() && !compared(it->second).empty();
    });
    if (everywhere) {
      column = term.first;
      break;
    }
  }
  if (column.empty()) return;
  std::set<std::string> read;
  std::map<std::string, std::string> once;
  for (const RelatedQuery& q : queries) {
    read.insert(q.columns.begin(), q.columns.end());
    for (const auto& term : q.match) read.insert(term.first);
    once.emplace(compared(q.match.at(column)), text_of(q.match.at(column)));
  }
  columns.assign(read.begin(), read.end());
  for (const auto& text : once) texts.push_back(text.second);
}

std::vector<std::size_t> RelatedTogether::take(std::vector<Observation> rows,
                                               std::vector<std::vector<Observation>>& answered) const {
  std::map<std::string, std::vector<std::size_t>> asking;
  for (std::size_t i = 0; i < queries_.size(); ++i) asking[compared(queries_[i].match.at(column))].push_back(i);
  answered.assign(queries_.size(), {});
  bool strangers = false;
  for (const Observation& row : rows) {
    const auto shown = row.columns.find(column);
    const auto whose = shown == row.columns.end() ? asking.end() : asking.find(compared(shown->second));
    strangers = strangers || whose == asking.end();
    if (whose == asking.end()) continue;
    for (const std::size_t i : whose->second) {
      if (answers(queries_[i], row)) answered[i].push_back(row);
    }
  }
  std::vector<std::size_t> alone;
  for (std::size_t i = 0; strangers && i < queries_.size(); ++i) {
    if (answered[i].empty()) alone.push_back(i);
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
