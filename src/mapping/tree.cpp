// Trees with positions, the merge of `extends`, and the collection of findings.
#include "mapping/tree.h"

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

#include "base/text.h"
#include "mapping/shipped.h"

namespace cosell::mapping {
namespace {

// Keys that say where a value comes from: naming one of the first group replaces what the base said in both.
constexpr std::array<std::string_view, 5> kSources = {"column", "columns", "join", "constant", "statement"};
constexpr std::array<std::string_view, 12> kBelongToSource = {"column",     "columns",   "join",      "strip_marks",
                                                              "max_length", "constant",  "values",    "else",
                                                              "date",       "statement", "signed_by", "separator"};

template <class List>
bool lists(const List& list, std::string_view key) {
  return std::find(list.begin(), list.end(), key) != list.end();
}

// Where in the file a node stands, as far as merging has to know.
enum class Place : std::uint8_t { plain, fields, source, stages, stage_table, by, tables };

Place place_of_child(Place parent, std::string_view key, bool top) {
  if (top && key == "fields") return Place::fields;
  if (top && key == "stages") return Place::stages;
  if (parent == Place::fields || parent == Place::source) return Place::source;
  if (parent == Place::stages && key == "map") return Place::stage_table;
  if (parent == Place::stages && key == "by") return Place::by;
  if (parent == Place::by && key == "tables") return Place::tables;
  if (parent == Place::tables) return Place::stages;
  return Place::plain;
}

// "Amount" is short for {"column": "Amount"}, a list of people for {"people": […]}.
Node spelled_out(const Node& short_form) {
  if (!short_form.is_text() && !short_form.is_array()) return short_form;
  Node inner = short_form;
  inner.key = short_form.is_text() ? "column" : "people";
  inner.key_at = short_form.at;
  Node out;
  out.kind = json::Kind::object;
  out.at = short_form.at;
  out.key = short_form.key;
  out.key_at = short_form.key_at;
  out.children.push_back(std::move(inner));
  return out;
}

void put(Node& object, Node member) {
  for (Node& present : object.children) {
    if (present.key == member.key) {
      present = std::move(member);
      return;
    }
  }
  object.children.push_back(std::move(member));
}

void drop(Node& object, std::string_view key) {
  std::erase_if(object.children, [key](const Node& n) { return n.key == key; });
}

void drop_old_source(Node& base, const Node& over) {
  // A currency alone is a fixed one: the base's column is not read any more.
  if (over.find("currency") != nullptr && over.find("currency_column") == nullptr) drop(base, "currency_column");
  const bool new_source =
      std::any_of(over.children.begin(), over.children.end(), [](const Node& n) { return lists(kSources, n.key); });
  if (!new_source) return;
  std::erase_if(base.children, [](const Node& n) { return lists(kBelongToSource, n.key); });
}

// A new stage table makes write-backs of the base senseless that name stages which are no longer there, or which mean
// something else now.
void drop_stale_write_back(Node& stages, const Node& over) {
  if (over.find("map") == nullptr) return;
  const Node* table = stages.find("map");
  for (Node& member : stages.children) {
    if (member.key != "write_back" || table == nullptr) continue;
    std::erase_if(member.children, [&](const Node& n) {
      const Node* own = over.find("write_back");
      const bool inherited = own == nullptr || own->find(n.key) == nullptr;
      const Node* stage = table->find(n.text);
      const bool same = stage != nullptr && (stage->is_object() ? stage->text_of("closed") : stage->scalar()) == n.key;
      return inherited && !same;
    });
  }
}

Node merge_at(const Node& base_node, const Node& over_node, Place place, bool top) {
  if (place == Place::stage_table) return over_node;
  const bool mixed = place == Place::source && base_node.is_object() != over_node.is_object();
  Node base = mixed ? spelled_out(base_node) : base_node;
  const Node over = mixed ? spelled_out(over_node) : over_node;
  if (!base.is_object() || !over.is_object()) return over;
  if (place == Place::source || place == Place::plain) drop_old_source(base, over);
  Node out = base;
  out.at = over.at;
  out.key_at = over.key_at;
  for (const Node& member : over.children) {
    if (member.is_null()) {
      drop(out, member.key);
      continue;
    }
    const Node* old = out.find(member.key);
    // Tables and defaults are data of their source: their entries have no short form.
    const bool data = member.key == "values" || member.key == "default";
    const Place inner = data ? Place::plain : place_of_child(place, member.key, top);
    put(out, old == nullptr ? member : merge_at(*old, member, inner, false));
  }
  if (place == Place::stages) drop_stale_write_back(out, over);
  return out;
}

}  // namespace

Node completed(Node tree) {
  for (Node& stages : tree.children) {
    if (stages.key != "stages" || !stages.is_object()) continue;
    const Node* add = stages.find("add");
    if (add == nullptr || !add->is_object()) continue;
    const Node additions = *add;
    drop(stages, "add");
    if (stages.find("map") == nullptr) {
      Node map = additions;
      map.key = "map";
      put(stages, map);
      continue;
    }
    for (Node& map : stages.children) {
      if (map.key != "map") continue;
      for (const Node& entry : additions.children) put(map, entry);
    }
  }
  return tree;
}

const Node* Node::find(std::string_view name) const {
  if (!is_object()) return nullptr;
  for (const Node& child : children) {
    if (child.key == name) return child.is_null() ? nullptr : &child;
  }
  return nullptr;
}

std::string Node::text_of(std::string_view name) const {
  const Node* found = find(name);
  return found != nullptr && found->is_text() ? found->text : "";
}

std::string Node::scalar() const {
  if (kind == json::Kind::boolean) return flag ? "true" : "false";
  return text;
}

Node tree_from(const json::Value& value, std::uint32_t file) {
  Node node;
  node.kind = value.kind();
  node.flag = value.as_bool();
  node.text = value.text();
  node.at = {file, value.at().line, value.at().column};
  for (const json::Value& item : value.items()) node.children.push_back(tree_from(item, file));
  for (const json::Member& member : value.members()) {
    Node child = tree_from(member.value, file);
    child.key = member.key;
    child.key_at = {file, member.at.line, member.at.column};
    node.children.push_back(std::move(child));
  }
  return node;
}

Node merged(const Node& base, const Node& over) {
  Node from = completed(base);
  for (const char* own : {"base", "extends", "title", "$schema"}) drop(from, own);
  return completed(merge_at(from, over, Place::plain, true));
}

std::uint32_t Findings::add_file(std::string name) {
  files_.push_back(std::move(name));
  return static_cast<std::uint32_t>(files_.size() - 1);
}

Findings Findings::names_only() const {
  Findings copy;
  copy.files_ = files_;
  return copy;
}

std::string Findings::place(Origin at) const { return files_[at.file] + ":" + std::to_string(at.line); }

bool Findings::is_shipped(Origin at) const { return at.file > 0 && !shipped_mapping(files_[at.file]).empty(); }

void Findings::add(FileFinding::Severity severity, Origin at, const char* code, std::string message,
                   std::string remedy) {
  found_.push_back({at, {severity, files_[at.file], at.line, at.column, code, std::move(message), std::move(remedy)}});
}

void Findings::error(Origin at, const char* code, std::string message, std::string remedy) {
  add(FileFinding::Severity::error, at, code, std::move(message), std::move(remedy));
}

void Findings::warning(Origin at, const char* code, std::string message, std::string remedy) {
  add(FileFinding::Severity::warning, at, code, std::move(message), std::move(remedy));
}

bool Findings::any_error() const {
  return std::any_of(found_.begin(), found_.end(),
                     [](const Found& f) { return f.finding.severity == FileFinding::Severity::error; });
}

std::vector<FileFinding> Findings::in_file_order() const {
  std::vector<Found> sorted = found_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Found& a, const Found& b) {
    if (a.at.file != b.at.file) return a.at.file < b.at.file;
    if (a.at.line != b.at.line) return a.at.line < b.at.line;
    return a.at.column < b.at.column;
  });
  std::vector<FileFinding> out;
  // What record types take over from the general table is found again with each of them.
  std::set<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::string>> said;
  for (Found& f : sorted) {
    const bool first = said.emplace(f.at.file, f.at.line, f.at.column, f.finding.code + f.finding.message).second;
    if (first) out.push_back(std::move(f.finding));
  }
  return out;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  std::string nearest = text::nearest(word, candidates);
  if (nearest.empty()) {
    // A slip of the shift key is no distance for a person.
    for (const std::string& candidate : candidates) {
      if (text::equals_ignore_case(word, candidate)) nearest = candidate;
    }
  }
  return nearest.empty() ? "" : "did you mean \"" + nearest + "\"?";
}

}  // namespace cosell::mapping
