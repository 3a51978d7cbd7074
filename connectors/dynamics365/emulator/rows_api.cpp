// Rows as resources: reading one, creating, updating, upserting and deleting, single columns and references, with the
// conditions that ETags express.
#include <algorithm>

#include "base/text.h"
#include "connectors/dynamics365/emulator/query.h"
#include "connectors/dynamics365/emulator/writes.h"

namespace cosell::emulator::dynamics365 {

namespace {

std::string etag_of(const Row& row) { return "W/\"" + std::to_string(row.version) + "\""; }

Answer wrong_verb(const Call& call) {
  return refuse(405, "0x8006088a", "The requested resource does not support http method '" + call.method + "'.");
}

Answer row_answer(const Call& call, const Table& table, const Row& row, const Selection& selection, int status) {
  Json body = Json::object();
  body["@odata.context"] = call.context.root + "$metadata#" + table.set + Renderer::context_of(selection) + "/$entity";
  const Json shown = Renderer(call).row(row, selection);
  for (const auto& item : shown.items()) body[item.key()] = item.value();
  Answer answer = with_body(std::move(body), status);
  answer.headers.set("ETag", etag_of(row));
  tell_applied(call, answer);
  return answer;
}

std::string entity_id(const Call& call, const Table& table, const std::string& key) {
  return call.context.root + table.set + "(" + key + ")";
}

// The key of a request as it was written: "guid" or "x_key='v'".
std::string key_text(const Segment& segment) {
  std::vector<std::string> parts;
  for (const auto& argument : segment.arguments) {
    parts.push_back(argument.first.empty() ? argument.second : argument.first + "=" + argument.second);
  }
  return text::join(parts, ",");
}

Answer written_answer(const Call& call, const Table& table, const Row& row, const std::string& key, bool created) {
  if (call.prefer.representation) {
    auto selection = read_selection(call, table);
    if (!selection) return refuse(selection.error());
    selection->expansions.clear();  // ignored on the representation of a write
    Answer answer = row_answer(call, table, row, *selection, created ? 201 : 200);
    answer.headers.set("Preference-Applied", "return=representation");
    return answer;
  }
  Answer answer = no_content();
  answer.headers.set("OData-EntityId", entity_id(call, table, key));
  if (call.inside) answer.headers.set("Location", entity_id(call, table, key));
  return answer;
}

Answer read_one(const Call& call, const Table& table, const Address& address) {
  if (address.row == nullptr) return refuse(row_missing(table, address));
  if (is_hidden(call, *address.row)) {
    return refuse(403, "0x80040220", "SecLib::AccessCheckEx failed. The row is not shared with the user.");
  }
  const auto selection = read_selection(call, table);
  if (!selection) return refuse(selection.error());
  const bool plain = selection->expansions.empty() && call.prefer.annotations.empty();
  if (plain && call.headers->get("If-None-Match") == etag_of(*address.row)) {
    Answer answer;
    answer.status = 304;
    answer.headers.set("ETag", etag_of(*address.row));
    return answer;
  }
  return row_answer(call, table, *address.row, *selection, 200);
}

Answer create(const Call& call, const Table& table) {
  if (!table.writable)
    return refuse(405, "0x80040800", "The 'Create' method does not support entities of type '" + table.name + "'.");
  if (auto allowed = need_privilege(call, "Create", table); !allowed) return refuse(allowed.error());
  const auto body = json_body(call);
  if (!body) return refuse(body.error());
  Writer writer = writer_of(call);
  const auto made = at_once(call.state().model, [&]() -> Outcome<RowPtr> {
    auto changes = read_body(writer, table, *body, true);
    if (!changes) return tl::unexpected<ApiError>(changes.error());
    return create_row(writer, table, std::move(*changes));
  });
  if (!made) return refuse(made.error());
  return written_answer(call, table, **made, to_string((*made)->id), true);
}

// If-Match and If-None-Match against the row that is there, or not.
Outcome<void> check_conditions(const Call& call, const Table& table, const Address& address) {
  const auto match = call.headers->find("If-Match");
  const auto none_match = call.headers->find("If-None-Match");
  if (none_match && *none_match == "*" && address.row != nullptr) {
    return fail(412, address.key ? "0x80060892" : "0x80040237", "A record with matching key values already exists.");
  }
  if (!match) return {};
  if (address.row == nullptr) return tl::unexpected<ApiError>(row_missing(table, address));
  if (*match == "*") return {};
  if (!call.state().settings.optimistic_concurrency) {
    return fail(400, "0x8006088d", "Optimistic concurrency isn't enabled for entity type " + table.name + ".");
  }
  if (*match == etag_of(*address.row)) return {};
  return fail(412, "0x80060882", "The version of the existing record doesn't match the RowVersion property provided.");
}

Answer change(const Call& call, const Table& table, const Address& address) {
  const auto body = json_body(call);
  if (!body) return refuse(body.error());
  if (auto fine = check_conditions(call, table, address); !fine) return refuse(fine.error());
  const bool creating = address.row == nullptr;
  if (creating && !table.writable) return refuse(row_missing(table, address));
  if (auto allowed = need_privilege(call, creating ? "Create" : "Write", table); !allowed)
    return refuse(allowed.error());
  Writer writer = writer_of(call);
  const auto stored = at_once(call.state().model, [&]() -> Outcome<RowPtr> {
    auto changes = read_body(writer, table, *body, creating);
    if (!changes) return tl::unexpected<ApiError>(changes.error());
    if (!creating) return update_row(writer, table, address.row, std::move(*changes));
    // Key values of the body win over those of the URL.
    if (!changes->id) changes->id = address.id;
    for (const auto& value : address.key_values) {
      if (changes->find(value.first) == nullptr) changes->set(value.first, value.second);
    }
    return create_row(writer, table, std::move(*changes));
  });
  if (!stored) return refuse(stored.error());
  return written_answer(call, table, **stored, key_text(call.path.front()), creating);
}

Answer remove(const Call& call, const Table& table, const Address& address) {
  if (address.row == nullptr) return refuse(row_missing(table, address));
  if (!table.writable) return wrong_verb(call);
  if (auto fine = check_conditions(call, table, address); !fine) return refuse(fine.error());
  if (auto allowed = need_privilege(call, "Delete", table); !allowed) return refuse(allowed.error());
  Writer writer = writer_of(call);
  const auto removed = at_once(call.state().model, [&] { return delete_row(writer, table, address.row); });
  return removed ? no_content() : refuse(removed.error());
}

Answer update_with(const Call& call, const Table& table, const Address& address, Changes changes) {
  if (auto fine = check_conditions(call, table, address); !fine) return refuse(fine.error());
  if (auto allowed = need_privilege(call, "Write", table); !allowed) return refuse(allowed.error());
  Writer writer = writer_of(call);
  const auto stored =
      at_once(call.state().model, [&] { return update_row(writer, table, address.row, std::move(changes)); });
  return stored ? no_content() : refuse(stored.error());
}

// /opportunities(guid)/name
Answer one_column(const Call& call, const Table& table, const Address& address, std::uint16_t index) {
  const Column& column = table.columns[index];
  if (call.method == "GET") {
    const Value value = address.row->read(column, index, call.state().model.schema().get("systemuser").place);
    if (is_null(value)) return no_content();
    return with_body(Json{{"@odata.context", call.context.root + "$metadata#" + table.set + "(" +
                                                 to_string(address.row->id) + ")/" + column.name},
                          {"value", to_json(value)}});
  }
  Json body{{column.name, nullptr}};
  if (call.method == "PUT") {
    const auto given = json_body(call);
    if (!given) return refuse(given.error());
    if (!given->contains("value")) return refuse(400, "0x80048d19", "The body must hold a property 'value'.");
    body[column.name] = given->at("value");
  } else if (call.method != "DELETE") {
    return wrong_verb(call);
  }
  auto changes = read_body(writer_of(call), table, body, false);
  if (!changes) return refuse(changes.error());
  return update_with(call, table, address, std::move(*changes));
}

// /opportunities(guid)/parentaccountid and …/parentaccountid/$ref
Answer one_reference(const Call& call, const Table& table, const Address& address,
                     const Table::Navigation& navigation) {
  const Schema& schema = call.state().model.schema();
  const Column& column = table.columns[navigation.column];
  const bool reference = call.path.size() > 2 && call.path[2].name == "$ref";
  if (call.method == "GET") {
    const Value value = address.row->read(column, navigation.column, schema.get("systemuser").place);
    const auto* ref = std::get_if<Ref>(&value);
    const RowPtr target = ref == nullptr ? nullptr : call.state().model.find(*ref);
    if (target == nullptr) return no_content();
    const Table& target_table = schema.at(ref->table);
    if (reference) return with_body(Json{{"@odata.id", entity_id(call, target_table, to_string(target->id))}});
    Address there;
    there.id = target->id;
    there.row = target;
    return read_one(call, target_table, there);
  }
  Json body{{navigation.target->navigation, nullptr}};
  if (call.method == "PUT" && reference) {
    const auto given = json_body(call);
    if (!given) return refuse(given.error());
    if (!given->contains("@odata.id")) return refuse(400, "0x80048d19", "The body must hold '@odata.id'.");
    body = Json{{navigation.target->navigation + "@odata.bind", given->at("@odata.id")}};
  } else if (call.method != "DELETE" || !reference) {
    return wrong_verb(call);
  }
  auto changes = read_body(writer_of(call), table, body, false);
  if (!changes) return refuse(changes.error());
  return update_with(call, table, address, std::move(*changes));
}

// /opportunities(guid)/Opportunity_OpportunityClose
Answer one_collection(const Call& call, const Address& address, const Collection& collection) {
  if (call.method != "GET") return wrong_verb(call);
  const Table& table = call.state().model.schema().get(collection.table);
  const auto query = read_query(call, table);
  if (!query) return refuse(query.error());
  Renderer renderer(call);
  Json value = Json::array();
  for (const RowPtr& row : call.state().model.rows(table).all()) {
    const auto* ref = row == nullptr ? nullptr : std::get_if<Ref>(&row->cell(table.at(collection.column)));
    const bool shown = ref != nullptr && ref->id == address.row->id &&
                       (!query->filter ||
                        holds(*query->filter, [&](const Operand& o) { return value_of(call.state().model, *row, o); }));
    if (shown) value.push_back(renderer.row(*row, query->selection));
  }
  return with_body(
      Json{{"@odata.context", call.context.root + "$metadata#" + table.set + Renderer::context_of(query->selection)},
           {"value", std::move(value)}});
}

Answer part_of_row(const Call& call, const Table& table, const Address& address) {
  if (address.row == nullptr) return refuse(row_missing(table, address));
  if (auto answer = row_operation(call, table)) return std::move(*answer);
  const std::string& name = call.path[1].name;
  if (const auto column = table.find_property(name)) return one_column(call, table, address, *column);
  if (const auto navigation = table.find_navigation(name)) return one_reference(call, table, address, *navigation);
  if (const Collection* collection = table.find_collection(name)) return one_collection(call, address, *collection);
  return refuse(404, "0x8006088a", "Resource not found for the segment '" + name + "'.");
}

}  // namespace

Answer rows_resource(Call& call, const Table& table) {
  Segment& first = call.path.front();
  if (!first.parentheses) {
    if (call.path.size() == 2 && call.path[1].name == "$count" && call.method == "GET") return count_rows(call, table);
    if (call.path.size() == 2) {
      if (auto answer = bound_operation(call, table)) return std::move(*answer);
      return refuse(404, "0x8006088a", "Resource not found for the segment '" + call.path[1].name + "'.");
    }
    if (call.method == "GET") return list_rows(call, table);
    if (call.method == "POST") return create(call, table);
    return wrong_verb(call);
  }
  for (auto& argument : first.arguments) {
    if (argument.second[0] == '@') argument.second = call.option(argument.second).value_or("");
  }
  const auto address = read_address(call.state(), table, first.arguments);
  if (!address) return refuse(address.error());
  if (call.method == "GET") {
    if (auto allowed = need_privilege(call, "Read", table); !allowed) return refuse(allowed.error());
  }
  if (call.path.size() > 1) return part_of_row(call, table, *address);
  if (call.method == "GET") return read_one(call, table, *address);
  if (call.method == "PATCH") return change(call, table, *address);
  if (call.method == "DELETE") return remove(call, table, *address);
  return wrong_verb(call);
}

}  // namespace cosell::emulator::dynamics365
