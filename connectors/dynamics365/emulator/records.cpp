// Creating, changing and deleting rows of any table: defaults, derived names, keys, duplicates, customers' plug-ins.
#include "connectors/dynamics365/emulator/records.h"

#include <algorithm>

#include "base/text.h"

namespace cosell::emulator::dynamics365 {

namespace {

std::string text_in(const Row& row, const Table& table, const char* column) {
  const auto* text = std::get_if<std::string>(&row.cell(table.at(column)));
  return text == nullptr ? "" : *text;
}

// Amounts, owner, state and yes/no columns are never empty on a new row.
void fill_defaults(const Writer& writer, const Table& table, Row& row) {
  const Schema& schema = writer.state.model.schema();
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const Column& column = table.columns[i];
    const auto index = static_cast<std::uint16_t>(i);
    if (column.hidden || !is_null(row.cell(index))) continue;
    if (column.type == Type::boolean) row.put(index, false);
    if (column.type == Type::state) row.put(index, std::int64_t{0});
    if (column.name == "ownerid") row.put(index, Ref{writer.user, schema.get("systemuser").place});
    if (column.name == "transactioncurrencyid" && table.name != "systemuser" && table.name != "opportunityclose") {
      const RowPtr base = currency_of(writer.state, writer.state.settings.base_currency);
      if (base != nullptr) row.put(index, Ref{base->id, schema.get("transactioncurrency").place});
    }
  }
  const auto status = table.find_hidden_too("statuscode");
  if (!status || !is_null(row.cell(*status))) return;
  const Value state = row.cell(table.at("statecode"));
  for (const Option& o : table.columns[*status].options) {
    if (Value{o.state} != state) continue;
    row.put(*status, o.value);
    break;
  }
}

void derive(const Writer& writer, const Table& table, Row& row) {
  if (table.name == "contact" || table.name == "systemuser") {
    const std::string full = text::trim(text_in(row, table, "firstname") + " " + text_in(row, table, "lastname"));
    row.put(table.at("fullname"), full.empty() ? Value{} : Value{full});
  }
  if (const auto owner = table.find_hidden_too("ownerid")) {
    const auto* ref = std::get_if<Ref>(&row.cell(*owner));
    const std::uint16_t users = writer.state.model.schema().get("systemuser").place;
    row.put(table.at("owninguser"), ref != nullptr && ref->table == users ? Value{*ref} : Value{});
  }
  const auto rate = table.find_hidden_too("exchangerate");
  const auto currency = table.find_hidden_too("transactioncurrencyid");
  if (!rate || !currency || table.name == "transactioncurrency") return;
  const auto* ref = std::get_if<Ref>(&row.cell(*currency));
  const RowPtr found = ref == nullptr ? nullptr : writer.state.model.find(*ref);
  const Table& currencies = writer.state.model.schema().get("transactioncurrency");
  row.put(*rate, found == nullptr ? Value{} : found->cell(currencies.at("exchangerate")));
}

Outcome<void> check_status(const Table& table, const Row& row) {
  const auto status = table.find_hidden_too("statuscode");
  if (!status) return {};
  const auto* reason = std::get_if<std::int64_t>(&row.cell(*status));
  const auto* state = std::get_if<std::int64_t>(&row.cell(table.at("statecode")));
  const Option* option = reason == nullptr ? nullptr : table.columns[*status].option(*reason);
  if (option != nullptr && state != nullptr && option->state == *state) return {};
  return fail(400, "0x80048408",
              (reason == nullptr ? std::string("null") : std::to_string(*reason)) +
                  " is not a valid status code for state code " + table.name + "State." +
                  (state == nullptr ? std::string("null") : std::to_string(*state)) + " on " + table.name +
                  " with Id " + to_string(row.id) + ".");
}

Outcome<void> check_required(const Writer& writer, const Table& table, const Row& row) {
  if (!writer.state.settings.enforce_required || writer.set_up) return {};
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const Column& c = table.columns[i];
    if (c.required != Required::application || c.hidden || !is_null(row.cell(static_cast<std::uint16_t>(i)))) continue;
    return fail(400, "0x80040203", "The required column '" + c.name + "' of " + table.name + " has no value.");
  }
  return {};
}

bool rule_holds(const PluginRule& rule, const Value& value, const Value& wanted) {
  const int order = compare_values(value, wanted);
  const bool comparable = !is_null(value) && !is_null(wanted);
  if (rule.op == "=") return is_null(value) == is_null(wanted) && order == 0;
  if (rule.op == "!=") return is_null(value) != is_null(wanted) || order != 0;
  if (rule.op == "<") return comparable && order < 0;
  if (rule.op == "<=") return comparable && order <= 0;
  if (rule.op == ">") return comparable && order > 0;
  return comparable && order >= 0;
}

Value rule_value(const Column& column, const Json& json) {
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number_integer()) return json.get<std::int64_t>();
  if (json.is_number()) return json.get<double>();
  if (!json.is_string()) return {};
  const std::string text = json.get<std::string>();
  if (column.type == Type::day && parse_date(text)) return *parse_date(text);
  if (column.type == Type::moment && parse_instant(text)) return *parse_instant(text);
  if (column.type == Type::lookup && parse_guid(text)) return *parse_guid(text);
  return text;
}

Outcome<void> run_plugins(const Writer& writer, const Table& table, const Row& row) {
  if (writer.set_up) return {};
  const std::uint16_t users = writer.state.model.schema().get("systemuser").place;
  for (const PluginRule& rule : writer.state.settings.plugin_rules) {
    const auto column = rule.table == table.name ? table.find(rule.column) : std::nullopt;
    if (!column) continue;
    const Column& c = table.columns[*column];
    if (rule_holds(rule, row.read(c, *column, users), rule_value(c, rule.value))) {
      return fail(400, "0x80040265", rule.message);
    }
  }
  return {};
}

Outcome<void> check_keys(const Writer& writer, const Table& table, const Row& row) {
  if (writer.state.settings.alternate_keys != "Active") return {};
  const Rows& rows = writer.state.model.rows(table);
  for (std::size_t k = 0; k < table.keys.size(); ++k) {
    const std::string value = rows.key_of(k, row);
    const RowPtr other = value.empty() ? nullptr : rows.by_key(k, value);
    if (other == nullptr || other->id == row.id) continue;
    std::vector<std::string> columns;
    for (const std::uint16_t c : table.keys[k].columns) columns.push_back(table.columns[c].label.english);
    return fail(412, "0x80060892",
                "Entity Key " + table.keys[k].label + " violated. A record with the same value for " +
                    text::join(columns, ", ") +
                    " already exists. A duplicate record cannot be created. Select one or more unique "
                    "values and try again.");
  }
  return {};
}

Outcome<void> check_duplicates(const Writer& writer, const Table& table, const Row& row) {
  const Settings& s = writer.state.settings;
  const bool watched =
      std::find(s.duplicate_tables.begin(), s.duplicate_tables.end(), table.name) != s.duplicate_tables.end();
  if (!s.duplicate_detection || !writer.detect_duplicates || !watched || writer.set_up) return {};
  const std::uint16_t column = table.name == "contact" ? table.at("emailaddress1") : table.primary_name;
  const Value& value = row.cell(column);
  if (is_null(value)) return {};
  const auto& all = writer.state.model.rows(table).all();
  const bool twin = std::any_of(all.begin(), all.end(), [&](const RowPtr& other) {
    return other != nullptr && other->id != row.id && compare_values(other->cell(column), value) == 0;
  });
  if (!twin) return {};
  return fail(static_cast<int>(s.duplicate_status), "0x80040333",
              "A record was not created or updated because a duplicate of the current record already exists.");
}

Outcome<void> deadlock(const Writer& writer) {
  if (writer.set_up || writer.person || writer.state.settings.deadlock_next_writes == 0) return {};
  --writer.state.settings.deadlock_next_writes;
  return fail(500, "0x80044150",
              "Generic SQL error. Transaction was deadlocked on lock resources with another process.");
}

// The rules that every new version of a row must pass, in the order of the platform.
Outcome<void> check(const Writer& writer, const Table& table, const Row* before, Row& row, const Changes& changes) {
  if (table.name == "opportunity") {
    if (auto fine = apply_opportunity_rules(writer, before, row, changes); !fine) return fine;
  }
  derive(writer, table, row);
  if (auto fine = check_status(table, row); !fine) return fine;
  if (auto fine = check_required(writer, table, row); !fine) return fine;
  if (auto fine = run_plugins(writer, table, row); !fine) return fine;
  if (auto fine = check_keys(writer, table, row); !fine) return fine;
  if (auto fine = check_duplicates(writer, table, row); !fine) return fine;
  return deadlock(writer);
}

RowPtr store(Writer& writer, const Table& table, Row row) {
  row.modified = whole_seconds(writer.now);
  row.modified_by = writer.user;
  row.version = writer.state.model.next_version();
  auto version = std::make_shared<const Row>(std::move(row));
  writer.state.model.put(table, version);
  return version;
}

// A plug-in of the customer that runs after the write and raises the version.
RowPtr touch(Writer& writer, const Table& table, const RowPtr& row) {
  const bool touched =
      writer.state.settings.plugin_touches && table.name == "opportunity" && !writer.person && !writer.set_up;
  if (!touched) return row;
  Writer plugin = writer;
  plugin.user = writer.state.system_user;
  return store(plugin, table, *row);
}

Outcome<void> make_nested(Writer& writer, Changes& changes) {
  for (const Changes::Nested& nested : changes.nested) {
    auto inner = read_body(writer, *nested.table, nested.body, true);
    if (!inner) return tl::unexpected<ApiError>(inner.error());
    const auto made = create_row(writer, *nested.table, std::move(*inner));
    if (!made) return tl::unexpected<ApiError>(made.error());
    changes.set(nested.column, Ref{(*made)->id, nested.table->place});
  }
  changes.nested.clear();
  return {};
}

bool refers_to(const Row& row, std::uint16_t column, const Guid& id) {
  const auto* ref = std::get_if<Ref>(&row.cell(column));
  return ref != nullptr && ref->id == id;
}

Outcome<void> check_unused(const State& state, const Table& table, const Guid& id) {
  if (table.name != "account" && table.name != "contact" && table.name != "systemuser") return {};
  const Table& deals = state.model.schema().get("opportunity");
  for (const char* lookup : {"customerid", "parentaccountid", "parentcontactid", "ownerid"}) {
    const std::uint16_t column = deals.at(lookup);
    for (const RowPtr& row : state.model.rows(deals).all()) {
      if (row == nullptr || !refers_to(*row, column, id)) continue;
      return fail(405, "0x80047002",
                  "The " + table.name + " cannot be deleted because it is associated with an opportunity.");
    }
  }
  return {};
}

void remove_with(Writer& writer, const char* name, const char* lookup, const Guid& id) {
  const Table& table = writer.state.model.schema().get(name);
  std::vector<Guid> gone;
  for (const RowPtr& row : writer.state.model.rows(table).all()) {
    if (row != nullptr && refers_to(*row, table.at(lookup), id)) gone.push_back(row->id);
  }
  for (const Guid& g : gone) writer.state.model.remove(table, g);
}

}  // namespace

Outcome<RowPtr> create_row(Writer& writer, const Table& table, Changes changes) {
  Rows& rows = writer.state.model.rows(table);
  if (changes.id && rows.by_id(*changes.id) != nullptr) return fail(412, "0x80040237", "Cannot insert duplicate key.");
  if (auto made = make_nested(writer, changes); !made) return tl::unexpected<ApiError>(made.error());
  Row row;
  row.id = changes.id ? *changes.id : new_guid(writer.random);
  row.created = whole_seconds(writer.now);
  row.created_by = writer.user;
  row.cells.reserve(changes.values.size() + 12);
  for (auto& value : changes.values) row.put(value.first, value.second);
  fill_defaults(writer, table, row);
  if (auto fine = check(writer, table, nullptr, row, changes); !fine) return tl::unexpected<ApiError>(fine.error());
  row.position = rows.take_position();
  const RowPtr stored = store(writer, table, std::move(row));
  if (table.name == "opportunity") after_opportunity_created(writer, *stored);
  return touch(writer, table, stored);
}

Outcome<RowPtr> update_row(Writer& writer, const Table& table, const RowPtr& before, Changes changes) {
  if (auto made = make_nested(writer, changes); !made) return tl::unexpected<ApiError>(made.error());
  Row row = *before;
  for (auto& value : changes.values) row.put(value.first, value.second);
  if (auto fine = check(writer, table, before.get(), row, changes); !fine)
    return tl::unexpected<ApiError>(fine.error());
  if (table.process && changes.find(table.at("activestageid")) != nullptr) {
    if (auto fine = check_stage_move(writer.state, table, *before, row); !fine)
      return tl::unexpected<ApiError>(fine.error());
  }
  const RowPtr stored = store(writer, table, std::move(row));
  if (table.process && changes.find(table.at("activestageid")) != nullptr) after_stage_move(writer, table, *stored);
  return touch(writer, table, stored);
}

Outcome<void> delete_row(Writer& writer, const Table& table, const RowPtr& row) {
  if (auto fine = deadlock(writer); !fine) return fine;
  if (auto fine = check_unused(writer.state, table, row->id); !fine) return fine;
  if (table.name == "opportunity") {
    remove_with(writer, "opportunityclose", "opportunityid", row->id);
    for (const SalesProcess& process : writer.state.processes) {
      const Table& instances = writer.state.model.schema().get(process.table);
      const Guid instance = process_instance_id(process, row->id);
      if (writer.state.model.rows(instances).by_id(instance) != nullptr) writer.state.model.remove(instances, instance);
    }
  }
  writer.state.model.remove(table, row->id);
  return {};
}

}  // namespace cosell::emulator::dynamics365
