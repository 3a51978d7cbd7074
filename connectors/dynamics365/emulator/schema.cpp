// Finding tables and columns by the names that the Web API uses for them; custom columns.
#include "connectors/dynamics365/emulator/schema.h"

#include <algorithm>

#include "base/text.h"

namespace cosell::emulator::dynamics365 {

const Option* Column::option(std::int64_t value) const {
  const auto it = std::find_if(options.begin(), options.end(), [value](const Option& o) { return o.value == value; });
  return it == options.end() ? nullptr : &*it;
}

const Option* Column::option_labelled(std::string_view wanted) const {
  const auto it = std::find_if(options.begin(), options.end(), [wanted](const Option& o) {
    return compare_text(o.label.english, wanted) == 0 || compare_text(o.label.german, wanted) == 0;
  });
  return it == options.end() ? nullptr : &*it;
}

std::uint16_t Table::add(Column column) {
  const auto place_of = static_cast<std::uint16_t>(columns.size());
  by_name_[column.name] = place_of;
  columns.push_back(std::move(column));
  return place_of;
}

std::optional<std::uint16_t> Table::find_hidden_too(std::string_view wanted) const {
  const auto it = by_name_.find(std::string(wanted));
  if (it == by_name_.end()) return std::nullopt;
  return it->second;
}

std::optional<std::uint16_t> Table::find(std::string_view wanted) const {
  const auto index = find_hidden_too(wanted);
  if (!index || columns[*index].hidden) return std::nullopt;
  return index;
}

std::optional<std::uint16_t> Table::find_property(std::string_view property) const {
  const bool lookup = text::starts_with(property, "_") && text::ends_with(property, "_value") && property.size() > 7;
  const auto index = find(lookup ? property.substr(1, property.size() - 7) : property);
  if (!index || (columns[*index].type == Type::lookup) != lookup) return std::nullopt;
  return index;
}

std::string Table::property_of(const Column& column) const {
  return column.type == Type::lookup ? "_" + column.name + "_value" : column.name;
}

std::optional<Table::Navigation> Table::find_navigation(std::string_view navigation) const {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].hidden) continue;
    for (const LookupTarget& target : columns[i].targets) {
      if (target.navigation == navigation) return Navigation{static_cast<std::uint16_t>(i), &target};
    }
  }
  return std::nullopt;
}

const Collection* Table::find_collection(std::string_view navigation) const {
  const auto it = std::find_if(collections.begin(), collections.end(),
                               [navigation](const Collection& c) { return c.navigation == navigation; });
  return it == collections.end() ? nullptr : &*it;
}

Schema::Schema() {
  add(standard::opportunity());
  add(standard::account());
  add(standard::contact());
  add(standard::systemuser());
  add(standard::team());
  add(standard::businessunit());
  add(standard::organization());
  add(standard::transactioncurrency());
  add(standard::opportunityclose());
  add(standard::workflow());
  add(standard::processstage());
  add(standard::opportunitysalesprocess());
  add(standard::leadtoopportunitysalesprocess());
  add(standard::publisher());
  add(standard::solution());
}

void Schema::add(Table table) {
  table.place = static_cast<std::uint16_t>(tables_.size());
  tables_.push_back(std::move(table));
}

const Table* Schema::find(std::string_view name) const {
  const auto it = std::find_if(tables_.begin(), tables_.end(), [name](const Table& t) { return t.name == name; });
  return it == tables_.end() ? nullptr : &*it;
}

const Table* Schema::find_set(std::string_view set) const {
  const auto it = std::find_if(tables_.begin(), tables_.end(), [set](const Table& t) { return t.set == set; });
  return it == tables_.end() ? nullptr : &*it;
}

Table& Schema::get(std::string_view name) {
  const auto it = std::find_if(tables_.begin(), tables_.end(), [name](const Table& t) { return t.name == name; });
  return it == tables_.end() ? tables_.front() : *it;
}

const Table& Schema::get(std::string_view name) const {
  const Table* table = find(name);
  return table == nullptr ? tables_.front() : *table;
}

std::optional<Column> custom_column(std::string name, std::string_view kind, const std::vector<std::string>& values) {
  struct Kind {
    const char* word;
    Type type;
    const char* format;
    int max_length;
    int precision;
    double least;
    double most;
  };
  static constexpr Kind kKinds[] = {{"text", Type::text, "Text", 250, 0, 0, 0},
                                    {"url", Type::text, "Url", 500, 0, 0, 0},
                                    {"memo", Type::memo, "TextArea", 4000, 0, 0, 0},
                                    {"boolean", Type::boolean, "", 0, 0, 0, 0},
                                    {"integer", Type::integer, "None", 0, 0, -2147483648.0, 2147483647.0},
                                    {"decimal", Type::decimal, "", 0, 2, -1e11, 1e11},
                                    {"money", Type::money, "", 0, 2, -1e12, 1e12},
                                    {"date", Type::day, "DateOnly", 0, 0, 0, 0},
                                    {"datetime", Type::moment, "DateAndTime", 0, 0, 0, 0},
                                    {"picklist", Type::choice, "", 0, 0, 0, 0}};
  const auto* it = std::find_if(std::begin(kKinds), std::end(kKinds), [&](const Kind& k) { return kind == k.word; });
  if (it == std::end(kKinds)) return std::nullopt;
  Column column;
  column.name = std::move(name);
  column.schema_name = column.name;
  column.label.english = column.name;
  column.type = it->type;
  column.format = it->format;
  column.max_length = it->max_length;
  column.precision = it->precision;
  column.least = it->least;
  column.most = it->most;
  column.custom = true;
  std::int64_t number = 100000000;
  for (const std::string& value : values) {
    Option option;
    option.value = number++;
    option.label.english = value;
    column.options.push_back(std::move(option));
  }
  return column;
}

Column custom_lookup(const std::string& schema_name, const std::vector<std::string>& tables) {
  Column column = *custom_column(text::lower_ascii(schema_name), "text");
  column.schema_name = schema_name;
  column.type = Type::lookup;
  column.format.clear();
  column.max_length = 0;
  for (const std::string& table : tables) {
    column.targets.push_back({table, tables.size() == 1 ? schema_name : schema_name + "_" + table});
  }
  return column;
}

}  // namespace cosell::emulator::dynamics365
