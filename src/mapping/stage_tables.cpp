// Reads the general stage table and lays each record type's own over it, as `extends` lays a company's file over a
// base.
#include "mapping/stage_tables.h"

#include "base/text.h"
#include "mapping/source.h"

namespace cosell::mapping {
namespace {

Node table_member(const Node& like, const char* key) {
  Node member;
  member.kind = json::Kind::object;
  member.at = like.at;
  member.key = key;
  member.key_at = like.key_at;
  return member;
}

void put_entry(Node& table, const Node& entry) {
  std::erase_if(table.children, [&](const Node& n) { return n.key == entry.key; });
  table.children.push_back(entry);
}

// The write-backs that a record type takes over from the general table: none when it has a table of its own, and none
// that names a stage to which it gives another meaning.
Node inherited_write_back(const Node& stages, const Node& own) {
  Node inherited = table_member(own, "write_back");
  const Node* general = stages.find("write_back");
  if (general == nullptr || own.find("map") != nullptr) return inherited;
  const Node* add = own.find("add");
  for (const Node& entry : general->children) {
    if (add == nullptr || add->find(entry.text) == nullptr) inherited.children.push_back(entry);
  }
  return inherited;
}

// What the general reader of stage tables takes, for one record type.
Node stages_of_type(const Node& stages, const Node& own) {
  Node out = own;
  out.children.clear();
  if (const Node* column = stages.find("column")) out.children.push_back(*column);
  if (const Node* assessment = own.find("assessment")) out.children.push_back(*assessment);

  const Node* map = own.find("map") != nullptr ? own.find("map") : stages.find("map");
  Node table = map == nullptr ? table_member(own, "map") : *map;
  if (const Node* add = own.find("add")) {
    for (const Node& entry : add->children) put_entry(table, entry);
  }
  out.children.push_back(std::move(table));

  Node write_back = inherited_write_back(stages, own);
  if (const Node* written = own.find("write_back")) {
    for (const Node& entry : written->children) put_entry(write_back, entry);
  }
  out.children.push_back(std::move(write_back));
  return out;
}

}  // namespace

void StageTables::read(const Node& tree, Findings& findings) {
  const Node* stages = tree.find("stages");
  if (stages == nullptr) return;
  general_.read(stages, findings);
  if (findings.is_shipped(general_.at())) general_.set_editable_at(tree.at);
  if (const Node* by = stages->find("by")) read_by(tree, *stages, *by, findings);
}

void StageTables::read_by(const Node& tree, const Node& stages, const Node& by, Findings& findings) {
  record_type_column_at_ = by.at;
  if (const Node* column = by.find("column")) {
    record_type_column_ = column->text;
    record_type_column_at_ = column->at;
  }
  if (record_type_column_.empty()) {
    findings.error(by.at, "no-source", "\"by\" does not say which column holds the record type",
                   "add \"column\": \"…\"");
  }
  const Node* tables = by.find("tables");
  if (tables == nullptr || tables->children.empty()) {
    findings.error(by.key_at, "no-stages", "\"by\" has no stage table of any record type",
                   "add \"tables\": { \"record type\": { \"map\": { … } } }, or take \"by\" out");
    return;
  }
  for (const Node& own : tables->children) {
    if (own.is_null()) continue;
    StageTable table;
    table.set_record_type(own.key);
    const Node node = stages_of_type(stages, own);
    table.read(&node, findings);
    own_.emplace(text::nfc(text::trim(own.key)), std::move(table));
  }
  if (const Node* fresh = by.find("new")) {
    new_type_ = text::nfc(text::trim(fresh->scalar()));
    if (!has_own(new_type_)) {
      findings.error(fresh->at, "unknown-record-type",
                     "\"new\" names the record type \"" + fresh->scalar() + "\", which has no table",
                     did_you_mean(fresh->scalar(), record_types()));
    }
    return;
  }
  const Node* constants = tree.find("new_opportunity");
  const Node* constant = constants == nullptr ? nullptr : constants->find(record_type_column_);
  if (constant != nullptr) new_type_ = text::nfc(text::trim(constant->scalar()));
}

const StageTable& StageTables::of_type(std::string_view record_type) const {
  if (own_.empty()) return general_;
  const auto found = own_.find(text::nfc(text::trim(record_type)));
  return found == own_.end() ? general_ : found->second;
}

const StageTable& StageTables::of(const Columns& opportunity) const {
  if (own_.empty()) return general_;
  return of_type(plain_text(cosell::column(opportunity, record_type_column_)));
}

std::vector<std::string> StageTables::record_types() const {
  std::vector<std::string> names;
  for (const auto& table : own_) names.push_back(table.first);
  return names;
}

std::vector<const StageTable*> StageTables::all() const {
  std::vector<const StageTable*> tables = {&general_};
  for (const auto& table : own_) tables.push_back(&table.second);
  return tables;
}

}  // namespace cosell::mapping
