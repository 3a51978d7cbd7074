// Bodies of writes: every property is checked against its column, references are looked up.
#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "connectors/dynamics365/emulator/api.h"
#include "connectors/dynamics365/emulator/expression.h"
#include "connectors/dynamics365/emulator/records.h"

namespace cosell::emulator::dynamics365 {

namespace {

constexpr const char* kPayload = "Error identified in Payload provided by the user for Entity :'";

tl::unexpected<ApiError> bad_payload(const Table& table, const std::string& why) {
  return fail(400, "0x80048d19", kPayload + table.set + "'. InnerException : Microsoft.OData.ODataException: " + why);
}

tl::unexpected<ApiError> not_convertible(const Table& table, const Json& value, const char* type) {
  return bad_payload(table, "Cannot convert the literal '" +
                                (value.is_string() ? value.get<std::string>() : value.dump()) +
                                "' to the expected type '" + type + "'.");
}

tl::unexpected<ApiError> invalid_property(const Table& table, const std::string& name) {
  return fail(
      400, "0x0",
      "An error occurred while validating input parameters: Microsoft.OData.ODataException: Invalid property '" + name +
          "' was found in entity 'Microsoft.Dynamics.CRM." + table.name + "'.");
}

Outcome<Value> read_text(const Table& table, const Column& column, const Json& value) {
  if (!value.is_string()) return not_convertible(table, value, "Edm.String");
  std::string text = value.get<std::string>();
  if (count_units(text) > static_cast<std::size_t>(column.max_length)) {
    return fail(400, "0x80044331",
                "A validation error occurred. The length of the '" + column.name + "' attribute of the '" + table.name +
                    "' entity exceeded the maximum allowed length of '" + std::to_string(column.max_length) + "'.");
  }
  // An empty text is stored as no value.
  if (text.empty()) return Value{};
  return Value{std::move(text)};
}

Outcome<Value> read_choice(const Table& table, const Column& column, const Json& value) {
  if (!value.is_number_integer()) return not_convertible(table, value, "Edm.Int32");
  const auto number = value.get<std::int64_t>();
  if (column.option(number) != nullptr) return Value{number};
  std::vector<std::string> accepted;
  for (const Option& o : column.options) accepted.push_back(std::to_string(o.value));
  return fail(400, "0x8004431a",
              "A validation error occurred. The value " + std::to_string(number) + " of '" + column.name +
                  "' on record of type '" + table.name +
                  "' is outside the valid range. Accepted Values: " + text::join(accepted, ","));
}

Outcome<Value> read_number(const Table& table, const Column& column, const Json& value) {
  const bool whole = column.type == Type::integer || column.type == Type::big;
  if (whole ? !value.is_number_integer() : !value.is_number()) {
    return not_convertible(table, value, whole ? "Edm.Int32" : "Edm.Decimal");
  }
  const auto number = value.get<double>();
  if (number < column.least || number > column.most) {
    return fail(400, whole ? "0x8004432f" : "0x80044330",
                "A validation error occurred. The value " + value.dump() + " of '" + column.name +
                    "' on record of type '" + table.name + "' is outside the valid range.");
  }
  if (whole) return Value{value.get<std::int64_t>()};
  return Value{round_to(number, column.precision)};
}

Outcome<Value> read_time(const Table& table, const Column& column, const Json& value) {
  const char* type = column.type == Type::day ? "Edm.Date" : "Edm.DateTimeOffset";
  if (!value.is_string()) return not_convertible(table, value, type);
  const std::string text = value.get<std::string>();
  const auto day = parse_date(text);
  const auto moment = parse_instant(text);
  if (column.type == Type::day ? !day : !moment) return not_convertible(table, value, type);
  const Date earliest{1753, 1, 1};
  if ((day ? *day : date_of(*moment)) < earliest) {
    return fail(400, "0x80040203",
                "DateTime is less than minimum value supported by CrmDateTime. Actual value: " + text +
                    ", Minimum value supported: 01/01/1753 00:00:00");
  }
  if (column.type == Type::day) return Value{*day};
  return Value{whole_seconds(*moment)};
}

// What stands before "@odata.bind", and what other annotations are left out.
class BodyReader {
 public:
  BodyReader(const Writer& writer, const Table& table, bool creating)
      : writer_(writer), table_(table), creating_(creating) {}

  Outcome<Changes> run(const Json& body) {
    for (const auto& item : body.items()) {
      const std::string& key = item.key();
      const std::size_t at = key.find('@');
      Outcome<void> read = {};
      if (at == std::string::npos) {
        read = property(key, item.value());
      } else if (at > 0 && key.substr(at) == "@odata.bind") {
        read = bind(key.substr(0, at), item.value());
      }
      if (!read) return tl::unexpected<ApiError>(read.error());
    }
    return std::move(changes_);
  }

 private:
  Outcome<void> property(const std::string& name, const Json& value) {
    if (const auto column = table_.find_property(name)) {
      if (table_.columns[*column].type == Type::lookup) {
        return fail(
            400, "0x80048d19",
            "CRM do not support direct update of Entity Reference properties, Use Navigation properties instead.");
      }
      return plain(*column, value);
    }
    if (const auto navigation = table_.find_navigation(name)) return related(*navigation, value);
    return invalid_property(table_, name);
  }

  Outcome<void> plain(std::uint16_t index, const Json& value) {
    const Column& column = table_.columns[index];
    if (index == table_.primary_id) {
      const auto id = value.is_string() ? parse_guid(value.get<std::string>()) : std::nullopt;
      if (!id) return tl::unexpected<ApiError>(not_convertible(table_, value, "Edm.Guid"));
      changes_.id = *id;
      return {};
    }
    const auto allowed = writable(column);
    if (!allowed) return tl::unexpected<ApiError>(allowed.error());
    if (!*allowed) return {};
    auto read = read_value(table_, column, value);
    if (!read) return tl::unexpected<ApiError>(read.error());
    changes_.set(index, std::move(*read));
    return {};
  }

  // Whether the column takes the value; false: it is left out without a word.
  Outcome<bool> writable(const Column& column) const {
    const bool product_lines = writer_.person && column.name == "totalamount";
    if (writer_.set_up || product_lines) return true;
    if (creating_ && column.type == Type::state) {
      return fail(400, "0x80040203", "'" + column.name + "' is not valid for create of " + table_.name + ".");
    }
    if (creating_ ? !column.create : !column.update) {
      if (writer_.state.settings.read_only_writes == "ignore") return false;
      return fail(400, "0x80040203",
                  "The attribute '" + column.name + "' of " + table_.name + " is not valid for " +
                      (creating_ ? "create." : "update."));
    }
    const auto& settings = writer_.state.settings;
    const auto names_it = [&](const std::vector<std::string>& list) {
      return std::find(list.begin(), list.end(), column.name) != list.end();
    };
    const bool secured = names_it(settings.read_only_columns) ||
                         names_column(settings.read_only_columns, table_.name, column.name) ||
                         names_column(settings.unreadable_columns, table_.name, column.name);
    if (writer_.person || !secured) return true;
    return fail(403, "0x8004f508",
                "Caller user with Id " + to_string(writer_.user) +
                    " does not have update permissions to a secured field: " + column.name + ".");
  }

  Outcome<void> related(const Table::Navigation& navigation, const Json& value) {
    const auto allowed = writable(table_.columns[navigation.column]);
    if (!allowed) return tl::unexpected<ApiError>(allowed.error());
    if (!*allowed) return {};
    if (value.is_null()) {
      changes_.set(navigation.column, Value{});
      return {};
    }
    if (!value.is_object() || !creating_) {
      return tl::unexpected<ApiError>(bad_payload(
          table_, "A value was found for the navigation property '" + navigation.target->navigation + "'."));
    }
    changes_.nested.push_back({navigation.column, &writer_.state.model.schema().get(navigation.target->table), value});
    return {};
  }

  Outcome<void> bind(const std::string& name, const Json& value) {
    const auto navigation = table_.find_navigation(name);
    if (!navigation) {
      return tl::unexpected<ApiError>(bad_payload(
          table_,
          "An undeclared property '" + name +
              "' which only has property annotations in the payload but no property value was found in the payload. "
              "In OData, only declared navigation properties and declared named streams can be represented as "
              "properties without values."));
    }
    if (!value.is_string()) return tl::unexpected<ApiError>(not_convertible(table_, value, "Edm.EntityReference"));
    const Column& column = table_.columns[navigation->column];
    const auto allowed = writable(column);
    if (!allowed) return tl::unexpected<ApiError>(allowed.error());
    if (!*allowed) return {};
    const auto ref = read_reference(writer_, value.get<std::string>());
    if (!ref) return tl::unexpected<ApiError>(ref.error());
    const std::string& target = writer_.state.model.schema().at(ref->table).name;
    const bool fits = std::any_of(column.targets.begin(), column.targets.end(),
                                  [&](const LookupTarget& t) { return t.navigation == name && t.table == target; });
    if (!fits) {
      return tl::unexpected<ApiError>(
          bad_payload(table_, "The navigation property '" + name + "' does not point to " + target + "."));
    }
    if (auto may = may_append(writer_.state.model.schema().at(ref->table)); !may) return may;
    changes_.set(navigation->column, *ref);
    return {};
  }

  // A row that refers to another one is appended to it.
  Outcome<void> may_append(const Table& target) const {
    if (writer_.person || writer_.set_up) return {};
    for (const auto& [verb, of] : {std::pair{"Append", &table_}, {"AppendTo", &target}}) {
      if (!of->owned) continue;
      if (auto has = need_named_privilege(writer_.state, writer_.user, privilege_of(verb, *of)); !has) return has;
    }
    return {};
  }

  const Writer& writer_;
  const Table& table_;
  bool creating_;
  Changes changes_;
};

}  // namespace

const Value* Changes::find(std::uint16_t column) const {
  const auto it = std::find_if(values.begin(), values.end(), [column](const auto& v) { return v.first == column; });
  return it == values.end() ? nullptr : &it->second;
}

void Changes::set(std::uint16_t column, Value value) {
  const auto it = std::find_if(values.begin(), values.end(), [column](const auto& v) { return v.first == column; });
  if (it != values.end()) {
    it->second = std::move(value);
  } else {
    values.emplace_back(column, std::move(value));
  }
}

Outcome<Value> read_value(const Table& table, const Column& column, const Json& value) {
  if (value.is_null()) return Value{};
  switch (column.type) {
    case Type::text:
    case Type::memo:
      return read_text(table, column, value);
    case Type::choice:
    case Type::state:
    case Type::status:
      return read_choice(table, column, value);
    case Type::boolean:
      if (!value.is_boolean()) return not_convertible(table, value, "Edm.Boolean");
      return Value{value.get<bool>()};
    case Type::integer:
    case Type::big:
    case Type::decimal:
    case Type::money:
      return read_number(table, column, value);
    case Type::moment:
    case Type::day:
      return read_time(table, column, value);
    case Type::id:
    case Type::lookup:
      break;
  }
  const auto guid = value.is_string() ? parse_guid(value.get<std::string>()) : std::nullopt;
  if (!guid) return not_convertible(table, value, "Edm.Guid");
  return Value{*guid};
}

Outcome<Changes> read_body(const Writer& writer, const Table& table, const Json& body, bool creating) {
  return BodyReader(writer, table, creating).run(body);
}

Outcome<Ref> read_reference(const Writer& writer, const std::string& given) {
  std::string path = given;
  if (text::starts_with(given, "$") && writer.references != nullptr) {
    const auto it = writer.references->find(given.substr(1));
    if (it == writer.references->end()) {
      return fail(400, "0x80048d19", "Content-ID Reference: '" + given + "' does not exist in the batch context.");
    }
    path = it->second;
  }
  const auto below = below_root(path);
  const std::vector<Segment> segments = below ? read_path(text::percent_decode(*below)) : std::vector<Segment>{};
  const Schema& schema = writer.state.model.schema();
  const Table* table = segments.size() == 1 ? schema.find_set(segments[0].name) : nullptr;
  if (table == nullptr) {
    const std::string name = segments.empty() ? given : segments[0].name;
    return fail(404, "0x8006088a", "Resource not found for the segment '" + name + "'.");
  }
  const auto address = read_address(writer.state, *table, segments[0].arguments);
  if (!address) return tl::unexpected<ApiError>(address.error());
  if (address->row == nullptr) return tl::unexpected<ApiError>(row_missing(*table, *address));
  return Ref{address->row->id, table->place};
}

Outcome<Address> read_address(const State& state, const Table& table, const Arguments& arguments) {
  Address address;
  const auto invalid = [&] {
    return fail(400, "0x80060890",
                "The key in the request URI is not valid for resource 'Microsoft.Dynamics.CRM." + table.name +
                    "'. Ensure that the names and number of key properties match the declared or alternate key "
                    "properties for the resource 'Microsoft.Dynamics.CRM." +
                    table.name + "'.");
  };
  const std::string& primary = table.columns[table.primary_id].name;
  if (arguments.size() == 1 && (arguments[0].first.empty() || arguments[0].first == primary)) {
    const auto id = parse_guid(arguments[0].second);
    if (!id)
      return fail(400, "0x80060888",
                  "Expected a GUID as the key of " + table.set + ", found '" + arguments[0].second + "'.");
    address.id = *id;
    address.row = state.model.rows(table).by_id(*id);
    return address;
  }
  for (std::size_t k = 0; k < table.keys.size() && state.settings.alternate_keys == "Active"; ++k) {
    std::vector<std::pair<std::uint16_t, Value>> values;
    for (const std::uint16_t column : table.keys[k].columns) {
      const Column& c = table.columns[column];
      for (const auto& argument : arguments) {
        if (argument.first != table.property_of(c) || c.hidden) continue;
        auto value = parse_literal(argument.second);
        if (!value) return invalid();
        const auto* id = std::get_if<Guid>(&*value);
        // A GUID without quotes addresses a text column as well as a quoted one.
        if (id != nullptr && c.type == Type::text) value = to_string(*id);
        values.emplace_back(column, std::move(*value));
      }
    }
    if (values.size() != table.keys[k].columns.size() || values.size() != arguments.size()) continue;
    Row wanted;
    for (const auto& value : values) wanted.put(value.first, value.second);
    address.key = k;
    address.key_values = std::move(values);
    address.row = state.model.rows(table).by_key(k, state.model.rows(table).key_of(k, wanted));
    if (address.row != nullptr) address.id = address.row->id;
    return address;
  }
  return invalid();
}

ApiError row_missing(const Table& table, const Address& address) {
  ApiError error;
  error.status = 404;
  error.code = address.key ? "0x80060891" : "0x80040217";
  error.message = address.key ? "A record with the specified key values does not exist in " + table.name + " entity"
                              : table.name + " With Id = " + to_string(address.id.value_or(Guid{})) + " Does Not Exist";
  return error;
}

}  // namespace cosell::emulator::dynamics365
