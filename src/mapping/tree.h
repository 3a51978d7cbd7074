// A mapping file as a tree whose every part knows its file, line and column, and how a company's tree is laid over the
// base that it extends. Knows the merge rules; what the parts mean is read elsewhere.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "mapping/mapping.h"

namespace cosell::mapping {

struct Origin {
  std::uint32_t file = 0;  // index into Findings::files
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

struct Node {
  json::Kind kind = json::Kind::null;
  bool flag = false;
  std::string text;  // string value or number as written
  Origin at;         // of the value
  std::string key;   // when this is a member of an object
  Origin key_at;
  std::vector<Node> children;  // members in file order, or items

  bool is_object() const { return kind == json::Kind::object; }
  bool is_array() const { return kind == json::Kind::array; }
  bool is_text() const { return kind == json::Kind::string; }
  bool is_null() const { return kind == json::Kind::null; }
  const Node* find(std::string_view name) const;  // member; nullptr when absent or written as null
  std::string text_of(std::string_view name) const;
  // A scalar as text: "true", "90", "EUR".
  std::string scalar() const;
};

Node tree_from(const json::Value& value, std::uint32_t file);

// The tree with `stages.add` moved into `stages.map`.
Node completed(Node tree);

// `over` laid over `base`: objects key by key, lists and scalars replace, null removes. A stage table replaces the
// base's whole table (a company's pipeline is its own); a part that names another source loses the base's tables for
// the old one.
Node merged(const Node& base, const Node& over);

// Collects findings and knows the names of the files.
class Findings {
 public:
  std::uint32_t add_file(std::string name);
  const std::string& file(std::uint32_t index) const { return files_[index]; }
  Findings names_only() const;         // the files without what was found in them
  std::string place(Origin at) const;  // "acme.jsonc:14"
  // In a mapping that is part of the program and was extended: nobody can edit it there.
  bool is_shipped(Origin at) const;

  void error(Origin at, const char* code, std::string message, std::string remedy = "");
  void warning(Origin at, const char* code, std::string message, std::string remedy = "");
  bool any_error() const;
  std::vector<FileFinding> in_file_order() const;

 private:
  struct Found {
    Origin at;
    FileFinding finding;
  };
  void add(FileFinding::Severity severity, Origin at, const char* code, std::string message, std::string remedy);
  std::vector<std::string> files_;
  std::vector<Found> found_;
};

// "did you mean \"Amount\"?" or "".
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace cosell::mapping
