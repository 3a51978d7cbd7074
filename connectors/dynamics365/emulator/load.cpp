// Loading a CSV export as opportunities: the plan (which column goes where) is checked before anything is written.
#include "connectors/dynamics365/emulator/load.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "connectors/dynamics365/emulator/load_stages.h"
#include "connectors/dynamics365/emulator/records.h"
#include "connectors/emulator/csv.h"

namespace cosell::emulator::dynamics365 {

namespace {

constexpr int kAssumedDays = 90;

template <class T>
using Readable = tl::expected<T, std::string>;

// Where one column gets its value from: a column of the file, a constant, or the constant where the cell is empty.
struct Source {
  std::string table;   // "opportunity", "account", "contact", "owner"
  std::string column;  // logical name; "fullname" of contacts and owners
  std::optional<std::size_t> cell = {};
  std::string constant = {};

  std::string value(const CsvRow& row) const {
    const std::string text = cell ? text::trim(row.cells[*cell]) : "";
    return text.empty() ? constant : text;
  }
};

Error refused(const std::string& sentence) { return make_error(ErrorClass::config, sentence); }

std::string suggestion(const std::string& word, const std::vector<std::string>& candidates) {
  const std::string near = text::nearest(word, candidates);
  return near.empty() ? "" : "; did you mean \"" + near + "\"?";
}

tl::unexpected<std::string> not_a(const Column& column, const std::string& cell, const char* what) {
  return tl::unexpected<std::string>(column.name + " \"" + cell + "\" is not " + what);
}

class Loader {
 public:
  Loader(State& state, const LoadRequest& request)
      : state_(state), request_(request), writer_{state, request.random, request.now, state.person} {
    writer_.set_up = true;
  }

  Result<LoadReport> run() {
    auto file = read_csv(request_.csv);
    if (!file) return file.error();
    file_ = std::move(*file);
    if (const Result<void> planned = plan(); !planned) return planned.error();
    for (auto& added : new_columns_) {
      report_.fields_added.push_back(added.first == "opportunity" ? added.second.name
                                                                  : added.first + "." + added.second.name);
      state_.model.schema().get(added.first).add(std::move(added.second));
    }
    report_.rows = file_.rows.size();
    take_currencies();
    take_options();
    for (const CsvRow& row : file_.rows) load_row(row);
    return std::move(report_);
  }

 private:
  Result<void> plan() {
    for (const auto& pair : request_.map) {
      const auto cell = file_.column(pair.second);
      if (!cell) {
        return refused("The file has no column \"" + pair.second + "\" (mapped to " + pair.first + ")" +
                       suggestion(pair.second, file_.header));
      }
      const Result<void> added = source(pair.first, [&](Source& s) { s.cell = *cell; });
      if (!added) return added;
    }
    for (const auto& pair : request_.set) {
      const Result<void> added = source(pair.first, [&](Source& s) { s.constant = pair.second; });
      if (!added) return added;
    }
    if (find("opportunity", "name") == nullptr) {
      return refused("Every opportunity needs a name: add --map name=COLUMN. Columns of the file: " +
                     text::join(file_.header, ", "));
    }
    if (uses("account") && find("account", "name") == nullptr) {
      return refused("Accounts need a name: add --map account.name=COLUMN");
    }
    if (uses("contact") && find("contact", "fullname") == nullptr && find("contact", "lastname") == nullptr) {
      return refused("Contacts need a name: add --map contact.fullname=COLUMN or contact.lastname=COLUMN");
    }
    return {};
  }

  template <class Fill>
  Result<void> source(const std::string& target, Fill fill) {
    const std::size_t dot = target.find('.');
    Source s;
    s.table = dot == std::string::npos ? "opportunity" : target.substr(0, dot);
    s.column = dot == std::string::npos ? target : target.substr(dot + 1);
    if (const Result<void> known = check_target(target, s); !known) return known;
    for (Source& present : sources_) {
      if (present.table != s.table || present.column != s.column) continue;
      fill(present);
      return {};
    }
    fill(s);
    sources_.push_back(std::move(s));
    return {};
  }

  Result<void> check_target(const std::string& target, Source& s) {
    if (s.table == "owner") {
      if (s.column == "fullname") return {};
      return refused("Owners are known by name only: map owner.fullname instead of " + target);
    }
    const std::vector<std::string> tables = {"opportunity", "account", "contact"};
    if (std::find(tables.begin(), tables.end(), s.table) == tables.end()) {
      return refused("Unknown table in " + target +
                     suggestion(s.table, {"opportunity", "account", "contact", "owner"}));
    }
    if (s.table == "contact" && s.column == "fullname") return {};
    const Table& table = state_.model.schema().get(s.table);
    const auto index = table.find(s.column);
    if (!index) return plan_column(target, s, table);
    const Column& column = table.columns[*index];
    const bool state = column.type == Type::state && s.table == "opportunity";
    const bool currency = column.name == "transactioncurrencyid";
    if (state || (column.create && (column.type != Type::lookup || currency) && column.type != Type::id)) return {};
    return refused(
        target + " cannot be loaded" +
        (column.type == Type::lookup ? ": map account.name, contact.fullname or owner.fullname instead" : ""));
  }

  // An unknown name with a prefix becomes a custom column; "new_stage:picklist" a choice.
  Result<void> plan_column(const std::string& target, Source& s, const Table& table) {
    const std::size_t colon = s.column.find(':');
    const std::string kind = colon == std::string::npos ? "text" : s.column.substr(colon + 1);
    const std::string name = text::lower_ascii(s.column.substr(0, colon));
    const std::size_t underscore = name.find('_');
    const bool custom = underscore != std::string::npos && underscore > 1 && underscore + 1 < name.size();
    if (custom && (kind == "text" || kind == "picklist")) {
      s.column = name;
      const bool planned = std::any_of(new_columns_.begin(), new_columns_.end(),
                                       [&](const auto& c) { return c.first == s.table && c.second.name == name; });
      if (!planned && !table.find_hidden_too(name)) new_columns_.emplace_back(s.table, *custom_column(name, kind));
      return {};
    }
    std::vector<std::string> names = {"account.name", "owner.fullname", "contact.fullname"};
    for (const Column& c : table.columns) {
      if (c.create && !c.hidden) names.push_back(s.table == "opportunity" ? c.name : s.table + "." + c.name);
    }
    return refused("Unknown column " + target + suggestion(target, names) +
                   (custom ? "" : "; a new custom column has a prefix, as in new_region"));
  }

  const Source* find(const std::string& table, const std::string& column) const {
    for (const Source& s : sources_) {
      if (s.table == table && s.column == column) return &s;
    }
    return nullptr;
  }
  bool uses(const std::string& table) const {
    return std::any_of(sources_.begin(), sources_.end(), [&](const Source& s) { return s.table == table; });
  }

  void take_currencies() {
    const Source* source = find("opportunity", "transactioncurrencyid");
    if (source == nullptr) return;
    auto& codes = state_.settings.currencies;
    for (const CsvRow& row : file_.rows) {
      const std::string code = source->value(row);
      const bool shaped =
          code.size() == 3 && std::all_of(code.begin(), code.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
      if (shaped && std::find(codes.begin(), codes.end(), code) == codes.end()) codes.push_back(code);
    }
    apply_settings(state_, request_.now);
  }

  void take_options() {
    for (const Source& s : sources_) {
      if (s.table == "owner" || (s.table == "contact" && s.column == "fullname")) continue;
      Table& table = state_.model.schema().get(s.table);
      Column& column = table.columns[table.at(s.column)];
      const bool stage = s.table == "opportunity" && is_stage_column(column);
      if (!stage && column.type != Type::choice) continue;
      std::vector<std::string> words;
      for (const CsvRow& row : file_.rows) {
        const std::string word = s.value(row);
        const bool known =
            std::any_of(words.begin(), words.end(), [&](const auto& w) { return compare_text(w, word) == 0; });
        if (!word.empty() && !known) words.push_back(word);
      }
      const bool fresh = state_.model.rows("opportunity").count() == 0;
      if (column.is_choice()) add_options(column, words, fresh);
      if (!stage) continue;
      for (const std::string& word : words) report_.stages.push_back(stage_in_words(table, column, word));
    }
  }

  void skip(const CsvRow& row, const std::string& reason) {
    SkippedRow skipped;
    skipped.line = row.line;
    skipped.reason = reason;
    report_.skipped.push_back(std::move(skipped));
  }

  // A cell as a request would carry it, checked as one.
  Readable<Value> read_cell(const Table& table, const Column& column, const std::string& cell) const {
    Json json = cell;
    if (column.type == Type::money || column.type == Type::decimal || column.type == Type::integer) {
      const auto number = read_number_cell(cell);
      if (!number) return not_a(column, cell, "a number");
      json = column.type == Type::integer ? Json(static_cast<std::int64_t>(*number)) : Json(*number);
    } else if (column.type == Type::day) {
      const auto day = read_date_cell(cell);
      if (!day) return not_a(column, cell, "a date");
      json = cosell::to_string(*day);
    } else if (column.type == Type::moment) {
      const auto moment = parse_instant(cell);
      const auto day = read_date_cell(cell);
      if (!moment && !day) return not_a(column, cell, "a time");
      json = to_string_seconds(moment ? *moment : start_of(*day));
    } else if (column.type == Type::boolean) {
      const auto tick = read_tick_cell(cell);
      if (!tick) return not_a(column, cell, "true or false");
      json = *tick;
    } else if (column.type == Type::choice) {
      const auto number = option_for(column, cell);
      if (!number) return not_a(column, cell, "one of its options");
      json = *number;
    }
    const auto value = read_value(table, column, json);
    if (!value) return tl::unexpected<std::string>(value.error().message);
    return *value;
  }

  Readable<Changes> changes_of(const std::string& table_name, const CsvRow& row) const {
    const Table& table = state_.model.schema().get(table_name);
    Changes changes;
    for (const Source& s : sources_) {
      const std::string cell = s.value(row);
      if (s.table != table_name || cell.empty()) continue;
      if (table_name == "contact" && s.column == "fullname") {
        const std::size_t blank = cell.rfind(' ');
        if (blank != std::string::npos) changes.set(table.at("firstname"), cell.substr(0, blank));
        changes.set(table.at("lastname"), blank == std::string::npos ? cell : cell.substr(blank + 1));
        continue;
      }
      const std::uint16_t index = table.at(s.column);
      const Column& column = table.columns[index];
      if (column.type == Type::lookup) {
        const RowPtr currency = currency_of(state_, cell);
        if (currency == nullptr) return not_a(column, cell, "a currency");
        changes.set(index, Ref{currency->id, state_.model.schema().get("transactioncurrency").place});
        continue;
      }
      // State, reason and words that close a deal are put together for the whole row.
      const bool stage = table_name == "opportunity" && is_stage_column(column);
      if (column.type == Type::state || column.type == Type::status || (stage && closes(cell) && column.is_choice()))
        continue;
      const auto value = read_cell(table, column, cell);
      if (!value) return tl::unexpected<std::string>(value.error());
      changes.set(index, *value);
    }
    return changes;
  }

  // State and reason of a row, from statecode or else from its stage columns.
  Readable<void> close_by_words(Changes& changes, const CsvRow& row) const {
    const Table& table = state_.model.schema().get("opportunity");
    std::optional<std::int64_t> state;
    std::optional<std::int64_t> reason;
    for (const Source& s : sources_) {
      const std::string word = s.value(row);
      if (s.table != "opportunity" || word.empty()) continue;
      const Column& column = table.columns[table.at(s.column)];
      if (column.type == Type::status) {
        reason = option_for(column, word);
        if (!reason) return not_a(column, word, "one of its options");
      }
      if (column.type == Type::state) {
        state = state_of_word(column, word);
        if (!state) return not_a(column, word, "open, won or lost");
      }
    }
    for (const Source& s : sources_) {
      if (state || s.table != "opportunity" || s.value(row).empty()) continue;
      const Column& column = table.columns[table.at(s.column)];
      if (column.type == Type::status)
        state = column.option(*reason)->state;
      else if (is_stage_column(column) && closes(s.value(row)))
        state = wins(s.value(row)) ? 1 : 2;
    }
    set_state(table, changes, state.value_or(0), reason);
    return {};
  }

  void set_state(const Table& table, Changes& changes, std::int64_t state, std::optional<std::int64_t> reason) const {
    const Column& status = table.columns[table.at("statuscode")];
    const Option* given = reason ? status.option(*reason) : nullptr;
    changes.set(table.at("statecode"), state);
    if (given != nullptr && given->state == state) changes.set(table.at("statuscode"), given->value);
    if (state == 0) return;
    const Value* closed = changes.find(table.at("estimatedclosedate"));
    const Value* value = changes.find(table.at("estimatedvalue"));
    if (closed != nullptr && changes.find(table.at("actualclosedate")) == nullptr) {
      const Value copy = *closed;
      changes.set(table.at("actualclosedate"), copy);
    }
    if (state == 1 && value != nullptr && changes.find(table.at("actualvalue")) == nullptr) {
      const Value copy = *value;
      changes.set(table.at("actualvalue"), copy);
    }
  }

  // The account of that name, made from this row when it is the first to name it; empty when the row names none.
  Readable<std::optional<Ref>> account_of(const CsvRow& row) {
    const Source* name = find("account", "name");
    if (name == nullptr || name->value(row).empty()) return std::nullopt;
    const Table& table = state_.model.schema().get("account");
    if (accounts_.empty()) remember_accounts(table);
    const std::string key = fold(name->value(row));
    const auto known = accounts_.find(key);
    if (known != accounts_.end()) return Ref{known->second, table.place};
    auto changes = changes_of("account", row);
    if (!changes) return tl::unexpected<std::string>(changes.error());
    const auto made = create_row(writer_, table, std::move(*changes));
    if (!made) return tl::unexpected<std::string>("account: " + made.error().message);
    ++report_.accounts;
    accounts_[key] = (*made)->id;
    return Ref{(*made)->id, table.place};
  }

  void remember_accounts(const Table& table) {
    for (const RowPtr& row : state_.model.rows(table).all()) {
      const auto* name = row == nullptr ? nullptr : std::get_if<std::string>(&row->cell(table.primary_name));
      if (name != nullptr) accounts_[fold(*name)] = row->id;
    }
  }

  Readable<std::optional<Ref>> contact_of(const CsvRow& row, const std::optional<Ref>& account) {
    if (!uses("contact")) return std::nullopt;
    const Table& table = state_.model.schema().get("contact");
    auto changes = changes_of("contact", row);
    if (!changes) return tl::unexpected<std::string>(changes.error());
    if (changes->find(table.at("lastname")) == nullptr) return std::nullopt;
    if (account) changes->set(table.at("parentcustomerid"), *account);
    std::string key;
    for (const auto& value : changes->values)
      key += std::to_string(value.first) + pack_value(state_, value.second).dump() + "\n";
    const auto known = contacts_.find(fold(key));
    if (known != contacts_.end()) return Ref{known->second, table.place};
    const auto made = create_row(writer_, table, std::move(*changes));
    if (!made) return tl::unexpected<std::string>("contact: " + made.error().message);
    ++report_.contacts;
    contacts_[fold(key)] = (*made)->id;
    return Ref{(*made)->id, table.place};
  }

  void set_owner(Changes& changes, const CsvRow& row) {
    const Source* name = find("owner", "fullname");
    if (name == nullptr || name->value(row).empty()) return;
    const std::size_t before = state_.model.rows("systemuser").count();
    const Guid id = user_named(state_, name->value(row), request_.now);
    report_.users += state_.model.rows("systemuser").count() - before;
    changes.set(state_.model.schema().get("opportunity").at("ownerid"),
                Ref{id, state_.model.schema().get("systemuser").place});
  }

  void load_row(const CsvRow& row) {
    const Table& table = state_.model.schema().get("opportunity");
    auto changes = changes_of("opportunity", row);
    if (!changes) return skip(row, changes.error());
    if (changes->find(table.at("name")) == nullptr) return skip(row, "name is empty");
    const std::uint16_t close_date = table.at("estimatedclosedate");
    const bool assumed = changes->find(close_date) == nullptr;
    if (assumed) {
      const Date day = add_days(date_of(request_.now), kAssumedDays);
      changes->set(close_date, table.columns[close_date].type == Type::day ? Value{day} : Value{start_of(day)});
    }
    if (const auto closed = close_by_words(*changes, row); !closed) return skip(row, closed.error());
    const auto account = account_of(row);
    if (!account) return skip(row, account.error());
    const auto contact = contact_of(row, *account);
    if (!contact) return skip(row, contact.error());
    if (*account) changes->set(table.at("parentaccountid"), **account);
    if (*contact) changes->set(table.at("parentcontactid"), **contact);
    set_owner(*changes, row);
    const auto made = create_row(writer_, table, std::move(*changes));
    if (!made) return skip(row, made.error().message);
    ++report_.loaded;
    if (assumed) ++report_.close_dates_assumed;
  }

  State& state_;
  const LoadRequest& request_;
  Writer writer_;
  CsvFile file_;
  std::vector<Source> sources_;
  std::vector<std::pair<std::string, Column>> new_columns_;  // table and column
  std::map<std::string, Guid> accounts_;
  std::map<std::string, Guid> contacts_;
  LoadReport report_;
};

}  // namespace

Result<LoadReport> load_csv(State& state, const LoadRequest& request) { return Loader(state, request).run(); }

}  // namespace cosell::emulator::dynamics365
