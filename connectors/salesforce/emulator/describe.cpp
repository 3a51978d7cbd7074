// What the org tells about its objects: the global list, one object with all its fields, values of a picklist.
#include <algorithm>

#include "connectors/emulator/toolkit.h"
#include "connectors/salesforce/emulator/api.h"
#include "connectors/salesforce/emulator/query.h"

namespace cosell::emulator::salesforce {

namespace {

constexpr const char* kMasterRecordType = "012000000000000AAA";

Json picklist_json(const Field& field) {
  Json values = Json::array();
  for (const PickValue& pick : field.picks) {
    values.push_back(Json{{"active", pick.active},
                          {"defaultValue", false},
                          {"label", pick.label},
                          {"validFor", nullptr},
                          {"value", pick.value}});
  }
  return values;
}

const char* soap_type(const Field& field) {
  switch (field.type) {
    case Type::id:
    case Type::reference:
      return "tns:ID";
    case Type::boolean:
      return "xsd:boolean";
    case Type::currency:
    case Type::number:
    case Type::percent:
      return "xsd:double";
    case Type::integer:
      return "xsd:int";
    case Type::date:
      return "xsd:date";
    case Type::datetime:
      return "xsd:dateTime";
    default:
      return "xsd:string";
  }
}

bool names(const std::vector<std::string>& list, const std::string& name) {
  for (const std::string& entry : list) {
    if (compare_text(entry, name) == 0) return true;
  }
  return false;
}

// What a field is like in general; what may be done with it follows in field_json.
Json field_shape(const Field& f, bool restricted) {
  const int bytes = f.length * 3;
  return Json{{"name", f.name},
              {"label", f.label},
              {"type", name_of(f.type)},
              {"length", f.length},
              {"byteLength", bytes},
              {"precision", f.type == Type::integer ? 0 : f.precision},
              {"scale", f.scale},
              {"digits", f.type == Type::integer ? 9 : 0},
              {"custom", f.custom},
              {"unique", f.unique},
              {"externalId", f.external_id},
              {"idLookup", f.id_lookup},
              {"caseSensitive", f.case_sensitive},
              {"restrictedPicklist", restricted},
              {"dependentPicklist", false},
              {"controllerName", nullptr},
              {"picklistValues", picklist_json(f)},
              {"referenceTo", f.reference_to.empty() ? Json::array() : Json::array({f.reference_to})},
              {"relationshipName", f.relationship.empty() ? Json(nullptr) : Json(f.relationship)},
              {"calculated", f.calculated},
              {"calculatedFormula", nullptr},
              {"autoNumber", false},
              {"soapType", soap_type(f)},
              {"encrypted", false},
              {"nameField", f.name_field}};
}

Json field_json(const State& state, const Object& object, const Field& f) {
  const bool withheld = names(state.settings.read_only_columns, f.name) ||
                        names(state.settings.read_only_columns, object.name + "." + f.name);
  const bool restricted = f.currency_code || (f.restricted && state.settings.restricted_picklists);
  Json out = field_shape(f, restricted);
  out["createable"] = f.createable && object.createable && !withheld;
  out["updateable"] = f.updateable && object.updateable && !withheld;
  out["nillable"] = f.nillable;
  out["defaultedOnCreate"] = f.defaulted;
  out["defaultValue"] = f.type == Type::boolean && f.system == System::none ? Json(false) : Json(nullptr);
  out["filterable"] = f.filterable();
  out["sortable"] = f.filterable();
  out["groupable"] = f.filterable() && !f.is_number();
  out["aggregatable"] = f.filterable();
  out["permissionable"] = f.custom || (f.nillable && f.createable);
  out["htmlFormatted"] = false;
  out["compoundFieldName"] = nullptr;
  out["inlineHelpText"] = nullptr;
  out["cascadeDelete"] = false;
  out["restrictedDelete"] = false;
  out["deprecatedAndHidden"] = false;
  out["writeRequiresMasterRead"] = false;
  return out;
}

Json object_json(const Call& call, const Object& o) {
  const std::string url = call.base() + "/sobjects/" + o.name;
  return Json{{"name", o.name},
              {"label", o.label},
              {"labelPlural", o.plural},
              {"keyPrefix", o.prefix},
              {"custom", false},
              {"customSetting", false},
              {"createable", o.createable && !lacks_permission(call.state, o.name, "Create")},
              {"updateable", o.updateable && !lacks_permission(call.state, o.name, "Edit")},
              {"deletable", o.deletable},
              {"undeletable", o.deletable},
              {"queryable", true},
              {"retrieveable", true},
              {"replicateable", o.replicateable},
              {"searchable", o.createable},
              {"layoutable", o.createable},
              {"triggerable", o.createable},
              {"mergeable", false},
              {"deprecatedAndHidden", false},
              {"activateable", false},
              {"feedEnabled", false},
              {"urls", Json{{"sobject", url}, {"describe", url + "/describe"}, {"rowTemplate", url + "/{ID}"}}}};
}

Json record_type_json(const std::string& id, const std::string& name, const std::string& developer, bool master,
                      bool active) {
  return Json{{"active", active},           {"available", active}, {"defaultRecordTypeMapping", master},
              {"developerName", developer}, {"master", master},    {"name", name},
              {"recordTypeId", id}};
}

Json record_types(const State& state, const Object& object) {
  Json list = Json::array();
  const Object* types = state.model.schema().find("RecordType");
  for (const RowPtr& row : state.model.table(*types).rows()) {
    if (row == nullptr || row->cell(types->at("SobjectType")) != Value{object.name}) continue;
    list.push_back(record_type_json(to_18(row->id), std::get<std::string>(row->cell(types->at("Name"))),
                                    std::get<std::string>(row->cell(types->at("DeveloperName"))), false,
                                    row->cell(types->at("IsActive")) == Value{true}));
  }
  list.push_back(record_type_json(kMasterRecordType, "Master", "Master", true, true));
  return list;
}

// Describe may be asked for only if changed; the schema changes with settings alone, so the org's age decides.
std::optional<Answer> unchanged(const Call& call) {
  const auto since = parse_http_date(call.header("If-Modified-Since"));
  if (!since || *since < call.state.schema_changed) return std::nullopt;
  Answer answer = no_content();
  answer.status = 304;
  return answer;
}

}  // namespace

Answer describe_global(Call& call) {
  if (auto same = unchanged(call)) return std::move(*same);
  Json list = Json::array();
  for (const Object& o : call.state.model.schema().objects()) {
    if (!o.hidden && !lacks_permission(call.state, o.name, "Read")) list.push_back(object_json(call, o));
  }
  Answer answer;
  answer.body = Json{{"encoding", "UTF-8"}, {"maxBatchSize", 200}, {"sobjects", std::move(list)}};
  answer.headers.set("Last-Modified", http_date(call.state.schema_changed));
  return answer;
}

Answer describe_object(Call& call, const Object& object) {
  if (lacks_permission(call.state, object.name, "Read")) return not_found();
  if (auto same = unchanged(call)) return std::move(*same);
  Answer answer;
  answer.body = object_json(call, object);
  Json fields = Json::array();
  for (const Field& f : object.fields) {
    if (!f.hidden) fields.push_back(field_json(call.state, object, f));
  }
  answer.body["fields"] = std::move(fields);
  answer.body["recordTypeInfos"] = record_types(call.state, object);
  answer.body["childRelationships"] = Json::array();
  answer.body["namedLayoutInfos"] = Json::array();
  answer.headers.set("Last-Modified", http_date(call.state.schema_changed));
  return answer;
}

Answer object_basics(Call& call, const Object& object) {
  Answer answer;
  answer.body = Json{{"objectDescribe", object_json(call, object)}, {"recentItems", Json::array()}};
  return answer;
}

namespace {

// The values of StageName that a record type offers; nullptr: all.
const std::vector<std::string>* offered_by(const State& state, std::string_view record_type) {
  const Object* types = state.model.schema().find("RecordType");
  for (const RowPtr& row : state.model.table(*types).rows()) {
    if (row == nullptr || (row->id != record_type && to_18(row->id) != record_type)) continue;
    const auto found = state.offered_stages.find(std::get<std::string>(row->cell(types->at("DeveloperName"))));
    return found == state.offered_stages.end() ? nullptr : &found->second;
  }
  return nullptr;
}

}  // namespace

// ui-api/object-info/{object}/picklist-values/{recordType}[/{field}]
Answer picklist_values(Call& call) {
  const auto& p = call.path;
  const bool known = p.size() >= 5 && p.size() <= 6 && p[1] == "object-info" && p[3] == "picklist-values";
  const Object* object = known ? call.state.model.schema().find(p[2]) : nullptr;
  if (object == nullptr || call.method != "GET") return not_found();
  const auto* offered = offered_by(call.state, p[4]);
  const auto values_of = [offered](const Field& f) {
    Json values = Json::array();
    for (const PickValue& pick : f.picks) {
      const bool left_out = offered != nullptr && f.name == "StageName" &&
                            std::find(offered->begin(), offered->end(), pick.value) == offered->end();
      if (left_out) continue;
      values.push_back(
          Json{{"attributes", nullptr}, {"label", pick.label}, {"validFor", Json::array()}, {"value", pick.value}});
    }
    return Json{{"controllerValues", Json::object()}, {"defaultValue", nullptr}, {"values", std::move(values)}};
  };
  Answer answer;
  if (p.size() == 6) {
    const auto field = object->find(p[5]);
    if (!field || object->fields[*field].type != Type::picklist) return not_found();
    answer.body = values_of(object->fields[*field]);
    return answer;
  }
  answer.body = Json{{"picklistFieldValues", Json::object()}};
  for (const Field& f : object->fields) {
    if (!f.hidden && f.type == Type::picklist) answer.body["picklistFieldValues"][f.name] = values_of(f);
  }
  return answer;
}

}  // namespace cosell::emulator::salesforce
