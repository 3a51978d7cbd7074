// Rows as the Web API writes them: values, annotations with labels in the user's language, related rows.
#include <algorithm>
#include <array>
#include <cstdio>

#include "base/text.h"
#include "connectors/dynamics365/emulator/query.h"

namespace cosell::emulator::dynamics365 {

namespace {

constexpr const char* kFormatted = "OData.Community.Display.V1.FormattedValue";
constexpr const char* kLookupName = "Microsoft.Dynamics.CRM.lookuplogicalname";
constexpr const char* kNavigation = "Microsoft.Dynamics.CRM.associatednavigationproperty";

bool is_german(const State& state) { return state.settings.user_language == 1031; }

// "1,234.50" or "1.234,50"
std::string number_text(const State& state, double value, int decimals) {
  std::array<char, 400> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.*f", decimals, value);
  std::string digits = buffer.data();
  const bool negative = digits[0] == '-';
  if (negative) digits.erase(0, 1);
  const std::size_t point = std::min(digits.find('.'), digits.size());
  std::string out = digits.substr(0, point);
  for (std::size_t i = point; i > 3;) {
    i -= 3;
    out.insert(i, is_german(state) ? "." : ",");
  }
  if (point < digits.size()) out += (is_german(state) ? "," : ".") + digits.substr(point + 1);
  return negative ? "-" + out : out;
}

std::string day_text(const State& state, const Date& d) {
  std::array<char, 64> buffer{};
  if (is_german(state)) {
    std::snprintf(buffer.data(), buffer.size(), "%02d.%02d.%04d", d.day, d.month, d.year);
  } else {
    std::snprintf(buffer.data(), buffer.size(), "%d/%d/%04d", d.month, d.day, d.year);
  }
  return buffer.data();
}

std::string moment_text(const State& state, Instant t) {
  const std::int64_t minute = (t.ms - start_of(date_of(t)).ms) / 60'000;
  const int hour = static_cast<int>(minute / 60);
  std::array<char, 64> buffer{};
  if (is_german(state)) {
    std::snprintf(buffer.data(), buffer.size(), "%02d:%02d", hour, static_cast<int>(minute % 60));
  } else {
    std::snprintf(buffer.data(), buffer.size(), "%d:%02d %s", (hour + 11) % 12 + 1, static_cast<int>(minute % 60),
                  hour < 12 ? "AM" : "PM");
  }
  return day_text(state, date_of(t)) + " " + buffer.data();
}

}  // namespace

Json to_json(const Value& value) {
  if (const auto* b = std::get_if<bool>(&value)) return *b;
  if (const auto* n = std::get_if<std::int64_t>(&value)) return *n;
  if (const auto* d = std::get_if<double>(&value)) return *d;
  if (const auto* t = std::get_if<Instant>(&value)) return to_string_seconds(*t);
  if (const auto* d = std::get_if<Date>(&value)) return cosell::to_string(*d);
  if (const auto* g = std::get_if<Guid>(&value)) return to_string(*g);
  if (const auto* r = std::get_if<Ref>(&value)) return to_string(r->id);
  if (const auto* s = std::get_if<std::string>(&value)) return *s;
  return nullptr;
}

std::string name_of_row(const State& state, const Ref& ref) {
  const Table& table = state.model.schema().at(ref.table);
  const RowPtr row = state.model.find(ref);
  if (row == nullptr) return "";
  const auto* name = std::get_if<std::string>(&row->cell(table.primary_name));
  return name == nullptr ? "" : *name;
}

std::string money_text(const State& state, double value, const Value& currency) {
  const auto* ref = std::get_if<Ref>(&currency);
  const RowPtr row = ref == nullptr ? currency_of(state, state.settings.base_currency) : state.model.find(*ref);
  const Table& table = state.model.schema().get("transactioncurrency");
  std::string symbol;
  int precision = 2;
  if (row != nullptr) {
    const auto* text = std::get_if<std::string>(&row->cell(table.at("currencysymbol")));
    const auto* digits = std::get_if<std::int64_t>(&row->cell(table.at("currencyprecision")));
    if (text != nullptr) symbol = *text;
    if (digits != nullptr) precision = static_cast<int>(*digits);
  }
  const std::string number = number_text(state, value, precision);
  return is_german(state) ? number + " " + symbol : symbol + number;
}

Renderer::Renderer(const Call& call)
    : state_(call.state()),
      users_(call.state().model.schema().get("systemuser").place),
      formatted_(call.prefer.wants(kFormatted)),
      lookup_names_(call.prefer.wants(kLookupName)),
      navigation_(call.prefer.wants(kNavigation)) {}

std::string Renderer::context_of(const Selection& selection) {
  if (selection.all && selection.expansions.empty()) return "";
  std::vector<std::string> parts;
  for (const std::uint16_t column : selection.columns) {
    const std::string name = selection.table->property_of(selection.table->columns[column]);
    if (std::find(parts.begin(), parts.end(), name) == parts.end()) parts.push_back(name);
  }
  for (const Expansion& e : selection.expansions) {
    const std::string inner = context_of(e.selection);
    parts.push_back(e.navigation + (inner.empty() ? "()" : inner));
  }
  return "(" + text::join(parts, ",") + ")";
}

Json Renderer::row(const Row& row, const Selection& selection) {
  const Table& table = *selection.table;
  Json out = Json::object();
  out["@odata.etag"] = "W/\"" + std::to_string(row.version) + "\"";
  put(out, row, table, table.primary_id);
  if (selection.all) {
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      if (!table.columns[i].hidden && i != table.primary_id) put(out, row, table, static_cast<std::uint16_t>(i));
    }
  }
  for (const std::uint16_t column : selection.columns) put(out, row, table, column);
  for (const Expansion& e : selection.expansions) out[e.navigation] = related(row, e);
  return out;
}

void Renderer::put(Json& out, const Row& row, const Table& table, std::uint16_t index) {
  const Column& column = table.columns[index];
  // A secured column looks empty to those who may not read it.
  const bool hidden = names_column(state_.settings.unreadable_columns, table.name, column.name);
  const Value value = hidden ? Value{} : row.read(column, index, users_);
  const std::string property = table.property_of(column);
  if (!is_null(value)) annotate(out, property, column, value);
  out[property] = to_json(value);
  if (formatted_ && !is_null(value)) {
    const std::string text = formatted(row, table, column, value);
    if (!text.empty()) out[property + "@" + kFormatted] = text;
  }
}

void Renderer::annotate(Json& out, const std::string& property, const Column& column, const Value& value) const {
  const auto* ref = std::get_if<Ref>(&value);
  if (ref == nullptr || (!lookup_names_ && !navigation_)) return;
  const Table& target = state_.model.schema().at(ref->table);
  if (lookup_names_) out[property + "@" + kLookupName] = target.name;
  for (const LookupTarget& t : column.targets) {
    if (navigation_ && t.table == target.name) out[property + "@" + kNavigation] = t.navigation;
  }
}

std::string Renderer::formatted(const Row& row, const Table& table, const Column& column, const Value& value) const {
  if (const auto* ref = std::get_if<Ref>(&value)) return name_of_row(state_, *ref);
  if (const auto* t = std::get_if<Instant>(&value)) return moment_text(state_, *t);
  if (const auto* d = std::get_if<Date>(&value)) return day_text(state_, *d);
  if (const auto* b = std::get_if<bool>(&value)) {
    const Option* option = column.option(*b ? 1 : 0);
    return option == nullptr ? (*b ? "Yes" : "No") : option->label.in(state_.settings.user_language);
  }
  if (const auto* n = std::get_if<std::int64_t>(&value)) {
    if (!column.is_choice()) return number_text(state_, static_cast<double>(*n), 0);
    const Option* option = column.option(*n);
    return option == nullptr ? "" : option->label.in(state_.settings.user_language);
  }
  if (const auto* d = std::get_if<double>(&value)) {
    if (column.type != Type::money) return number_text(state_, *d, column.precision);
    const bool base = text::ends_with(column.name, "_base");
    const auto currency = table.find("transactioncurrencyid");
    return money_text(state_, *d, base || !currency ? Value{} : row.cell(*currency));
  }
  return "";
}

Json Renderer::related(const Row& row, const Expansion& e) {
  if (e.collection) {
    Json list = Json::array();
    for (const RowPtr& child : children(e, row.id)) list.push_back(this->row(*child, e.selection));
    return list;
  }
  // Not only cells: modifiedby is a lookup too.
  const Value value = row.read(e.from->columns[e.column], e.column, users_);
  const auto* target = std::get_if<Ref>(&value);
  if (target == nullptr) return nullptr;
  const Table& table = state_.model.schema().at(target->table);
  const RowPtr found = state_.model.find(*target);
  if (found == nullptr || (!e.principal && &table != e.table)) return nullptr;
  if (!e.principal) return this->row(*found, e.selection);
  return Json{{"@odata.type", "#Microsoft.Dynamics.CRM." + table.name},
              {"@odata.etag", "W/\"" + std::to_string(found->version) + "\""},
              {"ownerid", to_string(found->id)}};
}

const std::vector<RowPtr>& Renderer::children(const Expansion& e, const Guid& parent) {
  static const std::vector<RowPtr> kNone;
  auto& index = children_[std::make_pair(e.table->place, e.column)];
  if (index.empty()) {
    for (const RowPtr& row : state_.model.rows(*e.table).all()) {
      const auto* ref = row == nullptr ? nullptr : std::get_if<Ref>(&row->cell(e.column));
      if (ref != nullptr) index[ref->id].push_back(row);
    }
    index[Guid{}];  // built, even when there is nothing in it
  }
  const auto it = index.find(parent);
  return it == index.end() ? kNone : it->second;
}

}  // namespace cosell::emulator::dynamics365
