// Reads related rows by their ids.
#include "connectors/dynamics365/dynamics365_related.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "connectors/dynamics365/dynamics365_odata.h"

namespace cosell::dynamics365 {
namespace {

constexpr Duration kKeptFor = minutes(10);
constexpr Duration kCurrenciesFresh = minutes(1);
constexpr std::size_t kKeptMost = 20'000;
constexpr std::size_t kCustomersMost = 5'000;
constexpr int kRelatedPagesMost = 1000;

constexpr const char* kUsers = "systemuser";
constexpr const char* kFullName = "fullname";
constexpr const char* kCurrencies = "transactioncurrency";
constexpr const char* kCurrencyCode = "isocurrencycode";

// "parentcontactid.lastname", but not "customerid_account.name"; an owner may be a team.
bool leads_to_one_table(const PlannedColumn& c) {
  return c.name.substr(0, c.name.find('.')) == c.facts.lookup && c.facts.table != kUsers;
}

}  // namespace

std::vector<Read> Dynamics365Related::reads_for(const Wanted& wanted) const {
  std::vector<std::string> names = {wanted.id_column};
  for (const std::string& c : wanted.columns) {
    if (c != wanted.id_column) names.push_back(c);
  }
  std::vector<Read> reads;
  for (const auto& group : in_groups({wanted.ids.begin(), wanted.ids.end()}, kIdsInOneRead)) {
    reads.push_back(
        {resource(wanted.set, {{"$select", text::join(names, ",")}, {"$filter", in(wanted.id_column, group)}}),
         "GET " + wanted.set});
  }
  return reads;
}

Result<void> Dynamics365Related::take(Call& call, const Wanted& wanted, Result<http::Response> answer, Found& found) {
  const std::string request = "GET " + wanted.set;
  for (int pages = 0; pages < kRelatedPagesMost; ++pages) {
    if (!answer) return std::move(answer.error());
    const auto root = read_body(answer->body, request);
    if (!root) return root.error();
    const json::Value* list = root->find("value");
    if (list == nullptr || !list->is_array()) return not_understood(request, "it has no list of rows.");
    for (const json::Value& row : list->items()) {
      const std::string id = normal_guid(row.text_of(wanted.id_column));
      if (id.empty()) return not_understood(request, "a row has no id.");
      Members& members = found[id];
      for (const std::string& c : wanted.columns) {
        const json::Value* v = row.find(c);
        auto value = v == nullptr ? std::nullopt : typed(*v, ColumnType::text);
        if (!value) return not_understood(request, "row " + id + " does not show column " + c + ".");
        members[c] = *std::move(value);
      }
    }
    const std::string next = root->text_of("@odata.nextLink");
    if (next.empty()) return {};
    auto path = client_.own_path(next, request);
    if (!path) return std::move(path.error());
    answer = client_.read(call, {*path, request});
  }
  return not_understood(request, "its pages do not end.");
}

Dynamics365Related::Memory* Dynamics365Related::memory_of(const std::string& table, Memory* customers) {
  return table == kUsers || table == kCurrencies ? &kept_ : customers;
}

void Dynamics365Related::recall(Call& call, const std::string& table, Wanted& wanted, Found& found, Memory* customers) {
  const Memory* memory = memory_of(table, customers);
  if (memory == nullptr) return;
  for (auto it = wanted.ids.begin(); it != wanted.ids.end();) {
    const auto kept = memory->find({table, *it});
    const bool usable = kept != memory->end() && call.clock.now() - kept->second.read_at < kKeptFor &&
                        std::all_of(wanted.columns.begin(), wanted.columns.end(),
                                    [&](const std::string& c) { return kept->second.columns.count(c) > 0; });
    if (usable) found[*it] = kept->second.columns;
    it = usable ? wanted.ids.erase(it) : std::next(it);
  }
}

void Dynamics365Related::keep(Call& call, const std::string& table, const Found& read, Memory* customers) {
  Memory* memory = memory_of(table, customers);
  if (memory == nullptr) return;
  if (memory->size() > (memory == customers ? kCustomersMost : kKeptMost)) memory->clear();
  for (const auto& [id, members] : read) (*memory)[{table, id}] = {members, call.clock.now()};
}

std::map<std::string, Dynamics365Related::Wanted> Dynamics365Related::wanted_by(const RowShape& shape,
                                                                                const std::vector<Row>& rows) const {
  std::map<std::string, Wanted> wanted;
  for (const PlannedColumn& c : shape.columns) {
    if (c.from != PlannedColumn::From::related) continue;
    Wanted& w = wanted[c.facts.table];
    w.set = c.facts.set;
    w.id_column = c.facts.id;
    w.columns.insert(c.column);
    for (const Row& row : rows) {
      if (const std::string& id = row.other_id(c); !id.empty()) w.ids.insert(id);
    }
  }
  // Names of those who changed the rows, where users are read anyway.
  const auto users = wanted.find(kUsers);
  if (users != wanted.end() && shape.table->kind == RecordKind::opportunity) {
    users->second.columns.insert(kFullName);
    for (const Row& row : rows) {
      if (!row.modified_by.empty()) users->second.ids.insert(row.modified_by);
    }
  }
  return wanted;
}

Result<void> Dynamics365Related::read(Call& call, std::map<std::string, Wanted>& wanted,
                                      std::map<std::string, Found>& found, Memory* customers, Along how) {
  std::vector<Read> reads;
  std::vector<std::string> whose;
  const bool lists_currencies = !currencies_are_known(call);
  for (auto& [table, w] : wanted) {
    recall(call, table, w, found[table], customers);
    const bool whole_list = lists_currencies && table == kCurrencies && !w.ids.empty();
    if (whole_list) w.columns.insert(kCurrencyCode);
    for (Read& r : whole_list ? std::vector<Read>{currency_read(w)} : reads_for(w)) {
      reads.push_back(std::move(r));
      whose.push_back(table);
    }
  }
  if (reads.empty() && (how == Along::with_others || along_.empty())) return {};
  std::vector<std::pair<Read, TakeAnswer>> along;
  along.swap(along_);
  for (const auto& [ask, take_answer] : along) reads.push_back(ask);
  auto answers = client_.read_all(call, reads);
  for (; !along.empty(); along.pop_back(), answers.pop_back()) {
    if (auto taken = along.back().second(answers.back()); !taken) return taken;
  }
  std::map<std::string, Found> fresh;
  for (std::size_t n = 0; n < answers.size(); ++n) {
    if (auto taken = take(call, wanted[whose[n]], std::move(answers[n]), fresh[whose[n]]); !taken) return taken;
  }
  for (auto& [table, rows] : fresh) {
    const bool whole_list = lists_currencies && table == kCurrencies;
    if (whole_list) learn_currencies(call, rows);
    keep(call, table, rows, customers);
    for (const auto& [id, members] : rows) wanted[table].ids.erase(id);
    found[table].merge(rows);
    // A currency that is not in use any more is not on the list.
    if (!whole_list || wanted[table].ids.empty()) continue;
    std::map<std::string, Wanted> others = {{table, wanted[table]}};
    if (auto rest = read(call, others, found, customers, Along::with_others); !rest) return rest;
  }
  return {};
}

Result<void> Dynamics365Related::fill(Call& call, const RowShape& shape, std::vector<Row>& rows, Along along) {
  return fill_with(call, shape, rows, nullptr, along);
}

Result<void> Dynamics365Related::fill_page(Call& call, const RowShape& shape, std::vector<Row>& rows, Along along) {
  return fill_with(call, shape, rows, &customers_, along);
}

void Dynamics365Related::forget() {
  kept_.clear();
  customers_.clear();
  currencies_read_at_.reset();
}

Result<void> Dynamics365Related::fill_with(Call& call, const RowShape& shape, std::vector<Row>& rows, Memory* customers,
                                           Along along) {
  auto wanted = wanted_by(shape, rows);
  std::map<std::string, Found> found;
  if (auto done = read(call, wanted, found, customers, along); !done) return done;
  for (Row& row : rows) {
    const auto it = found[kUsers].find(row.modified_by);
    if (it == found[kUsers].end() || row.modified_by.empty()) continue;
    const auto name = it->second.find(kFullName);
    if (name != it->second.end()) row.seen.changed_by = text_of(name->second);
  }

  for (const PlannedColumn& c : shape.columns) {
    if (c.from != PlannedColumn::From::related) continue;
    const Found& records = found[c.facts.table];
    for (Row& row : rows) {
      const std::string& id = row.other_id(c);
      const auto it = id.empty() ? records.end() : records.find(id);
      if (it != records.end()) row.seen.columns[c.name] = it->second.at(c.column);
      // It is there, and not shared with the user. What may lead to several tables may lead to another one.
      if (it == records.end() && !id.empty() && leads_to_one_table(c)) {
        row.seen.hidden.push_back(c.name);
        row.seen.of_hidden_records.push_back(c.name);
      }
    }
  }
  return {};
}

// ---- currencies

Dynamics365Related::Wanted Dynamics365Related::all_currencies() const {
  Wanted all;
  all.set = "transactioncurrencies";
  all.id_column = "transactioncurrencyid";
  all.columns = {kCurrencyCode};
  return all;
}

Read Dynamics365Related::currency_read(const Wanted& all) const {
  std::vector<std::string> names = {all.id_column};
  for (const std::string& c : all.columns) {
    if (c != all.id_column) names.push_back(c);
  }
  return {resource(all.set, {{"$select", text::join(names, ",")}, {"$filter", "statecode eq 0"}}), "GET " + all.set};
}

bool Dynamics365Related::currencies_are_known(Call& call) const {
  return currencies_read_at_ && call.clock.now() - *currencies_read_at_ < kKeptFor;
}

void Dynamics365Related::learn_currencies(Call& call, const Found& found) {
  currencies_.clear();
  for (const auto& [id, members] : found) currencies_[text_of(members.at(kCurrencyCode))] = id;
  currencies_read_at_ = call.clock.now();
}

Result<void> Dynamics365Related::load_currencies(Call& call) {
  const Wanted all = all_currencies();
  Found found;
  if (auto taken = take(call, all, client_.read(call, currency_read(all)), found); !taken) return taken;
  learn_currencies(call, found);
  keep(call, kCurrencies, found, nullptr);
  return {};
}

Result<std::string> Dynamics365Related::currency_id(Call& call, const std::string& code) {
  const auto age = [&] { return call.clock.now() - *currencies_read_at_; };
  if (!currencies_are_known(call)) {
    if (auto loaded = load_currencies(call); !loaded) return std::move(loaded.error());
  }
  // Somebody may have added it a moment ago.
  if (currencies_.count(code) == 0 && age() >= kCurrenciesFresh) {
    if (auto loaded = load_currencies(call); !loaded) return std::move(loaded.error());
  }
  const auto it = currencies_.find(code);
  return it == currencies_.end() ? std::string() : it->second;
}

Result<std::vector<std::string>> Dynamics365Related::currency_codes(Call& call) {
  if (auto loaded = load_currencies(call); !loaded) return std::move(loaded.error());
  std::vector<std::string> codes;
  for (const auto& entry : currencies_) codes.push_back(entry.first);
  return codes;
}

}  // namespace cosell::dynamics365
