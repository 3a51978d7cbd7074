// The path of one write: which fields it may set, what the new version looks like, whether the org's rules accept it.
#include "connectors/salesforce/emulator/records.h"

#include <algorithm>

#include "base/text.h"

namespace cosell::emulator::salesforce {

namespace {

bool contains(const std::vector<std::string>& list, const std::string& name) {
  return std::any_of(list.begin(), list.end(),
                     [&](const std::string& entry) { return text::equals_ignore_case(entry, name); });
}

// One write on its way: the new version and which fields the request named.
struct Draft {
  const Object& object;
  const Row* before = nullptr;
  Row row = {};
  std::vector<std::uint16_t> given = {};
  ApiErrors errors = {};

  bool has(std::uint16_t field) const { return std::find(given.begin(), given.end(), field) != given.end(); }
  void take(ApiErrors more) { errors.insert(errors.end(), more.begin(), more.end()); }
};

bool may_set(const Writer& writer, const Object& object, const Field& field, bool creating) {
  if (field.system != System::none) return false;
  if (writer.person && field.name == "HasOpportunityLineItem") return true;
  const bool withheld = contains(writer.state.settings.read_only_columns, field.name) ||
                        contains(writer.state.settings.read_only_columns, object.name + "." + field.name);
  if (withheld && !writer.person && !writer.set_up) return false;
  return creating ? field.createable : field.updateable;
}

// A lookup given by the parent's external id: "Account": {"Number__c": "7"}.
Outcome<Value> parent_by_value(const State& state, const Field& field, const Json& given) {
  const Object* target = state.model.schema().find(field.reference_to);
  for (const auto& member : given.items()) {
    if (target == nullptr || member.key() == "attributes" || !member.value().is_string()) continue;
    const auto index = target->find(member.key());
    const bool usable = index && (target->fields[*index].indexed() && target->fields[*index].system == System::none);
    if (!usable) break;
    const auto rows = find_by_value(state, *target, *index, member.value().get<std::string>());
    if (rows.size() == 1) return Value{rows.front()->id};
    return fail("INVALID_FIELD", "Foreign key external ID: " + text::lower_ascii(member.value().get<std::string>()) +
                                     " not found for field " + target->fields[*index].name + " in entity " +
                                     target->name);
  }
  return fail("INVALID_FIELD", "No valid external ID was given for the relationship " + field.relationship);
}

void set_member(const Writer& writer, Draft& draft, const std::string& name, const Json& json) {
  const Object& object = draft.object;
  const bool creating = draft.before == nullptr;
  auto index = object.find(name);
  const bool by_parent = !index && json.is_object();
  if (by_parent) index = object.find_relationship(name);
  if (!index) {
    draft.take(fail("INVALID_FIELD", "No such column '" + name + "' on sobject of type " + object.name).value());
    return;
  }
  const Field& field = object.fields[*index];
  if (field.system == System::id) {
    draft.take(fail("INVALID_FIELD", "The Id field should not be specified in the sobject data.", {"Id"}).value());
    return;
  }
  if (!may_set(writer, object, field, creating)) {
    draft.take(fail("INVALID_FIELD_FOR_INSERT_UPDATE",
                    "Unable to create/update fields: " + field.name +
                        ". Please check the security settings of this field and verify that it is read/write for "
                        "your profile or permission set.",
                    {field.name})
                   .value());
    return;
  }
  auto value =
      by_parent ? parent_by_value(writer.state, field, json) : coerce(writer.state, object, field, json, writer.set_up);
  if (!value) {
    draft.take(std::move(value).error());
    return;
  }
  draft.row.put(*index, std::move(*value));
  draft.given.push_back(*index);
}

void set_members(const Writer& writer, Draft& draft, const Json& fields) {
  for (const auto& member : fields.items()) {
    if (member.key() != "attributes") set_member(writer, draft, member.key(), member.value());
  }
}

void set_defaults(const Writer& writer, Draft& draft) {
  const Object& o = draft.object;
  for (std::size_t i = 0; i < o.fields.size(); ++i) {
    const Field& f = o.fields[i];
    const auto index = static_cast<std::uint16_t>(i);
    if (f.system != System::none || !is_null(draft.row.cell(index))) continue;
    if (f.type == Type::boolean) draft.row.put(index, false);
    if (f.name == "OwnerId") draft.row.put(index, writer.user);
    if (f.currency_code) draft.row.put(index, writer.state.settings.corporate_currency);
  }
}

void derive_name(Draft& draft) {
  if (draft.object.name != "Contact") return;
  const Object& o = draft.object;
  const auto part = [&](const char* field) {
    const auto* t = std::get_if<std::string>(&draft.row.cell(o.at(field)));
    return t == nullptr ? std::string() : *t;
  };
  draft.row.put(o.at("Name"), text::trim(part("FirstName") + " " + part("LastName")));
}

void check_required(Draft& draft) {
  std::vector<std::string> missing;
  for (std::size_t i = 0; i < draft.object.fields.size(); ++i) {
    const Field& f = draft.object.fields[i];
    if (f.nillable || f.system != System::none || f.hidden || f.type == Type::boolean) continue;
    if ((f.createable || f.updateable) && is_null(draft.row.cell(static_cast<std::uint16_t>(i)))) {
      missing.push_back(f.name);
    }
  }
  if (missing.empty()) return;
  draft.take(fail("REQUIRED_FIELD_MISSING", "Required fields are missing: [" + text::join(missing, ", ") + "]", missing)
                 .value());
}

void check_unique(const Writer& writer, Draft& draft) {
  const Object& o = draft.object;
  for (const Cell& cell : draft.row.cells) {
    const Field& f = o.fields[cell.field];
    const auto* value = std::get_if<std::string>(&cell.value);
    if (!f.unique || value == nullptr) continue;
    for (const RowPtr& other : find_by_value(writer.state, o, cell.field, *value)) {
      if (other->id == draft.row.id) continue;
      const bool told = writer.person || writer.set_up || !is_hidden(writer.state, other->id);
      draft.take(fail("DUPLICATE_VALUE", "duplicate value found: " + (told ? f.name : "<unknown>") +
                                             " duplicates value on record with id: " + (told ? other->id : "<unknown>"))
                     .value());
      return;
    }
  }
}

bool rule_applies(const State& state, const ValidationRule& rule, const Row& row) {
  const Object* o = state.model.schema().find("Opportunity");
  const auto index = o == nullptr ? std::nullopt : o->find(rule.field);
  if (!index) return false;
  Value scratch;
  const Value& present = row.read(o->fields[*index], *index, scratch);
  const auto wanted = coerce(state, *o, o->fields[*index], rule.value, true);
  if (!wanted) return false;
  if (rule.op == "=") return compare_values(present, *wanted) == 0;
  if (rule.op == "!=") return compare_values(present, *wanted) != 0;
  if (is_null(present) || is_null(*wanted)) return false;
  const int order = compare_values(present, *wanted);
  if (rule.op == "<") return order < 0;
  if (rule.op == "<=") return order <= 0;
  if (rule.op == ">") return order > 0;
  return rule.op == ">=" && order >= 0;
}

void check_validation_rules(const Writer& writer, Draft& draft) {
  if (draft.object.name != "Opportunity") return;
  for (const ValidationRule& rule : writer.state.settings.validation_rules) {
    if (!rule_applies(writer.state, rule, draft.row)) continue;
    draft.take(fail("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule.message).value());
  }
}

// The field by which the org recognises a twin.
const char* matching_field(const Object& object) { return object.name == "Contact" ? "Email" : "Name"; }

void check_duplicates(const Writer& writer, Draft& draft) {
  const Settings& settings = writer.state.settings;
  if (settings.duplicate_rule == "off" || !contains(settings.duplicate_rule_objects, draft.object.name)) return;
  if (settings.duplicate_rule == "alert" && writer.allow_duplicates) return;
  const std::uint16_t field = draft.object.at(matching_field(draft.object));
  const Value& mine = draft.row.cell(field);
  if (is_null(mine) || (draft.before != nullptr && !draft.has(field))) return;
  for (const RowPtr& other : writer.state.model.table(draft.object).rows()) {
    const bool twin = other != nullptr && !other->deleted && other->id != draft.row.id &&
                      compare_values(other->cell(field), mine) == 0;
    if (!twin) continue;
    draft.take(fail("DUPLICATES_DETECTED",
                    "You're creating a duplicate record. We recommend you use an existing record instead.")
                   .value());
    return;
  }
}

std::optional<ApiErrors> lock_refusal(Writer& writer, const std::string& id15) {
  Settings& settings = writer.state.settings;
  bool locked = writer.state.model.is_locked(id15, writer.transaction);
  // The switches mean the API's writes, not those of a person or a load.
  if (!locked && !writer.person && !writer.set_up) {
    locked = std::any_of(settings.locked_ids.begin(), settings.locked_ids.end(),
                         [&](const std::string& id) { return parse_id(id) == id15; });
    if (!locked && settings.lock_next_writes > 0) {
      --settings.lock_next_writes;
      locked = true;
    }
  }
  if (!locked) return std::nullopt;
  if (settings.locks_in_automations) {
    return fail(
               "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
               "DealRollup: execution of AfterUpdate\n\ncaused by: System.DmlException: Update failed. First exception "
               "on row 0 with id " +
                   to_18(id15) +
                   "; first error: UNABLE_TO_LOCK_ROW, unable to obtain exclusive access to this record: []")
        .value();
  }
  return fail("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record").value();
}

// The newest version that this writer sees: its own transaction's first.
RowPtr current(const Writer& writer, const Object& object, const std::string& id15) {
  if (writer.transaction != nullptr) {
    for (const auto& entry : writer.transaction->rows) {
      if (entry.second->id == id15) return entry.second;
    }
  }
  return writer.state.model.table(object).by_id(id15);
}

void stamp(const Writer& writer, Row& row) {
  // A record's stamp never goes back, even when the clock does.
  row.stamp = std::max(row.stamp, whole_seconds(writer.now));
  row.modified = row.stamp;
  row.modified_by = writer.user;
}

void save(Writer& writer, const Object& object, const Row* before, Row row) {
  auto version = std::make_shared<const Row>(std::move(row));
  if (writer.transaction != nullptr) {
    for (auto& entry : writer.transaction->rows) {
      if (entry.second->id != version->id) continue;
      entry.second = std::move(version);
      return;
    }
    writer.transaction->rows.emplace_back(object.name, std::move(version));
    return;
  }
  writer.state.model.put(object, version);
  if (object.name == "Opportunity" && !version->deleted) record_history(writer, before, *version);
}

Outcome<Written> finish(Writer& writer, Draft& draft) {
  const Object& object = draft.object;
  if (!draft.errors.empty()) return tl::unexpected<ApiErrors>(std::move(draft.errors));
  derive_name(draft);
  check_required(draft);
  if (!draft.errors.empty()) return tl::unexpected<ApiErrors>(std::move(draft.errors));
  if (object.name == "Opportunity") {
    OpportunityChange change;
    change.before = draft.before;
    change.after = &draft.row;
    change.probability_given = draft.has(object.at("Probability"));
    change.forecast_given = draft.has(object.at("ForecastCategoryName"));
    derive_opportunity(writer, change);
  }
  if (!writer.set_up) {
    check_validation_rules(writer, draft);
    check_duplicates(writer, draft);
  }
  check_unique(writer, draft);
  if (!draft.errors.empty()) return tl::unexpected<ApiErrors>(std::move(draft.errors));
  Written written;
  written.created = draft.before == nullptr;
  if (written.created) {
    Table& table = writer.state.model.table(object);
    draft.row.position = table.take_position();
    draft.row.id = table.id_at(draft.row.position);
    draft.row.created = whole_seconds(writer.now);
    draft.row.created_by = writer.user;
  }
  stamp(writer, draft.row);
  written.id = draft.row.id;
  save(writer, object, draft.before, std::move(draft.row));
  return written;
}

tl::unexpected<ApiErrors> gone() { return fail("ENTITY_IS_DELETED", "entity is deleted", {}, 404); }

tl::unexpected<ApiErrors> never_was() { return fail("NOT_FOUND", "The requested resource does not exist", {}, 404); }

tl::unexpected<ApiErrors> not_writable(const Object& object, const char* verb) {
  return fail("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
              std::string("entity type cannot be ") + verb + ": " + object.label);
}

// Opportunities and contacts go with their account.
void delete_children(Writer& writer, const std::string& account) {
  for (const char* child : {"Opportunity", "Contact"}) {
    const Object& object = writer.state.model.schema().get(child);
    const std::uint16_t field = object.at("AccountId");
    std::vector<std::string> ids;
    for (const RowPtr& row : writer.state.model.table(object).rows()) {
      if (row != nullptr && !row->deleted && row->cell(field) == Value{account}) ids.push_back(row->id);
    }
    for (const std::string& id : ids) static_cast<void>(delete_record(writer, object, id));
  }
}

}  // namespace

std::vector<RowPtr> find_by_value(const State& state, const Object& object, std::uint16_t field,
                                  const std::string& value) {
  const Table& table = state.model.table(object);
  std::vector<RowPtr> found;
  for (const std::uint32_t position : table.with_value(field, text::trim(value))) {
    if (!table.rows()[position]->deleted) found.push_back(table.rows()[position]);
  }
  return found;
}

namespace {

// What decides which fields a user sees.
bool is_about_permissions(const Object& object) {
  return object.name == "PermissionSet" || object.name == "FieldPermissions" ||
         object.name == "PermissionSetAssignment";
}

}  // namespace

Outcome<Written> create_record(Writer& writer, const Object& object, const Json& fields) {
  if (!object.createable && !writer.set_up) return not_writable(object, "inserted");
  if (!writer.set_up && !writer.person && lacks_permission(writer.state, object.name, "Create")) {
    return not_writable(object, "inserted");
  }
  Draft draft{object};
  set_members(writer, draft, fields);
  if (const auto locked = lock_refusal(writer, "")) return tl::unexpected<ApiErrors>(*locked);
  set_defaults(writer, draft);
  if (!is_about_permissions(object)) return finish(writer, draft);
  if (!writer.set_up && !writer.person && lacks_permission(writer.state, "AssignPermissionSets")) {
    return fail("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", {}, 403);
  }
  auto written = finish(writer, draft);
  if (written) apply_visibility(writer.state, writer.now);
  return written;
}

Outcome<Written> update_record(Writer& writer, const Object& object, const std::string& id15, const Json& fields) {
  if (!object.updateable) return not_writable(object, "updated");
  if (!writer.set_up && !writer.person && lacks_permission(writer.state, object.name, "Edit")) {
    return not_writable(object, "updated");
  }
  const RowPtr before = current(writer, object, id15);
  if (before == nullptr) return never_was();
  if (before->deleted) return gone();
  Draft draft{object};
  draft.before = before.get();
  draft.row = *before;
  set_members(writer, draft, fields);
  if (draft.errors.empty()) {
    if (const auto locked = lock_refusal(writer, id15)) return tl::unexpected<ApiErrors>(*locked);
  }
  return finish(writer, draft);
}

Outcome<Written> delete_record(Writer& writer, const Object& object, const std::string& id15) {
  if (!object.deletable) return not_writable(object, "deleted");
  const RowPtr before = current(writer, object, id15);
  if (before == nullptr) return never_was();
  if (before->deleted) return gone();
  if (const auto locked = lock_refusal(writer, id15)) return tl::unexpected<ApiErrors>(*locked);
  Row row = *before;
  row.deleted = true;
  row.deleted_at = whole_seconds(writer.now);
  stamp(writer, row);
  save(writer, object, before.get(), std::move(row));
  if (object.name == "Account") delete_children(writer, id15);
  Written written;
  written.id = id15;
  return written;
}

bool in_recycle_bin(const Row& row, Instant now) {
  return row.deleted && !row.purged && now - row.deleted_at <= days(15);
}

Outcome<Written> undelete_record(Writer& writer, const std::string& id15) {
  const RowPtr before = writer.state.model.find(id15);
  if (before == nullptr) return never_was();
  const Object& object = *writer.state.model.schema().find_by_prefix(id15.substr(0, 3));
  if (!in_recycle_bin(*before, writer.now)) {
    return fail("UNDELETE_FAILED", "Entity is not in the recycle bin");
  }
  Draft draft{object};
  draft.before = before.get();
  draft.row = *before;
  check_unique(writer, draft);
  if (!draft.errors.empty()) return tl::unexpected<ApiErrors>(std::move(draft.errors));
  draft.row.deleted = false;
  stamp(writer, draft.row);
  save(writer, object, before.get(), std::move(draft.row));
  Written written;
  written.id = id15;
  return written;
}

}  // namespace cosell::emulator::salesforce
