// The part of JSON Schema (draft 7) that mapping.schema.json uses. An `anyOf` there has at most one branch per JSON
// type, so that a finding can name the one thing that was expected. Three annotations are for messages only:
// `x-expected` (what belongs here, in words), `x-finding` (a more exact code) and `x-hints` (remedies by value).
#include "mapping/shape.h"

#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "deal/value.h"
#include "mapping/shipped.h"

namespace cosell::mapping {
namespace {

const json::Value& schema_root() {
  static const json::Value root = [] {
    auto read = json::read(mapping_schema());
    if (!read) std::abort();  // the embedded schema is part of the program; a test reads it
    return *std::move(read);
  }();
  return root;
}

std::string kind_in_words(json::Kind kind) {
  switch (kind) {
    case json::Kind::null:
      return "null";
    case json::Kind::boolean:
      return "true or false";
    case json::Kind::number:
      return "a number";
    case json::Kind::string:
      return "a text";
    case json::Kind::array:
      return "a list";
    case json::Kind::object:
      return "an object {…}";
  }
  std::abort();
}

std::string type_in_words(std::string_view type) {
  if (type == "integer") return "a whole number";
  if (type == "number") return kind_in_words(json::Kind::number);
  if (type == "string") return kind_in_words(json::Kind::string);
  if (type == "boolean") return kind_in_words(json::Kind::boolean);
  if (type == "array") return kind_in_words(json::Kind::array);
  if (type == "object") return kind_in_words(json::Kind::object);
  return "null";
}

std::string quoted(const Node& node) { return node.is_text() ? "\"" + node.text + "\"" : node.scalar(); }
std::string quoted(const json::Value& v) { return v.is_string() ? "\"" + v.text() + "\"" : v.text(); }

std::string listed(const std::vector<std::string>& words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
    out += words[i];
  }
  return out;
}

bool is_integer(const Node& node) {
  const auto number = parse_number(node.text);
  return number && number->text.find('.') == std::string::npos;
}

bool has_type(const Node& node, std::string_view type) {
  switch (node.kind) {
    case json::Kind::null:
      return type == "null";
    case json::Kind::boolean:
      return type == "boolean";
    case json::Kind::number:
      return type == "number" || (type == "integer" && is_integer(node));
    case json::Kind::string:
      return type == "string";
    case json::Kind::array:
      return type == "array";
    case json::Kind::object:
      return type == "object";
  }
  std::abort();
}

bool equals(const Node& node, const json::Value& allowed) {
  if (node.kind != allowed.kind()) return false;
  if (node.kind == json::Kind::number) return parse_number(node.text) == parse_number(allowed.text());
  if (node.kind == json::Kind::boolean) return node.flag == allowed.as_bool();
  return node.text == allowed.text();
}

class Shape {
 public:
  explicit Shape(Findings& findings) : findings_(findings) {}

  void check(const Node& node, const json::Value& written_schema) {
    const json::Value& schema = resolved(written_schema);
    if (const json::Value* branches = schema.find("anyOf")) return check_any(node, schema, *branches);
    if (!check_type(node, schema)) return;
    if (const json::Value* allowed = schema.find("enum")) check_enum(node, schema, *allowed);
    if (node.is_text()) check_length(node, schema);
    if (node.kind == json::Kind::number) check_range(node, schema);
    if (node.is_array()) check_items(node, schema);
    if (node.is_object()) check_members(node, schema);
  }

 private:
  static const json::Value& resolved(const json::Value& schema) {
    const std::string ref = schema.text_of("$ref");
    constexpr std::string_view kPrefix = "#/definitions/";
    if (ref.empty()) return schema;
    const json::Value* found = schema_root().at_path({"definitions", std::string_view(ref).substr(kPrefix.size())});
    if (found == nullptr) std::abort();  // a slip in the embedded schema; a test walks all of it
    return resolved(*found);
  }

  static std::vector<std::string> types_of(const json::Value& schema) {
    std::vector<std::string> types;
    const json::Value* type = schema.find("type");
    if (type == nullptr) return types;
    if (type->is_string()) types.push_back(type->text());
    for (const json::Value& t : type->items()) types.push_back(t.text());
    return types;
  }

  static bool admits(const json::Value& schema, const Node& node) {
    const auto types = types_of(schema);
    return types.empty() ||
           std::any_of(types.begin(), types.end(), [&](const std::string& t) { return has_type(node, t); });
  }

  static std::string name_of(const Node& node) { return node.key.empty() ? "this entry" : "\"" + node.key + "\""; }

  static std::string expected(const json::Value& schema) {
    const std::string in_words = schema.text_of("x-expected");
    if (!in_words.empty()) return in_words;
    std::vector<std::string> words;
    for (const std::string& type : types_of(schema)) {
      if (type != "null") words.push_back(type_in_words(type));
    }
    if (const json::Value* branches = schema.find("anyOf")) {
      for (const json::Value& branch : branches->items()) {
        const std::string one = expected(resolved(branch));
        if (!one.empty()) words.push_back(one);
      }
    }
    return listed(words);
  }

  static std::string hint(const Node& node, const json::Value& schema) {
    const json::Value* hints = schema.find("x-hints");
    return hints == nullptr ? "" : hints->text_of(node.scalar());
  }

  static std::string code(const json::Value& schema, const char* usual) {
    const std::string own = schema.text_of("x-finding");
    return own.empty() ? usual : own;
  }

  void check_any(const Node& node, const json::Value& schema, const json::Value& branches) {
    for (const json::Value& branch : branches.items()) {
      const json::Value& candidate = resolved(branch);
      if (admits(candidate, node)) return check(node, candidate);
    }
    wrong_type(node, schema);
  }

  bool check_type(const Node& node, const json::Value& schema) {
    if (admits(schema, node)) return true;
    wrong_type(node, schema);
    return false;
  }

  void wrong_type(const Node& node, const json::Value& schema) {
    const bool scalar = node.is_text() || node.kind == json::Kind::number || node.kind == json::Kind::boolean;
    const std::string found = scalar ? quoted(node) : kind_in_words(node.kind);
    findings_.error(node.at, "wrong-type", name_of(node) + " must be " + expected(schema) + ", not " + found,
                    hint(node, schema));
  }

  void check_enum(const Node& node, const json::Value& schema, const json::Value& allowed) {
    std::vector<std::string> words;
    std::vector<std::string> shown;
    for (const json::Value& value : allowed.items()) {
      if (equals(node, value)) return;
      words.push_back(value.text());
      shown.push_back(quoted(value));
    }
    std::string remedy = hint(node, schema);
    if (remedy.empty() && node.kind == json::Kind::number) remedy = nearest_number(node, allowed);
    if (remedy.empty() && node.is_text()) remedy = did_you_mean(node.text, words);
    const std::string in_words = schema.text_of("x-expected");
    findings_.error(node.at, code(schema, "bad-value").c_str(),
                    name_of(node) + ": " + quoted(node) + " is not possible here; expected " +
                        (in_words.empty() ? listed(shown) : in_words),
                    std::move(remedy));
  }

  static std::string nearest_number(const Node& node, const json::Value& allowed) {
    const auto number = parse_number(node.text);
    if (!number) return "";
    const double wanted = std::strtod(number->text.c_str(), nullptr);  // for a hint only, never for a decision
    std::string best;
    double best_distance = 0;
    for (const json::Value& value : allowed.items()) {
      const double distance = std::abs(std::strtod(value.text().c_str(), nullptr) - wanted);
      if (!best.empty() && distance >= best_distance) continue;
      best = value.text();
      best_distance = distance;
    }
    return best.empty() ? "" : "did you mean " + best + "?";
  }

  void check_length(const Node& node, const json::Value& schema) {
    const json::Value* least = schema.find("minLength");
    if (least != nullptr && node.text.empty()) {
      findings_.error(node.at, "bad-value", name_of(node) + " must not be empty");
    }
  }

  // Bounds are whole numbers, and so is what they bound.
  void check_range(const Node& node, const json::Value& schema) {
    const auto bound = [&](const char* key) {
      const json::Value* found = schema.find(key);
      return found == nullptr ? std::nullopt : std::optional<long>(std::atol(found->text().c_str()));
    };
    const auto number = parse_number(node.text);
    if (!number) return;
    // Longer figures than any bound has are beyond it.
    const bool negative = number->text.front() == '-';
    const bool huge = number->text.size() > 9;
    const long value = huge ? (negative ? -1'000'000'000 : 1'000'000'000) : std::atol(number->text.c_str());
    const auto least = bound("minimum");
    const auto most = bound("maximum");
    if ((!least || value >= *least) && (!most || value <= *most)) return;
    findings_.error(node.at, "bad-value",
                    name_of(node) + ": " + node.text + " is not possible here; expected " + expected(schema));
  }

  void check_items(const Node& node, const json::Value& schema) {
    const json::Value* least = schema.find("minItems");
    if (least != nullptr && node.children.empty()) {
      findings_.error(node.at, "bad-value", name_of(node) + " must not be an empty list");
    }
    const json::Value* items = schema.find("items");
    if (items == nullptr) return;
    for (const Node& child : node.children) check(child, *items);
  }

  void check_members(const Node& node, const json::Value& schema) {
    const json::Value* properties = schema.find("properties");
    const json::Value* others = schema.find("additionalProperties");
    for (const Node& child : node.children) {
      const json::Value* own = properties == nullptr ? nullptr : properties->find(child.key);
      if (own != nullptr) {
        check(child, *own);
      } else if (others != nullptr && others->is_object()) {
        check(child, *others);
      } else if (others != nullptr) {
        unknown_key(child, node, *properties);
      }
    }
    if (const json::Value* required = schema.find("required")) {
      for (const json::Value& key : required->items()) need(node, key.text(), "");
    }
    if (const json::Value* dependencies = schema.find("dependencies")) {
      for (const json::Member& d : dependencies->members()) {
        if (!has(node, d.key)) continue;
        for (const json::Value& key : d.value.items()) need(node, key.text(), " beside \"" + d.key + "\"");
      }
    }
  }

  static bool has(const Node& node, std::string_view key) {
    return std::any_of(node.children.begin(), node.children.end(), [key](const Node& c) { return c.key == key; });
  }

  void need(const Node& node, const std::string& key, const std::string& beside) {
    if (has(node, key)) return;
    findings_.error(node.at, "missing-key", name_of(node) + " needs \"" + key + "\"" + beside);
  }

  void unknown_key(const Node& child, const Node& parent, const json::Value& properties) {
    std::vector<std::string> known;
    for (const json::Member& m : properties.members()) known.push_back(m.key);
    const std::string where = parent.key.empty() ? "" : " in \"" + parent.key + "\"";
    std::string remedy = did_you_mean(child.key, known);
    if (remedy.empty()) remedy = "possible here: " + text::join(known, ", ");
    findings_.error(child.key_at, parent.key == "fields" ? "unknown-field" : "unknown-key",
                    "unknown key \"" + child.key + "\"" + where, std::move(remedy));
  }

  Findings& findings_;
};

}  // namespace

void check_shape(const Node& file, Findings& findings) { Shape(findings).check(file, schema_root()); }

}  // namespace cosell::mapping
